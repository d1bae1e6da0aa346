"""Boxes of foam that a foot was pressed into, and recordings of them from above."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import DepthFrame, Mesh, Recording
from scanproc.frames import FloatArray, rigid
from scanproc.open3d_bridge import RayScene
from scanproc.simulation import bodies
from scanproc.simulation.cameras import CAMERAS, scaled
from scanproc.simulation.noise_models import with_noise_model
from scanproc.simulation.render import Body, render
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import noise_of

_HEIGHT_MM = 100.0  # of the box


def impression(foot: Mesh, depth_mm: float = 40.0, step_mm: float = 0.6, margin_mm: float = 20.0) -> Mesh:
    """Return the upper surface of foam that a foot was pressed into, straight down: crushed below all of it.

    Parameters
    ----------
    foot : standing on z = 0; the foam's upper plane is at `depth_mm`.
    """
    low, high = foot.vertices[:, :2].min(axis=0) - margin_mm, foot.vertices[:, :2].max(axis=0) + margin_mm
    columns, rows = (np.arange(a, b, step_mm) for a, b in zip(low, high, strict=True))
    x, y = np.meshgrid(columns, rows, indexing="ij")
    below = np.stack([x.ravel(), y.ravel(), np.full(x.size, -100.0)], axis=1)
    first = RayScene(foot).cast(below, np.broadcast_to([0.0, 0.0, 1.0], below.shape)).distance - 100.0
    vertices = np.column_stack([below[:, :2], np.minimum(first, depth_mm)])
    index = np.arange(x.size, dtype=np.int32).reshape(x.shape)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    return Mesh(vertices, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]))


def recorded_box(foam: Mesh, camera: str, views: int, seed: int, image_scale: float = 1.0) -> Recording:
    """Return depth images of a box of foam on a table, in three rings above it, under realistic noise."""
    low, high = foam.vertices.min(axis=0), foam.vertices.max(axis=0)
    middle = 0.5 * (low + high)
    size = np.array([high[0] - low[0], high[1] - low[1], _HEIGHT_MM - 1.0])
    sides = bodies.box(np.array([middle[0], middle[1], high[2] - 0.5 * _HEIGHT_MM]), size)
    upright = np.ptp(sides.vertices[sides.faces][:, :, 2], axis=1) > 0.0
    scene = bodies.joined(foam, Mesh(sides.vertices, sides.faces[upright]))
    table_mm, target = float(high[2]) - _HEIGHT_MM, np.array([middle[0], middle[1], high[2] - 15.0])
    return recorded_from_above(scene, table_mm, target, (48.0, 62.0, 78.0), camera, views, seed, image_scale)


def recorded_from_above(
    scene: Mesh,
    table_mm: float,
    target: FloatArray,
    rings_deg: tuple[float, ...],
    camera: str,
    views: int,
    seed: int,
    image_scale: float = 1.0,
) -> Recording:
    """Return depth images, under realistic noise, of a thing over a table, in rings round a (3,) target.

    Parameters
    ----------
    rings_deg : elevation of the camera.
    """
    config = with_noise_model(SimulationConfig(camera=camera, noise_model="stereo-real", image_scale=image_scale))  # type: ignore[arg-type]
    kind, noise = CAMERAS[camera], noise_of(config)  # type: ignore[index]
    intrinsics, count = scaled(kind.intrinsics, image_scale), len(rings_deg)
    thing, table, rng = RayScene(scene), RayScene(bodies.floor(table_mm)), np.random.default_rng(seed)
    frames = []
    for view in range(views):
        azimuth = 2.0 * count * np.pi * view / views + rng.normal(0.0, 0.05)
        height = np.radians(rings_deg[count * view // views] + rng.normal(0.0, 2.0))
        away = np.array([np.cos(height) * np.cos(azimuth), np.cos(height) * np.sin(azimuth), np.sin(height)])
        pose = _looking(target + kind.distance_mm * away, target + rng.normal(0.0, 8.0, 3))
        true = render([Body(thing, pose), Body(table, pose)], intrinsics)
        depth = np.rint(noise.measure(true, np.random.default_rng([seed, view])) / kind.depth_unit_mm)
        depth = np.where((depth > 0.0) & (depth < 65535.0), depth, 0.0).astype(np.uint16)
        frames.append(DepthFrame(f"{view:06d}", depth, kind.depth_unit_mm, intrinsics))
    return Recording(tuple(frames))


def _looking(eye: FloatArray, target: FloatArray) -> FloatArray:
    z = (target - eye) / np.linalg.norm(target - eye)
    x = np.cross(z, [0.0, 0.0, 1.0])
    x /= np.linalg.norm(x)
    return rigid(np.stack([x, np.cross(z, x), z], axis=1), eye)
