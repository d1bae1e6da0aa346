"""Places views one after the other, each against those that have a place, without any first guess."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import CleanView, Plane
from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_about, rotation_between, transform
from scanproc.geometry.compiled import compiled
from scanproc.geometry.point_grid import PointGrid, align_to_grid, point_grid
from scanproc.geometry.projective import judge
from scanproc.geometry.view_stack import Images, Samples, sample, stack_images

_UP = np.array([0.0, 0.0, 1.0])
_ALL_FREE = np.ones(6, dtype=bool)
_LEVEL_FREE = np.array([False, False, True, True, True, False])
#: Turns about the foot's centre from which an alignment is tried; alignment finds the last 15 deg by itself.
_STARTS_DEG = (25.0, 45.0, 70.0)
_NUM_YAWS = 24
_SHIFTS_MM = ((0.0, 0.0), (50.0, 0.0), (-50.0, 0.0), (0.0, 50.0), (0.0, -50.0))
_FIRST_GATES_MM = np.array([40.0, 30.0, 20.0, 12.0])
_FIRST_STEPS = 8
_SECOND_GATES_MM = np.array([25.0, 20.0, 15.0, 10.0, 6.0])
_SECOND_STEPS = 12
_CELL_MM = 5.0  # of the grid of nearest points
_STRICTNESS = 6


@dataclass(frozen=True)
class SearchLimits:
    """When a placement counts.

    Attributes
    ----------
    tolerance_mm : distance at which two views agree on a surface.
    min_overlap : share of a view's points that the model must have.
    min_consistency : share of judged points that must agree, both ways.
    num_guesses : guesses of the coarse search that are refined and judged.
    search_back : nearest placed views, in recorded order, that a view is tried against first.
    """

    tolerance_mm: float
    min_overlap: float
    min_consistency: float
    num_guesses: int
    search_back: int


@dataclass(frozen=True)
class PreparedViews:
    """All usable views, ready for alignment.

    Attributes
    ----------
    T_level_camera : puts each view's floor at z = 0; the identity without a floor.
    tiny, coarse, fine : points of each view, ever closer, for first guesses, their judgement, and the alignment.
    """

    views: Sequence[CleanView]
    images: Images
    T_level_camera: Sequence[FloatArray]
    tiny: Samples
    coarse: Samples
    fine: Samples

    def __len__(self) -> int:
        return len(self.views)

    @property
    def floors(self) -> list[Plane | None]:
        return [view.floor for view in self.views]


def prepare(views: Sequence[CleanView], coarse_mm: float, fine_mm: float) -> PreparedViews:
    """Bring views into the form that alignment wants."""
    return PreparedViews(
        views=views,
        images=stack_images(views),
        T_level_camera=[np.eye(4) if view.floor is None else levelling(view.floor) for view in views],
        tiny=sample(views, 2.0 * coarse_mm),
        coarse=sample(views, coarse_mm),
        fine=sample(views, fine_mm),
    )


def levelling(floor: Plane) -> FloatArray:
    """Return the T_level_camera that turns the floor's normal up and puts the floor at z = 0."""
    return rigid(rotation_between(floor.normal, _UP), np.array([0.0, 0.0, -floor.offset_mm]))


@dataclass(frozen=True)
class Fit:
    """How well a view fits others: overlap is its share that they saw too, consistency the worse way."""

    overlap: float
    consistency: float

    @property
    def score(self) -> float:
        # Where a view does not belong it may overlap much, but contradicts.
        return float(self.overlap * self.consistency**_STRICTNESS)

    @property
    def is_sure(self) -> bool:
        """Whether no other start can be much better."""
        return self.overlap > 0.6 and self.consistency > 0.97


@dataclass(frozen=True)
class Placement:
    """The T_common_camera of the views that have a place, and how well the others fit where they fit best."""

    poses: dict[int, FloatArray]
    misses: dict[int, Fit]


def place_views(views: PreparedViews, limits: SearchLimits) -> list[dict[int, FloatArray]]:
    """Return the groups of views that fit together, the largest first, each as T_common_camera in a frame of its own.

    The frame is the level frame of the group's first view. A bad first view does no harm: it is a group by itself.
    """
    groups = []
    left = list(range(len(views)))
    while left:
        group = place_more(views, {left[0]: views.T_level_camera[left[0]]}, limits, left).poses
        groups.append(group)
        left = [index for index in left if index not in group]
    return sorted(groups, key=len, reverse=True)


