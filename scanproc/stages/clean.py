"""Stage 1: of every view, the foot alone, and the floor it stands on."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from scanproc.artifacts import (
    BoolArray,
    ByteArray,
    CleanView,
    CleanViews,
    CloudFrame,
    DepthFrame,
    DepthImage,
    Intrinsics,
    Plane,
    Recording,
)
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.geometry.floors import FloorLimits, find_planes
from scanproc.geometry.images import (
    components,
    crop,
    flying_pixels,
    organise,
    pixel_rays,
    plane_fit_normals,
    unproject,
    view_cosines,
)
from scanproc.geometry.planes import PlaneFit
from scanproc.progress import steps
from scanproc.settings import setting

log = logging.getLogger(__name__)

#: Empty border kept round the foot: `register` counts points that would have to show there as contradictions.
_MARGIN_PX = 16


@dataclass(frozen=True)
class CleanConfig:
    """What is kept of each view."""

    min_range_mm: float = setting(70.0, "nearest depth kept, mm", low=0.0)
    max_range_mm: float = setting(900.0, "farthest depth kept, mm", low=100.0)
    edge_jump_mm: float = setting(6.0, "depth step between neighbours that marks a flying pixel, mm", low=1.0)
    edge_jump_pixels: float = setting(3.0, "the same for coarse images, in pixels on the surface", low=0.0)
    max_grazing_deg: float = setting(
        75.0, "largest angle between surface normal and line of sight, deg", low=30, high=90
    )
    normal_radius_mm: float = setting(4.0, "half the window in which a normal is fitted, mm on the surface", low=0.5)
    floor_band_mm: float = setting(4.0, "distance from the floor's plane that counts as on it, mm", low=0.5)
    floor_min_share: float = setting(0.08, "share of a view's points that a floor holds", low=0.0, high=1.0)
    floor_min_spread_mm: float = setting(40.0, "spread (sd) of a floor along its shorter direction, mm", low=0.0)
    wall_min_spread_mm: float = setting(60.0, "the same of further planes in a view, such as a wall's, mm", low=0.0)
    floor_max_behind: float = setting(0.03, "share of a view's points that may lie beyond the floor", low=0.0, high=1.0)
    floor_iterations: int = setting(1000, "tries of the seeded search for the floor", low=10)
    floor_clearance_sd: float = setting(
        3.0, "points lower than this many sd of the floor's noise are the floor's", low=0.0
    )
    touch_mm: float = setting(
        20.0, "the foot stands on a floor if its lowest seen point is at most this high, mm", low=1.0
    )
    max_height_mm: float = setting(350.0, "highest point above the floor that is kept, mm", low=100.0)
    min_part_share: float = setting(0.05, "parts smaller than this share of the largest one are dropped", low=0, high=1)
    part_gap_mm: float = setting(60.0, "without a floor, parts closer to the foot than this belong to it, mm", low=0.0)
    cloud_gap: float = setting(4.0, "longest gap of a loose cloud that is bridged, in units of its spacing", low=1.0)
    seed: int = setting(0, "of the random search for the floor", low=0)


@dataclass(frozen=True)
class _Image:
    """A view before its foot is cut out: what is in range and not a flying pixel, and the floor and walls in it."""

    name: str
    depth_mm: DepthImage
    intrinsics: Intrinsics
    planes: tuple[PlaneFit, ...]
    counts: dict[str, int]
    color: ByteArray | None


def clean(recording: Recording, config: CleanConfig) -> CleanViews:
    """Cut the foot out of every view.

    Raises
    ------
    ScanError
        If no view holds anything in range.
    """
    images = [_prepare(frame, config) for frame in steps(recording.frames, "cleaning views")]
    if not any(image.depth_mm.any() for image in images):
        raise ScanError(
            f"no view holds a point between {config.min_range_mm:g} and {config.max_range_mm:g} mm;"
            " expected a foot there. Is the depth unit right (scan.toml: depth_unit_mm), or the range"
            " (clean.max_range_mm)?"
        )
    # The foot stands on a floor in all views or in none: most of those that show a plane decide.
    floors = [_touched(image, config) for image in images]
    with_plane, touched = sum(bool(image.planes) for image in images), sum(floor is not None for floor in floors)
    stands = touched * 2 > with_plane and with_plane * 3 > len(images)
    if not stands:
        floors = [None] * len(images)
    views = tuple(_cut_out(image, floor, stands, config) for image, floor in zip(images, floors, strict=True))
    _log_counts(views, stands)
    return CleanViews(views)


def _prepare(frame: DepthFrame | CloudFrame, config: CleanConfig) -> _Image:
    """Bring a frame into the form of a depth image in mm, without flying pixels, and look for its floor."""
    color = frame.color
    if isinstance(frame, DepthFrame):
        depth = frame.depth.astype(np.float32) * np.float32(frame.depth_unit_mm)
        intrinsics = frame.intrinsics
    else:
        ahead = frame.points[frame.points[:, 2] > config.min_range_mm]
        if len(ahead) < 100:
            nothing = np.zeros((1, 1), np.float32)
            return _Image(frame.name, nothing, Intrinsics(1, 1, 1.0, 1.0, 0.0, 0.0), (), {}, None)
        cloud = organise(ahead, config.cloud_gap)
        depth, intrinsics = cloud.depth_mm, cloud.intrinsics
        if color is not None:
            color = color[frame.points[:, 2] > config.min_range_mm][cloud.source]
    counts = {"recorded": int((depth > 0).sum())}
    depth[(depth < config.min_range_mm) | (depth > config.max_range_mm)] = 0
    counts["in range"] = int((depth > 0).sum())
    depth[flying_pixels(depth, max(config.edge_jump_mm, config.edge_jump_pixels * _pixel_mm(depth, intrinsics)))] = 0
    counts["no flying pixels"] = int((depth > 0).sum())
    planes = find_planes(unproject(depth, intrinsics), _floor_limits(config))
    return _Image(frame.name, depth, intrinsics, planes, counts, color)


def _pixel_mm(depth_mm: DepthImage, intrinsics: Intrinsics) -> float:
    """Return the width of a pixel at the median depth, mm; 0 in an empty image."""
    found = depth_mm[depth_mm > 0]
    return float(np.median(found)) / intrinsics.fx if len(found) else 0.0


def _floor_limits(config: CleanConfig) -> FloorLimits:
    return FloorLimits(
        band_mm=config.floor_band_mm,
        min_share=config.floor_min_share,
        min_spread_mm=config.floor_min_spread_mm,
        min_next_spread_mm=config.wall_min_spread_mm,
        max_behind=config.floor_max_behind,
        iterations=config.floor_iterations,
        seed=config.seed,
    )


def _touched(image: _Image, config: CleanConfig) -> PlaneFit | None:
    """Return the plane that the largest thing before all planes comes down to.

    A floor far below a raised foot, or a wall, is background.
    """
    heights = [_heights(image, fit.plane) for fit in image.planes]
    above = image.depth_mm > 0
    for height in heights:
        above &= height > 2 * config.floor_band_mm
    parts = components(above, min_pixels=100)
    if not heights or not parts:
        return None
    lowest = [float(height[parts[0]].min()) for height in heights]
    nearest = int(np.argmin(lowest))
    return image.planes[nearest] if lowest[nearest] < config.touch_mm else None


def _cut_out(image: _Image, floor: PlaneFit | None, stands: bool, config: CleanConfig) -> CleanView:
    """Keep the foot: what stands on the floor, or, without one, the nearest large part."""
    if stands and floor is None and image.planes:
        floor = image.planes[0]  # it does in other views
    mask = image.depth_mm > 0
    counts = dict(image.counts)
    for fit in image.planes:
        clearance = max(config.floor_clearance_sd * fit.rms_mm, 1.0) if fit is floor else 4 * config.floor_band_mm
        mask &= _heights(image, fit.plane) > clearance
    if floor is not None:
        heights = _heights(image, floor.plane)
        mask &= heights < config.max_height_mm
        counts["above the floor"] = int(mask.sum())
        mask = _standing_parts(mask, heights, config)
    else:
        mask = _nearest_parts(mask, image, config)
    counts["foot"] = int(mask.sum())
    return _finish(image, mask, None if floor is None else floor.plane, counts, config)


def _finish(
    image: _Image, mask: BoolArray, floor: Plane | None, counts: dict[str, int], config: CleanConfig
) -> CleanView:
    """Crop to the foot, fit its normals, and drop what is seen at a grazing angle."""
    rows, columns = _bounding_box(mask)
    rows, columns = slice(*rows.indices(mask.shape[0])), slice(*columns.indices(mask.shape[1]))
    depth = np.where(mask, image.depth_mm, np.float32(0))[rows, columns]
    intrinsics = crop(image.intrinsics, rows, columns)
    color = None if image.color is None else image.color[rows, columns].copy()
    if not mask.any():
        blank = np.zeros((*depth.shape, 3), np.float16)
        return CleanView(image.name, depth, blank, depth > 0, intrinsics, None, counts, color)
    # The camera looked past the foot where it measured something else; without a floor, also where it measured nothing.
    measured = image.depth_mm[rows, columns] > 0
    past = ~mask[rows, columns] & (measured if floor is not None else np.ones_like(measured))
    # What was not measured beside the foot may be the foot's; holes elsewhere are the floor's.
    doubtful = ndimage.binary_propagation(mask[rows, columns], mask=~past)
    silhouette = ndimage.binary_dilation(doubtful, iterations=_MARGIN_PX // 2)
    radius = int(np.clip(round(config.normal_radius_mm / _pixel_mm(depth, intrinsics)), 2, 15))
    normals = plane_fit_normals(depth, intrinsics, radius)
    steep = view_cosines(normals, intrinsics) < np.cos(np.radians(config.max_grazing_deg))
    depth[steep] = 0
    normals[steep] = 0
    counts["not grazing"] = int((depth > 0).sum())
    return CleanView(image.name, depth, normals.astype(np.float16), silhouette, intrinsics, floor, counts, color)


def _standing_parts(mask: BoolArray, heights: FloatArray, config: CleanConfig) -> BoolArray:
    """Keep the parts that come down to the floor; a wall or a chair behind the foot is another part, and higher."""
    parts = [part for part in _large_parts(mask, config) if heights[part].min() < config.touch_mm]
    return _union(parts, mask)


def _nearest_parts(mask: BoolArray, image: _Image, config: CleanConfig) -> BoolArray:
    """Keep the nearest large part and what lies close to it: a gap in the image may part toes or leg from it."""
    parts = _large_parts(mask, config)
    if not parts:
        return np.zeros_like(mask)
    parts.sort(key=lambda part: float(np.median(image.depth_mm[part])))
    clouds = [unproject(np.where(part, image.depth_mm, np.float32(0)), image.intrinsics)[::7] for part in parts]
    kept, foot = [parts[0]], clouds[0]
    for part, cloud in zip(parts[1:], clouds[1:], strict=True):
        if np.min(cKDTree(foot).query(cloud)[0]) < config.part_gap_mm:
            kept.append(part)
            foot = np.vstack([foot, cloud])
    return _union(kept, mask)


def _large_parts(mask: BoolArray, config: CleanConfig) -> list[BoolArray]:
    parts = components(mask, min_pixels=100)
    return [part for part in parts if part.sum() >= config.min_part_share * parts[0].sum()]


def _union(parts: list[BoolArray], like: BoolArray) -> BoolArray:
    return np.logical_or.reduce(parts) if parts else np.zeros_like(like)


def _heights(image: _Image, plane: Plane) -> FloatArray:
    """Return the heights of all pixels above a plane, (H, W) mm; meaningless where there is no depth."""
    rays: NDArray[np.float64] = pixel_rays(image.intrinsics)
    return np.asarray((rays @ plane.normal) * image.depth_mm - plane.offset_mm)


def _bounding_box(mask: BoolArray) -> tuple[slice, slice]:
    if not mask.any():
        return slice(0, 1), slice(0, 1)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(int(rows[0]) - _MARGIN_PX, 0), int(rows[-1]) + 1 + _MARGIN_PX),
        slice(max(int(columns[0]) - _MARGIN_PX, 0), int(columns[-1]) + 1 + _MARGIN_PX),
    )


def _log_counts(views: tuple[CleanView, ...], stands: bool) -> None:
    names = list(dict.fromkeys(name for view in views for name in view.counts))
    totals = [f"{name} {sum(view.counts.get(name, 0) for view in views):,}" for name in names]
    log.info("clean: %d views, points: %s; %s", len(views), " → ".join(totals), "on a floor" if stands else "no floor")
