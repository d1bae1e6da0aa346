"""Closed curves in the ground plane, where a shell ends: counter-clockwise, (K, 2) float64 mm, first not repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from manifold3d import CrossSection, JoinType  # type: ignore[import-not-found, unused-ignore]
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray

_SIMPLER_MM = 0.005  # offsets of curves with thousands of points take seconds
_ROUND_SEGMENTS = 180  # of a full circle, 2 degrees each


def last_crossing(
    excess: Callable[[FloatArray], FloatArray], origins: FloatArray, directions: FloatArray, reach_mm: float
) -> FloatArray:
    """Return how far along each ray `excess` rises through zero for the last time, (N,) mm; nan where it never does.

    Parameters
    ----------
    excess : of (M, 2) points, (M,); positive outside.
    origins, directions : (N, 2), directions of unit length.
    """
    radii = np.arange(0.0, reach_mm, 0.25)
    points = origins[:, None, :] + radii[None, :, None] * directions[:, None, :]
    values = excess(points.reshape(-1, 2)).reshape(len(origins), len(radii))
    rises = (values[:, :-1] <= 0.0) & (values[:, 1:] > 0.0)
    last = rises.shape[1] - 1 - np.argmax(rises[:, ::-1], axis=1)
    each = np.arange(len(origins))
    before, after = values[each, last], values[each, last + 1]
    crossing = radii[last] + 0.25 * before / np.where(before == after, -1.0, before - after)
    return np.where(rises.any(axis=1), crossing, np.nan)


def resampled(curve: FloatArray, spacing_mm: float, *, closed: bool) -> FloatArray:
    """Return points at even arc length along a polyline, about `spacing_mm` apart.

    Parameters
    ----------
    curve : (N, C), x and y in the first two columns, along which the arc is taken; the others follow.
    """
    points = np.vstack([curve, curve[:1]]) if closed else curve
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points[:, :2], axis=0), axis=1))])
    count = max(int(np.ceil(arc[-1] / spacing_mm)), 8)
    stations = np.linspace(0.0, arc[-1], count + 1)
    even = np.column_stack([np.interp(stations, arc, column) for column in points.T])
    return even[:-1] if closed else even


def smoothed_curve(curve: FloatArray, sigma_mm: float, spacing_mm: float, *, closed: bool) -> FloatArray:
    """Resample a polyline, (N, C), and smooth it along its arc by 2 G - G * G, which keeps arcs nearly as wide."""
    even = resampled(curve, spacing_mm, closed=closed)
    mode: Literal["wrap", "nearest"] = "wrap" if closed else "nearest"
    sigma = sigma_mm / spacing_mm
    once = ndimage.gaussian_filter1d(even, sigma, axis=0, mode=mode)
    twice = ndimage.gaussian_filter1d(once, sigma, axis=0, mode=mode)
    return np.asarray(2.0 * once - twice)


def cut_and_rounded(curve: FloatArray, keep: FloatArray, radius_mm: float) -> FloatArray:
    """Return the part of a closed curve inside the polygon `keep`, its convex corners rounded to `radius_mm`."""
    return _largest(_opened(_section(curve) ^ _section(keep), radius_mm))


def inside(outline: FloatArray, points: FloatArray) -> BoolArray:
    """Tell which of (N, 2) points lie inside a closed curve, (N,) bool, by counting crossings to the right."""
    start, end = outline, np.roll(outline, -1, axis=0)
    rise = end[:, 1] - start[:, 1]
    run_per_rise = (end[:, 0] - start[:, 0]) / np.where(rise == 0.0, 1.0, rise)
    answer = np.zeros(len(points), dtype=bool)
    for block in np.array_split(np.arange(len(points)), max(1, len(points) // 4096)):
        x, y = points[block, 0, None], points[block, 1, None]
        straddles = (start[:, 1] > y) != (end[:, 1] > y)
        crossing_x = start[:, 0] + (y - start[:, 1]) * run_per_rise
        answer[block] = (straddles & (x < crossing_x)).sum(axis=1) % 2 == 1
    return answer


def area_mm2(outline: FloatArray) -> float:
    """Return the signed area of a closed curve, positive if counter-clockwise (shoelace formula)."""
    x, y = outline.T
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _section(curve: FloatArray) -> CrossSection:
    oriented = curve if area_mm2(curve) > 0.0 else curve[::-1]
    return CrossSection([np.ascontiguousarray(oriented, dtype=np.float64)]).simplify(_SIMPLER_MM)


def _offset(section: CrossSection, distance_mm: float) -> CrossSection:
    return section.offset(distance_mm, JoinType.Round, 2.0, _ROUND_SEGMENTS).simplify(_SIMPLER_MM)


def _opened(section: CrossSection, radius_mm: float) -> CrossSection:
    return _offset(_offset(section, -radius_mm), radius_mm)


def _largest(section: CrossSection) -> FloatArray:
    rings = [np.asarray(ring, dtype=np.float64) for ring in section.to_polygons()]
    return max(rings, key=area_mm2)
