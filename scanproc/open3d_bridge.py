"""The only importer of open3d. Arrays in, arrays out; open3d is loaded at the first call (it takes 1.6 s)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, Mesh
from scanproc.frames import FloatArray

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
