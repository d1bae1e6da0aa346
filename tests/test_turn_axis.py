"""The axis of a turn, from poses whose axis is known; what did not go round one has none."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.frames import FloatArray, rigid, rotation_about
from scanproc.registration.turn_axis import TurnLimits, axis_of_turn, spread_about_axis_deg
from scanproc.simulation.motions import look_at

LIMITS = TurnLimits(max_spread_deg=1.5, max_gap_deg=150.0)
MIDDLE = np.array([100.0, 0.0, 50.0])
FIRST = rigid(rotation_about(np.array([1.0, -2.0, 0.5]), 2.0), np.array([300.0, -70.0, 40.0]))  # T_common_room


def ring(
    stops: int, jitter_deg: float = 0.0, seed: int = 0, arc_deg: float = 360.0, elevation_deg: float = 25.0
) -> dict[int, FloatArray]:
    """Return T_common_camera of the stops of a ring round z of the room, each off by `jitter_deg` in each axis."""
    rng = np.random.default_rng(seed)
    poses = {}
    for stop in range(stops):
        azimuth, elevation = np.radians(arc_deg) * stop / stops, np.radians(elevation_deg)
        out = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        error = np.radians(jitter_deg) * rng.standard_normal(3)
        jitter = rotation_about(error, float(np.linalg.norm(error))) if jitter_deg else np.eye(3)
        poses[2 * stop] = FIRST @ look_at(MIDDLE + 490.0 * out, MIDDLE) @ rigid(jitter, np.zeros(3))
    return poses


def tilts_deg(found: FloatArray) -> FloatArray:
    """Return the (2,) tilts of the room's z against z of the upright frame."""
    up = found[:3, :3] @ FIRST[:3, 2]
    return np.asarray(np.degrees(np.arctan2(up[:2], abs(up[2]))))


@pytest.mark.parametrize(("stops", "elevation_deg"), [(4, 25.0), (8, 25.0), (36, 60.0), (8, -30.0)])
def test_the_axis_of_a_perfect_ring_is_upright(stops: int, elevation_deg: float) -> None:
    found = axis_of_turn(ring(stops, elevation_deg=elevation_deg), LIMITS)
    assert found is not None
    assert np.abs(tilts_deg(found.T_upright_common)).max() < 1e-6
    assert found.vertical.sd_deg < 1e-6
    up = found.T_upright_common[:3, :3] @ FIRST[:3, 2]
    assert up[2] == pytest.approx(np.sign(elevation_deg))  # from where the cameras look down


@pytest.mark.parametrize(("stops", "arc_deg"), [(8, 360.0), (12, 120.0)])
def test_its_uncertainty_is_that_of_jittered_poses(stops: int, arc_deg: float) -> None:
    """With jitter of a degree, its tilts come out as often within k sd as a normal distribution says."""
    errors, sds = [], []
    for seed in range(300):
        found = axis_of_turn(ring(stops, 1.0, seed, arc_deg), TurnLimits(10.0, 300.0))
        assert found is not None
        errors.append(tilts_deg(found.T_upright_common))
        sds.append(found.vertical.sd_deg)
    rms = float(np.sqrt(np.mean(np.square(errors))))
    assert 0.85 < float(np.sqrt(np.mean(np.square(sds)))) / rms < 1.18
    assert 0.2 < rms < 0.7


def test_what_did_not_go_round_once_has_no_axis() -> None:
    assert axis_of_turn(ring(8, arc_deg=180.0), LIMITS) is None  # an arc over a foot has one, a level one
    assert axis_of_turn(ring(8, 5.0), LIMITS) is None  # in hands
    assert axis_of_turn(ring(3), LIMITS) is None
    rng = np.random.default_rng(0)
    anyhow = {k: rigid(rotation_about(rng.standard_normal(3), 3.0 * rng.random()), np.zeros(3)) for k in range(8)}
    assert axis_of_turn(anyhow, LIMITS) is None


def test_how_far_cameras_stray_from_an_axis() -> None:
    """A jitter of so many degrees about each axis is a spread of as much; looks from all over a sphere have no axis."""
    spreads = [spread_about_axis_deg(ring(30, 3.0, seed)) for seed in range(20)]
    assert 2.8 < float(np.mean(spreads)) < 3.2
    directions = np.random.default_rng(0).standard_normal((30, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    assert spread_about_axis_deg({k: look_at(MIDDLE + 400.0 * out, MIDDLE) for k, out in enumerate(directions)}) > 15.0
