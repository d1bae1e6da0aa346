"""Rims of what a view saw: where stereo's matching window fattens the foreground, and depth is drawn to the camera."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics
from scanproc.compiled import compiled

_JUMP_SHARE = 0.02  # of the depth: a step that a surface seen at a cosine of 0.34 does not make


def rims(depth_mm: DepthImage, intrinsics: Intrinsics, width_rad: float) -> BoolArray:
    """Return the pixels, (H, W), that see something within an angle of where its surface ends.

    It ends before nothing, or before what is farther. What is itself behind something nearer has no rim there, and the
    border of the image is none. The matching window of a sensor has a fixed angle, whatever size an image was given.

    Parameters
    ----------
    depth_mm : (H, W) float32, 0 = none.
    width_rad : how wide a rim is.
    """
    return np.asarray(_rims(depth_mm, round(width_rad * intrinsics.fx)))


@compiled
def _rims(depth_mm: DepthImage, width_px: int) -> BoolArray:
    height, width = depth_mm.shape
    rim = np.zeros((height, width), dtype=np.bool_)
    for v in range(height):
        for u in range(width):
            z = depth_mm[v, u]
            if z > 0.0 and _ends_beside(depth_mm, v, u):
                # What is no farther than the rim, round it, is of the same surface.
                for i in range(max(v - width_px, 0), min(v + width_px + 1, height)):
                    for j in range(max(u - width_px, 0), min(u + width_px + 1, width)):
                        near = depth_mm[i, j]
                        within = (i - v) ** 2 + (j - u) ** 2 <= width_px * width_px
                        if within and 0.0 < near < z * (1.0 + _JUMP_SHARE):
                            rim[i, j] = True
    return rim


@compiled
def _ends_beside(depth_mm: DepthImage, v: int, u: int) -> bool:
    """Tell whether one of the four pixels beside a pixel sees nothing, or something farther by a jump."""
    height, width = depth_mm.shape
    limit = depth_mm[v, u] * (1.0 + _JUMP_SHARE)
    for q, p in ((v - 1, u), (v + 1, u), (v, u - 1), (v, u + 1)):
        if 0 <= q < height and 0 <= p < width and (depth_mm[q, p] <= 0.0 or depth_mm[q, p] > limit):
            return True
    return False
