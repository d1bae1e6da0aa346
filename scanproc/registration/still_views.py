"""Keeps the views that see one surface, where a part of the foot moved meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from scanproc.parallel import meanwhile
from scanproc.registration.bending import MAX_ANGLE_DEG, NUM_NEIGHBOURS, BendLimits, find_bending
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import NEAR, NeighbourLimits, align_jointly
from scanproc.registration.judgement import Judgement, JudgementLimits, judge_views
from scanproc.registration.movement import MovementLimits, find_movement
from scanproc.registration.regional_distances import RegionLimits, regional_distances
from scanproc.registration.rejections import bent_reason, misfit_reasons, moved_reason
from scanproc.registration.sampled_views import SampledViews, without_rims
from scanproc.registration.settling import SettledViews

_MIN_VIEWS = 4  # fewer are not parted
_MAX_MOVEMENTS = 3  # one after the other; a foot that moves more often does not lie still
_RIM_DEG = 0.35  # the outermost pixels lie false; more would take the toes, which are hardly wider than their rims
_SPACING_MM = 6.0  # of the points that are compared: a dozen in a region
_BEND_SPACING_MM = 4.0  # of those that tell of a bend: the noise has waves of 5 to 10 mm

#: A region is about as large as a toe, and several waves of a camera's noise. Surfaces farther apart than 20 mm are not
#: the same part of the foot.
_REGIONS = RegionLimits(
    size_mm=30.0, reach_mm=20.0, min_points=4, max_angle_deg=MAX_ANGLE_DEG, num_neighbours=NUM_NEIGHBOURS
)


@dataclass(frozen=True)
class StillLimits:
    """From which movement on views are dropped, and how those that are left are aligned and judged again."""

    movement: MovementLimits
    bend: BendLimits
    neighbours: NeighbourLimits
    judging: JudgementLimits


@dataclass(frozen=True)
class StillViews:
    """The views of a foot that lay still.

    Attributes
    ----------
    settled : in their places.
    moved : why each view was dropped that saw another surface.
    misfits : why each view was dropped that did not fit those that are left.
    unrest : what is said of movement that is left whichever views were dropped, or None.
    """

    settled: SettledViews
    moved: dict[int, str]
    misfits: dict[int, str]
    unrest: str | None

    @property
    def judged(self) -> Judgement:
        return self.settled.judged


def keep_still_views(
    settled: SettledViews, limits: StillLimits, settle_again: Callable[[Poses], SettledViews]
) -> StillViews:
    """Drop the smaller group of views wherever two groups see two surfaces.

    Parameters
    ----------
    settle_again : aligns those that are left from the beginning: what moved hides the noise, and whether rims err.
    """
    views, judged = settled.views, settled.judged
    # As if all views knew alike where the foot is: those from near would hide what moved in others.
    alike = views.whole.weighed_alike()
    inner = without_rims(views.whole.views, _RIM_DEG)
    sparse = alike.with_views(inner, _SPACING_MM)
    dense = sparse.at_spacing(_BEND_SPACING_MM)
    moved, misfits = dict[int, str](), dict[int, str]()
    poses = judged.poses
    if views.whole.weighs_noise and len(poses) >= _MIN_VIEWS:
        poses = align_jointly(alike, poses, [NEAR], limits.neighbours)
    unrest = _unrest(sparse, dense, poses, limits)
    for _ in range(_MAX_MOVEMENTS):
        if unrest is None:
            break
        moved |= dict.fromkeys(unrest.views, unrest.reason)
        poses = {view: pose for view, pose in poses.items() if view not in unrest.views}
        poses = align_jointly(alike, poses, [NEAR], limits.neighbours)
        judged = judge_views(views.inner, poses, limits.judging, judged.noise_mm)
        misfits |= misfit_reasons(judged.misfits, limits.judging.agreement)
        poses = judged.poses
        unrest = _unrest(sparse, dense, poses, limits)
    if moved:
        settled = settle_again(judged.poses) if judged.poses else replace(settled, judged=judged)
        misfits |= misfit_reasons(settled.misfits, limits.judging.agreement)
    return StillViews(settled, moved, misfits, None if unrest is None else unrest.reason)


@dataclass(frozen=True)
class _Unrest:
    """The views in which the foot lay otherwise than in most, and what is said of them."""

    views: tuple[int, ...]
    reason: str


def _unrest(sparse: SampledViews, dense: SampledViews, poses: Poses, limits: StillLimits) -> _Unrest | None:
    """Return what moved: regions that two groups of views see apart, or else a part that turned as a whole.

    Parameters
    ----------
    sparse, dense : the same views, at the spacings that tell of regions and of a bend.
    """
    if len(poses) < _MIN_VIEWS:
        return None
    with meanwhile(partial(find_bending, dense, poses, limits.bend)) as found_bending:
        movement = find_movement(regional_distances(sparse, poses, _REGIONS), limits.movement)
        if movement is not None:
            return _Unrest(movement.moved, moved_reason(movement, limits.movement))
        bending = found_bending()
    return None if bending is None else _Unrest(bending.moved, bent_reason(bending, limits.bend))
