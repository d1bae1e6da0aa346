"""Cutting a depth image by planes, and down to what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics, Plane
from scanproc.compiled import compiled
from scanproc.depth.images import intrinsics_array, pixel_mm
from scanproc.frames import FloatArray
from scanproc.segmentation.connected_components import connected_components, principal_sds

_FLAT_STEP_PX = 6.0
_FACES_AWAY = 0.5  # cosine to the plane's normal


@dataclass(frozen=True)
class HalfSpace:
    """Keep what is more than `clearance_mm` above a plane.

    Attributes
    ----------
    grows_from_mm : depth from which the clearance grows with the square of the depth, as the noise of stereo does.
    """

    plane: Plane
    clearance_mm: float
    grows_from_mm: float = np.inf


def ceiling(plane: Plane, height_mm: float, grows_from_mm: float = np.inf) -> HalfSpace:
    """Keep what is lower than a height above a plane."""
    return HalfSpace(Plane(-plane.normal, -plane.offset_mm), -height_mm, grows_from_mm)


def clip(depth_mm: DepthImage, intrinsics: Intrinsics, half_spaces: list[HalfSpace]) -> BoolArray:
    """Return, (H, W), the pixels that have a depth and that every half-space holds."""
    rows = [
        [*half_space.plane.normal, half_space.plane.offset_mm, half_space.clearance_mm, half_space.grows_from_mm]
        for half_space in half_spaces
    ]
    return np.asarray(_above(depth_mm, intrinsics_array(intrinsics), np.array(rows, dtype=np.float64).reshape(-1, 6)))


def lies_on(
    depth_mm: DepthImage, normals: NDArray[np.floating], intrinsics: Intrinsics, plane: Plane, height_mm: float
) -> BoolArray:
    """Return, (H, W), what faces away from a plane rather than along it, less than a height above it.

    A foot bulges over the floor that it stands on. What slopes up to it there is noise of the floor, or the floor and
    the foot in one matching window.
    """
    low = ~clip(depth_mm, intrinsics, [HalfSpace(plane, height_mm)]) & (depth_mm > 0.0)
    return np.asarray(low & (normals @ plane.normal.astype(np.float32) > _FACES_AWAY))


@compiled
def _above(depth_mm: DepthImage, intrinsics_px: FloatArray, planes: FloatArray) -> BoolArray:
    """Return the pixels above all planes, (P, 6): unit normal, offset, clearance, depth from which that grows."""
    fx, fy, cx, cy = intrinsics_px
    height, width = depth_mm.shape
    kept = np.zeros((height, width), dtype=np.bool_)
    for v in range(height):
        y = (v - cy) / fy
        for u in range(width):
            z = depth_mm[v, u]
            if z <= 0.0:
                continue
            x = (u - cx) / fx
            inside = True
            for k in range(len(planes)):
                along = planes[k, 0] * x + planes[k, 1] * y + planes[k, 2]
                farther = max(z / planes[k, 5], 1.0)
                inside = inside and along * z - planes[k, 3] > planes[k, 4] * farther * farther
            kept[v, u] = inside
    return kept


def without_plane_patches(
    mask: BoolArray, depth_mm: DepthImage, intrinsics: Intrinsics, patches_of: HalfSpace, min_spread_mm: float
) -> BoolArray:
    """Drop the pixels of wide patches within `patches_of.clearance_mm` of a plane; what it cuts elsewhere stays.

    min_spread_mm : standard deviation of a patch along its shorter direction. A slice of a leg is narrower.
    """
    plane, band, grows_from = patches_of.plane, patches_of.clearance_mm, patches_of.grows_from_mm
    near = mask & clip(depth_mm, intrinsics, [HalfSpace(plane, -band, grows_from), ceiling(plane, band, grows_from)])
    # Seen at a flat angle, the depth of a plane grows by some widths of a pixel from one to the next.
    components = connected_components(near, depth_mm, max(2.0 * band, _FLAT_STEP_PX * pixel_mm(depth_mm, intrinsics)))
    spread = principal_sds(components, depth_mm, intrinsics)
    return np.asarray(mask & ~components.masked(spread[:, 1] >= min_spread_mm))


def bounding_box(mask: BoolArray, margin_px: int) -> tuple[slice, slice]:
    """Return the rows and columns that hold a mask, and a margin; one pixel if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return (
        slice(max(int(rows[0]) - margin_px, 0), min(int(rows[-1]) + 1 + margin_px, mask.shape[0])),
        slice(max(int(columns[0]) - margin_px, 0), min(int(columns[-1]) + 1 + margin_px, mask.shape[1])),
    )
