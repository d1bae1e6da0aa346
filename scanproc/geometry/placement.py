"""Places views one after the other, each against the model of those that have a place, without any first guess."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.artifacts import CleanView, Plane
from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_about, rotation_between, transform
from scanproc.geometry.agreement import Agreement, agree, together
from scanproc.geometry.icp import ThinCloud, align_pair, thin
from scanproc.geometry.images import unproject
from scanproc.geometry.yaw_search import YawSpectra, best_placements, occupancy_spectrum, yaw_spectra
from scanproc.progress import steps

_UP = np.array([0.0, 0.0, 1.0])
#: Where there is no floor: turns about the foot's centre from which an alignment is tried. A camera that goes round
#: a foot turns by at most 40 deg from one view to the next; alignment finds the last 15 deg by itself.
_STARTS_DEG = (25.0, 45.0)
_FIRST_GATES_MM = (40.0, 30.0, 20.0)
_FIRST_STEPS = 4
_SECOND_GATES_MM = (25.0, 20.0, 15.0, 10.0, 6.0)
_SECOND_STEPS = 12


@dataclass(frozen=True)
class SearchLimits:
    """When a placement counts.

    Attributes
    ----------
    tolerance_mm : distance at which two views agree on a surface.
    min_overlap : share of a view's points that the model must have.
    min_consistency : share of judged points that must agree, both ways.
    num_yaws : turns tried round the vertical, for views with a floor.
    num_guesses : guesses of the coarse search that are refined and judged.
    search_back : nearest placed views, in recorded order, that a view is tried against first.
    """

    tolerance_mm: float
    min_overlap: float
    min_consistency: float
    num_yaws: int
    num_guesses: int
    search_back: int


@dataclass(frozen=True)
class PreparedView:
    """A view ready for alignment.

    Attributes
    ----------
    T_level_camera : puts the floor at z = 0; the identity without a floor.
    coarse : level frame, for the search.
    fine : camera frame, for the joint alignment.
    """

    view: CleanView
    T_level_camera: FloatArray
    coarse: ThinCloud
    fine: ThinCloud

    @cached_property
    def tiny(self) -> ThinCloud:
        """Thinned once more, level frame, for the many first guesses."""
        return thin(self.coarse.points, self.coarse.normals, 10.0)


def prepare(view: CleanView, coarse_mm: float, fine_mm: float) -> PreparedView:
    """Thin a view twice."""
    points = unproject(view.depth_mm, view.intrinsics)
    normals = view.normals[view.depth_mm > 0].astype(np.float64)
    T_level_camera = np.eye(4) if view.floor is None else levelling(view.floor)
    coarse = thin(transform(T_level_camera, points), rotate(T_level_camera, normals), coarse_mm)
    return PreparedView(view, T_level_camera, coarse, thin(points, normals, fine_mm))


def levelling(floor: Plane) -> FloatArray:
    """Return the T_level_camera that turns the floor's normal up and puts the floor at z = 0."""
    return rigid(rotation_between(floor.normal, _UP), np.array([0.0, 0.0, -floor.offset_mm]))


def compare(cloud: ThinCloud, T_camera_cloud: FloatArray, seen: CleanView, tolerance_mm: float) -> Agreement:
    """Return how a cloud fits what a view saw."""
    return agree(transform(T_camera_cloud, cloud.points), rotate(T_camera_cloud, cloud.normals), seen, tolerance_mm)


@dataclass(frozen=True)
class Fit:
    """How well a view fits a model: overlap is the view's share that the model has, consistency the worse way."""

    overlap: float
    consistency: float

    @property
    def score(self) -> float:
        return self.overlap * self.consistency

    @property
    def is_sure(self) -> bool:
        """Whether no other start can be much better."""
        return self.overlap > 0.6 and self.consistency > 0.97


@dataclass(frozen=True)
class Placement:
    """The T_common_camera of the views that have a place, and how well the others fit where they fit best."""

    poses: dict[int, FloatArray]
    misses: dict[int, Fit]


def place_views(views: dict[int, PreparedView], limits: SearchLimits) -> Placement:
    """Place all views that fit together.

    The frame is the first view's level frame. Of several starts the one that places the most views wins, so that a bad
    first view does no harm.
    """
    best = Placement({}, {})
    left = list(views)
    while len(left) > len(best.poses):
        placement = place_more(views, {left[0]: views[left[0]].T_level_camera}, limits, left)
        if len(placement.poses) > len(best.poses):
            best = placement
        left = [index for index in left if index not in placement.poses]
    return best


