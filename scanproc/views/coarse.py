"""Fewer faces for while a scene turns."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.views.scene import Skin

_CELLS = 110  # of the longest side: about 40,000 faces of a foot, 2 mm each


def coarse(skin: Skin) -> Skin:
    """Return a skin whose vertices are joined where they share a cell of a grid (Rossignac & Borrel 1993)."""
    vertices = skin.mesh.vertices
    low = vertices.min(axis=0)
    cell = float(np.ptp(vertices, axis=0).max()) / _CELLS or 1.0
    place = ((vertices - low) / cell).astype(np.int64)
    name = (place[:, 0] * (_CELLS + 2) + place[:, 1]) * (_CELLS + 2) + place[:, 2]
    _, first, joined = np.unique(name, return_index=True, return_inverse=True)
    faces = joined.reshape(-1)[skin.mesh.faces]
    a, b, c = faces.T
    whole = faces[(a != b) & (b != c) & (c != a)].astype(np.int32)
    return Skin(Mesh(vertices[first], whole), skin.color[first], skin.sharp)
