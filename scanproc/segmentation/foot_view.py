"""The view of a foot: cropped to it, with normals, its outline and its rims, without what cannot be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, CleanView
from scanproc.depth.images import crop, pixel_mm
from scanproc.depth.normals import plane_fit_normals
from scanproc.depth.rims import rim_angles
from scanproc.depth.silhouettes import silhouette
from scanproc.depth.view_image import ViewImage
from scanproc.segmentation.plane_clipping import bounding_box, lies_on
from scanproc.segmentation.plane_fitting import PlaneFit

_MARGIN_PX = 16  # round the foot


@dataclass(frozen=True)
class FootViewLimits:
    """What of a foot is kept.

    Attributes
    ----------
    normal_radius_mm : half the window in which a normal is fitted, on the surface.
    max_grazing_deg : largest angle between surface normal and line of sight.
    contact_mm : what faces up less than this over the floor belongs to it.
    """

    normal_radius_mm: float
    max_grazing_deg: float
    contact_mm: float


@dataclass(frozen=True)
class FootPixels:
    """Where in an image a foot is, (H, W) each.

    Attributes
    ----------
    mask : the foot.
    other : what else stands there, which may be a part of the foot or hide one.
    past : the camera looked past the foot.
    hidden : what cropped the foot away may have been seen there.
    """

    mask: BoolArray
    other: BoolArray
    past: BoolArray
    hidden: BoolArray


def foot_view(
    image: ViewImage, pixels: FootPixels, floor: PlaneFit | None, counts: Mapping[str, int], limits: FootViewLimits
) -> CleanView:
    """Crop to the foot, fit its normals, and drop what is seen at a grazing angle, or is the floor's.

    Parameters
    ----------
    counts : pixels left after each filter before.
    """
    rows, columns = bounding_box(pixels.mask, _MARGIN_PX)
    mask, other, past, hidden = (
        _cut(part, rows, columns) for part in (pixels.mask, pixels.other, pixels.past, pixels.hidden)
    )
    whole = np.ascontiguousarray(image.depth_mm[rows, columns])
    depth = np.where(mask, whole, np.float32(0))
    intrinsics = crop(image.intrinsics, rows, columns)
    radius = int(np.clip(round(limits.normal_radius_mm / max(pixel_mm(depth, intrinsics), 0.1)), 2, 15))
    normals = plane_fit_normals(depth, intrinsics, radius, float(np.cos(np.radians(limits.max_grazing_deg))))
    if floor is not None:
        normals[lies_on(depth, normals, intrinsics, floor.plane, limits.contact_mm)] = 0.0
    depth[~normals.any(axis=-1)] = 0
    return CleanView(
        name=image.name,
        depth_mm=depth,
        normals=normals.astype(np.float16),
        silhouette=silhouette(mask | other, past, _MARGIN_PX // 2),
        intrinsics=intrinsics,
        floor=None if floor is None else floor.plane,
        counts={**counts, "not grazing": int(np.count_nonzero(depth))},
        color=None if image.color is None else image.color[rows, columns].copy(),
        floor_tilt_sd_deg=None if floor is None else floor.tilt_sd_deg,
        rim_deg=np.asarray(rim_angles(whole, intrinsics, hidden), np.float16),
        fine_rim_deg=np.asarray(rim_angles(whole, intrinsics, hidden, is_fine=True), np.float16),
    )


def _cut(mask: BoolArray, rows: slice, columns: slice) -> BoolArray:
    return np.ascontiguousarray(mask[rows, columns])
