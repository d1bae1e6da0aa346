"""The ankle bones under the skin: bulges of the borders of the ankle seen from behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.landmarks import FootPoints
from scanproc.anatomy.profiles import borders_at
from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import all_corners, keep_faces

# Shares of the foot length: the lateral malleolus is 0.269 +- 0.021 of it high (ANSUR II), the medial one higher.
_HEIGHTS = {"lateral_malleolus": (0.19, 0.38), "medial_malleolus": (0.22, 0.44)}
ANKLE = (0.05, 0.36)  # along the foot: between the Achilles tendon and the instep
_ALONG = (0.14, 0.30)  # where malleoli were found there (five feet: 0.18 to 0.24)
_STEP = 0.004  # of the length: 1 mm on an adult
_CHORD_STEPS = 22  # above and below: a malleolus is about as high
MALLEOLI_HEIGHTS = (  # shares of the length, their chords included
    min(low for low, _ in _HEIGHTS.values()) - _CHORD_STEPS * _STEP,
    max(high for _, high in _HEIGHTS.values()) + _CHORD_STEPS * _STEP,
)
_FITTED_STEPS, _FITTED_DEGREE = 14, 4  # each side of the top: it is flat over a centimetre, where noise would choose
_ALONG_STEPS = 4  # likewise for its place along the foot
_MIN_BULGE_MM, _CLEAR_BULGE_MM = 1.0, 4.0


@dataclass(frozen=True)
class Malleolus:
    """The outmost point of a bulge, (3,) mm, and how sure it is that it is one, in [0, 1]."""

    tip: FloatArray
    confidence: float


def malleoli(mesh: Mesh, points: FootPoints, medial_y: float) -> dict[str, Malleolus]:
    """Return the malleoli that show as bulges of the ankle's borders; none where the scan ends too low."""
    length = points.length_mm
    x = mesh.vertices[:, 0] - points.pternion[0]
    ankle = keep_faces(mesh, all_corners((x > ANKLE[0] * length) & (x < ANKLE[1] * length), mesh.faces)).mesh
    upright = Mesh(ankle.vertices[:, [2, 1, 0]], ankle.faces)  # sections across z
    found = {}
    for name, (low, high) in _HEIGHTS.items():
        outward = -medial_y if name.startswith("lateral") else medial_y
        steps = np.arange(-_CHORD_STEPS, round((high - low) / _STEP) + _CHORD_STEPS + 1, dtype=np.float64)
        heights: FloatArray = length * (low + _STEP * steps)
        border = borders_at(upright, heights, np.inf).points[:, 0 if outward < 0.0 else 1][:, [2, 1, 0]]
        top = _top(_bulge(outward * border[:, 1]))
        if top is None:
            continue
        tip = _point_on(border, top.place)
        along = (tip[0] - points.pternion[0]) / length
        sure = (top.bulge_mm - _MIN_BULGE_MM) / (_CLEAR_BULGE_MM - _MIN_BULGE_MM)
        if sure > 0.0 and _ALONG[0] < along < _ALONG[1]:
            found[name] = Malleolus(tip, float(0.5 + 0.4 * min(sure, 1.0)))
    return found


@dataclass(frozen=True)
class _Top:
    """Where along a border, in steps of its heights, a bulge is highest, and how high."""

    place: float
    bulge_mm: float


def _top(bulge: FloatArray) -> _Top | None:
    """Return the top of a bulge, (N,) mm; None where it only rises towards an end: on the way to something else."""
    there = np.flatnonzero(np.isfinite(bulge))
    highest = int(np.nanargmax(bulge)) if len(there) else -1
    if highest not in there[1:-1]:
        return None
    near = there[np.abs(there - highest) <= _FITTED_STEPS]
    if len(near) <= 2 * _FITTED_DEGREE:
        return _Top(float(highest), float(bulge[highest]))
    fitted = np.polynomial.Polynomial.fit(near, bulge[near], _FITTED_DEGREE)
    fine = np.linspace(near[0], near[-1], 10 * len(near))
    smooth = fitted(fine)
    place = int(np.argmax(smooth))
    return _Top(float(fine[place]), float(smooth[place]))


def _point_on(border: FloatArray, place: float) -> FloatArray:
    """Return the point of a border, (N, 3), at a place between its steps; x is that of the middle of those near it."""
    steps = np.arange(len(border))
    x = float(np.nanmedian(border[np.abs(steps - place) <= _ALONG_STEPS, 0]))
    return np.array([x, np.interp(place, steps, border[:, 1]), np.interp(place, steps, border[:, 2])])


def _bulge(outward: FloatArray) -> FloatArray:
    """Return by how much a border, (N,) mm, stands out from the chord over it; nan where the chord is not whole."""
    chord = (np.roll(outward, _CHORD_STEPS) + np.roll(outward, -_CHORD_STEPS)) / 2.0
    chord[:_CHORD_STEPS] = chord[-_CHORD_STEPS:] = np.nan
    return np.asarray(outward - chord)
