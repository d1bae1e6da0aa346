"""Floors by construction: noise, things that stand on them, and flat things that are no floor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanproc.artifacts import Plane
from scanproc.frames import FloatArray, rotation_about
from scanproc.segmentation.floors import FloorLimits, ViewPlanes, find_planes
from scanproc.segmentation.plane_fitting import PlaneFit, fit_plane, ransac_plane, refine_plane

LIMITS = FloorLimits(
    band_mm=4.0,
    min_share=0.08,
    min_spread_mm=40.0,
    min_solid_mm=30.0,
    max_behind=0.03,
    iterations=1000,
    seed=0,
)
# A camera 380 mm away looks 35 deg down: its y axis points down, so the floor's normal towards it is up.
NORMAL = rotation_about(np.array([1.0, 0.0, 0.0]), np.radians(35.0)) @ np.array([0.0, -1.0, 0.0])
CENTRE = np.array([10.0, 20.0, 380.0])


def axes() -> tuple[FloatArray, FloatArray]:
    across = np.array([1.0, 0.0, 0.0])
    return across, np.cross(NORMAL, across)


def patch(
    width_mm: float, depth_mm: float, count: int, height_mm: float = 0.0, noise_mm: float = 0.0, seed: int = 0
) -> FloatArray:
    """Return points of a rectangle on the floor, or at a height over it."""
    rng = np.random.default_rng(seed)
    across, along = axes()
    x, y = rng.uniform(-width_mm / 2, width_mm / 2, count), rng.uniform(-depth_mm / 2, depth_mm / 2, count)
    z = height_mm + rng.normal(scale=noise_mm, size=count) if noise_mm else np.full(count, height_mm)
    return np.asarray(CENTRE + np.outer(x, across) + np.outer(y, along) + np.outer(z, NORMAL))


def box_on_the_floor(count: int, seed: int = 1) -> FloatArray:
    """Return the near faces of a 250 x 90 x 60 mm box that stands off the middle."""
    rng = np.random.default_rng(seed)
    across, along = axes()
    x, y, z = rng.uniform(-20, 230, count), rng.uniform(-80, 10, count), rng.uniform(0, 60, count)
    side = rng.random(count) < 0.5
    z, y = np.where(side, z, 60.0), np.where(side, -80.0, y)
    return np.asarray(CENTRE + np.outer(x, across) + np.outer(y, along) + np.outer(z, NORMAL))


def angle_deg(a: FloatArray, b: FloatArray) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))


def planes_in(points: FloatArray, area_mm2: float, limits: FloorLimits = LIMITS) -> ViewPlanes:
    """Find planes among points each of which stands for an area on the floor's plane where the camera looks."""
    return find_planes(points, area_mm2 * abs(NORMAL @ CENTRE) / CENTRE[2] ** 3, limits)


def found(points: FloatArray, limits: FloorLimits = LIMITS) -> PlaneFit:
    (fit,) = planes_in(points, 500.0 * 400.0 / len(points), limits).background
    return fit


def test_a_noisy_plane_is_recovered() -> None:
    points = patch(500.0, 400.0, 20_000)
    sd = points[:, 2] / 380.0  # mm: noise that grows with depth
    points = points + (np.random.default_rng(0).normal(size=20_000) * sd)[:, None] * NORMAL
    fit = found(points)
    assert angle_deg(fit.plane.normal, NORMAL) < 0.05
    assert fit.plane.offset_mm == pytest.approx(NORMAL @ CENTRE, abs=0.05)
    # A cut at 2.5 standard deviations of what the last cut left settles at 2.3: 97.9 % of the points, RMS 0.93. Where
    # noise is greatest, the band of the search bounds it.
    assert fit.rms_mm == pytest.approx(0.935 * np.sqrt(np.mean(sd**2)), rel=0.02)
    assert fit.num_inliers == pytest.approx(0.979 * 20_000, rel=0.004)


