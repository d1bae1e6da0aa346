"""How true the depth of a view is, tile by tile: a plane that is known, against what the camera made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics, Plane
from scanproc.frames import FloatArray

#: Tiles across an image. Stereo noise is shared by 10 pixels of 848: a tile of 16 holds about two readings of it.
TILES_ACROSS = 53
_LEAST_FILLED = 0.5  # of a tile's pixels that have a reading on the plane
_MOST_OFF = 0.03  # of the ratio of a view: such a tile shows something else


@dataclass(frozen=True)
class ViewTiles:
    """The tiles of one view that show the plane.

    Attributes
    ----------
    uv : (N, 2) their centres, in widths of the image from its upper left corner.
    ratio : (N,) true depth divided by recorded depth.
    depth_mm : (N,) true depth.
    pose_known : whether the plane's pose is known, but for a small error. If not, the plane was fitted to the depth
        itself: the ratios say nothing of the scale, nor of a warp that is as a tilted plane.
    """

    name: str
    uv: FloatArray
    ratio: FloatArray
    depth_mm: FloatArray
    pose_known: bool = True

    @property
    def distance_mm(self) -> float:
        """Return the median depth."""
        return float(np.median(self.depth_mm))


def plane_depth(plane: Plane, intrinsics: Intrinsics) -> FloatArray:
    """Return the (H, W) depth in mm at which each pixel sees a plane of the camera frame; inf where it never does."""
    u, v = np.meshgrid(np.arange(intrinsics.width), np.arange(intrinsics.height))
    x, y = (u - intrinsics.cx) / intrinsics.fx, (v - intrinsics.cy) / intrinsics.fy
    towards = (plane.normal[0] * x + plane.normal[1] * y + plane.normal[2]) / plane.offset_mm
    return np.asarray(np.divide(1.0, towards, out=np.full(towards.shape, np.inf), where=towards > 0.0))


def tiles_of(
    name: str, recorded_mm: DepthImage, true_mm: FloatArray, on_plane: BoolArray, pose_known: bool
) -> ViewTiles:
    """Compare a recorded depth image with the true one, (H, W) mm each, where it shows the plane."""
    side = max(recorded_mm.shape[1] // TILES_ACROSS, 1)
    counts = on_plane & (recorded_mm > 0) & np.isfinite(true_mm)
    ratio = np.divide(true_mm, recorded_mm, out=np.full(true_mm.shape, np.nan), where=counts)
    filled = _tiled(counts, side).mean(axis=-1)
    rows, columns = np.nonzero(filled >= _LEAST_FILLED)
    found = np.nanmedian(_tiled(ratio, side)[rows, columns], axis=-1)
    depth = np.nanmedian(_tiled(np.where(counts, true_mm, np.nan), side)[rows, columns], axis=-1)
    uv = (np.column_stack([columns, rows]) + 0.5) * side / recorded_mm.shape[1]
    kept = np.abs(found / np.median(found) - 1.0) <= _MOST_OFF if len(found) else np.zeros(0, dtype=np.bool_)
    return ViewTiles(name, uv[kept], found[kept], depth[kept], pose_known)


def _tiled(image: FloatArray | BoolArray, side: int) -> FloatArray:
    """Return (rows, columns, side²) of whole tiles; what is left at the right and below belongs to none."""
    rows, columns = image.shape[0] // side, image.shape[1] // side
    cut = image[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(cut.swapaxes(1, 2).reshape(rows, columns, side * side), dtype=np.float64)
