"""The last rounds: poses down to the noise, the bias of rims found with them, and the views that do not fit dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from scanproc.artifacts import CleanView, RimTerm
from scanproc.depth.rims import without_rim_bias
from scanproc.parallel import parallel_map
from scanproc.registration.agreement import Agreement
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.global_registration import place_more
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import MIDDLE, NEAR, NeighbourLimits, align_jointly, align_with_rim_term
from scanproc.registration.judgement import (
    Judgement,
    JudgementLimits,
    depth_noise_of,
    judge_views,
    judged_at,
    odd_views,
)
from scanproc.registration.pair_statistics import RejectedView
from scanproc.registration.sampled_views import WholeAndInner
from scanproc.registration.strangers import find_stranger


@dataclass(frozen=True)
class SettledViews:
    """What is left in the end.

    Attributes
    ----------
    views : without the bias of their rims.
    judged : the views that stay, in their places.
    misses, misfits : how those fit that have no place, and those that were dropped.
    rim : None where the recording does not show that its rims err.
    """

    views: WholeAndInner
    judged: Judgement
    misses: dict[int, Agreement]
    misfits: dict[int, RejectedView]
    rim: RimTerm | None


def settle(
    views: WholeAndInner,
    poses: Poses,
    prepare: Callable[[Sequence[CleanView]], WholeAndInner],
    neighbours: NeighbourLimits,
    judging: JudgementLimits,
    more: SearchLimits | None,
) -> SettledViews:
    """Align views that have their places down to the noise, and judge them.

    Parameters
    ----------
    prepare : samples views anew, once the bias of their rims is gone.
    more : when a view that was left out finds a place now that the noise is known; None where none is looked for.
    """
    # The noise, and the bias of rims together with the poses.
    noise = depth_noise_of(views.inner, poses, judging)
    views = views.with_noise(noise)
    biased = align_with_rim_term(views.whole, views.clear, poses, neighbours, noise.mm)
    rim = None
    if biased is not None:
        poses, rim = biased
        corrected = parallel_map(partial(without_rim_bias, rim=rim), views.whole.views, "correcting rims")
        views = prepare(corrected).with_noise(noise)
    poses = align_jointly(views.whole, poses, [MIDDLE, NEAR], neighbours)
    judged = judge_views(views.inner, poses, judging, noise.mm)

    # Who was left out may find a place now that the noise is known.
    misses: dict[int, Agreement] = {}
    if more is not None and len(judged.poses) < len(views):
        placement = place_more(views, judged.poses or poses, more, judging, judged.noise_mm)
        misses = placement.misses
        poses = align_jointly(views.whole, placement.poses, [MIDDLE, NEAR], neighbours)
        judged = judge_views(views.inner, poses, judging, judged.noise_mm)

    # Who does not fit is dropped, and the others are aligned without it, until all fit.
    misfits = dict(judged.misfits)
    while dropped := (
        judged.misfits or find_stranger(views, judged, neighbours, judging) or odd_views(views.whole, judged, judging)
    ):
        misfits |= dropped
        poses = {view: pose for view, pose in judged.poses.items() if view not in dropped}
        if not poses:
            break
        poses = align_jointly(views.whole, poses, [NEAR], neighbours)
        judged = judge_views(views.inner, poses, judging, judged.noise_mm)

    if rim is None or not judged.poses:
        return SettledViews(views, judged, misses, misfits, rim)
    # Rims tell who belongs to whom: without the worst of them, the halves of two feet came together.
    poses = align_jointly(views.clear, judged.poses, [NEAR], neighbours)
    judged = judged_at(poses, views.inner, judged, judging)
    return SettledViews(views, judged, misses, misfits, rim)
