"""Views that lie off for what the others saw: who errs by the camera's noise is none, however far away it stood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from posed import pose, prepared, seen, view

from scanproc.artifacts import CleanView
from scanproc.registration.joint_alignment import NeighbourLimits
from scanproc.registration.judgement import JudgementLimits, judge_views
from scanproc.registration.pair_statistics import AgreementLimits, RejectedView
from scanproc.registration.sampled_views import WholeAndInner
from scanproc.registration.strangers import find_stranger

AZIMUTHS = tuple(range(20, 340, 40))
NEIGHBOURS = NeighbourLimits(count=10, max_angle_deg=90.0, min_overlap=0.1, fine_below_mm=6.0)
LIMITS = JudgementLimits(
    tolerance_mm=4.0,
    tolerance_sd=3.0,
    max_tolerance_mm=7.0,
    residual_sd=1.75,
    others_ratio=1.29,
    num_judges=24,
    min_pair_overlap=0.1,
    agreement=AgreementLimits(min_overlap=0.2, min_consistency=0.9, max_residual_mm=2.5, max_residual_ratio=2.0),
)


def wavy(one: CleanView, height_mm: float, seed: int) -> CleanView:
    """Return a view whose depth has errors in waves as wide as a toe, which no pose makes good."""
    rows, columns = np.indices(one.depth_mm.shape)
    waves = np.zeros(one.depth_mm.shape)
    for across, down, phase in np.random.default_rng(seed).uniform(-0.5, 0.5, (12, 3)):
        waves += np.sin(across * columns + down * rows + 2.0 * np.pi * phase)
    depth = one.depth_mm + np.where(one.depth_mm > 0.0, height_mm * waves / np.sqrt(6.0), 0.0).astype(np.float32)
    return seen(
        depth.ravel().astype(np.float64),
        one.normals.reshape(-1, 3).astype(np.float64),
        one.intrinsics,
        one.floor,
        one.name,
    )


def strangers(heights_mm: Sequence[float], away_mm: Sequence[float]) -> dict[int, RejectedView]:
    """Return who is a stranger of views with so large errors, each from so far away."""
    there = list(zip(AZIMUTHS, heights_mm, away_mm, strict=False))
    views = [
        wavy(view(azimuth, stands=False, away_mm=away), height, number)
        for number, (azimuth, height, away) in enumerate(there)
    ]
    sampled = prepared(views)
    poses = {number: pose(azimuth, away_mm=away) for number, (azimuth, _, away) in enumerate(there)}
    judged = judge_views(sampled, poses, LIMITS)
    assert judged.misfits == {}
    return find_stranger(WholeAndInner(sampled, sampled), judged, NEIGHBOURS, LIMITS)


@pytest.mark.parametrize("odd", [1, 4])
def test_a_view_that_errs_more_than_the_others_is_a_stranger(odd: int) -> None:
    heights = [1.0] * len(AZIMUTHS)
    assert strangers(heights, [380.0] * len(AZIMUTHS)) == {}
    heights[odd] = 2.3
    found = strangers(heights, [380.0] * len(AZIMUTHS))
    assert set(found) == {odd}
    assert found[odd].rms_mm > found[odd].limit_mm > 1.0


def test_a_view_from_farther_away_may_err_as_much_more() -> None:
    """From 580 mm 2.3 times as much as from 380; from 380 it is a stranger."""
    heights, away = [1.0] * len(AZIMUTHS), [380.0] * len(AZIMUTHS)
    heights[4], away[4] = 2.3, 580.0
    assert strangers(heights, away) == {}
    assert set(strangers(heights, [380.0] * len(AZIMUTHS))) == {4}


def test_of_four_views_none_is_a_stranger() -> None:
    assert strangers([1.0, 1.0, 1.0, 2.3], [380.0] * 4) == {}
