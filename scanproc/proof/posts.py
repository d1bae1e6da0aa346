"""Posts, measured back: the planes of the finished underside against the ground, and which side they raise."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scanproc.artifacts import Check
from scanproc.design.intrinsic_posting import intrinsic_posts
from scanproc.design.posts import Post, forefoot_post, rearfoot_post
from scanproc.frames import FloatArray
from scanproc.proof.checks import is_so, told, within
from scanproc.proof.finished import Finished

_STEP_MM = 0.7
_OFF_BORDER_MM, _OFF_RIDGE_MM = 1.0, 1.0
_NEAR_MM = 0.03  # of the plane that most lie in: borders and letters do not
_WIDE_MM = 22.0  # the posted half of an adult's heel
_ROUNDS = 8


def post_checks(done: Finished) -> tuple[Check, ...]:
    """The angle of each post, the side it raises, and the motion that it allows."""
    rx = done.rx
    plan = done.asked.plan
    intrinsic = {post.where: post for post in intrinsic_posts(plan, rx)}
    rear = intrinsic.get("rearfoot", rearfoot_post(plan, rx))
    front = intrinsic.get("forefoot", forefoot_post(plan, rx.posts, rx.gap_mm))
    checks: list[Check] = []
    if rear is not None and (rx.posts.rearfoot_post_deg > 0.0 or rx.posts.rearfoot_motion_deg > 0.0):
        checks += _post(
            done, rear, "rearfoot", rx.posts.rearfoot_post_deg, rx.posts.rearfoot_post, rx.posts.rearfoot_motion_deg
        )
    if front is not None:
        checks += _post(done, front, "forefoot", rx.posts.forefoot_post_deg, rx.posts.forefoot_post, 0.0)
    if checks:
        checks.append(told("stands_inverted_deg", _resting_inversion_deg(done), "measured, medial side up, by itself"))
    return tuple(checks)


def _resting_inversion_deg(done: Finished) -> float:
    """Return how far the device by itself tips its medial side up: also its front end bears, not the post alone."""
    hull = done.lower_hull
    slope = hull.planes_under(hull.xy.mean(axis=0)[None, :])[0].slope[1]
    return float(np.rad2deg(np.arctan(-done.asked.plan.medial_y * slope)))


def _post(done: Finished, post: Post, name: str, angle: float, side: str, motion: float) -> list[Check]:
    """Checks of one post. With a motion, the half that it raises is the steeper one."""
    medial, lateral = (_inversion_deg(done, post, half) for half in ("medial", "lateral"))
    if motion == 0.0:
        medial = lateral = _inversion_deg(done, post, "both")
    word = 1.0 if side == "varus" else -1.0
    # Where two planes meet the higher one counts: a varus post rests on its lateral half.
    posted, other = (lateral, medial) if side == "varus" else (medial, lateral)
    # What triangles lie off a plane is a larger angle across one that is narrower than an adult's, as a child's half.
    width_mm = post.region.half_width * (1.0 if motion > 0.0 else 2.0)
    narrower = max(1.0 / width_mm - 1.0 / _WIDE_MM, 0.0)
    tolerance = done.rx.judgement.angle_tolerance_deg + float(
        np.rad2deg(np.arctan(done.rx.making.mesh_deviation_mm * narrower))
    )
    checks = [within(f"{name}_post_deg", angle, word * posted, tolerance)]
    if angle > 0.0:
        checks.append(is_so(f"{name}_post", side, "varus" if posted > 0.0 else "valgus"))
    if motion > 0.0:
        checks.append(within(f"{name}_motion_deg", motion, word * (posted - other), 2.0 * tolerance))
    return checks


def _inversion_deg(done: Finished, post: Post, half: Literal["medial", "lateral", "both"]) -> float:
    """Return by how much the plane under a post's region raises the medial side, deg; of one half of it if asked."""
    medial_y = done.asked.plan.medial_y
    xy = _places(post)
    medial_mm = medial_y * (xy[:, 1] - post.ridge_y)
    if half != "both":
        xy = xy[medial_mm > _OFF_RIDGE_MM] if half == "medial" else xy[medial_mm < -_OFF_RIDGE_MM]
    z = done.probe.bottom_at(xy)
    slope = _slope_across(xy[np.isfinite(z)], z[np.isfinite(z)])
    return float(np.rad2deg(np.arctan(-medial_y * slope)))  # raised is the side where the plane lies lower


def _places(post: Post) -> FloatArray:
    """Return places of a square grid in a post's region, clear of its border, (N, 2)."""
    reach = np.hypot(post.region.half_length, post.region.half_width)
    axes = (np.arange(middle - reach, middle + reach, _STEP_MM) for middle in post.region.centre)
    xy = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return xy[post.region.outside_mm(xy) < -_OFF_BORDER_MM]


def _slope_across(xy: FloatArray, z: FloatArray) -> float:
    """Return dz/dy of the plane that most of some points lie in; nan where there are too few."""
    keep = np.ones(len(z), dtype=bool)
    slope = np.nan
    for _ in range(_ROUNDS):
        if keep.sum() < 10:
            return float("nan")
        columns = np.column_stack([xy, np.ones(len(xy))])
        plane = np.linalg.lstsq(columns[keep], z[keep])[0]
        slope = plane[1]
        residual = np.abs(z - columns @ plane)
        keep = residual <= max(_NEAR_MM, float(np.median(residual)))
    return float(slope)
