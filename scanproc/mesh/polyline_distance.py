"""Distances from curves in the ground plane, and what lies inside closed ones: for hundred thousands of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map

_BLOCK = 8  # segments that share a circle round them
_CELL_MM = 4.0
_ROW_MM = 1.0
_SLACK_MM = 1e-9  # of a circle round a block
_CHUNK = 1 << 14  # places of a task

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Nearest:
    """The nearest place of a curve to each of N points.

    Attributes
    ----------
    distance_mm : (N,) positive to the left of the curve (inside a counter-clockwise one), negative to the right;
        inf beyond the reach.
    place : (N,) index along the curve's points, with a fraction; 0 beyond the reach.
    """

    distance_mm: FloatArray
    place: FloatArray

    def of(self, values: FloatArray) -> FloatArray:
        """Return values that are known at the curve's points, (K,), at the nearest places, (N,)."""
        return _along(np.append(values, values[0]), self.place)


@compiled
def _along(values: FloatArray, place: FloatArray) -> FloatArray:
    """Return values between those of the points of a curve, (K,), at (N,) places along it, (N,)."""
    answer = np.empty(len(place))
    for n in range(len(place)):
        before = int(place[n])
        after = min(before + 1, len(values) - 1)
        answer[n] = values[before] + (place[n] - before) * (values[after] - values[before])
    return answer


def nearest_on_curve(curve: FloatArray, xy: FloatArray, reach_mm: float, *, closed: bool) -> Nearest:
    """Find the nearest place of a polyline, (K, 2), to each of (N, 2) points, as far as `reach_mm`; it is exact."""
    points = np.ascontiguousarray(np.vstack([curve, curve[:1]]) if closed else curve, dtype=np.float64)
    distance, place = np.full(len(xy), np.inf), np.zeros(len(xy))
    if len(xy):
        xy = np.ascontiguousarray(xy, dtype=np.float64)
        (low, high), (first_xy, last_xy) = _bounds(points), _bounds(xy)
        low, high = np.maximum(low - reach_mm, first_xy), np.minimum(high + reach_mm, last_xy)
        cells = np.maximum(np.floor((high - low) / _CELL_MM).astype(np.int64) + 1, 0)
        circles = _circles(points)
        first, blocks = _candidates(circles, low, cells, reach_mm)

        def find(start: int) -> None:
            part = slice(start, start + _CHUNK)
            _find_nearest(points, circles, low, cells, first, blocks, xy[part], reach_mm, distance[part], place[part])

        parallel_map(find, range(0, len(xy), _CHUNK), "outlines")
    return Nearest(distance, place)


