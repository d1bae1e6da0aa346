"""Rims: where a surface ends, and where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.artifacts import CleanView, Intrinsics
from scanproc.depth.rims import rims
from scanproc.registration.sampled_views import without_rims

CAMERA = Intrinsics(120, 90, 400.0, 400.0, 60.0, 45.0)
WIDTH_RAD = 3.0 / 400.0


def card(behind_mm: float = 0.0) -> np.ndarray:
    depth = np.full((90, 120), behind_mm, dtype=np.float32)
    depth[20:70, 30:90] = 400.0
    return depth


def test_a_card_has_a_rim_as_wide_as_asked() -> None:
    found = rims(card(), CAMERA, WIDTH_RAD)
    inner = np.zeros((90, 120), dtype=bool)
    inner[24:66, 34:86] = True  # three pixels beside the first one
    np.testing.assert_array_equal(found, (card() > 0) & ~inner)


def test_what_is_behind_has_none_and_the_image_s_border_is_none() -> None:
    found = rims(card(600.0), CAMERA, WIDTH_RAD)
    assert found[20:70, 30:90].any()
    assert not found[card() == 0].any()
    assert not rims(np.full((90, 120), 400.0, np.float32), CAMERA, WIDTH_RAD).any()


def test_a_steep_slope_is_no_rim() -> None:
    slope = (400.0 + 0.015 * 400.0 * np.arange(120)[None]).repeat(90, axis=0).astype(np.float32)
    assert not rims(slope, CAMERA, WIDTH_RAD).any()


@pytest.mark.parametrize("scale", [1, 2])
def test_the_width_is_an_angle(scale: int) -> None:
    camera = Intrinsics(120 * scale, 90 * scale, 400.0 * scale, 400.0 * scale, 60.0 * scale, 45.0 * scale)
    found = rims(np.kron(card(), np.ones((scale, scale), np.float32)), camera, WIDTH_RAD)
    assert found[45 * scale].sum() == pytest.approx(2 * 3 * scale, abs=2 * scale)


def test_views_lose_their_rims_but_small_ones() -> None:
    def view(depth: np.ndarray) -> CleanView:
        normals = np.zeros((*depth.shape, 3), np.float16)
        return CleanView("000000", depth, normals, depth > 0, CAMERA, None, {})

    small = np.zeros((90, 120), dtype=np.float32)
    small[40:45, 50:55] = 400.0
    inner, kept = without_rims([view(card()), view(small)], WIDTH_RAD)
    assert np.count_nonzero(inner.depth_mm) == 42 * 52
    np.testing.assert_array_equal(inner.silhouette, card() > 0)
    np.testing.assert_array_equal(kept.depth_mm, small)
