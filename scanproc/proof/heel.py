"""The heel, measured back: cup, skives, lift."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scanproc.artifacts import BoolArray, Check
from scanproc.design.front_platform import front_platform, stands_level
from scanproc.design.plan import HEEL_CENTRE, HEEL_END
from scanproc.design.posts import FRONT_MARGIN_MM, rearfoot_post
from scanproc.design.trim_line import CUP_END
from scanproc.frames import FloatArray
from scanproc.proof.checks import within
from scanproc.proof.finished import Finished
from scanproc.proof.walls import full_wall
from scanproc.solid.probes import cup_depth

_SKIVE_DEG, _LIFT_MM = 0.5, 0.1  # tolerances
_WHOLE = 0.6  # of the largest change: there the skive's plane is bare, without its rounded border
_SKIVE_WHOLE = 0.19  # of the length: behind it the skive is not faded out
_LEAST_PLANE_MM = 1.0  # a shallower skive is all rounded border
_BELOW_MM, _PLATFORM_MM = 0.2, 0.05  # tolerance of a platform that lies so far below the wall
_SPAN_MM = 0.8  # over which slopes are measured


def heel_checks(done: Finished) -> tuple[Check, ...]:
    """The cup's depth on three sides; depth and angle of each skive; the lift."""
    rx = done.rx
    plan, tolerance = done.asked.plan, rx.judgement.dose_tolerance_mm
    depth = cup_depth(done.probe, HEEL_END * plan.length_mm, CUP_END * plan.length_mm, plan.medial_y)
    asked = rx.heel.heel_cup_depth_mm
    checks = [
        within("cup_depth_rear_mm", asked, depth.rear, tolerance),
        within("cup_depth_medial_mm", asked, depth.medial, tolerance),
        within("cup_depth_lateral_mm", asked, depth.lateral, tolerance),
    ]
    if rx.heel.medial_skive_mm > 0.0:
        checks += _skive(done, "medial")
    if rx.heel.lateral_skive_mm > 0.0:
        checks += _skive(done, "lateral")
    if rx.heel.heel_lift_mm > 0.0:
        checks.append(within("heel_lift_mm", rx.heel.heel_lift_mm, _lift(done), _LIFT_MM))
        if rx.device.style == "shell":  # a block stands on its base
            below = _stands_below(done)
            # Beside an intrinsic post the platform may be flattened for the printer; one of two planes is lowered.
            lowered = rx.heel.heel_lift_mm + done.lowered_mm
            flattened = min(max(below - lowered, 0.0), 0.0 if done.lowered_mm else done.flattened_mm)
            checks.append(within("heel_lift_below_mm", lowered + flattened, below, _BELOW_MM))
    return tuple(checks)


def _skive(done: Finished, side: Literal["medial", "lateral"]) -> list[Check]:
    """The largest change under the heel, and the slope across where the change is nearly as large."""
    rx, plan, grid = done.rx, done.asked.plan, done.grid
    dose = f"{side}_skive_mm"
    change = done.change(**{dose: 0.0})
    heel = np.isfinite(change) & (grid.xy[:, 0] < HEEL_END * plan.length_mm)
    depth = float(change[heel].max(initial=0.0))
    bare = grid.xy[heel & (change > _WHOLE * depth) & _whole_behind(done, grid.xy)]
    outward = plan.medial_y if side == "medial" else -plan.medial_y
    angle = outward * float(np.rad2deg(np.arctan(np.median(_slopes_across(done, bare))))) if len(bare) else 0.0
    asked = rx.heel.medial_skive_mm if side == "medial" else rx.heel.lateral_skive_mm
    checks = [within(dose, asked, depth, rx.judgement.dose_tolerance_mm)]
    if asked >= _LEAST_PLANE_MM:
        checks.append(within(f"{side}_skive_angle_deg", rx.heel.skive_angle_deg, angle, _SKIVE_DEG))
    return checks


def _whole_behind(done: Finished, xy: FloatArray) -> BoolArray:
    """Tell which of (N, 2) points lie where a skive is not yet faded out, (N,) bool."""
    return np.asarray(xy[:, 0] < _SKIVE_WHOLE * done.asked.plan.length_mm)


def _slopes_across(done: Finished, xy: FloatArray) -> FloatArray:
    """Return dz/dy of the finished top at (N, 2) points, (N,)."""
    ahead, back = (done.probe.top_at(xy + np.array([0.0, side * _SPAN_MM])) for side in (1.0, -1.0))
    return (ahead - back) / (2.0 * _SPAN_MM)


def _lift(done: Finished) -> float:
    """Return how much further the heel rose than the metatarsal heads, mm; a shell ends behind them."""
    change, plan = done.change(heel_lift_mm=0.0), done.asked.plan
    x, here = done.grid.xy[:, 0], np.isfinite(change)
    heel = here & (np.abs(x - HEEL_CENTRE * plan.length_mm) < 0.05 * plan.length_mm)
    ball = here & (plan.ahead_of_ball(done.grid.xy) > 0.0)
    return float(np.median(change[heel])) - (float(np.median(change[ball])) if ball.any() else 0.0)


def _stands_below(done: Finished) -> float:
    """Return how much thicker the heel is under its contact than one wall: its underside stayed where the heel was.

    With a post's planes the contact is where the wall comes closest to them. A long insole stands on its ball: of one
    that is level, how far the heel, raised by the lift, then stands over it. Where the front end of a shell stands
    lower than the heel stood, as of a foot that keeps its inclination, a level platform reaches down to that: it is
    thicker by so much, which does not count.
    """
    rx, plan, xy = done.rx, done.asked.plan, done.grid.xy
    post = rearfoot_post(plan, rx)
    if post is None:
        return float("nan")
    if rx.device.length != "shell" and post.is_level and stands_level(rx):
        z, ahead = done.probe.bottom_at(xy), plan.ahead_of_ball(xy) > -FRONT_MARGIN_MM
        heel_z = np.nanmedian(z[post.region.inside(xy)])
        return rx.heel.heel_lift_mm + float(np.nanmin(z[ahead]) - heel_z)
    wall = full_wall(rx.thickness, plan.medial_y * xy[:, 1])
    outside, rise = post.region.outside_mm(xy), post.rise_at(xy)
    inside = outside < 0.0
    reached = np.sqrt(np.maximum(wall**2 - np.maximum(outside, 0.0) ** 2, 0.0))
    below = np.where(inside, wall * np.hypot(1.0, np.abs(post.slopes).max()), reached)
    even = (done.grid.z - below - rise)[outside < wall].min()
    platform = done.probe.bottom_at(xy[inside]) - rise[inside]
    below = float(even - np.median(platform[np.isfinite(platform)])) - _PLATFORM_MM
    front = front_platform(plan, rx)
    if front is None or not post.is_level:
        return below
    front_z = float(np.nanmin(done.probe.bottom_at(xy[front.region.inside(xy)])))
    return below - max(float(even) - _PLATFORM_MM - rx.heel.heel_lift_mm - front_z, 0.0)
