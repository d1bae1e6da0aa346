"""How a device stands: planes of known bodies, level shells and skives, faults that rock; its rounded upper edge."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole
from scipy import ndimage
from sensible import sensible
from test_insole import COARSE, FACTS

from scanproc.artifacts import Check, Feet
from scanproc.design.ground_contact import refuse_bump
from scanproc.design.shape import design
from scanproc.design.sole import scanned_sole
from scanproc.design.solid import build
from scanproc.design.top import designed_top
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.resolve import resolved
from scanproc.proof.finished import Finished
from scanproc.proof.stance import stance_checks
from scanproc.proof.upper_edge import upper_edge_checks
from scanproc.solid.denoising import denoised, smoothing_asked_mm
from scanproc.solid.height_fields import HeightField
from scanproc.solid.resting_plane import planes_under
from scanproc.stages.insole import insole

PREVIEW = replace(COARSE, grid_mm=1.0, mesh_deviation_mm=0.1)


@cache
def finished(**doses: Any) -> Finished:
    config = replace(PREVIEW, **doses)
    foot = analytic_foot(bowl_sole)
    asked = design(foot, resolved(config, foot, FACTS))
    built = build(asked)
    return Finished(built.solid, built.flattened_mm, built.edge_radius_mm, asked)


def stance(done: Finished) -> dict[str, Check]:
    return {check.name: check for check in stance_checks(done)}


def spoiled(done: Finished, change: FloatArray) -> Finished:
    """Return a finished solid whose vertices were moved up by so much, (V,) mm."""
    vertices = done.solid.vertices.copy()
    vertices[:, 2] += change
    return replace(done, solid=replace(done.solid, vertices=vertices))


def test_a_rigid_body_tips_to_the_facet_under_its_load() -> None:
    xy = np.stack(np.meshgrid(np.arange(-20.0, 21.0), np.arange(-10.0, 11.0), indexing="ij"), axis=-1).reshape(-1, 2)
    roof = np.maximum(0.1 * xy[:, 1], -0.05 * xy[:, 1])
    left, right = planes_under(xy, roof, np.array([[0.0, 5.0], [3.0, -5.0]]))
    assert left.slope == pytest.approx([0.0, 0.1], abs=1e-9)
    assert right.slope == pytest.approx([0.0, -0.05], abs=1e-9)


@pytest.mark.parametrize("doses", [{}, {"length": "full"}, {"medial_skive_mm": 4.0, "heel_cup_depth_mm": 18.0}])
def test_without_posts_a_device_stands_level_and_still(doses: dict[str, Any]) -> None:
    found = stance(finished(**doses))
    assert all(check.passed for check in found.values())
    assert max(abs(float(check.got)) for name, check in found.items() if name.startswith("roll")) < 0.3
    assert 0.0 <= float(found["stands_gap_mm"].got) <= 0.05


def test_a_post_rolls_the_device_under_the_heel_by_its_angle() -> None:
    found = stance(finished(rearfoot_post_deg=4.0))
    assert float(found["roll_heel_deg"].got) == pytest.approx(4.0, abs=0.7)
    assert stance(finished(rearfoot_post_deg=4.0, rearfoot_post="valgus"))["roll_heel_deg"].got == pytest.approx(
        -float(found["roll_heel_deg"].got), abs=0.7
    )


@pytest.mark.parametrize("balance", ["inverted", "everted"])
def test_a_foot_that_keeps_its_inclination_stands_with_its_heel_as_low_as_its_front(balance: str) -> None:
    done = finished(cast_balance=balance, balance_deg=4.0, heel_cup_depth_mm=16.0)
    found = stance(done)
    assert found["stands_gap_mm"].passed and abs(float(found["pitch_forefoot_deg"].got)) < 0.1
    x, z = done.solid.vertices[:, 0], done.solid.vertices[:, 2]
    heel, front = z[x < 60.0].min(), z[done.asked.plan.ahead_of_ball(done.solid.vertices[:, :2]) > -25.0].min()
    assert heel == pytest.approx(front, abs=0.05)


def test_a_hollow_gets_its_depth_back_behind_the_front_platform_without_a_step() -> None:
    """On a flat sole that stands on the ground nothing is left of it beside the platform; far behind it is whole."""
    foot = analytic_foot(bowl_sole)
    without, hollow = (
        designed_top(scanned_sole(foot, rx), rx).field
        for rx in (resolved(replace(PREVIEW, groove_mm=mm), foot, FACTS) for mm in (0.0, 2.0))
    )
    depth = without.z - hollow.z
    ahead = hollow.nodes()[:, 0].reshape(depth.shape) > 0.45 * 250.0  # behind, the groove itself ends
    assert depth.max() == pytest.approx(2.0, abs=0.1)
    assert np.abs(np.diff(np.where(ahead, depth, np.nan), axis=0))[ahead[1:] & ahead[:-1]].max() < 0.25  # in 1 mm


def bump_mm(low_mm: float, x: float) -> tuple[FloatArray, FloatArray]:
    """Return an underside, level under heel and front end, with a bar between them so much lower."""
    xy = np.stack(np.meshgrid(np.arange(0.0, 180.0), np.arange(-30.0, 31.0), indexing="ij"), axis=-1).reshape(-1, 2)
    return xy, np.where(np.abs(xy[:, 0] - x) < 4.0, -low_mm, 0.0)


@pytest.mark.parametrize(("low_mm", "x"), [(0.05, 85.0), (1.0, 85.0), (1.0, 120.0)], ids=["low", "heel", "front"])
def test_what_rocks_on_a_bump_is_refused_and_told_what_to_do(low_mm: float, x: float) -> None:
    """Behind the middle it lifts the heel off the ground, ahead of it the front end."""
    done = finished(cuboid_relief_mm=1.0)
    xy, z = bump_mm(low_mm, x)
    if low_mm < 0.1:
        refuse_bump(done.asked.plan, xy, z, np.full(len(z), 3.0), done.rx)
        return
    with pytest.raises(ScanError, match=r"rule stands-still: .*; set insole\.cuboid_relief_mm = 0\.8, or"):
        refuse_bump(done.asked.plan, xy, z, np.full(len(z), 3.0), done.rx)
    refuse_bump(done.asked.plan, xy, z, np.full(len(z), 3.0), done.rx.changed(level_front=False))


@pytest.mark.parametrize("roll_deg", [0.7, 2.5])
def test_a_device_that_rolls_fails_beyond_its_bound(roll_deg: float) -> None:
    done = finished()
    inclined = np.tan(np.deg2rad(roll_deg)) * done.solid.vertices[:, 1]
    roll = stance(spoiled(done, inclined))["roll_forefoot_deg"]
    assert abs(float(roll.got)) == pytest.approx(roll_deg, abs=0.1)
    assert roll.passed == (roll_deg < 1.5)


@pytest.mark.parametrize("foot_mm", [0.02, 0.4])
def test_a_front_end_that_stands_off_the_bench_fails(foot_mm: float) -> None:
    done = finished()
    x, low = done.solid.vertices[:, 0] / done.asked.plan.length_mm, done.solid.vertices[:, 2].min() - foot_mm
    keel = (x > 0.3) & (x < 0.35)  # a bump below the arch, on which the device rocks
    down = np.where(keel, np.minimum(low - done.solid.vertices[:, 2], 0.0), 0.0)
    assert stance(spoiled(done, down))["stands_gap_mm"].passed == (foot_mm < 0.05)


def test_what_follows_the_foot_in_front_is_told_and_not_judged() -> None:
    found = stance(finished(level_front=False))
    assert "stands_gap_mm" not in found
    assert {check.rule for check in found.values()} == {"told"}


@pytest.mark.parametrize("radius", [0.6, 1.0])
def test_the_upper_edge_is_as_round_as_asked(radius: float) -> None:
    (check,) = upper_edge_checks(finished(rim_radius_mm=radius))
    assert check.passed
    assert float(check.got) == pytest.approx(radius, abs=0.15)
    sharp = replace(finished(rim_radius_mm=radius), solid=finished(rim_radius_mm=0.0).solid)
    assert not upper_edge_checks(sharp)[0].passed


def test_the_upper_edge_is_round_at_the_front_ends_corners_too() -> None:
    """Where the border rises steeply its edge is sharper than square: half a millimetre of height is given for it."""
    asked = finished().asked
    assert asked.rim is not None
    front = asked.plan.ahead_of_ball(asked.rim.outline) > -25.0
    assert asked.rim.radius_mm[front].min() > 0.2
    assert asked.rim.raised(asked.rim.outline).max() < 1.3


@pytest.mark.parametrize("raises", ["varus", "valgus"])
def test_a_forefoot_post_ends_on_the_wall_and_not_in_an_upright_side(raises: str) -> None:
    """The foot is a bowl: right across its front end the post's planes lie far below the border."""
    asked = finished(forefoot_post_deg=6.0, forefoot_post=raises).asked
    outline, along = asked.outline, asked.plan.ahead_of_ball(asked.outline)
    beside = outline[(along > -30.0) & (along < -16.0)]
    assert asked.even is not None
    lowered = asked.even.bottom.at(beside) - asked.underside.applied(beside, asked.even.bottom.at(beside))
    assert lowered.max() < 0.8
    assert max(platform.ridge_z for platform in asked.underside.platforms) < asked.even.bottom.at(beside).min()


