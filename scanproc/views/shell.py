"""Pictures of insoles: coloured by the wall, by the gap to the scanned sole, and under the foot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import ByteArray, Feet, Foot, Insole, Insoles, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import face_normals, keep_faces, vertex_normals
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.topology import facing_up
from scanproc.views.colors import BLUE_RED, CLAY, GREY, SHELL, VIRIDIS, colors_of, even
from scanproc.views.foot import TOP_MM, bare, prefix
from scanproc.views.scene import ABOVE, BELOW, REAR, Legend, Scene, Shot, Skin, medial

_UPRIGHT = 0.03  # faces that look less up or down than this are the rim, neither top nor bottom
_FAR_MM = 80.0  # no wall is so thick
GAP_MM = 6.0  # ends of the colour bar
_BANDS_MM = (0.25, 0.5, 1.0, 2.0, 5.0)  # widths of the classes of a wall
_MOST_BANDS = 12  # more colours are not told apart


def insole_shots(insoles: Insoles, feet: Feet | None) -> tuple[Shot | Legend, ...]:
    """Return every insole from four sides, by its gap to the sole, and under its foot from two."""
    shots: list[Shot | Legend] = []
    walls = {insole.side: wall_thickness(insole.solid) for insole in insoles.insoles if insole.solid is not None}
    if not walls:
        return ()
    legend = wall_legend(list(walls.values()))
    under_foot = False
    for insole in insoles.insoles:
        if insole.solid is None:
            continue
        before = prefix(insole.side, len(insoles.insoles))
        y = -1.0 if insole.side == "left" else 1.0
        color = legend.colors(walls[insole.side])
        scene = Scene((Skin(insole.solid, color, sharp=True), *_soft(insole)))
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
    legends = [legend]
    if under_foot:
        marks = ((GREY, "beside the sole"), (SHELL, "insole"), (CLAY, "foot"))
        title = "Top below the scanned sole (red) or above it (blue)"
        legends.append(Legend(title, -GAP_MM, GAP_MM, BLUE_RED, marks=marks, unit="mm"))
    return (*shots, *legends)


def _soft(insole: Insole) -> tuple[Skin, ...]:
    """Return the soft part ahead of a shell, where there is one."""
    part = insole.extension
    return () if part is None else (Skin(part, even(GREY, len(part.vertices)), sharp=True),)


def _with_foot(before: str, insole: Insole, solid: Mesh, foot: Foot, medial_y: float) -> list[Shot]:
    """Return the shots of an insole that show its foot."""
    gap = Scene((Skin(solid, gap_colors(solid, foot.mesh), sharp=True),))
    worn = Scene((bare(foot), Skin(solid, even(SHELL, len(solid.vertices)), sharp=True), *_soft(insole)))
    return [
        Shot(before + "Gap to the sole", gap, *ABOVE),
        Shot(before + "Under the foot, medial", worn, *medial(medial_y), top_mm=TOP_MM),
        Shot(before + "Under the foot, rear", worn, *REAR, top_mm=TOP_MM),
    ]


def gap_colors(solid: Mesh, foot: Mesh) -> ByteArray:
    """Return (V, 3) uint8 colours of the gap to the sole; grey beside it."""
    gap = gap_to_sole(solid, foot)
    colors = colors_of(np.nan_to_num(gap), -GAP_MM, GAP_MM, BLUE_RED)
    colors[np.isnan(gap)] = GREY
    return colors


def gap_to_sole(solid: Mesh, foot: Mesh) -> FloatArray:
    """Return how far each vertex lies below the foot, (V,) mm, square to the solid; NaN beside the sole."""
    is_low = np.asarray((foot.vertices[:, 2] < FOOT_HEIGHT_MM)[foot.faces].all(axis=1))
    low = keep_faces(foot, is_low).mesh
    sole = keep_faces(low, face_normals(low)[:, 2] < 0.0).mesh
    z = FaceGrid.of(sole).touched(solid.vertices[:, :2], from_above=False).z
    covered = np.isfinite(z)
    gap = (np.where(covered, z, 0.0) - solid.vertices[:, 2]) * np.abs(vertex_normals(solid)[:, 2])
    return np.where(covered, gap, np.nan)


def wall_legend(walls: Sequence[FloatArray]) -> Legend:
    """Return the colour bar of walls, in classes: nearly all of each wall, and at least 1 mm to either side of it.

    A post is many times thicker than the wall, which is to be told apart: 2.9 from 3.3 mm.
    """
    if not walls:
        return Legend("Wall thickness", 0.0, 4.0, VIRIDIS, unit="mm", band=_BANDS_MM[0])
    usual = float(np.median(np.concatenate(walls)))
    tenths = np.array([np.percentile(wall, (10, 90)) for wall in walls])
    below, above = max(1.0, usual - tenths[:, 0].min()), max(1.0, tenths[:, 1].max() - usual)
    band = next((band for band in _BANDS_MM if below + above <= _MOST_BANDS * band), _BANDS_MM[-1])
    # The usual wall is in the middle of a class: its own noise is not to show as two colours.
    usual = round(usual / (0.2 * band)) * 0.2 * band
    low = max(usual - (np.ceil(below / band - 0.5) + 0.5) * band, usual - (np.floor(usual / band) + 0.5) * band)
    high = usual + (np.ceil(above / band - 0.5) + 0.5) * band
    return Legend("Wall thickness", float(low), float(high), VIRIDIS, unit="mm", band=band)


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
