"""Recordings that went round once: views that nothing but the turn brings together, and those that do not belong."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
import posed
import pytest
from not_feet import pot
from recordings import HELD
from rings import pose_rms_mm, ring

from scanproc.artifacts import CleanViews, Registration, ScanFacts
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, rotation_angle_rad
from scanproc.registration.joint_alignment import NeighbourLimits
from scanproc.registration.judgement import JudgementLimits
from scanproc.registration.pair_statistics import AgreementLimits
from scanproc.registration.sampled_views import whole_and_inner
from scanproc.registration.turntable import EvenSteps, TurntableMotion, register_one_turn
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.register import RegisterConfig, register


def registered(seed: int, **changes: float) -> tuple[Registration, float]:
    made = ring(seed, **changes)  # type: ignore[arg-type]
    found = register(clean(made.recording, CleanConfig()), HELD, RegisterConfig())
    return found, pose_rms_mm(found, made.poses)


def lost(registration: Registration) -> list[int]:
    return [k for k, view in enumerate(registration.views) if not view.accepted]


def test_a_turn_s_poses_go_round_its_axis() -> None:
    direction = np.array([0.0, -0.8, -0.6])
    turn = TurntableMotion(np.array([10.0, 20.0, 400.0]), direction, np.radians([0.0, 45.0, 90.0]))
    for pose, angle in zip(turn.poses(), (0.0, 45.0, 90.0), strict=True):
        np.testing.assert_allclose(pose[:3, :3], rotation_about(direction, np.radians(angle)), atol=1e-12)
        np.testing.assert_allclose(pose[:3, :3] @ turn.point + pose[:3, 3], turn.point, atol=1e-9)


def test_a_change_tilts_shifts_and_turns() -> None:
    turn = TurntableMotion(np.array([10.0, 20.0, 400.0]), np.array([0.0, -1.0, 0.0]), np.radians([0.0, 45.0, 90.0]))
    moved = turn.moved(np.array([0.01, 0.0, 0.02, 0.0, 0.03, 0.0]))
    assert np.arccos(moved.direction @ turn.direction) == pytest.approx(0.01, rel=1e-3)
    assert np.linalg.norm(moved.point - turn.point) == pytest.approx(2.0)
    np.testing.assert_allclose(moved.angles_rad - turn.angles_rad, [0.0, 0.03, 0.0], atol=1e-12)
    assert abs((moved.point - turn.point) @ turn.direction) < 1e-9


def test_derivatives_are_those_of_the_poses() -> None:
    rng = np.random.default_rng(1)
    direction = rng.normal(size=3)
    turn = TurntableMotion(200.0 * rng.normal(size=3), direction / np.linalg.norm(direction), rng.uniform(0.0, 6.0, 4))
    poses, step = turn.poses(), 1e-6
    J = turn.derivatives(poses)
    for k, change in enumerate(step * np.eye(7)):
        there, back = (turn.moved(way * change).poses() @ np.linalg.inv(poses) for way in (1.0, -1.0))
        grows = (there - back) / (2.0 * step)
        turns = np.stack([grows[:, 2, 1], grows[:, 0, 2], grows[:, 1, 0]], axis=1)
        np.testing.assert_allclose(J[:, :3, k], turns, atol=1e-6)
        np.testing.assert_allclose(J[:, 3:, k], grows[:, :3, 3], atol=1e-4)


@pytest.mark.parametrize("crop_mm", [90.0, 200.0])
def test_a_pair_on_a_ring_is_brought_together_at_the_noise_that_was_measured(crop_mm: float) -> None:
    found, rms_mm = registered(1, crop_mm=crop_mm)
    assert lost(found) == []
    assert 0.3 < rms_mm < 2.5


@pytest.mark.slow
def test_nine_of_ten_pairs_are_brought_together_whole() -> None:
    """At the camera's own resolution; the tenth is refused or loses a view, but is not put together wrongly."""
    made = [registered(seed, scale=1.0) for seed in range(1, 11)]
    assert sum(lost(found) == [] and rms_mm < 2.5 for found, rms_mm in made) >= 9
    assert max(rms_mm for _, rms_mm in made) < 4.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 8])
