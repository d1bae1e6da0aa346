"""A net of triangles that points are added to, one by one, and that stays Delaunay's (Lawson 1977)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scanproc.artifacts import IntArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray


class Delaunay(NamedTuple):
    """Triangles with room for more: corners, neighbours across from them, and the samples in each, as a chain."""

    points: FloatArray  # (N, 3)
    faces: IntArray  # (F, 3)
    across: IntArray  # (F, 3), -1 at the outline
    first: IntArray  # (F,) sample, -1 for none
    following: IntArray  # (M,) the next sample of the same triangle
    worst: FloatArray  # (F,) largest miss of its samples
    farthest: IntArray  # (F,) the sample that misses so


def neighbours(faces: IntArray) -> IntArray:
    """Return for each corner of (F, 3) triangles the triangle across from it, -1 where there is none."""
    start, end = np.roll(faces, -1, axis=1).ravel(), np.roll(faces, -2, axis=1).ravel()
    low, high = np.minimum(start, end).astype(np.int64), np.maximum(start, end)
    order = np.argsort(low * (int(faces.max()) + 1) + high, kind="stable")
    twin = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
    answer = np.full(faces.size, -1, dtype=np.int32)
    one, other = order[:-1][twin], order[1:][twin]
    answer[one], answer[other] = other // 3, one // 3
    return answer.reshape(-1, 3)


@compiled
def orient2d(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """Return twice the area of a triangle, positive if counter-clockwise; exact."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@compiled
def insert_point(net: Delaunay, p: int, t: int, faces: int, sample: int, fan: IntArray) -> tuple[int, int]:
    """Make a point inside triangle `t` a corner: fill the fan of triangles round it, each with the point as third.

    Returns
    -------
    How many they are, and the chain of the samples that were in them before, all but the point's own.
    """
    left = _without(net, t, sample)
    a, b, c = net.faces[t, 0], net.faces[t, 1], net.faces[t, 2]
    beside_a, beside_b, beside_c = net.across[t, 0], net.across[t, 1], net.across[t, 2]
    _set(net, t, a, b, p, faces, faces + 1, beside_c)
    _set(net, faces, b, c, p, faces + 1, t, beside_a)
    _set(net, faces + 1, c, a, p, t, faces, beside_b)
    _relink(net, beside_a, t, faces)
    _relink(net, beside_b, t, faces + 1)
    fan[0], fan[1], fan[2] = t, faces, faces + 1
    spokes, m = 3, 0
    while m < spokes:
        one = fan[m]
        other = net.across[one, 2]
        if other >= 0 and _in_circle(net, one, other):
            left = _chained(net, left, other)
            _flip_edge(net, one, other)
            fan[spokes] = other
            spokes += 1
        else:
            m += 1
    return spokes, left


@compiled
def _set(net: Delaunay, t: int, a: int, b: int, c: int, across_a: int, across_b: int, across_c: int) -> None:
    net.faces[t, 0], net.faces[t, 1], net.faces[t, 2] = a, b, c
    net.across[t, 0], net.across[t, 1], net.across[t, 2] = across_a, across_b, across_c


@compiled
def _relink(net: Delaunay, t: int, old: int, new: int) -> None:
    """Tell triangle `t` that its neighbour has another number."""
    if t >= 0:
        for k in range(3):
            if net.across[t, k] == old:
                net.across[t, k] = new


@compiled
def _without(net: Delaunay, t: int, sample: int) -> int:
    """Return the chain of the samples of a triangle without one of them."""
    if net.first[t] == sample:
        return int(net.following[sample])
    k = net.first[t]
    while net.following[k] != sample:
        k = net.following[k]
    net.following[k] = net.following[sample]
    return int(net.first[t])


@compiled
def _chained(net: Delaunay, left: int, t: int) -> int:
    """Put the samples of a triangle before a chain."""
    k = net.first[t]
    if k < 0:
        return left
    while net.following[k] >= 0:
        k = net.following[k]
    net.following[k] = left
    return int(net.first[t])


@compiled
def _in_circle(net: Delaunay, one: int, other: int) -> bool:
    """Tell whether the edge across from the third corner of `one` has a point of `other` inside its circle."""
    k = 0 if net.across[other, 0] == one else (1 if net.across[other, 1] == one else 2)
    a, b, p, q = net.faces[one, 0], net.faces[one, 1], net.faces[one, 2], net.faces[other, k]
    qx, qy = net.points[q, 0], net.points[q, 1]
    # Seen from q: differences of snapped coordinates are exact.
    ax, ay, bx, by = net.points[a, 0] - qx, net.points[a, 1] - qy, net.points[b, 0] - qx, net.points[b, 1] - qy
    px, py = net.points[p, 0] - qx, net.points[p, 1] - qy
    if ay * px - ax * py <= 0.0 or bx * py - by * px <= 0.0:
        return False
    if (bx - ax) * (py - ay) - (by - ay) * (px - ax) <= 0.0:
        return True
    aa, bb, pp = ax * ax + ay * ay, bx * bx + by * by, px * px + py * py
    inside = aa * (bx * py - by * px) - bb * (ax * py - ay * px) + pp * (ax * by - ay * bx)
    return bool(inside > 1e-12 * (aa + bb) * pp)


@compiled
def _flip_edge(net: Delaunay, one: int, other: int) -> None:
    """Turn the edge between two triangles: both then have the third corner of `one` as theirs."""
    a, b, p = net.faces[one, 0], net.faces[one, 1], net.faces[one, 2]
    k = 0 if net.across[other, 0] == one else (1 if net.across[other, 1] == one else 2)
    q = net.faces[other, k]
    # Seen from `other`, whose corners are q, b, a.
    beside_qb, beside_aq = net.across[other, (k + 2) % 3], net.across[other, (k + 1) % 3]
    beside_bp, beside_pa = net.across[one, 0], net.across[one, 1]
    _set(net, one, a, q, p, other, beside_pa, beside_aq)
    _set(net, other, q, b, p, beside_bp, one, beside_qb)
    _relink(net, beside_aq, other, one)
    _relink(net, beside_bp, one, other)
