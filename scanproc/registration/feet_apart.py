"""Two feet that moved against each other from view to view: each is registered by itself, in what shows it alone."""

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
from scanproc.registration.incremental import Poses
from scanproc.registration.joint_alignment import MIDDLE, NEAR, align_jointly
from scanproc.registration.judgement import depth_noise_of, strain_mm_of
from scanproc.registration.reasons import misfit_reasons
from scanproc.registration.sampled_views import SampledViews, WholeAndInner
from scanproc.registration.settling import SettledViews, settle
from scanproc.registration.still_views import StillLimits, StillViews, keep_still_views
from scanproc.segmentation.two_feet import parted, plane_between_feet

log = logging.getLogger(__name__)

_LEAST_VIEWS = 4  # of a foot that can tell of its own poses


class Prepare(Protocol):
    """Samples views; `numbers` says which of the recording they are."""

    def __call__(self, views: Sequence[CleanView], *, numbers: Sequence[int] = ...) -> WholeAndInner: ...


@dataclass(frozen=True)
class ApartLimits:
    """When two feet count as two bodies.

    Attributes
    ----------
    min_points : pixels of a foot that a view of it needs.
    max_strain_ratio : of the strain as one body to that as two, see `PairStatistics.strain_mm`.
    """

    min_points: int
    max_strain_ratio: float


@dataclass(frozen=True)
class FeetApart:
    """Two feet, each in its place.

    Attributes
    ----------
    still : the views that stay, which are those in which each foot that they show fits; poses of the one foot, or of
        the other where they show that alone.
    divide : between the feet, common frame: the other one lies above it.
    other_poses : T_common_camera of the other foot, of the views that show it and stay.
    apart_mm : by how much the other foot moved against the one from view to view, RMS.
    """

    still: StillViews
    divide: Plane
    other_poses: Poses
    apart_mm: float

    def other_foot(self, names: Sequence[str], T_scan_common: FloatArray) -> OtherFoot:
        """Return the other foot in the scan frame; `names` are of all views."""
        poses = {names[view]: T_scan_common @ pose for view, pose in self.other_poses.items()}
        return OtherFoot(self.divide.moved(T_scan_common), poses, self.apart_mm)


@dataclass(frozen=True)
class _OneFoot:
    """What views show of one foot: which view of both each is, and its T_common_camera."""

    views: list[CleanView]
    number: list[int]
    poses: Poses


def register_feet_apart(
    settled: SettledViews, views: Sequence[CleanView], prepare: Prepare, limits: StillLimits, apart: ApartLimits
) -> FeetApart | None:
    """Register each of two feet by itself, where they fit together far better so; None where they do not.

    Parameters
    ----------
    settled : both as one body.
    views : as they were recorded: with the bias of their rims.
    """
    poses = settled.judged.poses
    divide = plane_between_feet(_points(settled.views.whole, poses)) if poses else None
    if divide is None:
        return None
    feet = _single_feet(settled.views.whole.views, poses, divide, apart.min_points)
    if min(len(foot.views) for foot in feet) < _LEAST_VIEWS:
        return None
    own_poses, ratio = _strain_as_one(feet, settled, prepare, limits)
    if ratio <= apart.max_strain_ratio:
        return None
    recorded = _single_feet(views, poses, divide, apart.min_points)
    feet = [replace(foot, poses=own) for foot, own in zip(recorded, own_poses, strict=True)]
    return _of_both(feet, [_settle_foot(foot, prepare, limits) for foot in feet], settled, divide, limits)


def _points(views: SampledViews, poses: Poses) -> FloatArray:
    """Return what placed views saw, (N, 3) mm, common frame."""
    return np.concatenate([transform(pose, views.coarse.of(view)[0]) for view, pose in poses.items()])


def _single_feet(views: Sequence[CleanView], poses: Poses, divide: Plane, min_points: int) -> list[_OneFoot]:
    """Part placed views by the plane between the feet; what shows fewer points of a foot is no view of it."""
    placed = sorted(poses)
    halves = parallel_map(lambda view: parted(views[view], poses[view], divide), placed, "parting feet")
    feet = []
    for shown in zip(*halves, strict=True):
        number = [k for k, view in enumerate(shown) if np.count_nonzero(view.depth_mm) >= min_points]
        numbered = {n: poses[placed[k]] for n, k in enumerate(number)}
        feet.append(_OneFoot([shown[k] for k in number], [placed[k] for k in number], numbered))
    return feet