def place_more(
    views: PreparedViews, placed: dict[int, FloatArray], limits: SearchLimits, candidates: Sequence[int]
) -> Placement:
    """Place those candidates that fit the placed views, which stay where they are.

    Views recorded just before or after a placed one come first, as long as there are such; then all others have a try.
    """
    poses, misses = dict(placed), dict[int, Fit]()
    waiting = [index for index in candidates if index not in poses]
    tried = dict[int, tuple[int, ...]]()
    for reach, max_gap in itertools.cycle(((limits.search_back, limits.search_back), (3 * limits.search_back, None))):
        before = len(waiting)
        for index in list(waiting):
            near = tuple(sorted(poses, key=lambda other: (abs(other - index), other))[:reach])
            far = max_gap is not None and abs(near[0] - index) > max_gap
            if far or tried.get(index) == near:
                continue
            tried[index] = near
            best = _best_guess(views, index, model_of(views, near, [poses[other] for other in near]), limits)
            if best.fit.overlap >= limits.min_overlap and best.fit.consistency >= limits.min_consistency:
                poses[index] = best.pose
                waiting.remove(index)
                misses.pop(index, None)
            else:
                misses[index] = max(best.fit, misses.get(index, best.fit), key=lambda fit: fit.score)
        if not waiting or (max_gap is None and len(waiting) == before):
            return Placement(poses, misses)
    raise AssertionError("the passes go on until one of them places nothing")


@dataclass(frozen=True)
class Model:
    """Placed views, the nearest first, and what they show together, in the common frame."""

    near: NDArray[np.int64]
    poses: FloatArray  # (K, 4, 4) T_common_camera
    grid: PointGrid
    centre: FloatArray
    stands: bool


def model_of(views: PreparedViews, near: Sequence[int], poses: Sequence[FloatArray]) -> Model:
    seen = [views.coarse.of(view) for view in near]
    points = np.vstack([transform(pose, one[0]) for pose, one in zip(poses, seen, strict=True)])
    normals = np.vstack([rotate(pose, one[1]) for pose, one in zip(poses, seen, strict=True)])
    return Model(
        near=np.array(near, dtype=np.int64),
        poses=np.array(poses),
        grid=point_grid(points, normals, _CELL_MM, float(_FIRST_GATES_MM[0])),
        centre=transform(poses[0], seen[0][0].mean(axis=0)[None])[0],
        stands=all(views.views[view].floor is not None for view in near),
    )


@dataclass(frozen=True)
class _Guess:
    """A T_common_camera and how well the view fits there."""

    fit: Fit
    pose: FloatArray


def _best_guess(views: PreparedViews, index: int, model: Model, limits: SearchLimits) -> _Guess:
    """Return where the view fits the model best."""
    level = views.views[index].floor is not None and model.stands
    starts = _yaw_starts(views, index, model) if level else _turned_starts(views, index, model)
    free = _LEVEL_FREE if level else _ALL_FREE
    [first] = _refined(views, index, model, starts[:1], free, limits)
    if first.fit.is_sure:
        return first
    points, normals = views.tiny.of(index)
    tries = [align_to_grid(points, normals, model.grid, start, _FIRST_GATES_MM, _FIRST_STEPS, free) for start in starts]
    fits = _fits(views, views.tiny, index, model, tries, limits)
    order = sorted(range(len(tries)), key=lambda k: -fits[k].score)
    guesses = _refined(views, index, model, [tries[k] for k in order[: limits.num_guesses]], free, limits)
    return max([first, *guesses], key=lambda guess: guess.fit.score)


def _refined(
    views: PreparedViews,
    index: int,
    model: Model,
    starts: Sequence[FloatArray],
    free: NDArray[np.bool_],
    limits: SearchLimits,
) -> list[_Guess]:
    points, normals = views.coarse.of(index)
    poses = [
        align_to_grid(points, normals, model.grid, start, _SECOND_GATES_MM, _SECOND_STEPS, free) for start in starts
    ]
    fits = _fits(views, views.coarse, index, model, poses, limits)
    return [_Guess(fit, pose) for fit, pose in zip(fits, poses, strict=True)]


