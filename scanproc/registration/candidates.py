"""Where one view fits placed ones best, without any first guess: aligned from many starts, the best of them judged."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray, inverse, rotation_angles_rad, transform
from scanproc.registration.agreement import Agreement, Ranking, Spacing, Submap, agreement_at
from scanproc.registration.grid_icp import grid_icp_from_all
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.start_rotations import ALL_FREE, LEVEL_FREE, rotations_all_ways, yaw_rotations

# The numbers below steer the search alone: what it finds is let in by `SearchLimits`.
#: Turns about the foot's centre from which an alignment is tried, batch by batch; it finds the last 15 deg by itself.
_STARTS_DEG = ((25.0,), (45.0, 70.0))
_SHIFTS_MM = np.array([(0.0, 0.0), (50.0, 0.0), (-50.0, 0.0), (0.0, 50.0), (0.0, -50.0)])


@dataclass(frozen=True)
class _Round:
    """Which points are aligned, and how: see `grid_icp`."""

    spacing: Spacing
    gates_mm: FloatArray
    max_steps: int


#: From half a foot's width, within which a start lies, to where the next, finer points take over.
_FIRST = _Round(attrgetter("coarsest"), np.array([40.0, 30.0, 20.0]), 4)
_SECOND = _Round(attrgetter("coarsest"), np.array([25.0, 20.0, 15.0]), 12)
_THIRD = _Round(attrgetter("coarse"), np.array([10.0, 6.0]), 12)


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
    max_gap : a view is tried only if the nearest of them is at most so many steps away; see `SampledViews.gap`.
    max_step_deg : and has a place only where the camera turned no farther from there.
    ranking : which guess is the best, and when no more are made.
    behind : how far behind what a view saw the point lies about which guesses turn it, in units of its smaller spread.
    """

    tolerance_mm: float
    min_overlap: float
    min_consistency: float
    num_guesses: int
    search_back: int
    ranking: Ranking
    max_gap: int = sys.maxsize
    max_step_deg: float = 180.0
    behind: float = 0.0

    def admit(self, fit: Agreement, step_deg: float) -> bool:
        """Tell whether a view that fits so well where the camera turned so far has a place there."""
        is_near = step_deg <= self.max_step_deg
        return is_near and fit.overlap >= self.min_overlap and fit.consistency >= self.min_consistency


@dataclass(frozen=True)
class Candidate:
    """A T_common_camera, how well the view fits there, and how far the camera turned from the nearest placed view."""

    fit: Agreement
    pose: FloatArray
    step_deg: float


def best_beside(views: SampledViews, index: int, model: Submap, limits: SearchLimits) -> Candidate:
    """Return where the view fits the model best, if its camera has hardly turned from the nearest placed one."""
    level = views.views[index].floor is not None and model.stands
    starts = _starts(views, index, model, level, limits)[0]
    [found] = _aligned(views, index, model, starts, [_SECOND, _THIRD], LEVEL_FREE if level else ALL_FREE, limits)
    return found


def best_candidate(views: SampledViews, index: int, model: Submap, limits: SearchLimits, wide: bool) -> Candidate:
    """Return where the view fits the model best; the widest turns are tried only where the nearer ones are not sure.

    It takes 1 to 10 ms: too little to be shared out among threads, which are better used for several views.
    """
    level = views.views[index].floor is not None and model.stands
    batches = _starts(views, index, model, level, limits)
    free = LEVEL_FREE if level else ALL_FREE
    guesses: list[Candidate] = []
    for starts in batches if wide else batches[:2]:
        if len(starts) > 1:
            tries = _aligned(views, index, model, starts, [_FIRST], free, limits)
            tries.sort(key=lambda guess: -limits.ranking.score(guess.fit))
            starts = np.array([guess.pose for guess in tries[: limits.num_guesses]])
        guesses += _aligned(views, index, model, starts, [_SECOND, _THIRD], free, limits)
        if any(limits.ranking.is_sure(guess.fit) for guess in guesses):
            break
    near = [guess for guess in guesses if guess.step_deg <= limits.max_step_deg]
    return max(near or guesses, key=lambda guess: limits.ranking.score(guess.fit))


def _aligned(
    views: SampledViews,
    index: int,
    model: Submap,
    starts: FloatArray,
    rounds: Sequence[_Round],
    free: NDArray[np.bool_],
    limits: SearchLimits,
) -> list[Candidate]:
    """Return where a view comes to lie from each start after all rounds, and how well the last samples fit there."""
    poses = starts
    for one in rounds:
        points, normals = one.spacing(views).of(index)
        poses = grid_icp_from_all(points, normals, model.grid, list(poses), one.gates_mm, one.max_steps, free)
    fits = agreement_at(views, rounds[-1].spacing, index, model, list(poses), limits.tolerance_mm)
    steps_deg = np.degrees(rotation_angles_rad(model.poses[0][:3, :3].T @ poses[:, :3, :3]))
    return [Candidate(*guess) for guess in zip(fits, poses, steps_deg, strict=True)]


def _starts(views: SampledViews, index: int, model: Submap, level: bool, limits: SearchLimits) -> list[FloatArray]:
    """Return batches of guesses for a view, from where the nearest placed view was."""
    return _yaw_starts(views, index, model) if level else _rotated_starts(views, index, model, limits.behind)


def _yaw_starts(views: SampledViews, index: int, model: Submap) -> list[FloatArray]:
    """Return batches of guesses for a view that stands on the model's floor, from where the nearest placed view was."""
    T_level_camera = views.T_level_camera[index]
    nearest = int(model.near[0])
    T_common_nearest = model.poses[0] @ inverse(views.T_level_camera[nearest])
    points = transform(T_level_camera, views.coarsest.of(index)[0])
    source = points.mean(axis=0)
    turns = T_common_nearest[:3, :3] @ yaw_rotations()
    starts = np.tile(np.eye(4), (len(turns), len(_SHIFTS_MM), 1, 1))
    starts[..., :3, :3] = turns[:, None]
    starts[..., :2, 3] = (model.centre - turns @ source)[:, None, :2] + _SHIFTS_MM
    starts = starts.reshape(-1, 4, 4) @ T_level_camera
    return [starts[:1], starts]


def _rotated_starts(views: SampledViews, index: int, model: Submap, behind: float) -> list[FloatArray]:
    """Return batches of guesses that turn the view about its middle, from where the nearest placed view was."""
    own, near = (views.coarsest.of(view)[0] for view in (index, int(model.near[0])))
    source = own.mean(axis=0) + behind * _depth(own)
    target = model.centre + behind * model.poses[0][:3, :3] @ _depth(near)
    batches = [np.eye(3)[None], *(rotations_all_ways(angles_deg) for angles_deg in _STARTS_DEG)]
    return [_turned_about(model.poses[0][:3, :3] @ turns, source, target) for turns in batches]


def _depth(points: FloatArray) -> FloatArray:
    """Return the way, (3,), from the camera onwards that is as long as (N, 3) points of its frame spread across."""
    seen = points.mean(axis=0)
    across = float(np.linalg.eigvalsh(np.cov(points[:, :2].T))[0]) if len(points) > 1 else 0.0
    return np.asarray(np.sqrt(max(across, 0.0)) * seen / np.linalg.norm(seen))


def _turned_about(rotations: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """Return (N, 4, 4) motions by (N, 3, 3) rotations that bring one point, (3,), to another."""
    poses = np.tile(np.eye(4), (len(rotations), 1, 1))
    poses[:, :3, :3], poses[:, :3, 3] = rotations, target - rotations @ source
    return poses
