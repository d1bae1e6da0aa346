"""What reaches down to the ground, measured back: the base of a block, the arch support."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check
from scanproc.design.plan import HEEL_END
from scanproc.design.posts import front_region
from scanproc.frames import FloatArray
from scanproc.proof.checks import at_least, at_most
from scanproc.proof.finished import Finished
from scanproc.proof.walls import full_wall

_OFF_OUTLINE_MM = 4.0
_FLAT_MM = 0.1
_MOST, _POST_MM = 0.8, 60.0  # of a base: the borders of posts are not flat, which reach so far behind the ball
_SUPPORT, _SUPPORT_WIDTH_MM = (0.32, 0.56), 12.0  # shares of the length; so wide at least is the flat below the arch
_OFF_POST_MM = 12.0
_LEAST = 0.5  # of that place; letters stand on it


def ground_checks(done: Finished) -> tuple[Check, ...]:
    """How flat a block's base is and whether it is level; how much of the ground an arch support reaches."""
    rx = done.rx
    if rx.device.style == "block":
        xy = done.inner(done.grid.xy, _OFF_OUTLINE_MM)
        if rx.posts.rearfoot_post_deg or rx.posts.rearfoot_motion_deg:  # posts stand below it
            xy = xy[xy[:, 0] > 0.32 * done.asked.plan.length_mm]
        if rx.posts.forefoot_post_deg:
            ahead = done.asked.plan.ahead_of_ball(xy)
            xy = xy[(ahead < -_POST_MM) | (ahead > 0.2 * _POST_MM)]
        if done.asked.underside.marks is not None:
            xy = xy[~done.asked.underside.marks.near(xy)]
        z = _underside(done, xy)
        off = np.abs(z - np.median(z)) if len(z) else np.array([np.nan])
        return (at_most("base_flat_mm", _FLAT_MM, float(np.quantile(off, _MOST))),)
    return (_support(done),) if rx.arch.arch_support else ()


def _support(done: Finished) -> Check:
    """The area below the medial arch that lies at the ground, or below it."""
    grid, plan = done.grid, done.asked.plan
    medial_mm = plan.medial_y * grid.xy[:, 1]
    share = grid.xy[:, 0] / plan.length_mm
    heel = (grid.off_outline > _OFF_OUTLINE_MM) & (share < HEEL_END)
    # A lifted heel stands where it was before, or a little higher, where the front end stands.
    ground = float((grid.z - full_wall(done.rx.thickness, medial_mm))[heel].min()) - done.rx.heel.heel_lift_mm
    ground = max(ground, float(done.solid.vertices[:, 2].min()))
    end = _SUPPORT[1]
    if done.rx.posts.forefoot_post_deg > 0.0:  # it ends clear of a post in front
        front = front_region(plan, done.rx.gap_mm)
        end = min(end, (float(front.centre[0]) - front.half_length - _OFF_POST_MM) / plan.length_mm)
    here = (share > _SUPPORT[0]) & (share < end) & (medial_mm > 1.0) & (medial_mm < _SUPPORT_WIDTH_MM)
    asked = _LEAST * (end - _SUPPORT[0]) * plan.length_mm * (_SUPPORT_WIDTH_MM - 1.0)
    z = _underside(done, grid.xy[here])
    cell = np.prod(np.ptp(grid.xy[here], axis=0)) / max(here.sum(), 1)
    return at_least("arch_support_mm2", asked, float((z < ground + _FLAT_MM).sum() * cell))


def _underside(done: Finished, xy: FloatArray) -> FloatArray:
    """Return the heights of the underside at those of (N, 2) points that it has, (M,) mm."""
    z = done.probe.bottom_at(xy)
    return np.asarray(z[np.isfinite(z)])
