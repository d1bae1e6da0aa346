"""Depth images against planes and spheres by formula; pixel centres at integers throughout."""

from __future__ import annotations

import numpy as np
import open3d as o3d
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import plane_depth, rays, sphere_depth

from scanproc.artifacts import BoolArray, DepthFrame, DepthWarp, Intrinsics
from scanproc.depth.images import (
    crop,
    depth_in_range,
    pixel_mm,
    unproject,
    without_flying_pixels,
)
from scanproc.depth.normals import plane_fit_normals
from scanproc.depth.organised_clouds import organise_cloud
from scanproc.depth.view_image import MeasuredPixels, PixelLimits, ViewImage, measured_image
from scanproc.frames import FloatArray, rotation_about

CAMERA = Intrinsics(90, 70, 101.0, 99.0, 43.4, 36.7)
SPHERE_CENTRE, SPHERE_RADIUS = np.array([6.0, -4.0, 420.0]), 90.0


def tilted_plane(tilt_deg: float, about: FloatArray) -> tuple[FloatArray, float]:
    """Return normal, towards the camera, and offset of a plane through (0, 0, 400) that is turned away from it."""
    normal = rotation_about(about, np.radians(tilt_deg)) @ np.array([0.0, 0.0, -1.0])
    return normal, float(normal[2] * 400.0)


