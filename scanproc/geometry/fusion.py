"""Fusion of posed depth images into a truncated signed distance field on sparse blocks of voxels.

After Curless & Levoy 1996, with distances to the tangent plane of each pixel instead of along its ray: on a slope both
the nearest pixel's offset from the voxel and the slope itself are accounted for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, DepthImage, IntArray, Intrinsics
from scanproc.frames import FloatArray, inverse
from scanproc.geometry.blocks import BLOCK, DistanceField, block_coordinates, block_keys
from scanproc.geometry.compiled import compiled
from scanproc.geometry.images import lens, pixel_mm
from scanproc.parallel import spread

_BATCH = 16  # views whose planes are held at a time: bounds the memory, whatever the number of views
_CHUNK = 64  # blocks of a task: their sums fit into a core's cache
_REFERENCE_MM = 300.0  # depth at which a frontal pixel weighs 1


@dataclass(frozen=True)
class PosedView:
    """A cleaned depth image and where its camera was.

    Attributes
    ----------
    depth_mm : (H, W) float32, 0 = none.
    normals : (H, W, 3) float16 or float32, camera frame, towards the camera; pixels with 0 are not fused.
    color : (H, W, 3) uint8, or None.
    """

    depth_mm: DepthImage
    normals: NDArray[np.floating]
    intrinsics: Intrinsics
    T_scan_camera: FloatArray
    color: ByteArray | None = None

    def __post_init__(self) -> None:
        for name in ("depth_mm", "normals", "color"):
            if (image := getattr(self, name)) is not None:
                image = np.ascontiguousarray(image).view()
                image.flags.writeable = False
                object.__setattr__(self, name, image)


@dataclass(frozen=True)
class FusionLimits:
    """What is fused where.

    Attributes
    ----------
    voxel_mm : edge of a voxel.
    truncation_mm : distance from a view's surface, along its normal, within which the view counts.
    reach_mm : the same along the line of sight: behind a grazing surface something else begins soon.
    cosine_power : of the cosine between normal and line of sight, in a pixel's weight.
    smoothing_mm : a pixel is averaged with the eight, on the same surface, that are so far away across and down.
    """

    voxel_mm: float
    truncation_mm: float
    reach_mm: float
    cosine_power: float
    smoothing_mm: float


def fuse(views: Sequence[PosedView], limits: FusionLimits) -> DistanceField:
    """Fuse posed depth images. The same images give the same bytes, however many threads there are.

    How many views a place on the surface was seen by is not asked here, but of the surface: see `sightings.py`.
    """
    reached = spread(lambda view: _blocks_of(view, limits), views, "fusing: where the surface is")
    keys = np.unique(np.concatenate([*reached, np.zeros(0, np.int64)]))
    members = [np.searchsorted(keys, some) for some in reached]
    field = _Sums(block_coordinates(keys), np.zeros((len(keys), BLOCK**3, 2), dtype=np.float32))
    for first in range(0, len(views), _BATCH):
        part = slice(first, first + _BATCH)
        planes = spread(lambda view: _planes_of(view, limits), views[part], "fusing: preparing views")
        _integrate_all(field, views[part], planes, members[part], limits.voxel_mm)
    distance = np.full(field.sums.shape[:2], np.nan, dtype=np.float32)
    np.divide(field.sums[..., 0], field.sums[..., 1], out=distance, where=field.sums[..., 1] > 0.0)
    return DistanceField(field.blocks, distance, limits.voxel_mm)


@dataclass(frozen=True)
class _Sums:
    """What is summed up: (B, 3) blocks, and of their voxels (B, 512, 2) weight times distance, and weight."""

    blocks: IntArray
    sums: NDArray[np.float32]


def _integrate_all(
    field: _Sums,
    views: Sequence[PosedView],
    planes: Sequence[NDArray[np.float32]],
    members: Sequence[NDArray[np.int64]],
    voxel_mm: float,
) -> None:
    """Add views to the sums, those of a block in the order of the views; `members` are the blocks that each reaches."""

    def integrate(start: int) -> None:
        for view, pixels, some in zip(views, planes, members, strict=True):
            low, high = np.searchsorted(some, (start, start + _CHUNK))
            if low < high:
                lens_px, T_camera_scan = lens(view.intrinsics), inverse(view.T_scan_camera)
                _integrate(pixels, lens_px, T_camera_scan, field.blocks, some[low:high], voxel_mm, field.sums)

    spread(integrate, range(0, len(field.blocks), _CHUNK), "fusing views")


def _blocks_of(view: PosedView, limits: FusionLimits) -> NDArray[np.int64]:
    """Return the sorted keys of the blocks that a view's surface reaches."""
    normals, lens_px = view.normals.astype(np.float32), lens(view.intrinsics)
    block_mm = BLOCK * limits.voxel_mm
    blocks = _blocks_reached(view.depth_mm, normals, lens_px, view.T_scan_camera, block_mm, limits.truncation_mm)
    return np.unique(block_keys(blocks))


