"""A recorded frame as a depth image in mm, whatever form it was recorded in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import ByteArray, CloudFrame, DepthFrame, DepthImage, Intrinsics
from scanproc.depth.images import depth_in_range, pixel_mm, unwarped, without_flying_pixels
from scanproc.depth.organised_clouds import organise_cloud

_LEAST_POINTS = 100  # a smaller cloud is taken for empty


@dataclass(frozen=True)
class ViewImage:
    """One view: (H, W) float32 depth in mm, 0 = none, and how many pixels each filter left."""

    name: str
    depth_mm: DepthImage
    intrinsics: Intrinsics
    color: ByteArray | None
    counts: dict[str, int]


@dataclass(frozen=True)
class PixelLimits:
    """Which pixels count.

    Attributes
    ----------
    near_mm, far_mm : depths between which they lie.
    jump_mm, jump_pixels : a flying pixel is farther than this from its neighbours, in mm or in widths of a pixel on the
        surface, whichever is more.
    """

    near_mm: float
    far_mm: float
    jump_mm: float
    jump_pixels: float

    def jump_of(self, depth_mm: DepthImage, intrinsics: Intrinsics) -> float:
        """Return the depth step in mm that is a jump in an image."""
        return max(self.jump_mm, self.jump_pixels * pixel_mm(depth_mm, intrinsics))


def on_pixels(frame: DepthFrame | CloudFrame, near_mm: float, max_gap: float) -> DepthFrame | ViewImage:
    """Bring a cloud into the form of a depth image; `max_gap` as in `organise_cloud`."""
    if isinstance(frame, DepthFrame):
        return frame
    ahead = frame.points[:, 2] > near_mm
    if np.count_nonzero(ahead) < _LEAST_POINTS:
        return ViewImage(frame.name, np.zeros((1, 1), np.float32), Intrinsics(1, 1, 1.0, 1.0, 0.0, 0.0), None, {})
    cloud = organise_cloud(frame.points[ahead], max_gap)
    color = None if frame.color is None else frame.color[ahead][cloud.source]
    return ViewImage(frame.name, cloud.depth_mm, cloud.intrinsics, color, {})


def measured_image(frame: DepthFrame | ViewImage, limits: PixelLimits) -> ViewImage:
    """Return what is in range and not a flying pixel."""
    recorded = frame.depth if isinstance(frame, DepthFrame) else frame.depth_mm
    depth = _in_range(frame, limits)
    kept = without_flying_pixels(depth, limits.jump_of(depth, frame.intrinsics))
    counts = {
        "recorded": int(np.count_nonzero(recorded)),
        "in range": int(np.count_nonzero(depth)),
        "no flying pixels": int(np.count_nonzero(kept)),
    }
    return ViewImage(frame.name, kept, frame.intrinsics, frame.color, counts)


@dataclass(frozen=True)
class MeasuredPixels:
    """Which pixels `measured_image` kept: a 32nd of the image that it makes, which can be had again from them.

    Attributes
    ----------
    bits : (N,) uint8, eight pixels each, row by row.
    counts : see `ViewImage`.
    """

    bits: ByteArray
    counts: dict[str, int]

    @classmethod
    def of(cls, image: ViewImage) -> MeasuredPixels:
        return cls(np.packbits(image.depth_mm > 0.0), image.counts)

    def image(self, frame: DepthFrame | ViewImage, limits: PixelLimits) -> ViewImage:
        """Return again what was made of that frame with those limits."""
        depth = _in_range(frame, limits)
        kept = np.unpackbits(self.bits, count=depth.size).reshape(depth.shape)
        return ViewImage(frame.name, depth * kept, frame.intrinsics, frame.color, self.counts)


def _in_range(frame: DepthFrame | ViewImage, limits: PixelLimits) -> DepthImage:
    near, far = limits.near_mm, limits.far_mm
    if isinstance(frame, ViewImage):
        return np.where((frame.depth_mm >= near) & (frame.depth_mm <= far), frame.depth_mm, np.float32(0))
    depth = depth_in_range(np.ascontiguousarray(frame.depth), np.float32(frame.depth_unit_mm), near, far)
    return depth if frame.warp is None else unwarped(depth, frame.warp)


def halved(image: ViewImage) -> ViewImage:
    """Return every second pixel across and down."""
    wide = image.intrinsics
    depth = np.ascontiguousarray(image.depth_mm[::2, ::2])
    height, width = depth.shape
    small = Intrinsics(width, height, wide.fx / 2.0, wide.fy / 2.0, wide.cx / 2.0, wide.cy / 2.0)
    return ViewImage(image.name, depth, small, None, image.counts)
