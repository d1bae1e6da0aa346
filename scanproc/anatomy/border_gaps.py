"""Gaps in the borders of the ball, in which their extremes may lie."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.landmarks import LATERAL_WINDOW, MEDIAL_WINDOW, FootPoints
from scanproc.anatomy.open_boundaries import OpenEnds, border_cosine, open_stations
from scanproc.anatomy.profiles import borders_at
from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray

_STEP_MM = 1.0
_SHORT_MM = 4.0  # a border bends by 0.02 mm over that
_RETREAT_MM = 2.0  # a border that was seen, if from above, lies less far in: from 0.9 of its slope on, 1 mm
_BULGE_MM = 2.0  # what a border within a gap may lie farther out than beside it: a chord of 35 mm of a ball


def with_border_gaps(ends: OpenEnds, mesh: Mesh, boundary: BoolArray, points: FootPoints) -> OpenEnds:
    """Return the ends of a foot with the borders of the ball open, too, whose extremes may lie where nothing was seen.

    The metatarsal points lie on what is left then, at the edge of the gap: truly a border, but not the extreme one.

    Parameters
    ----------
    mesh, boundary : as for `open_ends`.
    """
    tibiale, fibulare = points.metatarsale_tibiale, points.metatarsale_fibulare
    outward_y = float(np.sign(tibiale[1] - fibulare[1]))
    return replace(
        ends,
        tibiale_open=ends.tibiale_open or _has_gap(mesh, boundary, points, MEDIAL_WINDOW, outward_y, tibiale),
        fibulare_open=ends.fibulare_open or _has_gap(mesh, boundary, points, LATERAL_WINDOW, -outward_y, fibulare),
    )


def _has_gap(
    mesh: Mesh, boundary: BoolArray, points: FootPoints, window: tuple[float, float], outward_y: float, at: FloatArray
) -> bool:
    """Tell whether a border, between two places that were seen, lacks a stretch that may hold its (3,) extreme."""
    if not boundary.any():
        return False
    rear, length = float(points.pternion[0]), points.length_mm
    x = np.arange(rear + window[0] * length, rear + window[1] * length, _STEP_MM)
    borders, side = borders_at(mesh, x, FOOT_HEIGHT_MM, boundary=boundary), 0 if outward_y < 0.0 else 1
    this_side = np.arange(2) == side
    is_open = open_stations(
        mesh, boundary, replace(borders, open=borders.open & this_side), FOOT_HEIGHT_MM, border_cosine("foot", False)
    ) | ~np.isfinite(borders.points[:, side, 1])
    seen, outward = np.flatnonzero(~is_open), outward_y * borders.points[:, side, 1]
    for before, after in pairwise(seen):
        within = np.nan_to_num(outward[before + 1 : after], nan=-np.inf)
        beside = sorted((float(outward[before]), float(outward[after])))
        retreats = bool((within < beside[0] - _RETREAT_MM).any())  # a rim along the border stays where that is
        is_long = (after - before) * _STEP_MM > _SHORT_MM
        if is_long and retreats and beside[1] > outward_y * float(at[1]) - _BULGE_MM:
            return True
    return False
