"""Where a closed mesh crosses itself: edges against the triangles over the same cells of the plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.compiled import compiled
from scanproc.geometry.plan_bins import PlanBins
from scanproc.parallel import spread

_CHUNK = 1 << 13  # edges of a task
_SLACK_MM = 1e-6  # boxes and planes are met with this much room; what remains is judged exactly


def edges_near_faces(mesh: Mesh, edges: IntArray, bins: PlanBins) -> NDArray[np.int64]:
    """Return the pairs (row of `edges`, face) that may cross, (P, 2): boxes overlap, and the edge meets the plane.

    Parameters
    ----------
    edges : (E, 2) vertices; pairs that share a vertex are left out.
    bins : of the same mesh.
    """

    def look(start: int) -> NDArray[np.int64]:
        part = np.ascontiguousarray(edges[start : start + _CHUNK])
        pairs = np.empty((4 * _CHUNK, 2), dtype=np.int64)
        while True:
            count = _look(
                mesh.vertices, mesh.faces, part, bins.boxes, bins.origin, *bins.shape, bins.starts, bins.items, pairs
            )
            if count <= len(pairs):
                return pairs[:count] + np.array([start, 0])
            pairs = np.empty((count, 2), dtype=np.int64)

    return np.vstack([np.empty((0, 2), np.int64), *spread(look, range(0, len(edges), _CHUNK), "insole: crossings")])


@compiled
def _look(
    vertices: FloatArray,
    faces: IntArray,
    edges: IntArray,
    boxes: FloatArray,
    origin: FloatArray,
    columns: int,
    rows: int,
    starts: NDArray[np.int64],
    items: NDArray[np.int32],
    out: NDArray[np.int64],
) -> int:
    """Write the pairs, each once, as far as there is room, and return how many there are."""
    count, cell = 0, origin[2]
    low, high = np.empty(3), np.empty(3)
    for n in range(len(edges)):
        p, q = edges[n, 0], edges[n, 1]
        for axis in range(3):
            low[axis] = min(vertices[p, axis], vertices[q, axis]) - _SLACK_MM
            high[axis] = max(vertices[p, axis], vertices[q, axis]) + _SLACK_MM
        first_i = max(int(np.floor((low[0] - origin[0]) / cell)), 0)
        first_j = max(int(np.floor((low[1] - origin[1]) / cell)), 0)
        for i in range(first_i, min(int((high[0] - origin[0]) / cell), columns - 1) + 1):
            for j in range(first_j, min(int((high[1] - origin[1]) / cell), rows - 1) + 1):
                for k in range(starts[i * rows + j], starts[i * rows + j + 1]):
                    face = items[k]
                    if (
                        boxes[face, 0] > high[0] or boxes[face, 3] < low[0]
                        or boxes[face, 1] > high[1] or boxes[face, 4] < low[1]
                        or boxes[face, 2] > high[2] or boxes[face, 5] < low[2]
                    ):  # fmt: skip
                        continue
                    # A pair meets in several cells: it counts in the first that both reach into.
                    if i != max(int((boxes[face, 0] - origin[0]) / cell), first_i):
                        continue
                    if j != max(int((boxes[face, 1] - origin[1]) / cell), first_j):
                        continue
                    a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
                    if p == a or p == b or p == c or q == a or q == b or q == c:
                        continue
                    if _on_one_side(vertices, a, b, c, p, q):
                        continue
                    if count < len(out):
                        out[count, 0], out[count, 1] = n, face
                    count += 1
    return count


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
    return (at_p > room and at_q > room) or (at_p < -room and at_q < -room)
