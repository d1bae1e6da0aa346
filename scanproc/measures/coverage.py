"""How much of a foot was seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Foot, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import face_areas, face_normals, vertex_normals
from scanproc.mesh.polyline_distance import inside

_SOLE_MM = 25.0  # what looks down from higher than this is not sole
_FOOT_MM = 90.0  # what is higher is leg
_DOWN = -0.5  # z of a normal that looks down
_CELL_MM, _BORDER_MM = 4.0, 8.0  # of the footprint, and what of its border is the foot's side


def seen_share(foot: Foot, height_mm: float = _FOOT_MM) -> float:
    """Return the share of the area below a height that a view saw."""
    return _share(foot, np.flatnonzero((foot.mesh.vertices[:, 2] < height_mm)[foot.mesh.faces].all(axis=1)))


def seen_sole_share(foot: Foot) -> float:
    """Return the share of the footprint, without its border, over which a view saw the sole.

    A sole that nobody saw may be missing from the surface: what counts is the ground inside the foot's low border.
    """
    from scipy import ndimage

    down = (vertex_normals(foot.mesh)[:, 2] < _DOWN) & (foot.views > 0)
    low = foot.mesh.vertices[:, 2] < _SOLE_MM
    if not low.any():
        return 0.0
    # Wide enough that each holds a vertex, however coarse the mesh is
    cell = max(_CELL_MM, 2.0 * float(np.sqrt(np.median(face_areas(foot.mesh)))))
    border = max(1, round(_BORDER_MM / cell))
    cells = np.floor(foot.mesh.vertices[:, :2] / cell).astype(np.int64)
    cells -= cells[low].min(axis=0) - border - 1
    print_of = np.zeros(cells[low].max(axis=0) + border + 2, dtype=bool)
    seen = print_of.copy()
    print_of[tuple(cells[low].T)] = True
    seen[tuple(cells[low & down].T)] = True
    closed = ndimage.binary_closing(print_of, iterations=2)
    inner = ndimage.binary_erosion(ndimage.binary_fill_holes(closed), iterations=border)
    return float(seen[inner].mean()) if inner.any() else 0.0


def seen_share_over(foot: Foot, outline: FloatArray) -> float:
    """Return the share of the area of the sole inside an outline, (K, 2) mm, that a view saw."""
    faces = foot.mesh.faces
    low = np.flatnonzero((foot.mesh.vertices[:, 2] < _SOLE_MM)[faces].all(axis=1))  # a fraction of all: quick
    low = low[face_normals(Mesh(foot.mesh.vertices, faces[low]))[:, 2] < _DOWN]
    centres = foot.mesh.vertices[faces[low]].mean(axis=1)
    return _share(foot, low[inside(outline, centres[:, :2])])


def _share(foot: Foot, chosen: NDArray[Any]) -> float:
    """Return the share of the area of chosen faces that has been seen; 1 where there are none."""
    faces = foot.mesh.faces[chosen]
    areas = face_areas(Mesh(foot.mesh.vertices, faces))
    seen = (foot.views[faces] > 0).all(axis=1)
    return float(areas[seen].sum() / areas.sum()) if areas.sum() > 0.0 else 1.0
