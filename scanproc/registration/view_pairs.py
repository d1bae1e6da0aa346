"""Pairs of views, both ways: which overlap, how they agree, and the equations of what pulls them together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray, transform
from scanproc.parallel import parallel_map
from scanproc.registration.incremental import Poses
from scanproc.registration.point_to_plane import compose, inverse
from scanproc.registration.projective_icp import add_normal_equations, count_inliers
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Images, Samples

_CHUNK = 64  # pairs that one thread takes at a time

Pairs = NDArray[np.int64]  # (E, 2) indices of a source and a target view


def chunks_of(pairs: Pairs) -> list[slice]:
    """Return which pairs one thread takes at a time."""
    return [slice(first, first + _CHUNK) for first in range(0, len(pairs), _CHUNK)]


def sample_pairs(views: SampledViews, poses: Poses, max_angle_deg: float, count: int) -> Pairs:
    """Return for each placed view `count` others whose cameras lie at evenly spread angles round the foot, both ways.

    Near ones hold a view best, far ones keep the whole from bending; all pairs would be quadratic. They lie to all
    sides: if every view of a ring took those on its left, the two ends of the ring would not be joined.
    """
    placed = np.array(sorted(poses))
    directions = np.array([poses[view][:3, 3] for view in placed]) - view_centres(views, poses).mean(axis=0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, np.inf)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, 1:]
    within = (cosines >= np.cos(np.radians(max_angle_deg)) - 1e-9).sum(axis=1) - 1
    own, other = _spread_to_all_sides(directions, order, within, count)
    a, b = placed[own], placed[other]
    return np.unique(np.concatenate([np.stack([a, b], axis=1), np.stack([b, a], axis=1)]), axis=0).astype(np.int64)


def _spread_to_all_sides(
    directions: FloatArray, order: NDArray[np.int64], within: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return views and whom each is paired with: one of each of `count` groups of growing angle.

    Of a group, the one that lies most to the side from which fewest were taken before.

    Parameters
    ----------
    directions : (P, 3) of the cameras.
    order, within : (P, P - 1) the others, the nearest first, and how many of them are near enough, (P,).
    """
    rows = np.arange(len(order))
    taken = np.zeros((len(order), 3))
    own, other = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for group in range(count):
        first, end = within * group // count, within * (group + 1) // count
        places = first[:, None] + np.arange(max(int((end - first).max(initial=0)), 1))
        some = order[rows[:, None], places.clip(max=max(order.shape[1] - 1, 0))] if order.size else places
        sideways = (
            directions[some] - directions[:, None] * np.einsum("pki,pi->pk", directions[some], directions)[..., None]
        )
        sideways /= np.maximum(np.linalg.norm(sideways, axis=-1, keepdims=True), 1e-12)
        fullness = np.einsum("pki,pi->pk", sideways, taken)
        best = np.where(places < end[:, None], fullness, np.inf).argmin(axis=1)
        found = end > first
        taken += np.where(found[:, None], sideways[rows, best], 0.0)
        own.append(rows[found])
        other.append(some[rows, best][found])
    return np.concatenate(own), np.concatenate(other)


@dataclass(frozen=True)
class EdgeAgreement:
    """For each of E pairs: inliers and free-space violations of the source, see `projective_icp.count_inliers`."""

    inliers: FloatArray
    violations: FloatArray


def count_pairs(
    samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, tolerance_mm: float
) -> EdgeAgreement:
    """Count how the views of each pair agree."""
    found = parallel_map(
        lambda chunk: _count_pairs(samples, images, poses, pairs[chunk], tolerance_mm),
        chunks_of(pairs),
        "comparing views",
    )
    counts = np.vstack([np.zeros((0, 2)), *found])
    return EdgeAgreement(counts[:, 0], counts[:, 1])


