"""The surfaces that an image shows, parted where the depth jumps, and how far each pixel is from a rim of its own.

A rim is where a surface ends before something farther, or before nothing. Where it is itself behind something nearer it
has none, and the border of the image is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.segmentation.connected_components import connected_components

_JUMP_SHARE = 0.02  # of the depth: a foot seen at cosine 0.34 changes by 0.6 % from pixel to pixel
_LEAST_PIXELS = 30  # smaller pieces have no inside to be smoothed


@dataclass(frozen=True)
class VisibleSurface:
    """One surface of an image.

    Attributes
    ----------
    box : rows and columns that hold it.
    mask : (h, w) bool, its pixels within the box.
    rim_px : (h, w), distance of each from the nearest rim of the surface, px; half a pixel on the rim, inf without one.
    """

    box: tuple[slice, slice]
    mask: BoolArray
    rim_px: FloatArray


def visible_surfaces(depth_mm: FloatArray) -> Iterator[VisibleSurface]:
    """Yield the surfaces of a true depth image, (H, W) mm, inf where nothing is seen."""
    seen = np.isfinite(depth_mm)
    if not seen.any():
        return
    jump_mm = _JUMP_SHARE * float(np.median(depth_mm[seen]))
    labels = connected_components(seen, np.where(seen, depth_mm, 0.0).astype(np.float32), jump_mm).labels
    rims = _rims(depth_mm, jump_mm)
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[box] == label
        if np.count_nonzero(mask) < _LEAST_PIXELS:
            continue
        own_rims = mask & rims[box]
        distance = ndimage.distance_transform_edt(~own_rims) + 0.5 if own_rims.any() else np.full(mask.shape, np.inf)
        yield VisibleSurface((box[0], box[1]), mask, distance)


def smoothed_within(values: FloatArray, mask: BoolArray, sigma_px: float) -> FloatArray:
    """Smooth an image by a Gaussian over the pixels of a mask alone (normalised convolution, Knutsson 1993)."""
    weight = ndimage.gaussian_filter(mask.astype(np.float64), sigma_px)
    total = ndimage.gaussian_filter(np.where(mask, values, 0.0), sigma_px)
    return np.asarray(np.divide(total, weight, out=values.copy(), where=mask & (weight > 1e-6)))


def _rims(depth_mm: FloatArray, jump_mm: float) -> BoolArray:
    """Return the pixels, (H, W), beside which something lies farther by a jump, or nothing."""
    padded = np.pad(depth_mm, 1, mode="edge")  # the image's own border is no rim
    beside = np.maximum.reduce([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
    return np.asarray(np.isfinite(depth_mm) & (beside > depth_mm + jump_mm))
