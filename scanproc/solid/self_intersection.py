"""Where a closed mesh crosses itself: edges against the triangles over the same cells of the plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map
from scanproc.solid.face_grid import FaceGrid

_CHUNK = 1 << 13  # edges of a task
_SLACK_MM = 1e-6  # room round boxes and planes in the first look
_TOUCH_MM = 1e-7  # so near is met


def count_self_intersections(mesh: Mesh, bins: FaceGrid | None = None) -> int:
    """Count the pairs of an edge and a triangle of a closed mesh that meet, where they share no vertex.

    Two triangles that cross do so along a segment whose ends are crossings of an edge of the one with the other.

    Parameters
    ----------
    bins : of the same mesh; made where they are not given.
    """
    sides = np.vstack([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    # Of a closed mesh each edge is there in both directions; of an open one some in one, and those count, too.
    edges = np.unique(np.sort(sides, axis=1), axis=0) if _is_open(sides) else sides[sides[:, 0] < sides[:, 1]]

    bins = FaceGrid.of(mesh) if bins is None else bins

    def count(start: int) -> int:
        part = edges[start : start + _CHUNK]
        return _count(mesh.vertices, mesh.faces, part, bins.boxes, bins.origin, *bins.shape, bins.starts, bins.items)

    return sum(parallel_map(count, range(0, len(edges), _CHUNK), "insole: crossings"))


def _is_open(sides: IntArray) -> bool:
    """Tell whether some of (S, 2) sides of triangles run in one direction more often than in the other."""
    rising = sides[:, 0] < sides[:, 1]
    return bool(2 * rising.sum() != len(sides))


@compiled
def _count(
    vertices: FloatArray,
    faces: IntArray,
    edges: IntArray,
    boxes: FloatArray,
    origin: FloatArray,
    columns: int,
    rows: int,
    starts: NDArray[np.int64],
    items: NDArray[np.int32],
) -> int:
    """Return how many pairs of an edge and a triangle meet, each counted once."""
    count, cell = 0, origin[2]
    for n in range(len(edges)):
        p, q = edges[n, 0], edges[n, 1]
        low_x, high_x = _span(vertices[p, 0], vertices[q, 0])
        low_y, high_y = _span(vertices[p, 1], vertices[q, 1])
        low_z, high_z = _span(vertices[p, 2], vertices[q, 2])
        first_i = max(int(np.floor((low_x - origin[0]) / cell)), 0)
        first_j = max(int(np.floor((low_y - origin[1]) / cell)), 0)
        for i in range(first_i, min(int((high_x - origin[0]) / cell), columns - 1) + 1):
            for j in range(first_j, min(int((high_y - origin[1]) / cell), rows - 1) + 1):
                for k in range(starts[i * rows + j], starts[i * rows + j + 1]):
                    face = items[k]
                    if (
                        boxes[face, 2] > high_z or boxes[face, 5] < low_z  # the other side of the wall
                        or boxes[face, 0] > high_x or boxes[face, 3] < low_x
                        or boxes[face, 1] > high_y or boxes[face, 4] < low_y
                    ):  # fmt: skip
                        continue
                    # A pair meets in several cells: it counts in the first that both reach into.
                    if i != max(int((boxes[face, 0] - origin[0]) / cell), first_i):
                        continue
                    if j != max(int((boxes[face, 1] - origin[1]) / cell), first_j):
                        continue
                    a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
                    if p in (a, b, c) or q in (a, b, c):
                        continue
                    if _on_one_side(vertices, a, b, c, p, q):
                        continue
                    count += _meet(vertices, a, b, c, p, q)
    return count


@compiled
def _span(here: float, there: float) -> tuple[float, float]:
    return min(here, there) - _SLACK_MM, max(here, there) + _SLACK_MM


@compiled
def _on_one_side(vertices: FloatArray, a: int, b: int, c: int, p: int, q: int) -> bool:
    """Tell whether two points lie clearly on one side of the plane of a triangle; not of one without area."""
    ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
    vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    room = _SLACK_MM * np.sqrt(nx * nx + ny * ny + nz * nz)
    x, y, z = vertices[a, 0], vertices[a, 1], vertices[a, 2]
    at_p = (vertices[p, 0] - x) * nx + (vertices[p, 1] - y) * ny + (vertices[p, 2] - z) * nz
    at_q = (vertices[q, 0] - x) * nx + (vertices[q, 1] - y) * ny + (vertices[q, 2] - z) * nz
    return bool((at_p > room and at_q > room) or (at_p < -room and at_q < -room))


@compiled
def _meet(vertices: FloatArray, a: int, b: int, c: int, p: int, q: int) -> bool:
    """Tell whether the edge from p to q meets the triangle, touching included."""
    corners = (a, b, c)
    normal, start, run = np.empty(3), np.empty(3), np.empty(3)
    u, v, inward = np.empty(3), np.empty(3), np.empty(3)
    for axis in range(3):
        u[axis] = vertices[b, axis] - vertices[a, axis]
        v[axis] = vertices[c, axis] - vertices[a, axis]
        start[axis] = vertices[p, axis] - vertices[a, axis]
        run[axis] = vertices[q, axis] - vertices[p, axis]
    _cross_to_unit(u, v, normal)
    # The stretch [enter, leave] of the edge, in shares of its length, that is within the slack of the plane ...
    at_p, climb = _dot(start, normal), _dot(run, normal)
    enter, leave = 0.0, 1.0
    if abs(climb) > _TOUCH_MM:
        enter = leave = -at_p / climb
    if min(at_p, at_p + climb) > _TOUCH_MM or max(at_p, at_p + climb) < -_TOUCH_MM:
        return False
    # ... and on the inner side of all three sides of the triangle.
    for side in range(3):
        here, there = corners[side], corners[(side + 1) % 3]
        for axis in range(3):
            u[axis] = vertices[there, axis] - vertices[here, axis]
            start[axis] = vertices[p, axis] - vertices[here, axis]
        _cross_to_unit(normal, u, inward)
        first, change = _dot(start, inward) + _TOUCH_MM, _dot(run, inward)
        if change > 0.0:
            enter = max(enter, -first / change)
        elif change < 0.0:
            leave = min(leave, -first / change)
        elif first < 0.0:
            return False
    return enter <= leave and leave >= 0.0 and enter <= 1.0


@compiled
def _cross_to_unit(u: FloatArray, v: FloatArray, out: FloatArray) -> None:
    out[0], out[1], out[2] = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    length = max(np.sqrt(_dot(out, out)), 1e-300)
    for axis in range(3):
        out[axis] /= length


@compiled
def _dot(u: FloatArray, v: FloatArray) -> float:
    return float(u[0] * v[0] + u[1] * v[1] + u[2] * v[2])
