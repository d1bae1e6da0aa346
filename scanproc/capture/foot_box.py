"""A box round the foot without its leg: in its frame the directions of a foot have names.

What is farther from the middle of a foot than a foot reaches is its leg: it tells which way is up, and, leaning back
from the middle, which end is the heel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray

_REACH_MM = 190.0  # from its middle no foot reaches farther
_PAIR_REACH_MM = 300.0
_ANKLE_MM, _STANDING_MM = 45.0, 80.0  # what is higher over the middle, or the floor, is leg
_LEAST_LEG, _LEAST_FOOT = 50, 50  # points
_ROUNDS = 3
_SMALLEST_HALF_MM = np.array([100.0, 35.0, 30.0])
_ENDS = (1.0, 99.0)  # percentiles
_AIM_PRIOR = 0.1  # weight of what was seen against where one camera looks


@dataclass(frozen=True)
class FootBox:
    """A box round a foot.

    Attributes
    ----------
    axes : (3, 3) rows: to the toes, to the left, up away from the sole, unit vectors in the frame of the map.
    middle : (3,) mm, in the frame of the map.
    half_mm : (3,) half its sizes.
    reach_mm : what is farther from its middle is no foot.
    has_leg : whether a leg was seen: without one nobody knows which end is which.
    """

    axes: FloatArray
    middle: FloatArray
    half_mm: FloatArray
    reach_mm: float
    has_leg: bool

    def directions(self, points: FloatArray) -> FloatArray:
        """Return the unit directions, (N, 3), of points from its middle, stretched such that the box is a cube."""
        inside = (points - self.middle) @ self.axes.T / self.half_mm
        return np.asarray(inside / np.maximum(np.linalg.norm(inside, axis=1, keepdims=True), 1e-9))

    def holds(self, points: FloatArray) -> FloatArray:
        """Return which of (N, 3) points are near enough to be the foot's or its ankle's, (N,) bool."""
        return np.asarray(np.linalg.norm(points - self.middle, axis=1) < self.reach_mm)


def foot_box(points: FloatArray, cameras: Sequence[FloatArray], stands: bool, is_pair: bool = False) -> FootBox:
    """Return the box round the foot as far as it was seen.

    Parameters
    ----------
    points : (N, 3) mm, of the surface, in the frame of the map.
    cameras : T_map_camera of the frames that saw it: all look about at the foot.
    stands : whether the foot stands on the map's z = 0.
    """
    reach_mm = _PAIR_REACH_MM if is_pair else _REACH_MM
    middle = _aim(points, cameras)
    far = points[np.linalg.norm(points - middle, axis=1) > reach_mm]
    has_leg = len(far) >= _LEAST_LEG
    leg = far.mean(axis=0) - middle if has_leg else None
    up = np.array([0.0, 0.0, 1.0]) if stands else None if leg is None else leg / np.linalg.norm(leg)
    axes, half_mm = np.eye(3), _SMALLEST_HALF_MM
    for _ in range(_ROUNDS):
        foot = _foot_points(points, middle, reach_mm, up, stands)
        if len(foot) < _LEAST_FOOT:
            break
        axes = _axes(foot, up, leg, stands)
        low, high = np.percentile((foot - middle) @ axes.T, _ENDS, axis=0)
        if stands:
            low[2], high[2] = -middle[2], _STANDING_MM - middle[2]
        half_mm = np.maximum((high - low) / 2.0, _SMALLEST_HALF_MM)
        middle = middle + (low + high) / 2.0 @ axes
    return FootBox(axes, middle, half_mm, reach_mm, has_leg)


def _aim(points: FloatArray, cameras: Sequence[FloatArray]) -> FloatArray:
    """Return the point nearest to the axes of all cameras, (3,) mm, and a little to what was seen."""
    A = _AIM_PRIOR * np.eye(3)
    b = _AIM_PRIOR * np.median(points, axis=0)
    for T in cameras:
        across = np.eye(3) - np.outer(T[:3, 2], T[:3, 2])
        A += across
        b += across @ T[:3, 3]
    return np.asarray(np.linalg.solve(A, b), np.float64)


def _foot_points(
    points: FloatArray, middle: FloatArray, reach_mm: float, up: FloatArray | None, stands: bool
) -> FloatArray:
    """Return what of the surface is below the ankle."""
    is_foot = np.linalg.norm(points - middle, axis=1) < reach_mm
    if stands:
        is_foot &= points[:, 2] < _STANDING_MM
    elif up is not None:
        is_foot &= (points - middle) @ up < _ANKLE_MM
    return np.asarray(points[is_foot])


def _axes(foot: FloatArray, up: FloatArray | None, leg: FloatArray | None, stands: bool) -> FloatArray:
    """Return the axes, (3, 3) rows, of what is below the ankle: the long one by its shape, its sense by the leg."""
    centred = foot - foot.mean(axis=0)
    if stands:
        centred = centred * np.array([1.0, 1.0, 0.0])
    longest = np.linalg.eigh(centred.T @ centred)[1]
    if up is None:
        x, z = longest[:, 2], longest[:, 0]
    else:
        x = longest[:, 2]
        z = up - (up @ x) * x
        z /= np.linalg.norm(z)
    if leg is not None and leg @ x > 0.0:
        x = -x
    return np.array([x, np.cross(z, x), z])