@compiled
def _bounds(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least and the greatest x and y of (N, 2) points; numpy takes thirty times as long."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for n in range(len(points)):
        for axis in range(2):
            low[axis], high[axis] = min(low[axis], points[n, axis]), max(high[axis], points[n, axis])
    return low, high


@compiled
def _circles(points: FloatArray) -> FloatArray:
    """Return x, y and radius of a circle round each block of segments, (B, 3)."""
    count = (len(points) - 2) // _BLOCK + 1
    circles = np.zeros((count, 3))
    for block in range(count):
        part = points[block * _BLOCK : (block + 1) * _BLOCK + 1]
        for k in range(len(part)):
            circles[block, 0] += part[k, 0] / len(part)
            circles[block, 1] += part[k, 1] / len(part)
        for k in range(len(part)):
            x, y = part[k, 0] - circles[block, 0], part[k, 1] - circles[block, 1]
            circles[block, 2] = max(circles[block, 2], np.hypot(x, y))
    return circles


@compiled
def _candidates(circles: FloatArray, low: FloatArray, cells: Indices, reach: float) -> tuple[Indices, Indices]:
    """Return for each square cell which blocks of segments can hold the nearest: those of [first[c], first[c + 1])."""
    count = len(circles)
    half = _CELL_MM * np.sqrt(0.5)
    best = np.full(cells[0] * cells[1], reach)
    first, blocks = np.zeros(len(best) + 1, dtype=np.int64), np.empty(0, dtype=np.int64)
    # For each cell the farthest that the nearest can be; then how many blocks are nearer than that; then which ones.
    for step in range(3):
        if step == 2:
            blocks = np.empty(np.cumsum(first)[-1], dtype=np.int64)
            first[:] = np.cumsum(first)
            first[1:] = first[:-1]  # filling a cell moves the beginning of the next to where it is
        for block in range(count):
            # What lies farther off is out of reach of all that is in a cell.
            span = reach + circles[block, 2] + 2.0 * half
            u, v = (circles[block, 0] - low[0]) / _CELL_MM, (circles[block, 1] - low[1]) / _CELL_MM
            wide = span / _CELL_MM
            for i in range(max(int(u - wide) - 1, 0), min(int(u + wide) + 2, cells[0])):
                for j in range(max(int(v - wide) - 1, 0), min(int(v + wide) + 2, cells[1])):
                    x, y = (i + 0.5 - u) * _CELL_MM, (j + 0.5 - v) * _CELL_MM
                    away, cell = np.sqrt(x * x + y * y), i * cells[1] + j  # np.hypot takes ten times as long
                    if step == 0:
                        best[cell] = min(best[cell], away + circles[block, 2])
                    elif away - circles[block, 2] <= best[cell] + 2.0 * half:
                        if step == 2:
                            blocks[first[cell + 1]] = block
                        first[cell + 1] += 1
    return first, blocks


@compiled
def _side(points: FloatArray, at: int, share: float, x: float, y: float) -> float:
    """Return on which side of its nearest segment, or of a corner, a point lies: 1 left, -1 right.

    A corner is nearest only to points on its outer side, whatever a segment that ends there says.
    """
    ex, ey = points[at + 1, 0] - points[at, 0], points[at + 1, 1] - points[at, 1]
    if share == 0.0 or share == 1.0:
        last = len(points) - 1
        closed = points[0, 0] == points[last, 0] and points[0, 1] == points[last, 1]
        other = at - 1 if share == 0.0 else at + 1
        if closed:
            other = other % last
        if 0 <= other < last:
            fx, fy = points[other + 1, 0] - points[other, 0], points[other + 1, 1] - points[other, 1]
            cross = fx * ey - fy * ex if share == 0.0 else ex * fy - ey * fx
            if abs(cross) > 0.05 * np.hypot(ex, ey) * np.hypot(fx, fy):
                return -1.0 if cross > 0.0 else 1.0
    return 1.0 if ex * (y - points[at, 1]) - ey * (x - points[at, 0]) >= 0.0 else -1.0


@compiled
def _find_nearest(
    points: FloatArray,
    circles: FloatArray,
    low: FloatArray,
    cells: Indices,
    first: Indices,
    blocks: Indices,
    xy: FloatArray,
    reach: float,
    distance: FloatArray,
    place: FloatArray,
) -> None:
    """Project each point onto the segments that can be nearest to its cell."""
    for n in range(len(xy)):
        x, y = xy[n, 0], xy[n, 1]
        i, j = int(np.floor((x - low[0]) / _CELL_MM)), int(np.floor((y - low[1]) / _CELL_MM))
        if i < 0 or j < 0 or i >= cells[0] or j >= cells[1]:
            continue
        best, at, share, off = reach * reach, -1, 0.0, reach
        begin, end = first[i * cells[1] + j], first[i * cells[1] + j + 1]
        for m in range(begin, end):  # the nearest is no farther off than the far side of a circle
            px, py = x - circles[blocks[m], 0], y - circles[blocks[m], 1]
            off = min(off, np.sqrt(px * px + py * py) + circles[blocks[m], 2])
        for m in range(begin, end):
            block = blocks[m]
            px, py, span = x - circles[block, 0], y - circles[block, 1], off + circles[block, 2] + _SLACK_MM
            if px * px + py * py > span * span:
                continue
            for k in range(block * _BLOCK, min((block + 1) * _BLOCK, len(points) - 1)):
                ax, ay = points[k, 0], points[k, 1]
                ex, ey = points[k + 1, 0] - ax, points[k + 1, 1] - ay
                length2 = ex * ex + ey * ey
                t = 0.0 if length2 == 0.0 else min(max(((x - ax) * ex + (y - ay) * ey) / length2, 0.0), 1.0)
                dx, dy = x - ax - t * ex, y - ay - t * ey
                away = dx * dx + dy * dy
                if away < best:
                    best, at, share = away, k, t
            off = min(off, np.sqrt(best))
        if at >= 0:
            distance[n], place[n] = _side(points, at, share, x, y) * np.sqrt(best), at + share


def inside(outline: FloatArray, points: FloatArray) -> BoolArray:
    """Tell which of (N, 2) points lie inside a closed curve, (N,) bool, by counting crossings to the right."""
    start = np.ascontiguousarray(outline, dtype=np.float64)
    end = np.roll(start, -1, axis=0)
    low = np.floor((np.minimum(start[:, 1], end[:, 1]) - start[:, 1].min()) / _ROW_MM).astype(np.int64)
    high = np.floor((np.maximum(start[:, 1], end[:, 1]) - start[:, 1].min()) / _ROW_MM).astype(np.int64)
    rows = int(high.max()) + 1
    begin, stop = np.bincount(low, minlength=rows), np.bincount(high + 1, minlength=rows + 1)[:rows]
    first = np.concatenate([[0], np.cumsum(np.cumsum(begin - stop))])
    edges = np.empty(first[-1], dtype=np.int64)
    answer = np.zeros(len(points), dtype=np.bool_)
    _spread_edges(low, high, first[:-1].copy(), edges)
    points = np.ascontiguousarray(points, dtype=np.float64)

    def count(begun: int) -> None:
        part = slice(begun, begun + _CHUNK)
        _count_crossings(start, end, first, edges, points[part], answer[part])

    parallel_map(count, range(0, len(points), _CHUNK), "outlines")
    return answer


@compiled
def _spread_edges(low: Indices, high: Indices, free: Indices, edges: Indices) -> None:
    """List the edges of each row that they touch."""
    for k in range(len(low)):
        for row in range(low[k], high[k] + 1):
            edges[free[row]] = k
            free[row] += 1


@compiled
def _count_crossings(
    start: FloatArray, end: FloatArray, first: Indices, edges: Indices, points: FloatArray, answer: BoolArray
) -> None:
    lowest = start[:, 1].min()
    for n in range(len(points)):
        x, y = points[n, 0], points[n, 1]
        row = int(np.floor((y - lowest) / _ROW_MM))
        if row < 0 or row >= len(first) - 1:
            continue
        within = False
        for m in range(first[row], first[row + 1]):
            k = edges[m]
            if (start[k, 1] > y) != (end[k, 1] > y):
                run_per_rise = (end[k, 0] - start[k, 0]) / (end[k, 1] - start[k, 1])
                if x < start[k, 0] + (y - start[k, 1]) * run_per_rise:
                    within = not within
        answer[n] = within
