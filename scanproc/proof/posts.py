"""Posts, measured back: the planes of the finished underside against the ground, and which side they raise."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check
from scanproc.design.posts import Post, forefoot_post, rearfoot_post
from scanproc.frames import FloatArray
from scanproc.geometry.fits import fitted_slope
from scanproc.proof.checks import is_so, within
from scanproc.proof.finished import Finished

_STEP_MM = 0.7
_OFF_BORDER_MM, _OFF_RIDGE_MM = 1.0, 1.0
_FLAT_MM = 0.15  # of a plane: what lies further above it is not stood on


def post_checks(done: Finished) -> tuple[Check, ...]:
    """The angle of each post, the side it raises, and the motion that it allows."""
    rx, plan = done.rx, done.asked.plan
    rear, front = rearfoot_post(plan, rx), forefoot_post(plan, rx)
    checks: list[Check] = []
    if rear is not None and (rx.rearfoot_post_deg > 0.0 or rx.rearfoot_motion_deg > 0.0):
        checks += _post(done, rear, "rearfoot", rx.rearfoot_post_deg, rx.rearfoot_post, rx.rearfoot_motion_deg)
    if front is not None:
        checks += _post(done, front, "forefoot", rx.forefoot_post_deg, rx.forefoot_post, 0.0)
    return tuple(checks)


def _post(done: Finished, post: Post, name: str, angle: float, side: str, motion: float) -> list[Check]:
    """Checks of one post. With a motion, the half that it raises is the steeper one."""
    medial, lateral = (_inversion_deg(done, post, half) for half in ("medial", "lateral"))
    if motion == 0.0:
        medial = lateral = _inversion_deg(done, post, "both")
    word = 1.0 if side == "varus" else -1.0
    # Where two planes meet the higher one counts: a varus post rests on its lateral half.
    posted, other = (lateral, medial) if side == "varus" else (medial, lateral)
    tolerance = done.rx.angle_tolerance_deg
    checks = [within(f"{name}_post_deg", angle, word * posted, tolerance)]
    if angle > 0.0:
        checks.append(is_so(f"{name}_post", side, "varus" if posted > 0.0 else "valgus"))
    if motion > 0.0:
        checks.append(within(f"{name}_motion_deg", motion, word * (posted - other), 2.0 * tolerance))
    return checks
