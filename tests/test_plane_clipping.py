"""Cutting depth images by planes, and the outline of what is left: against formulas and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import plane_depth, rays
from scipy import ndimage

from scanproc.artifacts import Intrinsics, Plane
from scanproc.depth.silhouettes import silhouette
from scanproc.frames import FloatArray
from scanproc.segmentation.plane_clipping import HalfSpace, bounding_box, ceiling, clip, without_plane_patches

CAMERA = Intrinsics(120, 90, 100.0, 100.0, 58.3, 46.1)
UP = np.array([0.0, -0.8, -0.6])
FLOOR = Plane(UP, -300.0)


def heights(depth: FloatArray) -> FloatArray:
    return np.asarray(depth * (rays(CAMERA) @ UP) + 300.0)


def test_cuts_keep_what_lies_between_two_heights() -> None:
    depth = np.random.default_rng(0).uniform(200.0, 600.0, (90, 120)).astype(np.float32)
    depth[::9] = 0.0
    kept = clip(depth, CAMERA, [HalfSpace(FLOOR, 5.0), ceiling(FLOOR, 120.0)])
    high = heights(depth.astype(np.float64))
    np.testing.assert_array_equal(kept, (depth > 0) & (high > 5.0) & (high < 120.0))
    np.testing.assert_array_equal(clip(depth, CAMERA, []), depth > 0)


def test_a_clearance_grows_with_the_square_of_the_depth() -> None:
    depth = np.random.default_rng(1).uniform(200.0, 900.0, (90, 120)).astype(np.float32)
    kept = clip(depth, CAMERA, [HalfSpace(FLOOR, 5.0, grows_from_mm=400.0)])
    clearance = 5.0 * np.maximum(depth / 400.0, 1.0) ** 2
    np.testing.assert_array_equal(kept, heights(depth.astype(np.float64)) > clearance)


def test_a_wide_patch_is_dropped_and_a_slice_of_the_same_plane_is_not() -> None:
    """The top of a stool, 200 x 140 mm, and a leg through whose middle its plane goes."""
    top = Plane(UP, -240.0)
    depth = plane_depth(UP, -240.0, CAMERA).astype(np.float32)
    lens = rays(CAMERA)
    depth[(np.abs(lens[..., 0]) > 0.25) | (depth < 0.0) | (depth > 520.0)] = 0.0  # beside and behind it
    depth[:, 95:105] = 330.0  # a pole, upright in the image
    mask = depth > 0
    kept = without_plane_patches(mask, depth, CAMERA, HalfSpace(top, 4.0), 30.0)
    assert not kept[:, :90][mask[:, :90]].any()
    assert kept[:, 95:105].all()


def test_the_box_round_a_mask_has_a_margin_within_the_image() -> None:
    mask = np.zeros((40, 60), dtype=bool)
    assert bounding_box(mask, 5) == (slice(0, 1), slice(0, 1))
    mask[3:9, 20:50] = True
    assert bounding_box(mask, 5) == (slice(0, 14), slice(15, 55))


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 5))
def test_the_silhouette_is_that_of_scipy(seed: int, margin: int) -> None:
    rng = np.random.default_rng(seed)
    foot = ndimage.binary_opening(rng.random((31, 43)) < 0.6)
    past = ~foot & (rng.random((31, 43)) < 0.5)
    doubtful = ndimage.binary_propagation(foot, mask=~past)
    theirs = ndimage.binary_dilation(doubtful, iterations=margin) if margin else doubtful
    np.testing.assert_array_equal(silhouette(foot, past, margin), theirs)


def test_nothing_has_no_silhouette() -> None:
    nothing = np.zeros((5, 7), dtype=bool)
    assert not silhouette(nothing, nothing, 3).any()
    assert heights(np.zeros((90, 120))) == pytest.approx(300.0)
