"""The two feet of a pair in the views that show both, told apart by a plane between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.artifacts import BoolArray, CleanView, Plane
from scanproc.depth.images import unproject
from scanproc.frames import FloatArray, transform

_ROUNDS = 20  # after which the plane stays as it is
_LEAST_SHARE = 0.25  # of all points that either foot has
_GAP_MM = 10.0  # on either side of the plane, where next to nothing may lie
_IN_GAP = 0.005  # of all points
_LEAST_SPREAD = 1e-9  # of all, that each axis counts with: what is quite flat has no spread along one


def plane_between_feet(points: FloatArray) -> Plane | None:
    """Return the plane in the gap between two feet side by side, of (N, 3) points of both; None where there is none.

    Fisher's discriminant of two groups, which are what lies on either side of it; it begins with each principal axis.
    """
    centred = points - points.mean(axis=0)
    for axis in np.linalg.eigh(centred.T @ centred)[1].T[::-1]:
        normal, offset_mm = axis, 0.0
        for _ in range(_ROUNDS):
            is_above: BoolArray = centred @ normal > offset_mm
            if not _LEAST_SHARE < is_above.mean() < 1.0 - _LEAST_SHARE:
                break
            above, below = centred[is_above].mean(axis=0), centred[~is_above].mean(axis=0)
            within = centred - np.where(is_above[:, None], above, below)
            spread = within.T @ within
            normal = np.linalg.solve(spread + _LEAST_SPREAD * np.trace(spread) * np.eye(3), above - below)
            normal /= np.linalg.norm(normal)
            offset_mm = float((above + below) @ normal) / 2.0
        else:
            plane = Plane(normal, offset_mm + float(points.mean(axis=0) @ normal))
            if np.mean(np.abs(plane.heights(points)) < _GAP_MM) < _IN_GAP:
                return plane
    return None


def plane_across_feet(points: FloatArray, divide: Plane, up: FloatArray | None) -> Plane:
    """Return the plane that halves both of two feet, parted by `divide`, across their longest extent.

    Parameters
    ----------
    up : (3,) unit vector, if known: with legs, feet extend farthest along that, and the ankle may bend.
    """
    is_above = divide.heights(points) > 0.0
    centred = points - np.where(is_above[:, None], points[is_above].mean(axis=0), points[~is_above].mean(axis=0))
    for normal in (divide.normal,) if up is None else (divide.normal, up):
        centred = centred - np.outer(centred @ normal, normal)
    longest = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return Plane(longest, float(np.median(points @ longest)))


def parted(view: CleanView, T_common_camera: FloatArray, divide: Plane) -> tuple[CleanView, CleanView]:
    """Return a view twice, with what lies below a plane, and with what lies above it."""
    depth_mm = view.depth_mm
    is_above = np.zeros(depth_mm.shape, dtype=np.bool_)
    points = transform(T_common_camera, unproject(depth_mm, view.intrinsics))
    is_above[depth_mm > 0] = divide.heights(points) > 0.0
    none = np.float32(0)
    return (
        replace(view, depth_mm=np.where(is_above, none, depth_mm)),
        replace(view, depth_mm=np.where(is_above, depth_mm, none)),
    )