def _planes_of(view: PosedView, limits: FusionLimits) -> NDArray[np.float32]:
    normals, lens_px = view.normals.astype(np.float32), lens(view.intrinsics)
    width_mm = pixel_mm(view.depth_mm, view.intrinsics)
    away_px = round(limits.smoothing_mm / width_mm) if width_mm > 0.0 else 0
    return _tangent_planes(
        view.depth_mm, normals, lens_px, view.T_scan_camera,
        limits.truncation_mm, limits.reach_mm, limits.cosine_power, away_px,
    )  # fmt: skip


@compiled
def _blocks_reached(
    depth_mm: DepthImage,
    normals: NDArray[np.float32],
    lens_px: FloatArray,
    T_scan_camera: FloatArray,
    block_mm: float,
    truncation_mm: float,
) -> IntArray:
    """Return (M, 3) int32 blocks, some of them several times, within the truncation of each pixel along its normal."""
    fx, fy, cx, cy = lens_px
    T = T_scan_camera
    height, width = depth_mm.shape
    half = int(np.ceil(truncation_mm / block_mm))  # steps of at most a block, to either side
    found = np.empty(((2 * half + 1) * height * width, 3), dtype=np.int32)
    last = np.full((2 * half + 1, 3), -(1 << 30), dtype=np.int32)
    here = np.empty(3, dtype=np.int32)
    count = 0
    for v in range(height):
        for u in range(width):
            z = np.float64(depth_mm[v, u])
            if z <= 0.0 or normals[v, u, 2] == 0.0:
                continue
            for step in range(2 * half + 1):
                offset = (step - half) * truncation_mm / half
                x = (u - cx) / fx * z + offset * normals[v, u, 0]
                y = (v - cy) / fy * z + offset * normals[v, u, 1]
                ahead = z + offset * normals[v, u, 2]
                for i in range(3):
                    here[i] = np.floor((T[i, 0] * x + T[i, 1] * y + T[i, 2] * ahead + T[i, 3]) / block_mm)
                if here[0] != last[step, 0] or here[1] != last[step, 1] or here[2] != last[step, 2]:
                    last[step] = here
                    found[count] = here
                    count += 1
    return np.asarray(found[:count].copy())


@compiled
def _tangent_planes(
    depth_mm: DepthImage,
    normals: NDArray[np.float32],
    lens_px: FloatArray,
    T_scan_camera: FloatArray,
    truncation_mm: float,
    reach_mm: float,
    cosine_power: float,
    away_px: int,
) -> NDArray[np.float32]:
    """Return (H, W, 6) float32: each pixel's normal and offset in the scan frame, weight, and truncation (-1: none)."""
    fx, fy, cx, cy = lens_px
    R = T_scan_camera
    height, width = depth_mm.shape
    across, down = (np.arange(width) - cx) / fx, (np.arange(height) - cy) / fy
    planes = np.empty((height, width, 6), dtype=np.float32)
    for v in range(height):
        for u in range(width):
            z = np.float64(depth_mm[v, u])
            nx, ny, nz = np.float64(normals[v, u, 0]), np.float64(normals[v, u, 1]), np.float64(normals[v, u, 2])
            along = (
                nx * across[u] + ny * down[v] + nz
            )  # of the ray with z = 1, along the normal: negative if it faces us
            cosine = -along / np.sqrt(across[u] ** 2 + down[v] ** 2 + 1.0)
            if z <= 0.0 or cosine <= 0.0:
                planes[v, u, 5] = -1.0  # no voxel is as near as that
                continue
            mx = R[0, 0] * nx + R[0, 1] * ny + R[0, 2] * nz
            my = R[1, 0] * nx + R[1, 1] * ny + R[1, 2] * nz
            mz = R[2, 0] * nx + R[2, 1] * ny + R[2, 2] * nz
            offset = along * z
            if away_px > 0:
                offset += _mean_step(depth_mm, normals, across, down, u, v, away_px, 0.5 * truncation_mm)
            planes[v, u, 0], planes[v, u, 1], planes[v, u, 2] = mx, my, mz
            planes[v, u, 3] = offset + mx * R[0, 3] + my * R[1, 3] + mz * R[2, 3]
            # Noise of stereo grows with the square of the depth: the weight is one over its variance.
            planes[v, u, 4] = cosine**cosine_power * (_REFERENCE_MM / z) ** 4
            planes[v, u, 5] = min(truncation_mm, reach_mm * cosine)
    return planes


