"""Closed curves in the ground plane, where a shell ends: counter-clockwise, (K, 2) float64 mm, first not repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from manifold3d import CrossSection, JoinType  # type: ignore[import-not-found, unused-ignore]
from numpy.typing import NDArray
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray

_SIMPLER_MM = 0.005  # offsets of curves with thousands of points take seconds
_COARSE_MM = 1.0  # steps along a ray, each of which is looked at in quarters where it is crossed
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
    coarse = np.arange(0.0, reach_mm, _COARSE_MM)
    each = np.arange(len(origins))

    def values_at(radii: FloatArray) -> FloatArray:
        points = origins[:, None, :] + radii[..., None] * directions[:, None, :]
        return excess(points.reshape(-1, 2)).reshape(len(origins), -1)

    def last_rise(values: FloatArray) -> tuple[NDArray[np.intp], BoolArray]:
        rises = (values[:, :-1] <= 0.0) & (values[:, 1:] > 0.0)
        return rises.shape[1] - 1 - np.argmax(rises[:, ::-1], axis=1), np.asarray(rises.any(axis=1))

    at, found = last_rise(values_at(coarse[None, :]))
    fine = coarse[at][:, None] + np.linspace(0.0, _COARSE_MM, 5)
    values = values_at(fine)
    last, _ = last_rise(values)
    before, after = values[each, last], values[each, last + 1]
    crossing = fine[each, last] + 0.25 * _COARSE_MM * before / np.where(before == after, -1.0, before - after)
    return np.where(found, crossing, np.nan)


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


def cut_and_rounded(
    curve: FloatArray,
    keep: FloatArray | None,
    radius_mm: float,
    holes: Sequence[FloatArray] = (),
    hollow_radius_mm: float = 0.0,
) -> FloatArray:
    """Return what is left of a closed curve inside the polygon `keep` and outside `holes`, its corners rounded.

    Parameters
    ----------
    radius_mm, hollow_radius_mm : of convex and of concave corners.
    """
    left = _section(curve)
    if keep is not None:
        left = left ^ _section(keep)
    for hole in holes:
        left = left - _section(hole)
    if hollow_radius_mm > 0.0:
        left = _offset(_offset(left, hollow_radius_mm), -hollow_radius_mm)
    return _largest(_offset(_offset(left, -radius_mm), radius_mm))


def offset(curve: FloatArray, distance_mm: float) -> FloatArray:
    """Return the closed curve that runs so far outside another one, corners rounded."""
    return _largest(_offset(_section(curve), distance_mm))


def hull(points: FloatArray) -> FloatArray:
    """Return the convex hull of (N, 2) points as a closed curve."""
    return np.asarray(CrossSection.hull_points(np.ascontiguousarray(points)).to_polygons()[0], dtype=np.float64)


def joined(curves: Sequence[FloatArray]) -> FloatArray:
    """Return the border of all that closed curves hold together; of its largest part."""
    whole = _section(curves[0])
    for curve in curves[1:]:
        whole = whole + _section(curve)
    return _largest(whole)


def begun_behind(curve: FloatArray, y: float) -> FloatArray:
    """Let a closed curve begin where it crosses `y` at its rear: mirrored curves get mirrored points so."""
    ends = np.roll(curve, -1, axis=0)
    crosses = np.flatnonzero((curve[:, 1] > y) & (ends[:, 1] <= y) & (curve[:, 0] < curve[:, 0].mean()))
    if len(crosses) == 0:
        return curve
    k = crosses[np.argmin(curve[crosses, 0])]
    share = (curve[k, 1] - y) / (curve[k, 1] - ends[k, 1])
    start = curve[k] + share * (ends[k] - curve[k])
    return np.vstack([start, np.roll(curve, -k - 1, axis=0)])


def area_mm2(outline: FloatArray) -> float:
    """Return the signed area of a closed curve, positive if counter-clockwise (shoelace formula)."""
    x, y = outline.T
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _section(curve: FloatArray) -> CrossSection:
    oriented = curve if area_mm2(curve) > 0.0 else curve[::-1]
    return CrossSection([np.ascontiguousarray(oriented, dtype=np.float64)]).simplify(_SIMPLER_MM)


def _offset(section: CrossSection, distance_mm: float) -> CrossSection:
    return section.offset(distance_mm, JoinType.Round, 2.0, _ROUND_SEGMENTS).simplify(_SIMPLER_MM)


def _largest(section: CrossSection) -> FloatArray:
    rings = [np.asarray(ring, dtype=np.float64) for ring in section.to_polygons()]
    return max(rings, key=area_mm2)
