"""Statistics of one recorded view: readings, ranges, holes, flying pixels, sharpness, and how far the next view is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, ByteArray, CloudFrame, DepthFrame
from scanproc.depth.view_image import PixelLimits, measured_image

_HOLE_PX = 8  # what has readings this near on all four sides is a hole in a surface, not the end of it
_SAMPLED = 4  # every so many pixels across and down tell how far two images differ
_PERCENTILES = (10.0, 50.0, 90.0)


@dataclass(frozen=True)
class ViewStatistics:
    """What a view holds.

    Attributes
    ----------
    num_readings : pixels, or points, that were measured.
    share : of the image's pixels that were; 1 of a cloud.
    range_mm : (3,) depth of the nearest tenth, the median, and the farthest tenth; zeros if nothing was measured.
    in_range : share of the readings at which `clean` looks.
    holes : share of the image that lies in gaps of surfaces.
    flying : share of the readings in range that hang between a near and a far surface.
    sharpness : of the colours, in grey levels; None without colours.
    step_mm : mean change of the depth since the view before, where both measured; None if that is not known.
    """

    name: str
    num_readings: int
    share: float
    range_mm: tuple[float, float, float]
    in_range: float
    holes: float = 0.0
    flying: float = 0.0
    sharpness: float | None = None
    step_mm: float | None = None


def statistics_of(
    frame: DepthFrame | CloudFrame, limits: PixelLimits, before: DepthFrame | CloudFrame | None
) -> ViewStatistics:
    """Return the statistics of a view; `before` is the one before it in recorded order."""
    if isinstance(frame, CloudFrame):
        depth = frame.points[:, 2]
        kept = (depth >= limits.near_mm) & (depth <= limits.far_mm)
        return ViewStatistics(frame.name, len(depth), 1.0, _percentiles(depth), float(kept.mean()))
    measured = frame.depth > 0
    readings = int(np.count_nonzero(measured))
    if not readings:
        return ViewStatistics(frame.name, 0, 0.0, (0.0, 0.0, 0.0), 0.0)
    counts = measured_image(frame, limits).counts
    in_range = counts["in range"]
    return ViewStatistics(
        frame.name,
        readings,
        readings / frame.depth.size,
        _percentiles(frame.depth[::2, ::2][measured[::2, ::2]] * frame.depth_unit_mm),
        in_range / readings,
        float(_holes(measured).mean()),
        1.0 - counts["no flying pixels"] / in_range if in_range else 0.0,
        None if frame.color is None else _sharpness(frame.color, measured),
        _step_mm(before, frame) if isinstance(before, DepthFrame) else None,
    )


def _percentiles(depth_mm: NDArray[Any]) -> tuple[float, float, float]:
    if not len(depth_mm):
        return 0.0, 0.0, 0.0
    near, median, far = np.percentile(depth_mm, _PERCENTILES)
    return float(near), float(median), float(far)


def _holes(measured: BoolArray) -> BoolArray:
    """Return the pixels without a reading that have some on all four sides."""
    found: BoolArray = ~measured
    for image in (measured, measured.T):
        for step in (1, -1):
            before = _any_before(image[:, ::step])[:, ::step]
            found = found & (before if image is measured else before.T)
    return found


def _any_before(image: BoolArray) -> BoolArray:
    """Return whether one of the pixels just left of each is set."""
    counted = np.cumsum(image, axis=1, dtype=np.int32)
    counted[:, _HOLE_PX:] -= counted[:, :-_HOLE_PX].copy()
    return np.asarray(counted > 0, dtype=np.bool_)


def _sharpness(color: ByteArray, measured: BoolArray) -> float:
    """Return the spread (sd) of the Laplacian of the brightness where depth was measured, grey levels."""
    grey = color[..., 1].astype(np.int16)  # green has most of the brightness, and the finest pattern of pixels
    laplacian = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    inner = measured[1:-1, 1:-1]
    return float(laplacian[inner].std()) if inner.any() else 0.0


def _step_mm(before: DepthFrame, frame: DepthFrame) -> float | None:
    if before.depth.shape != frame.depth.shape:
        return None
    one, other = (each.depth[::_SAMPLED, ::_SAMPLED] for each in (before, frame))
    both = (one > 0) & (other > 0)
    if not both.any():
        return None
    return float(np.median(np.abs(one[both].astype(np.int32) - other[both]))) * frame.depth_unit_mm
