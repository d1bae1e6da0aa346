"""Poses of a whole recording from one turn round an axis: a turntable, a ring, or a camera carried round in even steps.

All poses are T_common_camera = a turn about one axis by k even steps; the common frame is the first camera's. The four
numbers of the axis, then the angles of the steps as well, are found by Gauss-Newton on the point-to-plane equations of
neighbouring views (`pose_graph.edge_equations`), from several elevations and in both senses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scanproc.frames import FloatArray, inverse, rigid, rotation_about
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import FAR, MIDDLE, NEAR, NeighbourLimits, align_jointly
from scanproc.registration.judgement import Judgement, JudgementLimits, judge_views, noise_mm_of
from scanproc.registration.pair_statistics import RejectedView
from scanproc.registration.sampled_views import SampledViews, WholeAndInner
from scanproc.registration.stacked_views import Samples
from scanproc.registration.view_pairs import Pairs, count_pairs, edge_equations

_ELEVATIONS_DEG = (-60.0, -40.0, -20.0, 0.0, 20.0, 40.0, 60.0)  # of the camera over the object's middle
_BEHIND_MM = 30.0  # the axis lies that far behind the surface that is seen
_AXIS_GATES_MM = (60.0, 50.0, 40.0, 30.0, 25.0, 20.0, 15.0, 15.0)
_ANGLE_GATES_MM = (20.0, 15.0, 12.0, 10.0, 8.0)
_STEP = 1e-5  # of numerical differentiation, rad and, by 100, mm
_NEIGHBOURS = 2  # pairs of views one and two steps apart


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
        turns = [rotation_about(self.direction, angle) for angle in self.angles_rad]
        return np.array([rigid(turn, self.point - turn @ self.point) for turn in turns])

    def moved(self, change: FloatArray) -> TurntableMotion:
        """Return the turn after a change of its axis: two tilts (rad), two shifts (100 mm), and of its angles (rad)."""
        across = np.linalg.svd(self.direction[None])[2][1:]
        tilt = across.T @ change[:2]
        direction = self.direction + np.cross(tilt, self.direction)
        point = self.point + 100.0 * across.T @ change[2:4]
        angles = self.angles_rad.copy()
        angles[1:] += change[4:] if len(change) > 4 else 0.0
        return TurntableMotion(point, direction / np.linalg.norm(direction), angles)


def register_one_turn(views: WholeAndInner, neighbours: NeighbourLimits, limits: JudgementLimits) -> Judgement:
    """Return what fits of a recording that went round once in even steps."""
    poses: Poses = dict(enumerate(_even_turn(views, limits.tolerance_mm).poses()))
    poses = align_jointly(views.whole, poses, [FAR, MIDDLE, MIDDLE, NEAR], neighbours)
    dropped: dict[int, RejectedView] = {}
    while True:
        noise_mm = max(noise_mm_of(views.inner, poses, limits), limits.tolerance_mm / limits.tolerance_sd)
        judged = judge_views(views.inner, poses, limits, noise_mm)
        if not judged.misfits or len(judged.poses) < 2:
            return replace(judged, misfits=dropped | judged.misfits)
        # The worst one has drawn the others along: without it they may fit.
        worst = min(judged.misfits, key=lambda view: judged.misfits[view].consistency)
        dropped[worst] = judged.misfits[worst]
        rest = {view: pose for view, pose in poses.items() if view != worst}
        poses = align_jointly(views.whole, rest, [MIDDLE, NEAR], neighbours)


def _even_turn(views: WholeAndInner, tolerance_mm: float) -> TurntableMotion:
    """Return the turn in steps that were even at first, then free."""
    whole, pairs = views.whole, _neighbours(len(views))
    turns = [_settled(whole, whole.tiny, start, pairs, _AXIS_GATES_MM, free_angles=False) for start in _starts(whole)]
    best = max(turns, key=lambda turn: _score(views.inner, turn, pairs, tolerance_mm))
    return _settled(whole, whole.coarse, best, pairs, _ANGLE_GATES_MM, free_angles=True)


def _neighbours(count: int) -> Pairs:
    reach = range(1, min(_NEIGHBOURS, (count - 1) // 2) + 1)
    return np.array(
        [pair for a in range(count) for k in reach for pair in ((a, (a + k) % count), ((a + k) % count, a))]
    )


def _starts(views: SampledViews) -> list[TurntableMotion]:
    count = len(views)
    middle = np.mean([views.tiny.of(view)[0].mean(axis=0) for view in range(count)], axis=0)
    point = middle * (1.0 + _BEHIND_MM / np.linalg.norm(middle))
    found = []
    for elevation in np.radians(_ELEVATIONS_DEG):
        direction = np.array([0.0, -np.cos(elevation), -np.sin(elevation)])
        for sense in (1.0, -1.0):
            found.append(TurntableMotion(point, direction, sense * 2.0 * np.pi * np.arange(count) / count))
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
        J = np.zeros((len(views), 6, num_free))
        for k in range(num_free):
            change = np.zeros(num_free)
            change[k] = _STEP
            after = turn.moved(change).poses()
            J[:, :, k] = [_twist(T @ inverse(before)) / _STEP for T, before in zip(after, poses, strict=True)]
        D = J[a] - J[b]
        A = np.einsum("eik,eij,ejl->kl", D, found.H, D)
        r = np.einsum("eik,ei->k", D, found.g)
        damping = 1e-3 * np.diag(A).max() + 1e-9
        change = -np.linalg.solve(A + damping * np.eye(num_free) * 1e-2, r)
        limit = 0.3 / max(float(np.abs(change).max()), 0.3)
        turn = turn.moved(limit * change)
    return turn


def _twist(T: FloatArray) -> FloatArray:
    """Return the (6,) rotation vector and translation of a small motion about the origin."""
    R = T[:3, :3]
    return np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1], *(2.0 * T[:3, 3])]) / 2.0


def _score(inner: SampledViews, turn: TurntableMotion, pairs: Pairs, tolerance_mm: float) -> float:
    """Return the mean over the pairs of overlap times a power of consistency."""
    counts = count_pairs(inner.coarse, inner.images, turn.poses(), pairs, 2.0 * tolerance_mm)
    points = np.maximum(np.diff(inner.coarse.first), 1)[pairs[:, 0]]
    consistency = counts.inliers / np.maximum(counts.inliers + counts.violations, 1.0)
    return float(np.mean(counts.inliers / points * consistency**6))
