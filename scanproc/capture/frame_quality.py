"""Whether a frame is good enough to be kept: distance, movement, holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from scanproc.artifacts import CleanView
from scanproc.capture.settings import CaptureConfig
from scanproc.frames import FloatArray, inverse, transform

_HALF_FOOT_MM = 100.0


@dataclass(frozen=True)
class FrameQuality:
    """What is wrong with a frame.

    Attributes
    ----------
    distance_mm : of the middle of what it shows of the foot; 0 where it shows none.
    speed_mm_s : of the foot against the camera since the frame before; None where that is not known.
    filled : share of the foot's outline that has a reading.
    warnings : in words, the gravest first; empty of a good frame.
    """

    distance_mm: float
    speed_mm_s: float | None
    filled: float
    warnings: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.warnings


def frame_quality(
    view: CleanView, speed_mm_s: float | None, band_mm: tuple[float, float], config: CaptureConfig
) -> FrameQuality:
    """Judge a frame; `band_mm` is where its camera measures well."""
    seen = view.depth_mm > 0
    count = int(np.count_nonzero(seen))
    if count < config.min_points:
        return FrameQuality(0.0, speed_mm_s, 0.0, ("no foot in sight: point the camera at it",))
    distance_mm = float(np.median(view.depth_mm[seen]))
    filled = count / max(int(np.count_nonzero(ndimage.binary_fill_holes(seen))), 1)
    near, far = band_mm
    warnings = []
    if distance_mm < near:
        warnings.append(f"too near, {distance_mm:.0f} mm: go back to {near:.0f} to {far:.0f} mm")
    if distance_mm > far:
        warnings.append(f"too far, {distance_mm:.0f} mm: come nearer, {near:.0f} to {far:.0f} mm")
    if speed_mm_s is not None and speed_mm_s > config.max_speed_mm_s:
        warnings.append(f"too fast, {speed_mm_s:.0f} mm/s, blurred: move slower")
    if filled < config.min_filled:
        warnings.append(f"holes, {filled:.0%} of the foot measured: less sun, move slower, nothing shiny")
    return FrameQuality(distance_mm, speed_mm_s, filled, tuple(warnings))


def speed_mm_s(T_map_before: FloatArray, T_map_now: FloatArray, middle: FloatArray, seconds: float) -> float:
    """Return how fast the foot moved before the camera, which smears its image: the mean of its six ends.

    Parameters
    ----------
    middle : (3,) mm, of the foot, in the frame of the map.
    """
    ends = middle + _HALF_FOOT_MM * np.vstack([np.eye(3), -np.eye(3)])
    before, now = (transform(inverse(T), ends) for T in (T_map_before, T_map_now))
    return float(np.linalg.norm(now - before, axis=1).mean() / max(seconds, 1e-3))
