"""A foot seen from above: its named places, from which everything on an insole is measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.frames import FloatArray


@dataclass(frozen=True)
class FootPlan:
    """The places of a foot in the plan, foot frame, mm.

    Attributes
    ----------
    medial_y : -1 left foot, +1 right foot.
    tibiale, fibulare : (2,) x and y of the metatarsal points.
    heel : (2,) the middle of the heel's section at 15 % of the length.
    heel_width_mm : of that section, 15 mm over its lowest point.
    navicular : (2,) of that landmark, where it was marked.
    """

    medial_y: float
    length_mm: float
    tibiale: FloatArray
    fibulare: FloatArray
    heel: FloatArray
    heel_width_mm: float
    navicular: FloatArray | None = None

    @cached_property
    def ball_normal(self) -> FloatArray:
        """The direction square to the line of the metatarsal heads, (2,), forwards."""
        across = self.fibulare - self.tibiale
        normal = np.array([-across[1], across[0]]) / np.linalg.norm(across)
        return np.asarray(normal if normal[0] > 0.0 else -normal)

    def ahead_of_ball(self, xy: FloatArray) -> FloatArray:
        """Return how far (N, 2) points lie in front of the line of the metatarsal heads, (N,) mm."""
        return np.asarray((xy - self.tibiale) @ self.ball_normal)

    def border_y(self, x: FloatArray, *, medial: bool) -> FloatArray:
        """Return y of a border at stations x, mm: straight from heel to metatarsal point, then along x."""
        side = self.medial_y if medial else -self.medial_y
        point = self.tibiale if medial else self.fibulare
        heel_y = self.heel[1] + side * 0.5 * self.heel_width_mm
        return np.asarray(np.interp(x, [self.heel[0], point[0]], [heel_y, point[1]]))

    def place(self, length_share: float, width_share: float) -> FloatArray:
        """Return the point, (2,), at a share of the length, and of the width from its medial border."""
        x = length_share * self.length_mm
        medial, lateral = (float(self.border_y(np.array([x]), medial=side)[0]) for side in (True, False))
        return np.array([x, medial + width_share * (lateral - medial)])

    def on_ball(self, width_share: float, ahead_mm: float) -> FloatArray:
        """Return the point, (2,), at a share of the line of the metatarsal heads from medial, and so far in front."""
        return np.asarray(self.tibiale + width_share * (self.fibulare - self.tibiale) + ahead_mm * self.ball_normal)


@dataclass(frozen=True)
class DistalLine:
    """Where the shell ends: the line through `point` square to `forward`, (2,) each."""

    point: FloatArray
    forward: FloatArray

    def behind(self, xy: FloatArray) -> FloatArray:
        """Return how far (N, 2) points lie behind the line, (N,) mm."""
        return np.asarray((self.point - xy) @ self.forward)

    def half_plane(self) -> FloatArray:
        """Return the ground behind the line as a large polygon, (4, 2)."""
        along = np.array([-self.forward[1], self.forward[0]]) * 1e3
        back = -self.forward * 2e3
        return np.array([self.point - along, self.point + along, self.point + along + back, self.point - along + back])
