"""Hatching: what was not seen is told from what was by more than a colour."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Foot, Mesh, Surface
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import any_corner, keep_faces
from scanproc.mesh.sections import plane_section
from scanproc.views.colors import INK
from scanproc.views.display import Layer, lines_layer
from scanproc.views.scene import Line, direction

_SPACING_MM = 4.0
_SLANT = direction(1.0, 0.8, 0.6)  # square to none of the six views


def hatching(mesh: Mesh, spacing_mm: float = _SPACING_MM) -> FloatArray:
    """Return the (S, 2, 3) lines in which slanting planes `spacing_mm` apart cut a mesh."""
    if not len(mesh.faces):
        return np.zeros((0, 2, 3))
    heights = mesh.vertices @ _SLANT
    offsets = np.arange(heights.min() + 0.5 * spacing_mm, heights.max(), spacing_mm)
    return np.concatenate([np.zeros((0, 2, 3)), *(plane_section(mesh, _SLANT, at).points for at in offsets)])


def unseen_layer(body: Surface | Foot, mesh: Mesh) -> tuple[Layer, ...]:
    """Return the hatching of all that no view saw, in the frame of `mesh`; nothing where all was seen."""
    unseen = any_corner(body.views == 0, mesh.faces)
    lines = hatching(keep_faces(mesh, unseen).mesh)
    if not len(lines):
        return ()
    return (lines_layer("not seen, invented (hatched)", (Line(lines, INK, 1.0, behind=True),)),)
