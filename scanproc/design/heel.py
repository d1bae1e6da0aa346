"""The heel of the top: skives that tilt it, and the lift."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scanproc.design.plan import HEEL_END, FootPlan
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, eased, smooth_max, smooth_step
from scanproc.prescription.fields import Prescription

SKIVE_FADES = (0.22, 0.34)  # shares of the length: the skive is whole behind the first, gone at the second
_ROUND_MM, _ROUND_SHARE = 1.0, 0.4  # of its border, and as a share of its depth
_STEEP_ROUND = 1.5  # for each unit of slope: where the plane meets the cup's wall, wider
_STEPS = 40  # of halving


def skived(top: HeightField, plan: FootPlan, rx: Prescription, side: Literal["medial", "lateral"]) -> HeightField:
    """Return a top with a heel skive (Kirby 1992): raised to a plane that rises to one side, without slope along x.

    The plane lies so that the largest vertical change is the asked depth. It fades out in front of the heel.
    """
    depth = rx.medial_skive_mm if side == "medial" else rx.lateral_skive_mm
    rows = slice(0, int(np.ceil((SKIVE_FADES[1] * plan.length_mm - top.x0) / top.step)) + 1)
    whole = 1.0 - smooth_step(top.x[rows] / plan.length_mm, *SKIVE_FADES)
    outward_y = plan.medial_y if side == "medial" else -plan.medial_y
    rise = outward_y * np.tan(np.deg2rad(rx.skive_angle_deg)) * (top.y - plan.heel[1])
    z = top.z[rows]
    steepness = np.hypot(*np.gradient(z, top.step))
    rounding = min(_ROUND_MM, _ROUND_SHARE * depth) * np.clip(_STEEP_ROUND * steepness, 1.0, 3.0)
    raised = top.z.copy()
    raised[rows] = z + whole * _change(z, _plane_height(z, rise, rounding, whole, depth) + rise, rounding)
    return top.replaced(raised)


def _change(z: FloatArray, plane: FloatArray, rounding: FloatArray) -> FloatArray:
    return smooth_max(z, plane, rounding) - z


def _plane_height(z: FloatArray, rise: FloatArray, rounding: FloatArray, whole: FloatArray, depth: float) -> float:
    """Return the height of the plane, at the heel's middle, whose largest change of heights z, (I, J), is `depth`."""
    over = rise - z
    near = (over > over.max() - depth - 2.0) & (whole > 0.0)  # nothing else is changed as much
    z, rise, rounding, whole = z[near], np.broadcast_to(rise, over.shape)[near], rounding[near], (whole + 0.0 * z)[near]
    low, high = float(z.min() - rise.max()) - 1.0, float(z.max() - rise.min()) + depth + 1.0
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if float((whole * _change(z, middle + rise, rounding)).max()) < depth:
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