@dataclass(frozen=True)
class FitCounts:
    """How a view fits a model: the share of its points that the model has, hits and contradictions, the worse way."""

    overlap: float
    hits: float
    against: float


def count_fits(
    views: PreparedViews,
    samples: Samples,
    index: int,
    model: Model,
    poses: Sequence[FloatArray],
    limits: SearchLimits,
) -> list[FitCounts]:
    """Return how a view fits the model at each of several poses."""
    counts = _count(samples, index, views.images, np.array(poses), model.near, model.poses, limits.tolerance_mm)
    total = max(int(samples.first[index + 1] - samples.first[index]), 1)
    found = []
    for union, hits, against, back_hits, back_against in counts:
        # Seen twice must not count twice against being contradicted twice.
        there = (union, against * union / max(hits, 1.0))
        back = (back_hits, back_against)
        worse = min(there, back, key=lambda way: way[0] / max(way[0] + way[1], 1.0))
        found.append(FitCounts(union / total, *worse))
    return found


def _fits(
    views: PreparedViews,
    samples: Samples,
    index: int,
    model: Model,
    poses: Sequence[FloatArray],
    limits: SearchLimits,
) -> list[Fit]:
    counts = count_fits(views, samples, index, model, poses, limits)
    return [Fit(one.overlap, one.hits / max(one.hits + one.against, 1.0)) for one in counts]


@compiled
def _count(
    samples: Samples,
    source: int,
    images: Images,
    T_common_source: FloatArray,
    targets: NDArray[np.int64],
    T_common_target: FloatArray,
    tolerance_mm: float,
) -> FloatArray:
    """Return for each of (P, 4, 4) poses: points seen by any target, hits and contradictions by all, and both back."""
    counts = np.zeros((len(T_common_source), 5))
    unused = np.zeros(np.max(samples.first[1:] - samples.first[:-1]))
    for p in range(len(T_common_source)):
        seen = np.zeros(samples.first[source + 1] - samples.first[source])
        for t in range(len(targets)):
            T = np.linalg.inv(T_common_target[t]) @ T_common_source[p]
            hits, against = judge(samples, source, images, targets[t], T, tolerance_mm, seen)
            back_hits, back_against = judge(samples, targets[t], images, source, np.linalg.inv(T), tolerance_mm, unused)
            counts[p, 1] += hits
            counts[p, 2] += against
            counts[p, 3] += back_hits
            counts[p, 4] += back_against
        counts[p, 0] = seen.sum()
    return counts


def _yaw_starts(views: PreparedViews, index: int, model: Model) -> list[FloatArray]:
    """Return guesses for a view that stands on the model's floor, from where the nearest placed view was."""
    T_level_camera = views.T_level_camera[index]
    nearest = int(model.near[0])
    T_common_nearest = model.poses[0] @ inverse(views.T_level_camera[nearest])
    points = transform(T_level_camera, views.tiny.of(index)[0])
    source = points.mean(axis=0)
    turns = [T_common_nearest[:3, :3] @ rotation_about(_UP, 2.0 * np.pi * k / _NUM_YAWS) for k in range(_NUM_YAWS)]
    return [
        rigid(turn, np.array([*(model.centre - turn @ source)[:2] + shift, 0.0])) @ T_level_camera
        for turn in turns
        for shift in _SHIFTS_MM
    ]


def _turned_starts(views: PreparedViews, index: int, model: Model) -> list[FloatArray]:
    """Return guesses that turn the view about its centre, from where the nearest placed view was."""
    source = views.tiny.of(index)[0].mean(axis=0)
    axes = [np.array(axis, dtype=np.float64) for axis in itertools.product((-1, 0, 1), repeat=3) if any(axis)]
    turns = [np.eye(3)] + [rotation_about(axis, np.radians(angle)) for angle in _STARTS_DEG for axis in axes]
    rotations = [model.poses[0][:3, :3] @ turn for turn in turns]
    return [rigid(rotation, model.centre - rotation @ source) for rotation in rotations]
