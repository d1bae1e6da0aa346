"""Parts of depth images, drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from scanproc.artifacts import Intrinsics
from scanproc.segmentation.connected_components import connected_components, joined_components, principal_sds

CAMERA = Intrinsics(60, 40, 100.0, 100.0, 30.0, 20.0)


def flat(shape: tuple[int, int], depth_mm: float = 400.0) -> np.ndarray:
    return np.full(shape, depth_mm, dtype=np.float32)


def test_parts_are_eight_connected_and_numbered_row_by_row() -> None:
    mask = np.zeros((30, 30), dtype=bool)
    mask[2:6, 2:6] = True
    mask[6:8, 6:8] = True  # touches the first at a corner only
    mask[15:28, 15:28] = True
    mask[20, 2] = True
    parts = connected_components(mask, flat((30, 30)), 5.0)
    assert parts.pixels.tolist() == [20, 169, 1]
    assert parts.labels[7, 7] == parts.labels[2, 2] == 1
    np.testing.assert_array_equal(parts.masked(np.array([True, False, True])), mask & (parts.labels != 2))
    assert len(connected_components(np.zeros((4, 4), dtype=bool), flat((4, 4)), 1.0).pixels) == 0


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0.2, 0.8))
def test_parts_are_those_of_scipy_where_nothing_jumps(seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((23, 31)) < share
    parts = connected_components(mask, flat((23, 31)), 1.0)
    theirs, count = ndimage.label(mask, structure=np.ones((3, 3)))
    assert len(parts.pixels) == count
    np.testing.assert_array_equal(parts.labels > 0, mask)
    pairs = {(int(a), int(b)) for a, b in zip(parts.labels[mask], theirs[mask], strict=True)}
    assert len(pairs) == count


def test_what_lies_behind_is_another_part_though_it_touches_in_the_image() -> None:
    depth = flat((40, 60))
    depth[:, 30:] = 430.0
    depth[25:, 28:32] = [400.0, 410.0, 420.0, 430.0]  # below, a slope leads from one to the other
    mask = np.ones((40, 60), dtype=bool)
    assert len(connected_components(mask[:20], depth[:20], 15.0).pixels) == 2
    assert len(connected_components(mask, depth, 15.0).pixels) == 1


def test_pieces_that_come_close_in_space_are_one_part_again() -> None:
    """A toe 10 mm before the next, and a chair 60 mm behind, each with a clean edge in the image."""
    depth = flat((40, 60))
    depth[:, 20:40] = 410.0
    depth[:, 40:] = 470.0
    mask = np.ones((40, 60), dtype=bool)
    mask[:, 30:32] = False  # a gap of 2 pixels = 8 mm in the same surface
    assert len(connected_components(mask, depth, 6.0).pixels) == 4
    parts = joined_components(mask, depth, CAMERA, 6.0, 15.0, 10)
    assert parts.pixels.tolist() == [40 * 38, 40 * 20]
    assert parts.labels[5, 5] == parts.labels[5, 25] == parts.labels[5, 35]
    assert parts.steps_mm[0, 1] == pytest.approx(60.0)
    assert parts.steps_mm[1, 0] == pytest.approx(-60.0)
    assert parts.steps_mm[0, 0] == 0.0


def test_a_small_piece_joins_nothing_and_is_dropped() -> None:
    depth = flat((40, 60))
    depth[:, 30:] = 424.0
    depth[18:21, 29:31] = 412.0  # half-way between the two
    mask = np.ones((40, 60), dtype=bool)
    assert joined_components(mask, depth, CAMERA, 6.0, 15.0, 3).pixels.tolist() == [2400]
    parts = joined_components(mask, depth, CAMERA, 6.0, 15.0, 10)
    assert parts.pixels.tolist() == [1197, 1197]
    assert not parts.labels[18:21, 29:31].any()


def test_the_spread_of_parts_is_that_of_their_points() -> None:
    depth = flat((40, 60))
    mask = np.zeros((40, 60), dtype=bool)
    mask[10:21, 10:51] = True  # 11 x 41 pixels of 4 mm: a uniform grid of n points has sd d sqrt((n^2 - 1) / 12)
    spread = principal_sds(connected_components(mask, depth, 5.0), depth, CAMERA)
    expected = [0.0, 4.0 * np.sqrt((11**2 - 1) / 12), 4.0 * np.sqrt((41**2 - 1) / 12)]
    np.testing.assert_allclose(spread[0], expected, atol=1e-3)
