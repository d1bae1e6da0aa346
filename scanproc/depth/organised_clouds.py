"""Loose clouds of a view as depth images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import DepthImage, Intrinsics
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array
from scanproc.frames import FloatArray

_MIN_FILLING = 0.85  # of pixels beside those with a point; fewer, and the cloud was thinned off its pixels
_JUMP_PX = 10.0  # a neighbour that much nearer or farther, in widths of a pixel, is on another surface


@dataclass(frozen=True)
class OrganisedCloud:
    """A loose cloud as a depth image: (H, W) depth, its camera, and (H, W) index of the nearest point, -1 = none."""

    depth_mm: DepthImage
    intrinsics: Intrinsics
    source: NDArray[np.int64]


def organise_cloud(points: FloatArray, max_gap: float) -> OrganisedCloud:
    """Turn a loose cloud, seen from the origin along +z, into a depth image.

    A cloud that a program made of a depth image, or of every n-th pixel, still lies on pixels and is put back on them.
    Others get as many pixels as points; each gets the plane through the points around it, in inverse depth, so that
    planes come out exact. Pixels at the border or in a gap, with points on one side only, stay empty.

    Parameters
    ----------
    points : (N, 3) float64, mm, camera frame, z > 0.
    max_gap : longest gap that is bridged, in units of the spacing.
    """
    directions = points[:, :2] / points[:, 2:]
    spacing = _spacing(directions)
    columns, rows = (_even_values(values, spacing) for values in directions.T)
    if columns is not None and rows is not None:
        cloud = _on_pixels(points, columns, rows)
        if _filling(cloud.depth_mm) >= _MIN_FILLING:
            return cloud
    return _interpolated(points, directions, spacing, max_gap)


def _spacing(directions: FloatArray) -> float:
    """Return the distance of neighbouring points, (N, 2), that their median density comes to."""
    low, high = directions.min(axis=0), directions.max(axis=0)
    width = max(2.0 * float(np.sqrt(np.prod(high - low) / len(directions))), 1e-6)
    cells = ((directions - low) / width).astype(np.int64)
    _, cell, counts = np.unique(cells[:, 0] << 32 | cells[:, 1], return_inverse=True, return_counts=True)
    return max(width / float(np.sqrt(np.median(counts[cell]))), 1e-4)


@dataclass(frozen=True)
class _EvenValues:
    """Evenly spaced values start + step * cell, and the (N,) cell of each point."""

    start: float
    step: float
    cells: NDArray[np.int64]


def _even_values(values: FloatArray, spacing: float) -> _EvenValues | None:
    """Return the lattice that (N,) values lie on, or None if they do not lie on one."""
    levels = np.unique(np.round(values / spacing, 3)) * spacing
    gaps = np.diff(levels)
    gaps = gaps[gaps > 0.3 * spacing]
    if len(gaps) < 2 or len(levels) > len(values) / 4:
        return None
    step = float(np.median(gaps))
    cells = np.rint((values - levels[0]) / step)
    step, start = np.polyfit(cells, values, 1)
    cells = np.rint((values - start) / step).astype(np.int64)
    off = np.abs(start + step * cells - values) / step
    cells -= cells.min()
    return _EvenValues(float(values[np.argmin(cells)]), float(step), cells) if np.quantile(off, 0.99) < 0.05 else None


def _on_pixels(points: FloatArray, columns: _EvenValues, rows: _EvenValues) -> OrganisedCloud:
    width, height = int(columns.cells.max()) + 1, int(rows.cells.max()) + 1
    intrinsics = Intrinsics(
        width, height, 1.0 / columns.step, 1.0 / rows.step, -columns.start / columns.step, -rows.start / rows.step
    )
    depth = np.zeros((height, width), dtype=np.float32)
    source = np.full((height, width), -1, dtype=np.int64)
    far_first = np.argsort(-points[:, 2], kind="stable")  # where two points share a pixel, the nearer one was seen
    pixels = rows.cells[far_first], columns.cells[far_first]
    depth[pixels], source[pixels] = points[far_first, 2], far_first
    return OrganisedCloud(depth, intrinsics, source)


def _filling(depth_mm: DepthImage) -> float:
    """Return how many of the four pixels beside those with a depth have one too, as a share."""
    has = depth_mm > 0
    pairs = np.count_nonzero(has[1:] & has[:-1]) + np.count_nonzero(has[:, 1:] & has[:, :-1])
    return float(2 * pairs / max(4 * np.count_nonzero(has), 1))


def _interpolated(points: FloatArray, directions: FloatArray, spacing: float, max_gap: float) -> OrganisedCloud:
    focal = 1.0 / spacing
    low, high = directions.min(axis=0), directions.max(axis=0)
    width, height = (np.ceil((high - low) * focal).astype(int) + 1).tolist()
    intrinsics = Intrinsics(width, height, focal, focal, -float(low[0]) * focal, -float(low[1]) * focal)
    pixels = np.rint((directions - low) * focal).astype(np.int64)
    index = pixels[:, 1] * width + pixels[:, 0]
    order = np.argsort(index, kind="stable")
    first = np.searchsorted(index[order], np.arange(width * height + 1)).astype(np.int64)
    depth, source = _splat(
        np.ascontiguousarray(points[order]), first, width, height, intrinsics_array(intrinsics), 0.5 * max_gap
    )
    return OrganisedCloud(depth, intrinsics, np.where(source >= 0, order[source], -1))


@compiled
def _splat(
    points: FloatArray, first: NDArray[np.int64], width: int, height: int, intrinsics_px: FloatArray, radius_px: float
) -> tuple[DepthImage, NDArray[np.int64]]:
    """Return depth and nearest point, (H, W), -1 = none, of points sorted by pixel: pixel k has those from first[k]."""
    fx, fy, cx, cy = intrinsics_px
    depth = np.zeros((height, width), dtype=np.float32)
    source = np.full((height, width), -1, dtype=np.int64)
    reach = int(np.ceil(radius_px))
    sums = np.empty(9)
    for v in range(height):
        for u in range(width):
            nearest, least = -1, radius_px * radius_px
            for y in range(max(v - reach, 0), min(v + reach + 1, height)):
                left, right = max(u - reach, 0), min(u + reach, width - 1)
                for k in range(first[y * width + left], first[y * width + right + 1]):
                    du, dv = points[k, 0] / points[k, 2] * fx + cx - u, points[k, 1] / points[k, 2] * fy + cy - v
                    if du * du + dv * dv < least:
                        nearest, least = k, du * du + dv * dv
            if nearest < 0:
                continue
            jump = _JUMP_PX * points[nearest, 2] / fx
            sums[:] = 0.0
            quadrants = 0
            for y in range(max(v - reach, 0), min(v + reach + 1, height)):
                left, right = max(u - reach, 0), min(u + reach, width - 1)
                for k in range(first[y * width + left], first[y * width + right + 1]):
                    z = points[k, 2]
                    du, dv = points[k, 0] / z * fx + cx - u, points[k, 1] / z * fy + cy - v
                    closeness = 1.0 - (du * du + dv * dv) / (radius_px * radius_px)
                    if closeness > 0.0 and abs(z - points[nearest, 2]) <= jump:
                        _add(sums, du, dv, 1.0 / z, closeness * closeness)
                        quadrants |= 1 << ((du > 0.0) + 2 * (dv > 0.0))
            # 7 of 16 patterns: points in three quadrants or all, or in two that face each other
            if quadrants in (6, 7, 9, 11, 13, 14, 15):
                depth[v, u] = 1.0 / _at_centre(sums)
                source[v, u] = nearest
    return depth, source


@compiled
def _add(sums: FloatArray, u: float, v: float, inverse: float, weight: float) -> None:
    """Add a point to the sums of n, u, v, uu, uv, vv, w, uw, vw with w = 1/z."""
    sums[0] += weight
    sums[1] += weight * u
    sums[2] += weight * v
    sums[3] += weight * u * u
    sums[4] += weight * u * v
    sums[5] += weight * v * v
    sums[6] += weight * inverse
    sums[7] += weight * inverse * u
    sums[8] += weight * inverse * v


@compiled
def _at_centre(sums: FloatArray) -> float:
    """Return w at u = v = 0 of the plane that fits the points of the sums best; their mean if they are in a line."""
    n = sums[0]
    mean_u, mean_v, mean_w = sums[1] / n, sums[2] / n, sums[6] / n
    cuu, cuv, cvv = sums[3] / n - mean_u * mean_u, sums[4] / n - mean_u * mean_v, sums[5] / n - mean_v * mean_v
    cuw, cvw = sums[7] / n - mean_u * mean_w, sums[8] / n - mean_v * mean_w
    determinant = cuu * cvv - cuv * cuv
    if determinant < 1e-3:
        return float(mean_w)
    slope_u = (cuw * cvv - cvw * cuv) / determinant
    slope_v = (cvw * cuu - cuw * cuv) / determinant
    return float(mean_w - slope_u * mean_u - slope_v * mean_v)
