"""How the finished device stands on a flat floor: by itself, and under the body at heel, midfoot and forefoot."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray, Check, Mesh
from scanproc.design.front_platform import stands_level
from scanproc.design.plan import HEEL_END
from scanproc.frames import FloatArray
from scanproc.proof.checks import at_most, within
from scanproc.proof.finished import Finished
from scanproc.solid.resting_plane import planes_under

LOADS = ("heel", "midfoot", "forefoot")
_GAP_MM = 0.05  # under heel and front end, on a bench: what a sheet of paper slips under rocks
_ROLL_DEG, _PITCH_DEG = 1.5, 3.0  # beyond what posts, lift and balance ask; the shoe's own floor is no flatter
_FRONT_MM, _OFF_END_MM = 15.0, 8.0  # length of a shell's front end, and where the forefoot bears on it
_BAND_MM = 2.0  # along the outline, which its width is read in
_ACROSS_MM = 30.0  # of the axis, over which the sides' walls meet; half the width of a midfoot
_FEW = 10  # places of the foot looked at, of so many
_KEPT_DEG = 15.0  # that a balance may incline a foot by


def stance_checks(done: Finished) -> tuple[Check, ...]:
    """Roll (medial side up) and pitch (front end up) of the rigid device under each load; its gaps on a bench."""
    rx, plan = done.rx, done.asked.plan
    front = _front_load(done)
    loads = np.array([plan.heel, 0.5 * (plan.heel + front), front])
    checks = []
    own = _own_roll_deg(done, loads)
    for name, plane, foot_deg in zip(LOADS, done.lower_hull.planes_under(loads), own, strict=True):
        roll, pitch = np.rad2deg(np.arctan([-plan.medial_y * plane.slope[1], -plane.slope[0]]))
        checks.append(within(f"roll_{name}_deg", 0.0, float(roll), _ROLL_DEG + _asked_roll_deg(done) + float(foot_deg)))
        checks.append(within(f"pitch_{name}_deg", 0.0, float(pitch), _PITCH_DEG + _asked_pitch_deg(done)))
    if stands_level(rx) and not (rx.posts.rearfoot_post_deg or rx.posts.rearfoot_motion_deg):
        checks.append(at_most("stands_gap_mm", _GAP_MM, _gap(done), rx.making.mesh_deviation_mm))
    return tuple(checks)


def _front_load(done: Finished) -> FloatArray:
    """Return where the forefoot bears, (2,): behind a shell's end, in the middle of what is left of its width there."""
    plan, outline = done.asked.plan, done.asked.outline
    ahead_mm = -done.rx.gap_mm - (_OFF_END_MM if done.rx.device.length == "shell" else 0.0)
    near = np.abs(plan.ahead_of_ball(outline) - ahead_mm) < _BAND_MM
    if not near.any():
        return plan.on_ball(0.5, ahead_mm)
    line = plan.fibulare - plan.tibiale
    share = (outline[near] - plan.tibiale) @ line / (line @ line)
    return plan.on_ball(float(0.5 * (share.min() + share.max())), ahead_mm)


def _own_roll_deg(done: Finished, loads: FloatArray) -> FloatArray:
    """Return how far the foot itself would roll on the ground under (M, 2) loads, as it was balanced, (M,) deg.

    So does a device that follows it in front; one that is made level does not.
    """
    if stands_level(done.rx) or done.rx.device.style == "block":
        return np.zeros(len(loads))
    xy = done.inner(done.grid.xy[::_FEW], 0.0)
    planes = planes_under(xy, done.asked.sole.at(xy), loads)
    return np.rad2deg(np.arctan([abs(plane.slope[1]) for plane in planes]))


def _asked_roll_deg(done: Finished) -> float:
    """Return how far posts and balance may roll the device, deg: a post on one end tips the other, too.

    What follows the foot in front may roll as it does: inf.
    """
    posts = done.rx.posts
    kept = {"tripod": 0.0, "heel_vertical": _KEPT_DEG}.get(posts.cast_balance, posts.balance_deg)
    if not posts.level_front:
        return np.inf  # as the foot stands: told, not judged
    if stands_level(done.rx) or done.rx.device.style == "block":
        kept = 0.0
    # A wall that is thicker on one side inclines the underside; a hollow over the ground is a bump below.
    thickness, pads = done.rx.thickness, done.rx.pads
    uneven_mm = thickness.thickness_mm * abs(thickness.medial_thickness - thickness.lateral_thickness)
    bump_mm = max(pads.navicular_relief_mm, pads.cuboid_relief_mm, pads.groove_mm)
    own = float(np.rad2deg(np.arctan(max(uneven_mm, bump_mm) / _ACROSS_MM)))
    return own + kept + max(posts.rearfoot_post_deg, posts.rearfoot_motion_deg, posts.forefoot_post_deg)


def _asked_pitch_deg(done: Finished) -> float:
    """Return how far what stands below or behind may tip the device forwards or backwards, deg."""
    rx, length = done.rx, done.asked.plan.length_mm
    return float(np.rad2deg(np.arctan(rx.heel.heel_lift_mm / (0.5 * length)))) + 0.5 * _asked_roll_deg(done)


def _centre_of_mass(solid: Mesh) -> FloatArray:
    """Return it, (3,): of the tetrahedra between the origin and each triangle."""
    corners = solid.vertices[solid.faces]
    six_volumes = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2]))
    return np.asarray((six_volumes[:, None] * corners.sum(axis=1)).sum(axis=0) / (4.0 * six_volumes.sum()))


def _gap(done: Finished) -> float:
    """Return the greater of the gaps under heel and front end where the device stands by itself, mm."""
    hull = done.lower_hull
    plane = hull.planes_under(_centre_of_mass(done.solid)[None, :2])[0]
    above, ahead = hull.z - plane.at(hull.xy), done.asked.plan.ahead_of_ball(hull.xy)
    front: BoolArray = ahead > -done.rx.gap_mm - _FRONT_MM
    heel: BoolArray = hull.xy[:, 0] < HEEL_END * done.asked.plan.length_mm
    return float(max(above[heel].min(initial=np.inf), above[front].min(initial=np.inf)))