def place_more(
    views: dict[int, PreparedView], placed: dict[int, FloatArray], limits: SearchLimits, candidates: Sequence[int]
) -> Placement:
    """Place those candidates that fit the placed views, which stay where they are; tried against ever more views."""
    poses, misses = dict(placed), dict[int, Fit]()
    waiting = [index for index in candidates if index not in poses]
    for reach in (limits.search_back, 3 * limits.search_back, len(views)):
        for index in steps(list(waiting), "placing views"):
            near = sorted(poses, key=lambda other: (abs(other - index), other))[:reach]
            model = _Model([views[other] for other in near], [poses[other] for other in near])
            best = _best_guess(views[index], model, limits)
            if best.fit.overlap >= limits.min_overlap and best.fit.consistency >= limits.min_consistency:
                poses[index] = best.pose @ views[index].T_level_camera
                waiting.remove(index)
                misses.pop(index, None)
            else:
                misses[index] = max(best.fit, misses.get(index, best.fit), key=lambda fit: fit.score)
    return Placement(poses, misses)


@dataclass(frozen=True)
class _Model:
    """Placed views and what they show together, in the common frame."""

    views: Sequence[PreparedView]
    poses: Sequence[FloatArray]

    @cached_property
    def coarse(self) -> ThinCloud:
        points = [
            transform(pose @ inverse(view.T_level_camera), view.coarse.points)
            for view, pose in zip(self.views, self.poses, strict=True)
        ]
        normals = [
            rotate(pose @ inverse(view.T_level_camera), view.coarse.normals)
            for view, pose in zip(self.views, self.poses, strict=True)
        ]
        return thin(np.vstack(points), np.vstack(normals), 6.0)

    @cached_property
    def tiny(self) -> ThinCloud:
        return thin(self.coarse.points, self.coarse.normals, 10.0)

    @property
    def stands(self) -> bool:
        return all(view.view.floor is not None for view in self.views)


@dataclass(frozen=True)
class _Guess:
    """A T_common_level and how well the view fits there."""

    fit: Fit
    pose: FloatArray


def _best_guess(view: PreparedView, model: _Model, limits: SearchLimits) -> _Guess:
    """Return where the view fits the model best."""
    level = view.view.floor is not None and model.stands
    starts = _yaw_starts(view, model, limits) if level else _turned_starts(view, model)
    guesses = [_refine(view, model, starts[0], limits, level)]
    if not guesses[0].fit.is_sure:
        tries = []
        for start in starts:
            pose = align_pair(view.tiny, model.tiny, start, _FIRST_GATES_MM, _FIRST_STEPS, level)
            tries.append(_Guess(_fit(view, view.tiny, model, model.tiny, pose, limits), pose))
        tries.sort(key=lambda guess: -guess.fit.score)
        guesses += [_refine(view, model, guess.pose, limits, level) for guess in tries[: limits.num_guesses]]
    return max(guesses, key=lambda guess: guess.fit.score)


def _refine(view: PreparedView, model: _Model, start: FloatArray, limits: SearchLimits, level: bool) -> _Guess:
    pose = align_pair(view.coarse, model.coarse, start, _SECOND_GATES_MM, _SECOND_STEPS, level)
    return _Guess(_fit(view, view.coarse, model, model.coarse, pose, limits), pose)


def _fit(
    view: PreparedView,
    cloud: ThinCloud,
    model: _Model,
    model_cloud: ThinCloud,
    T_common_level: FloatArray,
    limits: SearchLimits,
) -> Fit:
    there = together(
        compare(cloud, inverse(pose) @ T_common_level, placed.view, limits.tolerance_mm)
        for placed, pose in zip(model.views, model.poses, strict=True)
    )
    T_camera_common = inverse(view.T_level_camera) @ inverse(T_common_level)
    back = compare(model_cloud, T_camera_common, view.view, limits.tolerance_mm)
    return Fit(there.overlap, min(there.consistency, back.consistency))


def _yaw_starts(view: PreparedView, model: _Model, limits: SearchLimits) -> list[FloatArray]:
    turned: YawSpectra = yaw_spectra(view.coarse.points, limits.num_yaws)
    target = occupancy_spectrum(model.coarse.points)
    return best_placements(turned, target, 2 * limits.num_guesses)


def _turned_starts(view: PreparedView, model: _Model) -> list[FloatArray]:
    """Return guesses that turn the view about its centre, from where the last placed view was."""
    last, pose = model.views[0], model.poses[0]
    T_common_level = pose @ inverse(last.T_level_camera)
    target = transform(T_common_level, last.coarse.centre[None])[0]
    axes = [np.array(axis, dtype=np.float64) for axis in itertools.product((-1, 0, 1), repeat=3) if any(axis)]
    turns = [np.eye(3)] + [rotation_about(axis, np.radians(angle)) for angle in _STARTS_DEG for axis in axes]
    starts = []
    for turn in turns:
        rotation = T_common_level[:3, :3] @ turn
        starts.append(rigid(rotation, target - rotation @ view.coarse.centre))
    return starts
