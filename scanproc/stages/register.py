"""Stage 2: where the camera was in every view. Those that do not fit are rejected by name, with the deciding number.

The method: views are placed one after the other against views that have a place, by a global search and pairwise
alignment; a placement counts only if neither view contradicts the other. Then all overlapping pairs are aligned
jointly, which closes the loops, and every view is judged.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from scanproc.artifacts import CleanViews, Registration, ScanFacts, Vertical, ViewPose
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.registration.agreement import Ranking
from scanproc.registration.bending import BendLimits
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.feet_apart import register_feet_apart
from scanproc.registration.global_registration import LoudLimits, RecordingLimits
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import NeighbourLimits, focal_error
from scanproc.registration.judgement import JudgementLimits
from scanproc.registration.movement import MovementLimits
from scanproc.registration.pair_statistics import AgreementLimits
from scanproc.registration.refusals import DoubtLimits, doubt_of, focal_doubt_of, quoted
from scanproc.registration.rejections import misfit_reasons, no_place_reason, unusable_reasons
from scanproc.registration.sampled_views import SampledViews, frame_of_floors, whole_and_inner
from scanproc.registration.settling import settle
from scanproc.registration.still_views import StillLimits, keep_still_views
from scanproc.registration.turn_axis import TurnLimits, axis_of_turn
from scanproc.registration.turn_or_search import StartLimits, place_and_settle
from scanproc.registration.turntable import EvenSteps
from scanproc.settings import setting

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RegisterConfig:
    """How views are brought together, and which are let in."""

    min_points: int = setting(1000, "pixels of the foot that a view needs", low=50)
    coarse_spacing_mm: float = setting(6.0, "between the points of a view for the search, mm", low=1.0)
    fine_spacing_mm: float = setting(3.5, "between the points of a view for the joint alignment, mm", low=0.3)
    num_guesses: int = setting(4, "guesses of the coarse search that are refined and judged", low=1)
    search_back: int = setting(4, "earlier views that a view is tried against before more are", low=1)
    tolerance_mm: float = setting(4.0, "distance at which two views agree on a surface, mm", low=0.5)
    tolerance_sd: float = setting(3.0, "the same in the end, in units of the median RMS distance of the views", low=1.0)
    max_tolerance_mm: float = setting(7.0, "the most that the noise makes of it, mm", low=0.5)
    min_place_overlap: float = setting(
        0.20, "share of a view's points that the views before it must have", low=0.0, high=1.0
    )
    min_place_consistency: float = setting(
        0.92, "share of judged points that must agree to place a view", low=0.0, high=1.0
    )
    # The truer the model, the better it tells where the others belong: at first a place takes more than that, or as
    # much where that is more.
    seed_overlap: float = setting(0.20, "that share at first, of views beyond doubt", low=0.0, high=1.0)
    seed_consistency: float = setting(0.975, "that consistency at first", low=0.0, high=1.0)
    grow_overlap: float = setting(0.30, "that share next, of likely views", low=0.0, high=1.0)
    grow_consistency: float = setting(0.95, "that consistency next", low=0.0, high=1.0)
    submap_overlap: float = setting(0.0, "that share for a group, of its view that overlaps most", low=0.0, high=1.0)
    submap_consistency: float = setting(0.95, "that consistency for a group", low=0.0, high=1.0)
    consistency_power: float = setting(
        6.0, "in overlap * consistency^power: what is misplaced may overlap twice as much, at 0.85", low=1.0, high=20.0
    )
    # Where noise widens tolerance_mm, rims err by more and do not count in it, and views recorded in a row come first.
    loud_consistency_power: float = setting(12.0, "consistency_power there, where less contradicts", low=1.0, high=20)
    loud_num_guesses: int = setting(12, "num_guesses there", low=1)
    loud_search_back: int = setting(12, "search_back there: few neighbours look alike from two sides", low=1)
    beside_deg: float = setting(
        75.0, "largest turn of the camera between views recorded in a row there, deg", low=0.0, high=180.0
    )
    stop_overlap: float = setting(0.60, "share above which no better place is looked for", low=0.0, high=1.0)
    stop_consistency: float = setting(0.97, "consistency that this takes, too", low=0.0, high=1.0)
    # First where the scan states a turntable; otherwise where views are lost, as all may still lie on a ring of stops.
    turn_min_views: int = setting(6, "views from which on one turn in even steps is tried", low=4)
    rim_deg: float = setting(
        0.7, "width of the rims by which views are not judged: 5 px of the matching window", low=0.0, high=2.0
    )
    # A turn by machine has an upright axis, which stands in for a floor that was not recorded.
    axis_max_spread_deg: float = setting(
        1.5, "largest RMS tilt of the cameras against the axis of such a turn, deg", low=0.0, high=10.0
    )
    axis_max_gap_deg: float = setting(
        150.0, "largest angle between two cameras side by side that go all round, deg", low=30.0, high=180.0
    )
    num_neighbours: int = setting(10, "views that each view is jointly aligned with", low=2)
    max_neighbour_deg: float = setting(90.0, "largest angle between the cameras of such views, deg", low=10, high=180)
    min_pair_overlap: float = setting(
        0.10, "share of a view's points that another must have seen to pull or to judge it", low=0.0, high=1.0
    )
    num_judges: int = setting(24, "views that each view is judged by", low=2)
    max_residual_mm: float = setting(2.5, "largest RMS distance of a view from the others, mm", low=0.1)
    max_residual_sd: float = setting(
        1.75, "the same in units of the median view's, where that is more than max_residual_mm", low=1.0
    )
    max_residual_ratio: float = setting(2.0, "largest RMS distance of a view, in units of the median view's", low=1.0)
    # Of 400 good views two lay beyond it and most below 1.22; feet of others, seen from the toes, at 1.31 to 1.54.
    max_others_ratio: float = setting(
        1.29, "the same in units of how far the others lie from each other without it, there and everywhere", low=1.0
    )
    min_overlap: float = setting(
        0.20, "share of a view's points that some other view must have seen", low=0.0, high=1.0
    )
    min_consistency: float = setting(
        0.90, "share of a view's judged points that must agree with the others", low=0, high=1
    )
    min_views: int = setting(4, "accepted views below which a recording is refused", low=2)
    min_share: float = setting(
        0.6, "share of the views of a foot that must fit together, or the recording is refused", low=0.0, high=1.0
    )
    max_strain_mm: float = setting(
        0.5, "largest median distance by which two views would rather lie otherwise, mm RMS", low=0.01
    )
    # The best of six motions explains by chance 6 / n of the noise of a pair that shares n of its waves.
    max_strain_sd: float = setting(
        0.5, "the same in units of the median RMS distance of the views: that of pairs that share 24 waves", low=0.0
    )
    # Of good recordings it is 0.4 % at most, 1 % of a camera that bends its images by 1 mm.
    max_focal_error: float = setting(
        0.015, "share by which the focal length may be off, as far as the views tell", low=0.001, high=1.0
    )
    # Of 60 pairs that stood still it was 1.45 at most, but on a ring of a time-of-flight camera, which gained by it.
    min_pair_gain: float = setting(
        1.5, "gain of two feet by poses of their own, in units of that of their halves, that shows they moved", low=1.0
    )
    # Of rings of still feet it is 81 at most, but for one of a phone (114); of a heel that rises by 1 deg at least 97.
    max_movement: float = setting(
        90.0, "regions that moved between two groups of views, times the square of how far in sd of the noise", low=1.0
    )
    max_bend: float = setting(
        300.0, "of a bend that begins at some view: t value of that step, times what it explains in sd", low=1.0
    )


def register(views: CleanViews, facts: ScanFacts, config: RegisterConfig) -> Registration:
    """Find the pose of every view.

    Raises
    ------
    ScanError
        If too few views fit together.
    """
    reasons, names = unusable_reasons(views, config.min_points), [view.name for view in views.views]
    usable = [index for index in range(len(views.views)) if index not in reasons]
    if not usable:
        raise ScanError(
            f"no view shows a foot: {quoted(reasons, names)}. Record the foot closer, and check the depth unit."
        )
    prepare = partial(
        whole_and_inner,
        coarse_mm=config.coarse_spacing_mm,
        fine_mm=config.fine_spacing_mm,
        rim_deg=config.rim_deg,
        numbers=usable,
    )
    prepared = prepare([views.views[index] for index in usable])

    # All views as one rigid body, down to the noise.
    neighbours, judging, placing = _neighbour_limits(config), _judgement_limits(config), _recording_limits(config)
    is_turn = facts.motion == "turntable"
    starts = StartLimits(is_turn, config.turn_min_views, placing, neighbours, judging)
    settled = place_and_settle(prepared, EvenSteps(np.array(usable), len(views.views)), prepare, starts)

    # Two feet that moved against each other; else the views in which one body lay still.
    limits = StillLimits(MovementLimits(config.max_movement), BendLimits(config.max_bend), neighbours, judging)
    feet = register_feet_apart(settled, prepared.whole.views, prepare, limits, config.min_pair_gain)
    settle_again = partial(settle, prepared, prepare=prepare, neighbours=neighbours, judging=judging, more=None)
    still = keep_still_views(settled, limits, settle_again) if feet is None else feet.still
    judged = still.judged

    # Why the others are rejected.
    misfits = {index: no_place_reason(fit, placing.last) for index, fit in settled.misses.items()}
    misfits |= misfit_reasons(settled.misfits, judging.agreement) | still.misfits | still.moved
    reasons |= {usable[index]: reason for index, reason in misfits.items() if index not in judged.poses}
    log.info("register: %d → %d views", len(views.views), len(judged.poses))

    # Whether what is left is a foundation.
    bodies = [(still, len(usable)), *(() if feet is None else feet.each)]
    told = quoted(reasons, names)
    doubts = [doubt_of(body, shown, len(names), told, _doubt_limits(config)) for body, shown in bodies]
    of_lens = judged.poses if feet is None else settled.judged.poses  # by one foot alone it is hardly told
    doubt = next(filter(None, doubts), None) or focal_doubt_of(
        focal_error(still.settled.views.whole, of_lens, neighbours, config.max_focal_error, judged.noise_mm)
    )
    if doubt is not None:
        raise ScanError(doubt)

    T_scan_common, floor_seen, vertical = _scan_frame(prepared.whole, judged.poses, config)
    found = {
        usable[index]: ViewPose(names[usable[index]], True, None, judged.rms_mm[index], T_scan_common @ pose)
        for index, pose in judged.poses.items()
    }
    return Registration(
        views=tuple(found.get(k) or ViewPose(name, False, reasons[k]) for k, name in enumerate(names)),
        floor_seen=floor_seen,
        rim=still.settled.rim,
        vertical=vertical,
        other_foot=None if feet is None else feet.other_foot([names[index] for index in usable], T_scan_common),
    )


def _scan_frame(views: SampledViews, poses: Poses, config: RegisterConfig) -> tuple[FloatArray, bool, Vertical | None]:
    """Return T_scan_common, whether z = 0 is the floor, and else how z is known to be upright, if it is."""
    floor_seen = any(views.floors[index] is not None for index in poses)
    turn = None if floor_seen else axis_of_turn(poses, TurnLimits(config.axis_max_spread_deg, config.axis_max_gap_deg))
    if turn is not None:
        return turn.T_upright_common, False, turn.vertical
    return frame_of_floors(views, poses), floor_seen, None


def _doubt_limits(config: RegisterConfig) -> DoubtLimits:
    return DoubtLimits(config.min_views, config.min_share, config.max_strain_mm, config.max_strain_sd)


def _search_limits(overlap: float, consistency: float, config: RegisterConfig) -> SearchLimits:
    return SearchLimits(
        tolerance_mm=config.tolerance_mm,
        min_overlap=max(overlap, config.min_place_overlap),
        min_consistency=max(consistency, config.min_place_consistency),
        num_guesses=config.num_guesses,
        search_back=config.search_back,
        ranking=Ranking(config.consistency_power, config.stop_overlap, config.stop_consistency),
    )


def _recording_limits(config: RegisterConfig) -> RecordingLimits:
    last = _search_limits(0.0, 0.0, config)
    return RecordingLimits(
        seed=(
            _search_limits(config.seed_overlap, config.seed_consistency, config),
            last,
            replace(last, tolerance_mm=config.max_tolerance_mm),
        ),
        submap=_search_limits(config.submap_overlap, config.submap_consistency, config),
        grow=(_search_limits(config.grow_overlap, config.grow_consistency, config), last),
        loud=LoudLimits(
            config.loud_num_guesses, config.loud_search_back, config.loud_consistency_power, config.beside_deg
        ),
    )


def _neighbour_limits(config: RegisterConfig) -> NeighbourLimits:
    return NeighbourLimits(
        count=config.num_neighbours,
        max_angle_deg=config.max_neighbour_deg,
        min_overlap=config.min_pair_overlap,
        fine_below_mm=config.coarse_spacing_mm,
    )


def _judgement_limits(config: RegisterConfig) -> JudgementLimits:
    agreement = AgreementLimits(
        min_overlap=config.min_overlap,
        min_consistency=config.min_consistency,
        max_residual_mm=config.max_residual_mm,
        max_residual_ratio=config.max_residual_ratio,
    )
    return JudgementLimits(
        tolerance_mm=config.tolerance_mm,
        tolerance_sd=config.tolerance_sd,
        max_tolerance_mm=config.max_tolerance_mm,
        residual_sd=config.max_residual_sd,
        others_ratio=config.max_others_ratio,
        num_judges=config.num_judges,
        min_pair_overlap=config.min_pair_overlap,
        agreement=agreement,
    )
