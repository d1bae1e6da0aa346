"""The border of a heel's wall: where it is, and not where a rim of the scan is torn."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.frames import FloatArray
from scanproc.measures.lengths import _untorn


def section(low: float = 14.0, torn_mm: float = 0.0, side: float = 1.0) -> FloatArray:
    """Both walls of a heel, 66 mm wide 20 mm over the ground; below 16 mm, one is `torn_mm` too far out."""
    z = np.arange(low, 40.0, 0.4)
    wall = 33.0 - (z - 20.0) ** 2 / 60.0
    flange = np.where(z < 16.0, torn_mm, 0.0)
    walls = [np.column_stack([np.zeros_like(z), out * (wall + (out == side) * flange), z]) for out in (-1.0, 1.0)]
    return np.vstack(walls)


def plain(points: FloatArray, side: float) -> FloatArray:
    return np.asarray(points[np.argmax(side * points[:, 1])])


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_torn_rim_is_no_border(side: float) -> None:
    points = section(torn_mm=3.0, side=side)
    assert abs(plain(points, side)[1]) > 35.0
    found = _untorn(plain(points, side), points, side)
    assert abs(found[1]) == pytest.approx(33.0, abs=0.05) and found[2] == pytest.approx(20.0, abs=0.5)
    other = plain(points, -side)
    assert _untorn(other, points, -side) is other


@pytest.mark.parametrize("low", [0.0, 14.0, 20.0, 25.0, 38.0])
def test_a_wall_that_is_whole_keeps_its_border(low: float) -> None:
    """Also where the scan ends at the border, or above it, and of a few rows."""
    points = section(low)
    border = plain(points, 1.0)
    assert _untorn(border, points, 1.0) is border


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_tear(seed: int) -> None:
    points = section()
    points[:, 1] += np.random.default_rng(seed).normal(0.0, 0.2, len(points))
    border = plain(points, 1.0)
    assert _untorn(border, points, 1.0) is border
