"""Which views saw the vertices of a mesh, and in which colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, DepthImage, Mesh
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array
from scanproc.frames import FloatArray, inverse
from scanproc.fusion.posed_views import PosedView, pixel_weight
from scanproc.mesh.meshes import vertex_normals
from scanproc.parallel import parallel_map

_CHUNK = 1 << 13  # vertices of a task
_COLOR_POWER = 4.0  # of a pixel's share of the surface in its colour's weight: one sharp view beats many blurred ones


@dataclass(frozen=True)
class VisibilityLimits:
    """When a view saw a vertex, and how much it has to say.

    Attributes
    ----------
    tolerance_mm : of the depth measured there, along the vertex's normal.
    min_cosine : between the normal and the line of sight.
    cosine_power : of that cosine in the weight of `distances`; that of the fusion which made the mesh.
    """

    tolerance_mm: float
    min_cosine: float
    cosine_power: float


@dataclass(frozen=True)
class Visibility:
    """What all views together say of V vertices.

    Attributes
    ----------
    views : (V,) uint8 number of views that saw it, saturating at 255.
    trust : (V,) float64, the sum of what is trusted of their pixels.
    shift_mm : (V,) float64, by how much corrections of the depth have moved the surface there, inwards.
    color : (V, 3) uint8, or None.
    distances : (K, V, 2) for K groups of views: sum of fusion's weight times the distance in mm at which a view saw the
        surface outside of the vertex, and sum of weights. The surface is the plane that was fused: single depths are
        far noisier than what becomes of them.
    """

    views: ByteArray
    trust: FloatArray
    shift_mm: FloatArray
    color: ByteArray | None
    distances: FloatArray


def visibility(mesh: Mesh, views: Sequence[PosedView], limits: VisibilityLimits, num_groups: int = 1) -> Visibility:
    """Find the vertices in all views.

    A view saw a vertex that faces it with a cosine of at least `min_cosine` if the depth measured there is within
    `tolerance_mm` of the vertex, along its normal; what is hidden behind something else is farther than measured.
    The colour is None unless all views have one. View k is in group k mod `num_groups`, so that each group goes all
    round the foot.
    """
    normals = vertex_normals(mesh)
    colored = bool(views) and all(view.color is not None for view in views)
    nothing = np.zeros((1, 1, 3), dtype=np.uint8)
    nothing.flags.writeable = False
    counts = np.zeros(len(normals), dtype=np.uint8)
    sums, trust = np.zeros((len(normals), 4)), np.zeros((len(normals), 2))
    distances = np.zeros((num_groups, len(normals), 2))

    images = [(np.asarray(view.normals, np.float32), view.pixel_step_mm) for view in views]

    def look(start: int) -> None:
        part = slice(start, start + _CHUNK)
        for number, view in enumerate(views):
            color = nothing if view.color is None else view.color
            _add_view(
                mesh.vertices[part], normals[part], view.depth_mm, color, intrinsics_array(view.intrinsics),
                inverse(view.T_scan_camera), limits.tolerance_mm, limits.min_cosine, limits.cosine_power, colored,
                view.pixel_trust, view.pixel_shift_mm, *images[number],
                counts[part], trust[part], sums[part], distances[number % num_groups, part],
            )  # fmt: skip

    parallel_map(look, range(0, len(normals), _CHUNK), "surface: who saw what")
    shift_mm = trust[:, 1] / np.maximum(distances[..., 1].sum(axis=0), 1e-300)
    if not colored:
        return Visibility(counts, trust[:, 0], shift_mm, None, distances)
    mean = sums[:, :3] / np.maximum(sums[:, 3:], 1e-300)
    color = np.rint(np.where(sums[:, 3:] > 0.0, mean, 128.0)).astype(np.uint8)
    return Visibility(counts, trust[:, 0], shift_mm, color, distances)


@compiled
def _add_view(
    vertices: FloatArray,
    normals: FloatArray,
    depth_mm: DepthImage,
    color: ByteArray,
    intrinsics_px: FloatArray,
    T_camera_scan: FloatArray,
    tolerance_mm: float,
    min_cosine: float,
    cosine_power: float,
    colored: bool,
    pixel_trust: NDArray[np.float32],
    pixel_shift_mm: NDArray[np.float32],
    pixel_normals: NDArray[np.float32],
    pixel_step_mm: NDArray[np.float32],
    counts: ByteArray,
    trust: FloatArray,
    sums: FloatArray,
    distances: FloatArray,
) -> None:
    """Add one view to what all say of V vertices.

    Parameters
    ----------
    counts : (V,) uint8, see `Visibility.views`.
    trust : (V, 2), sums of trust, and of weight times shift in mm along the normal.
    sums : (V, 4), sums of weight times colour, and of weight.
    distances : (V, 2), of the view's group, see `Visibility`.
    """
    for i in range(len(vertices)):
        row, column, cosine, ahead = _project_vertex(vertices[i], normals[i], depth_mm, intrinsics_px, T_camera_scan)
        if row < 0 or cosine < min_cosine:
            continue
        # Along the normal: on a slope one pixel more is much depth.
        outside = (ahead - depth_mm[row, column]) * cosine
        if abs(outside) > tolerance_mm:
            continue
        counts[i] = min(counts[i] + 1, 255)
        trust[i, 0] += pixel_trust[row, column]
        weight = pixel_trust[row, column] * pixel_weight(cosine, ahead, cosine_power)
        trust[i, 1] += weight * cosine * pixel_shift_mm[row, column]
        if pixel_normals[row, column, 2] != 0.0:
            outside = _before_plane(
                vertices[i], row, column, depth_mm, pixel_normals, pixel_step_mm, intrinsics_px, T_camera_scan
            )
        distances[i, 0] += weight * outside
        distances[i, 1] += weight
        if colored:
            share = (cosine * (intrinsics_px[0] / ahead) ** 2) ** _COLOR_POWER  # pixels on a square mm
            for channel in range(3):
                sums[i, channel] += share * color[row, column, channel]
            sums[i, 3] += share


@compiled
def _before_plane(
    vertex: FloatArray,
    row: int,
    column: int,
    depth_mm: DepthImage,
    normals: NDArray[np.float32],
    step_mm: NDArray[np.float32],
    intrinsics_px: FloatArray,
    T_camera_scan: FloatArray,
) -> float:
    """Return how far the plane that is fused of a pixel lies outside of a vertex, mm."""
    fx, fy, cx, cy = intrinsics_px
    z = np.float64(depth_mm[row, column])
    pixel = ((column - cx) / fx * z, (row - cy) / fy * z, z)
    step = np.float64(step_mm[row, column])
    for axis in range(3):
        at = T_camera_scan[axis, 3]
        for other in range(3):
            at += T_camera_scan[axis, other] * vertex[other]
        step -= normals[row, column, axis] * (at - pixel[axis])
    return float(step)


@compiled
def _project_vertex(
    vertex: FloatArray, normal: FloatArray, depth_mm: DepthImage, intrinsics_px: FloatArray, T_camera_scan: FloatArray
) -> tuple[int, int, float, float]:
    """Return the pixel (row, column) that a vertex falls on, the cosine of the angle of view, and its depth in mm.

    The row is -1 where the vertex is turned away, is behind the camera, or falls on no pixel with a depth.
    """
    T = T_camera_scan
    x, y, z = vertex[0], vertex[1], vertex[2]
    p = T[0, 0] * x + T[0, 1] * y + T[0, 2] * z + T[0, 3]
    q = T[1, 0] * x + T[1, 1] * y + T[1, 2] * z + T[1, 3]
    ahead = T[2, 0] * x + T[2, 1] * y + T[2, 2] * z + T[2, 3]
    if ahead < 1.0:
        return -1, -1, 0.0, ahead
    a = T[0, 0] * normal[0] + T[0, 1] * normal[1] + T[0, 2] * normal[2]
    b = T[1, 0] * normal[0] + T[1, 1] * normal[1] + T[1, 2] * normal[2]
    c = T[2, 0] * normal[0] + T[2, 1] * normal[1] + T[2, 2] * normal[2]
    towards = -(a * p + b * q + c * ahead)
    if towards <= 0.0:  # of half of the vertices: no more is asked of them
        return -1, -1, 0.0, ahead
    cosine = towards / np.sqrt(p * p + q * q + ahead * ahead)
    u, v = p / ahead * intrinsics_px[0] + intrinsics_px[2] + 0.5, q / ahead * intrinsics_px[1] + intrinsics_px[3] + 0.5
    height, width = depth_mm.shape
    if not (0.0 <= u < width and 0.0 <= v < height):
        return -1, -1, cosine, ahead
    row, column = int(v), int(u)
    return (row if depth_mm[row, column] > 0.0 else -1), column, cosine, ahead
