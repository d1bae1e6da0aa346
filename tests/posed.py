"""Perfect views of a known leg, or of anything else, from known poses: no noise, no cleaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from recordings import leg
from scipy import ndimage

from scanproc.artifacts import CleanView, Intrinsics, Mesh, Plane
from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_about, rotation_angle_rad, transform
from scanproc.open3d_bridge import RayScene
from scanproc.registration.sampled_views import SampledViews, sample_views
from scanproc.simulation.bodies import box, mirrored, with_bent_ankle
from scanproc.simulation.cameras import CAMERAS, scaled
from scanproc.simulation.motions import look_at
from scanproc.simulation.render import pixel_rays

CAMERA = scaled(CAMERAS["d435"].intrinsics, 0.4)
MIDDLE = np.array([120.0, 0.0, 60.0])
UP = np.array([0.0, 0.0, 1.0])

_MARGIN_PX = 3  # of silhouettes round what is seen


#: Meshes to look at; the leg leans as that of a person who shifts the weight during the recording.
THINGS: dict[str, Callable[[], Mesh]] = {
    "leg": leg,
    "leaning": lambda: with_bent_ankle(leg(), np.radians(2.0)),
    "bent": lambda: with_bent_ankle(leg(), np.radians(15.0)),
    "right": lambda: mirrored(leg()),
    "box": lambda: box(np.array([120.0, 0.0, 45.0]), np.array([170.0, 80.0, 90.0])),
}


@cache
def _scene(name: str) -> RayScene:
    return RayScene(THINGS[name]())


def pose(azimuth_deg: float, elevation_deg: float = 30.0, away_mm: float = 380.0) -> FloatArray:
    """Return T_leg_camera of a camera at a distance from the middle of the foot, slightly rolled."""
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    out = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    return look_at(MIDDLE + away_mm * out, MIDDLE, 0.1)


@cache
def view(
    azimuth_deg: float, elevation_deg: float = 30.0, name: str = "leg", stands: bool = True, away_mm: float = 380.0
) -> CleanView:
    """Return what a perfect camera sees of a thing; the floor is z = 0, but leaves no pixels."""
    T_leg_camera = pose(azimuth_deg, elevation_deg, away_mm)
    rays = pixel_rays(CAMERA)
    hits = _scene(name).cast(np.broadcast_to(T_leg_camera[:3, 3], rays.shape).copy(), rays @ T_leg_camera[:3, :3].T)
    normals = rotate(inverse(T_leg_camera), hits.normal)
    facing = np.isfinite(hits.distance) & (np.einsum("ij,ij->i", normals, rays) < -0.25 * np.linalg.norm(rays, axis=1))
    return seen(
        np.where(facing, hits.distance, 0.0), np.where(facing[:, None], normals, 0.0), CAMERA,
        floor=floor_seen_from(T_leg_camera) if stands else None, name=f"{name} {azimuth_deg:g}",
    )  # fmt: skip


def seen(
    depth_mm: FloatArray, normals: FloatArray, camera: Intrinsics, floor: Plane | None = None, name: str = "view"
) -> CleanView:
    """Return a view of H * W depths and normals; 3 px beside what it shows, the camera looked past it."""
    shape = (camera.height, camera.width)
    depth = np.asarray(depth_mm, dtype=np.float32).reshape(shape)
    silhouette = ndimage.binary_dilation(depth > 0.0, iterations=_MARGIN_PX)
    return CleanView(name, depth, normals.reshape(*shape, 3).astype(np.float16), silhouette, camera, floor, {})


def floor_seen_from(T_leg_camera: FloatArray) -> Plane:
    """Return the plane z = 0 in the camera's frame."""
    normal = T_leg_camera[2, :3].copy()
    return Plane(normal, -float(T_leg_camera[2, 3]))


def prepared(views: Sequence[CleanView]) -> SampledViews:
    return sample_views(views, coarse_mm=6.0, fine_mm=3.5)


def motion(angle_deg: float, shift_mm: float, seed: int) -> FloatArray:
    """Return a turn about a random axis through the middle of the foot, and a shift in a random direction."""
    rng = np.random.default_rng(seed)
    turn = rotation_about(rng.standard_normal(3), np.radians(angle_deg))
    shift = rng.standard_normal(3)
    return rigid(turn, MIDDLE - turn @ MIDDLE + shift_mm * shift / np.linalg.norm(shift))


def off(found: FloatArray, truth: FloatArray) -> tuple[float, float]:
    """Return by how many degrees a T_leg_x is off, and by how many mm at the middle of the foot."""
    apart = found @ inverse(truth)
    moved = float(np.linalg.norm(transform(apart, MIDDLE[None]) - MIDDLE))
    return float(np.degrees(rotation_angle_rad(apart[:3, :3]))), moved


def errors(poses: Mapping[int, FloatArray], truth: Mapping[int, FloatArray]) -> FloatArray:
    """Return (N, 2) degrees and mm by which poses in a common frame of their own are off, relative to the first."""
    first = next(iter(poses))
    T_leg_common = truth[first] @ inverse(poses[first])
    return np.array([off(T_leg_common @ found, truth[index]) for index, found in poses.items()])


@cache
def points_of_leg(seed: int, count: int = 4000) -> tuple[FloatArray, FloatArray]:
    """Return points spread evenly over the whole leg, and the normals of their faces."""
    rng = np.random.default_rng(seed)
    a, b, c = (leg().vertices[leg().faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    areas = np.linalg.norm(normals, axis=1)
    chosen = rng.choice(len(areas), size=count, p=areas / areas.sum())
    u, v = rng.random((2, len(chosen), 1))
    u, v = np.where(u + v > 1.0, 1.0 - u, u), np.where(u + v > 1.0, 1.0 - v, v)
    points = a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]
    return points, normals[chosen] / areas[chosen, None]
