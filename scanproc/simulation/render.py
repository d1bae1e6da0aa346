"""True depth images: rays through pixel centres at integer coordinates, cast at bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Intrinsics
from scanproc.frames import FloatArray, rotate
from scanproc.open3d_bridge import RayScene


@dataclass(frozen=True)
class Body:
    """Something to see, and where it is."""

    scene: RayScene
    T_body_camera: FloatArray


@dataclass(frozen=True)
class TrueImage:
    """What a perfect camera sees.

    Attributes
    ----------
    depth_mm : (H, W) float64, along the camera's z; inf where nothing is seen.
    grazing_rad : (H, W) float64, angle between ray and surface normal, 0 where the surface faces the camera.
    """

    depth_mm: FloatArray
    grazing_rad: FloatArray


def pixel_rays(intrinsics: Intrinsics) -> FloatArray:
    """Return the (H * W, 3) directions of all pixels with z = 1, camera frame: a ray's length is then the depth."""
    u, v = np.meshgrid(np.arange(intrinsics.width), np.arange(intrinsics.height))
    x = (u - intrinsics.cx) / intrinsics.fx
    y = (v - intrinsics.cy) / intrinsics.fy
    return np.stack([x, y, np.ones_like(x)], axis=-1).reshape(-1, 3)


def render(bodies: Sequence[Body], intrinsics: Intrinsics) -> TrueImage:
    """Return the nearest of all bodies in each pixel."""
    rays = pixel_rays(intrinsics)
    lengths = np.linalg.norm(rays, axis=1)
    depth = np.full(len(rays), np.inf)
    cosine = np.ones(len(rays))
    for body in bodies:
        directions = rotate(body.T_body_camera, rays)
        origins = np.broadcast_to(body.T_body_camera[:3, 3], directions.shape)
        hits = body.scene.cast(origins, directions)
        nearer = hits.distance < depth
        towards = np.abs(np.einsum("ij,ij->i", hits.normal, directions)) / lengths
        depth[nearer] = hits.distance[nearer]
        cosine[nearer] = towards[nearer]
    shape = (intrinsics.height, intrinsics.width)
    return TrueImage(depth.reshape(shape), np.arccos(cosine.clip(0.0, 1.0)).reshape(shape))
