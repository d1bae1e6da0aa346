"""The only importer of open3d. Arrays in, arrays out; open3d is loaded at the first call (it takes 1.6 s)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, DepthImage, IntArray, Intrinsics, Mesh
from scanproc.frames import FloatArray, inverse

#: Voxels along the edge of a block, the unit in which the fused space is stored.
BLOCK_VOXELS = 8

_MISS = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True)
class RayHits:
    """First hits of N rays.

    Attributes
    ----------
    distance : (N,) float64, in lengths of the ray's direction; inf where the ray hits nothing.
    face : (N,) int64, -1 where the ray hits nothing.
    normal : (N, 3) float64, unit normal of the face hit, 0 where nothing is hit.
    """

    distance: FloatArray
    face: NDArray[np.int64]
    normal: FloatArray


@dataclass(frozen=True)
class ClosestPoints:
    """The nearest surface point of N points: (N, 3) point, (N,) face and (N,) unsigned distance in mm."""

    point: FloatArray
    face: NDArray[np.int64]
    distance: FloatArray


@dataclass(frozen=True)
class AllHits:
    """Every crossing of every ray: its (H,) ray, (H,) face and (H,) distance in lengths of the ray's direction."""

    ray: NDArray[np.int64]
    face: NDArray[np.int64]
    distance: FloatArray


class RayScene:
    """A mesh to cast rays at and to measure distances from. Single precision: coordinates below 1 m lose < 0.1 um."""

    def __init__(self, mesh: Mesh) -> None:
        import open3d as o3d

        self._scene = o3d.t.geometry.RaycastingScene()
        self._scene.add_triangles(_tensor(mesh.vertices, np.float32), _tensor(mesh.faces, np.uint32))

    def cast(self, origins: FloatArray, directions: FloatArray) -> RayHits:
        """Cast (N, 3) rays from `origins` along `directions` (any length)."""
        answer = self._scene.cast_rays(_tensor(np.hstack([origins, directions]), np.float32))
        face = answer["primitive_ids"].numpy()
        hit = face != _MISS
        normal = np.where(hit[:, None], answer["primitive_normals"].numpy(), 0.0).astype(np.float64)
        return RayHits(
            distance=answer["t_hit"].numpy().astype(np.float64),
            face=np.where(hit, face.astype(np.int64), -1),
            normal=normal,
        )

    def closest(self, points: FloatArray) -> ClosestPoints:
        """Return the nearest surface points of (N, 3) points. Fast near the surface, slow far away."""
        answer = self._scene.compute_closest_points(_tensor(points, np.float32))
        nearest = answer["points"].numpy().astype(np.float64)
        return ClosestPoints(
            point=nearest,
            face=answer["primitive_ids"].numpy().astype(np.int64),
            distance=np.linalg.norm(nearest - points, axis=1),
        )

    def count_crossings(self, origins: FloatArray, directions: FloatArray) -> NDArray[np.int64]:
        """Return how many faces each ray crosses, (N,); odd from inside a closed mesh."""
        counts = self._scene.count_intersections(_tensor(np.hstack([origins, directions]), np.float32))
        return np.asarray(counts.numpy(), dtype=np.int64)

    def all_hits(self, origins: FloatArray, directions: FloatArray) -> AllHits:
        """Return all faces that each of (N, 3) rays crosses, however far away."""
        answer = self._scene.list_intersections(_tensor(np.hstack([origins, directions]), np.float32))
        return AllHits(
            ray=answer["ray_ids"].numpy().astype(np.int64),
            face=answer["primitive_ids"].numpy().astype(np.int64),
            distance=answer["t_hit"].numpy().astype(np.float64),
        )


def _tensor(values: NDArray[Any], dtype: type) -> Any:
    import open3d as o3d

    core: Any = o3d.core  # its type hints know no arrays
    return core.Tensor(np.array(values, dtype=dtype))  # a copy: open3d refuses read-only arrays


@dataclass(frozen=True)
class Cloud:
    """Points of a file: (N, 3) float64 in the file's unit, NaN and infinity kept, and (N, 3) uint8 colours or None."""

    points: FloatArray
    color: ByteArray | None


