"""The platform behind the front end of a shell: level with what the heel stands on, so that the shell does not rock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.artifacts import FORMED
from scanproc.design.posts import FREE_MM, Post, front_region, rearfoot_post
from scanproc.frames import FloatArray
from scanproc.pads.ray_cuts import left_between
from scanproc.prescription.fields import Prescription
from scanproc.solid.ball_erosion import erode_with_ball
from scanproc.solid.height_fields import HeightField

_SHARE, _HALF_LENGTH_MM = 0.27, 10.0  # half its width by what is left of the ball's, and half its length
_BEYOND_MM = 6.0  # it goes on so far ahead of the front end: nothing of that stands lower
_BEHIND_MM = 12.0  # from it to where the sole is looked at that the device stands on


def stands_level(rx: Prescription) -> bool:
    """Tell whether heel and front end are made to stand on one level ground.

    A block stands on its base, a forefoot post on its plane; the ball of a longer insole is level if the foot is: one
    that is balanced otherwise keeps its inclination. What is formed over a model is ground level by hand.
    """
    if rx.device.style == "block" or rx.device.process in FORMED:
        return False
    if rx.posts.forefoot_post_deg > 0.0 or not rx.posts.level_front:
        return False
    return rx.device.length == "shell" or rx.posts.cast_balance == "tripod"


def front_platform(plan: FootPlan, rx: Prescription) -> Post | None:
    """Return the level place on which the front end of a shell stands; longer insoles stand on the ball."""
    if rx.device.length != "shell" or not stands_level(rx):
        return None
    region = front_region(plan, rx.gap_mm)
    first, last = left_between(rx.pads)
    centre = plan.on_ball(0.5 * (first + last), _BEYOND_MM - _HALF_LENGTH_MM - rx.gap_mm)
    half_width = _SHARE * (last - first) * float(np.linalg.norm(plan.fibulare - plan.tibiale))
    region = replace(region, centre=centre, half_length=_HALF_LENGTH_MM, half_width=half_width)
    return Post("forefoot", region, float(centre[1]), (0.0,))


def stands_at(top: HeightField, wall_mm: FloatArray, plan: FootPlan, front: Post, rx: Prescription) -> float:
    """Return the height of what a top stands on behind its front platform, a wall, (I, J) mm, below it, mm.

    Where a platform lies below the heel it is that one's; a level one reaches down to what is lowest, below a post's
    planes it is their contact with the wall.
    """
    post = rearfoot_post(plan, rx)
    own_form = rx.posts.rearfoot_posting == "intrinsic" and rx.posts.rearfoot_post_deg > 0.0
    lowest = float((top.z - wall_mm)[top.x[:, 0] < front.region.centre[0] - _BEHIND_MM].min())
    if post is None or (own_form and rx.heel.heel_lift_mm == 0.0):
        return lowest
    end = post.region.centre[0] + post.region.half_length + 2.0 * float(wall_mm.max())
    rows = slice(0, int(np.ceil((end - top.x0) / top.step)) + 1)
    even = erode_with_ball(top.replaced(top.z[rows]), wall_mm[rows])  # where its sides rise it is thicker upright
    level = replace(post, slopes=(0.0,))
    below = level.below(even.nodes(), even.z.ravel()) - rx.heel.heel_lift_mm - FREE_MM
    return min(below, lowest) if post.is_level else below
