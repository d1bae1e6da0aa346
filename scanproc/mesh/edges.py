"""The edges of a mesh, vertex by vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray
from scanproc.compiled import compiled


@dataclass(frozen=True)
class Edges:
    """The edges of all faces in their direction of travel: those from vertex i end at `ends[starts[i]:starts[i + 1]]`.

    Where the faces round a vertex are complete, these are all its neighbours, each once.
    """

    starts: NDArray[np.int64]
    ends: IntArray


def edges_of(faces: IntArray, num_vertices: int) -> Edges:
    """Return the edges of (F, 3) faces, those of a vertex in the order of its faces."""
    numbers = np.bincount(faces.reshape(-1), minlength=num_vertices)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(numbers, dtype=np.int64)])
    return Edges(starts, _edge_ends(np.ascontiguousarray(faces), starts))


def sides_of(faces: IntArray, num_vertices: int) -> IntArray:
    """Return the ends of each side of (F, 3) faces, (E, 2), the lower first; that of two faces is there once."""
    edges = edges_of(faces, num_vertices)
    return _sides(edges.starts, edges.ends)


@compiled
def _sides(starts: NDArray[np.int64], ends: IntArray) -> IntArray:
    sides, count = np.empty((len(ends), 2), np.int32), 0
    for start in range(len(starts) - 1):
        for end in ends[starts[start] : starts[start + 1]]:
            is_there = False  # from the other end
            if end < start:
                for back in ends[starts[end] : starts[end + 1]]:
                    is_there |= back == start
            if not is_there:
                sides[count, 0], sides[count, 1] = min(start, end), max(start, end)
                count += 1
    return np.asarray(sides[:count].copy())


def border_edges(edges: Edges) -> NDArray[np.int64]:
    """Return (E, 2) the edges that have a face on one side only, turned round."""
    return np.asarray(_without_partner(edges.starts, edges.ends))


@compiled
def _edge_ends(faces: IntArray, starts: NDArray[np.int64]) -> IntArray:
    ends = np.empty(3 * len(faces), dtype=np.int32)
    following = starts.copy()
    for face in range(len(faces)):
        for corner in range(3):
            start = faces[face, corner]
            ends[following[start]] = faces[face, (corner + 1) % 3]
            following[start] += 1
    return ends


@compiled
def _without_partner(starts: NDArray[np.int64], ends: IntArray) -> NDArray[np.int64]:
    is_inner = _same_both_ways(starts, ends)
    border = np.empty((len(ends), 2), dtype=np.int64)
    count = 0
    for start in range(len(starts) - 1):
        if is_inner[start]:
            continue
        for end in ends[starts[start] : starts[start + 1]]:
            has_partner = False
            for back in ends[starts[end] : starts[end + 1]]:
                has_partner |= back == start
            if not has_partner:
                border[count, 0], border[count, 1] = end, start
                count += 1
    return np.asarray(border[:count].copy())


@compiled
def _same_both_ways(starts: NDArray[np.int64], ends: IntArray) -> NDArray[np.bool_]:
    """Tell of which vertices the edges lead to the same vertices as edges come from: (V,), of most.

    By sums of the vertices' 64-bit hashes (Steele et al. 2014, SplitMix), which differ where the vertices do.
    """
    count = len(starts) - 1
    sums = np.zeros(count, np.uint64)
    for start in range(count):
        own = _hash_of(start)
        for end in ends[starts[start] : starts[start + 1]]:
            sums[start] += _hash_of(end)
            sums[end] -= own
    return np.asarray(sums == 0)


@compiled
def _hash_of(vertex: int) -> np.uint64:
    bits: np.uint64 = (np.uint64(vertex) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits
