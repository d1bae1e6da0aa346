"""The focal length that the views themselves ask for: planted, found, and not found where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posed import pose, prepared, view

from scanproc.artifacts import CleanView
from scanproc.registration.joint_alignment import (
    MIDDLE,
    NEAR,
    FocalError,
    NeighbourLimits,
    align_jointly,
    focal_error,
)
from scanproc.registration.refusals import focal_doubt_of

AZIMUTHS = tuple(range(0, 360, 30))
LIMITS = NeighbourLimits(count=10, max_angle_deg=90.0, min_overlap=0.1, fine_below_mm=6.0)
MOST = 0.015


def stated(one: CleanView, times: float) -> CleanView:
    """Return a view with the focal length of another camera, by which all is too near to the axis or too far from it.

    Its normals lean accordingly: they are those of the surface that such points make.
    """
    camera = one.intrinsics
    normals = np.asarray(one.normals, np.float64) * np.array([times, times, 1.0])
    lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
    normals = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0.0)
    return replace(
        one,
        normals=normals.astype(np.float16),
        intrinsics=replace(camera, fx=times * camera.fx, fy=times * camera.fy),
    )


def found(times: float, noise_mm: float = 0.0) -> FocalError:
    rng = np.random.default_rng(3)
    views = [stated(view(float(azimuth)), times) for azimuth in AZIMUTHS]
    noise = [noise_mm * rng.standard_normal(one.depth_mm.shape) * (one.depth_mm > 0) for one in views]
    noisy = [
        replace(one, depth_mm=(one.depth_mm + own).astype(np.float32)) for one, own in zip(views, noise, strict=True)
    ]
    sampled = prepared(noisy)
    poses = {k: pose(float(azimuth)) for k, azimuth in enumerate(AZIMUTHS)}
    poses = align_jointly(sampled, poses, [MIDDLE, NEAR], LIMITS)
    return focal_error(sampled, poses, LIMITS, MOST, noise_mm)


@pytest.mark.parametrize("noise_mm", [0.0, 1.0])
@pytest.mark.parametrize("times", [0.96, 1.03])
def test_a_planted_error_is_found_and_refused(times: float, noise_mm: float) -> None:
    focal = found(times, noise_mm)
    assert focal.share == pytest.approx(1.0 / times - 1.0, abs=0.005)
    assert 0.0 < focal.sd < 0.003
    assert ("shorter" if times > 1.0 else "longer") in (focal_doubt_of(focal) or "")


@pytest.mark.parametrize("noise_mm", [0.0, 1.0])
def test_the_right_one_is_not_doubted(noise_mm: float) -> None:
    focal = found(1.0, noise_mm)
    assert abs(focal.share) < 0.003
    assert focal_doubt_of(focal) is None


@pytest.mark.parametrize(("moved_mm", "is_sure"), [(1.9, False), (2.1, True)])
def test_what_moves_less_than_the_noise_is_not_told_from_it(moved_mm: float, is_sure: bool) -> None:
    """The matching window of a stereo camera makes a bear of 180 mm, 650 mm away, too wide for its depth by 2 %."""
    focal = FocalError(share=0.024, sd=0.0013, most=MOST, moved_mm=moved_mm, noise_mm=2.0)
    assert focal.is_sure == is_sure
    assert (focal_doubt_of(focal) is not None) == is_sure
