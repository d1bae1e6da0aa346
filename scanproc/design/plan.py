"""Lines along the sole that trim line and arch are measured from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.anatomy.foot_regions import ARCH_LINE_SHARE, ARCH_WINDOW, SOLE_HEIGHT_MM
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import smoothed_curve
from scanproc.solid.height_fields import HeightField

# Along the foot, as shares of its length; the arch's apex is sought in `ARCH_WINDOW`.
HEEL_END = 0.25  # the cup is whole behind this
HEEL_CENTRE = 0.15
ARCH_START, ARCH_FULL, ARCH_FADES, ARCH_END = 0.25, 0.38, 0.56, 0.70
_LINE_SIGMA_MM = 5.0  # of the heights that the trim line is measured from


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
    """Heights along the foot that the trim line is measured from, at `x`, (N,) mm: a raised foot's border hangs free.

    Attributes
    ----------
    lateral_z, medial_z : (N,) the lowest point of either half of the section.
    quarter_z, quarter_y : (N,) the top at a quarter of the section's width from its medial side, and where that is:
        the line of `plantar_arch_height_mm`.
    border_z : (N,) the top at a quarter of the width from the lateral side.
    width_mm : (N,) of the section below 40 mm.
    """

    x: FloatArray
    lateral_z: FloatArray
    medial_z: FloatArray
    quarter_z: FloatArray
    quarter_y: FloatArray
    border_z: FloatArray
    width_mm: FloatArray

    @classmethod
    def of(cls, top: HeightField, sole: HeightField, foot: FootPlan) -> SoleLine:
        """Measure a top, at places that follow from the sole it was made from; both go on rising beyond the foot."""
        rows = (top.x[:, 0] > 0.0) & (top.x[:, 0] < foot.length_mm)
        y, z, quarter = top.y[0], top.z[rows], quarter_line(sole, foot)
        x, quarter_y = quarter.x, quarter.y
        border_y = quarter_y - foot.medial_y * (1.0 - 2.0 * ARCH_LINE_SHARE) * quarter.width_mm
        quarter_top, border_top = (top.at(np.column_stack([x, at_y])) for at_y in (quarter_y, border_y))
        on_medial = foot.medial_y * y > 0.0
        lines = (z[:, ~on_medial].min(axis=1), z[:, on_medial].min(axis=1), quarter_top, border_top)
        smooth = smoothed_curve(np.column_stack([x, np.zeros(len(x)), *lines]), _LINE_SIGMA_MM, top.step, closed=False)
        lateral_z, medial_z, quarter_z, border_z = (np.interp(x, smooth[:, 0], column) for column in smooth[:, 2:].T)
        return cls(x, lateral_z, medial_z, quarter_z, quarter_y, border_z, quarter.width_mm)

    def at(self, x: FloatArray, line: FloatArray) -> FloatArray:
        """Return one of the lines at stations x, (N,)."""
        return np.interp(x, self.x, line)
