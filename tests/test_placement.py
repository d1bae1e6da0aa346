"""Placing views without a first guess: what fits is found, what contradicts is left out."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import leg

from scanproc.artifacts import CleanView, DepthFrame, Mesh, Plane, Recording
from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_about, rotation_angle_rad, transform
from scanproc.geometry.agreement import Agreement, agree, together
from scanproc.geometry.placement import PreparedView, SearchLimits, levelling, place_more, place_views, prepare
from scanproc.geometry.yaw_search import best_placements, occupancy_spectrum, yaw_spectra
from scanproc.open3d_bridge import RayScene
from scanproc.simulation.bodies import box, floor
from scanproc.simulation.cameras import CAMERAS, scaled
from scanproc.simulation.motions import look_at
from scanproc.simulation.render import Body, render
from scanproc.stages.clean import CleanConfig, clean

CAMERA = scaled(CAMERAS["d435"].intrinsics, 0.4)
LIMITS = SearchLimits(
    tolerance_mm=4.0, min_overlap=0.25, min_consistency=0.85, num_yaws=30, num_guesses=3, search_back=4
)
UP = np.array([0.0, 0.0, 1.0])
MIDDLE = np.array([[120.0, 0.0, 60.0]])


def pose(azimuth_deg: float, elevation_deg: float) -> FloatArray:
    """Return T_leg_camera of a camera 380 mm from the middle of the foot."""
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    out = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    return look_at(MIDDLE[0] + 380.0 * out, MIDDLE[0], 0.1)


@cache
def seen(azimuth_deg: float, elevation_deg: float = 30.0, thing: str = "leg") -> CleanView:
    """Return a perfect view of the leg, or of a box, on a floor, cleaned."""
    mesh = leg() if thing == "leg" else box(np.array([120.0, 0.0, 45.0]), np.array([170.0, 80.0, 90.0]))
    T = pose(azimuth_deg, elevation_deg)
    image = render([Body(RayScene(mesh), T), Body(RayScene(floor(0.0)), T)], CAMERA)
    depth = np.where(image.depth_mm < 3000.0, image.depth_mm * 10.0, 0.0).astype(np.uint16)
    frame = DepthFrame(f"{azimuth_deg:g}", depth, 0.1, CAMERA)
    return clean(Recording((frame,)), CleanConfig()).views[0]


@cache
def prepared(azimuth_deg: float, elevation_deg: float = 30.0, thing: str = "leg") -> PreparedView:
    return prepare(seen(azimuth_deg, elevation_deg, thing), 6.0, 3.0)


def leg_above_the_floor(step: int = 7) -> FloatArray:
    return leg().vertices[leg().vertices[:, 2] > 4.0][::step]


# ---------------------------------------------------------------------------------------------------- yaw search


@settings(max_examples=20, deadline=None)
@given(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0), st.floats(-90.0, 90.0))
def test_a_turn_and_a_shift_on_the_floor_are_found(yaw_deg: float, x: float, y: float) -> None:
    check_yaw(yaw_deg, x, y)


def test_a_turn_by_137_deg_is_found() -> None:
    check_yaw(137.0, 60.0, -45.0)


def check_yaw(yaw_deg: float, x: float, y: float) -> None:
    truth = rigid(rotation_about(UP, np.radians(yaw_deg)), np.array([x, y, 0.0]))
    source = leg_above_the_floor()
    target = transform(truth, leg_above_the_floor(5))
    [best, *_] = best_placements(yaw_spectra(source, 30), occupancy_spectrum(target), 3)
    off = inverse(truth) @ best
    assert np.degrees(rotation_angle_rad(off[:3, :3])) < 12.0  # the turns tried are 12 deg apart
    centre = np.array([[*source[:, :2].mean(axis=0), 0.0]])
    assert np.linalg.norm(transform(off, centre) - centre) < 16.0  # two cells
    np.testing.assert_allclose(best[2], [0.0, 0.0, 1.0, 0.0], atol=1e-12)


def test_guesses_are_different_turns() -> None:
    guesses = best_placements(
        yaw_spectra(leg_above_the_floor(), 30), occupancy_spectrum(leg_above_the_floor()), count=4
    )
    yaws = [np.degrees(np.arctan2(T[1, 0], T[0, 0])) for T in guesses]
    assert len(guesses) >= 2
    assert abs(yaws[0]) < 1e-6
    apart = [abs((a - b + 180.0) % 360.0 - 180.0) for i, a in enumerate(yaws) for b in yaws[:i]]
    assert min(apart) >= 24.0 - 1e-6


# ----------------------------------------------------------------------------------------------------- agreement


def surface_in(view: CleanView, T_leg_camera: FloatArray, mesh: Mesh) -> tuple[FloatArray, FloatArray]:
    """Return points and normals of a mesh, camera frame, where they face the camera."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    T = inverse(T_leg_camera)
    points, turned = transform(T, (a + b + c) / 3.0), rotate(T, normals)
    return points, turned


