"""The floor in one depth view, walls, and furniture: wide planes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Plane
from scanproc.frames import FloatArray
from scanproc.segmentation.plane_fitting import PlaneFit, ransac_plane, refine_plane

_RANSAC_POINTS = 2_000  # more cost time and find the same plane
_MAX_TRIES = 6  # a floor, a wall, the top and two sides of a box, and something narrow
_CLEAR_BANDS = 2.5  # so many bands from a plane a point is not on it, however noisy ...
_NEAR_MM = 500.0  # ... up to here; farther away noise is greater
_BEYOND_SHARE = 0.15  # of what lies before a floor may lie beyond it
_STRAY_SHARE = 0.005  # of a view is stray points


@dataclass(frozen=True)
class FloorLimits:
    """What a plane must be like to be a floor.

    Attributes
    ----------
    band_mm : distance from the plane that counts as on it, in the search.
    min_share : share of the view's points on it.
    min_spread_mm : standard deviation of its points along its shorter direction. A sole is flat too, but narrow:
        a foot 100 mm wide has 29 mm, a strip of floor 200 mm wide 58 mm.
    min_solid_mm : the same, times the share of its extent that the points cover. Leg and foot seen from the side are
        flat too, with 40 to 60 mm, but they cover less than half of that; a plate of a turntable has 40 mm left.
    max_behind : share of the view's points beyond a floor or a wall that may be on none of the planes.
    iterations, seed : of the search.
    """

    band_mm: float
    min_share: float
    min_spread_mm: float
    min_solid_mm: float
    max_behind: float
    iterations: int
    seed: int


@dataclass(frozen=True)
class ViewPlanes:
    """The wide planes of a view, the largest first in each group.

    Attributes
    ----------
    background : floors and walls: hardly anything lies beyond them but what is flat itself.
    furniture : tops and sides of stools and boxes, with other things beyond them.
    """

    background: tuple[PlaneFit, ...]
    furniture: tuple[PlaneFit, ...]


def find_planes(points: FloatArray, solid_angle: float, limits: FloorLimits) -> ViewPlanes:
    """Find all wide planes: a wall behind the foot, or the top of a stool, may be larger than the floor.

    Parameters
    ----------
    points : (N, 3) float64, mm, camera frame, spread evenly over the image.
    solid_angle : that a point stands for: of its pixels, 1 / (fx fy) each.
    """
    fits: list[PlaneFit] = []
    clear_mm = _CLEAR_BANDS * limits.band_mm * np.maximum(points[:, 2] / _NEAR_MM, 1.0)
    rest = np.ones(len(points), dtype=bool)
    for _ in range(_MAX_TRIES):
        fit = _largest(points[rest], len(points), limits)
        if fit is None:
            break
        apart = np.abs(fit.plane.heights(points))
        if _is_wide(points[rest & (apart < limits.band_mm)], fit.plane, solid_angle, limits):
            fits.append(fit)
        rest &= apart > clear_mm
    others = points[rest]
    is_background = [_has_little_beyond(fit.plane.heights(others), len(points), limits) for fit in fits]
    return ViewPlanes(
        tuple(fit for fit, behind in zip(fits, is_background, strict=True) if behind),
        tuple(fit for fit, behind in zip(fits, is_background, strict=True) if not behind),
    )


def _has_little_beyond(heights: FloatArray, total: int, limits: FloorLimits) -> bool:
    """Return whether of what lies on no plane, at (N,) heights over one, hardly anything is beyond it."""
    beyond, before = np.count_nonzero(heights < 0.0), np.count_nonzero(heights > 0.0)
    # Little of a view may still be most of a box whose top the plane is.
    return bool(beyond <= limits.max_behind * total and beyond <= max(_BEYOND_SHARE * before, _STRAY_SHARE * total))


def _largest(points: FloatArray, total: int, limits: FloorLimits) -> PlaneFit | None:
    """Return the plane with the most of the points, normal towards the camera, or None if it has too few."""
    if len(points) < max(100, limits.min_share * total):
        return None
    sample = points[:: max(1, len(points) // _RANSAC_POINTS)]
    start = ransac_plane(sample, limits.band_mm, limits.iterations, limits.seed)
    if start.offset_mm > 0:  # the camera is at the origin: it must lie above
        start = Plane(-start.normal, -start.offset_mm)
    fit = refine_plane(points, start, limits.band_mm)
    on_plane = np.count_nonzero(np.abs(fit.plane.heights(points)) < limits.band_mm)
    return fit if on_plane >= limits.min_share * total else None


def _is_wide(points: FloatArray, plane: Plane, solid_angle: float, limits: FloorLimits) -> bool:
    """Return whether points on a plane cover a wide patch of it, not just strips and scattered spots."""
    across, along = np.sqrt(np.linalg.eigvalsh(np.cov(points.T))[1:].clip(1e-6)).tolist()
    # What a pixel covers of a plane grows with the cube of its depth over the plane's distance from the camera.
    covered = float((points[:, 2] ** 3).sum()) * solid_angle / max(abs(plane.offset_mm), 1.0)
    filled = min(covered / (12.0 * across * along), 1.0)  # a rectangle has 12 times the product of its spreads
    return bool(across >= limits.min_spread_mm and filled * across >= limits.min_solid_mm)
