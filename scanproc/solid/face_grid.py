"""Triangles sorted into the cells of the ground plan: to touch a mesh from above, and to find its nearest point.

A shell is thin and lies flat, so that few triangles share a spot of the plan. Everything is double precision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map
from scanproc.solid.plan_cells import cell_at, corners_and_boxes, ordered_by_cells, sorted_into_cells

_CHUNK = 1 << 13  # places of a task
_FACES_OF_CELL, _CELL_MM = 1.5, (1.0, 5.0)  # on an average over the box; walls are a few mm
_BESIDE_MM = 1e-6  # more than that is, in mm
_ON_SIDE = 1e-9  # of twice a triangle's area in the plan: a place on the side of two triangles belongs to both


@dataclass(frozen=True)
class FirstHits:
    """The first face met at N places: (N,) height in mm, and (N,) int32 face, -1 where there is none."""

    z: FloatArray
    face: NDArray[np.int32]


@dataclass(frozen=True)
class Nearest:
    """The nearest point of all faces to N points: (N,) distance in mm, (N, 3) point; inf and nan beyond the reach."""

    distance: FloatArray
    point: FloatArray


@dataclass(frozen=True)
class FaceGrid:
    """Triangles by the cells of the plan that their boxes reach into.

    Attributes
    ----------
    corners : (F, 3, 3) mm.
    boxes : (F, 6) least and greatest x, y, z.
    origin : (3,) x and y of the first cell's lower corner, and the cells' size.
    shape : number of cells along x and y.
    starts, items : cell (i, j) holds the faces items[starts[k] : starts[k + 1]], k = i * shape[1] + j.
    levels : (cells, 2) least and greatest z of each cell's faces; inf and -inf where there is none.
    """

    corners: FloatArray
    boxes: FloatArray
    origin: FloatArray
    shape: tuple[int, int]
    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    levels: FloatArray

    @classmethod
    def of(cls, mesh: Mesh, cell_mm: float | None = None) -> FaceGrid:
        """Sort the triangles of a mesh, into cells as wide as one or two of them unless that is given."""
        corners, boxes = corners_and_boxes(mesh.vertices, mesh.faces)
        first = boxes[:, :2].min(axis=0) if len(boxes) else np.zeros(2)
        last = boxes[:, 3:5].max(axis=0) if len(boxes) else np.zeros(2)
        if cell_mm is None:
            cell_mm = float(np.clip(np.sqrt(_FACES_OF_CELL * np.prod(last - first) / max(len(boxes), 1)), *_CELL_MM))
        columns, rows = (int(count) for count in np.floor((last - first) / cell_mm) + 1.0)
        origin = np.array([first[0], first[1], cell_mm])
        starts, items = sorted_into_cells(boxes, origin, columns, rows)
        return cls(corners, boxes, origin, (columns, rows), starts, items, _levels(boxes, starts, items))

    def touched(self, xy: FloatArray, *, from_above: bool) -> FirstHits:
        """Touch the faces vertically at (N, 2) places; -inf from above and inf from below where there is none."""
        xy = np.ascontiguousarray(xy)
        answer = FirstHits(np.empty(len(xy)), np.empty(len(xy), dtype=np.int32))

        def touch(start: int) -> None:
            part = slice(start, start + _CHUNK)
            _touch(
                self.corners, self.boxes, self.origin, *self.shape, self.starts, self.items, xy[part], from_above,
                answer.z[part], answer.face[part],
            )  # fmt: skip

        parallel_map(touch, range(0, len(xy), _CHUNK), "insole: touching")
        return answer

    def nearest(self, points: FloatArray, reach_mm: float) -> Nearest:
        """Find the nearest face of (N, 3) points, at most `reach_mm` away."""
        # Cell by cell: the face of the last point is nearly that of the next.
        points = np.ascontiguousarray(points)
        order = ordered_by_cells(points, self.origin, *self.shape)
        answer = Nearest(np.empty(len(points)), np.empty((len(points), 3)))

        def find(start: int) -> None:
            _find_nearest(
                self.corners, self.boxes, self.origin, *self.shape, self.starts, self.items, self.levels,
                points, order[start : start + _CHUNK], reach_mm, answer.distance, answer.point,
            )  # fmt: skip

        parallel_map(find, range(0, len(points), _CHUNK), "insole: distances")
        return answer


@compiled
def _levels(boxes: FloatArray, starts: NDArray[np.int64], items: NDArray[np.int32]) -> FloatArray:
    """Return the least and greatest z of the faces of each cell, (cells, 2)."""
    levels = np.empty((len(starts) - 1, 2))
    for place in range(len(levels)):
        levels[place, 0], levels[place, 1] = np.inf, -np.inf
        for k in range(starts[place], starts[place + 1]):
            levels[place, 0] = min(levels[place, 0], boxes[items[k], 2])
            levels[place, 1] = max(levels[place, 1], boxes[items[k], 5])
    return levels


@compiled
def _touch(
    corners: FloatArray,
    boxes: FloatArray,
    origin: FloatArray,
    columns: int,
    rows: int,
    starts: NDArray[np.int64],
    items: NDArray[np.int32],
    xy: FloatArray,
    from_above: bool,
    out_z: FloatArray,
    out_face: NDArray[np.int32],
) -> None:
    """Write the height and the face touched at each of (N, 2) places; upright faces are not touched."""
    sign = 1.0 if from_above else -1.0
    for n in range(len(xy)):
        x, y = xy[n, 0], xy[n, 1]
        highest, hit = -np.inf, -1
        cell = cell_at(x, y, origin, columns, rows)
        if cell >= 0:
            for k in range(starts[cell], starts[cell + 1]):
                face = items[k]
                if x < boxes[face, 0] - _BESIDE_MM or x > boxes[face, 3] + _BESIDE_MM:
                    continue
                if y < boxes[face, 1] - _BESIDE_MM or y > boxes[face, 4] + _BESIDE_MM:
                    continue
                ax, ay = corners[face, 0, 0] - x, corners[face, 0, 1] - y
                bx, by = corners[face, 1, 0] - x, corners[face, 1, 1] - y
                cx, cy = corners[face, 2, 0] - x, corners[face, 2, 1] - y
                a, b, c = bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx
                area = a + b + c
                slack = _ON_SIDE * abs(area)
                if area > 0.0:
                    within = a >= -slack and b >= -slack and c >= -slack
                else:
                    within = a <= slack and b <= slack and c <= slack
                if within and abs(area) > 1e-12:
                    z = sign * (a * corners[face, 0, 2] + b * corners[face, 1, 2] + c * corners[face, 2, 2]) / area
                    if z > highest:
                        highest, hit = z, face
        out_z[n], out_face[n] = sign * highest, hit


@compiled
def _find_nearest(
    corners: FloatArray,
    boxes: FloatArray,
    origin: FloatArray,
    columns: int,
    rows: int,
    starts: NDArray[np.int64],
    items: NDArray[np.int32],
    levels: FloatArray,
    points: FloatArray,
    order: NDArray[np.int64],
    reach_mm: float,
    out_distance: FloatArray,
    out_point: FloatArray,
) -> None:
    """Write the point nearest to some of (N, 3) points, and its distance: rings of cells, until none can be nearer."""
    cell, hit = origin[2], -1
    for n in order:
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        u, v = (x - origin[0]) / cell, (y - origin[1]) / cell
        i, j = min(max(int(np.floor(u)), 0), columns - 1), min(max(int(np.floor(v)), 0), rows - 1)
        # How far the point is, in cells, from the farther side of its own: ring r is at least r minus that away.
        in_i, in_j = min(max(u - i, 0.0), 1.0), min(max(v - j, 0.0), 1.0)
        inset = max(in_i, 1.0 - in_i, in_j, 1.0 - in_j)
        best = reach_mm * reach_mm
        if hit >= 0:  # neighbours in the list are neighbours on the surface: the last one's face is nearly the nearest
            square, _, _, _ = _closest(corners, hit, x, y, z)
            if square < best:
                best = square
            else:
                hit = -1
        for ring in range(max(columns, rows) + 1):
            away = max(ring - inset, 0.0) * cell
            if away * away >= best:
                break
            for ci in range(max(i - ring, 0), min(i + ring, columns - 1) + 1):
                side = ci == i - ring or ci == i + ring
                for cj in range(j - ring, j + ring + 1, 1 if side or ring == 0 else 2 * ring):
                    if cj < 0 or cj >= rows:
                        continue
                    place = ci * rows + cj
                    px, py = max(ci - u, u - ci - 1.0, 0.0) * cell, max(cj - v, v - cj - 1.0, 0.0) * cell
                    pz = max(levels[place, 0] - z, z - levels[place, 1], 0.0)
                    if px * px + py * py + pz * pz >= best:
                        continue
                    for k in range(starts[place], starts[place + 1]):
                        face = items[k]
                        dx = max(boxes[face, 0] - x, x - boxes[face, 3], 0.0)
                        dy = max(boxes[face, 1] - y, y - boxes[face, 4], 0.0)
                        dz = max(boxes[face, 2] - z, z - boxes[face, 5], 0.0)
                        if dx * dx + dy * dy + dz * dz < best:
                            square, _, _, _ = _closest(corners, face, x, y, z)
                            if square < best:
                                best, hit = square, face
        if hit >= 0:
            _, out_point[n, 0], out_point[n, 1], out_point[n, 2] = _closest(corners, hit, x, y, z)
            out_distance[n] = np.sqrt(best)
        else:
            out_distance[n] = np.inf
            out_point[n, 0], out_point[n, 1], out_point[n, 2] = np.nan, np.nan, np.nan


@compiled
def _closest(corners: FloatArray, face: int, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Return the squared distance of a point from a triangle and the nearest point on it.

    Ericson, Real-Time Collision Detection, 5.1.5.
    """
    ax, ay, az = corners[face, 0, 0], corners[face, 0, 1], corners[face, 0, 2]
    ux, uy, uz = corners[face, 1, 0] - ax, corners[face, 1, 1] - ay, corners[face, 1, 2] - az
    vx, vy, vz = corners[face, 2, 0] - ax, corners[face, 2, 1] - ay, corners[face, 2, 2] - az
    px, py, pz = x - ax, y - ay, z - az
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    d1, d2 = ux * px + uy * py + uz * pz, vx * px + vy * py + vz * pz
    d3, d4, d5, d6 = d1 - uu, d2 - uv, d1 - uv, d2 - vv
    at_a, at_b, at_c = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    if d1 <= 0.0 and d2 <= 0.0:
        s, t = 0.0, 0.0
    elif d3 >= 0.0 and d4 <= d3:
        s, t = 1.0, 0.0
    elif d6 >= 0.0 and d5 <= d6:
        s, t = 0.0, 1.0
    elif at_c <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        s, t = d1 / (d1 - d3), 0.0
    elif at_b <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        s, t = 0.0, d2 / (d2 - d6)
    elif at_a <= 0.0 and d4 >= d3 and d5 >= d6:
        t = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        s = 1.0 - t
    else:
        s, t = at_b / (at_a + at_b + at_c), at_c / (at_a + at_b + at_c)
    qx, qy, qz = s * ux + t * vx, s * uy + t * vy, s * uz + t * vz
    square = (px - qx) * (px - qx) + (py - qy) * (py - qy) + (pz - qz) * (pz - qz)
    return square, ax + qx, ay + qy, az + qz
