"""Brings a group of views that fit together to another group, from wherever it may be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial

import numpy as np

from scanproc.frames import FloatArray, inverse, rigid, transform
from scanproc.parallel import parallel_map, shares
from scanproc.registration.agreement import (
    Agreement,
    AgreementCounts,
    Submap,
    consistency_of,
    count_agreement,
    merged_samples,
    submap_of,
)
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.grid_icp import distinct_poses, grid_icp_from_all
from scanproc.registration.incremental import Poses
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.start_rotations import ALL_FREE, LEVEL_FREE, rotations_all_ways, yaw_rotations

# They steer the search alone: what it finds is let in by `SearchLimits`.
_MAX_VIEWS = 16  # of each group that are compared
_MAX_ENDS = 3  # pairs of neighbours in recorded order from which a start is made
_TURNS_DEG = (25.0, 50.0, 75.0, 110.0, 150.0)
_FIRST_GATES_MM = np.array([25.0, 20.0])
_SECOND_GATES_MM = np.array([15.0, 10.0, 6.0])
_STEPS = (4, 4, 7)  # at each gate, go by go
_TOGETHER_MM = 7.0  # a cell of the grid: what lies so near after a go stays together
_NUM_REFINED = 30  # of 60 to 160 that are left of 390 starts: the right ones are not always the first
_MAX_POINTS = 2000  # with a quarter of them a start as far off is found a third as often
_DOUBTED_SHARE = 0.25  # of a group, that may contradict the main one without keeping the others out


def merge_submap(views: SampledViews, group: Poses, main: Poses, limits: SearchLimits) -> Poses | None:
    """Return the group in the frame of `main`, or None where it does not fit there.

    As a whole it finds places that none of its views finds alone, such as views of the sole beside those of the leg.
    A few of its views that fit each other but not the rest are left out: those of a foot that moved, or spoilt ones.
    """
    ends = sorted(itertools.product(group, main), key=lambda pair: (abs(pair[0] - pair[1]), pair))[:_MAX_ENDS]
    near = sorted(main, key=lambda view: min(abs(view - own) for own in group))[: 2 * _MAX_VIEWS]
    model = submap_of(views, near, [main[view] for view in near])
    level = all(views.views[view].floor is not None for view in (*group, *main))
    free = LEVEL_FREE if level else ALL_FREE
    starts = [start for own, other in ends for start in _starts(views, group[own], own, main[other], other, level)]
    few = sorted(group)[:_MAX_VIEWS]

    points, normals = _thinned(views, group, few)
    centre = points.mean(axis=0)

    def align(some: Sequence[FloatArray], gates_mm: FloatArray, steps: int) -> FloatArray:
        return grid_icp_from_all(points, normals, model.grid, some, gates_mm, steps, free)

    def aligned(poses: Sequence[FloatArray], gates_mm: FloatArray) -> Sequence[FloatArray]:
        """Align from many starts. Most of them soon come together, and go on as one."""
        for gate, steps in itertools.product(gates_mm, _STEPS):
            go = partial(align, gates_mm=np.array([gate]), steps=steps)
            each = np.concatenate(parallel_map(go, shares(poses), "placing views"))
            poses = list(each[distinct_poses(each, centre, _TOGETHER_MM)])
        return poses

    tries = aligned(starts, _FIRST_GATES_MM)
    fits, _ = _agreements(views, group, few, model, tries, limits)
    order = sorted(range(len(tries)), key=lambda k: -limits.ranking.score(fits[k]))[:_NUM_REFINED]
    tries = aligned([tries[k] for k in order], _SECOND_GATES_MM)
    fits, each = _agreements(views, group, few, model, tries, limits)
    best = max(range(len(fits)), key=lambda k: limits.ranking.score(fits[k]))
    if fits[best].overlap < limits.min_overlap or fits[best].consistency < limits.min_consistency:
        return None
    doubted = {
        view for view, consistency in zip(few, each[:, best], strict=True) if consistency < limits.min_consistency
    }
    return {view: tries[best] @ pose for view, pose in group.items() if view not in doubted}


def _thinned(views: SampledViews, group: Poses, few: list[int]) -> tuple[FloatArray, FloatArray]:
    """Return at most `_MAX_POINTS` points and normals that some views of a group saw, in the group's frame."""
    points, normals = merged_samples(views, few, [group[view] for view in few])
    step = -(-len(points) // _MAX_POINTS)
    return np.ascontiguousarray(points[::step]), np.ascontiguousarray(normals[::step])


def _starts(
    views: SampledViews, own_pose: FloatArray, own: int, other_pose: FloatArray, other: int, level: bool
) -> list[FloatArray]:
    """Return guesses of T_main_group that put one view's camera near another's, turned about what it saw."""
    source = transform(own_pose, views.coarsest.of(own)[0].mean(axis=0)[None])[0]
    target = transform(other_pose, views.coarsest.of(other)[0].mean(axis=0)[None])[0]
    if level:
        flat = np.array([1.0, 1.0, 0.0])
        return [rigid(turn, (target - turn @ source) * flat) for turn in yaw_rotations()]
    base = (other_pose @ inverse(own_pose))[:3, :3]
    turns = [turn @ base for turn in (np.eye(3), *rotations_all_ways(_TURNS_DEG))]
    return [rigid(turn, target - turn @ source) for turn in turns]


def _agreements(
    views: SampledViews, group: Poses, few: list[int], model: Submap, tries: Sequence[FloatArray], limits: SearchLimits
) -> tuple[list[Agreement], FloatArray]:
    """Return how the group fits at each of P tries, and how consistent each of its K views is there, (K, P).

    The group's overlap is that of the view that overlaps most, its consistency that of all but those that contradict
    the most. A view of which nothing is judged is consistent.
    """

    judges = views if views.inner is None else views.inner

    def count(view: int) -> AgreementCounts:
        poses = [pose @ group[view] for pose in tries]
        return count_agreement(judges, judges.coarsest, view, model, poses, limits.tolerance_mm)

    every = parallel_map(count, few, "placing views")
    overlap = np.max([one.overlap for one in every], axis=0)
    inliers, violations = np.array([(one.inliers, one.violations) for one in every]).swapaxes(0, 1)
    believed = len(few) - int(_DOUBTED_SHARE * len(few))
    order = np.argsort(violations, axis=0, kind="stable")[:believed]
    pooled = [np.take_along_axis(counts, order, axis=0).sum(axis=0) for counts in (inliers, violations)]
    fits = zip(overlap.tolist(), consistency_of(*pooled).tolist(), strict=True)
    return [Agreement(*fit) for fit in fits], 1.0 - violations / np.maximum(inliers + violations, 1.0)