def test_a_sharp_edge_is_made_where_it_is_asked() -> None:
    assert upper_edge_checks(finished(rim_radius_mm=0.0)) == ()


def noisy_sole(noise_mm: float) -> tuple[HeightField, FloatArray]:
    """Return a heel-like form with noise that is correlated over 4 mm, as cameras', and the form."""
    grid = HeightField(0.0, 0.0, 0.5, np.zeros((240, 160)))
    form = 0.004 * (grid.x - 60.0) ** 2 + 0.006 * (grid.y - 40.0) ** 2
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=form.shape), 3.0)
    return grid.replaced(form + noise_mm * noise / noise.std()), form


def test_the_noise_says_how_much_is_smoothed() -> None:
    asked = []
    for noise_mm in (0.0, 0.05, 0.15):
        field, form = noisy_sole(noise_mm)
        trusted = np.ones(form.shape, dtype=bool)
        asked.append(smoothing_asked_mm(field, trusted))
        inner = np.s_[20:-20, 20:-20]
        left = denoised(field, asked[-1], trusted).z - form
        assert np.abs(left[inner]).std() <= max(0.6 * noise_mm, 0.005)
    assert asked[0] == 1.0
    assert asked[0] < asked[1] <= asked[2] == 3.0


def test_doses_of_a_foot_that_is_not_there_are_said() -> None:
    foot = analytic_foot(bowl_sole)
    config = replace(PREVIEW, right=(("rearfoot_post_deg", 4.0),))
    (one,) = insole(Feet((foot,)), FACTS, config).insoles
    assert "rearfoot_post_deg" in one.notes[0]
    assert "no right foot" in one.notes[0]


def test_sensible_prescriptions_are_drawn_alike_and_keep_the_cross_rules() -> None:
    assert sensible(3) == sensible(3)
    for seed in range(200):
        foot_rx: InsoleConfig = sensible(seed)
        skive = max(foot_rx.medial_skive_mm, foot_rx.lateral_skive_mm)
        assert skive == 0.0 or (foot_rx.heel_cup_depth_mm >= 14.0 and foot_rx.rearfoot_post_deg > 0.0)
        assert foot_rx.heel_lift_mm <= 10.0 or foot_rx.arch_support