@pytest.mark.parametrize("alike", [1, 25])
def test_the_uncertainty_of_the_tilt_is_that_of_repeats(alike: int) -> None:
    """Also where `alike` neighbours share their noise: as if there were so many fewer points."""
    tilts, sds = [], []
    for seed in range(40):
        points = patch(500.0, 400.0, 250, seed=seed)
        spots = np.random.default_rng(seed).normal(scale=4.0, size=(250, alike, 2))
        across, along = axes()
        near = points[:, None] + spots[..., :1] * across + spots[..., 1:] * along
        noise = np.random.default_rng(1000 + seed).normal(size=(250, 1, 1))
        fit = refine_plane((near + noise * NORMAL).reshape(-1, 3), Plane(NORMAL, float(NORMAL @ CENTRE)), 6.0)
        tilts.append(angle_deg(fit.plane.normal, NORMAL))
        sds.append(fit.tilt_sd_deg)
    true_sd = np.degrees(np.sqrt(12.0 / 250.0 * (1.0 / 500.0**2 + 1.0 / 400.0**2)))  # of the two slopes together
    assert np.sqrt(np.mean(np.square(tilts))) == pytest.approx(true_sd, rel=0.3)
    assert np.mean(sds) == pytest.approx(true_sd, rel=0.2)
    assert np.mean(np.array(tilts) < 2.5 * np.array(sds)) > 0.9


def test_a_plane_of_a_few_spots_has_no_certain_tilt() -> None:
    points = patch(20.0, 20.0, 3, noise_mm=0.1)
    assert refine_plane(points, Plane(NORMAL, float(NORMAL @ CENTRE)), 6.0).tilt_sd_deg == 90.0


def test_the_normal_points_to_the_camera_whatever_the_seed() -> None:
    points = patch(500.0, 400.0, 5000, noise_mm=0.5)
    for seed in range(8):
        fit = found(points, replace(LIMITS, iterations=200, seed=seed))
        assert fit.plane.heights(np.zeros((1, 3)))[0] > 100.0
        assert angle_deg(fit.plane.normal, NORMAL) < 0.1


def test_a_box_on_the_floor_does_not_tilt_it() -> None:
    points = np.vstack([patch(500.0, 400.0, 12_000, noise_mm=0.8), box_on_the_floor(8000)])
    fit = found(points)
    assert angle_deg(fit.plane.normal, NORMAL) < 0.1
    assert fit.plane.offset_mm == pytest.approx(NORMAL @ CENTRE, abs=0.15)
    assert fit.num_inliers < 13_000


def test_a_sole_is_no_floor() -> None:
    """A raised foot from below: 250 x 95 mm, flat to 3 mm. Its sd across is 27 mm."""
    nothing = ViewPlanes((), ())
    assert planes_in(patch(250.0, 95.0, 20_000, noise_mm=1.5), 250.0 * 95.0 / 20_000) == nothing
    assert len(planes_in(patch(250.0, 300.0, 20_000, noise_mm=1.5), 250.0 * 300.0 / 20_000).background) == 1


def test_strips_and_spots_are_no_floor_though_they_reach_far() -> None:
    """The side of a foot and of a leg over it: 45 x 250 and 230 x 35 mm, sd 45 mm along the shorter direction."""
    across, along = axes()
    leg = patch(45.0, 250.0, 9000, noise_mm=1.5)
    foot = patch(230.0, 35.0, 6500, noise_mm=1.5) + 100.0 * along + 95.0 * across
    both = np.vstack([leg, foot])
    assert np.sqrt(np.linalg.eigvalsh(np.cov(both.T))[1]) > LIMITS.min_spread_mm
    assert planes_in(both, (45.0 * 250.0 + 230.0 * 35.0) / len(both)) == ViewPlanes((), ())


def test_a_wide_plane_with_much_beyond_it_is_furniture() -> None:
    scene = np.vstack([patch(500.0, 400.0, 10_000), CENTRE - 60.0 * NORMAL + ball(40.0, 2000)])
    planes = planes_in(scene, 20.0)
    assert (len(planes.background), len(planes.furniture)) == (0, 1)
    few = planes_in(scene[:10_040], 20.0)
    assert (len(few.background), len(few.furniture)) == (1, 0)


def test_the_floor_beyond_the_top_of_a_stool_does_not_make_it_furniture() -> None:
    """Nor does the top hide the floor: a foot stands on either, and both are cut away."""
    top = patch(250.0, 250.0, 6000, height_mm=200.0, noise_mm=0.5)
    planes = planes_in(np.vstack([patch(500.0, 400.0, 4000, noise_mm=0.5), top]), 20.0)
    offsets = sorted(float(fit.plane.offset_mm - NORMAL @ CENTRE) for fit in planes.background)
    assert offsets == pytest.approx([0.0, 200.0], abs=0.2)
    foot_beside = CENTRE + 60.0 * NORMAL + np.array([200.0, 0.0, 0.0]) + ball(40.0, 2000)
    planes = planes_in(np.vstack([patch(500.0, 400.0, 4000, noise_mm=0.5), top, foot_beside]), 20.0)
    assert [fit.plane.offset_mm - NORMAL @ CENTRE for fit in planes.background] == pytest.approx([0.0], abs=0.2)
    assert [fit.plane.offset_mm - NORMAL @ CENTRE for fit in planes.furniture] == pytest.approx([200.0], abs=0.2)


