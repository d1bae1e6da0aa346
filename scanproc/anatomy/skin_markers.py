"""Marks on the skin, of a pen or stickers, picked up as landmarks from the colour of the surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.landmarks import FootPoints
from scanproc.artifacts import BoolArray, ByteArray, Landmark, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import all_corners, component_labels, face_areas, keep_faces

# Where marks are expected, as shares of the foot length: x, z, and how far off they may be. The navicular is
# 0.27 +- 0.03 of the truncated length high (Murley 2009), the lateral malleolus 0.269 +- 0.021 of FL (ANSUR II).
_MEDIAL = {"navicular": (0.40, 0.19, 0.09), "medial_malleolus": (0.24, 0.33, 0.09)}
_LATERAL = {"lateral_malleolus": (0.21, 0.27, 0.09)}
_HEAD_REACH = 0.05  # likewise, from the metatarsal heads' borders
_SPOT_MM = (4.0, 15.0)  # diameter of a dot or a sticker
_ROUND = 2.0  # a spot as long as this many diameters is a stroke, or a fold
_SKIN_REACH_MM = 30.0  # what is round a place tells the colour of its skin
_DARK = 0.65  # of the skin's brightness: black ink 0.2 to 0.5
_HUE = 0.25  # change of red, green or blue as shares of the brightness: coloured ink and stickers 0.3 and more
_CONFIDENCE = 0.9


@dataclass(frozen=True)
class _Marker:
    middle: FloatArray
    name: str | None


def skin_markers(
    mesh: Mesh, color: ByteArray, seen: BoolArray, points: FootPoints, medial_y: float
) -> dict[str, Landmark]:
    """Return the landmarks that were marked on the skin: one dot, and one only, where one is expected.

    Parameters
    ----------
    mesh : foot frame. color : (V, 3). seen : (V,).
    """
    places = _expected_places(mesh, points, medial_y)
    odd = np.zeros(len(mesh.vertices), dtype=np.bool_)
    for place, reach in places.values():
        apart = np.linalg.norm(mesh.vertices - place, axis=1)
        around = seen & (apart < reach + _SKIN_REACH_MM)
        if around.any():
            odd |= around & (apart < reach + _SPOT_MM[1]) & _differs(color, color[around])
    spots = [_Marker(middle, _nearest(middle, places)) for middle in _middles(mesh, odd)]
    found = {}
    for name in places:
        own = [spot for spot in spots if spot.name == name]
        if len(own) == 1:
            found[name] = Landmark(own[0].middle, "marked", _CONFIDENCE)
    return found


def _expected_places(mesh: Mesh, points: FootPoints, medial_y: float) -> dict[str, tuple[FloatArray, float]]:
    """Return where each mark is expected on the surface, (3,) mm, and how far off it may be, mm."""
    length, rear = points.length_mm, float(points.pternion[0])
    places = {
        name: (getattr(points, name), _HEAD_REACH * length) for name in ("metatarsale_tibiale", "metatarsale_fibulare")
    }
    for shares, outward in ((_MEDIAL, medial_y), (_LATERAL, -medial_y)):
        for name, (x, z, reach) in shares.items():
            off = np.hypot(mesh.vertices[:, 0] - rear - x * length, mesh.vertices[:, 2] - z * length)
            level = mesh.vertices[off < 0.02 * length]
            if len(level):  # the outmost of what lies there
                places[name] = (level[np.argmax(outward * level[:, 1])], reach * length)
    return places


def _differs(color: ByteArray, skin: ByteArray) -> BoolArray:
    """Tell which (V, 3) colours are no skin, by the (K, 3) colours around."""
    usual = np.median(skin.astype(np.float64), axis=0)
    light = max(float(usual.mean()), 1.0)
    values = color.astype(np.float64)
    brightness = values.mean(axis=1)
    hue = values / np.maximum(brightness, 1.0)[:, None] - usual / light
    return np.asarray((brightness < _DARK * light) | (np.abs(hue).max(axis=1) > _HUE))


def _middles(mesh: Mesh, odd: BoolArray) -> list[FloatArray]:
    """Return the middles of round spots of the size of a dot, (3,) mm each."""
    spots = keep_faces(mesh, all_corners(odd, mesh.faces)).mesh
    if not len(spots.faces):
        return []
    part = component_labels(spots)[spots.faces[:, 0]]
    areas = face_areas(spots)
    middles = []
    for label in np.unique(part):
        faces = spots.faces[part == label]
        weight = areas[part == label]
        diameter = 2.0 * float(np.sqrt(weight.sum() / np.pi))
        extent = float(np.linalg.norm(np.ptp(spots.vertices[faces].reshape(-1, 3), axis=0)))
        if _SPOT_MM[0] <= diameter <= _SPOT_MM[1] and extent < _ROUND * diameter:
            middles.append((spots.vertices[faces].mean(axis=1) * weight[:, None]).sum(axis=0) / weight.sum())
    return middles


def _nearest(middle: FloatArray, places: dict[str, tuple[FloatArray, float]]) -> str | None:
    """Return the place that a spot belongs to: the nearest one, unless it is out of its reach."""
    name = min(places, key=lambda name: float(np.linalg.norm(places[name][0] - middle)) / places[name][1])
    return name if np.linalg.norm(places[name][0] - middle) < places[name][1] else None