def angles_deg(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(np.degrees(2.0 * np.arcsin(np.linalg.norm(a - b, axis=-1) / 2.0)))


# ------------------------------------------------------------------------------------------------------- pixels


@settings(max_examples=50)
@given(st.integers(0, 89), st.integers(0, 69), st.floats(50.0, 2000.0))
def test_a_point_is_seen_at_the_integer_pixel_it_came_from(u: int, v: int, z: float) -> None:
    depth = np.zeros((70, 90), dtype=np.float32)
    depth[v, u] = z
    [[x, y, z32]] = unproject(depth, CAMERA)
    assert z32 == depth[v, u]
    assert CAMERA.fx * x / z32 + CAMERA.cx == pytest.approx(u, abs=1e-9)
    assert CAMERA.fy * y / z32 + CAMERA.cy == pytest.approx(v, abs=1e-9)


def test_pixels_unproject_as_in_open3d() -> None:
    depth = np.random.default_rng(0).uniform(200.0, 900.0, (70, 90)).astype(np.float32)
    depth[::7] = 0.0
    matrix = o3d.camera.PinholeCameraIntrinsic(90, 70, CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy)
    theirs = o3d.geometry.PointCloud.create_from_depth_image(
        o3d.geometry.Image(depth), matrix, depth_scale=1.0, depth_trunc=1e6
    )
    np.testing.assert_allclose(unproject(depth, CAMERA), np.asarray(theirs.points), atol=1e-3)


def test_a_crop_sees_the_same_points() -> None:
    depth = plane_depth(*tilted_plane(30.0, np.array([1.0, 2.0, 0.0])), CAMERA).astype(np.float32)
    inner = np.zeros_like(depth)
    inner[12:55, 20:77] = depth[12:55, 20:77]
    camera = crop(CAMERA, slice(12, 55), slice(20, 77))
    assert (camera.width, camera.height) == (57, 43)
    np.testing.assert_allclose(unproject(depth[12:55, 20:77], camera), unproject(inner, CAMERA), atol=1e-9)


# ------------------------------------------------------------------------------------------------------ normals


@pytest.mark.parametrize("tilt_deg", [0.0, 25.0, 50.0, 70.0])
@pytest.mark.parametrize("radius", [2, 5])
def test_normals_of_a_plane_are_exact(tilt_deg: float, radius: int) -> None:
    normal, offset = tilted_plane(tilt_deg, np.array([1.0, -2.0, 0.0]))
    depth = plane_depth(normal, offset, CAMERA)
    depth = np.where((depth > 0) & (depth < 3000.0), depth, 0.0)
    depth[:30, :40] = 0.0  # at an edge too
    normals = plane_fit_normals(depth.astype(np.float32), CAMERA, radius)
    known = np.linalg.norm(normals, axis=-1) > 0.5
    assert not known[depth == 0].any()
    assert known[depth > 0].mean() > 0.99
    assert angles_deg(normals[known], normal).max() < 0.1


def test_normals_of_a_plane_do_not_mind_noise_more_than_its_window_says() -> None:
    """White noise s in a window of N pixels tilts a plane by s / (width / sqrt(12)) / sqrt(N)."""
    rng = np.random.default_rng(0)
    depth = 400.0 + rng.normal(scale=0.5, size=(70, 90))
    normals = plane_fit_normals(depth.astype(np.float32), CAMERA, 4)[8:-8, 8:-8]
    width_mm = 9 * 400.0 / 100.0
    expected_deg = np.degrees(np.sqrt(2.0) * 0.5 / (width_mm / np.sqrt(12.0)) / 9.0)
    rms_deg = np.sqrt(np.mean(angles_deg(normals, np.array([0.0, 0.0, -1.0])) ** 2))
    assert rms_deg == pytest.approx(expected_deg, rel=0.2)


def test_normals_of_a_sphere() -> None:
    camera = Intrinsics(360, 280, 404.0, 396.0, 173.6, 146.8)
    depth = sphere_depth(SPHERE_CENTRE, SPHERE_RADIUS, camera).astype(np.float32)
    normals = plane_fit_normals(depth, camera, 4)
    v, u = np.nonzero(depth)
    truth = (unproject(depth, camera) - SPHERE_CENTRE) / SPHERE_RADIUS
    errors = angles_deg(normals[v, u], truth)
    points = unproject(depth, camera)
    cosine = -np.einsum("ij,ij->i", truth, points) / np.linalg.norm(points, axis=1)
    facing = cosine > np.cos(np.radians(60.0))
    assert facing.mean() > 0.6
    assert np.median(errors[facing]) < 0.2
    assert np.percentile(errors[facing], 99.0) < 1.0
    # What is seen at a more grazing angle than asked gets no normal, and nothing else loses its own.
    steep = plane_fit_normals(depth, camera, 4, min_cosine=0.5)
    has = steep.any(axis=-1)[v, u]
    assert has[cosine > 0.52].all()
    assert not has[cosine < 0.48].any()
    np.testing.assert_array_equal(steep[v, u][has], normals[v, u][has])


def test_a_lone_pixel_has_no_normal() -> None:
    depth = np.zeros((70, 90), dtype=np.float32)
    depth[30, 40] = 400.0
    depth[50, 10:14] = 400.0  # a line has no plane
    assert not plane_fit_normals(depth, CAMERA, 3).any()


# ------------------------------------------------------------------------------------------------ flying pixels


def flying(depth: FloatArray, jump_mm: float) -> BoolArray:
    return np.asarray((depth > 0) & (without_flying_pixels(depth, jump_mm) == 0))


def test_a_pixel_between_front_and_back_flies_and_both_borders_stay() -> None:
    depth = np.full((20, 30), 600.0, dtype=np.float32)
    depth[5:15, 10:20] = 400.0
    depth[8, 20] = 470.0  # between the front's last column and the back
    depth[4, 13] = 530.0
    assert {(int(v), int(u)) for v, u in np.argwhere(flying(depth, 6.0))} == {(8, 20), (4, 13)}


def test_a_thin_bridge_of_flying_pixels_is_torn_along_its_whole_length() -> None:
    depth = np.full((20, 30), 600.0, dtype=np.float32)
    depth[:, :15] = 400.0
    depth[:, 15] = 500.0  # held up and down, but not from left to right
    marked = flying(depth, 6.0)
    assert marked[:, 15].all()
    assert marked.sum() == 20


def test_a_slope_within_the_jump_is_kept_and_what_is_kept_keeps_its_depth() -> None:
    slope = np.tile(400.0 + 5.0 * np.arange(30, dtype=np.float32), (20, 1))
    slope[:, 25:] = 0.0
    np.testing.assert_array_equal(without_flying_pixels(slope, 6.0), slope)
    assert not without_flying_pixels(slope, 4.0).any()


def test_depth_in_range_is_exact() -> None:
    """In float32, step by step, as all other readers of depth images compute it."""
    steps = np.arange(70 * 90, dtype=np.uint16).reshape(70, 90)
    depth = depth_in_range(steps, np.float32(0.1), 70.0, 500.0)
    exact = steps.astype(np.float32) * np.float32(0.1)
    assert depth.dtype == np.float32
    np.testing.assert_array_equal(depth, np.where((exact >= 70.0) & (exact <= 500.0), exact, 0.0))


def test_the_width_of_a_pixel_is_that_at_the_median_depth() -> None:
    depth = np.zeros((70, 90), dtype=np.float32)
    assert pixel_mm(depth, CAMERA) == 0.0
    depth[:, :28], depth[:, 32:60] = 300.0, 500.0
    depth[:, 60:64] = 303.0
    assert pixel_mm(depth, CAMERA) == pytest.approx(303.0 / CAMERA.fx)


# ------------------------------------------------------------------------------------------------- loose clouds


@pytest.mark.parametrize("arrangement", ["grid", "random"])
def test_an_organised_plane_has_the_depth_of_the_formula(arrangement: str) -> None:
    rng = np.random.default_rng(1)
    normal, offset = tilted_plane(40.0, np.array([1.0, 1.0, 0.0]))
    if arrangement == "grid":
        directions = rays(CAMERA).reshape(-1, 3)
    else:
        directions = np.column_stack([rng.uniform(-0.4, 0.4, (6000, 2)), np.ones(6000)])
    points = directions * (offset / (directions @ normal))[:, None]
    points = points[rng.permutation(len(points))]
    cloud = organise_cloud(points, max_gap=6.0)
    seen = cloud.depth_mm > 0
    assert seen.mean() > (0.95 if arrangement == "grid" else 0.9)  # random points leave wider gaps
    exact = plane_depth(normal, offset, cloud.intrinsics)
    np.testing.assert_allclose(cloud.depth_mm[seen], exact[seen], rtol=1e-6)
    # The colour of a pixel is that of a point at most one triangle away.
    np.testing.assert_array_equal(cloud.source >= 0, seen)
    near = points[cloud.source[seen]]
    apart = np.linalg.norm(near - unproject(cloud.depth_mm, cloud.intrinsics), axis=1)
    pixel_mm = cloud.depth_mm[seen] / cloud.intrinsics.fx / np.cos(np.radians(40.0))
    assert np.percentile(apart / pixel_mm, 99.0) < (1.5 if arrangement == "grid" else 6.0)


def test_a_gap_in_a_cloud_stays_a_gap() -> None:
    seen_along = rays(CAMERA)
    kept = np.ones((70, 90), dtype=bool)
    kept[20:50, 30:60] = False
    kept[5, 5] = False
    cloud = organise_cloud(seen_along[kept] * 400.0, max_gap=4.0)
    centre = unproject(cloud.depth_mm, cloud.intrinsics) / 400.0
    u, v = centre[:, 0] * CAMERA.fx + CAMERA.cx, centre[:, 1] * CAMERA.fy + CAMERA.cy
    in_hole = (u > 30.5) & (u < 58.5) & (v > 20.5) & (v < 48.5)
    assert not in_hole.any()
    assert (np.hypot(u - 5, v - 5) < 1.0).any()  # one missing point is bridged
    assert (cloud.depth_mm > 0).sum() == pytest.approx(kept.sum(), rel=0.05)


@pytest.mark.parametrize("form", ["depth", "warped depth", "cloud"])
def test_an_image_is_had_again_from_the_pixels_that_were_kept(form: str) -> None:
    """To the bit, from a recorded image, from one that a certificate makes straight, and from a cloud on pixels."""
    rng = np.random.default_rng(0)
    steps = np.where(rng.random((31, 45)) < 0.7, rng.normal(4000.0, 40.0, (31, 45)), rng.integers(0, 12_000, (31, 45)))
    camera = Intrinsics(45, 31, 50.0, 50.0, 22.0, 15.0)
    frame: DepthFrame | ViewImage = DepthFrame("7", steps.astype(np.uint16), 0.1, camera)
    if form == "warped depth":
        frame = DepthFrame("7", steps.astype(np.uint16), 0.1, camera, warp=DepthWarp(rng.normal(0.0, 0.01, (3, 4))))
    if form == "cloud":
        frame = ViewImage("7", (0.1 * steps).astype(np.float32), camera, None, {})
    limits = PixelLimits(100.0, 900.0, 6.0, 3.0)
    image = measured_image(frame, limits)
    again = MeasuredPixels.of(image).image(frame, limits)
    assert 0 < np.count_nonzero(image.depth_mm) < image.counts["in range"] < image.counts["recorded"]
    assert again.depth_mm.tobytes() == image.depth_mm.tobytes() and again.depth_mm.dtype == np.float32
    assert again.counts == image.counts
