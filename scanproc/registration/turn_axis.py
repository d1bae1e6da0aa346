"""The axis that the cameras of a recording went round, from their poses alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Vertical
from scanproc.frames import FloatArray, rigid, rotation_between
from scanproc.registration.incremental import Poses

log = logging.getLogger(__name__)

LEAST_VIEWS = 4  # of fewer, the spread about an axis tells nothing


@dataclass(frozen=True)
class TurnLimits:
    """What a machine's turn is like; a camera in hands strays by several degrees.

    Attributes
    ----------
    max_spread_deg : of the axis in the images, RMS in each direction.
    max_gap_deg : between the azimuths of two cameras side by side: an arc over a foot has a level axis.
    """

    max_spread_deg: float
    max_gap_deg: float


@dataclass(frozen=True)
class TurnAxis:
    """The axis of a turn.

    Attributes
    ----------
    T_upright_common : (4, 4), puts it along z, its upper end where the cameras look down from.
    vertical : what z is then.
    """

    T_upright_common: FloatArray
    vertical: Vertical


def axis_of_turn(poses: Poses, limits: TurnLimits) -> TurnAxis | None:
    """Return the axis that all cameras went round; None where they did not go round one.

    It has one direction u in the common frame and one, c, in every image. Those that minimise the sum of |R' u - c|²
    are the first singular vectors of the mean rotation, R = R_common_camera. Its second singular value tells how
    unevenly the cameras lie round the axis, and with the spread how well they determine it.
    """
    count = len(poses)
    if count < LEAST_VIEWS:
        return None
    R = np.array([pose[:3, :3] for pose in poses.values()])
    left, stretch, right = np.linalg.svd(R.mean(axis=0))
    axis, in_image = left[:, 0], right[0]
    spread_deg = _spread_deg(R, axis, in_image)
    around = R @ right[1] @ left[:, 1:]
    azimuths = np.sort(np.arctan2(around[:, 1], around[:, 0]))
    gap_deg = float(np.rad2deg(np.diff(azimuths, append=azimuths[0] + 2.0 * np.pi).max()))
    if spread_deg > limits.max_spread_deg or gap_deg > limits.max_gap_deg:
        return None
    up = -axis if in_image[2] > 0.0 else axis
    T_upright_common = rigid(rotation_between(up, np.array([0.0, 0.0, 1.0])), np.zeros(3))
    sd_deg = spread_deg / float(np.sqrt(count * (1.0 - stretch[1] ** 2)))
    log.info("register: no floor, but a turn, whose axis is known to %.2f°: it counts as upright", sd_deg)
    return TurnAxis(T_upright_common, Vertical(sd_deg, "turn"))


def spread_about_axis_deg(poses: Poses) -> float:
    """Return how far the axis that most nearly all of LEAST_VIEWS or more cameras went round strays in their images."""
    R = np.array([pose[:3, :3] for pose in poses.values()])
    left, _, right = np.linalg.svd(R.mean(axis=0))
    return _spread_deg(R, left[:, 0], right[0])


def _spread_deg(R: FloatArray, axis: FloatArray, in_image: FloatArray) -> float:
    """Return how far an axis in the common frame, (3,), strays from one in the images, (3,), of (N, 3, 3) rotations."""
    off = np.einsum("nji,j->ni", R, axis) - in_image
    return float(np.rad2deg(np.sqrt((off**2).sum() / (2 * len(R) - 4))))  # two numbers a view, four of the axes
