"""One view against another: distances, matches and contradictions of planes and spheres by formula, and of a leg."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pictures import plane_depth, rays, sphere_depth
from posed import CAMERA, MIDDLE, motion, off, pose, prepared, seen, view

from scanproc.artifacts import CleanView
from scanproc.depth.rims import RIM_REACH_DEG
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.registration.point_to_plane import apply_step, solve_step
from scanproc.registration.projective_icp import add_normal_equations, count_inliers, facing_points
from scanproc.registration.stacked_views import Images, Samples, stack_images

SLOPE = np.array([0.3, -0.2, -1.0]) / np.linalg.norm([0.3, -0.2, -1.0])
BALL, RADIUS = np.array([10.0, -20.0, 380.0]), 60.0
HERE, ALL = np.eye(4), np.ones(6, dtype=bool)


def slope() -> CleanView:
    depth = plane_depth(SLOPE, -380.0, CAMERA)
    return seen(depth, np.broadcast_to(SLOPE, (*depth.shape, 3)), CAMERA)


def ball() -> CleanView:
    depth = sphere_depth(BALL, RADIUS, CAMERA)
    normals = (rays(CAMERA) * depth[..., None] - BALL) / RADIUS
    return seen(depth, np.where(depth[..., None] > 0.0, normals, 0.0), CAMERA)


def some(points: FloatArray, normals: FloatArray) -> Samples:
    """Return points as the samples of the only view."""
    return Samples(
        np.ascontiguousarray(points, dtype=np.float64),
        np.ascontiguousarray(np.broadcast_to(normals, points.shape), dtype=np.float64),
        np.full(len(points), RIM_REACH_DEG, np.float32),
        np.zeros(len(points)),
        np.array([0, len(points)], dtype=np.int64),
    )


def anywhere_on_the_slope(count: int = 400) -> FloatArray:
    """Return points between pixels on the plane within the image."""
    u, v = np.random.default_rng(0).uniform([5.0, 5.0], [CAMERA.width - 6.0, CAMERA.height - 6.0], (count, 2)).T
    directions = np.column_stack([(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, np.ones(count)])
    return np.asarray(directions * (-380.0 / (directions @ SLOPE))[:, None])


def equations(
    samples: Samples, images: Images, gate_mm: float, T_target_source: FloatArray = HERE
) -> tuple[FloatArray, FloatArray, float, int]:
    """Return H, g, the sum of squares and the number of matches about the middle of the image."""
    H, g = np.zeros((7, 7)), np.zeros(7)
    squares, matches = add_normal_equations(samples, 0, images, 0, T_target_source, HERE, BALL, gate_mm, H, g)
    return H[:6, :6], g[:6], squares, matches


# ------------------------------------------------------------------------------------------------------ equations


def test_points_between_the_pixels_of_a_plane_lie_on_it() -> None:
    """Pixel centres off by half a pixel would put them 0.3 mm off."""
    points = anywhere_on_the_slope()
    H, _, squares, matches = equations(some(points, SLOPE), stack_images([slope()]), 5.0)
    assert matches == len(points)
    assert np.sqrt(squares / matches) < 0.005
    np.testing.assert_array_equal(H, H.T)


@pytest.mark.parametrize(("away_mm", "gate_mm", "found"), [(1.9, 2.0, True), (-1.9, 2.0, True), (2.1, 2.0, False)])
def test_points_farther_off_than_the_gate_are_left_out(away_mm: float, gate_mm: float, found: bool) -> None:
    points = anywhere_on_the_slope() + away_mm * SLOPE
    _, _, squares, matches = equations(some(points, SLOPE), stack_images([slope()]), gate_mm)
    assert matches == (len(points) if found else 0)
    if found:
        assert np.sqrt(squares / matches) == pytest.approx(abs(away_mm), abs=0.01)


@pytest.mark.parametrize("away_mm", [1.9, -1.9])
def test_facing_points_say_how_far_they_lie_off_the_surface(away_mm: float) -> None:
    points, T = anywhere_on_the_slope() + away_mm * SLOPE, motion(20.0, 35.0, seed=4)
    faces = -(points @ SLOPE) / np.linalg.norm(points, axis=1) >= 0.5  # others are seen at a grazing angle
    found = facing_points(some(points, SLOPE), 0, stack_images([slope()]), 0, T, T, 2.0)
    assert 0 < faces.sum() < len(points)
    np.testing.assert_array_equal(found[:, 0], np.flatnonzero(faces))
    np.testing.assert_allclose(found[:, 1:4], transform(T, points[faces]), atol=1e-9)
    np.testing.assert_allclose(found[:, 4:7], np.tile(T[:3, :3] @ SLOPE, (len(found), 1)), atol=1e-3)  # kept as halves
    np.testing.assert_allclose(found[:, 7], away_mm, atol=0.01)
    assert not len(facing_points(some(points, SLOPE), 0, stack_images([slope()]), 0, T, T, 1.8))


@pytest.mark.parametrize(("turned_deg", "found"), [(40.0, True), (50.0, False), (180.0, False)])
def test_points_whose_normals_disagree_are_left_out(turned_deg: float, found: bool) -> None:
    points = anywhere_on_the_slope()
    normal = rotation_about(np.cross(SLOPE, [1.0, 0.0, 0.0]), np.radians(turned_deg)) @ SLOPE
    *_, matches = equations(some(points, normal), stack_images([slope()]), 2.0)
    assert matches == (len(points) if found else 0)


@pytest.mark.parametrize("shift", [(2000.0, 0.0, 0.0), (0.0, -2000.0, 0.0), (0.0, 0.0, -800.0), (0.0, 0.0, 500.0)])
def test_points_outside_the_image_behind_the_camera_or_far_off_are_left_out(shift: tuple[float, ...]) -> None:
    points = anywhere_on_the_slope() + np.array(shift)
    H, g, squares, matches = equations(some(points, SLOPE), stack_images([slope()]), 30.0)
    assert (matches, squares) == (0, 0.0)
    assert not H.any() and not g.any()


def test_only_the_borders_of_the_image_end_it() -> None:
    """Points a third of a pixel within and beyond each border, half a pixel beyond its last pixel centres."""
    u = np.array([-0.4, -0.6, CAMERA.width - 0.6, CAMERA.width - 0.4, 50.0, 50.0, 50.0, 50.0])
    v = np.array([50.0, 50.0, 50.0, 50.0, -0.4, -0.6, CAMERA.height - 0.6, CAMERA.height - 0.4])
    directions = np.column_stack([(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, np.ones(8)])
    points = directions * (-380.0 / (directions @ SLOPE))[:, None]
    for point, inside in zip(points, [True, False] * 4, strict=True):
        assert equations(some(point[None], SLOPE), stack_images([slope()]), 2.0)[3] == inside


def test_one_step_finds_the_height_and_tilt_of_a_plane() -> None:
    points = anywhere_on_the_slope()
    truth = rigid(rotation_about(np.array([1.0, 0.5, 0.2]), 0.004), 0.7 * SLOPE)
    there = transform(inverse(truth), points)
    H, g, *_ = equations(some(there, inverse(truth)[:3, :3] @ SLOPE), stack_images([slope()]), 20.0)
    back = apply_step(HERE, solve_step(H, g, ALL), BALL)
    before, after = there @ SLOPE + 380.0, transform(back, there) @ SLOPE + 380.0
    assert np.abs(before).max() > 1.0
    assert np.abs(after).max() < 0.02  # slides along the plane are not known, and do not matter


def test_one_step_finds_the_shift_of_a_ball() -> None:
    truth = np.array([0.5, -0.3, 0.4])
    points, normals = prepared([ball()]).coarse.of(0)
    H, g, *_ = equations(some(points - truth, normals), stack_images([ball()]), 20.0)
    step = solve_step(H, g, ALL)
    centre = transform(apply_step(HERE, step, BALL), (BALL - truth)[None])[0]
    np.testing.assert_allclose(centre, BALL, atol=0.03)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_some_steps_find_a_known_motion_of_a_leg(seed: int) -> None:
    """In a common frame that is neither camera's; two cameras 25 deg apart."""
    views = prepared([view(40.0), view(65.0)])
    truth, target = pose(40.0), pose(65.0)
    found = motion(0.5, 0.5, seed) @ truth
    for _ in range(4):
        H, g = np.zeros((7, 7)), np.zeros(7)
        squares, matches = add_normal_equations(views.fine, 0, views.images, 1, found, target, MIDDLE, 6.0, H, g)
        found = apply_step(found, solve_step(H[:6, :6], g[:6], ALL), MIDDLE)
    turn_deg, shift_mm = off(found, truth)
    assert turn_deg < 0.08
    assert shift_mm < 0.08
    assert 0.5 < matches / len(views.fine.of(0)[0]) < 0.99  # the rest is hidden from the other camera
    assert np.sqrt(squares / matches) < 0.5


