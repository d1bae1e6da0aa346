"""What the design knows of a foot seen from above: its places, and the heights along it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField
from scanproc.geometry.outlines import smoothed_curve

# Along the foot, as shares of its length (arch: 0.30 to 0.60, as `plantar_arch_height_mm` is defined).
HEEL_END = 0.25  # the cup is whole behind this
HEEL_CENTRE = 0.15
ARCH_START, ARCH_FULL, ARCH_FADES, ARCH_END = 0.25, 0.38, 0.56, 0.70
_LINE_SIGMA_MM = 5.0  # of the heights that the edge is measured from


@dataclass(frozen=True)
class FootPlan:
    """What the design knows of a foot, foot frame, mm.

    Attributes
    ----------
    medial_y : -1 left foot, +1 right foot.
    tibiale, fibulare : (2,) x and y of the metatarsal points.
    heel : (2,) the middle of the heel's section at `HEEL_CENTRE`.
    heel_width_mm : of that section, 15 mm over its lowest point.
    """

    medial_y: float
    length_mm: float
    tibiale: FloatArray
    fibulare: FloatArray
    heel: FloatArray
    heel_width_mm: float

    @cached_property
    def ball_normal(self) -> FloatArray:
        """The direction square to the line of the metatarsal heads, (2,), forwards."""
        across = self.fibulare - self.tibiale
        normal = np.array([-across[1], across[0]]) / np.linalg.norm(across)
        return np.asarray(normal if normal[0] > 0.0 else -normal)

    def ahead_of_ball(self, xy: FloatArray) -> FloatArray:
        """Return how far (N, 2) points lie in front of the line of the metatarsal heads, (N,) mm."""
        return np.asarray((xy - self.tibiale) @ self.ball_normal)


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


@dataclass(frozen=True)
class SoleLine:
    """Heights along the foot that the edge is measured from, at `x`, (N,) mm: a raised foot's border hangs in the air.

    Attributes
    ----------
    lateral_z, medial_z : (N,) the lowest point of either half of the section.
    quarter_z, quarter_y : (N,) the top at a quarter of the section's width from its medial side, and where that is:
        the line of `plantar_arch_height_mm`.
    width_mm : (N,) of the section below 40 mm.
    """

    x: FloatArray
    lateral_z: FloatArray
    medial_z: FloatArray
    quarter_z: FloatArray
    quarter_y: FloatArray
    width_mm: FloatArray

    @classmethod
    def of(cls, top: HeightField, sole: HeightField, foot: FootPlan) -> SoleLine:
        """Measure a top, at places that follow from the sole it was made from; both go on rising beyond the foot."""
        rows = (top.x[:, 0] > 0.0) & (top.x[:, 0] < foot.length_mm)
        x, y, z = top.x[rows, 0], top.y[0], top.z[rows]
        below = sole.z[rows] < 40.0
        first, last = y[below.argmax(axis=1)], y[len(y) - 1 - below[:, ::-1].argmax(axis=1)]
        medial, lateral = (first, last) if foot.medial_y < 0.0 else (last, first)
        quarter_y = medial + 0.25 * (lateral - medial)
        quarter_top = top.at(np.column_stack([x, quarter_y]))
        on_medial = foot.medial_y * y > 0.0
        lines = (z[:, ~on_medial].min(axis=1), z[:, on_medial].min(axis=1), quarter_top)
        smooth = smoothed_curve(np.column_stack([x, np.zeros(len(x)), *lines]), _LINE_SIGMA_MM, top.step, closed=False)
        lateral_z, medial_z, quarter_z = (np.interp(x, smooth[:, 0], column) for column in smooth[:, 2:].T)
        return cls(x, lateral_z, medial_z, quarter_z, quarter_y, last - first)

    def at(self, x: FloatArray, line: FloatArray) -> FloatArray:
        """Return one of the lines at stations x, (N,)."""
        return np.interp(x, self.x, line)
