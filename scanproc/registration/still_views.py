"""Keeps the views that see one surface, where a part of the foot moved meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import NEAR, NeighbourLimits, align_jointly
from scanproc.registration.judgement import Judgement, JudgementLimits, judge_views
from scanproc.registration.movement import Movement, MovementLimits, find_movement
from scanproc.registration.reasons import misfit_reasons, moved_reason
from scanproc.registration.regional_distances import RegionLimits, regional_distances
from scanproc.registration.sampled_views import SampledViews, without_rims
from scanproc.registration.settling import SettledViews
from scanproc.registration.stacked_views import sample

_MIN_VIEWS = 4  # fewer are not parted
_MAX_MOVEMENTS = 3  # one after the other; a foot that moves more often does not lie still
_RIM_DEG = 0.35  # the outermost pixels lie false; more would take the toes, which are hardly wider than their rims
_SPACING_MM = 6.0  # of the points that are compared: a dozen in a region

#: A region is about as large as a toe, and several waves of a camera's noise. Two views of one spot from within 60 deg
#: err alike there. Surfaces that are farther apart than 20 mm are not the same part of the foot.
_REGIONS = RegionLimits(size_mm=30.0, reach_mm=20.0, min_points=4, max_angle_deg=60.0, num_neighbours=16)


@dataclass(frozen=True)
class StillLimits:
    """From which movement on views are dropped, and how those that are left are aligned and judged again."""

    movement: MovementLimits
    neighbours: NeighbourLimits
    judging: JudgementLimits


@dataclass(frozen=True)
class StillViews:
    """The views of a foot that lay still.

    Attributes
    ----------
    moved : why each view was dropped that saw another surface.
    misfits : why each view was dropped that did not fit those that are left.
    unrest : what is said of movement that is left whichever views were dropped, or None.
    """

    judged: Judgement
    moved: dict[int, str]
    misfits: dict[int, str]
    unrest: str | None


def keep_still_views(settled: SettledViews, limits: StillLimits) -> StillViews:
    """Drop the smaller group of views wherever two groups see two surfaces."""
    views, judged = settled.views, settled.judged
    inner = _inner(views.whole)
    moved, misfits = dict[int, str](), dict[int, str]()
    movement = _movement(inner, judged.poses, limits.movement)
    for _ in range(_MAX_MOVEMENTS):
        if movement is None:
            break
        moved |= dict.fromkeys(movement.moved, moved_reason(movement, limits.movement))
        poses = {view: pose for view, pose in judged.poses.items() if view not in movement.moved}
        poses = align_jointly(views.whole, poses, [NEAR], limits.neighbours)
        judged = judge_views(views.inner, poses, limits.judging, judged.noise_mm)
        misfits |= misfit_reasons(judged.misfits, limits.judging.agreement)
        movement = _movement(inner, judged.poses, limits.movement)
    return StillViews(judged, moved, misfits, None if movement is None else moved_reason(movement, limits.movement))


def _inner(views: SampledViews) -> SampledViews:
    """Return the views without their rims."""
    inner = without_rims(views.views, _RIM_DEG)
    return replace(views, views=inner, images=views.images.with_depths(inner), coarse=sample(inner, _SPACING_MM))


def _movement(inner: SampledViews, poses: Poses, limits: MovementLimits) -> Movement | None:
    if len(poses) < _MIN_VIEWS:
        return None
    return find_movement(regional_distances(inner, poses, _REGIONS), limits)
