"""How much of what was to be seen of a simulated foot a surface has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from truth import BELOW_CUT_MM, Truth

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, inverse, rotate, transform
from scanproc.open3d_bridge import RayScene
from scanproc.simulation.bodies import with_longer_leg
from scanproc.simulation.cameras import CAMERAS, scaled


@dataclass(frozen=True)
class SurfaceSample:
    """Random points of the truth, even over its area: (N, 3) mm, and (N, 3) unit normals outwards."""

    points: FloatArray
    normals: FloatArray


def sample_truth(truth: Truth, num_points: int) -> SurfaceSample:
    """Return points of the true mesh below its cut, where points were kept."""
    corners = truth.mesh.vertices[truth.mesh.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(across, axis=1)
    rng = np.random.default_rng(0)
    face = rng.choice(len(corners), num_points, p=doubled / doubled.sum())
    a, b = np.sort(rng.random((2, num_points)), axis=0)
    weights = np.stack([a, b - a, 1.0 - b], axis=1)
    points = np.einsum("ij,ijk->ik", weights, corners[face])
    low_mm = truth.kept_mm[0] + BELOW_CUT_MM if truth.kept_mm else -np.inf
    inside = (points[:, 2] > low_mm) & (points[:, 2] < truth.top_mm)
    return SurfaceSample(points[inside], (across / np.maximum(doubled, 1e-12)[:, None])[face[inside]])


def good_views_that_see(truth: Truth, sample: SurfaceSample, min_cosine: float) -> NDArray[np.int64]:
    """Return, (N,), how many good views had each point in the image, in range, facing them, nothing before it."""
    camera = CAMERAS[truth.config.camera]
    pinhole = scaled(camera.intrinsics, truth.config.image_scale)
    far_mm = truth.config.range_limit_mm or camera.far_mm
    scene = RayScene(with_longer_leg(truth.mesh, truth.config.leg_mm))
    counts = np.zeros(len(sample.points), dtype=np.int64)
    for view in truth.good_views:
        T_camera_mesh = inverse(view.T_mesh_camera)
        points = transform(T_camera_mesh, sample.points)
        z = np.maximum(points[:, 2], 1e-3)
        u, v = points[:, 0] / z * pinhole.fx + pinhole.cx, points[:, 1] / z * pinhole.fy + pinhole.cy
        distance = np.linalg.norm(points, axis=1)
        cosine = -np.einsum("ij,ij->i", points, rotate(T_camera_mesh, sample.normals)) / distance
        seen = (z >= camera.near_mm) & (z <= far_mm) & (cosine > min_cosine)
        seen &= (u > -0.5) & (u < pinhole.width - 0.5) & (v > -0.5) & (v < pinhole.height - 0.5)
        eye = view.T_mesh_camera[:3, 3]
        there = sample.points[seen]
        hits = scene.cast(np.broadcast_to(eye, there.shape), there - eye)
        counts[np.flatnonzero(seen)[hits.distance > 1.0 - 0.5 / distance[seen]]] += 1
    return counts


def lacking_share(surface: Mesh, T_truth_scan: FloatArray, points: FloatArray, within_mm: float) -> float:
    """Return the share of (N, 3) points of the truth that have no surface within a distance."""
    scene = RayScene(surface)
    return float(np.mean(scene.closest(transform(inverse(T_truth_scan), points)).distance > within_mm))