@compiled
def _mean_step(
    depth_mm: DepthImage,
    normals: NDArray[np.float32],
    across: FloatArray,
    down: FloatArray,
    u: int,
    v: int,
    away_px: int,
    limit_mm: float,
) -> float:
    """Return by how much a pixel and its neighbours lie before its plane, mm, less what curvature makes of it.

    A neighbour on a curved surface lies as far behind this pixel's tangent plane as this pixel behind the neighbour's:
    along the mean of the two normals, curvature cancels out and noise does not. The eight neighbours are `away_px` away
    across and down: noise is alike in pixels side by side. Those further than the limit are of another surface.
    """
    height, width = depth_mm.shape
    z = np.float64(depth_mm[v, u])
    x, y = across[u] * z, down[v] * z
    total, weights = 0.0, 1.0
    for i in range(9):
        a, b = u + (i % 3 - 1) * away_px, v + (i // 3 - 1) * away_px
        if i == 4 or a < 0 or a >= width or b < 0 or b >= height or normals[b, a, 2] == 0.0:
            continue
        other = np.float64(depth_mm[b, a])
        step = (normals[v, u, 0] + normals[b, a, 0]) * (across[a] * other - x)
        step += (normals[v, u, 1] + normals[b, a, 1]) * (down[b] * other - y)
        step = 0.5 * (step + (normals[v, u, 2] + normals[b, a, 2]) * (other - z))
        if abs(step) < limit_mm:
            weight = 0.5 if i % 2 else 0.25
            total += weight * step
            weights += weight
    return total / weights


@compiled
def _integrate(
    planes: NDArray[np.float32],
    lens_px: FloatArray,
    T_camera_scan: FloatArray,
    blocks: IntArray,
    members: NDArray[np.int64],
    voxel_mm: float,
    sums: NDArray[np.float32],
) -> None:
    """Add one view to the sums of weight times distance and of weight, (B, 512, 2), of some blocks."""
    height, width = planes.shape[:2]
    pixels = planes.reshape(-1, planes.shape[2])
    P = _projection(lens_px, T_camera_scan)
    pixel = np.empty(BLOCK, dtype=np.int64)
    for block in members:
        z0 = blocks[block, 2] * BLOCK * voxel_mm
        for row in range(BLOCK * BLOCK):
            x = (blocks[block, 0] * BLOCK + (row >> 3)) * voxel_mm
            y = (blocks[block, 1] * BLOCK + (row & 7)) * voxel_mm
            right = P[0, 0] * x + P[0, 1] * y + P[0, 2] * z0 + P[0, 3]
            down = P[1, 0] * x + P[1, 1] * y + P[1, 2] * z0 + P[1, 3]
            ahead = P[2, 0] * x + P[2, 1] * y + P[2, 2] * z0 + P[2, 3]
            for k in range(BLOCK):  # no branches: eight voxels at a time
                over = 1.0 / (ahead + P[2, 2] * voxel_mm * k)
                u, v = (right + P[0, 2] * voxel_mm * k) * over, (down + P[1, 2] * voxel_mm * k) * over
                inside = (over > 0.0) & (u >= 0.0) & (u < width) & (v >= 0.0) & (v < height)
                pixel[k] = int(v) * width + int(u) if inside else -1
            for k in range(BLOCK):
                if pixel[k] < 0:
                    continue
                plane = np.uint64(pixel[k])  # without a sign there is no counting from the end
                distance = pixels[plane, 0] * x + pixels[plane, 1] * y - pixels[plane, 3]
                distance += pixels[plane, 2] * (z0 + voxel_mm * k)
                if abs(distance) <= pixels[plane, 5]:
                    sums[block, row * BLOCK + k, 0] += pixels[plane, 4] * distance
                    sums[block, row * BLOCK + k, 1] += pixels[plane, 4]


@compiled
def _projection(lens_px: FloatArray, T_camera_scan: FloatArray) -> FloatArray:
    """Return the (3, 4) matrix to pixels, half a pixel further: the whole part is then that of the nearest centre."""
    fx, fy, cx, cy = lens_px
    P = T_camera_scan[:3].copy()
    P[0] = fx * T_camera_scan[0] + (cx + 0.5) * T_camera_scan[2]
    P[1] = fy * T_camera_scan[1] + (cy + 0.5) * T_camera_scan[2]
    return np.asarray(P)
