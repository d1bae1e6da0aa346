"""Forms that pads and hollows have, each laid over the foot's plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.frames import FloatArray
from scanproc.solid.blending import bell, smooth_step

STEEPEST = 2.0  # mm of slope for each mm of height, so that high ridges are no edges
FIRST_RAY_SHARE = 0.27  # lateral border of the first ray on the ball
_SOFT_END_MM = 22.0  # over which a ridge across the foot fades at its ends

Length = Literal[
    "shell", "sulcus", "full"
]  # of an insole: it ends behind the metatarsal heads, behind the toes, before


class Place(Protocol):
    """Where a pad or a hollow lies, and its form.

    Attributes
    ----------
    centre, reach_mm : (2,) and how far it goes from there at most; inf of what ends only with the insole.
    """

    @property
    def centre(self) -> FloatArray: ...

    @property
    def reach_mm(self) -> float: ...

    def share(self, xy: FloatArray) -> FloatArray:
        """Return which share of its height it has at (N, 2) points, (N,) in [0, 1]."""
        ...


@dataclass(frozen=True)
class Dome:
    """A round or drop-shaped form: whole at `centre`, nothing on its border.

    Attributes
    ----------
    centre : (2,) its apex.
    along : (2,) unit vector towards its front.
    front_mm, rear_mm, half_width_mm : from the apex to its border.
    """

    centre: FloatArray
    along: FloatArray
    front_mm: float
    rear_mm: float
    half_width_mm: float

    @property
    def reach_mm(self) -> float:
        """How far it goes from its centre at most."""
        return max(self.front_mm, self.rear_mm, self.half_width_mm)

    def share(self, xy: FloatArray) -> FloatArray:
        """Return which share of its height it has at (N, 2) points, (N,) in [0, 1]."""
        offset = xy - self.centre
        ahead = offset @ self.along
        aside = offset @ np.array([-self.along[1], self.along[0]])
        length = np.where(ahead > 0.0, self.front_mm, self.rear_mm)
        return bell(np.hypot(ahead / length, aside / self.half_width_mm))


@dataclass(frozen=True)
class Ridge:
    """A long form along a straight line: whole on it, nothing `left_mm` and `right_mm` beside it.

    Attributes
    ----------
    start, end : (2,) its ends; it fades over `soft_mm` inside them.
    left_mm, right_mm : seen from the start to the end.
    """

    start: FloatArray
    end: FloatArray
    left_mm: float
    right_mm: float
    soft_mm: float

    @property
    def centre(self) -> FloatArray:
        return np.asarray(0.5 * (self.start + self.end))

    @property
    def reach_mm(self) -> float:
        return float(0.5 * np.linalg.norm(self.end - self.start)) + max(self.left_mm, self.right_mm)

    def share(self, xy: FloatArray) -> FloatArray:
        """Return which share of its height it has at (N, 2) points, (N,) in [0, 1]."""
        length = float(np.linalg.norm(self.end - self.start))
        along = (self.end - self.start) / length
        offset = xy - self.start
        s, aside = offset @ along, offset @ np.array([-along[1], along[0]])
        ends = smooth_step(s, 0.0, self.soft_mm) * (1.0 - smooth_step(s, length - self.soft_mm, length))
        return np.asarray(ends * bell(aside / np.where(aside > 0.0, self.left_mm, self.right_mm)))


def across(plan: FootPlan, shares: tuple[float, float], ahead_mm: float, front_mm: float, rear_mm: float) -> Ridge:
    """Return a ridge parallel to the line of the metatarsal heads, between two shares of it."""
    start, end = (plan.on_ball(share, ahead_mm) for share in shares)
    leftwards = np.array([-(end - start)[1], (end - start)[0]])
    forwards = bool(leftwards @ plan.ball_normal > 0.0)  # whether its left is in front
    left, right = (front_mm, rear_mm) if forwards else (rear_mm, front_mm)
    return Ridge(start, end, left, right, _SOFT_END_MM)
