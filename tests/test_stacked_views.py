"""Views end to end in flat arrays, and the points picked from them: where the camera saw them, evenly spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pictures import plane_depth, rays
from posed import CAMERA, floor_seen_from, pose, prepared, seen, view

from scanproc.artifacts import CleanView, Intrinsics, Plane
from scanproc.frames import FloatArray, inverse, transform
from scanproc.registration.sampled_views import levelling
from scanproc.registration.stacked_views import sample, stack_images

SLOPE = np.array([0.3, -0.2, -1.0]) / np.linalg.norm([0.3, -0.2, -1.0])


def slope(camera: Intrinsics, offset_mm: float = -380.0) -> CleanView:
    """Return the view of a tilted plane that fills the image."""
    depth = plane_depth(SLOPE, offset_mm, camera)
    return seen(depth, np.broadcast_to(SLOPE, (*depth.shape, 3)), camera)


def test_pixels_lie_image_after_image_row_after_row() -> None:
    views = [view(30.0), slope(Intrinsics(64, 40, 50.0, 51.0, 30.5, 20.25)), view(70.0)]
    images = stack_images(views)
    for number, one in enumerate(views):
        camera = one.intrinsics
        np.testing.assert_array_equal(
            images.cameras[number], [camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy]
        )
        for v, u in ((0, 0), (17, 23), (camera.height - 1, camera.width - 1)):
            pixel = images.first[number] + v * camera.width + u
            assert images.depth_mm[pixel] == one.depth_mm[v, u]
            assert images.past[pixel] == (not one.silhouette[v, u])
            np.testing.assert_array_equal(images.normals[pixel], one.normals[v, u].astype(np.float32))
    assert len(images.depth_mm) == len(images.past) == len(images.normals) == sum(one.depth_mm.size for one in views)
    assert (images.depth_mm.dtype, images.normals.dtype, images.first.dtype) == (np.float32, np.float32, np.int64)


@pytest.mark.parametrize("spacing_mm", [3.0, 6.0, 12.0])
@pytest.mark.parametrize("camera", [CAMERA, replace(CAMERA, cx=3.25, cy=-10.75)])
def test_points_lie_on_the_surface_as_far_apart_as_asked(spacing_mm: float, camera: Intrinsics) -> None:
    one = slope(camera)
    points, normals = sample([one], spacing_mm).of(0)
    np.testing.assert_allclose(points @ SLOPE, -380.0, atol=1e-3)  # float32 depth at true pixel centres
    np.testing.assert_allclose(normals @ SLOPE, 1.0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-12)
    u, v = (points[:, :2] / points[:, 2:] * [camera.fx, camera.fy] + [camera.cx, camera.cy]).T
    np.testing.assert_allclose(np.column_stack([u, v]), np.rint(np.column_stack([u, v])), atol=1e-3)
    steps = np.unique(np.diff(np.unique(np.rint(u))))
    assert len(steps) == 1
    pixel_mm = float(np.median(one.depth_mm)) / camera.fx
    assert steps[0] * pixel_mm == pytest.approx(spacing_mm, abs=0.51 * pixel_mm)


def test_each_view_has_its_points_and_blank_pixels_have_none() -> None:
    half = view(30.0)
    depth = np.where(np.arange(CAMERA.width) < CAMERA.width // 2, half.depth_mm, np.float32(0))
    bare = np.where((half.depth_mm > 0)[..., None] & (np.arange(CAMERA.height) > 96)[:, None, None], half.normals, 0)
    views = [half, replace(half, depth_mm=depth), replace(half, normals=bare.astype(np.float16))]
    samples = sample(views, 6.0)
    whole, left, low = (samples.of(number)[0] for number in range(3))
    assert len(samples.points) == len(samples.normals) == samples.first[-1]
    u, v = (whole[:, :2] / whole[:, 2:] * [CAMERA.fx, CAMERA.fy] + [CAMERA.cx, CAMERA.cy]).T
    np.testing.assert_array_equal(left, whole[np.rint(u) < CAMERA.width // 2])
    np.testing.assert_array_equal(low, whole[np.rint(v) > 96])
    assert 0 < len(left) < len(whole) and 0 < len(low) < len(whole)


# ------------------------------------------------------------------------------------------------------- levelled


@pytest.mark.parametrize("azimuth_deg", [0.0, 100.0, 250.0])
def test_levelling_puts_a_floor_at_zero(azimuth_deg: float) -> None:
    T_leg_camera = pose(azimuth_deg)
    T_level_leg = levelling(floor_seen_from(T_leg_camera)) @ inverse(T_leg_camera)
    corners = np.array([[0.0, 0.0, 0.0], [200.0, 0.0, 0.0], [0.0, 200.0, 0.0], [50.0, 50.0, 70.0]])
    np.testing.assert_allclose(transform(T_level_leg, corners)[:, 2], [0.0, 0.0, 0.0, 70.0], atol=1e-9)


def test_views_are_prepared_once_for_all() -> None:
    views = prepared([view(0.0), view(40.0, stands=False)])
    assert len(views) == 2
    assert views.floors == [views.views[0].floor, None]
    np.testing.assert_array_equal(views.T_level_camera[1], np.eye(4))
    floor = views.floors[0]
    assert isinstance(floor, Plane)
    np.testing.assert_allclose(views.T_level_camera[0][:3, :3] @ floor.normal, [0.0, 0.0, 1.0], atol=1e-12)
    for number in range(2):
        coarsest, coarse, fine = (len(one.of(number)[0]) for one in (views.coarsest, views.coarse, views.fine))
        assert 3.0 < coarse / coarsest < 8.0  # twice as far apart, both ways, but for whole pixels
        assert fine > coarse
    heights: FloatArray = transform(views.T_level_camera[0], views.fine.of(0)[0])[:, 2]
    assert -0.1 < heights.min() < 15.0
    assert 150.0 < heights.max() < 301.0


def test_rays_of_the_tests_are_those_of_the_samples() -> None:
    one = slope(CAMERA)
    points, _ = sample([one], 2.0).of(0)
    assert len(points) == one.depth_mm.size  # every pixel
    seen_there = rays(CAMERA) * one.depth_mm[..., None]
    np.testing.assert_allclose(points.reshape(seen_there.shape), seen_there, rtol=1e-6)


def test_a_strip_narrower_than_the_spacing_has_points() -> None:
    one = slope(CAMERA)
    for first in range(8):
        own = (np.arange(CAMERA.width) >= 40 + first) & (np.arange(CAMERA.width) < 43 + first)
        strip = replace(one, depth_mm=np.where(own, one.depth_mm, np.float32(0)))
        points, normals = sample([strip, one], 25.0).of(0)
        assert 0 < len(points) == len(normals)
        u = points[:, 0] / points[:, 2] * CAMERA.fx + CAMERA.cx
        assert (own[np.rint(u).astype(int)]).all()
        np.testing.assert_allclose(points @ SLOPE, -380.0, atol=1e-3)
