"""Which way round the corners of the faces run: made the same all over, then outward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray

_FLAT = 0.005  # volume about its middle over area^1.5: 0.094 for a ball, 0 for a plane, which has no inside


@dataclass(frozen=True)
class Wound:
    """Faces that look outward, (F, 3), and the share of the area that looked inward before."""

    faces: IntArray
    inward_share: float


def wound_outward(vertices: FloatArray, faces: IntArray) -> Wound:
    """Turn the faces that disagree with their neighbours, then what is inside out.

    The faces that hang together by edges of just two of them make a part. In each part most of the area stays as it
    was; then the part is turned as a whole if it encloses a negative volume. A part too flat for that is left as it is.
    """
    root, turned = _agreement(len(faces), *_shared_edges(faces))
    twice_area, six_volumes = _sizes(vertices, faces, root)
    area_turned = np.bincount(root, twice_area * turned, minlength=len(faces))
    area = np.bincount(root, twice_area, minlength=len(faces))
    turned = turned ^ (2.0 * area_turned > area)[root]
    volume = np.bincount(root, np.where(turned, -six_volumes, six_volumes), minlength=len(faces)) / 6.0
    turned = turned ^ (volume < -_FLAT * (area / 2.0) ** 1.5)[root]
    share = float(twice_area[turned].sum() / max(float(twice_area.sum()), 1e-30))
    return Wound(np.ascontiguousarray(np.where(turned[:, None], faces[:, ::-1], faces)), share)


def _shared_edges(faces: IntArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return (E, 2) the faces on both sides of each edge that has two, and (E,) whether they run round alike."""
    start, end = faces.reshape(-1).astype(np.int64), np.roll(faces, -1, axis=1).reshape(-1).astype(np.int64)
    key = np.minimum(start, end) * (int(faces.max()) + 1) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    _, first, count = np.unique(key[order], return_index=True, return_counts=True)
    first = first[count == 2]
    one, other = order[first], order[first + 1]
    return np.stack([one // 3, other // 3], axis=1), np.asarray(start[one] != start[other])


@compiled
def _agreement(
    count: int, pairs: NDArray[np.int64], alike: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return (count,) the part of each face by one of its faces, and whether it runs the other way round than that one.

    Union-find that keeps the parity to the parent.
    """
    parent, other_way = np.arange(count), np.zeros(count, dtype=np.bool_)
    for pair in range(len(pairs)):
        parity = not alike[pair]
        roots = np.empty(2, dtype=np.int64)
        for side in range(2):
            face = pairs[pair, side]
            while parent[face] != face:
                above = parent[face]
                parity ^= other_way[face]
                other_way[face] ^= other_way[above]  # to the grandparent, or unchanged below a root
                parent[face] = parent[above]
                face = above
            roots[side] = face
        low, high = min(roots[0], roots[1]), max(roots[0], roots[1])
        if low != high:
            parent[high], other_way[high] = low, parity
    for face in range(count):  # a parent is lower than its child, and done before it
        other_way[face] ^= other_way[parent[face]]
        parent[face] = parent[parent[face]]
    return parent, other_way


def _sizes(vertices: FloatArray, faces: IntArray, part: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return (F,) twice the area of each face, and six times its volume about the middle of its part."""
    middle = vertices[faces].mean(axis=1)
    number = np.maximum(np.bincount(part, minlength=len(faces)), 1)
    centres = np.stack([np.bincount(part, middle[:, k], minlength=len(faces)) / number for k in range(3)], axis=1)
    a, b, c = (vertices[faces[:, k]] - centres[part] for k in range(3))
    return (
        np.linalg.norm(np.cross(b - a, c - a), axis=1),
        np.asarray(np.einsum("ij,ij->i", a, np.cross(b, c))),
    )
