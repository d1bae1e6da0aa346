"""Views of a foot among other things, and of every pixel what it truly shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import CleanView, DepthFrame, Mesh, Recording
from scanproc.frames import FloatArray
from scanproc.open3d_bridge import RayScene
from scanproc.simulation.cameras import CAMERAS, CameraName, scaled
from scanproc.simulation.motions import Path, camera_poses
from scanproc.simulation.noise import StereoNoise, measure_depth
from scanproc.simulation.render import Body, render

TARGET = np.array([110.0, 0.0, 60.0])


@dataclass(frozen=True)
class Shown:
    """A recording, the camera poses in the room, and the index of the thing that each pixel shows, (H, W), or -1."""

    recording: Recording
    T_room_camera: list[FloatArray]
    things: list[str]
    shown: list[NDArray[np.int64]]

    def kept_shares(self, view: CleanView, index: int) -> dict[str, float]:
        """Return which share of the measured pixels of each thing a cleaned view keeps, where there are 20 or more."""
        frame = self.recording.frames[index]
        assert isinstance(frame, DepthFrame)
        kept = kept_depth(view, frame) > 0
        shares = {}
        for number, thing in enumerate(self.things):
            measured = (self.shown[index] == number) & (frame.depth > 0)
            if measured.sum() >= 20:
                shares[thing] = float(kept[measured].mean())
        return shares


def kept_depth(view: CleanView, frame: DepthFrame) -> FloatArray:
    """Return the view's depth at its place in the whole image; a crop shifts the principal point by whole pixels."""
    row, column = frame.intrinsics.cy - view.intrinsics.cy, frame.intrinsics.cx - view.intrinsics.cx
    assert abs(row - round(row)) < 1e-9
    whole = np.zeros(frame.depth.shape)
    height, width = view.depth_mm.shape
    whole[round(row) : round(row) + height, round(column) : round(column) + width] = view.depth_mm
    return whole


def show(
    things: Mapping[str, Mesh],
    fixed: Mapping[str, Mesh] | None = None,
    path: Path = "hand-held",
    camera: CameraName = "d435",
    distance_mm: float = 0.0,
    views: int = 8,
    scale: float = 0.4,
    seed: int = 0,
) -> Shown:
    """Record things that stand in the room, and others that are fixed before the camera, in its frame.

    The room's z is up from the floor at 0; `path` only says how the camera is carried round the target.
    """
    fixed = fixed or {}
    lens = CAMERAS[camera]
    intrinsics = scaled(lens.intrinsics, scale)
    poses = camera_poses(path, views, TARGET, distance_mm or lens.distance_mm, np.random.default_rng(seed))
    scenes = {name: RayScene(mesh) for name, mesh in {**things, **fixed}.items()}
    noise = StereoNoise(
        focal_baseline=intrinsics.fx * lens.baseline_mm,
        disparity_px=0.08,
        floor_mm=0.2,
        width_px=7.0,
        flying_share=0.3,
        flying_jump_mm=5.0,
        grazing_deg=(60.0, 85.0),
        hole_share=(0.01, 0.03),
        has_steps=True,
    )
    frames, shown = [], []
    for index, pose in enumerate(poses):
        bodies = {name: Body(scene, pose if name in things else np.eye(4)) for name, scene in scenes.items()}
        alone = np.stack([render([body], intrinsics).depth_mm for body in bodies.values()])
        nearest = np.where(np.isfinite(alone).any(axis=0), alone.argmin(axis=0), -1)
        rng = np.random.default_rng([seed, index])
        depth = measure_depth(render(list(bodies.values()), intrinsics), noise, rng)
        depth[(depth < lens.near_mm) | (depth > lens.far_mm)] = 0.0
        steps = np.rint(depth / lens.depth_unit_mm).clip(0.0, 65535.0).astype(np.uint16)
        frames.append(DepthFrame(f"{index:06d}", steps, lens.depth_unit_mm, intrinsics))
        shown.append(nearest)
    return Shown(Recording(tuple(frames)), poses, list(scenes), shown)


def in_front(mesh: Mesh) -> Mesh:
    """Return a mesh with z up in the frame of a camera that looks down at it."""
    return Mesh(mesh.vertices * np.array([1.0, -1.0, -1.0]), mesh.faces)


def cylinder(center: FloatArray, radius_mm: float, low_mm: float, high_mm: float, sides: int = 48) -> Mesh:
    """Return an upright tube, open at both ends, round a (2,) centre: a leg, a cuff, a pole."""
    angles = 2.0 * np.pi * np.arange(sides) / sides
    ring = center + radius_mm * np.column_stack([np.cos(angles), np.sin(angles)])
    vertices = np.vstack([np.column_stack([ring, np.full(sides, z)]) for z in (low_mm, high_mm)])
    i, j = np.arange(sides), (np.arange(sides) + 1) % sides
    faces = np.vstack([np.column_stack([i, j, j + sides]), np.column_stack([i, j + sides, i + sides])])
    return Mesh(vertices, faces.astype(np.int32))
