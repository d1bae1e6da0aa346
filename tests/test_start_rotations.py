"""Searches begin from evenly spread turns."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.frames import rotation_angle_rad
from scanproc.registration.start_rotations import ALL_FREE, LEVEL_FREE, rotations_all_ways, yaw_rotations


def test_level_turns_go_all_round() -> None:
    turns = yaw_rotations()
    yaws = np.degrees([np.arctan2(turn[1, 0], turn[0, 0]) for turn in turns])
    np.testing.assert_allclose(np.diff(np.sort(yaws % 360.0)), 15.0)
    np.testing.assert_array_equal(turns[0], np.eye(3))
    for turn in turns:
        np.testing.assert_allclose(turn[2], [0.0, 0.0, 1.0], atol=1e-12)


def test_turns_all_ways_are_of_the_angles_asked_and_all_different() -> None:
    turns = rotations_all_ways((25.0, 70.0))
    angles = np.degrees([rotation_angle_rad(turn) for turn in turns])
    assert np.count_nonzero(np.abs(angles - 25.0) < 1e-6) == np.count_nonzero(np.abs(angles - 70.0) < 1e-6) == 26
    apart = [np.degrees(rotation_angle_rad(a.T @ b)) for i, a in enumerate(turns) for b in turns[:i]]
    assert min(apart) > 10.0
    for turn in turns[:26]:  # each way has its opposite
        assert min(rotation_angle_rad(turn @ other) for other in turns[:26]) == pytest.approx(0.0, abs=1e-7)


def test_on_a_floor_there_are_three_ways_to_move() -> None:
    assert ALL_FREE.sum() == 6
    np.testing.assert_array_equal(np.flatnonzero(LEVEL_FREE), [2, 3, 4])  # about z, along x and y
