"""Two feet that moved against each other from view to view: each is registered by itself, in what shows it alone.

Whatever is parted fits together better: noise has waves, and cameras bend what they see. By how much, the same feet
show when they are halved across, where nothing moved. If the feet gain far more by poses of their own, they moved.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from scanproc.artifacts import CleanView, OtherFoot, Plane
from scanproc.frames import FloatArray, inverse, transform
from scanproc.parallel import parallel_map
from scanproc.registration.dividing_planes import parted, plane_across_feet, plane_between_feet
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import MIDDLE, NEAR, align_jointly
from scanproc.registration.judgement import depth_noise_of, strain_mm_of
from scanproc.registration.rejections import misfit_reasons
from scanproc.registration.sampled_views import SampledViews, WholeAndInner
from scanproc.registration.settling import SettledViews, settle
from scanproc.registration.still_views import StillLimits, StillViews, keep_still_views

log = logging.getLogger(__name__)

_UP = np.array([0.0, 0.0, 1.0])  # where views have floors, these are near z = 0 of the common frame
# Of a foot: of eight on a ring, each of which sees half of it, poses of its own made heels 3 mm too wide.
_LEAST_VIEWS = 10
# Of what nine of ten views that show a foot show of it at most: less, seen past the other one, holds no pose.
_LEAST_SHARE = 0.15


class Prepare(Protocol):
    """Samples views; `numbers` says in which order they were recorded."""

    def __call__(self, views: Sequence[CleanView], *, numbers: Sequence[int] = ...) -> WholeAndInner: ...


@dataclass(frozen=True)
class FeetApart:
    """Two feet, each in its place.

    Attributes
    ----------
    still : the views in which a foot fits; poses of the one foot, or of the other where that alone does.
    each : what was found of either foot, and how many views show it.
    divide : between the feet, common frame: the other one lies above it.
    one_poses, other_poses : T_common_camera of either foot, of the views in which it fits.
    apart_mm : by how much the other foot moved against the one from view to view, RMS.
    """

    still: StillViews
    each: list[tuple[StillViews, int]]
    divide: Plane
    one_poses: Poses
    other_poses: Poses
    apart_mm: float

    def other_foot(self, names: Sequence[str], T_scan_common: FloatArray) -> OtherFoot:
        """Return the other foot in the scan frame; `names` are of all views."""
        poses = {names[view]: T_scan_common @ pose for view, pose in self.other_poses.items()}
        alone = tuple(names[view] for view in self.still.judged.poses if view not in self.one_poses)
        return OtherFoot(self.divide.moved(T_scan_common), poses, alone, self.apart_mm)


@dataclass(frozen=True)
class _OneFoot:
    """What views show of one foot: which view of both each is, and its T_common_camera."""

    views: list[CleanView]
    number: list[int]
    poses: Poses

    def placed_at(self, poses: Poses) -> _OneFoot:
        """Return the same views at the poses of those of both."""
        return replace(self, poses={k: poses.get(view, self.poses[k]) for k, view in enumerate(self.number)})


def register_feet_apart(
    settled: SettledViews, views: Sequence[CleanView], prepare: Prepare, limits: StillLimits, min_gain: float
) -> FeetApart | None:
    """Register each of two feet by itself, where they fit together far better so; None where they do not.

    Parameters
    ----------
    settled : both as one body.
    views : as they were recorded: with the bias of their rims.
    min_gain : by how much more own poses of the feet ease the strain, see `PairStatistics.strain_mm`, than own poses of
        front and rear halves do.
    """
    poses = settled.judged.poses
    if not poses:
        return None
    points = _points(settled.views.whole, poses)
    divide = plane_between_feet(points)
    if divide is None:
        return None
    own_poses, gain = _by_themselves(settled, divide, prepare, limits)
    if gain <= min_gain:  # whatever is parted, it gains something
        return None
    up = None if all(settled.views.whole.floors[view] is None for view in poses) else _UP
    across = plane_across_feet(points, divide, up)
    halves, gain_of_halves = _by_themselves(settled, across, prepare, limits)
    if not halves or gain <= min_gain * gain_of_halves:
        return None
    recorded = _single_feet(views, poses, divide)
    feet = [foot.placed_at(own) for foot, own in zip(recorded, own_poses, strict=True)]
    return _of_both(feet, [_settle_foot(foot, prepare, limits) for foot in feet], settled, divide)


def _points(views: SampledViews, poses: Poses) -> FloatArray:
    """Return some of what placed views saw, (N, 3) mm, common frame."""
    return np.concatenate([transform(pose, views.coarsest.of(view)[0]) for view, pose in poses.items()])


def _single_feet(views: Sequence[CleanView], poses: Poses, divide: Plane) -> list[_OneFoot]:
    """Part placed views by the plane between the feet: each shows that of which it has more, and often both."""
    placed = sorted(poses)
    halves = parallel_map(lambda view: parted(views[view], poses[view], divide), placed, "parting feet")
    counts = np.array([[np.count_nonzero(half.depth_mm) for half in both] for both in halves])
    feet = []
    for side, count in enumerate(counts.T):
        most = np.quantile(count[count > 0], 0.9) if count.any() else np.inf
        of_it = np.flatnonzero((count >= _LEAST_SHARE * most) | (count == counts.max(axis=1)) & (count > 0))
        number = [placed[k] for k in of_it]
        numbered = {n: poses[view] for n, view in enumerate(number)}
        feet.append(_OneFoot([halves[k][side] for k in of_it], number, numbered))
    return feet


def _by_themselves(
    settled: SettledViews, divide: Plane, prepare: Prepare, limits: StillLimits
) -> tuple[list[Poses], float]:
    """Return the poses of what lies on either side of a plane, and the strain without them in units of that with them.

    Of fewer than `_LEAST_VIEWS` of a side nothing is told: no pose, no gain.
    """
    poses, noise_mm = settled.judged.poses, settled.judged.noise_mm
    noise = depth_noise_of(settled.views.inner, poses, limits.judging)
    joined, single, own_poses = 0.0, 0.0, []
    for side in _single_feet(settled.views.whole.views, poses, divide):
        if len(side.views) < _LEAST_VIEWS:
            return [], 1.0
        sampled = prepare(side.views, numbers=side.number).with_noise(noise)
        own = align_jointly(sampled.whole, side.poses, [MIDDLE, NEAR], limits.neighbours)
        strain = partial(strain_mm_of, sampled.inner, limits=limits.judging, noise_mm=noise_mm)
        joined, single = np.hypot(joined, strain(side.poses)), np.hypot(single, strain(own))
        own_poses.append({side.number[k]: pose for k, pose in own.items()})
    return own_poses, float(joined / max(single, 1e-9))


def _settle_foot(foot: _OneFoot, prepare: Prepare, limits: StillLimits) -> StillViews:
    """Return what is left in the end of one foot by itself, its views by their numbers among those that show it."""
    sample_foot = partial(prepare, numbers=foot.number)
    sampled = sample_foot(foot.views)

    def settled(poses: Poses) -> SettledViews:
        return settle(sampled, poses, sample_foot, limits.neighbours, limits.judging, None)

    first = settled(foot.poses)
    still = keep_still_views(first, limits, settled)
    # What is settled again after a movement knows nothing of these.
    return replace(still, misfits=misfit_reasons(first.misfits, limits.judging.agreement) | still.misfits)


def _of_both(feet: list[_OneFoot], found: list[StillViews], joined: SettledViews, divide: Plane) -> FeetApart:
    """Bring what was found of each foot together, view by view."""
    poses: list[Poses] = [{}, {}]
    rms_mm, moved, misfits = dict[int, list[float]](), dict[int, str](), dict[int, str]()
    for foot, still, own in zip(feet, found, poses, strict=True):
        judged = still.judged
        moved |= {foot.number[k]: reason for k, reason in still.moved.items()}
        misfits |= {foot.number[k]: reason for k, reason in still.misfits.items()}
        own |= {foot.number[k]: pose for k, pose in judged.poses.items()}
        for k, rms in judged.rms_mm.items():
            rms_mm.setdefault(foot.number[k], []).append(rms)
    one, other = poses
    stay = sorted({*one, *other})
    worst = max((still.judged for still in found), key=lambda judged: judged.strain_mm)
    judged = replace(
        worst,
        misfits={},
        poses={view: one[view] if view in one else other[view] for view in stay},
        rms_mm={view: float(np.sqrt(np.mean(np.square(rms_mm[view])))) for view in stay},
    )
    rims = [still.settled.rim for still in found if still.settled.rim is not None]  # it is one camera
    rim = max(rims, key=lambda rim: rim.value / rim.sd, default=None)
    unrest = next((still.unrest for still in found if still.unrest is not None), None)
    apart_mm = _apart_mm(one, other, _points(joined.views.whole, joined.judged.poses), divide)
    log.info("register: two feet that moved against each other by %.1f mm from view to view, RMS", apart_mm)
    settled = replace(joined, judged=judged, rim=rim)
    each = [(still, len(foot.views)) for foot, still in zip(feet, found, strict=True)]
    return FeetApart(StillViews(settled, moved, misfits, unrest), each, divide, one, other, apart_mm)


def _apart_mm(one: Poses, other: Poses, points: FloatArray, divide: Plane) -> float:
    """Return by how much, RMS, the middle of the other foot moves against the one about its mean place."""
    middle = points[divide.heights(points) > 0.0].mean(axis=0)[None]
    places = [transform(other[view] @ inverse(one[view]), middle)[0] for view in sorted({*one} & {*other})]
    return float(np.sqrt(np.sum(np.var(places, axis=0)))) if places else 0.0
