"""Pictures of insoles: coloured by the wall, by the gap to the scanned sole, and under the foot."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import ByteArray, Feet, Foot, Insole, Insoles, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import face_normals, keep_faces, vertex_normals
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.topology import facing_up
from scanproc.views.colors import BLUE_RED, CLAY, GREY, SHELL, colors_of, even
from scanproc.views.foot import TOP_MM, bare, prefix
from scanproc.views.scene import ABOVE, BELOW, REAR, Legend, Scene, Shot, Skin, medial

_UPRIGHT = 0.03  # faces that look less up or down than this are the rim, neither top nor bottom
_FAR_MM = 80.0  # no wall is so thick
_GAP_MM = 6.0  # ends of the colour bar


def insole_shots(insoles: Insoles, feet: Feet | None) -> tuple[Shot | Legend, ...]:
    """Return every insole from four sides, by its gap to the sole, and under its foot from two."""
    shots: list[Shot | Legend] = []
    walls = {insole.side: wall_thickness(insole.solid) for insole in insoles.insoles if insole.solid is not None}
    if not walls:
        return ()
    # A post is many times thicker than the wall, which is to be told apart.
    thickest = float(np.ceil(max(min(np.percentile(wall, 99), 2.5 * np.median(wall)) for wall in walls.values())))
    under_foot = False
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
                shots += _with_foot(before, insole, insole.solid, foot, y)
                under_foot = True
    legends = [Legend("Wall thickness", 0, thickest, unit="mm")]
    if under_foot:
        marks = ((GREY, "beside the sole"), (SHELL, "insole"), (CLAY, "foot"))
        title = "Top below the scanned sole (red) or above it (blue)"
        legends.append(Legend(title, -_GAP_MM, _GAP_MM, BLUE_RED, marks=marks, unit="mm"))
    return (*shots, *legends)


def _with_foot(before: str, insole: Insole, solid: Mesh, foot: Foot, medial_y: float) -> list[Shot]:
    """Return the shots of an insole that show its foot."""
    gap = Scene((Skin(solid, gap_colors(solid, foot.mesh), sharp=True),))
    worn = Scene((bare(foot), Skin(solid, even(SHELL, len(solid.vertices)), sharp=True)))
    return [
        Shot(before + "Gap to the sole", gap, *ABOVE),
        Shot(before + "Under the foot, medial", worn, *medial(medial_y), top_mm=TOP_MM),
        Shot(before + "Under the foot, rear", worn, *REAR, top_mm=TOP_MM),
    ]


def gap_colors(solid: Mesh, foot: Mesh) -> ByteArray:
    """Return (V, 3) uint8 colours of how far the top lies below the foot, square to the top; grey beside the sole."""
    is_low = np.asarray((foot.vertices[:, 2] < FOOT_HEIGHT_MM)[foot.faces].all(axis=1))
    low = keep_faces(foot, is_low).mesh
    sole = keep_faces(low, face_normals(low)[:, 2] < 0.0).mesh
    z = FaceGrid.of(sole).touched(solid.vertices[:, :2], from_above=False).z
    covered = np.isfinite(z)
    gap = np.where(covered, z, 0.0) - solid.vertices[:, 2]
    colors = colors_of(gap * np.abs(vertex_normals(solid)[:, 2]), -_GAP_MM, _GAP_MM, BLUE_RED)
    colors[~covered] = GREY
    return colors


def wall_thickness(solid: Mesh) -> FloatArray:
    """Return (V,) mm: from each vertex of the upper side to the nearest point of the lower side, and the reverse."""
    up = facing_up(solid, _UPRIGHT)
    is_upper = vertex_normals(solid)[:, 2] > 0.0
    thickness = np.zeros(len(solid.vertices))
    for sign, own in ((1.0, is_upper), (-1.0, ~is_upper)):
        opposite = solid.faces[up == -sign]
        if own.any() and len(opposite):
            bins = FaceGrid.of(Mesh(solid.vertices, opposite))
            thickness[own] = bins.nearest(solid.vertices[own], _FAR_MM).distance
    return thickness
