"""A pair of feet recorded at the stops of a ring, as clouds cropped to the feet; and how far poses are off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from recordings import leg
from truth import best_fit

from scanproc.artifacts import CloudFrame, Intrinsics, Mesh, Recording, Registration
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.open3d_bridge import RayScene
from scanproc.simulation import bodies
from scanproc.simulation.cameras import scaled
from scanproc.simulation.motions import look_at
from scanproc.simulation.noise_models import DepthNoise
from scanproc.simulation.render import Body, pixel_rays, render
from scanproc.simulation.stereo_real import StereoReal

CAMERA = Intrinsics(848, 480, 385.0, 385.0, 425.9, 237.1)  # that the noise was measured with
RING_MM, BASELINE_MM = 490.0, 50.0
ABOVE_FLOOR_MM = 4.0  # below, points were cut away with the floor


@dataclass(frozen=True)
class RingCamera:
    """A camera on a ring: how far from the feet, its noise, and the step that it rounds depth to."""

    intrinsics: Intrinsics
    noise: DepthNoise
    ring_mm: float = RING_MM
    depth_unit_mm: float = 1.0


@dataclass(frozen=True)
class Ring:
    """A recording, T_room_camera of each stop, the feet, and the stops at which something else stood there."""

    recording: Recording
    poses: list[FloatArray]
    feet: Mesh
    planted: dict[int, str]


def measured_camera(scale: float, rim_px: float) -> RingCamera:
    """Return the camera that the noise was measured with, its image so much smaller."""
    intrinsics = scaled(CAMERA, scale)
    return RingCamera(intrinsics, StereoReal(intrinsics.fx * BASELINE_MM, pixel_scale=scale, rim_px=rim_px))


def ring(
    seed: int,
    stops: int = 8,
    scale: float = 0.5,
    crop_mm: float = 130.0,
    other: int | None = None,
    large: int | None = None,
    camera: RingCamera | None = None,
    gap_mm: float = 60.0,
    rim_px: float = 0.8,
) -> Ring:
    """Record two feet of 250 mm under realistic noise, the camera off each stop by about 1 degree and 2.5 mm.

    Parameters
    ----------
    crop_mm : height above which the legs were cut away; the floor was, too.
    gap_mm : between the feet.
    rim_px : see `StereoReal`; 0 as if rims did not err.
    other, large : stop at which other feet stand there, or these are 15 % too large.
    camera : the one that the noise was measured with at `scale`, if none is given.
    """
    camera = camera or measured_camera(scale, rim_px)
    rng = np.random.default_rng(seed)
    feet = bodies.standing_pair(of_length(leg(), 250.0), gap_mm, 6.0)
    strange = bodies.standing_pair(narrow(of_length(leg(), 262.0)), 60.0, 6.0)
    middle = np.array([125.0, 0.0, 50.0])
    rays = pixel_rays(camera.intrinsics)
    clouds, poses = [], []
    for stop in range(stops):
        azimuth, elevation = 2.0 * np.pi * stop / stops, np.radians(25.0)
        out = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        jitter = rigid(
            rotation_about(rng.standard_normal(3), np.radians(rng.standard_normal())), 1.4 * rng.standard_normal(3)
        )
        pose = look_at(middle + camera.ring_mm * out, middle) @ jitter
        there = strange if stop == other else tuple(grown(foot, middle) for foot in feet) if stop == large else feet
        image = render([Body(RayScene(foot), pose) for foot in there], camera.intrinsics)
        measured = camera.noise.measure(image, np.random.default_rng([seed, stop])).ravel()
        depth = camera.depth_unit_mm * np.rint(measured / camera.depth_unit_mm)
        points = rays[depth > 0] * depth[depth > 0][:, None]
        height = transform(pose, points)[:, 2]
        clouds.append(CloudFrame(f"{stop:06d}", points[(height > ABOVE_FLOOR_MM) & (height < crop_mm)]))
        poses.append(pose)
    planted = {stop: name for stop, name in ((other, "other feet"), (large, "too large")) if stop is not None}
    return Ring(Recording(tuple(clouds)), poses, bodies.joined(*feet), planted)


def of_length(foot: Mesh, length_mm: float) -> Mesh:
    low = foot.vertices[foot.vertices[:, 2] < 60.0]
    return Mesh(foot.vertices * (length_mm / np.ptp(low[:, 0])), foot.faces)


def narrow(foot: Mesh) -> Mesh:
    return Mesh(foot.vertices * np.array([1.0, 0.85, 0.9]), foot.faces)


def grown(foot: Mesh, middle: FloatArray) -> Mesh:
    return Mesh(middle + 1.15 * (foot.vertices - middle), foot.faces)


def pose_rms_mm(registration: Registration, poses: list[FloatArray]) -> float:
    """Return the RMS distance by which the accepted views move the feet off their place, after the best common fit."""
    feet = np.random.default_rng(0).uniform([0.0, -110.0, 0.0], [250.0, 110.0, 100.0], (300, 3))
    placed = [
        transform(view.T_scan_camera @ inverse(pose), feet)
        for view, pose in zip(registration.views, poses, strict=True)
        if view.T_scan_camera is not None
    ]
    there, truth = np.vstack(placed), np.tile(feet, (len(placed), 1))
    off = transform(best_fit(there, truth), there) - truth
    return float(np.sqrt((off**2).sum(axis=1).mean()))
