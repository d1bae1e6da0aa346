"""Stage 1: of every view, the foot alone, and the floor it stands on."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from scanproc.artifacts import (
    BoolArray,
    CleanView,
    CleanViews,
    DepthFrame,
    Recording,
)
from scanproc.depth.images import unproject
from scanproc.depth.view_image import MeasuredPixels, PixelLimits, ViewImage, halved, measured_image, on_pixels
from scanproc.errors import ScanError
from scanproc.parallel import parallel_map
from scanproc.segmentation.component_features import ComponentFeatures, component_features
from scanproc.segmentation.connected_components import Components
from scanproc.segmentation.cropped_borders import hidden_by_crop
from scanproc.segmentation.floors import FloorLimits, ViewPlanes, find_planes
from scanproc.segmentation.foot_components import Choice, FootLimits, Situation, choose
from scanproc.segmentation.foot_view import FootPixels, FootViewLimits, foot_view
from scanproc.segmentation.plane_clipping import HalfSpace, ceiling, clip
from scanproc.segmentation.plane_fitting import PlaneFit
from scanproc.segmentation.stillest_views import groups_of_views, stillest_of
from scanproc.segmentation.view_components import ComponentLimits, supporting_plane, view_components
from scanproc.settings import setting

log = logging.getLogger(__name__)

#: Empty border kept round the foot: `register` counts points that would have to show there as contradictions.
_CROPPED_SHARE = 1.1  # of the foot: a cloud that holds hardly anything else was cropped to it


@dataclass(frozen=True)
class CleanConfig:
    """What is kept of each view."""

    max_views: int = setting(100, "most views used of a long recording: the stillest of each few", low=3)
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
    floor_min_solid_mm: float = setting(
        30.0, "the same, times the share of its extent that it covers, mm; strips of a leg have 20", low=0.0
    )
    floor_max_behind: float = setting(0.03, "share of a view's points that may lie beyond the floor", low=0.0, high=1.0)
    floor_iterations: int = setting(1000, "most tries of the seeded search for the floor", low=10)
    floor_points: int = setting(10000, "points of a view that its floor is fitted to", low=1000)
    floor_clearance_sd: float = setting(
        3.0, "points lower than this many sd of the floor's noise are the floor's", low=0.0
    )
    contact_mm: float = setting(
        6.0, "what faces up less than this over the floor belongs to it, mm", low=0.0, high=20.0
    )
    touch_mm: float = setting(
        20.0, "the foot stands on a floor if its lowest seen point is at most this high, mm", low=1.0
    )
    max_height_mm: float = setting(350.0, "highest point above the floor that is kept, mm", low=100.0)
    min_part_share: float = setting(0.05, "parts smaller than this share of the largest one are dropped", low=0, high=1)
    min_piece_mm2: float = setting(60.0, "pieces between depth steps that are smaller are dropped, mm²", low=0.0)
    join_mm: float = setting(12.0, "pieces that come this close in space are one part, mm", low=1.0)
    part_gap_mm: float = setting(60.0, "parts closer to the foot than this may belong to it, mm", low=0.0)
    pair_gap_mm: float = setting(
        200.0, "parts closer than this belong to a pair, or to a foot with nothing else round it, mm", low=0.0
    )
    pair_min_share: float = setting(0.3, "share of the views that must show a second foot", low=0.0, high=1.0)
    choose_min_views: int = setting(
        4, "views that it takes to tell the foot from other things; in fewer, all that stands is kept", low=1
    )
    patch_min_spread_mm: float = setting(
        30.0, "spread (sd) of a flat face along its shorter direction, mm; a slice of a leg is narrower", low=0.0
    )
    cloud_gap: float = setting(4.0, "longest gap of a loose cloud that is bridged, in units of its spacing", low=1.0)
    seed: int = setting(0, "of the random search for the floor", low=0)


@dataclass(frozen=True)
class _Look:
    """What was measured in a view, the wide planes in it, and the one of them that the foot stands on."""

    measured: MeasuredPixels
    planes: ViewPlanes
    touched: PlaneFit | None
    is_empty: bool


@dataclass(frozen=True)
class _Split:
    """What a view holds before its background, in connected components: (H, W) of the whole image."""

    measured: MeasuredPixels
    floor: PlaneFit | None
    components: Components
    features: ComponentFeatures
    counts: dict[str, int]


def clean(recording: Recording, config: CleanConfig) -> CleanViews:
    """Cut the foot out of every view.

    Raises
    ------
    ScanError
        If no view holds anything in range.
    """
    frames = _used_frames(recording, config)
    looks = parallel_map(partial(_look, config=config), frames, "looking for the floor")
    if all(look.is_empty for look in looks):
        raise ScanError(
            f"no view holds a point between {config.min_range_mm:g} and {config.max_range_mm:g} mm;"
            " expected a foot there. Is the depth unit right (scan.toml: depth_unit_mm), or the range"
            " (clean.max_range_mm)?"
        )
    if len(frames) < config.choose_min_views:
        looks = [_undecided(look) for look in looks]
    # The foot stands on a floor in all views or in none: most of those that show a plane decide.
    with_plane = sum(bool(look.planes.background) for look in looks)
    touched = sum(look.touched is not None for look in looks)
    stands = touched * 2 > with_plane and with_plane * 3 > len(looks)
    seen = list(zip(frames, looks, strict=True))
    splits = parallel_map(partial(_split, stands=stands, config=config), seen, "parting views")
    situation = Situation(stands, is_bare=with_plane * 10 < len(looks))
    chosen = choose([split.features for split in splits], situation, _foot_limits(config))
    tasks = list(zip(frames, splits, chosen.kept, strict=True))
    top_mm = min(config.max_height_mm, chosen.cuff_mm)
    views = tuple(parallel_map(partial(_cut_out, top_mm=top_mm, config=config), tasks, "cutting out the foot"))
    _log_counts(views, stands, chosen)
    return CleanViews(views)


def _used_frames(recording: Recording, config: CleanConfig) -> list[DepthFrame | ViewImage]:
    """Return the views that are used, as images; the others are not kept in memory."""
    groups = groups_of_views(len(recording.frames), config.max_views)
    if len(groups) < len(recording.frames):
        stillest = partial(stillest_of, recording.frames)
        places = parallel_map(stillest, groups, "looking for views that hold still")
        log.info("clean: %d of %d views are used: the stillest of each few", len(places), len(recording.frames))
    else:
        places = list(range(len(recording.frames)))

    def as_image(place: int) -> DepthFrame | ViewImage:
        return on_pixels(recording.frames[place], near_mm=config.min_range_mm, max_gap=config.cloud_gap)

    return parallel_map(as_image, places, "putting clouds on pixels")


def pixel_limits(config: CleanConfig) -> PixelLimits:
    """Return which pixels of a view count."""
    return PixelLimits(config.min_range_mm, config.max_range_mm, config.edge_jump_mm, config.edge_jump_pixels)


def _look(frame: DepthFrame | ViewImage, config: CleanConfig) -> _Look:
    """Look for the wide planes of a view, and which of them the foot stands on."""
    image = measured_image(frame, pixel_limits(config))
    num_pixels = image.counts["no flying pixels"]
    step = max(1, int(np.sqrt(num_pixels / config.floor_points)))
    points = unproject(image.depth_mm, image.intrinsics, step)
    solid_angle = step**2 / (image.intrinsics.fx * image.intrinsics.fy)
    planes = find_planes(points, solid_angle, floor_limits(config))
    clear_mm = 2 * config.floor_band_mm
    touched = supporting_plane(halved(image), planes, clear_mm, config.touch_mm, _piece_limits(config))
    return _Look(MeasuredPixels.of(image), planes, touched, num_pixels == 0)


def _undecided(look: _Look) -> _Look:
    """Take all that stands on the floor for the foot, and no step or stool for a floor: one view cannot tell."""
    background = look.planes.background
    is_step = look.touched is not None and all(fit is not look.touched for fit in background)
    touched = next(iter(background), None) if is_step else look.touched
    return replace(look, planes=ViewPlanes(background, ()), touched=touched)


def _piece_limits(config: CleanConfig) -> ComponentLimits:
    return ComponentLimits(pixel_limits(config), config.join_mm, config.min_piece_mm2, config.patch_min_spread_mm)


def floor_limits(config: CleanConfig) -> FloorLimits:
    """Return what a plane must be like to be a floor."""
    return FloorLimits(
        band_mm=config.floor_band_mm,
        min_share=config.floor_min_share,
        min_spread_mm=config.floor_min_spread_mm,
        min_solid_mm=config.floor_min_solid_mm,
        max_behind=config.floor_max_behind,
        iterations=config.floor_iterations,
        seed=config.seed,
    )


def _foot_limits(config: CleanConfig) -> FootLimits:
    return FootLimits(
        min_share=config.min_part_share,
        touch_mm=config.touch_mm,
        part_gap_mm=config.part_gap_mm,
        pair_gap_mm=config.pair_gap_mm,
        pair_min_share=config.pair_min_share,
        min_views=config.choose_min_views,
    )


def _split(task: tuple[DepthFrame | ViewImage, _Look], stands: bool, config: CleanConfig) -> _Split:
    """Part what stands before the background of a view."""
    frame, look = task
    image = look.measured.image(frame, pixel_limits(config))
    floor = look.touched if stands else None
    if stands and floor is None and look.planes.background:
        floor = look.planes.background[0]  # the foot stands on one in other views
    half_spaces: list[HalfSpace] = []
    if floor is not None:
        clearance_mm = max(config.floor_clearance_sd * floor.rms_mm, 1.0)
        half_spaces = [HalfSpace(floor.plane, clearance_mm, floor.depth_mm), ceiling(floor.plane, config.max_height_mm)]
    # A wall is cut away with its noise; a stool closely: the foot may touch it.
    patches_of = [
        HalfSpace(fit.plane, 4 * config.floor_band_mm, fit.depth_mm)
        for fit in look.planes.background
        if fit is not floor
    ]
    patches_of += [HalfSpace(fit.plane, config.floor_band_mm, fit.depth_mm) for fit in look.planes.furniture]
    components = view_components(image, patches_of, half_spaces, _piece_limits(config))
    counts = {**image.counts, "before the background": int(components.pixels.sum())}
    features = component_features(components, image.depth_mm, image.intrinsics, None if floor is None else floor.plane)
    small = replace(
        components, labels=components.labels.astype(np.uint8)
    )  # those of all views are kept until the choice
    return _Split(look.measured, floor, small, features, counts)


def _cut_out(task: tuple[DepthFrame | ViewImage, _Split, BoolArray], top_mm: float, config: CleanConfig) -> CleanView:
    """Keep the components that are the foot's."""
    frame, split, kept = task
    image = split.measured.image(frame, pixel_limits(config))
    mask = split.components.masked(kept)
    if split.floor is not None and top_mm < config.max_height_mm:
        mask &= clip(image.depth_mm, image.intrinsics, [ceiling(split.floor.plane, top_mm)])
    counts = {**split.counts, "foot": int(np.count_nonzero(mask))}
    # The camera looked past the foot where it measured the background; without a floor, also where it measured nothing.
    # What else is there may hide the foot, or be a part of it that looks as if it were not.
    labels = split.components.labels
    past = labels == 0
    # Crumbs are no shin: what they cover stays in doubt only where it reaches the foot.
    is_thing = np.bincount(labels.ravel()) >= config.min_part_share * max(counts["foot"], 1)
    other = is_thing[labels] & ~past & ~mask
    hidden = np.zeros(mask.shape, np.bool_)
    if split.floor is not None:
        past &= image.depth_mm > 0
    elif isinstance(frame, ViewImage) and np.count_nonzero(image.depth_mm) < _CROPPED_SHARE * np.count_nonzero(mask):
        hidden = hidden_by_crop(np.where(mask, image.depth_mm, np.float32(0)), image.intrinsics)  # clouds are cropped
        past &= ~hidden
    limits = FootViewLimits(config.normal_radius_mm, config.max_grazing_deg, config.contact_mm)
    return foot_view(image, FootPixels(mask, other, past, hidden), split.floor, counts, limits)


def _log_counts(views: tuple[CleanView, ...], stands: bool, chosen: Choice) -> None:
    for view in views:
        log.debug("clean: view %s: %s", view.name, " → ".join(f"{name} {n:,}" for name, n in view.counts.items()))
    names = list(dict.fromkeys(name for view in views for name in view.counts))
    totals = [f"{name} {sum(view.counts.get(name, 0) for view in views):,}" for name in names]
    cuff = f", a trouser cuff {chosen.cuff_mm:.0f} mm above it" if np.isfinite(chosen.cuff_mm) else ""
    where = f"{'on a floor' if stands else 'no floor'}{cuff}"
    log.info("clean: %d views, points: %s; %s, %s", len(views), " → ".join(totals), chosen.what, where)
