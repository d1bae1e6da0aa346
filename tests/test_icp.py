"""Alignment of points sampled from a known leg: the motion that was put in must come out."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from scanproc.artifacts import Mesh, Plane
from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_about, rotation_angle_rad, transform
from scanproc.geometry.icp import ThinCloud, align_jointly, align_pair, residuals, thin
from scanproc.ply import read_ply

TRUTH = Path(__file__).parents[1] / "scans" / "demo" / "truth" / "mesh.ply"
GATES_MM = (15.0, 10.0, 6.0, 3.0)
MIDDLE = np.array([120.0, 0.0, 60.0])


@cache
def leg() -> Mesh:
    return read_ply(TRUTH.read_bytes())[0]


@cache
def sampled(seed: int, noise_mm: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Return points spread evenly over the leg, and the normals of their faces."""
    rng = np.random.default_rng(seed)
    a, b, c = (leg().vertices[leg().faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    areas = np.linalg.norm(normals, axis=1)
    chosen = rng.choice(len(areas), size=60_000, p=areas / areas.sum())
    u, v = rng.random((2, len(chosen), 1))
    u, v = np.where(u + v > 1.0, 1.0 - u, u), np.where(u + v > 1.0, 1.0 - v, v)
    points = a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]
    directions = normals[chosen] / areas[chosen, None]
    return points + noise_mm * rng.standard_normal((len(points), 1)) * directions, directions


def cloud(seed: int, T_cloud_leg: FloatArray, towards: FloatArray | None = None, noise_mm: float = 0.0) -> ThinCloud:
    """Return the leg in another frame, thinned to 3 mm; only the side that faces the direction `towards`."""
    points, normals = sampled(seed, noise_mm)
    if towards is not None:
        facing = normals @ towards > 0.1
        points, normals = points[facing], normals[facing]
    return thin(transform(T_cloud_leg, points), rotate(T_cloud_leg, normals), 3.0)


def motion(angle_deg: float, shift_mm: float, seed: int) -> FloatArray:
    """Return a turn about a random axis through the middle of the foot, and a shift in a random direction."""
    rng = np.random.default_rng(seed)
    turn = rotation_about(rng.standard_normal(3), np.radians(angle_deg))
    shift = rng.standard_normal(3)
    return rigid(turn, MIDDLE - turn @ MIDDLE + shift_mm * shift / np.linalg.norm(shift))


def error(T: FloatArray, truth: FloatArray) -> tuple[float, float]:
    """Return by how many degrees a pose is off, and by how many mm at the middle of the foot."""
    off = inverse(truth) @ T
    moved = transform(T, MIDDLE[None]) - transform(truth, MIDDLE[None])
    return float(np.degrees(rotation_angle_rad(off[:3, :3]))), float(np.linalg.norm(moved))


# --------------------------------------------------------------------------------------------------------- pairs


@pytest.mark.parametrize(("angle_deg", "shift_mm"), [(0.0, 0.0), (4.0, 5.0), (12.0, 8.0)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_known_motion_is_found(angle_deg: float, shift_mm: float, seed: int) -> None:
    truth = motion(angle_deg, shift_mm, seed)
    found = align_pair(cloud(0, np.eye(4)), cloud(1, truth), np.eye(4), GATES_MM)
    turned, moved = error(found, truth)
    assert turned < 0.05
    assert moved < 0.05


def test_half_a_view_on_the_other_half_is_found_through_noise() -> None:
    truth = motion(6.0, 6.0, 4)
    source = cloud(0, np.eye(4), np.array([0.5, 0.7, 0.5]), noise_mm=0.4)
    target = cloud(1, truth, np.array([0.0, 0.9, 0.4]), noise_mm=0.4)
    found = align_pair(source, target, np.eye(4), GATES_MM)
    turned, moved = error(found, truth)
    assert turned < 0.25
    assert moved < 0.25
    left = residuals(source, target, found, 3.0)
    assert 0.1 < np.sqrt(np.mean(left**2)) < 0.6


def test_level_motion_stays_on_the_floor() -> None:
    truth = rigid(rotation_about(np.array([0.0, 0.0, 1.0]), 0.15), np.array([4.0, -6.0, 0.0]))
    target = cloud(1, truth)
    found = align_pair(cloud(0, np.eye(4)), target, np.eye(4), GATES_MM, level=True)
    np.testing.assert_allclose(found[2], [0.0, 0.0, 1.0, 0.0], atol=1e-12)
    assert max(error(found, truth)) < 0.05


def test_clouds_far_apart_are_left_where_they_are() -> None:
    start = rigid(np.eye(3), np.array([900.0, 0.0, 0.0]))
    found = align_pair(cloud(0, np.eye(4)), cloud(1, np.eye(4)), start, GATES_MM)
    np.testing.assert_array_equal(found, start)
    assert len(residuals(cloud(0, np.eye(4)), cloud(1, np.eye(4)), start, 5.0)) == 0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_the_frame_of_the_target_does_not_matter(seed: int) -> None:
    """In any frame within 1 m the same motion comes out, but for where the voxels' borders fall."""
    rng = np.random.default_rng(seed)
    frame = rigid(Rotation.random(random_state=seed).as_matrix(), rng.uniform(-500.0, 500.0, 3))
    truth = motion(5.0, 5.0, 1)
    found = align_pair(cloud(0, np.eye(4)), cloud(1, frame @ truth), frame, GATES_MM)
    assert max(error(found, frame @ truth)) < 0.06


# ------------------------------------------------------------------------------------------------------ all views

COUNT = 8
EDGES = [(i, (i + 1) % COUNT) if i + 1 < COUNT else (0, i) for i in range(COUNT)]
EDGES += [(i, i + 2) for i in range(COUNT - 2)]


def ring(noise_mm: float = 0.0) -> tuple[list[ThinCloud], list[FloatArray]]:
    """Return what cameras all round the leg see, and their T_leg_camera."""
    clouds, poses = [], []
    for index in range(COUNT):
        azimuth = 2.0 * np.pi * index / COUNT
        towards = np.array([np.cos(azimuth), np.sin(azimuth), 0.5])
        T_leg_camera = rigid(Rotation.random(random_state=index).as_matrix(), MIDDLE + 350.0 * towards)
        clouds.append(cloud(10 + index, inverse(T_leg_camera), towards, noise_mm))
        poses.append(T_leg_camera)
    return clouds, poses


def relative_errors(found: list[FloatArray], truth: list[FloatArray]) -> FloatArray:
    """Return (N, 2) degrees and mm by which each pose is off, relative to the first one."""
    T = truth[0] @ inverse(found[0])
    rows = []
    for pose, right in zip(found, truth, strict=True):
        in_camera = inverse(right) @ T @ pose
        at = transform(inverse(right), MIDDLE[None])
        rows.append([np.degrees(rotation_angle_rad(in_camera[:3, :3])), np.linalg.norm(transform(in_camera, at) - at)])
    return np.array(rows)


@pytest.mark.parametrize("noise_mm", [0.0, 0.5])
def test_a_loop_of_views_is_closed(noise_mm: float) -> None:
    clouds, truth = ring(noise_mm)
    start = [motion(3.0, 4.0, 20 + i) @ pose for i, pose in enumerate(truth)]
    assert relative_errors(start, truth)[1:].min() > 1.0
    found = align_jointly(clouds, start, EDGES, [None] * COUNT, (15.0, 12.0, 10.0, 8.0, 6.0, 4.0, 3.0, 3.0, 3.0))
    errors = relative_errors(found, truth)
    assert errors[:, 0].max() < (0.1 if noise_mm == 0.0 else 0.2)
    assert errors[:, 1].max() < (0.1 if noise_mm == 0.0 else 0.2)


def test_floors_are_pulled_to_zero() -> None:
    clouds, truth = ring()
    up = np.array([0.0, 0.0, 1.0])
    floors: list[Plane | None] = []
    for pose in truth:
        normal = rotate(inverse(pose), up[None])[0]
        floors.append(Plane(normal, float(normal @ transform(inverse(pose), np.zeros((1, 3)))[0])))
    floors[3] = None  # a view without a floor goes with the others
    aside = motion(2.0, 6.0, 5)  # all together
    start = [aside @ motion(1.0, 1.0, 30 + i) @ pose for i, pose in enumerate(truth)]
    found = align_jointly(clouds, start, EDGES, floors, (15.0, 10.0, 8.0, 6.0, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0))
    for pose, right in zip(found, truth, strict=True):
        floor_in_camera = transform(inverse(right), np.array([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0], [0.0, 100.0, 0.0]]))
        assert np.abs(transform(pose, floor_in_camera)[:, 2]).max() < 0.1
    assert relative_errors(found, truth).max() < 0.1
    free = align_jointly(clouds, start, EDGES, [None] * COUNT, (15.0, 8.0, 4.0))
    assert np.abs(transform(free[0] @ inverse(truth[0]), np.zeros((1, 3)))[:, 2]).max() > 1.0  # nothing pulls


def test_the_common_frame_does_not_matter() -> None:
    clouds, truth = ring()
    start = [motion(2.0, 2.0, 40 + i) @ pose for i, pose in enumerate(truth)]
    frame = rigid(Rotation.random(random_state=9).as_matrix(), np.array([120.0, -300.0, 200.0]))
    gates = (10.0, 6.0, 4.0, 3.0, 3.0, 3.0)
    here = align_jointly(clouds, start, EDGES, [None] * COUNT, gates)
    there = align_jointly(clouds, [frame @ pose for pose in start], EDGES, [None] * COUNT, gates)
    for a, b in zip(here, there, strict=True):
        assert max(relative_errors([frame @ here[0], frame @ a], [there[0], b])[1]) < 0.02


# ------------------------------------------------------------------------------------------------------- thinning


def test_thinning_averages_within_voxels() -> None:
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-50.0, 50.0, (40_000, 2)), 1.5 + 0.3 * rng.standard_normal(40_000)])
    thinned = thin(points, np.tile([0.0, 0.0, 1.0], (len(points), 1)), 4.0)
    assert len(thinned.points) == 26 * 26 or len(thinned.points) == 25 * 25 or abs(len(thinned.points) - 650) < 60
    # The mean of about 64 points has an eighth of their noise.
    assert np.std(thinned.points[:, 2]) == pytest.approx(0.3 / 8.0, rel=0.5)
    np.testing.assert_array_equal(thinned.normals, np.tile([0.0, 0.0, 1.0], (len(thinned.points), 1)))
    np.testing.assert_allclose(thinned.centre, thinned.points.mean(axis=0))


def test_thinning_drops_voxels_whose_normals_cancel() -> None:
    points = np.array([[0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [10.1, 0.1, 0.1]])
    normals = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
    thinned = thin(points, normals, 4.0)
    np.testing.assert_array_equal(thinned.points, [[10.1, 0.1, 0.1]])
