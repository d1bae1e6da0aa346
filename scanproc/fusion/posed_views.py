"""A view in its place, and the planes that touch its surface: what is fused of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, DepthImage, Intrinsics
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array, pixel_mm
from scanproc.frames import FloatArray

_REFERENCE_MM = 300.0  # depth at which a frontal pixel weighs 1


@dataclass(frozen=True)
class PosedView:
    """A cleaned depth image and where its camera was.

    Attributes
    ----------
    depth_mm : (H, W) float32, 0 = none.
    normals : (H, W, 3) float16 or float32, camera frame, towards the camera; pixels with 0 are not fused.
    color : (H, W, 3) uint8, or None.
    trust : (H, W) float32, factor of the weight of each pixel; None: 1.
    shift_mm : (H, W) float32, by how much each pixel was moved away along its ray to correct it; None: 0.
    step_mm : (H, W) float32, by how much each pixel lies before the mean of its neighbours: see `averaged`; None: 0.
    """

    depth_mm: DepthImage
    normals: NDArray[np.floating]
    intrinsics: Intrinsics
    T_scan_camera: FloatArray
    color: ByteArray | None = None
    trust: NDArray[np.float32] | None = None
    shift_mm: NDArray[np.float32] | None = None
    step_mm: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        for name in ("depth_mm", "normals", "color", "trust", "shift_mm", "step_mm"):
            if (image := getattr(self, name)) is not None:
                image = np.ascontiguousarray(image).view()
                image.flags.writeable = False
                object.__setattr__(self, name, image)

    @property
    def pixel_shift_mm(self) -> NDArray[np.float32]:
        return np.zeros(self.depth_mm.shape, np.float32) if self.shift_mm is None else self.shift_mm

    @property
    def pixel_step_mm(self) -> NDArray[np.float32]:
        return np.zeros(self.depth_mm.shape, np.float32) if self.step_mm is None else self.step_mm

    @property
    def pixel_trust(self) -> NDArray[np.float32]:
        return np.ones(self.depth_mm.shape, np.float32) if self.trust is None else self.trust


def averaged(view: PosedView, smoothing_mm: float, limit_mm: float) -> PosedView:
    """Return a view whose planes lie at the mean of each pixel and the eight that are so far away across and down.

    Those that lie farther than the limit off its plane are of another surface.
    """
    normals, intrinsics_px = np.asarray(view.normals, np.float32), intrinsics_array(view.intrinsics)
    width_mm = pixel_mm(view.depth_mm, view.intrinsics)
    away_px = round(smoothing_mm / width_mm) if width_mm > 0.0 else 0
    if away_px == 0:
        return replace(view, normals=normals, step_mm=None)
    return replace(view, normals=normals, step_mm=_mean_steps(view.depth_mm, normals, intrinsics_px, away_px, limit_mm))


def tangent_planes(view: PosedView, truncation_mm: float, reach_mm: float, cosine_power: float) -> NDArray[np.float32]:
    """Return the plane, in the scan frame, that touches a view's surface in each pixel.

    Parameters
    ----------
    truncation_mm, reach_mm : distance up to which a plane counts, along its normal and along the line of sight.
    cosine_power : of the cosine between the two, in its weight.

    Returns
    -------
    (H, W, 6) float32
        Normal, offset in mm, weight, and truncation in mm along the normal, which is -1 where there is no plane.
    """
    planes = _tangent_planes(
        view.depth_mm, np.asarray(view.normals, np.float32), view.pixel_step_mm, intrinsics_array(view.intrinsics),
        view.T_scan_camera, truncation_mm, reach_mm, cosine_power,
    )  # fmt: skip
    np.multiply(planes[..., 4], view.pixel_trust, out=planes[..., 4], where=planes[..., 5] > 0.0)
    return np.asarray(planes)


@compiled
def _tangent_planes(
    depth_mm: DepthImage,
    normals: NDArray[np.float32],
    step_mm: NDArray[np.float32],
    intrinsics_px: FloatArray,
    T_scan_camera: FloatArray,
    truncation_mm: float,
    reach_mm: float,
    cosine_power: float,
) -> NDArray[np.float32]:
    """Return (H, W, 6) float32: each pixel's normal and offset in the scan frame, weight, and truncation (-1: none)."""
    fx, fy, cx, cy = intrinsics_px
    R = T_scan_camera
    height, width = depth_mm.shape
    across, down = (np.arange(width) - cx) / fx, (np.arange(height) - cy) / fy
    planes = np.empty((height, width, 6), dtype=np.float32)
    for v in range(height):
        for u in range(width):
            z = np.float64(depth_mm[v, u])
            nx, ny, nz = np.float64(normals[v, u, 0]), np.float64(normals[v, u, 1]), np.float64(normals[v, u, 2])
            # Of the ray with z = 1, along the normal: negative if it faces us.
            along = nx * across[u] + ny * down[v] + nz
            cosine = -along / np.sqrt(across[u] ** 2 + down[v] ** 2 + 1.0)
            if z <= 0.0 or cosine <= 0.0:
                planes[v, u, 5] = -1.0  # no voxel is as near as that
                continue
            mx = R[0, 0] * nx + R[0, 1] * ny + R[0, 2] * nz
            my = R[1, 0] * nx + R[1, 1] * ny + R[1, 2] * nz
            mz = R[2, 0] * nx + R[2, 1] * ny + R[2, 2] * nz
            offset = along * z + step_mm[v, u]
            planes[v, u, 0], planes[v, u, 1], planes[v, u, 2] = mx, my, mz
            planes[v, u, 3] = offset + mx * R[0, 3] + my * R[1, 3] + mz * R[2, 3]
            planes[v, u, 4] = pixel_weight(cosine, z, cosine_power)
            planes[v, u, 5] = min(truncation_mm, reach_mm * cosine)
    return planes


