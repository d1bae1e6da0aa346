"""Perfect depth images of planes and spheres by formula; pixel centres at integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.artifacts import ByteArray, Intrinsics, Mesh
from scanproc.frames import FloatArray, inverse, rotate, transform
from scanproc.fusion.dual_marching_cubes import dual_marching_cubes
from scanproc.fusion.posed_views import PosedView, averaged
from scanproc.fusion.tsdf import TsdfLimits, integrate
from scanproc.fusion.visibility import VisibilityLimits, visibility
from scanproc.mesh.meshes import keep_faces


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


def posed_sphere(
    T_scan_camera: FloatArray, centre: FloatArray, radius_mm: float, camera: Intrinsics, color: ByteArray | None = None
) -> PosedView:
    """Return the view of a sphere with its true normals."""
    depth = sphere_seen_from(T_scan_camera, centre, radius_mm, camera)
    here = transform(inverse(T_scan_camera), centre[None])[0]
    normals = np.where(depth[..., None] > 0.0, (rays(camera) * depth[..., None] - here) / radius_mm, 0.0)
    return PosedView(depth.astype(np.float32), normals.astype(np.float16), camera, T_scan_camera, color)


def posed_plane(T_scan_camera: FloatArray, normal: FloatArray, offset_mm: float, camera: Intrinsics) -> PosedView:
    """Return the view of a plane, whose normal points towards the camera, with its true normals."""
    depth = plane_seen_from(T_scan_camera, normal, offset_mm, camera)
    turned = rotate(inverse(T_scan_camera), normal[None])[0]
    normals = np.where(depth[..., None] > 0.0, turned, 0.0)
    return PosedView(depth.clip(0.0).astype(np.float32), normals.astype(np.float32), camera, T_scan_camera)


def fused(views: Sequence[PosedView], voxel_mm: float, min_views: int = 1, cosine_power: float = 1.0) -> Mesh:
    """Return the fused surface of views where enough of them saw it."""
    limits = TsdfLimits(voxel_mm, 4.0 * voxel_mm, reach_mm=8.0 * voxel_mm, cosine_power=cosine_power)
    views = [averaged(view, 1.2, 0.5 * limits.truncation_mm) for view in views]
    mesh = dual_marching_cubes(integrate(views, limits))
    seen = visibility(mesh, views, VisibilityLimits(3.0, 0.15, cosine_power)).views >= min_views
    return keep_faces(mesh, seen[mesh.faces].all(axis=1)).mesh
