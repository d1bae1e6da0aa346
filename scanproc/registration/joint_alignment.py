"""Rounds of alignment of all views at once, from the drift of a chain of views down to the noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.registration.incremental import Poses
from scanproc.registration.pose_graph import count_pairs, optimise_pose_graph, sample_pairs, stack_poses
from scanproc.registration.sampled_views import SampledViews

#: Largest distance of matched points in the steps of a round, mm. They steer the search, and let in or reject nothing:
#: a chain of some ten views drifts by a centimetre, one that was aligned jointly is off by millimetres, and in the end
#: only the noise is left, of which 2 mm hold three standard deviations.
Round = tuple[float, ...]
FAR: Round = (15.0, 12.0, 10.0)
MIDDLE: Round = (8.0, 6.0, 5.0)
NEAR: Round = (3.0, 2.0, 2.0)


@dataclass(frozen=True)
class NeighbourLimits:
    """Which views are aligned with each other.

    Attributes
    ----------
    count : views that each is aligned with, at evenly spread angles.
    max_angle_deg : between the cameras of two such views.
    min_overlap : share of a view's points that the other must have seen.
    fine_below_mm : rounds that begin with a gate below this take the fine samples, others the coarse ones.
    """

    count: int
    max_angle_deg: float
    min_overlap: float
    fine_below_mm: float


def align_jointly(views: SampledViews, poses: Poses, rounds: Sequence[Round], limits: NeighbourLimits) -> Poses:
    """Return the poses after joint rounds with narrowing gates; overlaps are looked up again in every round."""
    for gates in rounds:
        pairs = sample_pairs(views, poses, limits.max_angle_deg, limits.count)
        counts = count_pairs(views.coarse, views.images, stack_poses(views, poses), pairs, gates[0])
        overlaps = counts.inliers > limits.min_overlap * np.diff(views.coarse.first)[pairs[:, 0]]
        samples = views.fine if gates[0] < limits.fine_below_mm else views.coarse
        poses = optimise_pose_graph(views, samples, poses, pairs[overlaps], gates)
    return poses
