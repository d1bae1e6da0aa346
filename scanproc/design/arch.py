"""The arch of the top: how far it is lowered."""

from __future__ import annotations

import numpy as np

from scanproc.design.plan import ARCH_END, ARCH_FADES, ARCH_FULL, ARCH_START, FootPlan
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, smooth_min, smooth_step


def arch_fill(sole: HeightField, foot: FootPlan, fill_mm: float) -> FloatArray:
    """Return by how much the fill lowers the arch, (I, J) mm >= 0.

    Whole in the medial arch, nothing under heel, ball and lateral border. It takes at most half the sole's height, so
    that a low arch does not become a hollow, and the top keeps rising where the sole rises.
    """
    if fill_mm <= 0.0:
        return np.zeros(sole.z.shape)
    s = sole.x / foot.length_mm
    along = smooth_step(s, ARCH_START, ARCH_FULL) * (1.0 - smooth_step(s, ARCH_FADES, ARCH_END))
    across = smooth_step(foot.medial_y * sole.y / foot.length_mm, -0.07, 0.02)
    half = 0.5 * np.maximum(sole.z, 0.0)
    taken = smooth_min(half, np.full(half.shape, fill_mm), np.full(half.shape, 0.4 * fill_mm))
    return np.asarray(along * across * taken)
