"""Ends of a foot that the plane through its leg took with it: one that leans far runs through toes or heel as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.anatomy.landmarks import FootPoints
from scanproc.anatomy.open_boundaries import OpenEnds
from scanproc.frames import FloatArray

_TOES = 0.90  # share of the length, ahead of which no leg is cut
_HEEL_MM, _HEEL_HIGH_MM = 0.5, 50.0  # of the pternion: what a cut leaves whole has drawn in above it
_BALL_MM = 6.0  # so near to a metatarsal point, its border may have gone on


def with_cut_off_ends(ends: OpenEnds, rim: FloatArray, points: FootPoints) -> OpenEnds:
    """Return the ends of a foot with those open, too, through which a cut ran that was closed.

    However round the surface is below it, a toe may have been longer.

    Parameters
    ----------
    rim : (N, 3) mm, foot frame, see `CutEnds.closed_rims`.
    """
    ahead = rim[:, 0] - float(points.pternion[0])
    toes = bool((ahead > _TOES * points.length_mm).any())
    heel = bool(((ahead < _HEEL_MM) & (rim[:, 2] < _HEEL_HIGH_MM)).any())

    def is_near(point: FloatArray) -> bool:
        return bool((np.linalg.norm(rim - point, axis=1) < _BALL_MM).any())

    return replace(
        ends,
        heel_open=ends.heel_open or heel,
        toes_open=ends.toes_open or toes,
        axis_open=ends.axis_open or is_near(points.second_toe.tip),
        axis_lost=ends.axis_lost or is_near(points.second_toe.tip),
        tibiale_open=ends.tibiale_open or is_near(points.metatarsale_tibiale),
        fibulare_open=ends.fibulare_open or is_near(points.metatarsale_fibulare),
    )
