"""Rims: where a surface ends, and where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.artifacts import CleanView, Intrinsics, Plane
from scanproc.depth.rims import RIM_REACH_DEG, rim_angles, with_fine_rims, without_floor_contact
from scanproc.registration.sampled_views import without_rims

CAMERA = Intrinsics(120, 90, 400.0, 400.0, 60.0, 45.0)
PIXEL_DEG = float(np.degrees(1.0 / 400.0))
FAR = pytest.approx(RIM_REACH_DEG, abs=PIXEL_DEG)


def card(behind_mm: float = 0.0) -> np.ndarray:
    depth = np.full((90, 120), behind_mm, dtype=np.float32)
    depth[20:70, 30:90] = 400.0
    return depth


def test_the_angle_from_the_rim_grows_inwards() -> None:
    found = rim_angles(card(), CAMERA)
    np.testing.assert_allclose(found[45, 30:36], PIXEL_DEG * np.arange(6), rtol=1e-5)
    np.testing.assert_allclose(found[20:26, 60], PIXEL_DEG * np.arange(6), rtol=1e-5)
    assert found[45, 60] == FAR


def test_what_is_behind_has_no_rim_and_the_image_s_border_is_none() -> None:
    found = rim_angles(card(600.0), CAMERA)
    assert found[45, 30] == 0.0
    assert found[card(600.0) == 600.0].min() == FAR
    assert rim_angles(np.full((90, 120), 400.0, np.float32), CAMERA).min() == FAR


def test_a_steep_slope_is_no_rim() -> None:
    slope = (400.0 + 0.015 * 400.0 * np.arange(120)[None]).repeat(90, axis=0).astype(np.float32)
    assert rim_angles(slope, CAMERA).min() == FAR


@pytest.mark.parametrize(
    ("behind_mm", "rim", "fine_rim"), [(5.0, False, False), (7.0, False, True), (11.0, False, True), (13.0, True, True)]
)
def test_finer_rims_end_before_what_is_hardly_farther(behind_mm: float, rim: bool, fine_rim: bool) -> None:
    far = card()
    far[:] = np.where(far > 0.0, 600.0, 600.0 + behind_mm)  # two in a hundred of it are 12 mm
    assert (rim_angles(far, CAMERA)[45, 30] == 0.0) == rim
    assert (rim_angles(far, CAMERA, is_fine=True)[45, 30] == 0.0) == fine_rim
    assert rim_angles(far, CAMERA, is_fine=True)[45, 60] == FAR


@pytest.mark.parametrize(("step_px", "is_rim"), [(2.6, False), (3.0, True)])
def test_a_slope_of_wide_pixels_is_no_finer_rim(step_px: float, is_rim: bool) -> None:
    wide = Intrinsics(60, 45, 150.0, 150.0, 30.0, 22.5)
    depth = np.full((45, 60), 600.0, dtype=np.float32)
    depth[:, 30:] += step_px * 600.0 / 150.0  # more than 6 mm, less than two in a hundred
    assert (rim_angles(depth, wide, is_fine=True).min() == 0.0) == is_rim


def test_a_view_is_given_its_finer_rims_where_it_has_some() -> None:
    rims = np.ones((90, 120), np.float16)
    one = CleanView("000000", card(), np.zeros((90, 120, 3), np.float16), card() > 0, CAMERA, None, {}, rim_deg=rims)
    assert with_fine_rims(one) is one
    finer = CleanView(**{**vars(one), "fine_rim_deg": np.zeros((90, 120), np.float16)})
    np.testing.assert_array_equal(with_fine_rims(finer).rim_deg, 0.0)


def test_a_hole_has_no_rim_but_a_gap_before_something_farther_has() -> None:
    holed = np.full((90, 120), 400.0, dtype=np.float32)
    holed[40:45, 50:55] = 0.0
    assert rim_angles(holed, CAMERA)[holed > 0].min() == FAR
    before = card(600.0)
    before[20:70, 28:30] = 0.0  # what a camera drops between a foot and the floor far behind it
    assert rim_angles(before, CAMERA)[45, 30] == 0.0


def test_where_it_was_cropped_it_goes_on() -> None:
    hidden = np.zeros((90, 120), dtype=bool)
    hidden[:20] = True
    found = rim_angles(card(), CAMERA, hidden)
    assert found[20, 60] == FAR
    assert found[69, 60] == 0.0


@pytest.mark.parametrize("scale", [1, 2])
def test_it_is_an_angle_whatever_size_the_image_has(scale: int) -> None:
    camera = Intrinsics(120 * scale, 90 * scale, 400.0 * scale, 400.0 * scale, 60.0 * scale, 45.0 * scale)
    found = rim_angles(np.kron(card(), np.ones((scale, scale), np.float32)), camera)
    assert found[45 * scale, 40 * scale] == pytest.approx(10.0 * PIXEL_DEG, rel=0.02)


def test_views_lose_their_rims_but_small_ones() -> None:
    def view(depth: np.ndarray) -> CleanView:
        normals = np.zeros((*depth.shape, 3), np.float16)
        rim_deg = rim_angles(depth, CAMERA).astype(np.float16)
        return CleanView("000000", depth, normals, depth > 0, CAMERA, None, {}, rim_deg=rim_deg)

    small = np.zeros((90, 120), dtype=np.float32)
    small[40:45, 50:55] = 400.0
    inner, kept = without_rims([view(card()), view(small)], 3.0 * PIXEL_DEG)
    assert np.count_nonzero(inner.depth_mm) == 42 * 52
    np.testing.assert_array_equal(inner.silhouette, card() > 0)
    np.testing.assert_array_equal(kept.depth_mm, small)


@pytest.mark.parametrize(("floor_mm", "lowest_mm"), [(30.0, 5.0), (44.0, 20.0)])
def test_what_fills_the_furrow_beside_the_floor_goes(floor_mm: float, lowest_mm: float) -> None:
    """A wall 400 mm off, a pixel a mm, down to 1 and to 20 mm over a floor: half a degree of it, 3.5 mm, is mixed."""
    depth = card()
    depth[70:75] = np.where(floor_mm < 40.0, depth[69], 0.0)
    whole = depth.copy()
    whole[75:, 30:90] = 395.0  # the floor before it: no rim below
    view = CleanView(
        "000000",
        depth,
        np.zeros((90, 120, 3), np.float16),
        depth > 0,
        CAMERA,
        Plane(np.array([0.0, -1.0, 0.0]), -floor_mm),
        {},
        rim_deg=rim_angles(whole, CAMERA).astype(np.float16),
    )
    left = without_floor_contact(view).depth_mm
    height_mm = floor_mm + 45.0 - np.arange(90.0)
    assert height_mm[left[:, 60] > 0.0].min() == lowest_mm
    np.testing.assert_array_equal(left[:70], depth[:70])
