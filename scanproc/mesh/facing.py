"""Which faces of a mesh an eye sees from their outer side, far away and in parallel."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray


def faces_by_side(mesh: Mesh, right: FloatArray, up: FloatArray, shown: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the numbers of the faces that are turned towards an eye, and of those that are turned away from it.

    Parameters
    ----------
    right, up : (3,) unit vectors, of what the eye sees.
    shown : (V,) vertices; a face without any of them is left out.
    """
    return _by_side(mesh.vertices @ right, mesh.vertices @ up, shown, mesh.faces)


@compiled
def _by_side(x: FloatArray, y: FloatArray, shown: BoolArray, faces: IntArray) -> tuple[IntArray, IntArray]:
    towards, away = np.empty(len(faces), np.int32), np.empty(len(faces), np.int32)
    num_towards = num_away = 0
    for face in range(len(faces)):
        a, b, c = faces[face]
        if not (shown[a] or shown[b] or shown[c]):
            continue
        if (x[b] - x[a]) * (y[c] - y[a]) > (y[b] - y[a]) * (x[c] - x[a]):  # its corners run anticlockwise
            towards[num_towards] = face
            num_towards += 1
        else:
            away[num_away] = face
            num_away += 1
    return towards[:num_towards].copy(), away[:num_away].copy()
