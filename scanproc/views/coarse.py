"""Fewer faces for while a scene turns."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.mesh.meshes import face_areas
from scanproc.views.scene import Skin

_FACES = 40_000  # about so many are left: two a vertex, and 1.5 vertices for each cell's own area


def coarse(skin: Skin) -> Skin:
    """Return a skin whose vertices are joined where they share a cell of a grid (Rossignac & Borrel 1993)."""
    vertices = skin.mesh.vertices
    low = vertices.min(axis=0)
    cell = float(np.sqrt(1.5 * face_areas(skin.mesh).sum() / (_FACES / 2))) or 1.0
    place = ((vertices - low) / cell).astype(np.int64)
    rows, columns = place[:, 1].max(initial=0) + 1, place[:, 2].max(initial=0) + 1
    name = (place[:, 0] * rows + place[:, 1]) * columns + place[:, 2]
    _, first, joined = np.unique(name, return_index=True, return_inverse=True)
    faces = joined.reshape(-1)[skin.mesh.faces]
    a, b, c = faces.T
    whole = faces[(a != b) & (b != c) & (c != a)].astype(np.int32)
    return Skin(Mesh(vertices[first], whole), skin.color[first], skin.sharp)
