"""What a cropped leg may have hidden: beyond the cut, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.artifacts import Intrinsics
from scanproc.frames import FloatArray, inverse, transform
from scanproc.open3d_bridge import RayScene
from scanproc.segmentation.cropped_borders import hidden_by_crop
from scanproc.simulation.motions import look_at
from scanproc.simulation.render import Body, pixel_rays, render

CAMERA = Intrinsics(320, 240, 300.0, 300.0, 160.0, 120.0)


def tube(radius_mm: float, high_mm: float) -> RayScene:
    from clutter import cylinder

    return RayScene(cylinder(np.zeros(2), radius_mm, 0.0, high_mm, sides=180))


def seen(cut_mm: float, elevation_deg: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what is left of an upright tube below a cut, (H, W) mm, what was there above it, and the camera's pose."""
    elevation = np.radians(elevation_deg)
    eye = np.array([400.0 * np.cos(elevation), 0.0, 60.0 + 400.0 * np.sin(elevation)])
    pose = look_at(eye, np.array([0.0, 0.0, 60.0]))
    depth = render([Body(tube(45.0, 400.0), pose)], CAMERA).depth_mm
    depth = np.where(np.isfinite(depth), depth, 0.0) + 0.3 * np.random.default_rng(0).standard_normal(depth.shape)
    rays = pixel_rays(CAMERA).reshape(*depth.shape, 3)
    height = transform(pose, (rays * depth[..., None]).reshape(-1, 3))[:, 2].reshape(depth.shape)
    there = depth > 10.0
    return np.where(there & (height < cut_mm), depth, 0.0), there & (height >= cut_mm), pose


@pytest.mark.parametrize("elevation_deg", [10.0, 25.0, 45.0])
def test_what_the_leg_hid_is_marked(elevation_deg: float) -> None:
    left, gone, pose = seen(110.0, elevation_deg)
    hidden = hidden_by_crop(left.astype(np.float32), CAMERA)
    # It was marked as far as it reaches: 250 mm beyond the cut.
    axis = transform(inverse(pose), np.array([[0.0, 0.0, 110.0], [0.0, 0.0, 300.0]]))
    rows = axis[:, 1] / axis[:, 2] * CAMERA.fy + CAMERA.cy
    within = gone & (np.indices(left.shape)[0] > max(rows[1], 0.0))
    assert hidden[within].mean() > 0.88  # nearer parts stand out a little at the sides
    above = np.indices(left.shape)[0] < np.flatnonzero(left.any(axis=1)).min()
    assert (hidden & above & ~gone).sum() < 0.15 * gone.sum()


def test_the_outline_of_a_whole_body_is_no_cut() -> None:
    import trimesh

    from scanproc.artifacts import Mesh

    ball = trimesh.creation.icosphere(subdivisions=5, radius=60.0)
    scene = RayScene(Mesh(np.array(ball.vertices), ball.faces.astype(np.int32)))
    depth = render([Body(scene, look_at(np.array([350.0, 0.0, 120.0]), np.zeros(3)))], CAMERA).depth_mm
    assert not hidden_by_crop(np.where(np.isfinite(depth), depth, 0.0).astype(np.float32), CAMERA).any()


def test_an_empty_view_hides_nothing() -> None:
    assert not hidden_by_crop(np.zeros((60, 80), np.float32), CAMERA).any()