@compiled
def _count_pairs(samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, tolerance_mm: float) -> FloatArray:
    """Return (E, 2): inliers and violations of each pair."""
    counts = np.zeros((len(pairs), 2))
    unused = np.zeros(np.max(samples.first[1:] - samples.first[:-1]))
    for e in range(len(pairs)):
        T = compose(inverse(poses[pairs[e, 1]]), poses[pairs[e, 0]])
        inliers, violations = count_inliers(samples, pairs[e, 0], images, pairs[e, 1], T, tolerance_mm, unused)
        counts[e, 0], counts[e, 1] = inliers, violations
    return counts


@dataclass(frozen=True)
class EdgeEquations:
    """Point-to-plane equations of E pairs.

    Attributes
    ----------
    H, g : (E, 6, 6) and (E, 6), of a motion (rotation vector, translation) of the source, common frame, rad and mm.
    shared_H, shared_g : (E, 7) and (E,), of the term that all views share: with that pose and with itself.
    squares, matches : (E,) sum of squared distances in mm2, and number of matched points.
    """

    H: FloatArray
    g: FloatArray
    shared_H: FloatArray
    shared_g: FloatArray
    squares: FloatArray
    matches: FloatArray

    def of_pairs(self, kept: NDArray[np.bool_]) -> EdgeEquations:
        """Return the same with nothing for the pairs that are not kept."""
        return EdgeEquations(
            H=self.H * kept[:, None, None],
            g=self.g * kept[:, None],
            shared_H=self.shared_H * kept[:, None],
            shared_g=self.shared_g * kept,
            squares=self.squares * kept,
            matches=self.matches * kept,
        )


def edge_equations(samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, gate_mm: float) -> EdgeEquations:
    """Return the equations of each pair, about the origin of the common frame."""
    order = np.lexsort(pairs.T)  # target by target: its image stays at hand, which saves a third of the time
    found = parallel_map(
        lambda chunk: _edge_equations(samples, images, poses, pairs[order[chunk]], gate_mm),
        chunks_of(pairs),
        "aligning all views",
    )
    rows = np.empty((len(pairs), 58))
    rows[order] = np.vstack([np.zeros((0, 58)), *found])
    H, g = rows[:, :49].reshape(-1, 7, 7), rows[:, 49:56]
    pose_H = np.ascontiguousarray(H[:, :6, :6])
    return EdgeEquations(pose_H, g[:, :6].copy(), H[:, 6].copy(), g[:, 6].copy(), rows[:, 56], rows[:, 57])


@compiled
def _edge_equations(samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, gate_mm: float) -> FloatArray:
    """Return (E, 58): H, (7, 7), and g, (7,), of each pair, the shared term last; squared distances, mm2; matches."""
    rows = np.zeros((len(pairs), 58))
    origin = np.zeros(3)
    for e in range(len(pairs)):
        a, b = pairs[e, 0], pairs[e, 1]
        H, g = np.zeros((7, 7)), np.zeros(7)
        squares, matches = add_normal_equations(samples, a, images, b, poses[a], poses[b], origin, gate_mm, H, g)
        rows[e, :49] = H.ravel()
        rows[e, 49:56] = g
        rows[e, 56], rows[e, 57] = squares, matches
    return rows


def stack_poses(views: SampledViews, poses: Poses) -> FloatArray:
    """Return the poses as (V, 4, 4), the identity for views that have no place."""
    return np.array([poses.get(view, np.eye(4)) for view in range(len(views))])


def centre_poses(views: SampledViews, poses: Poses) -> FloatArray:
    """Return the stacked poses in a frame about the middle of what they saw."""
    stack = stack_poses(views, poses)
    stack[:, :3, 3] -= view_centres(views, poses).mean(axis=0)
    return stack


def view_centres(views: SampledViews, poses: Poses) -> FloatArray:
    """Return the mean point that each placed view saw, (P, 3) mm, common frame."""
    return np.array([transform(poses[view], views.middles[view][None])[0] for view in sorted(poses)])
