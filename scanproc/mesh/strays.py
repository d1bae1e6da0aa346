"""What lies off the surface of a mesh: single vertices that stand out as spikes, and crumbs far from all else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, IntArray
from scanproc.frames import FloatArray
from scanproc.mesh.edges import sides_of
from scanproc.mesh.meshes import linked_parts

_LONG = 3.0  # times the median edge: those of a spike are longer
# A spike stands out of the middle of its neighbours by more than so many times their own median distance from it, and
# the angles of the faces round it add up to less: those round a vertex of a flat are 2 pi, of an edge little less.
_STANDS_OUT, _POINTED_RAD = 3.0, 3.6
_LEAST_SHARE = 0.01  # of the size of the mesh, that a spike stands out by at least
_ROUNDS = 4  # one beside another may only be seen when that is gone
_MANY = 32  # neighbours by which a vertex is judged
_WHOLE_SHARE, _CRUMB_SHARE = 0.5, 0.001  # of the vertices, that the largest part has at least, and a crumb at most
_FAR = 0.2  # of the size of the largest part, that a crumb lies beside its box


@dataclass(frozen=True)
class WithoutSpikes:
    """The (V, 3) vertices of a mesh with its spikes put back, how many, and how far the highest stood out."""

    vertices: FloatArray
    count: int
    highest: float


def without_spikes(vertices: FloatArray, faces: IntArray) -> WithoutSpikes:
    """Put single vertices that stand far out of all their neighbours back into the middle of them.

    A lost pixel makes one: the foot is longer by it, or metres large.
    """
    sides, size = sides_of(faces, len(vertices)), _size(vertices)
    vertices, found, highest = np.array(vertices), np.zeros(len(vertices), dtype=np.bool_), 0.0
    for _ in range(_ROUNDS):
        along = np.linalg.norm(vertices[sides[:, 0]] - vertices[sides[:, 1]], axis=1)
        suspects = np.unique(sides[along > max(_LONG * float(np.median(along)), _LEAST_SHARE * size)])
        near = _neighbours_of(suspects, sides, vertices)
        middle = np.nanmedian(near, axis=1)
        spread = np.nanmedian(np.linalg.norm(near - middle[:, None], axis=2), axis=1)
        out = np.linalg.norm(vertices[suspects] - middle, axis=1)
        stands_out = out > np.maximum(_STANDS_OUT * spread, _LEAST_SHARE * size)
        stands_out &= _angles_round(suspects, vertices, faces) < _POINTED_RAD
        if not stands_out.any():
            break
        vertices[suspects[stands_out]] = middle[stands_out]
        found[suspects[stands_out]] = True
        highest = max(highest, float(out[stands_out].max()))
    return WithoutSpikes(vertices, int(found.sum()), highest)


def far_crumbs(vertices: FloatArray, faces: IntArray) -> BoolArray:
    """Tell which (F,) faces belong to crumbs far from all else: a few triangles that a program left in the air."""
    parts = linked_parts(len(vertices), faces)
    sizes = np.bincount(parts)
    if sizes.max() < _WHOLE_SHARE * len(vertices) or len(sizes) == 1:
        return np.zeros(len(faces), dtype=np.bool_)
    whole = vertices[parts == sizes.argmax()]
    low, high = whole.min(axis=0), whole.max(axis=0)
    beside = np.maximum(low - vertices, vertices - high).max(axis=1)
    nearest = np.full(len(sizes), np.inf)
    np.minimum.at(nearest, parts, beside)
    are_crumbs = (nearest > _FAR * float((high - low).max())) & (sizes < _CRUMB_SHARE * len(vertices))
    return np.asarray(are_crumbs[parts[faces[:, 0]]])


def _size(vertices: FloatArray) -> float:
    """Return the longest side of the box round all but a few of (V, 3) vertices."""
    low, high = np.percentile(vertices, [1.0, 99.0], axis=0)
    return float((high - low).max())


def _neighbours_of(chosen: IntArray, sides: IntArray, vertices: FloatArray) -> FloatArray:
    """Return the places of up to so many neighbours of (N,) chosen vertices, (N, M, 3), nan where they have no more."""
    number = np.full(len(vertices), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    start, end = np.concatenate([sides, sides[:, ::-1]]).T
    own = number[start] >= 0
    row, end = number[start[own]], end[own]
    order = np.argsort(row, kind="stable")
    row, end = row[order], end[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    few = place < _MANY
    near = np.full((len(chosen), _MANY, 3), np.nan)
    near[row[few], place[few]] = vertices[end[few]]
    return near


def _angles_round(chosen: IntArray, vertices: FloatArray, faces: IntArray) -> FloatArray:
    """Return the sum of the angles that the faces round each of (N,) chosen vertices have there, rad."""
    number = np.full(len(vertices), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    total = np.zeros(len(chosen))
    for corner in range(3):
        turned = np.roll(faces, -corner, axis=1)
        own = turned[number[turned[:, 0]] >= 0]
        one, other = (vertices[own[:, k]] - vertices[own[:, 0]] for k in (1, 2))
        across = np.linalg.norm(np.cross(one, other), axis=1)
        total += np.bincount(number[own[:, 0]], np.arctan2(across, (one * other).sum(axis=1)), minlength=len(chosen))
    return total