def read_cloud(path: Path) -> Cloud:
    """Read the points of a PLY or PCD; none, if the file is broken (open3d says so in a log that is silenced here)."""
    import open3d as o3d

    try:
        with o3d.utility.VerbosityContextManager(o3d.utility.VerbosityLevel.Error):
            cloud = o3d.io.read_point_cloud(path, remove_nan_points=False, remove_infinite_points=False)
    except (RuntimeError, MemoryError):
        return Cloud(np.zeros((0, 3)), None)
    color = (
        np.rint(np.nan_to_num(np.asarray(cloud.colors)).clip(0.0, 1.0) * 255.0).astype(np.uint8)
        if cloud.has_colors()
        else None
    )
    return Cloud(np.array(cloud.points, dtype=np.float64), color)


@dataclass(frozen=True)
class PosedImage:
    """A depth image to be fused: (H, W) float32 mm (0 = none), its camera and pose, (H, W, 3) uint8 colour or None."""

    depth_mm: DepthImage
    intrinsics: Intrinsics
    T_scan_camera: FloatArray
    color: ByteArray | None = None


@dataclass(frozen=True)
class FusedMesh:
    """A fused mesh and its (V, 3) uint8 colours, or None where the images had none."""

    mesh: Mesh
    color: ByteArray | None


def fuse(
    images: Sequence[PosedImage], blocks: Sequence[IntArray], voxel_mm: float, truncation: float, min_weight: float
) -> FusedMesh:
    """Fuse depth images into a truncated signed distance field (Curless & Levoy 1996) and return its zero surface.

    Parameters
    ----------
    blocks : (M, 3) int32 for each image, the blocks of `BLOCK_VOXELS` along an edge that it reaches. Every pixel must
        count: open3d's own choice looks at each fourth, and leaves holes in coarse images.
    truncation : in voxels.
    min_weight : number of views that must have seen a voxel.
    """
    import open3d as o3d

    colored = all(image.color is not None for image in images)
    attributes = [("tsdf", o3d.core.float32, 1), ("weight", o3d.core.float32, 1)]
    if colored:
        attributes.append(("color", o3d.core.float32, 3))
    names, dtypes, channels = zip(*attributes, strict=True)
    grid = o3d.t.geometry.VoxelBlockGrid(
        names,
        dtypes,
        channels,
        voxel_size=float(voxel_mm),
        block_resolution=BLOCK_VOXELS,
        block_count=len(np.unique(np.vstack(blocks), axis=0)) + 1,
    )
    for image, near in zip(images, blocks, strict=True):
        camera = image.intrinsics
        # This grid puts pixel centres at + 0.5; ours are at integers.
        pinhole = np.array([[camera.fx, 0, camera.cx + 0.5], [0, camera.fy, camera.cy + 0.5], [0, 0, 1]])
        matrix = _tensor(pinhole, np.float64)
        extrinsic = _tensor(inverse(image.T_scan_camera), np.float64)
        depth = o3d.t.geometry.Image(_tensor(image.depth_mm[..., None], np.float32))
        far = float(image.depth_mm.max()) + 1.0
        coordinates = _tensor(near, np.int32)
        if colored and image.color is not None:
            color = o3d.t.geometry.Image(_tensor(image.color, np.float32))
            grid.integrate(coordinates, depth, color, matrix, matrix, extrinsic, 1.0, far, float(truncation))
        else:
            grid.integrate(coordinates, depth, matrix, extrinsic, 1.0, far, float(truncation))
    if float(grid.attribute("weight").max().item()) <= min_weight:  # open3d raises where there is no surface at all
        return FusedMesh(
            Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)), np.zeros((0, 3), np.uint8) if colored else None
        )
    mesh = grid.extract_triangle_mesh(weight_threshold=float(min_weight))
    vertices = mesh.vertex.positions.numpy().astype(np.float64)
    faces = mesh.triangle.indices.numpy().astype(np.int32)
    colors = np.clip(np.rint(mesh.vertex.colors.numpy()), 0, 255).astype(np.uint8) if colored else None
    return FusedMesh(Mesh(vertices, faces), colors)
