"""Where all views of a recording belong, without any first guess: what is beyond doubt first, then more and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scanproc.registration.incremental import (
    IncrementalResult,
    Poses,
    SearchLimits,
    register_incrementally,
    register_more,
)
from scanproc.registration.joint_alignment import FAR, MIDDLE, NeighbourLimits, align_jointly
from scanproc.registration.judgement import JudgementLimits, judge_views, tolerance_mm_of
from scanproc.registration.sampled_views import WholeAndInner
from scanproc.registration.submap_merging import merge_submap


@dataclass(frozen=True)
class RecordingLimits:
    """When a view, or a group of them, has a place.

    Attributes
    ----------
    seed : at first, of views beyond doubt: the truer the model, the better it tells where the others belong.
    submap : of a group.
    grow : next, ever less.
    """

    seed: SearchLimits
    submap: SearchLimits
    grow: Sequence[SearchLimits]

    @property
    def last(self) -> SearchLimits:
        return self.grow[-1]


def place_views(
    views: WholeAndInner, limits: RecordingLimits, neighbours: NeighbourLimits, judging: JudgementLimits
) -> IncrementalResult:
    """Return the poses of all views that have a place, and how well the others fit where they fit best."""
    main, *others = register_incrementally(views.whole, limits.seed)
    if len(main) < 2:
        main, *others = register_incrementally(views.whole, limits.last)
    if len(main) < 2:  # the noise may be more than the usual tolerance: what fits then is judged by what it shows
        main, *others = register_incrementally(views.whole, replace(limits.last, tolerance_mm=judging.max_tolerance_mm))
    poses = align_jointly(views.whole, main, [FAR, MIDDLE], neighbours)
    for group in others:
        if len(group) > 1:
            aligned = align_jointly(views.whole, group, [FAR, MIDDLE], neighbours)
            joined = merge_submap(views.whole, aligned, poses, limits.submap)
            poses = align_jointly(views.whole, poses | joined, [FAR, MIDDLE], neighbours) if joined else poses
    judged = judge_views(views.inner, poses, judging)
    placement = IncrementalResult(judged.poses or poses, {})
    for step in limits.grow:
        placement = place_more(views, judged.poses or poses, step, judging, judged.noise_mm)
        if len(placement.poses) > len(judged.poses):
            poses = align_jointly(views.whole, placement.poses, [FAR, MIDDLE], neighbours)
            judged = judge_views(views.inner, poses, judging)
    return IncrementalResult(judged.poses or poses, placement.misses)


def place_more(
    views: WholeAndInner, poses: Poses, limits: SearchLimits, judging: JudgementLimits, noise_mm: float
) -> IncrementalResult:
    """Place the rest of the views where they fit, at a tolerance that the noise of the placed ones asks for."""
    tolerance_mm = max(limits.tolerance_mm, tolerance_mm_of(views.inner, judging, noise_mm))
    return register_more(views.whole, poses, replace(limits, tolerance_mm=tolerance_mm), range(len(views)))
