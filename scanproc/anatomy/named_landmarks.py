"""The landmarks of a foot by their names, each with the method and the confidence that it was found with."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.landmarks import FootPoints
from scanproc.anatomy.malleoli import malleoli
from scanproc.anatomy.open_boundaries import NOT_THERE, OpenEnds
from scanproc.anatomy.plantar_surface import ArchProfile
from scanproc.artifacts import BoolArray, Landmark, Mesh
from scanproc.frames import FloatArray

_OPEN_TIP = 0.5  # confidence at most in a second toe that ends with the scan alone: its middle is roughly known


def named_landmarks(
    points: FootPoints, ends: OpenEnds, arch: ArchProfile, mesh: Mesh, seen: BoolArray, medial_y: float
) -> dict[str, Landmark]:
    """Name the points of a settled frame; one that lies on an invented surface has little confidence.

    Parameters
    ----------
    mesh : in the foot frame, smoothed.
    seen : (V,) bool.
    """
    return {
        name: Landmark(xyz, "auto", _seen_confidence(xyz, confidence, mesh.vertices, seen))
        for name, (xyz, confidence) in found_landmarks(points, ends, arch, mesh, medial_y).items()
    }


def found_landmarks(
    points: FootPoints, ends: OpenEnds, arch: ArchProfile, mesh: Mesh, medial_y: float
) -> dict[str, tuple[FloatArray, float]]:
    """Return the same landmarks, (3,) mm, with their confidence wherever they may lie."""
    second = points.second_toe
    found = {
        "pternion": (points.pternion, 0.95),
        "second_toe_tip": (second.tip, min(second.confidence, _OPEN_TIP) if ends.axis_open else second.confidence),
        "longest_toe_tip": (points.longest_toe_tip, NOT_THERE if ends.toes_open else 0.95),
        "metatarsale_tibiale": (points.metatarsale_tibiale, NOT_THERE if ends.tibiale_open else 0.9),
        "metatarsale_fibulare": (points.metatarsale_fibulare, NOT_THERE if ends.fibulare_open else 0.9),
    }
    apex = arch.apex(seen_only=True)
    if apex is not None and arch.seen_share > 0.5:
        found["arch_apex"] = (apex, 0.9 * arch.seen_share)
    for name, malleolus in malleoli(mesh, points, medial_y).items():
        found[name] = (malleolus.tip, malleolus.confidence)
    return found


def _seen_confidence(xyz: FloatArray, confidence: float, vertices: FloatArray, seen: BoolArray) -> float:
    nearest = int(np.argmin(((vertices - xyz) ** 2).sum(axis=1)))
    return confidence if seen[nearest] else 0.3 * confidence
