"""Depth images as organised point clouds: (H, W) float32 depth in mm, 0 = none; pixel centres at integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import DepthImage, DepthWarp, Intrinsics
from scanproc.compiled import compiled
from scanproc.frames import FloatArray


def intrinsics_array(intrinsics: Intrinsics) -> FloatArray:
    """Return fx, fy, cx, cy, (4,) px, as compiled loops take them."""
    return np.array([intrinsics.fx, intrinsics.fy, intrinsics.cx, intrinsics.cy], dtype=np.float64)


def unproject(depth_mm: DepthImage, intrinsics: Intrinsics, step: int = 1) -> FloatArray:
    """Return the (N, 3) points in mm, camera frame, of the pixels that have a depth, row by row.

    step : every `step`-th pixel across and down is taken.
    """
    v, u = np.nonzero(depth_mm[::step, ::step])
    v, u = v * step, u * step
    z = depth_mm[v, u].astype(np.float64)
    return np.column_stack([(u - intrinsics.cx) / intrinsics.fx * z, (v - intrinsics.cy) / intrinsics.fy * z, z])


def pixel_mm(depth_mm: DepthImage, intrinsics: Intrinsics) -> float:
    """Return the width of a pixel at the median depth, mm; 0 in an empty image. A 16th of the pixels tells it."""
    sample = depth_mm[::4, ::4]
    sample = sample if sample.any() else depth_mm
    found = sample[sample > 0]
    return float(np.median(found)) / intrinsics.fx if len(found) else 0.0


def crop(intrinsics: Intrinsics, rows: slice, columns: slice) -> Intrinsics:
    """Return the intrinsics of the image part `[rows, columns]`."""
    return Intrinsics(
        width=columns.stop - columns.start,
        height=rows.stop - rows.start,
        fx=intrinsics.fx,
        fy=intrinsics.fy,
        cx=intrinsics.cx - columns.start,
        cy=intrinsics.cy - rows.start,
    )


@compiled
def depth_in_range(steps: NDArray[np.uint16], unit_mm: np.float32, near_mm: float, far_mm: float) -> DepthImage:
    """Return the depth in mm of an image in steps of the depth unit, (H, W) float32; 0 outside of the range."""
    height, width = steps.shape
    depth = np.zeros((height, width), dtype=np.float32)
    for v in range(height):
        for u in range(width):
            z = np.float32(steps[v, u]) * unit_mm
            if near_mm <= z <= far_mm:
                depth[v, u] = z
    return depth


def unwarped(depth_mm: DepthImage, warp: DepthWarp) -> DepthImage:
    """Return an image whose depth lacks nothing more.

    Between the middles of the map's cells its shares go linearly, and beyond the outermost ones they stay.
    """
    down, across = (
        cell_weights(cells, (np.arange(pixels) + 0.5) / pixels)
        for cells, pixels in zip(warp.shares.shape, depth_mm.shape, strict=True)
    )
    shares = down @ warp.shares @ across.T
    if warp.at_mm is not None:
        shares = shares * (depth_mm / warp.at_mm)
    return np.asarray(depth_mm * (1.0 + shares), dtype=np.float32)


def cell_weights(cells: int, places: FloatArray) -> FloatArray:
    """Return (N, cells) how much each cell of a map counts at each of (N,) places, shares of the image's side."""
    place = np.clip(places * cells - 0.5, 0.0, cells - 1.0)
    return np.asarray(np.maximum(1.0 - np.abs(place[:, None] - np.arange(cells)), 0.0))


@compiled
def without_flying_pixels(depth_mm: DepthImage, jump_mm: float) -> DepthImage:
    """Drop pixels that hang between a near and a far surface: in a row or a column, no neighbour is within `jump_mm`.

    The border of the foot itself is kept, since it is held from one side: with coarse pixels it is millimetres wide.
    """
    height, width = depth_mm.shape
    kept = np.zeros((height, width), dtype=np.float32)
    for v in range(height):
        for u in range(width):
            z = depth_mm[v, u]
            if z <= 0.0:
                continue
            across, down = False, False
            if u > 0 and depth_mm[v, u - 1] > 0.0:
                across = abs(depth_mm[v, u - 1] - z) <= jump_mm
            if not across and u + 1 < width and depth_mm[v, u + 1] > 0.0:
                across = abs(depth_mm[v, u + 1] - z) <= jump_mm
            if v > 0 and depth_mm[v - 1, u] > 0.0:
                down = abs(depth_mm[v - 1, u] - z) <= jump_mm
            if not down and v + 1 < height and depth_mm[v + 1, u] > 0.0:
                down = abs(depth_mm[v + 1, u] - z) <= jump_mm
            if across and down:
                kept[v, u] = z
    return kept
