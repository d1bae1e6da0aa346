"""How noise grows with depth: found of views by hand, weighed in the alignment, borne by the judgement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posed import CAMERA, errors, pose, prepared, view

from scanproc.frames import FloatArray
from scanproc.registration.depth_noise import MOST_ORDER, DepthNoise, noise_share
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import NEAR, NeighbourLimits, align_jointly
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.view_pairs import count_pairs, stack_poses

DEPTHS_MM = np.array([160.0, 190.0, 220.0, 250.0, 280.0, 310.0, 340.0])
LIMITS = NeighbourLimits(count=10, max_angle_deg=180.0, min_overlap=0.1, fine_below_mm=6.0)


@pytest.mark.parametrize("order", range(MOST_ORDER + 1))
def test_the_power_is_found_of_what_grows_by_it(order: int) -> None:
    found = DepthNoise.of(0.8 * (DEPTHS_MM / 250.0) ** (order / 2.0), DEPTHS_MM)
    assert found.order == order
    assert found.mm == pytest.approx(0.8)
    assert found.at_mm == pytest.approx(250.0)


def test_views_that_lie_wrong_or_at_one_depth_tell_no_power() -> None:
    rms = 0.8 * (DEPTHS_MM / 250.0) ** 2
    rms[[0, 3]] = 5.0
    assert DepthNoise.of(rms, DEPTHS_MM).order in (3, 4)
    rms[6] = np.inf  # overlaps none
    assert DepthNoise.of(rms, DEPTHS_MM).mm < 1.5
    assert DepthNoise.of(np.linspace(0.5, 1.5, 7), np.linspace(250.0, 280.0, 7)).order == 0
    assert DepthNoise.of(np.full(3, np.inf), DEPTHS_MM[:3]).mm == 0.0


def test_noise_that_falls_with_the_depth_or_grows_beyond_stereo_s_is_held_to_what_cameras_do() -> None:
    assert DepthNoise.of(1.0 / DEPTHS_MM, DEPTHS_MM).order == 0
    assert DepthNoise.of(DEPTHS_MM**5, DEPTHS_MM).order == MOST_ORDER


def test_a_pair_has_the_mean_variance_of_its_two_depths() -> None:
    assert noise_share(250.0, 250.0, 250.0, 4) == 1.0
    assert noise_share(500.0, 250.0, 250.0, 4) == pytest.approx(8.5)
    assert noise_share(500.0, 250.0, 250.0, 2) == pytest.approx(2.5)
    assert noise_share(500.0, 125.0, 250.0, 0) == 1.0


#: Four cameras round the foot, and a fifth nearly twice as far away.
AZIMUTHS = (0.0, 40.0, 80.0, 120.0)
TRUTH: Poses = {**{k: pose(azimuth) for k, azimuth in enumerate(AZIMUTHS)}, 4: pose(60.0, away_mm=700.0)}


def five_views(far_off_mm: FloatArray) -> SampledViews:
    """Return the views, the far one with so much too large a depth, (W,) by column of its image."""
    far = view(60.0, stands=False, away_mm=700.0)
    there = np.where(far.depth_mm > 0.0, far.depth_mm + far_off_mm.astype(np.float32), np.float32(0.0))
    return prepared([*(view(azimuth, stands=False) for azimuth in AZIMUTHS), replace(far, depth_mm=there)])


def test_far_points_pull_their_neighbours_by_what_they_know() -> None:
    """A far view whose depth bends moves the near ones apart; less so, the more its noise is known."""
    bent_mm = 0.002 * (np.arange(CAMERA.width) - CAMERA.cx) ** 2

    def moved_mm(order: int) -> float:
        views = five_views(bent_mm).with_noise(DepthNoise(0.5, 380.0, order)).weighed_by_noise()
        poses = align_jointly(views, TRUTH, [NEAR], LIMITS)
        return float(errors({k: poses[k] for k in range(4)}, TRUTH)[:, 1].max())

    assert 0.02 < moved_mm(2) < 0.6 * moved_mm(0)
    assert moved_mm(4) == moved_mm(2)


def test_what_is_farther_away_may_lie_farther_off_but_not_twice_as_far() -> None:
    def agrees(off_mm: float, order: int) -> float:
        views = five_views(np.full(CAMERA.width, off_mm)).with_noise(DepthNoise(0.5, 380.0, order))
        pairs = np.array([[4, 1], [4, 2]])
        counts = count_pairs(views.coarse, views.images, stack_poses(views, TRUTH), pairs, 2.0)
        return float(counts.inliers.sum() / (counts.inliers + counts.violations).sum())

    assert agrees(0.0, 0) > 0.97
    assert agrees(3.0, 0) < 0.5
    assert agrees(3.0, 4) > 0.9
    assert agrees(6.0, 4) < 0.5
