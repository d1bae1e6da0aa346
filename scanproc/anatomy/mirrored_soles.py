"""Soles of which one half is the image of the other: a program that saw half a foot may fill in the rest so."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from scanproc.anatomy.plantar_surface import SoleMap
from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray

# Shares of the length. A heel is nearly its own image; from the arch to the ball no foot is.
_PART = (0.28, 0.68)
_RAISED_MM = 0.7  # what rests on the ground is its own image wherever it lies
_ACROSS_MM = 1.0  # what is level from side to side, as in feet by formula, is its own image in any case
_AXIS_MM = 4.0  # so near the line anything is
_SLOPES, _SHIFTS_MM = np.linspace(-0.3, 0.3, 13), np.arange(-14.0, 15.0, 2.0)  # of the line, against the foot's axis
_LEAN = 0.3  # rise by run, of one half against the other: twice 9 degrees
_LEAST_SHARE, _LEAST_CELLS = 0.5, 100  # of the part must have an image that is seen, too
# Median difference between the two halves, as a share of how much the heights vary: of images 0.006, of images with a
# scanner's noise over both 0.01, of feet 0.07 to 0.3.
_IMAGE_SHARE = 0.02
_UNSEEN = -1e3


def is_mirrored(found: SoleMap, height: FloatArray, rear: float, length: float) -> bool:
    """Tell whether one half of a sole is the image of its other half in an upright plane.

    Parameters
    ----------
    height : (A, B) mm above the ground, nan where it was not seen.
    rear, length : mm, of the pternion and of the foot.
    """
    rows = (found.x >= rear + _PART[0] * length) & (found.x <= rear + _PART[1] * length)
    here = height[rows]
    seen = np.isfinite(here)
    above = seen & (here > _RAISED_MM)
    if above.sum() < _LEAST_CELLS or _rise_across(here, above) < _ACROSS_MM:
        return False
    spread_mm = float(np.nanstd(here))
    middle = np.array([found.x[rows].mean(), np.broadcast_to(found.y, here.shape)[seen].mean()])
    points = np.stack(np.meshgrid(found.x[rows], found.y, indexing="ij"), axis=-1)[seen] - middle
    first, steps = np.array([found.x[0], found.y[0]]) - middle, np.array([np.diff(found.x)[0], np.diff(found.y)[0]])
    values, filled = here[seen], np.where(np.isfinite(height), height, _UNSEEN)

    def difference_mm(line: FloatArray) -> float:
        """Return the median difference over the line y = shift + slope x; that of no image where few have one."""
        normal = np.array([-line[0], 1.0]) / np.hypot(line[0], 1.0)
        aside = points @ normal - line[1] * normal[1]
        image = points - 2.0 * aside[:, None] * normal
        there = map_coordinates(filled, ((image - first) / steps).T, order=1, cval=_UNSEEN)
        both = (there > -_AXIS_MM) & (np.abs(aside) > _AXIS_MM)
        raised = both & (np.maximum(there, values) > _RAISED_MM)
        if both.sum() < _LEAST_SHARE * len(points) or raised.sum() < _LEAST_CELLS:
            return spread_mm
        apart, by = (there - values)[raised], aside[raised]
        lean = np.clip(np.median(apart / by), -_LEAN, _LEAN)  # what was made up leans in its own foot frame
        return float(np.median(np.abs(apart - lean * by)))

    from scipy.optimize import minimize  # here: soles seldom come so far, and it loads much

    lines = [np.array([slope, shift]) for slope in _SLOPES for shift in _SHIFTS_MM]
    start = min(lines, key=difference_mm)
    simplex = start + np.array([[0.0, 0.0], [0.03, 0.0], [0.0, 1.0]])
    best = minimize(difference_mm, start, method="Nelder-Mead", options={"initial_simplex": simplex, "maxiter": 80})
    return bool(best.fun < _IMAGE_SHARE * spread_mm)


def _rise_across(height: FloatArray, above: BoolArray) -> float:
    """Return how far the (A, B) heights of cells above the ground lie from the middle of their row, mm, the median."""
    rows = height[above.any(axis=1)]
    middles = np.nanmedian(np.where(above[above.any(axis=1)], rows, np.nan), axis=1)
    return float(np.median(np.abs(rows - middles[:, None])[above[above.any(axis=1)]]))