def ball(radius_mm: float, count: int) -> FloatArray:
    points = np.random.default_rng(0).normal(size=(count, 3))
    return np.asarray(radius_mm * points / np.linalg.norm(points, axis=1)[:, None])


def wall(width_mm: float, count: int) -> FloatArray:
    """Return points of a wall, 300 mm high, that stands on the floor behind everything."""
    rng = np.random.default_rng(5)
    across, along = axes()
    x, z = rng.uniform(-width_mm / 2, width_mm / 2, count), rng.uniform(0.0, 300.0, count)
    towards = along if along[2] > 0 else -along
    return np.asarray(CENTRE + 210.0 * towards + np.outer(x, across) + np.outer(z, NORMAL))


def test_a_wall_and_the_floor_before_it_are_both_found() -> None:
    for on_floor, on_wall in ((8000, 12_000), (12_000, 8000)):
        scene = np.vstack([patch(500.0, 400.0, on_floor, noise_mm=0.5), wall(500.0, on_wall), box_on_the_floor(3000)])
        planes = planes_in(scene, 17.0).background
        assert len(planes) == 2
        tilts = sorted(angle_deg(fit.plane.normal, NORMAL) for fit in planes)
        assert tilts[0] < 0.1
        assert tilts[1] == pytest.approx(90.0, abs=0.2)
        assert planes[0].num_inliers > planes[1].num_inliers  # the largest first


def test_the_flat_side_of_a_leg_is_no_wall() -> None:
    scene = np.vstack([patch(500.0, 400.0, 12_000, noise_mm=0.5), wall(90.0, 4000)])
    assert len(planes_in(scene, 16.0).background) == 1


def test_a_few_points_and_a_cloud_without_a_plane_have_no_floor() -> None:
    assert planes_in(patch(500.0, 400.0, 50), 4000.0) == ViewPlanes((), ())
    assert planes_in(CENTRE + ball(90.0, 20_000), 5.0) == ViewPlanes((), ())


def test_a_plane_is_found_among_other_points() -> None:
    rng = np.random.default_rng(0)
    flat = patch(200.0, 200.0, 600)
    points = np.vstack([flat, CENTRE + rng.uniform(-100.0, 100.0, (1400, 3)), np.tile(CENTRE + 50.0, (50, 1))])
    one, two = (ransac_plane(points, 0.5, 500, seed=3) for _ in range(2))
    sign = np.sign(one.normal @ NORMAL)
    assert angle_deg(sign * one.normal, NORMAL) < 1.0
    assert (np.abs(one.heights(points)) < 0.5).sum() >= 550
    assert (one.normal.tobytes(), one.offset_mm) == (two.normal.tobytes(), two.offset_mm)


def test_refining_starts_from_a_rough_plane_and_keeps_its_side() -> None:
    points = np.vstack([patch(500.0, 400.0, 12_000, noise_mm=0.3), box_on_the_floor(4000)])
    rough = rotation_about(np.array([1.0, 0.0, 1.0]), np.radians(1.0)) @ NORMAL
    for sign in (1.0, -1.0):
        fit = refine_plane(points, Plane(sign * rough, sign * float(rough @ CENTRE)), 6.0)
        assert angle_deg(fit.plane.normal, sign * NORMAL) < 0.05
        assert fit.plane.offset_mm == pytest.approx(sign * NORMAL @ CENTRE, abs=0.05)


@settings(max_examples=30)
@given(st.floats(-3.0, 3.0), st.floats(-1.5, 1.5), st.floats(-500.0, 500.0))
def test_a_plane_without_noise_is_exact_in_any_pose(yaw: float, tilt: float, offset: float) -> None:
    turn = rotation_about(np.array([0.0, 0.0, 1.0]), yaw) @ rotation_about(np.array([1.0, 0.0, 0.0]), tilt)
    flat = np.random.default_rng(0).uniform(-100.0, 100.0, (50, 3)) * [1.0, 1.0, 0.0]
    plane = fit_plane(flat @ turn.T + offset * turn[:, 2])
    sign = np.sign(plane.normal @ turn[:, 2])
    np.testing.assert_allclose(sign * plane.normal, turn[:, 2], atol=1e-9)
    assert sign * plane.offset_mm == pytest.approx(offset, abs=1e-6)
