"""What is left on a part, against what the finishing cutter can reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.machining.cutters import Cutter
from scanproc.machining.machine import ToolConfig
from scanproc.machining.setups import Setup
from scanproc.machining.toolpaths import Heights
from scanproc.parallel import parallel_map
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.height_fields import HeightField

_STRIP = 40  # rows that one thread takes at a time
_REST_MM = 0.01  # facets are not quite as smooth as the surface that they stand for


@dataclass(frozen=True)
class Leftover:
    """What a setup's programs leave on a part: heights over the map's nodes, mm, nan beside the part.

    Attributes
    ----------
    left : above what the finest cutter can reach, square to the part.
    unreached : what it cannot reach, above the part, square to it.
    gouge : below the part, square to it: a wall that is all but upright lies deep under a cut that passes beside it.
    """

    field: HeightField
    left: FloatArray
    unreached: FloatArray
    gouge: FloatArray


def leftover(setup: Setup, stock: HeightField, heights: Heights, tool: ToolConfig) -> Leftover:
    """Return what is left of a stock on the part, against what a ball can reach whose tip goes down to `heights`."""
    nodes, shape = stock.nodes(), stock.z.shape
    distance = setup.around(nodes).outside_mm
    on = distance < -1e-6
    faces = FaceGrid.of(setup.surface)
    hits = faces.touched(nodes[on], from_above=True)
    part_z, upright = np.full(len(nodes), np.nan), np.full(len(nodes), np.nan)
    part_z[on] = hits.z
    part_z[~np.isfinite(part_z)] = np.nan
    normal = _normals(faces.corners)[hits.face]
    upright[on] = normal[:, 2]
    tips = np.full(len(nodes), np.inf)
    near = distance <= setup.beyond_mm
    tips[near] = heights(nodes[near])
    swept_z = swept_by(stock.replaced(tips.reshape(shape)), Cutter.of(tool)).ravel()
    touches = np.zeros(len(nodes), dtype=bool)
    touches[on] = _touches(setup, nodes[on], part_z[on], normal, heights, 0.5 * tool.diameter_mm)
    reached = np.where(touches, part_z, np.maximum(swept_z, part_z)).reshape(shape)
    z, scale, part = stock.z, upright.reshape(shape), part_z.reshape(shape)
    return Leftover(stock, (z - reached) * scale, (reached - part) * scale, np.maximum(part - z, 0.0) * scale)


def within_rim(found: Leftover, setup: Setup) -> BoolArray:
    """Tell which nodes are judged by what a ball reaches: the corner below a flat rim is cut by the trim line."""
    outside = setup.around(found.field.nodes()).outside_mm.reshape(found.unreached.shape)
    return np.asarray(outside < -0.5 * setup.machine.finish.diameter_mm)


def _normals(corners: FloatArray) -> FloatArray:
    """Return the unit normals of (F, 3, 3) triangles, (F, 3)."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30))


def _touches(
    setup: Setup, xy: FloatArray, z: FloatArray, normal: FloatArray, heights: Heights, radius: float
) -> BoolArray:
    """Tell at which of N points of the part the ball can touch it: where it lies on, nothing else holds it off.

    The map alone would not know: at steep walls its nodes miss the place of the ball by more than its own ridges.
    """
    axis = xy + radius * normal[:, :2]
    lies_z = z + radius * normal[:, 2] - radius
    free = setup.around(axis).outside_mm <= setup.beyond_mm
    free[free] = heights(axis[free]) <= lies_z[free] + _REST_MM
    return np.asarray(free)


def swept_by(tips: HeightField, cutter: Cutter) -> FloatArray:
    """Return the lowest height that a cutter reaches at each node, whose tip can go down to `tips` at all of them."""
    size = int(np.floor(cutter.radius_mm / tips.step))
    offsets = np.arange(-size, size + 1) * tips.step
    shape = cutter.above_tip(np.hypot(offsets[:, None], offsets[None, :]))
    out = np.full(tips.z.shape, np.inf)

    def erode(first: int) -> None:
        _erode(tips.z, shape, first, min(first + _STRIP, len(out)), out)

    parallel_map(erode, range(0, len(out), _STRIP), "milling: reach")
    return out


@compiled
def _erode(tips: FloatArray, shape: FloatArray, first: int, last: int, out: FloatArray) -> None:
    size, columns = (shape.shape[0] - 1) // 2, tips.shape[1]
    for i in range(first, last):
        for di in range(-size, size + 1):
            m = i + di
            if m < 0 or m >= tips.shape[0]:
                continue
            for dj in range(-size, size + 1):
                above = shape[di + size, dj + size]
                if above == np.inf:
                    continue
                for j in range(max(-dj, 0), min(columns - dj, columns)):
                    out[i, j] = min(out[i, j], tips[m, j + dj] + above)
