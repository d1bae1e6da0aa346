"""Pictures of the fused surface: how many views saw what, and its recorded colours."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import ByteArray, Feet, Mesh, Surface
from scanproc.frames import FloatArray, rigid, transform
from scanproc.views.colors import BLUES, CUT, ORANGE, colors_of
from scanproc.views.foot import ANKLE_MM, TOP_MM
from scanproc.views.scene import ABOVE, BELOW, FRONT, REAR, Legend, Scene, Shot, Skin, direction, lateral, medial


def surface_shots(surface: Surface, feet: Feet | None) -> tuple[Shot | Legend, ...]:
    """Return the surface from five sides: coloured by the number of views, then as it was recorded."""
    mesh = Mesh(transform(shown_pose(surface, feet), surface.mesh.vertices), surface.mesh.faces)
    most = max(int(np.percentile(surface.views, 99)), 2)
    looks = _looks(feet)
    shots = _around(Skin(mesh, seen_colors(surface.views, most)), looks, "")
    if surface.color is not None:
        shots += _around(Skin(mesh, surface.color), looks, ", recorded colour")
    unseen = 100.0 * float((surface.views == 0).mean())
    marks = ((ORANGE, f"not seen, invented ({unseen:.1f} % of the vertices)"), (CUT, "inside, where it is open or cut"))
    return (
        *shots,
        Legend("Views that saw the point", 1, most, BLUES, marks),
    )


def seen_colors(views: ByteArray, most: int) -> ByteArray:
    """Return (V, 3) uint8: more views are darker, the unseen is orange."""
    colors = colors_of(views, 1.0, float(most), BLUES)
    colors[views == 0] = ORANGE
    return colors


def _around(skin: Skin, looks: dict[str, tuple[FloatArray, FloatArray]], after: str) -> list[Shot]:
    """Return a skin from all sides; a leg is cut off, which would dwarf the foot or hide it."""
    low = float(skin.mesh.vertices[:, 2].min())
    scene = Scene(skins=(skin,))
    shots = []
    for title, (look, up) in looks.items():
        if up[2] == 1.0:
            shots.append(Shot(title + after, scene, look, up, top_mm=low + TOP_MM))
        else:
            shots.append(Shot(title + after, scene, look, up, below_mm=low + ANKLE_MM))
    return shots


def _looks(feet: Feet | None) -> dict[str, tuple[FloatArray, FloatArray]]:
    if feet and len(feet.feet) == 1:
        y = feet.feet[0].medial_y
        return {"Top": ABOVE, "Sole": BELOW, "Rear": REAR, "Medial": medial(y), "Lateral": lateral(y)}
    sides = (direction(0, 1, 0), direction(0, 0, 1)), (direction(0, -1, 0), direction(0, 0, 1))
    return {
        "Above": ABOVE,
        "One side": sides[0],
        "Other side": sides[1],
        "One end": REAR,
        "Other end": FRONT,
        "Below": BELOW,
    }


def shown_pose(surface: Surface, feet: Feet | None) -> FloatArray:
    """Return T_shown_scan: the frame of the foot where it is known, else one whose x is the longest direction."""
    return feet.feet[0].T_foot_scan if feet and feet.feet else _upright(surface)


def _upright(surface: Surface) -> FloatArray:
    """Return T_shown_scan that lays the longest horizontal direction along x; z stays."""
    points = surface.mesh.vertices
    flat = points[:, :2] - points[:, :2].mean(axis=0)
    along = np.linalg.eigh(flat.T @ flat)[1][:, 1]
    along = along if along[np.argmax(np.abs(along))] > 0 else -along  # the sign of an eigenvector is arbitrary
    rotation = np.array([[along[0], along[1], 0.0], [-along[1], along[0], 0.0], [0.0, 0.0, 1.0]])
    return rigid(rotation, np.zeros(3))
