"""The heel of the top: skives that tilt it, and the lift."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.design.plan import HEEL_END
from scanproc.frames import FloatArray
from scanproc.prescription.doses import Heel
from scanproc.solid.blending import eased, smooth_max, smooth_step
from scanproc.solid.height_fields import HeightField

SKIVE_FADES = (0.20, 0.33)  # shares of the length: the skive is whole behind the first, gone at the second
_ROUND_MM, _ROUND_SHARE = 1.0, 0.4  # of its border, and as a share of its depth
_STEEP_ROUND, _MOST_ROUND = 1.5, 3.0  # for each unit of slope, and at most: where the plane meets the cup's wall, wider
_MILLED_ROUNDER = 3.3  # times that of what is milled: a ball of 6 mm reaches into it
_STEPS = 40  # of halving


def skived(
    top: HeightField, plan: FootPlan, heel: Heel, side: Literal["medial", "lateral"], *, milled: bool
) -> HeightField:
    """Return a top with a heel skive (Kirby 1992): raised to a plane that rises to one side, without slope along x.

    The plane lies so that the largest vertical change behind a fifth of the length is the asked depth. In front of that
    it fades out, and changes no section by more.
    """
    depth = heel.medial_skive_mm if side == "medial" else heel.lateral_skive_mm
    rows = slice(0, int(np.ceil((SKIVE_FADES[1] * plan.length_mm - top.x0) / top.step)) + 1)
    outward_y = plan.medial_y if side == "medial" else -plan.medial_y
    rise = outward_y * np.tan(np.deg2rad(heel.skive_angle_deg)) * (top.y - plan.heel[1])
    z, share = top.z[rows], top.x[rows, 0] / plan.length_mm
    steepness = np.hypot(*np.gradient(z, top.step))
    rounder = _MILLED_ROUNDER if milled else 1.0
    wider = np.clip(rounder * _STEEP_ROUND * steepness, 1.0, rounder * _MOST_ROUND)
    rounding = min(_ROUND_MM, _ROUND_SHARE * depth) * wider
    whole = share <= SKIVE_FADES[0]
    plane = rise + _plane_height(z[whole], rise, rounding[whole], depth)
    change = smooth_max(z, plane, rounding) - z
    fades = 1.0 - smooth_step(share, *SKIVE_FADES)
    # The lateral border is low in front of the heel: there the plane would raise more than asked.
    fades *= np.where(whole, 1.0, np.minimum(depth / np.maximum(change.max(axis=1), 1e-9), 1.0))
    raised = top.z.copy()
    raised[rows] = z + fades[:, None] * change
    return top.replaced(raised)


def _plane_height(z: FloatArray, rise: FloatArray, rounding: FloatArray, depth: float) -> float:
    """Return the height of the plane, at the heel's middle, whose largest change of heights z, (I, J), is `depth`."""
    over = rise - z
    near = over > over.max() - depth - 2.0  # nothing else is changed as much
    z, rounding, rise = z[near], rounding[near], np.broadcast_to(rise, over.shape)[near]
    low, high = -float(over.max()), -float(over.max()) + depth
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if float((smooth_max(z, middle + rise, rounding) - z).max()) < depth:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def lifted(top: HeightField, plan: FootPlan, lift_mm: float) -> HeightField:
    """Return a top whose heel is raised: by the whole lift behind a quarter of the length, by nothing from the ball on.

    Between them it is a wedge with rounded ends, from the heel to the oblique line of the metatarsal heads.
    """
    heel_end = HEEL_END * plan.length_mm
    slope = (plan.fibulare[0] - plan.tibiale[0]) / (plan.fibulare[1] - plan.tibiale[1])
    ball_x = plan.tibiale[0] + slope * (top.y - plan.tibiale[1])
    forward = (top.x - heel_end) / np.maximum(ball_x - heel_end, 0.2 * plan.length_mm)
    return top.replaced(top.z + lift_mm * (1.0 - eased(forward, 0.0, 1.0)))
