"""Blending functions: smooth steps, minima and maxima, bells; terms of a height field begin and end by them."""

from __future__ import annotations

import numpy as np

from scanproc.frames import FloatArray


def smooth_step(values: FloatArray, low: float, high: float) -> FloatArray:
    """Rise from 0 at `low` to 1 at `high` with two continuous derivatives (6 t^5 - 15 t^4 + 10 t^3)."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * t * (t * (6.0 * t - 15.0) + 10.0))


def smooth_min(a: FloatArray, b: FloatArray, width_mm: FloatArray | float) -> FloatArray:
    """Return the lesser of two heights, rounded where they differ by less than `width_mm`, (N,); never above either."""
    overlap = np.maximum(width_mm - np.abs(a - b), 0.0)
    return np.asarray(np.minimum(a, b) - overlap**2 / (4.0 * width_mm))


def smooth_max(a: FloatArray, b: FloatArray, width_mm: FloatArray | float) -> FloatArray:
    """Return the greater of two heights, rounded where they differ by less than `width_mm`; never below either."""
    return -smooth_min(-a, -b, width_mm)


def eased(values: FloatArray, low: float, high: float, ends: float = 0.25) -> FloatArray:
    """Rise from 0 at `low` to 1 at `high` evenly, with parabolas over the share `ends` at either side: a wedge.

    It is a third less steep than `smooth_step` over the same length.
    """
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    slope = 1.0 / (1.0 - ends)
    lower, upper = 0.5 * slope * t**2 / ends, 1.0 - 0.5 * slope * (1.0 - t) ** 2 / ends
    return np.asarray(np.where(t < ends, lower, np.where(t > 1.0 - ends, upper, slope * (t - 0.5 * ends))))


def bell(distance: FloatArray) -> FloatArray:
    """Fall from 1 at 0 to 0 at 1 and beyond, (1 + cos(pi d)) / 2: the form of pads and hollows.

    Of forms with a continuous slope it is bent least at its sharpest place.
    """
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.minimum(np.abs(distance), 1.0)))