def test_the_truth_agrees_and_a_moved_truth_contradicts() -> None:
    view, T = seen(30.0), pose(30.0, 30.0)
    points, normals = surface_in(view, T, leg())
    there = agree(points, normals, view, 4.0)
    assert 0.3 < there.overlap < 0.6  # the other half faces away
    assert there.consistency > 0.95
    aside = agree(points + np.array([15.0, 0.0, 0.0]), normals, view, 4.0)
    nearer = agree(points - np.array([0.0, 0.0, 12.0]), normals, view, 4.0)
    behind = agree(points + np.array([0.0, 0.0, 10.0]), normals, view, 4.0)
    for moved in (aside, nearer, behind):
        assert moved.consistency < 0.8
        assert moved.contradictions > 5 * there.contradictions
    beside = agree(points + np.array([150.0, 0.0, 0.0]), normals, view, 4.0)  # where nothing of a foot was seen
    assert beside.overlap < 0.1
    assert beside.contradictions > 1000
    far = agree(points + np.array([0.0, 0.0, 3000.0]), normals, view, 4.0)
    assert far.overlap == 0.0
    assert far.consistency == 0.0


def test_points_that_face_away_or_lie_outside_the_image_say_nothing() -> None:
    view, T = seen(30.0), pose(30.0, 30.0)
    points, normals = surface_in(view, T, leg())
    away = agree(points, -normals, view, 4.0)
    assert away.on_surface.mean() < 0.05
    outside = agree(points + np.array([2000.0, 0.0, 0.0]), normals, view, 4.0)
    assert (outside.overlap, outside.contradictions) == (0.0, 0)


def test_views_are_counted_together_by_points() -> None:
    first = Agreement(np.array([True, True, False, False]), 2)
    second = Agreement(np.array([True, False, True, False]), 2)
    both = together([first, second])
    assert both.overlap == 0.75
    assert both.contradictions == 3  # of 4, weighed by 3 points for 4 hits
    assert both.consistency == 0.5
    assert Agreement(np.zeros(0, dtype=bool), 0).overlap == 0.0


# ----------------------------------------------------------------------------------------------------- placement


def test_levelling_puts_a_floor_at_zero() -> None:
    for azimuth in (0.0, 100.0, 250.0):
        view = seen(azimuth)
        assert view.floor is not None
        T = levelling(view.floor) @ inverse(pose(azimuth, 30.0))  # leg frame to level frame
        corners = np.array([[0.0, 0.0, 0.0], [200.0, 0.0, 0.0], [0.0, 200.0, 0.0]])
        np.testing.assert_allclose(transform(T, corners)[:, 2], 0.0, atol=0.1)
        assert transform(T, UP[None])[0, 2] > 0.9


def assert_placed(poses: dict[int, FloatArray], truth: dict[int, FloatArray], turn_deg: float, shift_mm: float) -> None:
    reference = next(iter(poses))
    T = truth[reference] @ inverse(poses[reference])
    for index, found in poses.items():
        off = T @ found @ inverse(truth[index])
        assert np.degrees(rotation_angle_rad(off[:3, :3])) < turn_deg, index
        assert np.linalg.norm(transform(off, MIDDLE) - MIDDLE) < shift_mm, index


def test_views_round_a_standing_foot_are_placed() -> None:
    azimuths = [0.0, 30.0, 60.0, 100.0, 140.0]
    views = {i: prepared(azimuth) for i, azimuth in enumerate(azimuths)}
    poses = place_views(views, LIMITS).poses
    assert sorted(poses) == [0, 1, 2, 3, 4]
    assert_placed(poses, {i: pose(azimuth, 30.0) for i, azimuth in enumerate(azimuths)}, 1.5, 2.5)


def test_views_without_a_floor_are_placed() -> None:
    azimuths = [20.0, 45.0, 70.0, 95.0]
    views = {}
    for i, azimuth in enumerate(azimuths):
        view = seen(azimuth)
        views[i] = prepare(replace(view, floor=None), 6.0, 3.0)
    poses = place_views(views, LIMITS).poses
    assert sorted(poses) == [0, 1, 2, 3]
    assert_placed(poses, {i: pose(azimuth, 30.0) for i, azimuth in enumerate(azimuths)}, 2.0, 3.0)


@pytest.mark.parametrize("azimuth", [10.0, 80.0, 200.0])
def test_another_object_is_not_placed(azimuth: float) -> None:
    views = {i: prepared(30.0 * i) for i in range(4)}
    views[4] = prepared(azimuth, 30.0, "box")
    placed = {i: pose(30.0 * i, 30.0) for i in range(4)}
    placement = place_more(views, placed, LIMITS, [4])
    assert sorted(placement.poses) == [0, 1, 2, 3]
    assert all(placement.poses[i] is placed[i] for i in placed)  # those that have a place keep it
    [(index, fit)] = placement.misses.items()
    assert index == 4
    assert fit.consistency < LIMITS.min_consistency or fit.overlap < LIMITS.min_overlap


def test_a_bad_first_view_does_no_harm() -> None:
    views = {0: prepared(10.0, 30.0, "box"), **{1 + i: prepared(30.0 * i) for i in range(4)}}
    poses = place_views(views, LIMITS).poses
    assert sorted(poses) == [1, 2, 3, 4]
    assert_placed(poses, {1 + i: pose(30.0 * i, 30.0) for i in range(4)}, 1.5, 2.5)


def test_a_view_is_thinned_twice_in_its_two_frames() -> None:
    view = prepared(30.0)
    assert view.view.floor is not None
    assert view.coarse.points[:, 2].min() > 0.0  # level
    back = Plane(view.view.floor.normal, view.view.floor.offset_mm).heights(view.fine.points)
    assert back.min() > 0.0  # camera frame
    assert len(view.tiny.points) < len(view.coarse.points) < len(view.fine.points)
