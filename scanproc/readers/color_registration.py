"""Colour of a camera beside the depth camera, brought to the pixels of the depth image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, Intrinsics
from scanproc.frames import FloatArray, transform

_HIDDEN_SHARE = 0.02  # farther than what lies before it by this share of its depth, a point is not what is seen


def color_on_depth(
    color: ByteArray, camera: Intrinsics, depth_mm: NDArray[Any], depth_camera: Intrinsics, T_color_depth: FloatArray
) -> ByteArray:
    """Return the colour of each depth pixel, (H, W, 3); black where there is no depth, or the colour camera sees none.

    Parameters
    ----------
    color, camera : (h, w, 3) image without distortion, and its intrinsics.
    depth_mm, depth_camera : (H, W) depth, mm, and its intrinsics.
    T_color_depth : (4, 4), mm.
    """
    v, u = np.nonzero(depth_mm > 0)
    z = depth_mm[v, u].astype(np.float64)
    points = np.column_stack(
        [(u - depth_camera.cx) / depth_camera.fx * z, (v - depth_camera.cy) / depth_camera.fy * z, z]
    )
    x, y, far = transform(T_color_depth, points).T
    ahead = far > 1.0
    far = np.where(ahead, far, 1.0)
    across = np.where(ahead, np.rint(x / far * camera.fx + camera.cx), -1.0)
    down = np.where(ahead, np.rint(y / far * camera.fy + camera.cy), -1.0)
    inside = (across >= 0) & (down >= 0) & (across < color.shape[1]) & (down < color.shape[0])
    u, v, far = u[inside], v[inside], far[inside]
    across, down = across[inside].astype(int), down[inside].astype(int)
    seen = far <= _nearest_by_pixel(far, across, down, color.shape)[down, across] * (1.0 + _HIDDEN_SHARE)
    found = np.zeros((*depth_mm.shape, 3), np.uint8)
    found[v[seen], u[seen]] = color[down[seen], across[seen]]
    return found


def _nearest_by_pixel(far: FloatArray, across: Any, down: Any, shape: tuple[int, ...]) -> FloatArray:
    """Return (h, w) how near the nearest point is that lands on a pixel, or on one beside it."""
    nearest = np.full((shape[0], shape[1]), np.inf)
    np.minimum.at(nearest, (down, across), far)
    around: FloatArray = nearest.copy()
    around[1:] = np.minimum(around[1:], nearest[:-1])
    around[:-1] = np.minimum(around[:-1], nearest[1:])
    around[:, 1:] = np.minimum(around[:, 1:], nearest[:, :-1])
    around[:, :-1] = np.minimum(around[:, :-1], nearest[:, 1:])
    return around
