"""Places views one after the other, each against those that have a place, without any first guess."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from scanproc.frames import FloatArray
from scanproc.parallel import num_workers, parallel_map
from scanproc.registration.agreement import Agreement, Submap, submap_of
from scanproc.registration.candidates import Candidate, SearchLimits, best_candidate
from scanproc.registration.sampled_views import SampledViews

Poses = dict[int, FloatArray]  # T_common_camera of the views that have a place
_Try = tuple[int, ...]  # a view, and those with a place that it is tried against, the nearest first


@dataclass(frozen=True)
class IncrementalResult:
    """The T_common_camera of the views that have a place, and how well the others fit where they fit best."""

    poses: Poses
    misses: dict[int, Agreement]


def register_incrementally(views: SampledViews, limits: SearchLimits) -> list[Poses]:
    """Return the groups of views that fit together, the largest first, each as T_common_camera in a frame of its own.

    The frame is the level frame of the group's first view. A bad first view does no harm: it is a group by itself.
    """
    groups: list[Poses] = []
    left = list(range(len(views)))
    while left:
        search = _IncrementalSearch(views, {left[0]: views.T_level_camera[left[0]]}, left[1:], limits, wide=False)
        search.try_neighbours()
        groups.append(search.poses)
        left = search.waiting
    groups.sort(key=len, reverse=True)
    main = register_more(views, groups[0], limits, [index for group in groups[1:] for index in group]).poses
    rest = [{index: pose for index, pose in group.items() if index not in main} for group in groups[1:]]
    return [main, *(group for group in rest if group)]


def register_more(
    views: SampledViews, placed: Poses, limits: SearchLimits, candidates: Sequence[int]
) -> IncrementalResult:
    """Place those candidates that fit the placed views, which stay where they are."""
    search = _IncrementalSearch(views, dict(placed), [index for index in candidates if index not in placed], limits)
    search.try_neighbours()
    while limits.max_gap > limits.search_back and search.try_all():
        search.try_neighbours()
    return IncrementalResult(search.poses, search.misses)


@dataclass
class _IncrementalSearch:
    """Views that have a place, those that wait for one, and how well these fit where they fit best."""

    views: SampledViews
    poses: Poses
    waiting: list[int]
    limits: SearchLimits
    wide: bool = True  # whether the widest turns are tried, too
    misses: dict[int, Agreement] = field(default_factory=dict)
    tried: dict[int, tuple[int, int]] = field(default_factory=dict)  # the nearest and the number of views, last time
    models: dict[tuple[int, ...], Submap] = field(default_factory=dict)  # of placed views, the nearest first
    known: set[_Try] = field(default_factory=set)  # that were made: what has a place stays there

    def try_neighbours(self) -> None:
        """Place views recorded near a placed one, as long as there are such."""
        before = -1
        while before != len(self.waiting):
            before = len(self.waiting)
            self._try_each(self.limits.search_back, min(self.limits.search_back, self.limits.max_gap))

    def try_all(self) -> bool:
        """Try each view that waits once, against more of the placed ones; say whether any found a place."""
        before = len(self.waiting)
        self._try_each(3 * self.limits.search_back, sys.maxsize)
        return len(self.waiting) < before

    def _try_each(self, count: int, reach: int) -> None:
        """Try each view that waits once, against so many placed ones, if the nearest lies within reach.

        After one that found no place several are tried side by side, as if they found none, either. If one does, those
        that are to be tried against other views for that are tried again: the result is that of trying them in turn.
        """
        found: dict[_Try, Candidate] = {}
        waiting, at_once = list(self.waiting), 1
        for place, index in enumerate(waiting):
            one = self._try_of(index, count, reach)
            self._note_try(index, count, reach)
            if one is None:
                continue
            if one not in found:
                later = (self._try_of(other, count, reach) for other in waiting[place + 1 :])
                some = [one, *itertools.islice(filter(None, later), at_once - 1)]
                found |= zip(some, self._best_of(some), strict=True)
            at_once = 1 if self._find_place(one, found[one]) else num_workers()

    def _nearest(self, index: int, count: int) -> tuple[int, ...]:
        return tuple(sorted(self.poses, key=lambda other: (self.views.gap(other, index), other))[:count])

    def _try_of(self, index: int, count: int, reach: int) -> _Try | None:
        """Return what a view is to be tried against; None if nothing much has changed since it was last tried."""
        near = self._nearest(index, count)
        if self.views.gap(near[0], index) > reach or self.tried.get(index) == (near[0], len(near)):
            return None
        return None if (index, *near) in self.known else (index, *near)  # there it would be the same again

    def _note_try(self, index: int, count: int, reach: int) -> None:
        near = self._nearest(index, count)
        if self.views.gap(near[0], index) <= reach:
            self.tried[index] = (near[0], len(near))

    def _best_of(self, tries: Sequence[_Try]) -> list[Candidate]:
        """Return where the view of each try fits best."""
        for _, *others in tries:
            near = tuple(others)
            if near not in self.models:  # what has a place stays there
                self.models[near] = submap_of(self.views, near, [self.poses[other] for other in near])

        def best(one: _Try) -> Candidate:
            return best_candidate(self.views, one[0], self.models[one[1:]], self.limits, self.wide)

        return parallel_map(best, tries, "placing views")

    def _find_place(self, one: _Try, best: Candidate) -> bool:
        """Give the view of a try the place that was found, if it counts; say whether it does."""
        self.known.add(one)
        index = one[0]
        if not self.limits.admit(best.fit, best.step_deg):
            self.misses[index] = max(best.fit, self.misses.get(index, best.fit), key=self.limits.ranking.score)
            return False
        self.poses[index] = best.pose
        self.waiting.remove(index)
        self.misses.pop(index, None)
        return True
