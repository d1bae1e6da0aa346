"""Fusion of posed depth images into a truncated signed distance field on sparse blocks of voxels.

After Curless & Levoy 1996, with distances to the tangent plane of each pixel instead of along its ray: on a slope both
the nearest pixel's offset from the voxel and the slope itself are accounted for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import DepthImage, IntArray
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array
from scanproc.frames import FloatArray, inverse
from scanproc.fusion.posed_views import PosedView, tangent_planes
from scanproc.fusion.voxel_blocks import BLOCK, DistanceField, block_coordinates, block_keys
from scanproc.parallel import parallel_map

_BATCH = 16  # views whose planes are held at a time: bounds the memory, whatever the number of views
_CHUNK = 64  # blocks of a task: their sums fit into a core's cache


@dataclass(frozen=True)
class TsdfLimits:
    """What is fused where.

    Attributes
    ----------
    voxel_mm : edge of a voxel.
    truncation_mm : distance from a view's surface, along its normal, within which the view counts.
    reach_mm : the same along the line of sight: behind a grazing surface something else begins soon.
    cosine_power : of the cosine between normal and line of sight, in a pixel's weight.
    """

    voxel_mm: float
    truncation_mm: float
    reach_mm: float
    cosine_power: float


def integrate(views: Sequence[PosedView], limits: TsdfLimits) -> DistanceField:
    """Fuse posed depth images. The same images give the same bytes, however many threads there are.

    How many views a place on the surface was seen by is not asked here, but of the surface: see `visibility.py`.
    """
    reached = parallel_map(lambda view: _blocks_of(view, limits), views, "fusing: where the surface is")
    keys = np.unique(np.concatenate([*reached, np.zeros(0, np.int64)]))
    members = [np.searchsorted(keys, some) for some in reached]
    field = _Sums(block_coordinates(keys), np.zeros((len(keys), BLOCK**3, 2), dtype=np.float32))
    for first in range(0, len(views), _BATCH):
        part = slice(first, first + _BATCH)
        planes = parallel_map(lambda view: _planes_of(view, limits), views[part], "fusing: preparing views")
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
                intrinsics_px, T_camera_scan = intrinsics_array(view.intrinsics), inverse(view.T_scan_camera)
                _integrate_view(
                    pixels, intrinsics_px, T_camera_scan, field.blocks, some[low:high], voxel_mm, field.sums
                )

    parallel_map(integrate, range(0, len(field.blocks), _CHUNK), "fusing views")


def _planes_of(view: PosedView, limits: TsdfLimits) -> NDArray[np.float32]:
    return tangent_planes(view, limits.truncation_mm, limits.reach_mm, limits.cosine_power)


def _blocks_of(view: PosedView, limits: TsdfLimits) -> NDArray[np.int64]:
    """Return the sorted keys of the blocks that a view's surface reaches."""
    normals, intrinsics_px = np.asarray(view.normals, np.float32), intrinsics_array(view.intrinsics)
    block_mm = BLOCK * limits.voxel_mm
    blocks = _blocks_reached(view.depth_mm, normals, intrinsics_px, view.T_scan_camera, block_mm, limits.truncation_mm)
    return np.unique(block_keys(blocks))


@compiled
def _blocks_reached(
    depth_mm: DepthImage,
    normals: NDArray[np.float32],
    intrinsics_px: FloatArray,
    T_scan_camera: FloatArray,
    block_mm: float,
    truncation_mm: float,
) -> IntArray:
    """Return (M, 3) int32 blocks, some of them several times, within the truncation of each pixel along its normal."""
    fx, fy, cx, cy = intrinsics_px
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
def _integrate_view(
    planes: NDArray[np.float32],
    intrinsics_px: FloatArray,
    T_camera_scan: FloatArray,
    blocks: IntArray,
    members: NDArray[np.int64],
    voxel_mm: float,
    sums: NDArray[np.float32],
) -> None:
    """Add one view to the sums of weight times distance and of weight, (B, 512, 2), of some blocks."""
    height, width = planes.shape[:2]
    pixels = planes.reshape(-1, planes.shape[2])
    P = _projection(intrinsics_px, T_camera_scan)
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
def _projection(intrinsics_px: FloatArray, T_camera_scan: FloatArray) -> FloatArray:
    """Return the (3, 4) matrix to pixels, half a pixel further: the whole part is then that of the nearest centre."""
    fx, fy, cx, cy = intrinsics_px
    P = T_camera_scan[:3].copy()
    P[0] = fx * T_camera_scan[0] + (cx + 0.5) * T_camera_scan[2]
    P[1] = fy * T_camera_scan[1] + (cy + 0.5) * T_camera_scan[2]
    return np.asarray(P)
