"""Rims of what a view saw: where stereo's matching window fattens the foreground, and depth is drawn to the camera."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics
from scanproc.compiled import compiled

_JUMP_SHARE = 0.02  # of the depth: a step that a surface seen at a cosine of 0.34 does not make


def rims(depth_mm: DepthImage, intrinsics: Intrinsics, width_rad: float) -> BoolArray:
    """Return the pixels, (H, W), that see something within an angle of where its surface ends.

    It ends before nothing, or before what is farther. What is itself behind something nearer has no rim there, and the
    border of the image is none.

    Parameters
    ----------
    depth_mm : (H, W) float32, 0 = none.
    width_rad : how wide a rim is.
    """
    return np.asarray(_rims(depth_mm, max(int(round(width_rad * intrinsics.fx)), 0)))


@compiled
def _rims(depth_mm: DepthImage, width_px: int) -> BoolArray:
    height, width = depth_mm.shape
    rim = np.zeros((height, width), dtype=np.bool_)
    for v in range(height):
        for u in range(width):
            z = depth_mm[v, u]
            if z <= 0.0:
                continue
            for k in range(4):
                q, p = v + (k == 0) - (k == 1), u + (k == 2) - (k == 3)
                if q < 0 or p < 0 or q >= height or p >= width:
                    continue
                beside = depth_mm[q, p]
                if beside <= 0.0 or beside > z * (1.0 + _JUMP_SHARE):
                    # What is as near as the rim itself, round it, is of the same surface.
                    for i in range(max(v - width_px, 0), min(v + width_px + 1, height)):
                        for j in range(max(u - width_px, 0), min(u + width_px + 1, width)):
                            near = depth_mm[i, j]
                            inside = (i - v) ** 2 + (j - u) ** 2 <= width_px * width_px
                            if inside and near > 0.0 and near < z * (1.0 + _JUMP_SHARE):
                                rim[i, j] = True
                    break
    return rim
