"""Where all views of a recording belong, without any first guess: what is beyond doubt first, then more and more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from scanproc.registration.sampled_views import SampledViews, WholeAndInner
from scanproc.registration.submap_merging import merge_submap

#: In a ball of which half is seen the middle lies so far behind what was seen, in units of its spread across.
_MIDDLE_BEHIND = 1.33


@dataclass(frozen=True)
class RecordingLimits:
    """When a view, or a group of them, has a place.

    Attributes
    ----------
    seed : at first, of views beyond doubt: the truer the model, the better it tells where the others belong. The next
        counts where no two views fit by the one before.
    submap : of a group.
    grow : next, ever less.
    loud : how they differ where the noise asks for more than the usual tolerance.
    """

    seed: Sequence[SearchLimits]
    submap: SearchLimits
    grow: Sequence[SearchLimits]
    loud: LoudLimits

    @property
    def last(self) -> SearchLimits:
        return self.grow[-1]

    def at_noise(self, tolerance_mm: float) -> Iterator[RecordingLimits]:
        """Yield the limits of a recording whose noise asks for that tolerance, the next for where views are lost.

        Neighbours come first. One that was misplaced among so much noise misleads those after it: among fewer of them,
        or from other starts, it is another.
        """
        fewer = replace(self.loud, search_back=self.last.search_back)
        for loud in (self.loud, replace(fewer, behind=0.0), fewer):
            seed, grow = ([loud.of(step, tolerance_mm) for step in steps] for steps in (self.seed, self.grow))
            yield replace(
                self,
                seed=[*map(loud.beside, seed), *seed],
                submap=loud.of(self.submap, tolerance_mm),
                grow=[*map(loud.beside, grow), *grow],
            )


@dataclass(frozen=True)
class LoudLimits:
    """How a search among much noise goes.

    What is not judged by its rims contradicts little, so that a contradiction tells more. What looks alike from two
    sides fits another place as well as it would its own, but a view recorded beside another lies near that; and the
    middle of a body stays where it is when a camera goes round, as that of what was seen does not.

    Attributes
    ----------
    num_guesses, search_back, consistency_power : in place of those of `SearchLimits` and of its `Ranking`.
    beside_deg : largest turn of the camera between views recorded one after the other.
    behind : see `SearchLimits`.
    """

    num_guesses: int
    search_back: int
    consistency_power: float
    beside_deg: float
    behind: float = _MIDDLE_BEHIND

    def of(self, limits: SearchLimits, tolerance_mm: float) -> SearchLimits:
        """Return limits of a search as they are among so much noise."""
        ranking = replace(limits.ranking, consistency_power=self.consistency_power)
        tolerance_mm = max(limits.tolerance_mm, tolerance_mm)
        return replace(
            limits,
            tolerance_mm=tolerance_mm,
            num_guesses=self.num_guesses,
            search_back=self.search_back,
            ranking=ranking,
            behind=self.behind,
        )

    def beside(self, limits: SearchLimits) -> SearchLimits:
        """Return the limits of a view recorded next to one that has a place."""
        return replace(limits, max_gap=1, max_step_deg=self.beside_deg)


def place_views(
    views: WholeAndInner, limits: RecordingLimits, neighbours: NeighbourLimits, judging: JudgementLimits
) -> IncrementalResult:
    """Return the poses of all views that have a place, and how well the others fit where they fit best."""
    noise_mm = _loud_noise_mm(views, limits, judging)
    if noise_mm <= 0.0:
        return _place_once(views, limits, neighbours, judging, noise_mm)
    tries: list[IncrementalResult] = []
    for loud in limits.at_noise(tolerance_mm_of(views.inner, judging, noise_mm)):
        tries.append(_place_once(views, loud, neighbours, judging, noise_mm))
        if len(tries[-1].poses) == len(views):
            break
    return max(tries, key=lambda placed: len(placed.poses))


def _place_once(
    views: WholeAndInner,
    limits: RecordingLimits,
    neighbours: NeighbourLimits,
    judging: JudgementLimits,
    noise_mm: float,
) -> IncrementalResult:
    """Return the poses that one search finds; `noise_mm` is 0 where noise asks for no more than the usual tolerance."""
    searched = _views_to_search(views, judging, noise_mm)
    main, *others = _first_groups(searched, limits)
    poses = align_jointly(views.whole, main, [FAR, MIDDLE], neighbours)
    for group in others:
        if len(group) > 1:
            aligned = align_jointly(views.whole, group, [FAR, MIDDLE], neighbours)
            joined = merge_submap(searched, aligned, poses, limits.submap)
            poses = align_jointly(views.whole, poses | joined, [FAR, MIDDLE], neighbours) if joined else poses
    judged = judge_views(views.inner, poses, judging, noise_mm)
    placement = IncrementalResult(judged.poses or poses, {})
    for step in limits.grow:
        placement = place_more(views, judged.poses or poses, step, judging, max(noise_mm, judged.noise_mm))
        if len(placement.poses) > len(judged.poses):
            poses = align_jointly(views.whole, placement.poses, [FAR, MIDDLE], neighbours)
            judged = judge_views(views.inner, poses, judging, noise_mm)
    return IncrementalResult(judged.poses or poses, placement.misses)


def _loud_noise_mm(views: WholeAndInner, limits: RecordingLimits, judging: JudgementLimits) -> float:
    """Return the noise of a recording where it asks for more than the usual tolerance, mm; else 0."""
    widest = limits.loud.beside(limits.loud.of(limits.last, judging.max_tolerance_mm))
    noise_mm = first_noise_mm(views, widest, judging.min_pair_overlap)
    return noise_mm if tolerance_mm_of(views.inner, judging, noise_mm) > judging.tolerance_mm else 0.0


def _views_to_search(views: WholeAndInner, judging: JudgementLimits, noise_mm: float) -> SampledViews:
    """Return the views to search among: where noise asks for more than the usual tolerance, rims err by more still."""
    is_loud = tolerance_mm_of(views.inner, judging, noise_mm) > judging.tolerance_mm
    return views.judged_by_inner if is_loud else views.whole


def _first_groups(views: SampledViews, limits: RecordingLimits) -> list[Poses]:
    """Return the groups of views that fit together beyond doubt, or as far as the noise allows; the largest first."""
    groups: list[Poses] = []
    for step in limits.seed:
        groups = register_incrementally(views, step)
        if len(groups[0]) > 1:
            break
    return groups


def place_more(
    views: WholeAndInner, poses: Poses, limits: SearchLimits, judging: JudgementLimits, noise_mm: float
) -> IncrementalResult:
    """Place the rest of the views where they fit, at a tolerance that the noise of the placed ones asks for."""
    tolerance_mm = max(limits.tolerance_mm, tolerance_mm_of(views.inner, judging, noise_mm))
    searched = _views_to_search(views, judging, noise_mm)
    return register_more(searched, poses, replace(limits, tolerance_mm=tolerance_mm), range(len(views)))