def test_feet_of_somebody_else_are_left_out_where_their_toes_alone_are_seen(seed: int) -> None:
    """They fit the other views from the toes, which draw near: odd is how far off they lie, or what they contradict."""
    found, _ = registered(seed, other=0, scale=1.0)
    assert lost(found) == [0]
    assert any(rule in str(found.views[0].reason) for rule in ("max_others_ratio", "min_consistency"))


@pytest.mark.parametrize("changes", [{"other": 3}, {"large": 5}])
def test_a_view_that_does_not_belong_is_left_out(changes: dict[str, int]) -> None:
    found, rms_mm = registered(3, **changes)
    (odd,) = changes.values()
    assert odd in lost(found)
    assert len(lost(found)) <= 2
    assert rms_mm < 5.0
    assert found.views[odd].reason


@pytest.mark.slow
def test_the_same_views_in_the_other_sense_are_as_well_found() -> None:
    made = ring(4)
    views = clean(made.recording, CleanConfig()).views
    backwards = type(clean(made.recording, CleanConfig()))(tuple(reversed(views)))
    found = register(backwards, HELD, RegisterConfig())
    assert lost(found) == []
    assert pose_rms_mm(found, made.poses[::-1]) < 2.5
    first, second = (found.views[k].T_scan_camera for k in (0, 1))
    assert first is not None and second is not None
    step = inverse(first) @ second
    assert rigid(step[:3, :3], step[:3, 3]) == pytest.approx(step)


@pytest.mark.parametrize("motion", ["turntable", "hand-held"])
def test_a_stated_turntable_brings_together_what_looks_alike_from_all_sides(
    motion: Literal["turntable", "hand-held"],
) -> None:
    """A search lays the views of a pot, round but for its relief, upon each other, and none contradicts."""
    views, cameras = views_of_a_pot()
    found = register(views, ScanFacts(name="pot", motion=motion), RegisterConfig())
    placed = [
        (pose.T_scan_camera, camera)
        for pose, camera in zip(found.views, cameras, strict=True)
        if pose.T_scan_camera is not None
    ]
    steps_deg = [
        np.degrees(rotation_angle_rad((inverse(first) @ second @ inverse(inverse(one) @ other))[:3, :3]))
        for (first, one), (second, other) in pairwise(placed)
    ]
    assert len(placed) >= 6
    assert (max(steps_deg) < 6.0) == (motion == "turntable")
    if motion == "turntable":
        assert lost(found) == []


@cache
def views_of_a_pot() -> tuple[CleanViews, list[FloatArray]]:
    """Return eight views and their T_mesh_camera."""
    config = SimulationConfig(
        path="turntable", camera="d435", views=8, seed=2, distance_mm=350.0, leg_mm=0.0, image_scale=0.6
    )
    made = simulate(pot(relief_mm=2.0), config)
    return clean(made.recording, CleanConfig()), [view.T_mesh_camera for view in made.views]


def test_a_view_without_a_foot_keeps_its_step_of_the_turn() -> None:
    made = ring(1)
    views = list(clean(made.recording, CleanConfig()).views)
    views[3] = replace(views[3], depth_mm=np.zeros_like(views[3].depth_mm))
    found = register(CleanViews(tuple(views)), ScanFacts(name="ring", motion="turntable"), RegisterConfig())
    assert lost(found) == [3]
    assert pose_rms_mm(found, made.poses) < 2.5


def test_a_turn_over_a_floor_lies_in_the_frame_of_that_floor() -> None:
    """Floors pull views towards z = 0: in the first camera's frame they would tear the turn apart."""
    azimuths = range(0, 360, 30)
    clean_views = [posed.view(azimuth, 30.0, "leg", True) for azimuth in azimuths]
    views = whole_and_inner(clean_views, coarse_mm=6.0, fine_mm=3.5, rim_deg=0.7)
    limits = JudgementLimits(4.0, 3.0, 7.0, 1.75, 1.33, 24, 0.1, AgreementLimits(0.2, 0.9, 2.5, 2.0))
    turn = register_one_turn(views, EvenSteps(np.arange(12), 12), NeighbourLimits(10, 90.0, 0.1, 6.0), limits, 0)
    assert turn is not None
    assert sorted(turn.poses) == list(range(12))
    found = posed.errors(turn.poses, {k: posed.pose(azimuth, 30.0) for k, azimuth in enumerate(azimuths)})
    assert found.max() < 0.1
    np.testing.assert_allclose(turn.poses[0][2], posed.pose(0.0, 30.0)[2], atol=0.05)
