"""Borders and underside of a foot at many places along x: what hundreds of sections would tell, in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, ByteArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray


@dataclass(frozen=True)
class Borders:
    """The points of least and of greatest y of the sections at N places along x.

    Attributes
    ----------
    points : (N, 2, 3) float64, mm: right (least y), left (greatest y); nan where there is no surface.
    seen : (N, 2) bool.
    open : (N, 2) bool, the border lies on an open boundary: the surface went on there, unseen.
    """

    points: FloatArray
    seen: BoolArray
    open: BoolArray

    @property
    def right(self) -> FloatArray:
        """Least y, (N,) mm."""
        return np.asarray(self.points[:, 0, 1])

    @property
    def left(self) -> FloatArray:
        """Greatest y, (N,) mm."""
        return np.asarray(self.points[:, 1, 1])

    @property
    def width(self) -> FloatArray:
        return np.asarray(self.left - self.right)


def borders_at(
    mesh: Mesh, x: FloatArray, below_mm: float, views: ByteArray | None = None, boundary: BoolArray | None = None
) -> Borders:
    """Return the borders of a foot below a height, at ascending (N,) `x`, mm.

    Parameters
    ----------
    views : (V,) uint8, how many views saw each vertex; None counts all as seen.
    boundary : (V,) bool, see `open_boundaries.open_boundary_vertices`; None takes no border for open.
    """
    no_boundary = np.zeros(len(mesh.vertices), dtype=np.bool_) if boundary is None else boundary
    points, faces, is_open = _borders(mesh.vertices, mesh.faces, np.ascontiguousarray(x), below_mm, no_boundary)
    return Borders(points, _seen(mesh, faces, views), is_open)


@compiled
def _borders(
    vertices: FloatArray, faces: IntArray, levels: FloatArray, below: float, boundary: BoolArray
) -> tuple[FloatArray, NDArray[np.int64], BoolArray]:
    """Return the (N, 2, 3) border points, the (N, 2) faces that they lie on, -1 for none, and whether they are open."""
    best = np.full((len(levels), 2, 3), np.nan)
    found = np.full((len(levels), 2), -1, np.int64)
    is_open = np.zeros((len(levels), 2), np.bool_)
    ends, end_open = np.empty((2, 3)), np.zeros(2, np.bool_)
    for face in range(len(faces) if len(levels) else 0):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        low, high = (
            min(vertices[a, 0], vertices[b, 0], vertices[c, 0]),
            max(vertices[a, 0], vertices[b, 0], vertices[c, 0]),
        )
        if high <= levels[0] or low > levels[-1] or min(vertices[a, 2], vertices[b, 2], vertices[c, 2]) > below:
            continue
        level = np.searchsorted(levels, low)
        while level < len(levels) and levels[level] < high:
            x = levels[level]
            first, second, third = vertices[a, 0] > x, vertices[b, 0] > x, vertices[c, 0] > x
            lone = 0 if second == third else 1 if first == third else 2
            for side in range(2):
                i, j = faces[face, lone], faces[face, (lone + 1 + side) % 3]
                i, j = min(i, j), max(i, j)
                share = (x - vertices[i, 0]) / (vertices[j, 0] - vertices[i, 0])
                for axis in range(3):
                    ends[side, axis] = vertices[i, axis] + share * (vertices[j, axis] - vertices[i, axis])
                end_open[side] = boundary[i] and boundary[j]
            for side in range(2):
                y, z = ends[side, 1], ends[side, 2]
                cut = z > below
                if cut and ends[1 - side, 2] > below:
                    continue
                if cut:
                    share = (below - z) / (ends[1 - side, 2] - z)
                    y, z = y + share * (ends[1 - side, 1] - y), below
                for border in range(2):
                    sign = 2.0 * border - 1.0
                    if found[level, border] < 0 or sign * y > sign * best[level, border, 1]:
                        best[level, border, 0], best[level, border, 1], best[level, border, 2] = x, y, z
                        found[level, border], is_open[level, border] = face, end_open[side] and not cut
            level += 1
    return best, found, is_open


@dataclass(frozen=True)
class Heights:
    """The underside at N places along x, M across: (N, M) heights in mm, nan where there is none, and what was seen."""

    height: FloatArray
    seen: BoolArray


def underside_at(
    down: Mesh, x: FloatArray, first_y: FloatArray, step_y: FloatArray, count: int, views: ByteArray
) -> Heights:
    """Return the lowest surface of the faces that look down, on a grid.

    Parameters
    ----------
    down : mesh of those faces alone.
    x : (N,) ascending, mm.
    first_y, step_y : (N,) mm, of the `count` places across at each x; nan where there are none.
    """
    height, face = _underside(down.vertices, down.faces, np.ascontiguousarray(x), first_y, step_y, count)
    return Heights(height, _seen(down, face, views))


def _seen(mesh: Mesh, faces: NDArray[np.int64], views: ByteArray | None) -> BoolArray:
    """Tell of which of the (N, M) faces, -1 for none, all corners were seen."""
    there = faces >= 0
    if views is None or not there.any():
        return there
    return np.asarray(there & (views[mesh.faces[faces]] > 0).all(axis=2))


@compiled
def _underside(
    vertices: FloatArray, faces: IntArray, levels: FloatArray, first_y: FloatArray, step_y: FloatArray, count: int
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return the (N, M) heights and the faces that they lie on, -1 for none."""
    height = np.full((len(levels), count), np.nan)
    found = np.full((len(levels), count), -1, np.int64)
    y, z = np.empty(2), np.empty(2)
    for face in range(len(faces) if len(levels) else 0):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        low, high = (
            min(vertices[a, 0], vertices[b, 0], vertices[c, 0]),
            max(vertices[a, 0], vertices[b, 0], vertices[c, 0]),
        )
        if high <= levels[0] or low > levels[-1]:
            continue
        level = np.searchsorted(levels, low)
        while level < len(levels) and levels[level] < high:
            x = levels[level]
            first, second, third = vertices[a, 0] > x, vertices[b, 0] > x, vertices[c, 0] > x
            lone = 0 if second == third else 1 if first == third else 2
            for side in range(2):
                i, j = faces[face, lone], faces[face, (lone + 1 + side) % 3]
                i, j = min(i, j), max(i, j)
                share = (x - vertices[i, 0]) / (vertices[j, 0] - vertices[i, 0])
                y[side] = vertices[i, 1] + share * (vertices[j, 1] - vertices[i, 1])
                z[side] = vertices[i, 2] + share * (vertices[j, 2] - vertices[i, 2])
            if y[0] != y[1] and np.isfinite(first_y[level]) and step_y[level] > 0.0:
                start = max((min(y[0], y[1]) - first_y[level]) / step_y[level], 0.0)
                for place in range(int(np.ceil(start)), count):
                    at = first_y[level] + place * step_y[level]
                    if at > max(y[0], y[1]):
                        break
                    here = z[0] + (at - y[0]) / (y[1] - y[0]) * (z[1] - z[0])
                    if found[level, place] < 0 or here < height[level, place]:
                        height[level, place], found[level, place] = here, face
            level += 1
    return height, found
