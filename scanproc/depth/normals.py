"""Normals of an organised image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import DepthImage, Intrinsics
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array
from scanproc.frames import FloatArray

#: Over a window; as a tuple they stay in registers, where an array's would go to memory at each step.
Sums = tuple[float, float, float, float, float, float, float, float, float]

_MIN_SHARE = 0.3  # of the window that must be measured


def plane_fit_normals(
    depth_mm: DepthImage, intrinsics: Intrinsics, radius_px: int, min_cosine: float = -1.0
) -> NDArray[np.float32]:
    """Return unit normals, (H, W, 3) float32 towards the camera, 0 where there are too few neighbours.

    A plane has an inverse depth that is linear in the pixel: 1/z = a u' + b v' + c with u' = (u - cx)/fx and
    v' = (v - cy)/fy, and (a, b, c) is along its normal. It is fitted by least squares in a window of
    (2 radius_px + 1)^2 pixels; the sums over the window run along, so the cost does not grow with the radius.

    Parameters
    ----------
    min_cosine : smallest cosine between normal and line of sight; what is seen at a more grazing angle gets none.
    """
    return np.asarray(_fit_planes(depth_mm, intrinsics_array(intrinsics), radius_px, min_cosine))


@compiled
def _fit_planes(
    depth_mm: DepthImage, intrinsics_px: FloatArray, radius_px: int, min_cosine: float
) -> NDArray[np.float32]:
    """Return (H, W, 3) float32 normals: see `plane_fit_normals`. Sums are kept per column, then slid along the row."""
    height, width = depth_mm.shape
    least = _MIN_SHARE * (2 * radius_px + 1) ** 2
    least_spread = 0.05 * radius_px**4 / 9.0  # a line of pixels has no plane
    normals = np.zeros((height, width, 3), dtype=np.float32)
    columns = np.zeros((width, 5))
    for v in range(-radius_px, height):
        _add_row(columns, depth_mm, v + radius_px, 1.0)
        _add_row(columns, depth_mm, v - radius_px - 1, -1.0)
        if v < 0:
            continue
        first, last = _first_and_last(depth_mm, v)
        # n, u, v, uu, uv, vv, w, uw, vw with w = 1/z, summed over the window
        sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for ahead in range(max(first - radius_px, 0), last + radius_px + 1):
            if ahead < width:
                sums = _with_column(sums, columns, ahead, 1.0)
            if ahead - 2 * radius_px - 1 >= max(first - radius_px, 0):
                sums = _with_column(sums, columns, ahead - 2 * radius_px - 1, -1.0)
            u = ahead - radius_px
            if u >= first and depth_mm[v, u] > 0.0 and sums[0] > least:
                _solve(normals, u, v, sums, intrinsics_px, least_spread, min_cosine)
    return normals


@compiled
def _first_and_last(depth_mm: DepthImage, row: int) -> tuple[int, int]:
    """Return the first and the last column of a row that have a depth; -1 as the last if there is none."""
    width = depth_mm.shape[1]
    first, last = 0, -1
    for u in range(width):
        if depth_mm[row, u] > 0.0:
            first = u if last < 0 else first
            last = u
    return first, last


@compiled
def _add_row(columns: FloatArray, depth_mm: DepthImage, row: int, sign: float) -> None:
    """Add n, v, vv, w, vw of a row to the sums of the columns, (W, 5), or take them away."""
    if row < 0 or row >= depth_mm.shape[0]:
        return
    v = float(row)
    for u in range(depth_mm.shape[1]):
        z = depth_mm[row, u]
        if z > 0.0:
            inverse = sign / z
            columns[u, 0] += sign
            columns[u, 1] += sign * v
            columns[u, 2] += sign * v * v
            columns[u, 3] += inverse
            columns[u, 4] += inverse * v


@compiled
def _with_column(sums: Sums, columns: FloatArray, column: int, sign: float) -> Sums:
    """Return the sums of a window with those of a column, or without them."""
    if columns[column, 0] == 0.0:
        return sums
    n, su, sv, suu, suv, svv, sw, suw, svw = sums
    u = float(column)
    count, v, w = sign * columns[column, 0], sign * columns[column, 1], sign * columns[column, 3]
    return (
        n + count,
        su + count * u,
        sv + v,
        suu + count * u * u,
        suv + v * u,
        svv + sign * columns[column, 2],
        sw + w,
        suw + w * u,
        svw + sign * columns[column, 4],
    )


@compiled
def _solve(
    normals: NDArray[np.float32],
    u: int,
    v: int,
    sums: Sums,
    intrinsics_px: FloatArray,
    least_spread: float,
    min_cosine: float,
) -> None:
    """Write the normal of the plane that the sums of a window give to its pixel; leave it 0 where they give none."""
    # Divisions are what takes long here: each is made once.
    fx, fy, cx, cy = intrinsics_px
    share = 1.0 / sums[0]
    mean_u, mean_v, mean_w = sums[1] * share, sums[2] * share, sums[6] * share
    cuu = sums[3] * share - mean_u * mean_u
    cuv = sums[4] * share - mean_u * mean_v
    cvv = sums[5] * share - mean_v * mean_v
    cuw = sums[7] * share - mean_u * mean_w
    cvw = sums[8] * share - mean_v * mean_w
    determinant = cuu * cvv - cuv * cuv
    if determinant <= least_spread:
        return
    # (a, b, c) times the determinant
    slope_u, slope_v = cuw * cvv - cvw * cuv, cvw * cuu - cuw * cuv
    x, y = slope_u * fx, slope_v * fy
    z = mean_w * determinant - slope_u * (mean_u - cx) - slope_v * (mean_v - cy)
    squares = x * x + y * y + z * z
    if squares <= 0.0:
        return
    scale = 1.0 / np.sqrt(squares)
    ray_x, ray_y = (u - cx) / fx, (v - cy) / fy
    along = (x * ray_x + y * ray_y + z) * scale
    if along >= min_cosine * np.sqrt(ray_x * ray_x + ray_y * ray_y + 1.0):
        normals[v, u, 0], normals[v, u, 1], normals[v, u, 2] = -x * scale, -y * scale, -z * scale