@compiled
def pixel_weight(cosine: float, depth_mm: float, cosine_power: float) -> float:
    """Return what a pixel weighs in fusion, and in whatever is said of the fused surface.

    Noise of stereo grows with the square of the depth: the weight is one over its variance.

    Parameters
    ----------
    cosine : of the angle between normal and line of sight.
    """
    return float(cosine**cosine_power * (_REFERENCE_MM / depth_mm) ** 4)


@compiled
def _mean_steps(
    depth_mm: DepthImage, normals: NDArray[np.float32], intrinsics_px: FloatArray, away_px: int, limit_mm: float
) -> NDArray[np.float32]:
    """Return `_mean_step` of each pixel with a plane, (H, W)."""
    height, width = depth_mm.shape
    steps = np.zeros((height, width), dtype=np.float32)
    for v in range(height):
        for u in range(width):
            if depth_mm[v, u] > 0.0 and normals[v, u, 2] != 0.0:
                steps[v, u] = _mean_step(depth_mm, normals, intrinsics_px, u, v, away_px, limit_mm)
    return steps


@compiled
def _mean_step(
    depth_mm: DepthImage,
    normals: NDArray[np.float32],
    intrinsics_px: FloatArray,
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
    fx, fy, cx, cy = intrinsics_px
    z = np.float64(depth_mm[v, u])
    x, y = (u - cx) / fx * z, (v - cy) / fy * z
    total, weights = 0.0, 1.0
    for i in range(9):
        a, b = u + (i % 3 - 1) * away_px, v + (i // 3 - 1) * away_px
        if i == 4 or a < 0 or a >= width or b < 0 or b >= height or normals[b, a, 2] == 0.0:
            continue
        other = np.float64(depth_mm[b, a])
        step = (normals[v, u, 0] + normals[b, a, 0]) * ((a - cx) / fx * other - x)
        step += (normals[v, u, 1] + normals[b, a, 1]) * ((b - cy) / fy * other - y)
        step = 0.5 * (step + (normals[v, u, 2] + normals[b, a, 2]) * (other - z))
        if abs(step) < limit_mm:
            weight = 0.5 if i % 2 else 0.25
            total += weight * step
            weights += weight
    return total / weights
