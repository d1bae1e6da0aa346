"""Borders of a fused mesh: how far it goes on where few views saw it, and without the tatters that noise leaves."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.mesh.hole_filling import border_loops, perimeter_mm


def dilated(core: BoolArray, mesh: Mesh, num_edges: int) -> BoolArray:
    """Return (V,) the vertices of a (V,) core and those at most `num_edges` edges away from it."""
    return np.asarray(_edges_from(core, mesh.faces, num_edges + 1) <= num_edges)


def opened(mesh: Mesh, min_border_mm: float, num_edges: int) -> BoolArray:
    """Return (V,) the vertices that are left when a mesh shrinks by `num_edges` from its borders and grows back.

    Tongues and bridges narrower than twice that go, straight borders stay.
    """
    return dilated(shrunk(mesh, min_border_mm, num_edges), mesh, num_edges)


def shrunk(mesh: Mesh, min_border_mm: float, num_edges: int) -> BoolArray:
    """Return (V,) the vertices at least `num_edges` away from any border.

    Borders shorter than `min_border_mm` are small holes, from which nothing shrinks.
    """
    on_border = np.zeros(len(mesh.vertices), dtype=np.bool_)
    for loop in border_loops(mesh.faces):
        on_border[loop] |= perimeter_mm(mesh.vertices[loop]) > min_border_mm
    return np.asarray(_edges_from(on_border, mesh.faces, num_edges) >= num_edges)


@compiled
def _edges_from(seeds: BoolArray, faces: IntArray, limit: int) -> IntArray:
    """Return (V,) int32 how many edges each vertex is away from the nearest seed, at most `limit`."""
    away = np.where(seeds, 0, limit).astype(np.int32)
    for _ in range(limit - 1):
        for face in range(len(faces)):
            a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
            nearest = min(away[a], away[b], away[c]) + 1
            away[a], away[b], away[c] = min(away[a], nearest), min(away[b], nearest), min(away[c], nearest)
    return np.asarray(away)
