"""How much of a foot was seen."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Foot
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import face_areas, face_normals
from scanproc.mesh.polyline_distance import inside

_SOLE_MM = 25.0  # what looks down from higher than this is not sole
_FOOT_MM = 90.0  # what is higher is leg


def seen_share(foot: Foot, height_mm: float = _FOOT_MM) -> float:
    """Return the share of the area below a height that a view saw."""
    return _share(foot, np.asarray(_centres(foot)[:, 2] < height_mm))


def seen_sole_share(foot: Foot, outline: FloatArray | None = None) -> float:
    """Return the share of the sole's area that a view saw, of what lies inside an outline, (K, 2) mm, where given."""
    centres = _centres(foot)
    low = (face_normals(foot.mesh)[:, 2] < -0.5) & (centres[:, 2] < _SOLE_MM)
    if outline is not None:
        low[low] = inside(outline, centres[low][:, :2])
    return _share(foot, low)


def _centres(foot: Foot) -> FloatArray:
    return np.asarray(foot.mesh.vertices[foot.mesh.faces].mean(axis=1))


def _share(foot: Foot, chosen: np.ndarray) -> float:
    """Return the share of the area of chosen faces that has been seen; 1 where there are none."""
    areas = face_areas(foot.mesh)[chosen]
    seen = (foot.views[foot.mesh.faces[chosen]] > 0).all(axis=1)
    return float(areas[seen].sum() / areas.sum()) if areas.sum() > 0.0 else 1.0
