"""Where all views of a recording belong, without any first guess: what is beyond doubt first, then more and more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scanproc.registration.candidates import SearchLimits
from scanproc.registration.first_noise import first_noise_mm
from scanproc.registration.incremental import (
    IncrementalResult,
    Poses,
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
    beside : of views recorded beside placed ones, where the noise asks for more than the usual tolerance.
    grow : next, ever less.
    among : in the end of those like `beside`, against more of what has a place by then.
    """

    seed: SearchLimits
    submap: SearchLimits
    beside: SearchLimits
    grow: Sequence[SearchLimits]
    among: SearchLimits

    @property
    def last(self) -> SearchLimits:
        return self.grow[-1]


def place_views(
    views: WholeAndInner, limits: RecordingLimits, neighbours: NeighbourLimits, judging: JudgementLimits
) -> IncrementalResult:
    """Return the poses of all views that have a place, and how well the others fit where they fit best."""
    noise_mm = _first_noise_mm(views, limits, judging)
    main, *others = _first_groups(views, limits, judging, noise_mm)
    poses = align_jointly(views.whole, main, [FAR, MIDDLE], neighbours)
    for group in others:
        if len(group) > 1:
            aligned = align_jointly(views.whole, group, [FAR, MIDDLE], neighbours)
            joined = merge_submap(views.whole, aligned, poses, limits.submap)
            poses = align_jointly(views.whole, poses | joined, [FAR, MIDDLE], neighbours) if joined else poses
    judged = judge_views(views.inner, poses, judging, noise_mm)
    placement = IncrementalResult(judged.poses or poses, {})
    for step in (limits.beside, *limits.grow, limits.among) if noise_mm > 0.0 else limits.grow:
        placement = place_more(views, judged.poses or poses, step, judging, max(noise_mm, judged.noise_mm))
        if len(placement.poses) > len(judged.poses):
            poses = align_jointly(views.whole, placement.poses, [FAR, MIDDLE], neighbours)
            judged = judge_views(views.inner, poses, judging, noise_mm)
    return IncrementalResult(judged.poses or poses, placement.misses)


def _first_noise_mm(views: WholeAndInner, limits: RecordingLimits, judging: JudgementLimits) -> float:
    """Return the noise of a recording where it asks for more than the usual tolerance, mm; else 0."""
    widest = replace(limits.beside, tolerance_mm=judging.max_tolerance_mm)
    noise_mm = first_noise_mm(views, widest, judging.min_pair_overlap)
    return noise_mm if tolerance_mm_of(views.inner, judging, noise_mm) > limits.beside.tolerance_mm else 0.0


def _first_groups(
    views: WholeAndInner, limits: RecordingLimits, judging: JudgementLimits, noise_mm: float
) -> list[Poses]:
    """Return the groups of views that fit together beyond doubt, or as far as the noise allows; the largest first."""
    steps = [limits.seed, limits.last, replace(limits.last, tolerance_mm=judging.max_tolerance_mm)]
    if noise_mm > 0.0:
        steps.insert(0, replace(limits.beside, tolerance_mm=tolerance_mm_of(views.inner, judging, noise_mm)))
    groups: list[Poses] = []
    for step in steps:
        groups = register_incrementally(views.whole, step)
        if len(groups[0]) > 1:
            break
    return groups


def place_more(
    views: WholeAndInner, poses: Poses, limits: SearchLimits, judging: JudgementLimits, noise_mm: float
) -> IncrementalResult:
    """Place the rest of the views where they fit, at a tolerance that the noise of the placed ones asks for."""
    tolerance_mm = max(limits.tolerance_mm, tolerance_mm_of(views.inner, judging, noise_mm))
    return register_more(views.whole, poses, replace(limits, tolerance_mm=tolerance_mm), range(len(views)))
