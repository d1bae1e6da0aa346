"""What of a part hangs over, and the columns that would hold it up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.solid.face_grid import FaceGrid

_ABOVE_MM = 1e-6  # the face itself is not below itself


@dataclass(frozen=True)
class Supports:
    """What hangs over, mm2 of surface, and the columns under it down to the bed or the part below, mm3, as if solid."""

    overhang_mm2: float
    volume_mm3: float


def supports(part: Mesh, layer_mm: float, overhang_deg: float) -> Supports:
    """Measure what looks down flatter than `overhang_deg` from the level; what lies on the bed (z = 0) is held by it.

    A face within the first layer is printed on the bed. Under each triangle the column is its area in the plan times
    the height of its middle over what lies below: exact over the bed.
    """
    corners = part.vertices[part.faces]
    double = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(double, axis=1)
    hangs = -0.5 * double[:, 2] > np.cos(np.deg2rad(overhang_deg)) * area
    hangs &= corners[:, :, 2].max(axis=1) > layer_mm
    middle = np.ascontiguousarray(corners[hangs].mean(axis=1))
    below = np.zeros(len(middle))
    faces = FaceGrid.of(part)
    _highest_below(faces.corners, faces.origin, faces.shape[1], faces.starts, faces.items, middle, below)
    columns = -0.5 * double[hangs, 2] * (middle[:, 2] - below)
    return Supports(float(area[hangs].sum()), float(columns.sum()))


@compiled
def _highest_below(
    corners: FloatArray,
    origin: FloatArray,
    rows: int,
    starts: NDArray[np.int64],
    items: NDArray[np.int32],
    points: FloatArray,
    below: FloatArray,
) -> None:
    """Fill in the height of the highest face below each of (N, 3) points, (N,); it stays where there is none."""
    for n in range(len(points)):
        x, y, z = points[n, 0], points[n, 1], points[n, 2] - _ABOVE_MM
        cell = int((x - origin[0]) / origin[2]) * rows + int((y - origin[1]) / origin[2])
        for k in range(starts[cell], starts[cell + 1]):
            a, b, c = corners[items[k]]
            double = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
            if double == 0.0:
                continue
            u = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / double
            v = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / double
            if u < 0.0 or v < 0.0 or u + v > 1.0:
                continue
            here = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
            if below[n] < here < z:
                below[n] = here