# ------------------------------------------------------------------------------------------------------ judgement

DEPTH = 400.0
FRONTAL = np.array([0.0, 0.0, -1.0])


def wall() -> Images:
    """Return the image of a wall that fills its left half; on the right the camera looked past it, but for a seam."""
    depth = np.where(np.arange(CAMERA.width) < CAMERA.width // 2, DEPTH, 0.0) * np.ones((CAMERA.height, 1))
    return stack_images([seen(depth, np.where(depth[..., None] > 0.0, FRONTAL, 0.0), CAMERA)])


def at(u: float, z: float) -> FloatArray:
    """Return a point in the middle row."""
    return np.array([(u - CAMERA.cx) / CAMERA.fx * z, (90.0 - CAMERA.cy) / CAMERA.fy * z, z])


def judged(point: FloatArray, normal: FloatArray = FRONTAL, tolerance_mm: float = 4.0) -> tuple[int, int, float]:
    """Return hits, contradictions and the mark of one point."""
    mark = np.zeros(1)
    hits, against = count_inliers(some(point[None], normal), 0, wall(), 0, HERE, tolerance_mm, mark)
    return int(hits), int(against), float(mark[0])


HIT, CONTRADICTION, NOTHING = (1, 0, 1.0), (0, 1, 0.0), (0, 0, 0.0)
EDGE = CAMERA.width // 2


@pytest.mark.parametrize(
    ("u", "z", "verdict"),
    [
        (60, DEPTH, HIT),
        (60, DEPTH + 3.8, HIT),
        (60, DEPTH - 3.8, HIT),
        (60, DEPTH - 4.4, CONTRADICTION),  # it would have hidden the wall
        (60, DEPTH - 300.0, CONTRADICTION),
        (60, DEPTH + 4.4, CONTRADICTION),  # just behind it
        (60, DEPTH + 14.0, CONTRADICTION),
        (60, DEPTH + 17.0, NOTHING),  # something else, hidden by the wall
        (60, DEPTH + 300.0, NOTHING),
        (EDGE - 1, DEPTH, HIT),
        (EDGE + 1, DEPTH, NOTHING),  # a reading at the rim may have been dropped
        (EDGE + 3, DEPTH, CONTRADICTION),  # beside the silhouette
        (EDGE + 80, DEPTH + 300.0, CONTRADICTION),
        (-5, DEPTH, NOTHING),
        (CAMERA.width + 3, DEPTH, NOTHING),
        (60, -DEPTH, NOTHING),
    ],
)
def test_a_point_is_seen_or_contradicted_or_proves_nothing(u: float, z: float, verdict: tuple[int, int, float]) -> None:
    assert judged(at(u, z)) == verdict


@pytest.mark.parametrize(("angle_deg", "counts"), [(0.0, True), (55.0, True), (65.0, False), (120.0, False)])
def test_grazing_points_and_those_that_face_away_prove_nothing(angle_deg: float, counts: bool) -> None:
    for u, z, verdict in ((60, DEPTH, HIT), (60, DEPTH - 100.0, CONTRADICTION), (EDGE + 80, DEPTH, CONTRADICTION)):
        towards = -at(u, z) / np.linalg.norm(at(u, z))
        normal = rotation_about(np.cross(towards, [1.0, 0.0, 0.0]), np.radians(angle_deg)) @ towards
        assert judged(at(u, z), normal) == (verdict if counts else NOTHING)


def test_depth_counts_along_the_normal() -> None:
    """Seen at 55 deg, 5 mm of depth at the side of the image are 3.5 mm off the surface."""
    towards = -at(60, DEPTH) / np.linalg.norm(at(60, DEPTH))
    normal = rotation_about(np.cross(towards, [1.0, 0.0, 0.0]), np.radians(55.0)) @ towards
    assert judged(at(60, DEPTH + 5.0), normal) == HIT
    assert judged(at(60, DEPTH + 5.0)) == CONTRADICTION


def test_just_behind_grows_with_the_tolerance() -> None:
    assert judged(at(60, DEPTH + 18.0), tolerance_mm=10.0) == CONTRADICTION
    assert judged(at(60, DEPTH + 22.0), tolerance_mm=10.0) == NOTHING


def test_the_truth_agrees_and_what_was_moved_contradicts() -> None:
    views = prepared([view(30.0), view(60.0)])
    T = inverse(pose(60.0)) @ pose(30.0)
    count = len(views.coarse.of(0)[0])

    def verdict(T_target_source: FloatArray) -> tuple[int, int]:
        marks = np.zeros(count)
        hits, against = count_inliers(views.coarse, 0, views.images, 1, T_target_source, 4.0, marks)
        assert marks.sum() == hits
        return hits, against

    hits, against = verdict(T)
    assert 0.4 < hits / count < 0.9
    assert against < 0.02 * hits
    for shift in ([15.0, 0.0, 0.0], [0.0, 0.0, -12.0], [0.0, 0.0, 10.0]):
        moved_hits, moved_against = verdict(rigid(np.eye(3), np.array(shift)) @ T)
        assert moved_against > 0.2 * moved_hits
        assert moved_against > 10 * against
    assert verdict(rigid(np.eye(3), np.array([150.0, 0.0, 0.0])) @ T)[1] > 0.3 * count
    assert verdict(rigid(np.eye(3), np.array([0.0, 0.0, 3000.0])) @ T)[0] == 0


def test_unknown_normals_of_the_image_match_nothing() -> None:
    points = anywhere_on_the_slope()
    bare = replace(slope(), normals=np.zeros((*slope().depth_mm.shape, 3), dtype=np.float16))
    assert equations(some(points, SLOPE), stack_images([bare]), 5.0)[3] == 0
