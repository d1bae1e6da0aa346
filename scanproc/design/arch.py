"""The arch of the top: how far it is lowered, or the height that its apex is brought to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.design.plan import ARCH_END, ARCH_FADES, ARCH_FULL, ARCH_START
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.solid.blending import smooth_min, smooth_step
from scanproc.solid.height_fields import HeightField

MOST_RAISED_MM = 2.0  # over the scanned arch; more presses into it
_MOST_FILL_MM = 40.0  # whatever the target: half of the arch is left
_STEPS = 20
_CLOSE_MM = 0.01


def arch_fill(sole: HeightField, foot: FootPlan, fill_mm: float) -> FloatArray:
    """Return by how much the fill lowers the arch, (I, J) mm >= 0.

    Whole in the medial arch, nothing under heel, ball and lateral border. It takes at most half the sole's height, so
    that a low arch does not become a hollow, and the top keeps rising where the sole rises.
    """
    if fill_mm <= 0.0:
        return np.zeros(sole.z.shape)
    half = 0.5 * np.maximum(sole.z, 0.0)
    taken = smooth_min(half, np.full(half.shape, fill_mm), 0.4 * fill_mm)
    return np.asarray(_under_arch(sole, foot) * taken)


def _under_arch(sole: HeightField, foot: FootPlan) -> FloatArray:
    """Return 1 in the medial arch, 0 under heel, ball and lateral border, smooth between, (I, J)."""
    s = sole.x / foot.length_mm
    along = smooth_step(s, ARCH_START, ARCH_FULL) * (1.0 - smooth_step(s, ARCH_FADES, ARCH_END))
    across = smooth_step(foot.medial_y * sole.y / foot.length_mm, -0.07, 0.02)
    return np.asarray(along * across)


def arch_at(sole: HeightField, foot: FootPlan, line: FloatArray, target_mm: float, room_mm: float) -> HeightField:
    """Return a sole whose arch is filled so far, or raised by a little, that its apex is at the target.

    The apex is the greatest height over the ground on the line of `plantar_arch_height_mm`. It is the arch's own: a
    lift, pads and hollows come on top of it and are not counted, or a groove along that line would raise all of it.

    Parameters
    ----------
    sole : lowered by the clearance.
    line : (N, 2), that line.
    room_mm : that clearance, which an arch may be raised into.

    Raises
    ------
    ScanError
        If the target lies more than 2 mm above the scanned arch, or so low that the arch would become a hollow.
    """
    weight = _under_arch(sole, foot)

    def changed(fill_mm: float) -> HeightField:
        """Lower the arch by a fill, raise it by a negative one."""
        change = -arch_fill(sole, foot, fill_mm) if fill_mm > 0.0 else -fill_mm * weight
        return sole.replaced(sole.z + change)

    def excess(fill_mm: float) -> float:
        return float(changed(fill_mm).at(line).max()) - target_mm

    as_scanned, most_raised = excess(0.0), MOST_RAISED_MM + room_mm
    if as_scanned < -most_raised:
        most = np.floor(10.0 * (target_mm + as_scanned + most_raised)) / 10.0
        raise ScanError(
            f"found an arch of {target_mm + as_scanned:.1f} mm, expected insole.arch_target_mm = {target_mm:g} to be at"
            f" most {most:g} (rule arch-target-above-foot): more would press into the foot. Set"
            f" insole.arch_target_mm = {most:g}."
        )
    low, high = (0.0, _MOST_FILL_MM) if as_scanned > 0.0 else (2.0 * as_scanned - 0.1, 0.0)
    if as_scanned > 0.0 and (lowest := excess(high)) > _CLOSE_MM:
        raise ScanError(
            f"found an arch of {target_mm + as_scanned:.1f} mm, expected insole.arch_target_mm = {target_mm:g} to be at"
            f" least {target_mm + lowest:.1f} (rule arch-target-hollow): less would hollow it out. Set"
            f" insole.arch_target_mm = {np.ceil(10.0 * (target_mm + lowest)) / 10.0:g}."
        )
    return changed(_root(excess, low, high))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function crosses zero between two places: regula falsi (Illinois), to 0.01 mm."""
    at_low, at_high = falling(low), falling(high)
    middle = low
    for _ in range(_STEPS):
        if at_low - at_high < 1e-9:
            break
        middle = float(np.clip((low * at_high - high * at_low) / (at_high - at_low), low, high))
        value = falling(middle)
        if abs(value) < _CLOSE_MM:
            break
        if value > 0.0:
            low, at_low, at_high = middle, value, 0.5 * at_high
        else:
            high, at_high, at_low = middle, value, 0.5 * at_low
    return middle
