"""Poses of a whole recording from one turn round an axis: a turntable, a ring, or a camera carried round in even steps.

All poses are T_common_camera = a turn about one axis by k even steps; the common frame is the first camera's. The four
numbers of the axis, then the angles of the steps as well, are found by Gauss-Newton on the point-to-plane equations of
neighbouring views (`view_pairs.edge_equations`), from several elevations and in both senses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import FAR, MIDDLE, NEAR, NeighbourLimits, align_jointly
from scanproc.registration.judgement import Judgement, JudgementLimits, judge_views, noise_mm_of
from scanproc.registration.pair_statistics import RejectedView
from scanproc.registration.sampled_views import SampledViews, WholeAndInner, frame_of_floors
from scanproc.registration.stacked_views import Samples
from scanproc.registration.view_pairs import Pairs, count_pairs, edge_equations

_ELEVATIONS_DEG = (-60.0, -40.0, -20.0, 0.0, 20.0, 40.0, 60.0)  # of the camera over the object's middle
_BEHIND_MM = 30.0  # the axis lies that far behind the surface that is seen
_AXIS_GATES_MM = (60.0, 50.0, 40.0, 30.0, 25.0, 20.0, 15.0, 15.0)
_ANGLE_GATES_MM = (20.0, 15.0, 12.0, 10.0, 8.0)
_NEIGHBOURS = 2  # pairs of views one and two steps apart
_CONSISTENCY_POWER = 6  # in the score of a turn, beside the overlap: see `agreement.Ranking`


@dataclass(frozen=True)
class TurntableMotion:
    """A turn round an axis.

    Attributes
    ----------
    point, direction : (3,) mm and unit vector, frame of the first camera.
    angles_rad : (N,) of every view from the first.
    """

    point: FloatArray
    direction: FloatArray
    angles_rad: FloatArray

    def poses(self) -> FloatArray:
        """Return T_common_camera of every view, (N, 4, 4)."""
        K = np.cross(np.eye(3), self.direction)  # K @ v = direction x v
        sines, cosines = np.sin(self.angles_rad)[:, None, None], np.cos(self.angles_rad)[:, None, None]
        poses = np.tile(np.eye(4), (len(self.angles_rad), 1, 1))
        poses[:, :3, :3] += sines * K + (1.0 - cosines) * (K @ K)  # Rodrigues
        poses[:, :3, 3] = self.point - poses[:, :3, :3] @ self.point
        return poses

    @property
    def _across(self) -> FloatArray:
        """Two unit vectors square to the axis, (2, 3)."""
        return np.asarray(np.linalg.svd(self.direction[None])[2][1:])

    def derivatives(self, poses: FloatArray) -> FloatArray:
        """Return the twists, (N, 6, N + 3), by which the N poses grow with the numbers that `moved` changes.

        A motion of the axis takes a turn T along: its twist is that of the motion before T less that of it after T
        (the adjoint of T). Rotations come first, about the origin.
        """
        tilts, shifts = self._across, 100.0 * self._across
        axis = np.hstack([np.vstack([tilts, np.zeros((2, 3))]), np.vstack([np.cross(self.point, tilts), shifts])])
        count, R, t = len(poses), poses[:, :3, :3], poses[:, None, :3, 3]
        rotation, shift = axis[:, :3] @ R.transpose(0, 2, 1), axis[:, 3:] @ R.transpose(0, 2, 1)
        after = np.concatenate([rotation, shift + np.cross(t, rotation)], axis=2)
        J = np.zeros((count, 6, count + 3))
        J[:, :, :4] = (axis - after).transpose(0, 2, 1)
        later = np.arange(1, count)
        J[later, :, 3 + later] = [*self.direction, *np.cross(self.point, self.direction)]
        return J

    def moved(self, change: FloatArray) -> TurntableMotion:
        """Return the turn after a change of its axis: two tilts (rad), two shifts (100 mm), and of its angles (rad)."""
        across = self._across
        tilt = across.T @ change[:2]
        direction = self.direction + np.cross(tilt, self.direction)
        point = self.point + 100.0 * across.T @ change[2:4]
        angles = self.angles_rad.copy()
        angles[1:] += change[4:] if len(change) > 4 else 0.0
        return TurntableMotion(point, direction / np.linalg.norm(direction), angles)


@dataclass(frozen=True)
class EvenSteps:
    """At which step of a turn in even steps each of N views was taken, (N,), and how many steps make the turn.

    Views that show no foot are left out, their steps are not.
    """

    number: NDArray[np.int64]
    total: int


def register_one_turn(
    views: WholeAndInner, steps: EvenSteps, neighbours: NeighbourLimits, limits: JudgementLimits, more_than: int
) -> Judgement | None:
    """Return what fits of a recording that went round once in even steps; None where it is no more than so many views.

    Views that do not fit are dropped one by one, each time with all others aligned anew: where more fitted elsewhere,
    the first few tell that this is no such recording.
    """
    poses: Poses = dict(enumerate(_even_turn(views, steps, limits.tolerance_mm).poses()))
    T_level_common = frame_of_floors(views.whole, poses)  # floors pull towards z = 0
    poses = {view: T_level_common @ pose for view, pose in poses.items()}
    rounds = [FAR, MIDDLE, MIDDLE, NEAR]
    dropped: dict[int, RejectedView] = {}
    while len(poses) > more_than:
        poses = align_jointly(views.whole, poses, rounds, neighbours)
        noise_mm = max(noise_mm_of(views.inner, poses, limits), limits.tolerance_mm / limits.tolerance_sd)
        judged = judge_views(views.inner, poses, limits, noise_mm)
        if len(judged.poses) < 2:
            break
        if not judged.misfits:
            return replace(judged, misfits=dropped)
        # The worst one has drawn the others along: without it they may fit.
        worst = min(judged.misfits, key=lambda view: judged.misfits[view].consistency)
        dropped[worst] = judged.misfits[worst]
        poses = {view: pose for view, pose in poses.items() if view != worst}
        rounds = [MIDDLE, NEAR]
    return None


def _even_turn(views: WholeAndInner, steps: EvenSteps, tolerance_mm: float) -> TurntableMotion:
    """Return the turn in steps that were even at first, then free."""
    whole, pairs = views.whole, _neighbours(len(views))
    starts = _starts(whole, steps)
    turns = [_settled(whole, whole.coarsest, start, pairs, _AXIS_GATES_MM, free_angles=False) for start in starts]
    best = max(turns, key=lambda turn: _score(views.inner, turn, pairs, tolerance_mm))
    return _settled(whole, whole.coarse, best, pairs, _ANGLE_GATES_MM, free_angles=True)


def _neighbours(count: int) -> Pairs:
    """Return the pairs, both ways, of each of so many views and the next few round the turn."""
    reach = range(1, min(_NEIGHBOURS, (count - 1) // 2) + 1)
    return np.array(
        [pair for a in range(count) for k in reach for pair in ((a, (a + k) % count), ((a + k) % count, a))]
    )


def _starts(views: SampledViews, steps: EvenSteps) -> list[TurntableMotion]:
    """Return turns in even steps about an axis behind what was seen, from each elevation and in both senses."""
    angles_rad = 2.0 * np.pi * (steps.number - steps.number[0]) / steps.total
    middle = np.mean([views.coarsest.of(view)[0].mean(axis=0) for view in range(len(views))], axis=0)
    point = middle * (1.0 + _BEHIND_MM / np.linalg.norm(middle))
    found = []
    for elevation in np.radians(_ELEVATIONS_DEG):
        direction = np.array([0.0, -np.cos(elevation), -np.sin(elevation)])
        for sense in (1.0, -1.0):
            found.append(TurntableMotion(point, direction, sense * angles_rad))
    return found


def _settled(
    views: SampledViews,
    samples: Samples,
    turn: TurntableMotion,
    pairs: Pairs,
    gates_mm: tuple[float, ...],
    free_angles: bool,
) -> TurntableMotion:
    """Return the turn after a Gauss-Newton step a gate, of the axis alone or of the angles of the steps as well."""
    num_free = 4 + (len(views) - 1 if free_angles else 0)
    a, b = pairs.T
    for gate in gates_mm:
        poses = turn.poses()
        found = edge_equations(samples, views.images, poses, pairs, gate)
        J = turn.derivatives(poses)[:, :, :num_free]
        D = J[a] - J[b]
        A = np.einsum("eik,eil->kl", D, found.H @ D)
        r = np.einsum("eik,ei->k", D, found.g)
        damping = 1e-3 * np.diag(A).max() + 1e-9
        change = -np.linalg.solve(A + damping * np.eye(num_free) * 1e-2, r)
        limit = 0.3 / max(float(np.abs(change).max()), 0.3)
        turn = turn.moved(limit * change)
    return turn


def _score(inner: SampledViews, turn: TurntableMotion, pairs: Pairs, tolerance_mm: float) -> float:
    """Return the mean over the pairs of overlap times a power of consistency."""
    counts = count_pairs(inner.coarse, inner.images, turn.poses(), pairs, 2.0 * tolerance_mm)
    points = np.maximum(np.diff(inner.coarse.first), 1)[pairs[:, 0]]
    consistency = counts.inliers / np.maximum(counts.inliers + counts.violations, 1.0)
    return float(np.mean(counts.inliers / points * consistency**_CONSISTENCY_POWER))
