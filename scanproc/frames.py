"""Rigid transforms between frames. `T_a_b` maps points of frame b into frame a."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def transform(T_a_b: FloatArray, points_b: FloatArray) -> FloatArray:
    """Map (N, 3) points of frame b into frame a."""
    return np.asarray(points_b @ T_a_b[:3, :3].T + T_a_b[:3, 3])


def rotate(T_a_b: FloatArray, directions_b: FloatArray) -> FloatArray:
    """Turn (N, 3) directions of frame b into frame a."""
    return np.asarray(directions_b @ T_a_b[:3, :3].T)


def inverse(T_a_b: FloatArray) -> FloatArray:
    """Return T_b_a, (4, 4); exact for a rigid transform."""
    T_b_a = np.eye(4)
    T_b_a[:3, :3] = T_a_b[:3, :3].T
    T_b_a[:3, 3] = -T_a_b[:3, :3].T @ T_a_b[:3, 3]
    return T_b_a


def rigid(rotation: FloatArray, translation: FloatArray) -> FloatArray:
    """Return the (4, 4) transform of a (3, 3) rotation followed by a (3,) translation in mm."""
    T = np.eye(4)
    T[:3, :3] = rotation
    T[:3, 3] = translation
    return T


def rotation_about(axis: FloatArray, angle_rad: float) -> FloatArray:
    """Return the (3, 3) rotation about a (3,) axis, by Rodrigues' formula; the axis need not be of unit length."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    K = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle_rad) * K + (1.0 - np.cos(angle_rad)) * (K @ K))


def rotation_between(source: FloatArray, target: FloatArray) -> FloatArray:
    """Return the smallest (3, 3) rotation that turns the direction `source` onto `target`."""
    a = source / np.linalg.norm(source)
    b = target / np.linalg.norm(target)
    axis = np.cross(a, b)
    sine, cosine = float(np.linalg.norm(axis)), float(a @ b)
    if sine < 1e-12:
        if cosine > 0.0:
            return np.eye(3)
        axis = np.cross(a, np.eye(3)[int(np.argmin(np.abs(a)))])  # half a turn about any perpendicular
    return rotation_about(axis, float(np.arctan2(sine, cosine)))


def rotation_angle_rad(rotation: FloatArray) -> float:
    """Return the angle in [0, pi] by which a (3, 3) rotation turns."""
    return float(rotation_angles_rad(rotation[None])[0])


def rotation_angles_rad(rotations: FloatArray) -> FloatArray:
    """Return the angles in [0, pi] by which (N, 3, 3) rotations turn, (N,)."""
    R = np.moveaxis(rotations, 0, -1)
    sines = np.linalg.norm([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]], axis=0)
    return np.asarray(np.arctan2(sines, np.trace(R) - 1.0))
