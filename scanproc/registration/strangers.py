"""A view of something that looks alike, such as another's foot: it contradicts nobody where it lies, but it lies off.

How far off a view lies is held against how far the others lie from each other. A stranger draws its neighbours along
and so hides what it errs by; a view that is merely noisy does not. Therefore whoever lies farthest off is judged where
it comes to lie on the others once these were aligned without it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray, inverse
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import NEAR, NeighbourLimits, align_jointly, align_one
from scanproc.registration.judgement import Judgement, JudgementLimits, tolerance_mm_of
from scanproc.registration.pair_statistics import PairStatistics, RejectedView, pair_statistics
from scanproc.registration.sampled_views import SampledViews, WholeAndInner
from scanproc.registration.view_pairs import sample_pairs

_MIN_VIEWS = 5  # of fewer, none is told from the rest: whichever is taken away, the others fit better
_SUSPECT = 1.15  # times what is expected: where a view is asked again by the others alone
_ALONE = 1.08  # times what the next view errs


def find_stranger(
    views: WholeAndInner, judged: Judgement, neighbours: NeighbourLimits, limits: JudgementLimits
) -> dict[int, RejectedView]:
    """Return the one view that lies too far off for what the others saw there, if any does.

    Where the others lie without it is to be found before another is judged.
    """
    if len(judged.poses) < _MIN_VIEWS:
        return {}
    distances = _Distances.of(views.inner, judged.poses, judged.noise_mm, limits)
    view = int(np.argmax(distances.ratio))
    if distances.ratio[view] <= _SUSPECT:
        return {}
    others = align_jointly(views.whole, _without(judged.poses, view), [NEAR], neighbours)
    nearest = min(others, key=lambda other: (abs(other - view), other))
    carried = others[nearest] @ inverse(judged.poses[nearest]) @ judged.poses[view]  # all may have moved together
    poses = align_one(views.whole, others | {view: carried}, view, NEAR, neighbours)
    distances = _Distances.of(views.inner, poses, judged.noise_mm, limits)
    # Where two err alike it is the place that is hard to see, or an open end that draws both: a stranger is alone.
    next_worst = float(np.delete(distances.ratio, view).max())
    if distances.ratio[view] <= max(limits.others_ratio, _ALONE * next_worst):
        return {}
    return {view: distances.rejected(view, limits.others_ratio)}


def _without(poses: Poses, view: int) -> Poses:
    return {other: pose for other, pose in poses.items() if other != view}


@dataclass(frozen=True)
class _Distances:
    """How far each view lies from the others, `rms_mm`, and in units of what is expected of it, `ratio`, (V,)."""

    table: PairStatistics
    stays: BoolArray
    rms_mm: FloatArray
    ratio: FloatArray

    @classmethod
    def of(cls, views: SampledViews, poses: Poses, noise_mm: float, limits: JudgementLimits) -> _Distances:
        pairs = sample_pairs(views, poses, 180.0, limits.num_judges)
        tolerance_mm = tolerance_mm_of(views, limits, noise_mm)
        table = pair_statistics(views, poses, pairs, tolerance_mm, limits.min_pair_overlap)
        stays = np.isin(np.arange(len(views)), list(poses))
        # Noise of stereo grows with the square of the distance, that of other cameras less: the milder of both.
        fourth_power = views.depths_mm**4
        at_one_mm = replace(table, squares=table.squares * 2.0 / fourth_power[pairs].sum(axis=1))
        rms = table.rms_mm(stays)
        ratio = np.minimum(_ratio(table, stays), _ratio(at_one_mm, stays))
        # Nobody is a stranger who agrees at the tolerance from before any noise was known.
        ratio[rms <= limits.tolerance_mm / limits.tolerance_sd] = 0.0
        return cls(table, stays, rms, ratio)

    def rejected(self, view: int, most: float) -> RejectedView:
        overlap, consistency = self.table.overlap(self.stays), self.table.consistency(self.stays)
        rms = float(self.rms_mm[view])
        return RejectedView(float(overlap[view]), float(consistency[view]), rms, most * rms / float(self.ratio[view]))


def _ratio(table: PairStatistics, stays: BoolArray) -> FloatArray:
    """Return each view's RMS distance in units of what the others make expect of it, (V,); 0 where nothing tells."""
    rms, expected = table.rms_mm(stays), table.expected_rms_mm(stays)
    # At an open end of a recording the others tell of better places: nobody is a stranger who errs as most views do.
    expected = np.maximum(expected, np.median(rms[stays]))
    told = stays & np.isfinite(rms) & np.isfinite(expected) & (expected > 0.0)
    return np.asarray(np.divide(rms, expected, out=np.zeros(len(rms)), where=told))
