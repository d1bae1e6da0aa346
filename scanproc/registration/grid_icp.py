"""The nearest point of a model from anywhere near it, in one look: for the many guesses of a global search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.registration.point_to_plane import (
    MIN_MATCHES,
    add_rows,
    apply_step,
    mean_normal,
    point_to_plane_row,
    robust_weight,
    rotate_vector,
    solve_step,
    transform_point,
)

_SETTLED = 0.01  # a step that moves a point 100 mm away less than this share of a gate ends it


class NearestPointGrid(NamedTuple):
    """A model, and for each cubic cell round it the model point nearest to the cell's centre.

    Attributes
    ----------
    points, normals : (M, 3) float64, mm, the model's frame.
    nearest : (X, Y, Z) int32.
    low : (3,) float64, corner of the first cell.
    cell_mm : edge of a cell.
    """

    points: FloatArray
    normals: FloatArray
    nearest: NDArray[np.int32]
    low: FloatArray
    cell_mm: float


def nearest_point_grid(points: FloatArray, normals: FloatArray, cell_mm: float, reach_mm: float) -> NearestPointGrid:
    """Build the grid, which goes on for `reach_mm` beyond the points on all sides."""
    low = points.min(axis=0) - reach_mm
    size = np.ceil((points.max(axis=0) + reach_mm - low) / cell_mm).astype(np.int64)
    nearest = np.full(size, -1, dtype=np.int32)
    _spread_nearest(points, low, cell_mm, nearest)
    return NearestPointGrid(points, normals, nearest, low, cell_mm)


@compiled
def _spread_nearest(points: FloatArray, low: FloatArray, cell_mm: float, nearest: NDArray[np.int32]) -> None:
    """Fill `nearest` by passing each cell's nearest point on to its neighbours, there and back (Danielsson 1980)."""
    X, Y, Z = nearest.shape
    best = np.full((X, Y, Z), np.inf)
    for k in range(len(points)):
        i, j, m = (
            int((points[k, 0] - low[0]) / cell_mm),
            int((points[k, 1] - low[1]) / cell_mm),
            int((points[k, 2] - low[2]) / cell_mm),
        )
        if best[i, j, m] == np.inf:
            best[i, j, m], nearest[i, j, m] = 0.0, k
    for sign in (1, -1):
        for a in range(X):
            i = a if sign > 0 else X - 1 - a
            for b in range(Y):
                j = b if sign > 0 else Y - 1 - b
                for c in range(Z):
                    m = c if sign > 0 else Z - 1 - c
                    if best[i, j, m] == 0.0:
                        continue
                    x, y, z = low[0] + (i + 0.5) * cell_mm, low[1] + (j + 0.5) * cell_mm, low[2] + (m + 0.5) * cell_mm
                    for axis in range(3):
                        p = i - sign if axis == 0 else i
                        q = j - sign if axis == 1 else j
                        r = m - sign if axis == 2 else m
                        if p < 0 or q < 0 or r < 0 or p >= X or q >= Y or r >= Z:
                            continue
                        k = nearest[p, q, r]
                        if k < 0:
                            continue
                        away = (points[k, 0] - x) ** 2 + (points[k, 1] - y) ** 2 + (points[k, 2] - z) ** 2
                        if away < best[i, j, m]:
                            best[i, j, m], nearest[i, j, m] = max(away, 1e-9), k


def grid_icp_from_all(
    points: FloatArray,
    normals: FloatArray,
    grid: NearestPointGrid,
    starts: Sequence[FloatArray],
    gates_mm: FloatArray,
    max_steps: int,
    free: NDArray[np.bool_],
) -> FloatArray:
    """Return what `grid_icp` makes of each start, (S, 4, 4)."""
    return np.asarray(_from_each(points, normals, grid, np.array(starts), gates_mm, max_steps, free))


@compiled
def _from_each(
    points: FloatArray,
    normals: FloatArray,
    grid: NearestPointGrid,
    starts: FloatArray,
    gates_mm: FloatArray,
    max_steps: int,
    free: NDArray[np.bool_],
) -> FloatArray:
    """Return (S, 4, 4) poses from as many starts, in one go: calls from Python would take turns for the GIL."""
    poses = np.empty(starts.shape)
    for k in range(len(starts)):
        poses[k] = grid_icp(points, normals, grid, starts[k], gates_mm, max_steps, free)
    return poses


