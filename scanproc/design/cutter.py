"""Refuses hollows of the top that the cutter of a mill does not reach into."""

from __future__ import annotations

import numpy as np

from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.solid.curvature import tightest_hollow_mm
from scanproc.solid.height_fields import HeightField

_OFF_OUTLINE_MM = 4.0  # the corner below the flat edge is cut by the cutter's side
_APART_MM = 0.7
_SLACK = 1.02  # the finished top differs a little from the asked one


def refuse_unreached(outline: FloatArray, top: HeightField, cutter_mm: float) -> None:
    """Refuse a milled top with a hollow that is tighter than the cutter.

    Parameters
    ----------
    outline : (K, 2).
    top : cut at the trim line.
    cutter_mm : its diameter.

    Raises
    ------
    ScanError
        By the rule cutter-reaches.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    axes = (np.arange(first, last, _APART_MM) for first, last in zip(low, high, strict=True))
    xy = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    xy = xy[inside(outline, xy)]
    xy = xy[np.isinf(nearest_on_curve(outline, xy, _OFF_OUTLINE_MM, closed=True).distance_mm)]
    radius_mm = tightest_hollow_mm(top.at, xy)
    if radius_mm < _SLACK * 0.5 * cutter_mm:
        reaching_mm = max(int(2.0 * radius_mm / _SLACK), 1)
        raise ScanError(
            f"rule cutter-reaches: found a hollow of {radius_mm:.2f} mm radius in the top, expected more than the "
            f"{0.5 * cutter_mm:g} mm of insole.cutter_mm = {cutter_mm:g}; take a smaller cutter, such as "
            f"insole.cutter_mm = {reaching_mm}, or lower the doses that make the hollow (cup, skive, "
            "groove, reliefs)."
        )
