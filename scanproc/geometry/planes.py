"""Planes through noisy points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Plane
from scanproc.frames import FloatArray


@dataclass(frozen=True)
class PlaneFit:
    """A plane, how many points it holds, and their RMS distance from it in mm."""

    plane: Plane
    num_inliers: int
    rms_mm: float


def fit_plane(points: FloatArray) -> Plane:
    """Return the least-squares plane of (N, 3) points; the sign of its normal is arbitrary."""
    mean = points.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((points - mean).T))
    normal = vectors[:, 0]
    return Plane(normal, float(normal @ mean))


def ransac_plane(points: FloatArray, band_mm: float, iterations: int, seed: int) -> Plane:
    """Return the plane through three of the (N, 3) points that most of them lie within `band_mm` of.

    All tries at once; the same seed gives the same plane, which threaded searches do not promise. The sign of its
    normal is arbitrary.
    """
    rng = np.random.default_rng(seed)
    a, b, c = (points[rng.integers(len(points), size=iterations)] for _ in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    normals /= np.where(lengths > 0, lengths, 1.0)[:, None]
    offsets = np.einsum("ij,ij->i", normals, a)
    near = np.abs(points @ normals.T - offsets) < band_mm
    # Three points in a line, or one of them twice, hold no plane.
    best = int(np.argmax(np.where(lengths > 0, near.sum(axis=0), -1)))
    return Plane(normals[best], float(offsets[best]))


def refine_plane(points: FloatArray, start: Plane, band_mm: float) -> PlaneFit:
    """Fit again to the points within a band that narrows to 2.5 standard deviations; the normal keeps its side.

    `band_mm` bounds the first round, so that what stands on the plane does not tilt it.
    """
    plane, band = start, band_mm
    for _ in range(4):
        heights = plane.heights(points)
        near = np.abs(heights) < band
        if near.sum() < 3:
            break
        fitted = fit_plane(points[near])
        sign = 1.0 if fitted.normal @ start.normal > 0 else -1.0
        plane = Plane(sign * fitted.normal, sign * fitted.offset_mm)
        band = min(band_mm, max(2.5 * float(np.std(plane.heights(points[near]))), 0.5))
    heights = plane.heights(points)
    near = np.abs(heights) < band
    rms = float(np.sqrt(np.mean(heights[near] ** 2))) if near.any() else float("nan")
    return PlaneFit(plane, int(near.sum()), rms)
