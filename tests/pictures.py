"""Perfect depth images of planes and spheres by formula; pixel centres at integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.artifacts import Intrinsics
from scanproc.frames import FloatArray, inverse, rotate, transform
from scanproc.geometry.blocks import blocks_near
from scanproc.geometry.images import unproject
from scanproc.open3d_bridge import BLOCK_VOXELS, FusedMesh, PosedImage, fuse


def rays(camera: Intrinsics) -> FloatArray:
    """Return the (H, W, 3) directions of all pixels with z = 1, written out once more on purpose."""
    v, u = np.mgrid[: camera.height, : camera.width]
    return np.stack([(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(u.shape)], axis=-1)


def plane_depth(normal: FloatArray, offset_mm: float, camera: Intrinsics) -> FloatArray:
    """Return the depth of the plane normal . p = offset, camera frame; not positive where the ray never meets it."""
    return np.asarray(offset_mm / (rays(camera) @ normal))


def sphere_depth(centre: FloatArray, radius_mm: float, camera: Intrinsics) -> FloatArray:
    """Return the depth of a sphere's front, camera frame, 0 beside: the smaller root of |z ray - centre| = radius."""
    ray = rays(camera)
    a, b = (ray**2).sum(axis=-1), ray @ centre
    root = b**2 - a * (centre @ centre - radius_mm**2)
    return np.where(root > 0.0, (b - np.sqrt(np.maximum(root, 0.0))) / a, 0.0)


def sphere_seen_from(T_scan_camera: FloatArray, centre: FloatArray, radius_mm: float, camera: Intrinsics) -> FloatArray:
    """Return `sphere_depth` of a sphere given in the scan frame."""
    return sphere_depth(transform(inverse(T_scan_camera), centre[None])[0], radius_mm, camera)


def plane_seen_from(T_scan_camera: FloatArray, normal: FloatArray, offset_mm: float, camera: Intrinsics) -> FloatArray:
    """Return `plane_depth` of a plane given in the scan frame."""
    turned = rotate(inverse(T_scan_camera), normal[None])[0]
    return plane_depth(turned, offset_mm - float(normal @ T_scan_camera[:3, 3]), camera)


def fused(images: Sequence[PosedImage], voxel_mm: float, truncation: float, min_weight: float) -> FusedMesh:
    """Fuse images with all the blocks that their pixels reach."""
    blocks = [
        blocks_near(
            transform(image.T_scan_camera, unproject(image.depth_mm, image.intrinsics)),
            BLOCK_VOXELS * voxel_mm,
            truncation * voxel_mm,
        )
        for image in images
    ]
    return fuse(images, blocks, voxel_mm, truncation, min_weight)
