"""Turns from which a search begins, and how it may move from there."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray, rotation_about

#: Which of the turns about x, y, z and the shifts along them an alignment may make: all, or those on a floor.
ALL_FREE: BoolArray = np.ones(6, dtype=bool)
LEVEL_FREE: BoolArray = np.array([False, False, True, True, True, False])

_NUM_YAWS = 24  # alignment finds the last 7 deg by itself
_AXES = [np.array(axis, dtype=np.float64) for axis in itertools.product((-1, 0, 1), repeat=3) if any(axis)]


@cache
def yaw_rotations() -> FloatArray:
    """Return (N, 3, 3) rotations all round the vertical, none first."""
    up = np.array([0.0, 0.0, 1.0])
    return np.array([rotation_about(up, 2.0 * np.pi * k / _NUM_YAWS) for k in range(_NUM_YAWS)])


@cache
def rotations_all_ways(angles_deg: tuple[float, ...]) -> FloatArray:
    """Return (N, 3, 3) rotations by each angle about the 26 directions to the neighbours of a cell, both ways."""
    return np.array([rotation_about(axis, np.radians(angle)) for angle in angles_deg for axis in _AXES])
