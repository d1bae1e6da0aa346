"""Planes through noisy points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Plane
from scanproc.compiled import compiled
from scanproc.frames import FloatArray

_FEW = 200  # points that tell a hopeless try
_HOPELESS = 0.6  # of the best plane's share
_MISSED = 1e-6  # chance that no try was of three points of the plane
_CELLS_ACROSS = 12  # cells of the uncertainty: 70 of 848 pixels, where noise is alike over 5 to 9
_LEAST_CELLS = 8
_LEAST_TRIES = 50  # three points near each other hold a tilted plane


@dataclass(frozen=True)
class PlaneFit:
    """A plane through noisy points.

    Attributes
    ----------
    num_inliers : points that it holds.
    rms_mm : their RMS distance from it.
    depth_mm : their median depth.
    tilt_sd_deg : standard uncertainty of the direction of its normal: RMS of the angle by which it may be off.
    """

    plane: Plane
    num_inliers: int
    rms_mm: float
    depth_mm: float
    tilt_sd_deg: float


def fit_plane(points: FloatArray, weights: FloatArray | None = None) -> Plane:
    """Return the least-squares plane of (N, 3) points with (N,) weights; the sign of its normal is arbitrary."""
    weights = np.ones(len(points)) if weights is None else weights
    mean = weights @ points / weights.sum()
    level = points - mean
    normal = np.linalg.eigh((level * weights[:, None]).T @ level)[1][:, 0]
    return Plane(normal, float(normal @ mean))


def ransac_plane(points: FloatArray, band_mm: float, iterations: int, seed: int) -> Plane:
    """Return the plane through three of the (N, 3) points that most of them lie within `band_mm` of.

    At most `iterations` tries; it ends earlier once a better plane would have been met with certainty. The same seed
    gives the same plane, which threaded searches do not promise. The sign of its normal is arbitrary.
    """
    rng = np.random.default_rng(seed)
    triples = rng.integers(len(points), size=(iterations, 3))
    shuffled = rng.permutation(len(points))  # the first few of them stand for all
    found = _best_try(np.ascontiguousarray(points[shuffled].T, dtype=np.float64), triples, band_mm)
    return Plane(found[:3].copy(), float(found[3]))


@compiled
def _best_try(points: FloatArray, triples: NDArray[np.int64], band_mm: float) -> FloatArray:
    """Return normal and offset, (4,), of the best plane through three of the (3, N) points, in random order."""
    total = points.shape[1]
    few = min(_FEW, total)
    best = np.array([0.0, 0.0, 1.0, 0.0])
    plane = best.copy()
    most, needed = -1, len(triples)
    for k in range(len(triples)):
        if k >= needed:
            break
        i, j, m = triples[k]
        ax, ay, az = points[0, j] - points[0, i], points[1, j] - points[1, i], points[2, j] - points[2, i]
        bx, by, bz = points[0, m] - points[0, i], points[1, m] - points[1, i], points[2, m] - points[2, i]
        nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        if length == 0.0:  # three points in a line, or one of them twice, hold no plane
            continue
        plane[0], plane[1], plane[2] = nx / length, ny / length, nz / length
        plane[3] = plane[0] * points[0, i] + plane[1] * points[1, i] + plane[2] * points[2, i]
        near = _count_near(points, 0, few, plane, band_mm)
        if near * total < _HOPELESS * most * few:
            continue
        near += _count_near(points, few, total, plane, band_mm)
        if near > most:
            most = near
            best[:] = plane
            missed = 1.0 - (near / total) ** 3  # a try that is not of three points of this plane
            if missed <= 0.0:
                break
            needed = min(len(triples), max(_LEAST_TRIES, int(np.log(_MISSED) / np.log(missed)) + 1))
    return best


@compiled
def _count_near(points: FloatArray, begin: int, end: int, plane: FloatArray, band_mm: float) -> int:
    """Return how many of some of the (3, N) points are near a plane, (4,) of normal and offset."""
    xs, ys, zs = points[0], points[1], points[2]
    near = 0
    for p in range(begin, end):
        near += abs(plane[0] * xs[p] + plane[1] * ys[p] + plane[2] * zs[p] - plane[3]) < band_mm
    return near


def refine_plane(points: FloatArray, start: Plane, band_mm: float) -> PlaneFit:
    """Fit again to the points within a band that narrows to 2.5 standard deviations; the normal keeps its side.

    Noise is taken to grow with the depth z: near points count more, and the band is wider where they are far. That of
    stereo grows with its square, but has a floor; with 1 / z^2 the tilt came out truest for all cameras.

    Parameters
    ----------
    points : (N, 3) float64, mm, camera frame.
    band_mm : bounds the band, so that what stands on the plane does not tilt it.
    """
    depth = np.maximum(points[:, 2], 1.0)
    plane, near = start, np.abs(start.heights(points)) < band_mm
    for _ in range(4):
        if near.sum() < 3:
            break
        fitted = fit_plane(points[near], depth[near] ** -2.0)
        sign = 1.0 if fitted.normal @ start.normal > 0 else -1.0
        plane = Plane(sign * fitted.normal, sign * fitted.offset_mm)
        heights = plane.heights(points)
        share = float(np.sqrt(np.mean((heights[near] / depth[near]) ** 2)))
        near = np.abs(heights) < np.minimum(band_mm, np.maximum(2.5 * share * depth, 0.5))
    if near.sum() < 3:
        return PlaneFit(plane, int(near.sum()), float("nan"), float("nan"), 90.0)
    rms = float(np.sqrt(np.mean(plane.heights(points[near]) ** 2)))
    tilt_sd = tilt_sd_deg(points[near], plane, depth[near] ** -2.0)
    return PlaneFit(plane, int(near.sum()), rms, float(np.median(depth[near])), tilt_sd)


def tilt_sd_deg(points: FloatArray, plane: Plane, weights: FloatArray) -> float:
    """Return the standard uncertainty of the tilt of a plane that was fitted to (N, 3) points with (N,) weights.

    Noise of neighbouring pixels is alike. So the image is cut into cells much wider than that, and only what whole
    cells pull at the plane is taken to be independent: the sandwich estimator for clusters (Liang & Zeger 1986).

    Returns
    -------
    float
        RMS of the angle between the plane's normal and the true one, deg; 90 where too few cells are filled.
    """
    directions = points[:, :2] / np.maximum(points[:, 2:], 1.0)
    width = max(float(np.ptp(directions, axis=0).max()) / _CELLS_ACROSS, 1e-9)
    cells = ((directions - directions.min(axis=0)) / width).astype(np.int64)
    cell = cells @ np.array([_CELLS_ACROSS + 1, 1])
    count = np.count_nonzero(np.bincount(cell))
    if count < _LEAST_CELLS:
        return 90.0
    axes = np.linalg.svd(plane.normal[None])[2][1:]
    level = (points - np.average(points, axis=0, weights=weights)) @ axes.T
    columns = np.column_stack([level, np.ones(len(points))])
    pull = columns * (weights * plane.heights(points))[:, None]
    pulls = np.column_stack([np.bincount(cell, column) for column in pull.T])
    bread = np.linalg.pinv((columns * weights[:, None]).T @ columns)
    covariance = bread @ (pulls.T @ pulls) @ bread * count / (count - 3)
    return float(np.degrees(np.sqrt(covariance[0, 0] + covariance[1, 1])))
