"""The floor in one depth view: a wide plane with hardly anything behind it, which the foot touches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Plane
from scanproc.frames import FloatArray
from scanproc.geometry.planes import PlaneFit, refine_plane
from scanproc.open3d_bridge import fit_plane_ransac

_RANSAC_POINTS = 10_000  # more cost time and find the same plane


@dataclass(frozen=True)
class FloorLimits:
    """What a plane must be like to be a floor.

    Attributes
    ----------
    band_mm : distance from the plane that counts as on it, in the search.
    min_share : share of the view's points on it.
    min_spread_mm : standard deviation of its points along its shorter direction. A sole is flat too, but narrow:
        a foot 100 mm wide has 29 mm, a strip of floor 200 mm wide 58 mm.
    max_behind : share of the view's points beyond it.
    iterations, seed : of the search.
    """

    band_mm: float
    min_share: float
    min_spread_mm: float
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
    normal, offset, _ = fit_plane_ransac(sample, limits.band_mm, limits.iterations, limits.seed)
    if offset > 0:  # the camera is at the origin: it must lie above
        normal, offset = -normal, -offset
    fit = refine_plane(points, Plane(normal, offset), limits.band_mm)
    heights = fit.plane.heights(points)
    on_plane = np.abs(heights) < limits.band_mm
    if on_plane.mean() < limits.min_share or (heights < -4 * limits.band_mm).mean() > limits.max_behind:
        return None
    spread = np.sqrt(np.linalg.eigvalsh(np.cov(points[on_plane].T))[1])
    return fit if spread >= limits.min_spread_mm else None
