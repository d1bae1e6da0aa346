"""How well a view fits views that have a place, at many poses at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray, rotate, transform
from scanproc.registration.grid_icp import NearestPointGrid, nearest_point_grid
from scanproc.registration.point_to_plane import compose, inverse
from scanproc.registration.projective_icp import count_inliers
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Images, Samples

Spacing = Callable[[SampledViews], Samples]  # which of their samples: attrgetter("coarsest") or "coarse"
_CELL_MM = 7.0  # of the grid of nearest points
_MOST_OF_INNER = 2.0  # times what overlaps without rims: where that is little, hardly anything was judged
_REACH_MM = 40.0  # how far beyond the model it goes on


@dataclass(frozen=True)
class Agreement:
    """How well a view fits others.

    Attributes
    ----------
    overlap : share of the view's points that lie on what the others saw.
    consistency : inliers among inliers and violations, of the view against the others or of them against it, whichever
        is less.
    """

    overlap: float
    consistency: float


@dataclass(frozen=True)
class Ranking:
    """Which of several agreements is the best, and which is good enough to look no further.

    Attributes
    ----------
    consistency_power : of the consistency in the score, whose other factor is the overlap.
    stop_overlap, stop_consistency : above both, no other start can be much better.
    """

    consistency_power: float
    stop_overlap: float
    stop_consistency: float

    def score(self, fit: Agreement) -> float:
        return float(fit.overlap * fit.consistency**self.consistency_power)

    def is_sure(self, fit: Agreement) -> bool:
        """Whether no other start can be much better."""
        return fit.overlap > self.stop_overlap and fit.consistency > self.stop_consistency


@dataclass(frozen=True)
class Submap:
    """K placed views, the nearest first, and what they show together, in the common frame.

    Attributes
    ----------
    near : (K,) their numbers.
    poses : (K, 4, 4) T_common_camera.
    grid : of their coarse samples.
    centre : (3,) mm, the middle of what the nearest one saw.
    stands : whether all of them saw the floor, so that z is the height over it.
    """

    near: NDArray[np.int64]
    poses: FloatArray
    grid: NearestPointGrid
    centre: FloatArray
    stands: bool


def submap_of(views: SampledViews, near: Sequence[int], poses: Sequence[FloatArray]) -> Submap:
    """Return the submap of placed views, the nearest first, at their T_common_camera."""
    points, normals = merged_samples(views, near, poses)
    return Submap(
        near=np.array(near, dtype=np.int64),
        poses=np.array(poses),
        grid=nearest_point_grid(points, normals, _CELL_MM, _REACH_MM),
        centre=transform(poses[0], views.coarse.of(near[0])[0].mean(axis=0)[None])[0],
        stands=all(views.views[view].floor is not None for view in near),
    )


def merged_samples(
    views: SampledViews, placed: Sequence[int], poses: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return the coarse points and normals of placed views, (N, 3) each, in the frame of their T_common_camera."""
    seen = [views.coarse.of(view) for view in placed]
    points = np.vstack([transform(pose, one[0]) for pose, one in zip(poses, seen, strict=True)])
    normals = np.vstack([rotate(pose, one[1]) for pose, one in zip(poses, seen, strict=True)])
    return points, normals


@dataclass(frozen=True)
class AgreementCounts:
    """How a view fits a model at each of P poses, (P,) each.

    Attributes
    ----------
    overlap : the share of its points that the model has.
    inliers, violations : numbers of points, of the view against the model or back, whichever is less consistent.
    """

    overlap: FloatArray
    inliers: FloatArray
    violations: FloatArray


def count_agreement(
    views: SampledViews,
    samples: Samples,
    index: int,
    model: Submap,
    poses: Sequence[FloatArray],
    tolerance_mm: float,
) -> AgreementCounts:
    """Return how a view fits the model at each of several poses."""
    counts = _count(samples, index, views.images, np.array(poses), model.near, model.poses, tolerance_mm)
    union, inliers, violations, back_inliers, back_violations = counts.T
    # Seen twice must not count twice against being contradicted twice.
    violations = violations * union / np.maximum(inliers, 1.0)
    back_is_worse = consistency_of(back_inliers, back_violations) < consistency_of(union, violations)
    return AgreementCounts(
        overlap=union / max(int(samples.first[index + 1] - samples.first[index]), 1),
        inliers=np.where(back_is_worse, back_inliers, union),
        violations=np.where(back_is_worse, back_violations, violations),
    )


def agreement_at(
    views: SampledViews,
    spacing: Spacing,
    index: int,
    model: Submap,
    poses: Sequence[FloatArray],
    tolerance_mm: float,
) -> list[Agreement]:
    """Return how a view fits the model at each of several poses.

    Rims overlap as the rest does; but where they err more than the tolerance they are not what a view is judged by.
    """
    counts = count_agreement(views, spacing(views), index, model, poses, tolerance_mm)
    overlap = counts.overlap
    if views.inner is not None:
        counts = count_agreement(views.inner, spacing(views.inner), index, model, poses, tolerance_mm)
        overlap = np.minimum(overlap, _MOST_OF_INNER * counts.overlap)
    consistency = consistency_of(counts.inliers, counts.violations)
    return [Agreement(*fit) for fit in zip(overlap.tolist(), consistency.tolist(), strict=True)]


def consistency_of(inliers: FloatArray, violations: FloatArray) -> FloatArray:
    """Return the share of inliers among what is judged, inliers and violations; 0 where nothing is."""
    return np.asarray(inliers / np.maximum(inliers + violations, 1.0))


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
    """Return (P, 5) for (P, 4, 4) poses: points on any target's surface, then sums over the targets, (K,).

    The sums are inliers and violations of the source against each target, and those of the target against the source.
    """
    counts = np.zeros((len(T_common_source), 5))
    unused = np.zeros(np.max(samples.first[1:] - samples.first[:-1]))
    for p in range(len(T_common_source)):
        seen = np.zeros(samples.first[source + 1] - samples.first[source])
        for t in range(len(targets)):
            T = compose(inverse(T_common_target[t]), T_common_source[p])
            inliers, violations = count_inliers(samples, source, images, targets[t], T, tolerance_mm, seen)
            back_inliers, back_violations = count_inliers(
                samples, targets[t], images, source, inverse(T), tolerance_mm, unused
            )
            counts[p, 1] += inliers
            counts[p, 2] += violations
            counts[p, 3] += back_inliers
            counts[p, 4] += back_violations
        counts[p, 0] = seen.sum()
    return counts
