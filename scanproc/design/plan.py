"""What the design knows of a foot seen from above: its places, and the heights along it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.anatomy.foot_regions import ARCH_LINE_SHARE, ARCH_WINDOW, SOLE_HEIGHT_MM
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import smoothed_curve
from scanproc.solid.height_fields import HeightField

# Along the foot, as shares of its length; the arch's apex is sought in `ARCH_WINDOW`.
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


@dataclass(frozen=True)
class QuarterLine:
    """The line of `plantar_arch_height_mm`: (N,) x, y at a quarter of the section's width from medial, that width."""

    x: FloatArray
    y: FloatArray
    width_mm: FloatArray

    def arch(self, length_mm: float) -> FloatArray:
        """Return its points from 0.30 to 0.60 of the length, (M, 2), where the arch's apex is looked for."""
        within = (self.x >= ARCH_WINDOW[0] * length_mm) & (self.x <= ARCH_WINDOW[1] * length_mm)
        return np.column_stack([self.x[within], self.y[within]])


def quarter_line(sole: HeightField, foot: FootPlan) -> QuarterLine:
    """Return the arch's line of a sole that goes on rising beyond the foot."""
    rows = (sole.x[:, 0] > 0.0) & (sole.x[:, 0] < foot.length_mm)
    y, below = sole.y[0], sole.z[rows] < SOLE_HEIGHT_MM
    first, last = y[below.argmax(axis=1)], y[len(y) - 1 - below[:, ::-1].argmax(axis=1)]
    medial, lateral = (first, last) if foot.medial_y < 0.0 else (last, first)
    return QuarterLine(sole.x[rows, 0], medial + ARCH_LINE_SHARE * (lateral - medial), last - first)


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
        y, z, quarter = top.y[0], top.z[rows], quarter_line(sole, foot)
        x, quarter_y = quarter.x, quarter.y
        quarter_top = top.at(np.column_stack([x, quarter_y]))
        on_medial = foot.medial_y * y > 0.0
        lines = (z[:, ~on_medial].min(axis=1), z[:, on_medial].min(axis=1), quarter_top)
        smooth = smoothed_curve(np.column_stack([x, np.zeros(len(x)), *lines]), _LINE_SIGMA_MM, top.step, closed=False)
        lateral_z, medial_z, quarter_z = (np.interp(x, smooth[:, 0], column) for column in smooth[:, 2:].T)
        return cls(x, lateral_z, medial_z, quarter_z, quarter_y, quarter.width_mm)

    def at(self, x: FloatArray, line: FloatArray) -> FloatArray:
        """Return one of the lines at stations x, (N,)."""
        return np.interp(x, self.x, line)
