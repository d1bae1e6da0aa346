"""A surface without its noise: means of neighbours that do not shrink it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.mesh.edges import border_edges, edges_of
from scanproc.parallel import parallel_map, shares

_FINE_SHARE = 0.2  # of a vertex's edges: one short edge among six comes by chance
_EVEN_EDGE_MM, _EVEN_ROUNDS = 1.5, 24
_COLUMNS = 8  # of `_means_of_eight`
_LARGE = 20000  # vertices from which on several threads gain more in a round than it takes to ask them


def smoothed_vertices(mesh: Mesh, max_edge_mm: float, rounds: int = 4) -> FloatArray:
    """Average each vertex with its neighbours along short edges, without shrinking the surface, (V, 3) mm.

    A landmark that is an extreme vertex picks the worst of the noise; each round of means with about six neighbours
    leaves less of it. The means alone would lie too deep, by tenths of a mm on a toe: what they took off is averaged
    too and given back ("twicing", Tukey 1977). Only edges up to `max_edge_mm` count, and none that is alone: a coarse
    mesh, which has no noise, stays as it is. Four rounds leave a toe of 3 mm radius as it is, within 0.01 mm.
    """
    return _twice_averaged(mesh.vertices, _neighbours(mesh, max_edge_mm), rounds)


def smoothed_values(mesh: Mesh, values: FloatArray, max_edge_mm: float, rounds: int = 4) -> FloatArray:
    """Return (V, K) values of vertices, averaged as the vertices themselves are by `smoothed_vertices`."""
    return _twice_averaged(values, _neighbours(mesh, max_edge_mm), rounds)


def evened_vertices(mesh: Mesh, along_borders: bool = False) -> FloatArray:
    """Average what is curved by more than 8 mm, as soles and borders, so wide that its extremes are those of its shape.

    The lowest of a heel pad, or the outermost of a whole wall, picks more of the noise than the tip of a toe does:
    a foot would stand 0.1 mm high, and be 0.3 mm wider on either side. A round of 10 mm radius stays within 0.05 mm,
    one of 8 mm within 0.1; a toe would lose up to 0.3.

    Parameters
    ----------
    along_borders : average an open border along itself alone. The surface on one side of it would draw it in, by up to
        0.9 mm where a sole ends, and its widest place would move by 2 mm.
    """
    return _twice_averaged(mesh.vertices, _even_neighbours(mesh, along_borders), _EVEN_ROUNDS)


def evened_values(mesh: Mesh, values: FloatArray, along_borders: bool = False) -> FloatArray:
    """Return (V, K) values of vertices, averaged as the vertices themselves are by `evened_vertices`."""
    return _twice_averaged(values, _even_neighbours(mesh, along_borders), _EVEN_ROUNDS)


def regional_means(mesh: Mesh, values: FloatArray, rounds: int) -> FloatArray:
    """Return (V, K) values of vertices after so many rounds of means with the neighbours along short edges."""
    return _means(values, *_neighbours(mesh, _EVEN_EDGE_MM), rounds)


def _twice_averaged(values: FloatArray, neighbours: tuple[NDArray[np.int64], IntArray], rounds: int) -> FloatArray:
    """Return (V, K) values after means with their neighbours, and what those took off, averaged too and given back."""
    smooth = _means(values, *neighbours, rounds)
    return np.asarray(smooth + _means(values - smooth, *neighbours, rounds))


def _neighbours(mesh: Mesh, max_edge_mm: float) -> tuple[NDArray[np.int64], IntArray]:
    """Return the neighbours along short edges, as in `edges.Edges`."""
    edges = edges_of(mesh.faces, len(mesh.vertices))
    border = border_edges(edges)  # the neighbours to which no edge leads
    return _short_edges(mesh.vertices, edges.starts, edges.ends, border, max_edge_mm)


def _even_neighbours(mesh: Mesh, along_borders: bool) -> tuple[NDArray[np.int64], IntArray]:
    """Return the neighbours that `evened_vertices` averages with: of an open border, if asked, those along it alone."""
    starts, ends = _neighbours(mesh, _EVEN_EDGE_MM)
    if not along_borders:
        return starts, ends
    on_border = np.zeros(len(mesh.vertices), dtype=np.bool_)
    on_border[border_edges(edges_of(mesh.faces, len(mesh.vertices))).reshape(-1)] = True
    kept = ~np.repeat(on_border, np.diff(starts)) | on_border[ends]
    return np.concatenate([[0], np.cumsum(kept)])[starts], ends[kept]


@compiled
def _short_edges(
    vertices: FloatArray, starts: NDArray[np.int64], ends: IntArray, border: NDArray[np.int64], max_edge_mm: float
) -> tuple[NDArray[np.int64], IntArray]:
    """Return the neighbours along short edges as in `edges.Edges`; none of a vertex of whose edges hardly any is."""
    count = len(vertices)
    number, number_short = np.zeros(count, np.int64), np.zeros(count, np.int64)
    is_short = np.empty(len(ends), np.bool_)
    for start in range(count):
        for place in range(starts[start], starts[start + 1]):
            is_short[place] = _length(vertices, start, ends[place]) <= max_edge_mm
            number[start] += 1
            number_short[start] += is_short[place]
    for start, end in border:
        number[start] += 1
        number_short[start] += _length(vertices, start, end) <= max_edge_mm
    fine = number_short > _FINE_SHARE * number
    own_starts = np.zeros(count + 1, np.int64)
    own_starts[1:] = np.cumsum(number_short * fine)
    own_ends, following = np.empty(own_starts[-1], np.int32), own_starts[:-1].copy()
    for start in range(count):
        for place in range(starts[start], starts[start + 1]):
            if fine[start] and is_short[place]:
                own_ends[following[start]] = ends[place]
                following[start] += 1
    for start, end in border:
        if fine[start] and _length(vertices, start, end) <= max_edge_mm:
            own_ends[following[start]] = end
            following[start] += 1
    return own_starts, own_ends


@compiled
def _length(vertices: FloatArray, start: int, end: int) -> float:
    x, y = vertices[start, 0] - vertices[end, 0], vertices[start, 1] - vertices[end, 1]
    z = vertices[start, 2] - vertices[end, 2]
    return float(np.sqrt(x * x + y * y + z * z))


def _means(values: FloatArray, starts: NDArray[np.int64], ends: IntArray, rounds: int) -> FloatArray:
    """Return (V, K) values after so many rounds of means with their neighbours."""
    if values.shape[1] == 3:
        return _after_rounds(_means_of_three, values, starts, ends, rounds)
    eights = np.pad(values, ((0, 0), (0, -values.shape[1] % _COLUMNS)))
    found = [
        _after_rounds(_means_of_eight, np.ascontiguousarray(eights[:, at : at + _COLUMNS]), starts, ends, rounds)
        for at in range(0, eights.shape[1], _COLUMNS)
    ]
    return np.asarray(np.hstack(found)[:, : values.shape[1]] if found else values)


def _after_rounds(
    means_of: Callable[[FloatArray, FloatArray, NDArray[np.int64], IntArray, int, int], None],
    values: FloatArray,
    starts: NDArray[np.int64],
    ends: IntArray,
    rounds: int,
) -> FloatArray:
    """Return values after rounds in each of which a few shares of the vertices are averaged side by side."""
    before, after = np.array(values), np.empty_like(values)
    parts = shares(range(len(values)))

    def average(part: Sequence[int], now: FloatArray, then: FloatArray) -> None:
        means_of(now, then, starts, ends, part[0], part[-1] + 1)

    for _ in range(rounds):
        if len(values) > _LARGE:
            parallel_map(partial(average, now=before, then=after), parts, "smoothing")
        else:
            means_of(before, after, starts, ends, 0, len(values))
        before, after = after, before
    return before


@compiled
def _means_of_eight(
    before: FloatArray, after: FloatArray, starts: NDArray[np.int64], ends: IntArray, begin: int, end: int
) -> None:
    """Write the means of (V, 8) values, from one vertex to another: so many sums stay in registers."""
    for vertex in range(begin, end):
        first, last = starts[vertex], starts[vertex + 1]
        s0, s1, s2, s3, s4, s5, s6, s7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for place in range(first, last):
            other = ends[place]
            s0 += before[other, 0]
            s1 += before[other, 1]
            s2 += before[other, 2]
            s3 += before[other, 3]
            s4 += before[other, 4]
            s5 += before[other, 5]
            s6 += before[other, 6]
            s7 += before[other, 7]
        weight = 1.0 / (1.0 + (last - first))
        sums = (s0, s1, s2, s3, s4, s5, s6, s7)
        for k in range(8):
            after[vertex, k] = (before[vertex, k] + sums[k]) * weight


@compiled
def _means_of_three(
    before: FloatArray, after: FloatArray, starts: NDArray[np.int64], ends: IntArray, begin: int, end: int
) -> None:
    """Do the same with (V, 3) values."""
    for vertex in range(begin, end):
        first, last = starts[vertex], starts[vertex + 1]
        x, y, z = 0.0, 0.0, 0.0
        for place in range(first, last):
            other = ends[place]
            x += before[other, 0]
            y += before[other, 1]
            z += before[other, 2]
        weight = 1.0 / (1.0 + (last - first))
        after[vertex, 0] = (before[vertex, 0] + x) * weight
        after[vertex, 1] = (before[vertex, 1] + y) * weight
        after[vertex, 2] = (before[vertex, 2] + z) * weight
