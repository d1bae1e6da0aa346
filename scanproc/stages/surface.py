"""Stage 3: one fused mesh from the original depth of all accepted views."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, ByteArray, CleanViews, Mesh, Registration, Surface
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, inverse, rotate, transform
from scanproc.geometry.blocks import blocks_near
from scanproc.geometry.holes import close_holes
from scanproc.geometry.images import unproject
from scanproc.geometry.meshes import Submesh, canonical_order, keep_faces, part_labels, vertex_normals
from scanproc.open3d_bridge import BLOCK_VOXELS, PosedImage, fuse
from scanproc.settings import setting

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SurfaceConfig:
    """How views become one mesh."""

    voxel_mm: float = setting(1.0, "edge of a voxel, mm", low=0.3, high=4.0)
    truncation_voxels: float = setting(4.0, "distance from the surface that is fused, voxels", low=2.0, high=16.0)
    min_views: int = setting(2, "views that must have seen a voxel", low=1)
    seen_tolerance_mm: float = setting(
        3.0, "distance from a view's surface at which the view saw a vertex, mm", low=0.1
    )
    seen_min_cosine: float = setting(
        0.15, "smallest cosine between normal and line of sight to be seen", low=0.0, high=1.0
    )
    min_part_share: float = setting(0.05, "parts smaller than this share of the largest are dropped", low=0.0, high=1.0)
    max_hole_mm: float = setting(60.0, "holes with a longer border than this stay open, mm", low=0.0)


def surface(views: CleanViews, registration: Registration, config: SurfaceConfig) -> Surface:
    """Fuse the accepted views.

    Raises
    ------
    ScanError
        If nothing was seen by enough views.
    """
    images = _posed_images(views, registration)
    block_mm, truncation_mm = BLOCK_VOXELS * config.voxel_mm, config.truncation_voxels * config.voxel_mm
    blocks = [blocks_near(_points(image), block_mm, truncation_mm) for image in images]
    fused = fuse(images, blocks, config.voxel_mm, config.truncation_voxels, config.min_views - 0.5)
    if not len(fused.mesh.faces):
        raise ScanError(
            f"no point was seen by {config.min_views} views (surface.min_views); expected a surface."
            " Record more views that overlap."
        )
    ordered = canonical_order(fused.mesh)
    color = None if fused.color is None else fused.color[ordered.vertices]

    seen_by = _count_views(ordered.mesh, images, config)
    part = _seen_parts(ordered.mesh, seen_by, config)
    filled = close_holes(part.mesh, config.max_hole_mm, config.voxel_mm)
    invented = len(filled.mesh.vertices) - filled.num_original
    counts = np.concatenate([seen_by[part.vertices], np.zeros(invented, dtype=np.uint8)])
    log.info(
        "surface: %d views → %d vertices; holes: %d closed, %d left open",
        len(images),
        len(filled.mesh.vertices),
        filled.num_closed,
        filled.num_open,
    )
    if color is not None:
        color = np.vstack([color[part.vertices], np.full((invented, 3), 128, dtype=np.uint8)])
    return Surface(filled.mesh, counts, registration.floor_seen, color)


def _posed_images(views: CleanViews, registration: Registration) -> list[PosedImage]:
    return [
        PosedImage(view.depth_mm, view.intrinsics, pose.T_scan_camera, view.color)
        for view, pose in zip(views.views, registration.views, strict=True)
        if pose.T_scan_camera is not None
    ]


def _points(image: PosedImage) -> FloatArray:
    return transform(image.T_scan_camera, unproject(image.depth_mm, image.intrinsics))


def _count_views(mesh: Mesh, images: Sequence[PosedImage], config: SurfaceConfig) -> ByteArray:
    """Return how many views saw each vertex, (V,), saturating at 255."""
    normals = vertex_normals(mesh)
    counts = np.zeros(len(mesh.vertices), dtype=np.int64)
    for image in images:
        counts += _sees(image, mesh.vertices, normals, config)
    return np.minimum(counts, 255).astype(np.uint8)


def _sees(image: PosedImage, vertices: FloatArray, normals: FloatArray, config: SurfaceConfig) -> BoolArray:
    """Return, (V,) bool, whether the image has a depth at each vertex, facing the camera."""
    T_camera_scan = inverse(image.T_scan_camera)
    points, turned = transform(T_camera_scan, vertices), rotate(T_camera_scan, normals)
    camera = image.intrinsics
    depth = np.where(points[:, 2] > 1.0, points[:, 2], np.inf)
    u = np.rint(points[:, 0] / depth * camera.fx + camera.cx).astype(np.int64)
    v = np.rint(points[:, 1] / depth * camera.fy + camera.cy).astype(np.int64)
    inside = (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height) & np.isfinite(depth)
    measured = image.depth_mm[np.where(inside, v, 0), np.where(inside, u, 0)]
    cosine = -np.einsum("ij,ij->i", points, turned) / np.linalg.norm(points, axis=1)
    # Along the normal: on a slope one pixel more is much depth.
    near = np.abs(measured - points[:, 2]) * cosine < config.seen_tolerance_mm
    return np.asarray(inside & (measured > 0) & near & (cosine > config.seen_min_cosine))


def _seen_parts(mesh: Mesh, seen_by: ByteArray, config: SurfaceConfig) -> Submesh:
    """Return what was seen, without the back sides that fusion leaves at rims, and without debris."""
    kept = np.asarray((seen_by[mesh.faces] > 0).all(axis=1))
    if not kept.any():
        raise ScanError(
            "no part of the fused surface was seen as it is; expected most of it. Are surface.seen_tolerance_mm ="
            f" {config.seen_tolerance_mm:g} and surface.seen_min_cosine = {config.seen_min_cosine:g} right?"
        )
    seen = keep_faces(mesh, kept)
    labels = part_labels(seen.mesh)
    sizes = np.bincount(labels)
    large = sizes >= config.min_part_share * sizes.max()
    parts = keep_faces(seen.mesh, large[labels][seen.mesh.faces[:, 0]])
    return Submesh(parts.mesh, seen.vertices[parts.vertices])
