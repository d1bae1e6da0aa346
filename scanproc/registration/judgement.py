"""Which placed views fit the others, and how far they lie from them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scanproc.registration.depth_noise import DepthNoise
from scanproc.registration.incremental import Poses
from scanproc.registration.pair_statistics import AgreementLimits, RejectedView, pair_statistics
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.view_pairs import sample_pairs

_ODD_SD = 7.0  # below the median, in robust standard deviations of all views: good views lie within 5 of it
_LEAST_SD = 0.01  # of the consistency: few views may agree by chance
_MAD_TO_SD = 1.4826  # of a normal distribution
_ANY = AgreementLimits(min_overlap=0.0, min_consistency=0.0, max_residual_mm=np.inf, max_residual_ratio=np.inf)


@dataclass(frozen=True)
class JudgementLimits:
    """By which others a view is judged, and what it must keep.

    Attributes
    ----------
    tolerance_mm : distance at which two views agree on a surface while the noise is unknown.
    tolerance_sd : the same once it is known, in units of the noise.
    max_tolerance_mm : the most that noise can make of it.
    residual_sd : largest RMS distance of a view in units of the noise, where that is more than the agreement's.
    others_ratio : the same in units of what the others make expect of it, see `PairStatistics.expected_rms_mm`.
    num_judges : views that each view is judged by.
    min_pair_overlap : share of a view's points that another must have seen to tell its distance.
    agreement : what a view must keep to stay.
    """

    tolerance_mm: float
    tolerance_sd: float
    max_tolerance_mm: float
    residual_sd: float
    others_ratio: float
    num_judges: int
    min_pair_overlap: float
    agreement: AgreementLimits


@dataclass(frozen=True)
class Judgement:
    """The poses that stay, and how the rest fitted.

    Attributes
    ----------
    rms_mm : distance of each view from the others.
    noise_mm : the median of these.
    strain_mm : see `PairStatistics.strain_mm`.
    misfits : views that were dropped.
    """

    poses: Poses
    rms_mm: dict[int, float]
    noise_mm: float
    strain_mm: float
    misfits: dict[int, RejectedView]


def tolerance_mm_of(views: SampledViews, limits: JudgementLimits, noise_mm: float) -> float:
    """Return the distance at which two views agree on a surface; the noise is unknown where it is 0."""
    if noise_mm <= 0.0:
        return limits.tolerance_mm
    # A point and the pixel that it falls on may lie a pixel apart.
    return min(limits.max_tolerance_mm, max(limits.tolerance_sd * noise_mm, views.pixel_mm))


def noise_mm_of(views: SampledViews, poses: Poses, limits: JudgementLimits) -> float:
    """Return the noise of a recording: the median RMS distance of all placed views from each other, mm.

    Of all: those alone that fit at a tolerance from before the noise was known would tell of less noise.
    """
    return _with_all_kept(views, poses, limits).noise_mm


def depth_noise_of(views: SampledViews, poses: Poses, limits: JudgementLimits) -> DepthNoise:
    """Return the noise of a recording, see `noise_mm_of`, and how it grows with the depth."""
    judged = _with_all_kept(views, poses, limits)
    rms_mm = np.array([judged.rms_mm[view] for view in sorted(judged.poses)])
    return DepthNoise.of(rms_mm, views.depths_mm[sorted(judged.poses)])


def strain_mm_of(views: SampledViews, poses: Poses, limits: JudgementLimits, noise_mm: float) -> float:
    """Return the strain of views that all stay, see `PairStatistics.strain_mm`."""
    return _with_all_kept(views, poses, limits, noise_mm).strain_mm


def judged_at(poses: Poses, views: SampledViews, judged: Judgement, limits: JudgementLimits) -> Judgement:
    """Return a judgement of views that lie a little otherwise now, and all stay: their distances alone are new."""
    return replace(judged, poses=poses, rms_mm=_with_all_kept(views, poses, limits, judged.noise_mm).rms_mm)


def _with_all_kept(views: SampledViews, poses: Poses, limits: JudgementLimits, noise_mm: float = 0.0) -> Judgement:
    """Return what is found of views that all stay, however they fit; the noise is unknown where it is 0."""
    return judge_views(views, poses, replace(limits, agreement=_ANY), noise_mm)


def _agreement_at(noise_mm: float, limits: JudgementLimits) -> AgreementLimits:
    """Return the limits of a recording with that noise: of one that is noisier than any tolerance allows, no wider."""
    allowed_mm = limits.residual_sd * min(noise_mm, limits.max_tolerance_mm / limits.tolerance_sd)
    return replace(limits.agreement, max_residual_mm=max(limits.agreement.max_residual_mm, allowed_mm))


def judge_views(views: SampledViews, poses: Poses, limits: JudgementLimits, noise_mm: float = 0.0) -> Judgement:
    """Judge views where they lie, and drop those that do not fit the others; the noise is unknown where it is 0."""
    tolerance_mm = tolerance_mm_of(views, limits, noise_mm)
    pairs = sample_pairs(views, poses, 180.0, limits.num_judges)
    table = pair_statistics(views, poses, pairs, tolerance_mm, limits.min_pair_overlap)
    stays = np.isin(np.arange(len(views)), list(poses))
    noise_mm = noise_mm or float(np.median(table.rms_mm(stays)[stays]))
    misfits = table.misfits(stays, _agreement_at(noise_mm, limits), views.noise_shares)
    stays[list(misfits)] = False
    rms = table.rms_mm(stays)
    kept = [index for index in sorted(poses) if stays[index]]
    return Judgement(
        poses={index: poses[index] for index in kept},
        rms_mm={index: float(rms[index]) for index in kept},
        noise_mm=float(np.median([rms[index] for index in kept])) if kept else 0.0,
        strain_mm=table.strain_mm(stays),
        misfits=misfits,
    )


def odd_views(views: SampledViews, judged: Judgement, limits: JudgementLimits) -> dict[int, RejectedView]:
    """Return views whose rims contradict the others' as no other view's do.

    Rims err, and by them alone no view is judged; but they err alike in all views. What a silhouette shows of a bent
    ankle, coarse images show nowhere else.

    Parameters
    ----------
    views : with their rims.
    """
    placed = np.array(sorted(judged.poses), dtype=np.int64)
    if not len(placed):
        return {}
    views = views.with_noise(DepthNoise(0.0, 1.0, 0))  # rims do not err more where the noise does
    pairs = sample_pairs(views, judged.poses, 180.0, limits.num_judges)
    tolerance_mm = tolerance_mm_of(views, limits, judged.noise_mm)
    table = pair_statistics(views, judged.poses, pairs, tolerance_mm, limits.min_pair_overlap)
    stays = np.isin(np.arange(len(views)), placed)
    overlap, consistency = table.overlap(stays), table.consistency(stays)
    median = float(np.median(consistency[placed]))
    sd = max(_MAD_TO_SD * float(np.median(np.abs(consistency[placed] - median))), _LEAST_SD)
    least = min(limits.agreement.min_consistency, median - _ODD_SD * sd)
    return {
        int(view): RejectedView(overlap[view], consistency[view], judged.rms_mm[int(view)], np.inf)
        for view in placed[consistency[placed] < least]
    }
