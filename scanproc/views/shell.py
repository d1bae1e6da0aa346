"""Pictures of insoles: the shell coloured by its wall thickness, and under its foot."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Feet, Insoles, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.meshes import vertex_normals
from scanproc.open3d_bridge import RayScene
from scanproc.views.colors import CLAY, SHELL, colors_of, even
from scanproc.views.foot import TOP_MM, bare, prefix
from scanproc.views.scene import ABOVE, BELOW, REAR, Legend, Scene, Shot, Skin, medial

_UPRIGHT = 0.03  # faces that look less up or down than this are the rim, neither top nor bottom


def insole_shots(insoles: Insoles, feet: Feet | None) -> tuple[Shot | Legend, ...]:
    """Return every shell from four sides, and under its foot from two."""
    shots: list[Shot | Legend] = []
    walls = {insole.side: wall_thickness(insole.solid) for insole in insoles.insoles if insole.solid is not None}
    if not walls:
        return ()
    thickest = float(np.ceil(max(float(np.percentile(wall, 99)) for wall in walls.values())))
    for insole in insoles.insoles:
        if insole.solid is None:
            continue
        before = prefix(insole.side, len(insoles.insoles))
        y = -1.0 if insole.side == "left" else 1.0
        scene = Scene((Skin(insole.solid, colors_of(walls[insole.side], 0.0, thickest), sharp=True),))
        shots += [
            Shot(before + "Top", scene, *ABOVE),
            Shot(before + "Below", scene, *BELOW),
            Shot(before + "Medial", scene, *medial(y)),
            Shot(before + "Rear", scene, *REAR),
        ]
        for foot in feet.feet if feet else ():
            if foot.side == insole.side:
                worn = Scene((bare(foot), Skin(insole.solid, even(SHELL, len(insole.solid.vertices)), sharp=True)))
                shots.append(Shot(before + "Under the foot, medial", worn, *medial(y), top_mm=TOP_MM))
                shots.append(Shot(before + "Under the foot, rear", worn, *REAR, top_mm=TOP_MM))
    marks = ((SHELL, "insole"), (CLAY, "foot")) if feet else ()
    return (*shots, Legend("Wall thickness", 0, thickest, unit="mm", marks=marks))


def wall_thickness(solid: Mesh) -> FloatArray:
    """Return (V,) mm: from each vertex of the upper side to the nearest point of the lower side, and the reverse."""
    corners = solid.vertices[solid.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    upward = across[:, 2] / np.maximum(np.linalg.norm(across, axis=1), 1e-12)
    is_upper = vertex_normals(solid)[:, 2] > 0.0
    thickness = np.zeros(len(solid.vertices))
    for upper in (True, False):
        opposite = upward < -_UPRIGHT if upper else upward > _UPRIGHT
        own, faces = is_upper == upper, solid.faces[opposite]
        if own.any() and len(faces):
            thickness[own] = RayScene(Mesh(solid.vertices, faces)).closest(solid.vertices[own]).distance
    return thickness