@compiled
def grid_icp(
    points: FloatArray,
    normals: FloatArray,
    grid: NearestPointGrid,
    start: FloatArray,
    gates_mm: FloatArray,
    max_steps: int,
    free: NDArray[np.bool_],
) -> FloatArray:
    """Return T_model_source, (4, 4), by robust point-to-plane alignment (Chen & Medioni 1992), gate by gate.

    A turn of a foot about its long axis settles slowly: from 15 deg off, 12 steps a gate find it in 21 of 23 views of
    a simulated recording, 6 steps in 13.

    Parameters
    ----------
    points, normals : (N, 3) of the source.
    start : (4, 4), first guess.
    gates_mm : largest distance of matched points, gate by gate.
    max_steps : at each gate.
    free : (6,) which of the turns about x, y, z and the shifts along them may move.
    """
    pose: FloatArray = start.copy()
    moved = np.empty((len(points), 3))
    for gate in gates_mm:
        for _ in range(max_steps):
            centre = _move(points, pose, moved)
            H, g = np.zeros((6, 6)), np.zeros(6)
            if _add_normal_equations(moved, normals, grid, pose, centre, gate, H, g) < MIN_MATCHES:
                return pose
            step = solve_step(H, g, free)
            pose = apply_step(pose, step, centre)
            turn = np.sqrt(step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
            shift = np.sqrt(step[3] ** 2 + step[4] ** 2 + step[5] ** 2)
            if shift + 100.0 * turn < _SETTLED * gate:
                break
    return pose


@compiled
def _move(points: FloatArray, pose: FloatArray, moved: FloatArray) -> FloatArray:
    """Write (N, 3) points after a motion to `moved`, and return their (3,) middle."""
    centre = np.zeros(3)
    for k in range(len(points)):
        x, y, z = transform_point(pose, points[k, 0], points[k, 1], points[k, 2])
        moved[k, 0], moved[k, 1], moved[k, 2] = x, y, z
        centre[0] += x / len(points)
        centre[1] += y / len(points)
        centre[2] += z / len(points)
    return centre


@compiled
def _add_normal_equations(
    moved: FloatArray,
    normals: FloatArray,
    grid: NearestPointGrid,
    pose: FloatArray,
    centre: FloatArray,
    gate_mm: float,
    H: FloatArray,
    g: FloatArray,
) -> int:
    """Add the distances of all moved points that find a partner to the equations, and return how many do.

    Partners are looked up in a loop of its own: they lie far apart in memory, and several are on their way at a time.
    """
    nearest, others, other_normals, low = grid.nearest, grid.points, grid.normals, grid.low
    X, Y, Z = nearest.shape
    partner = np.empty(len(moved), np.int32)
    for k in range(len(moved)):
        x, y, z = moved[k, 0], moved[k, 1], moved[k, 2]
        i = int(np.floor((x - low[0]) / grid.cell_mm))
        j = int(np.floor((y - low[1]) / grid.cell_mm))
        m = int(np.floor((z - low[2]) / grid.cell_mm))
        if i < 0 or j < 0 or m < 0 or i >= X or j >= Y or m >= Z:
            partner[k] = -1
        else:
            partner[k] = nearest[i, j, m]
    rows, weights, matches = np.empty((len(moved), 8)), np.empty(len(moved)), 0
    for k in range(len(moved)):
        q, x, y, z = partner[k], moved[k, 0], moved[k, 1], moved[k, 2]
        if q < 0:
            continue
        ex, ey, ez = x - others[q, 0], y - others[q, 1], z - others[q, 2]
        if ex * ex + ey * ey + ez * ez > gate_mm * gate_mm:
            continue
        sx, sy, sz = rotate_vector(pose, normals[k, 0], normals[k, 1], normals[k, 2])
        nx, ny, nz, agree = mean_normal(sx, sy, sz, other_normals[q, 0], other_normals[q, 1], other_normals[q, 2])
        if agree:
            lever = (x - centre[0], y - centre[1], z - centre[2])
            distance = ex * nx + ey * ny + ez * nz
            row = point_to_plane_row(lever, (nx, ny, nz))
            for i in range(6):
                rows[matches, i] = row[i]
            rows[matches, 6], rows[matches, 7] = 0.0, distance
            weights[matches] = robust_weight(distance, gate_mm)
            matches += 1
    add_rows(H, g, rows[:matches], weights[:matches])
    return matches


@compiled
def distinct_poses(poses: FloatArray, centre: FloatArray, near_mm: float) -> NDArray[np.int64]:
    """Return which of (P, 4, 4) poses lie apart, (D,): the first of those that lie together.

    Parameters
    ----------
    centre : (3,) mm, about which what is moved lies.
    near_mm : how far points 100 mm from there come to lie apart at most, RMS, and count as together.
    """
    kept = np.empty(len(poses), np.int64)
    middles = np.empty((len(poses), 3))
    count = 0
    for k in range(len(poses)):
        x, y, z = transform_point(poses[k], centre[0], centre[1], centre[2])
        is_new = True
        for n in range(count):
            other = poses[kept[n]]
            squares = (x - middles[n, 0]) ** 2 + (y - middles[n, 1]) ** 2 + (z - middles[n, 2]) ** 2
            for i in range(3):
                for j in range(3):
                    squares += 3333.0 * (poses[k, i, j] - other[i, j]) ** 2  # 100 mm, shared by three axes
            if squares < near_mm * near_mm:
                is_new = False
                break
        if is_new:
            kept[count] = k
            middles[count, 0], middles[count, 1], middles[count, 2] = x, y, z
            count += 1
    return np.asarray(kept[:count].copy())
