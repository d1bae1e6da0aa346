"""The bias of rims: planted, found together with the poses, and taken away again."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from posed import off, pose, prepared, view

from scanproc.artifacts import CleanView, Intrinsics, Plane, RimTerm
from scanproc.depth.rims import low_rim_trust, rim_angles, rim_trust, without_floor_contact, without_rim_bias
from scanproc.fusion.jackknife import common_errors
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import MIDDLE, NEAR, NeighbourLimits, align_jointly, align_with_rim_term
from scanproc.registration.sampled_views import SampledViews, WholeAndInner

AZIMUTHS = tuple(range(0, 360, 30))
LIMITS = NeighbourLimits(count=10, max_angle_deg=90.0, min_overlap=0.1, fine_below_mm=6.0)
PLANTED = RimTerm(2.0e-5, 0.0, 0.4)
NOISE_MM = 0.5


@cache
def true_views() -> tuple[CleanView, ...]:
    views = [view(float(azimuth)) for azimuth in AZIMUTHS]
    return tuple(replace(one, rim_deg=rim_angles(one.depth_mm, one.intrinsics).astype(np.float16)) for one in views)


def biased(one: CleanView) -> CleanView:
    """Return a view whose rims are drawn to the camera by the planted term."""
    return without_rim_bias(one, replace(PLANTED, value=-PLANTED.value))


@cache
def sampled(planted: bool) -> SampledViews:
    return prepared([biased(one) if planted else one for one in true_views()])


def rim_term(views: SampledViews, noise_mm: float = NOISE_MM) -> tuple[Poses, RimTerm] | None:
    return align_with_rim_term(views, WholeAndInner(views, views).clear, true_poses(), LIMITS, noise_mm)


def true_poses() -> Poses:
    return {k: pose(float(azimuth)) for k, azimuth in enumerate(AZIMUTHS)}


def worst_mm(poses: Poses) -> float:
    """Return how far a view lies from where the first one would have it, at most."""
    first = true_poses()[0] @ np.linalg.inv(poses[0])
    return max(off(first @ found, true_poses()[k])[1] for k, found in poses.items())


def test_a_planted_term_is_found_and_the_poses_with_it() -> None:
    views = sampled(True)
    found = rim_term(views)
    assert found is not None
    poses, rim = found
    assert 0.7 * PLANTED.value < rim.value < 1.3 * PLANTED.value
    assert rim.decay_deg in (0.3, 0.4, 0.55)
    assert rim.value > 10.0 * rim.sd > 0.0
    without = align_jointly(views, true_poses(), [MIDDLE, NEAR], LIMITS)
    assert worst_mm(poses) < 0.7 * worst_mm(without)


def test_what_errs_otherwise_right_beside_a_rim_tells_not_of_the_rest() -> None:
    """How far the true rim lies beyond what was seen differs: there, any one term is wrong."""
    beside = [
        replace(biased(one), rim_deg=np.where(np.asarray(one.rim_deg) < 0.35, 0.0, 2.0).astype(np.float16))
        for one in true_views()
    ]
    drawn = [without_rim_bias(one, replace(PLANTED, value=-2.0 * PLANTED.value)) for one in beside]
    views = [replace(one, rim_deg=true.rim_deg) for one, true in zip(drawn, true_views(), strict=True)]
    found = rim_term(prepared(views))
    assert found is not None
    assert 0.7 * PLANTED.value < found[1].value < 1.3 * PLANTED.value


def test_what_errs_farther_inside_does_not_tell_of_the_rim() -> None:
    """By its decay, it would say seven times as much of the rim as is seen there."""
    inside = [
        replace(biased(one), rim_deg=np.where(np.asarray(one.rim_deg) < 0.4, 2.0, one.rim_deg - 0.4).astype(np.float16))
        for one in true_views()
    ]
    drawn = [without_rim_bias(one, RimTerm(-3.0 * PLANTED.value, 0.0, 0.2)) for one in inside]
    views = prepared([replace(one, rim_deg=true.rim_deg) for one, true in zip(drawn, true_views(), strict=True)])
    found = rim_term(views)
    assert found is not None
    assert 0.7 * PLANTED.value < found[1].value < 1.5 * PLANTED.value


def test_where_rims_do_not_err_nothing_is_found() -> None:
    assert rim_term(sampled(False)) is None


def test_a_term_counts_down_to_six_tenths_of_the_noise() -> None:
    """Views average noise out, rims not: 3 mm at a rim widen a foot whatever single views err by."""
    planted_mm = PLANTED.value * float(np.median(sampled(True).coarse.points[:, 2])) ** 2
    assert rim_term(sampled(True), 1.4 * planted_mm) is not None
    assert rim_term(sampled(True), 2.2 * planted_mm) is None


def test_what_was_planted_is_taken_away() -> None:
    one = true_views()[0]
    back = without_rim_bias(biased(one), PLANTED)
    there = (one.depth_mm > 0) & (back.depth_mm > 0)
    rim = there & (np.asarray(one.rim_deg) < 0.2)
    assert np.median((one.depth_mm - biased(one).depth_mm)[rim]) > 1.0
    assert np.abs(one.depth_mm - back.depth_mm)[rim].max() < 0.15
    assert np.count_nonzero(there) > 0.97 * np.count_nonzero(one.depth_mm)


def test_a_rim_is_trusted_less() -> None:
    trust = rim_trust(np.array([0.0, 0.5, 2.0], np.float16))
    assert trust == pytest.approx([0.02, 0.632, 1.0], abs=0.01)


def test_without_a_rim_term_only_low_rims_are_trusted_less() -> None:
    """A card before the camera, a pixel a mm, whose last row lies 5 mm over the floor: up to 30 mm it is mixed."""
    camera = Intrinsics(60, 60, 400.0, 400.0, 29.5, 29.5)
    depth = np.zeros((60, 60), np.float32)
    depth[:40, 10:50] = 400.0
    floor = Plane(np.array([0.0, -1.0, 0.0]), -14.5)
    normals, rim_deg = np.zeros((60, 60, 3), np.float16), np.zeros(depth.shape, np.float16)
    one = CleanView("000000", depth, normals, depth > 0, camera, floor, {}, rim_deg=rim_deg)
    trust = low_rim_trust(one)
    assert trust is not None
    assert trust[39, 30] == trust[15, 30] == pytest.approx(0.02)
    assert trust[13, 30] == 1.0
    assert low_rim_trust(replace(one, floor=None)) is None


@pytest.mark.parametrize(("height_mm", "left"), [(5.0, False), (40.0, True)])
def test_what_ends_over_the_floor_goes(height_mm: float, left: bool) -> None:
    """A card before the camera that goes on below its last row: only near the floor is that row mixed with it."""
    camera = Intrinsics(60, 60, 400.0, 400.0, 29.5, 29.5)
    depth = np.zeros((60, 60), np.float32)
    depth[10:40, 10:50] = 400.0
    bottom_mm = (39 - 29.5) / 400.0 * 400.0
    floor = Plane(np.array([0.0, -1.0, 0.0]), -(bottom_mm + height_mm))
    rim_deg = np.full(depth.shape, 2.0, np.float16)
    normals = np.zeros((60, 60, 3), np.float16)
    one = CleanView("000000", depth, normals, depth > 0, camera, floor, {}, rim_deg=rim_deg)
    found = without_floor_contact(one).depth_mm
    assert (found[39, 30] > 0) == left
    assert found[25, 30] == 400.0


def test_half_of_a_correction_is_left_in_doubt_alike_where_it_is() -> None:
    shift_mm = np.array([0.0, 1.0, 2.0])
    errors = common_errors(np.full((3, 3), 40.0), 0.5 * shift_mm, 8)
    assert np.sqrt((errors**2).mean(axis=1)) == pytest.approx(0.5 * shift_mm)
    assert errors.mean(axis=1) == pytest.approx(np.zeros(3), abs=1e-12)
    np.testing.assert_allclose(errors[2], 2.0 * errors[1])
