"""The floor in one depth view, and walls: wide planes with hardly anything behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scanproc.artifacts import Plane
from scanproc.frames import FloatArray
from scanproc.geometry.planes import PlaneFit, ransac_plane, refine_plane

_RANSAC_POINTS = 2_000  # more cost time and find the same plane
_MAX_PLANES = 3  # a floor and the two walls of a corner


@dataclass(frozen=True)
class FloorLimits:
    """What a plane must be like to be a floor.

    Attributes
    ----------
    band_mm : distance from the plane that counts as on it, in the search.
    min_share : share of the view's points on it.
    min_spread_mm : standard deviation of its points along its shorter direction. A sole is flat too, but narrow:
        a foot 100 mm wide has 29 mm, a strip of floor 200 mm wide 58 mm.
    min_next_spread_mm : the same of further planes, once the largest is taken away: leg and foot seen from the side are
        flat too, with 40 mm; a plate of a turntable has 70 mm.
    max_behind : share of the view's points beyond it.
    iterations, seed : of the search.
    """

    band_mm: float
    min_share: float
    min_spread_mm: float
    min_next_spread_mm: float
    max_behind: float
    iterations: int
    seed: int


def find_floor(points: FloatArray, limits: FloorLimits) -> PlaneFit | None:
    """Return the floor that a view shows, normal towards the camera, or None.

    Parameters
    ----------
    points : (N, 3) float64, mm, camera frame.
    """
    if len(points) < 100:
        return None
    sample = points[:: max(1, len(points) // _RANSAC_POINTS)]
    start = ransac_plane(sample, limits.band_mm, limits.iterations, limits.seed)
    if start.offset_mm > 0:  # the camera is at the origin: it must lie above
        start = Plane(-start.normal, -start.offset_mm)
    fit = refine_plane(points, start, limits.band_mm)
    heights = fit.plane.heights(points)
    on_plane = np.abs(heights) < limits.band_mm
    if on_plane.mean() < limits.min_share or (heights < -4 * limits.band_mm).mean() > limits.max_behind:
        return None
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(points[on_plane].T))[1])
    return fit if spread >= limits.min_spread_mm else None


def find_planes(points: FloatArray, limits: FloorLimits) -> tuple[PlaneFit, ...]:
    """Return all that a floor could be, the largest first: a wall behind the foot may be larger than its floor."""
    planes: list[PlaneFit] = []
    while len(planes) < _MAX_PLANES and (fit := find_floor(points, limits)) is not None:
        planes.append(fit)
        points = points[fit.plane.heights(points) > 4 * limits.band_mm]
        limits = replace(limits, min_spread_mm=limits.min_next_spread_mm)
    return tuple(planes)
