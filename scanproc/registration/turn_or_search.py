"""Where a recording is begun: on the one turn that it was taken on, or by a search that knows nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scanproc.artifacts import CleanView
from scanproc.registration.global_registration import RecordingLimits, place_views
from scanproc.registration.joint_alignment import NeighbourLimits
from scanproc.registration.judgement import JudgementLimits
from scanproc.registration.sampled_views import WholeAndInner
from scanproc.registration.settling import SettledViews, settle
from scanproc.registration.turn_axis import LEAST_VIEWS, spread_about_axis_deg
from scanproc.registration.turntable import EvenSteps, register_one_turn

log = logging.getLogger(__name__)

# Cameras on a machine stray by up to a degree, in hands round an upright axis by 8, over a raised foot by 25.
_NO_AXIS_DEG = 15.0
_MOST_SHARE = 0.9  # of the views are right where they are: that a few lie elsewhere hides no axis


@dataclass(frozen=True)
class StartLimits:
    """When views have a place.

    Attributes
    ----------
    turn_stated : the scan says that it was taken on a turntable, so that a turn is tried first.
    turn_min_views : views from which on a turn is tried.
    """

    turn_stated: bool
    turn_min_views: int
    placing: RecordingLimits
    neighbours: NeighbourLimits
    judging: JudgementLimits


def place_and_settle(
    views: WholeAndInner,
    steps: EvenSteps,
    prepare: Callable[[Sequence[CleanView]], WholeAndInner],
    limits: StartLimits,
) -> SettledViews:
    """Place all views and align them down to the noise, from the start that most of them agree with.

    A turn that was stated comes first, and stands if all views fit there: on few stops, or on what looks alike from
    several sides, a search may bring views together elsewhere, and no view contradicts it. Unless it is stated, it is
    tried where the search loses views, and does not show by almost all of them that they were not taken so.
    """
    # What fits half of the views or less is not that turn.
    turn = _of_one_turn(views, steps, prepare, limits, len(views) // 2) if limits.turn_stated else None
    if turn is not None and len(turn.judged.poses) == len(views):
        return turn
    placed = place_views(views, limits.placing, limits.neighbours, limits.judging)
    found = settle(views, placed.poses, prepare, limits.neighbours, limits.judging, limits.placing.last)
    if not limits.turn_stated and len(found.judged.poses) < len(views) and not _is_no_turn(found, len(views)):
        turn = _of_one_turn(views, steps, prepare, limits, len(found.judged.poses))
    if turn is not None and len(turn.judged.poses) >= len(found.judged.poses):
        return turn
    return found


def _is_no_turn(found: SettledViews, count: int) -> bool:
    """Tell whether almost all of so many views fit together, and their cameras went round no one axis."""
    poses = found.judged.poses
    if len(poses) < max(_MOST_SHARE * count, LEAST_VIEWS):
        return False
    return spread_about_axis_deg(poses) > _NO_AXIS_DEG


def _of_one_turn(
    views: WholeAndInner,
    steps: EvenSteps,
    prepare: Callable[[Sequence[CleanView]], WholeAndInner],
    limits: StartLimits,
    more_than: int,
) -> SettledViews | None:
    """Return the views of one turn in even steps, if more than so many fit there."""
    if len(views) < limits.turn_min_views:
        return None
    turn = register_one_turn(views, steps, limits.neighbours, limits.judging, more_than)
    if turn is None:
        return None
    log.info("register: one turn in even steps: %d of %d views", len(turn.poses), len(views))
    settled = settle(views, turn.poses, prepare, limits.neighbours, limits.judging, None)
    return replace(settled, misfits=turn.misfits | settled.misfits)
