"""Rounds of alignment of all views at once, from the drift of a chain of views down to the noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.artifacts import RimTerm
from scanproc.registration.incremental import Poses
from scanproc.registration.pose_graph import optimise_one_pose, optimise_pose_graph
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.shared_terms import optimise_with_focal_term, optimise_with_rim_term, rim_step
from scanproc.registration.view_pairs import Pairs, count_pairs, sample_pairs, stack_poses

#: Largest distance of matched points in the steps of a round, mm. They steer the search, and let in or reject nothing:
#: a chain of some ten views drifts by a centimetre, one that was aligned jointly is off by millimetres, and in the end
#: only the noise is left, of which 2 mm hold three standard deviations.
Round = tuple[float, ...]
FAR: Round = (15.0, 12.0, 10.0)
MIDDLE: Round = (8.0, 6.0, 5.0)
NEAR: Round = (3.0, 2.0, 2.0)
#: Of a gate: where no view moves by more, a round with narrower ones does more than another step of this one.
_SETTLED_SHARE = 0.015
_RIM: Round = (8.0, 6.0, 5.0)  # rims err by millimetres
_FINE_RIM: Round = (4.0, 4.0, 4.0)
_FOCAL: Round = (6.0, 5.0, 4.0, *(3.0,) * 7)  # each step goes half of the way: poses have bent to a wrong lens
_DECAYS_DEG = (0.2, 0.3, 0.4, 0.55)  # of rims: by the size of the matching window, and how much of a rim is dropped
_SURE_SD = 3.0  # a rim term of fewer of its standard deviations is none
# So is one that moves rims by less, as a share of the noise. Many views average noise out, but not rims: with a term of
# 0.7 a foot was 0.4 mm too wide on either side. Simulated D435s have 0.7 to 1.7. A hand-held D415 and clouds had 0.5
# where rays say that rims err by nothing: the matching window's smoothing is taken for them, and poses came too near.
_LEAST_AT_RIM = 0.6
# What is farther from a rim tells how much that is at it by its decay: with a wrong lens six times too much. Of 23 good
# recordings it was 0.7 to 1.4 of what is seen there.
_MOST_BEYOND = 2.0


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


@dataclass(frozen=True)
class FocalError:
    """By how much the focal length that fits the views best differs from the one stated.

    Attributes
    ----------
    share : by which it is longer.
    sd : standard deviation of that.
    most : what is borne of it.
    moved_mm : how far such a share moves what the views show, RMS.
    noise_mm : of the views.
    """

    share: float
    sd: float
    most: float
    moved_mm: float
    noise_mm: float

    @property
    def is_sure(self) -> bool:
        """Whether more is off than is borne, by two standard deviations, and moves what is seen by more than the noise.

        What looks alike all round hardly tells. The matching window of a stereo camera flattens and widens what it
        sees, as another lens would, but by less than its noise is.
        """
        is_told = self.sd < 0.5 * self.most and self.moved_mm > self.noise_mm
        return is_told and abs(self.share) - self.most > 2.0 * self.sd


def align_jointly(views: SampledViews, poses: Poses, rounds: Sequence[Round], limits: NeighbourLimits) -> Poses:
    """Return the poses after joint rounds with narrowing gates; overlaps are looked up again in every round."""
    for gates in rounds:
        is_last = gates[0] < limits.fine_below_mm
        samples, settled_share = (views.fine, 0.0) if is_last else (views.coarse, _SETTLED_SHARE)
        pairs = _overlapping(views, poses, gates[0], limits)
        poses = optimise_pose_graph(views, samples, poses, pairs, gates, settled_share)
    return poses


def align_one(views: SampledViews, poses: Poses, view: int, gates: Round, limits: NeighbourLimits) -> Poses:
    """Return the poses with that of one view aligned to the others, which stay where they are."""
    pairs = _overlapping(views, poses, gates[0], limits)
    return optimise_one_pose(views, views.fine, poses, view, pairs[(pairs == view).any(axis=1)], gates)


def align_with_rim_term(
    views: SampledViews, clear: SampledViews, poses: Poses, limits: NeighbourLimits, noise_mm: float
) -> tuple[Poses, RimTerm] | None:
    """Return the poses and the rim term that fit best; None where the recording does not show that its rims err.

    They err if the term is beyond doubt, and moves what lies at a rim by what matters beside the noise of the views.

    Parameters
    ----------
    clear : the same views without what is nearest to a rim. That shows best whether rims err, but not by how much:
        noise is largest there, and how far the true rim lies beyond what was seen differs from place to place.
    """
    pairs = _overlapping(views, poses, _RIM[0], limits)
    found = _best_rim_step(views, poses, pairs)
    if not _is_sure(found):
        return None
    poses, found = optimise_with_rim_term(views, views.coarse, poses, pairs, _RIM, replace(found, value=0.0))
    at_rim_mm = found.value * float(np.median(views.coarse.points[:, 2])) ** 2
    if not _is_sure(found) or at_rim_mm <= _LEAST_AT_RIM * noise_mm:
        return None
    beyond = replace(_best_rim_step(clear, poses, pairs), value=0.0)
    for samples, gates in ((clear.coarse, _RIM), (clear.fine, _FINE_RIM)):
        poses, beyond = optimise_with_rim_term(clear, samples, poses, pairs, gates, beyond)
    is_likely = _is_sure(beyond) and beyond.value < _MOST_BEYOND * found.value
    return poses, beyond if is_likely else found


def _best_rim_step(views: SampledViews, poses: Poses, pairs: Pairs) -> RimTerm:
    """Return the term of that decay which makes the distances smallest in one step."""
    steps = [rim_step(views, views.coarse, poses, pairs, _RIM[-1], decay) for decay in _DECAYS_DEG]
    return max(steps, key=lambda step: step[0])[1]


def _is_sure(rim: RimTerm) -> bool:
    return rim.value > _SURE_SD * rim.sd


def focal_error(views: SampledViews, poses: Poses, limits: NeighbourLimits, most: float, noise_mm: float) -> FocalError:
    """Return by how much the focal length is off, by which images of `views` become points.

    What is less than `most` is not followed to its end.
    """
    pairs = _overlapping(views, poses, _FOCAL[0], limits)
    share, sd = optimise_with_focal_term(views, views.coarse, poses, pairs, _FOCAL, most)
    from_axis_mm = float(np.sqrt(np.mean(np.sum(views.coarse.points[:, :2] ** 2, axis=1))))
    return FocalError(share, sd, most, abs(share) * from_axis_mm, noise_mm)


def _overlapping(views: SampledViews, poses: Poses, tolerance_mm: float, limits: NeighbourLimits) -> Pairs:
    """Return the pairs of placed views that overlap enough to be aligned with each other."""
    pairs = sample_pairs(views, poses, limits.max_angle_deg, limits.count)
    counts = count_pairs(views.coarse, views.images, stack_poses(views, poses), pairs, tolerance_mm)
    return pairs[counts.inliers > limits.min_overlap * np.diff(views.coarse.first)[pairs[:, 0]]]
