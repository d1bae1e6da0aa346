"""The even wall: the asked top over the outline's surroundings, and the surface one wall below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.frames import FloatArray
from scanproc.prescription.fields import RuledThickness
from scanproc.solid.ball_erosion import erode_with_ball
from scanproc.solid.blending import smooth_min, smooth_step
from scanproc.solid.height_fields import HeightField

BEND_MM = (-24.0, -4.0)  # ahead of the metatarsal heads, between which the wall thins to that of the forefoot
TAPER_GONE, _TAPER_ROUND = 1.3, 0.3  # times its length: behind the front end so far the wall is whole; its soft end
_MEET_MM = 15.0  # beside the axis, over which the factors of both sides blend
# Triangles cut corners: by this share of the grid the wall is built thicker, and by so much more for each mm by which
# it changes in one, as the underside is steeper there than the top.
_THICKER, _THICKER_IN_TAPER = 0.03, 0.06
_OVER_NODES_MM = 0.02  # a smooth underside rises no higher between its nodes


def asked_wall(thickness: RuledThickness, plan: FootPlan, xy: FloatArray, behind_mm: FloatArray) -> FloatArray:
    """Return the asked wall at (N, 2) points, `behind_mm`, (N,), behind the front end, towards which it thins; (N,) mm.

    The factors of the medial and the lateral side meet along the foot's axis.
    """
    medial_share = smooth_step(plan.medial_y * xy[:, 1], -_MEET_MM, _MEET_MM)
    full = thickness.thickness_mm * (
        thickness.lateral_thickness + (thickness.medial_thickness - thickness.lateral_thickness) * medial_share
    )
    # Rigid up to behind the metatarsal heads; ahead of them it bends.
    bends = smooth_step(plan.ahead_of_ball(xy), *BEND_MM)
    full = full + (np.minimum(thickness.forefoot_mm, full) - full) * bends
    edge = np.minimum(thickness.distal_edge_mm, full)
    # Where the taper ends it goes over smoothly: a kink would be missed between nodes.
    rise = smooth_min(behind_mm / thickness.distal_taper_mm, np.ones(len(xy)), _TAPER_ROUND)
    return np.asarray(edge + (full - edge) * np.maximum(rise, 0.0))


@dataclass(frozen=True)
class EvenWall:
    """Two heights on one grid, which goes on beyond the outline by more than a wall; they count inside it.

    Attributes
    ----------
    top : the asked top, cut at the trim line.
    bottom : the surface one asked wall below it, square to it.
    """

    top: HeightField
    bottom: HeightField


def even_wall(
    outline: FloatArray,
    step_mm: float,
    top_at: Callable[[FloatArray], FloatArray],
    wall_at: Callable[[FloatArray], FloatArray],
) -> EvenWall:
    """Return the even wall of a designed top over a grid, whose lines include x = 0 and y = 0.

    Parameters
    ----------
    outline : (K, 2).
    top_at, wall_at : heights and thickness at (N, 2) points, (N,) mm; the wall's is that at its lower end.
    """
    margin = float(wall_at(outline).max()) + 2.0 * step_mm
    low = np.floor((outline.min(axis=0) - margin) / step_mm) * step_mm
    shape = np.ceil((outline.max(axis=0) + margin - low) / step_mm).astype(int) + 1
    grid = HeightField(float(low[0]), float(low[1]), step_mm, np.zeros(shape))
    xy = grid.nodes()
    top = grid.replaced(top_at(xy).reshape(shape))
    wall = wall_at(xy).reshape(shape)
    change = np.hypot(*np.gradient(wall, step_mm))
    return EvenWall(
        top, erode_with_ball(top, wall + step_mm * (_THICKER + _THICKER_IN_TAPER * np.minimum(change, 1.0)))
    )


def bottom_at(bottom: HeightField, xy: FloatArray) -> FloatArray:
    """Return the height of an even wall's underside at (N, 2) points, (N,) mm.

    Beside a crease, where two sheets of the parallel surface meet, a spline swings up over its nodes, and the wall
    would be thin.
    """
    at = (xy - [bottom.x0, bottom.y0]) / bottom.step
    i, j = (np.clip(at[:, k].astype(int), 0, bottom.z.shape[k] - 2) for k in (0, 1))
    u, v = np.clip(at[:, 0] - i, 0.0, 1.0), np.clip(at[:, 1] - j, 0.0, 1.0)
    a, b, c, d = bottom.z[i, j], bottom.z[i, j + 1], bottom.z[i + 1, j], bottom.z[i + 1, j + 1]
    # Between two nodes at most the parabola that is level at the higher one: of both cells beside a side the same.
    chord = (1.0 - u) * ((1.0 - v) * a + v * b) + u * ((1.0 - v) * c + v * d)
    along = u * (1.0 - u) * ((1.0 - v) * np.abs(c - a) + v * np.abs(d - b))
    across = v * (1.0 - v) * ((1.0 - u) * np.abs(b - a) + u * np.abs(d - c))
    return np.asarray(np.minimum(bottom.at(xy), chord + along + across + _OVER_NODES_MM))
