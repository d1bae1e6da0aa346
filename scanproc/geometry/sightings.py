"""Which views saw the vertices of a mesh, and in which colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import ByteArray, DepthImage, Mesh
from scanproc.frames import FloatArray, inverse
from scanproc.geometry.compiled import compiled
from scanproc.geometry.images import lens
from scanproc.geometry.meshes import vertex_normals
from scanproc.geometry.posed_views import PosedView
from scanproc.parallel import spread

_CHUNK = 1 << 13  # vertices of a task
_COLOR_POWER = 4.0  # of a pixel's share of the surface in its colour's weight: one sharp view beats many blurred ones


@dataclass(frozen=True)
class Sightings:
    """Of each vertex: (V,) uint8 number of views that saw it, saturating at 255, and (V, 3) uint8 colour or None."""

    views: ByteArray
    color: ByteArray | None


def look_up(mesh: Mesh, views: Sequence[PosedView], tolerance_mm: float, min_cosine: float) -> Sightings:
    """Find the vertices in all views.

    A view saw a vertex that faces it with a cosine of at least `min_cosine` if the depth measured there is within
    `tolerance_mm` of the vertex, along its normal; what is hidden behind something else is farther than measured.
    The colour is None unless all views have one.
    """
    normals = vertex_normals(mesh)
    colored = bool(views) and all(view.color is not None for view in views)
    nothing = np.zeros((1, 1, 3), dtype=np.uint8)
    nothing.flags.writeable = False
    counts = np.zeros(len(normals), dtype=np.uint8)
    sums = np.zeros((len(normals), 4))

    def look(start: int) -> None:
        part = slice(start, start + _CHUNK)
        for view in views:
            color = nothing if view.color is None else view.color
            _look(
                mesh.vertices[part], normals[part], view.depth_mm, color, lens(view.intrinsics),
                inverse(view.T_scan_camera), tolerance_mm, min_cosine, colored, counts[part], sums[part],
            )  # fmt: skip

    spread(look, range(0, len(normals), _CHUNK), "surface: who saw what")
    if not colored:
        return Sightings(counts, None)
    mean = sums[:, :3] / np.maximum(sums[:, 3:], 1e-300)
    return Sightings(counts, np.rint(np.where(sums[:, 3:] > 0.0, mean, 128.0)).astype(np.uint8))


@compiled
def _look(
    vertices: FloatArray,
    normals: FloatArray,
    depth_mm: DepthImage,
    color: ByteArray,
    lens_px: FloatArray,
    T_camera_scan: FloatArray,
    tolerance_mm: float,
    min_cosine: float,
    colored: bool,
    counts: ByteArray,
    sums: FloatArray,
) -> None:
    """Add one view to the counts, (V,), and to the sums of weight times colour and of weight, (V, 4)."""
    fx, fy, cx, cy = lens_px
    T = T_camera_scan
    height, width = depth_mm.shape
    eye = np.empty(3)
    for i in range(3):
        eye[i] = -(T[0, i] * T[0, 3] + T[1, i] * T[1, 3] + T[2, i] * T[2, 3])
    for i in range(len(vertices)):
        x, y, z = vertices[i, 0], vertices[i, 1], vertices[i, 2]
        a, b, c = eye[0] - x, eye[1] - y, eye[2] - z
        towards = a * normals[i, 0] + b * normals[i, 1] + c * normals[i, 2]
        if towards <= 0.0:
            continue
        cosine = towards / np.sqrt(a * a + b * b + c * c)
        ahead = T[2, 0] * x + T[2, 1] * y + T[2, 2] * z + T[2, 3]
        if cosine < min_cosine or ahead < 1.0:
            continue
        u = (T[0, 0] * x + T[0, 1] * y + T[0, 2] * z + T[0, 3]) / ahead * fx + cx + 0.5
        v = (T[1, 0] * x + T[1, 1] * y + T[1, 2] * z + T[1, 3]) / ahead * fy + cy + 0.5
        if not (0.0 <= u < width and 0.0 <= v < height):
            continue
        row, column = int(v), int(u)
        measured = np.float64(depth_mm[row, column])
        # Along the normal: on a slope one pixel more is much depth.
        if measured <= 0.0 or abs(measured - ahead) * cosine > tolerance_mm:
            continue
        counts[i] = min(counts[i] + 1, 255)
        if colored:
            weight = (cosine * (fx / ahead) ** 2) ** _COLOR_POWER  # pixels on a square mm
            for channel in range(3):
                sums[i, channel] += weight * color[row, column, channel]
            sums[i, 3] += weight
