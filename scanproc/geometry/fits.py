"""How well a view fits views that have a place, at many poses at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray, rotate, transform
from scanproc.geometry.compiled import compiled
from scanproc.geometry.point_grid import PointGrid, point_grid
from scanproc.geometry.prepared_views import PreparedViews
from scanproc.geometry.projective import judge
from scanproc.geometry.steps import then, undone
from scanproc.geometry.view_stack import Images, Samples

_CELL_MM = 7.0  # of the grid of nearest points
_REACH_MM = 40.0  # how far beyond the model it goes on
_STRICTNESS = 6  # a view that does not belong may overlap twice as much, at a consistency of 0.85


@dataclass(frozen=True)
class Fit:
    """How well a view fits others: overlap is its share that they saw too, consistency the worse way."""

    overlap: float
    consistency: float

    @property
    def score(self) -> float:
        return float(self.overlap * self.consistency**_STRICTNESS)

    @property
    def is_sure(self) -> bool:
        """Whether no other start can be much better."""
        return self.overlap > 0.6 and self.consistency > 0.97


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
        grid=point_grid(points, normals, _CELL_MM, _REACH_MM),
        centre=transform(poses[0], seen[0][0].mean(axis=0)[None])[0],
        stands=all(views.views[view].floor is not None for view in near),
    )


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
    tolerance_mm: float,
) -> list[FitCounts]:
    """Return how a view fits the model at each of several poses."""
    counts = _count(samples, index, views.images, np.array(poses), model.near, model.poses, tolerance_mm)
    total = max(int(samples.first[index + 1] - samples.first[index]), 1)
    found = []
    for union, hits, against, back_hits, back_against in counts:
        # Seen twice must not count twice against being contradicted twice.
        there = (union, against * union / max(hits, 1.0))
        back = (back_hits, back_against)
        worse = min(there, back, key=lambda way: way[0] / max(way[0] + way[1], 1.0))
        found.append(FitCounts(union / total, *worse))
    return found


def fits_at(
    views: PreparedViews,
    samples: Samples,
    index: int,
    model: Model,
    poses: Sequence[FloatArray],
    tolerance_mm: float,
) -> list[Fit]:
    counts = count_fits(views, samples, index, model, poses, tolerance_mm)
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
            T = then(undone(T_common_target[t]), T_common_source[p])
            hits, against = judge(samples, source, images, targets[t], T, tolerance_mm, seen)
            back_hits, back_against = judge(samples, targets[t], images, source, undone(T), tolerance_mm, unused)
            counts[p, 1] += hits
            counts[p, 2] += against
            counts[p, 3] += back_hits
            counts[p, 4] += back_against
        counts[p, 0] = seen.sum()
    return counts
