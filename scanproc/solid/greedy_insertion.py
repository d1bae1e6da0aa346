"""Triangles as large as a height field allows: points are added where it is missed most (Garland & Heckbert 1995)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scanproc.artifacts import IntArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.solid.delaunay import Delaunay, insert_point, neighbours, orient2d

_BIN_MM = 2.0
_UNIT_MM = 2.0**-12  # of plan coordinates: exact in single precision, and turns of three points are exact in double


class Sheet(NamedTuple):
    """A triangulated graph.

    Attributes
    ----------
    points : (N, 3) float64, mm; the outline's first.
    faces : (F, 3) int32, counter-clockwise seen from above.
    """

    points: FloatArray
    faces: IntArray


class Samples(NamedTuple):
    """What a sheet has to keep to.

    Attributes
    ----------
    points : (M, 3) float64, mm, inside the outline and off it.
    share : (M,) float64, what counts of a vertical miss: the cosine of the slope there, for the miss along the normal.
    """

    points: FloatArray
    share: FloatArray


def snapped_plan(xy: FloatArray) -> FloatArray:
    """Return plan coordinates rounded to a step that single precision holds, (N, 2)."""
    return np.asarray(np.round(xy / _UNIT_MM) * _UNIT_MM)


def greedy_insertion(start: Sheet, samples: Samples, tolerances_mm: Sequence[float]) -> list[Sheet]:
    """Add samples to a sheet as its corners until no sample is missed by more than a tolerance.

    Triangles stay Delaunay's but for the outline, whose edges are never turned.

    Parameters
    ----------
    start : with x and y `snapped_plan`, as those of the samples.
    tolerances_mm : the coarsest first; the sheet of each goes on from that before it.
    """
    count, size, more = len(start.points), len(start.faces), len(samples.points)
    room = size + 2 * more  # of which little is ever used
    net = Delaunay(
        points=np.empty((count + more, 3)),
        faces=np.empty((room, 3), dtype=np.int32),
        across=np.empty((room, 3), dtype=np.int32),
        first=np.empty(room, dtype=np.int32),
        following=np.full(more, -1, dtype=np.int32),
        worst=np.empty(room),
        farthest=np.empty(room, dtype=np.int32),
    )
    net.points[:count], net.faces[:size], net.across[:size] = start.points, start.faces, neighbours(start.faces)
    net.first[:size] = -1
    _sort_in(net, size, samples)
    corners, faces, sheets = count, size, []
    for tolerance_mm in tolerances_mm:
        corners, faces = _refine(net, corners, faces, samples, tolerance_mm)
        sheets.append(Sheet(net.points[:corners].copy(), net.faces[:faces].copy()))
    return sheets


@compiled
def _sort_in(net: Delaunay, size: int, samples: Samples) -> None:
    """Put each sample into the triangle that it lies in, by square bins."""
    x0, y0 = samples.points[:, 0].min(), samples.points[:, 1].min()
    columns = int((samples.points[:, 1].max() - y0) / _BIN_MM) + 1
    rows = int((samples.points[:, 0].max() - x0) / _BIN_MM) + 1
    chain, head = np.full(len(samples.points), -1, dtype=np.int32), np.full((rows, columns), -1, dtype=np.int32)
    for k in range(len(samples.points) - 1, -1, -1):
        i, j = int((samples.points[k, 0] - x0) / _BIN_MM), int((samples.points[k, 1] - y0) / _BIN_MM)
        chain[k], head[i, j] = head[i, j], k
    for t in range(size):
        a, b, c = net.faces[t, 0], net.faces[t, 1], net.faces[t, 2]
        ax, ay, bx, by = net.points[a, 0], net.points[a, 1], net.points[b, 0], net.points[b, 1]
        cx, cy = net.points[c, 0], net.points[c, 1]
        low_i = max(int((min(ax, bx, cx) - x0) / _BIN_MM), 0)
        low_j = max(int((min(ay, by, cy) - y0) / _BIN_MM), 0)
        high_i = min(int((max(ax, bx, cx) - x0) / _BIN_MM), rows - 1)
        high_j = min(int((max(ay, by, cy) - y0) / _BIN_MM), columns - 1)
        for i in range(low_i, high_i + 1):
            for j in range(low_j, high_j + 1):
                before, k = -1, head[i, j]
                while k >= 0:
                    after = chain[k]
                    x, y = samples.points[k, 0], samples.points[k, 1]
                    if (
                        orient2d(ax, ay, bx, by, x, y) >= 0.0
                        and orient2d(bx, by, cx, cy, x, y) >= 0.0
                        and orient2d(cx, cy, ax, ay, x, y) >= 0.0
                    ):
                        net.following[k], net.first[t] = net.first[t], k
                        if before < 0:
                            head[i, j] = after
                        else:
                            chain[before] = after
                    else:
                        before = k
                    k = after
        _judge(net, t, samples)


@compiled
def _judge(net: Delaunay, t: int, samples: Samples) -> None:
    """Find the sample that a triangle misses most."""
    a, b, c = net.faces[t, 0], net.faces[t, 1], net.faces[t, 2]
    ax, ay, az = net.points[a, 0], net.points[a, 1], net.points[a, 2]
    ux, uy, uz = net.points[b, 0] - ax, net.points[b, 1] - ay, net.points[b, 2] - az
    vx, vy, vz = net.points[c, 0] - ax, net.points[c, 1] - ay, net.points[c, 2] - az
    double = ux * vy - uy * vx
    along_x, along_y = (uz * vy - vz * uy) / double, (vz * ux - uz * vx) / double
    worst, farthest, k = 0.0, -1, net.first[t]
    while k >= 0:
        off = samples.points[k, 2] - az - along_x * (samples.points[k, 0] - ax) - along_y * (samples.points[k, 1] - ay)
        miss = abs(off) * samples.share[k]
        if miss > worst:
            worst, farthest = miss, k
        k = net.following[k]
    net.worst[t], net.farthest[t] = worst, farthest


@compiled
def _refine(net: Delaunay, corners: int, faces: int, samples: Samples, tolerance: float) -> tuple[int, int]:
    """Add the worst sample of each triangle that misses one, and return how many corners and triangles there are."""
    queue, queued = np.empty(len(net.faces), dtype=np.int32), np.zeros(len(net.faces), dtype=np.bool_)
    fan = np.empty(len(net.faces), dtype=np.int32)
    begin, waiting = 0, 0
    for t in range(faces):
        if net.worst[t] > tolerance:
            queue[waiting], queued[t] = t, True
            waiting += 1
    while waiting > 0:
        t = queue[begin]
        begin, waiting, queued[t] = (begin + 1) % len(queue), waiting - 1, False
        if net.worst[t] <= tolerance:
            continue
        for axis in range(3):
            net.points[corners, axis] = samples.points[net.farthest[t], axis]
        spokes, left = insert_point(net, corners, t, faces, net.farthest[t], fan)
        corners, faces = corners + 1, faces + 2
        _share_out(net, fan[:spokes], left, samples)
        for m in range(spokes):
            if net.worst[fan[m]] > tolerance and not queued[fan[m]]:
                queue[(begin + waiting) % len(queue)], queued[fan[m]] = fan[m], True
                waiting += 1
    return corners, faces


@compiled
def _share_out(net: Delaunay, fan: IntArray, left: int, samples: Samples) -> None:
    """Put a chain of samples into the triangles of a fan, and judge those."""
    for m in range(len(fan)):
        net.first[fan[m]] = -1
    px, py = net.points[net.faces[fan[0], 2], 0], net.points[net.faces[fan[0], 2], 1]
    while left >= 0:
        after = net.following[left]
        x, y = samples.points[left, 0], samples.points[left, 1]
        home = fan[0]
        for m in range(len(fan)):
            u, v = net.faces[fan[m], 0], net.faces[fan[m], 1]
            if (
                orient2d(px, py, net.points[u, 0], net.points[u, 1], x, y) >= 0.0
                and orient2d(px, py, net.points[v, 0], net.points[v, 1], x, y) < 0.0
            ):
                home = fan[m]
                break
        net.following[left], net.first[home] = net.first[home], left
        left = after
    for m in range(len(fan)):
        _judge(net, fan[m], samples)
