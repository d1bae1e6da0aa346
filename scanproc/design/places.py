"""Where pads, ridges and hollows of the top lie, by plan and prescription alone, so that the proof can look there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.design.plan import FootPlan
from scanproc.frames import FloatArray
from scanproc.prescription.fields import Prescription
from scanproc.solid.height_fields import bell, smooth_step

_PAD_SHARE = 0.54  # of the ball from medial: the third ray, between the second and the fourth
_APEX_SHARE = 0.4  # of the pad's length behind its front edge
_BAR_RISE_MM, _BAR_REAR = 10.0, 1.6  # a bar's front slope, and how much longer its rear one is
_CREST_SHARE, _CREST_MM = 0.09, 8.0  # of the length in front of the ball: under the sulcus of toes 2 to 5
_STEEPEST = 2.0  # mm of slope for each mm of height, so that high bars do not become ridges
_TUBERCLE = (0.19, 0.36)  # medial tubercle of the heel, as shares of length and width
_WEB_SHARE, _WEB_BACK_MM = 0.28, 4.0  # first web space on the ball, and how far behind it the groove ends
_SOFT_END_MM, _SOFT_CREST_MM = 12.0, 22.0
_FIRST_RAY_SHARE, _FIRST_RAY_SOFT = 0.27, 0.07  # lateral border of the first ray on the ball, and half its blend
_EXTENSION_MM = (-14.0, -4.0)  # in front of the ball: from there to there Morton's extension rises
_NAVICULAR, _NAVICULAR_MM = (0.40, 0.15), (16.0, 11.0)  # place as shares, half length and half width
_CUBOID, _CUBOID_MM = (0.38, 0.80), (14.0, 10.0)


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


@dataclass(frozen=True)
class FirstRay:
    """The ground under the first ray from behind its metatarsal head on, to the front."""

    plan: FootPlan

    def share(self, xy: FloatArray) -> FloatArray:
        """Return 1 under the first ray, 0 elsewhere, smooth between, at (N, 2) points, (N,)."""
        plan = self.plan
        width_share = (xy[:, 1] - plan.tibiale[1]) / (plan.fibulare[1] - plan.tibiale[1])
        low, high = _FIRST_RAY_SHARE - _FIRST_RAY_SOFT, _FIRST_RAY_SHARE + _FIRST_RAY_SOFT
        return smooth_step(plan.ahead_of_ball(xy), *_EXTENSION_MM) * (1.0 - smooth_step(width_share, low, high))


Place = Dome | Ridge | FirstRay


def met_pad(plan: FootPlan, rx: Prescription) -> Dome:
    """Return the place of the metatarsal pad: a drop on the rays 2 to 4, its long axis towards the heel's middle.

    Its front edge lies `met_pad_back_mm` behind the line of the metatarsal heads, square to that line.
    """
    heelwards = plan.heel - plan.on_ball(_PAD_SHARE, 0.0)
    along = -heelwards / np.linalg.norm(heelwards)
    front, half_width = _APEX_SHARE * rx.met_pad_length_mm, 0.5 * rx.met_pad_width_mm
    rear = rx.met_pad_length_mm - front
    # The front half is half an ellipse: so far ahead of its middle it reaches along the ball's normal.
    normal = plan.ball_normal
    ahead = np.hypot(front * (along @ normal), half_width * (along @ np.array([-normal[1], normal[0]])))
    back = (rx.met_pad_back_mm + float(ahead)) / float(along @ normal)
    return Dome(plan.on_ball(_PAD_SHARE, 0.0) - back * along, along, front, rear, half_width)


def met_bar(plan: FootPlan, rx: Prescription) -> Ridge:
    """Return the place of the metatarsal bar: behind all heads, steeper in front, from border to border."""
    front = max(_BAR_RISE_MM, _STEEPEST * rx.met_bar_mm)
    return _across(plan, (-0.5, 1.5), -rx.met_bar_back_mm - front, front, _BAR_REAR * front)


def toe_crest(plan: FootPlan, rx: Prescription) -> Ridge:
    """Return the place of the toe crest: under the sulcus of the lesser toes, parallel to the metatarsal heads."""
    half = max(_CREST_MM, _STEEPEST * rx.toe_crest_mm)
    return _across(plan, (_FIRST_RAY_SHARE - 0.05, 1.5), _CREST_SHARE * plan.length_mm, half, half)


def _across(plan: FootPlan, shares: tuple[float, float], ahead_mm: float, front_mm: float, rear_mm: float) -> Ridge:
    """Return a ridge parallel to the line of the metatarsal heads, between two shares of it."""
    start, end = (plan.on_ball(share, ahead_mm) for share in shares)
    across = np.array([-(end - start)[1], (end - start)[0]])
    forwards = bool(across @ plan.ball_normal > 0.0)  # whether its left is in front
    left, right = (front_mm, rear_mm) if forwards else (rear_mm, front_mm)
    return Ridge(start, end, left, right, _SOFT_CREST_MM)


def fascia_groove(plan: FootPlan, rx: Prescription) -> Ridge:
    """Return the place of the groove: from the medial tubercle of the heel to the first web space."""
    half = 0.5 * rx.groove_width_mm
    return Ridge(plan.place(*_TUBERCLE), plan.on_ball(_WEB_SHARE, -_WEB_BACK_MM), half, half, _SOFT_END_MM)


def navicular_relief(plan: FootPlan) -> Dome:
    """Return the place of the hollow under the navicular: at its landmark where it was marked, kept on the insole."""
    place = plan.place(*_NAVICULAR)
    if plan.navicular is not None:
        inner = plan.place(float(plan.navicular[0]) / plan.length_mm, _NAVICULAR[1])
        outwards = plan.medial_y * (plan.navicular[1] - inner[1])
        place = inner if outwards > 0.0 else plan.navicular
    return Dome(place, np.array([1.0, 0.0]), _NAVICULAR_MM[0], _NAVICULAR_MM[0], _NAVICULAR_MM[1])


def cuboid_relief(plan: FootPlan) -> Dome:
    """Return the place of the hollow under the cuboid."""
    return Dome(plan.place(*_CUBOID), np.array([1.0, 0.0]), _CUBOID_MM[0], _CUBOID_MM[0], _CUBOID_MM[1])