def _strain_as_one(
    feet: list[_OneFoot], settled: SettledViews, prepare: Prepare, limits: StillLimits
) -> tuple[list[Poses], float]:
    """Return the poses of each foot by itself, and how much greater the strain is without them."""
    noise = depth_noise_of(settled.views.inner, settled.judged.poses, limits.judging)
    joined, single, own_poses = 0.0, 0.0, []
    for foot in feet:
        sampled = prepare(foot.views, numbers=foot.number).with_noise(noise)
        own = align_jointly(sampled.whole, foot.poses, [MIDDLE, NEAR], limits.neighbours)
        strain = partial(strain_mm_of, sampled.inner, limits=limits.judging, noise_mm=settled.judged.noise_mm)
        joined, single = np.hypot(joined, strain(foot.poses)), np.hypot(single, strain(own))
        own_poses.append(own)
    return own_poses, float(joined / max(single, 1e-9))


def _settle_foot(foot: _OneFoot, prepare: Prepare, limits: StillLimits) -> StillViews:
    sample_foot = partial(prepare, numbers=foot.number)
    sampled = sample_foot(foot.views)

    def settled(poses: Poses) -> SettledViews:
        return settle(sampled, poses, sample_foot, limits.neighbours, limits.judging, None)

    return keep_still_views(settled(foot.poses), limits, settled)


def _of_both(
    feet: list[_OneFoot], found: list[StillViews], joined: SettledViews, divide: Plane, limits: StillLimits
) -> FeetApart:
    """Bring what was found of each foot together, view by view."""
    poses: list[Poses] = [{}, {}]
    rms_mm, moved, misfits, lost = dict[int, list[float]](), dict[int, str](), dict[int, str](), set[int]()
    for foot, still, own in zip(feet, found, poses, strict=True):
        judged = still.judged
        reasons = misfit_reasons(still.settled.misfits, limits.judging.agreement) | still.misfits
        moved |= {foot.number[k]: reason for k, reason in still.moved.items()}
        misfits |= {foot.number[k]: reason for k, reason in reasons.items()}
        own |= {foot.number[k]: pose for k, pose in judged.poses.items()}
        lost |= {view for k, view in enumerate(foot.number) if k not in judged.poses}
        for k, rms in judged.rms_mm.items():
            rms_mm.setdefault(foot.number[k], []).append(rms)
    one, other = ({view: pose for view, pose in own.items() if view not in lost} for own in poses)
    stay = sorted({*one, *other})
    worst = max((still.judged for still in found), key=lambda judged: judged.strain_mm)
    judged = replace(
        worst,
        poses={view: one[view] if view in one else other[view] for view in stay},
        rms_mm={view: float(np.sqrt(np.mean(np.square(rms_mm[view])))) for view in stay},
    )
    rims = [still.settled.rim for still in found if still.settled.rim is not None]  # it is one camera
    rim = max(rims, key=lambda rim: rim.value / rim.sd, default=None)
    unrest = next((still.unrest for still in found if still.unrest is not None), None)
    apart_mm = _apart_mm(one, other, _points(joined.views.whole, joined.judged.poses), divide)
    log.info("register: two feet that moved against each other by %.1f mm from view to view, RMS", apart_mm)
    settled = replace(joined, judged=judged, rim=rim)
    return FeetApart(StillViews(settled, moved, misfits, unrest), divide, other, apart_mm)


def _apart_mm(one: Poses, other: Poses, points: FloatArray, divide: Plane) -> float:
    """Return by how much, RMS, the middle of the other foot moves against the one about its mean place."""
    middle = points[divide.heights(points) > 0.0].mean(axis=0)[None]
    places = [transform(other[view] @ inverse(one[view]), middle)[0] for view in sorted({*one} & {*other})]
    return float(np.sqrt(np.sum(np.var(places, axis=0)))) if places else 0.0
