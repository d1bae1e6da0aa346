"""Which views are compared with which."""

from __future__ import annotations

import numpy as np
import pytest
from posed import MIDDLE, pose, prepared, view

from scanproc.frames import FloatArray, rigid, rotation_about
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.view_pairs import Pairs, sample_pairs


def on_ring(angles_deg: FloatArray) -> tuple[SampledViews, dict[int, FloatArray]]:
    """Return one view, as often as it would be seen from a ring, and the poses."""
    turns = [rotation_about(np.array([0.0, 0.0, 1.0]), np.radians(angle)) for angle in angles_deg]
    poses = {k: rigid(turn, MIDDLE - turn @ MIDDLE) @ pose(0.0) for k, turn in enumerate(turns)}
    return prepared([view(0.0)] * len(turns)), poses


def bridges(pairs: Pairs, stops: int) -> list[int]:
    """Return how many pairs reach over the gap behind each stop of a ring, the short way round."""
    a, b = pairs[pairs[:, 0] < pairs[:, 1]].T
    short = b - a < stops / 2
    return [int(np.sum(((a <= gap) & (gap < b)) == short)) for gap in range(stops)]


@pytest.mark.parametrize("stops", [8, 12, 24, 36, 60])
@pytest.mark.parametrize(("uneven_deg", "jitter_deg"), [(0.0, 0.0), (0.0, 1.0), (3.0, 0.02)])
def test_a_ring_is_joined_everywhere(stops: int, uneven_deg: float, jitter_deg: float) -> None:
    """Round a middle beside the axis, steps grow on one flank and shrink on the other.

    Then all views of a flank have their nearest on the same side; if every other one is taken, nothing joins the two.
    """
    angles = np.arange(stops) * 360.0 / stops
    angles += uneven_deg * np.sin(np.radians(angles)) + jitter_deg * np.random.default_rng(stops).standard_normal(stops)
    views, poses = on_ring(angles)
    for max_deg in (85.0, 90.0, 95.0):
        over = bridges(sample_pairs(views, poses, max_deg, 10), stops)
        assert min(over) > 0.45 * np.mean(over)
        assert min(over) >= (3 if max_deg > 85.0 else 2)


def test_pairs_go_both_ways_and_reach_as_far_as_is_allowed() -> None:
    views, poses = on_ring(np.arange(0.0, 360.0, 10.0))
    pairs = {(int(a), int(b)) for a, b in sample_pairs(views, poses, 90.0, 6)}
    assert pairs == {(b, a) for a, b in pairs}
    steps = {min((b - a) % 36, (a - b) % 36) for a, b in pairs}
    assert max(steps) in (8, 9)
    assert 1 in steps
    assert 6 * 36 <= len(pairs) <= 2 * 6 * 36


def test_of_few_views_all_are_paired() -> None:
    views, poses = on_ring(np.array([0.0, 40.0, 80.0]))
    assert len(sample_pairs(views, poses, 90.0, 10)) == 6
    assert sample_pairs(views, {0: poses[0]}, 90.0, 10).shape == (0, 2)
