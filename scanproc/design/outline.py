"""Where the insole ends, seen from above: by the foot, by the shoe's size and width, by the shoe's own insole."""

from __future__ import annotations

import numpy as np

from scanproc.design.front import FrontEnd, behind_front, cut_outs, front_end
from scanproc.design.plan import FootPlan
from scanproc.design.rim import Rim
from scanproc.design.shoe import fitted_width, full_length_end, placed_insole, refuse_beyond_scan, refuse_wrong_size
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, smooth_step
from scanproc.geometry.outlines import begun_behind, cut_and_rounded, hull, joined, smoothed_curve
from scanproc.prescription.fields import Prescription

_CORNER_RADIUS_MM, _HOLLOW_RADIUS_MM = 10.0, 8.0
_SIGMA_MM, _STEP_MM = 1.5, 0.7
_FOREFOOT_SIGMA_MM = 6.0  # of its margin's and the toes' bends
_MARGIN_FADES_MM = 50.0  # behind the ball: the heel's edge follows the foot


def insole_outline(rim: Rim, sole: HeightField, foot: FootPlan, rx: Prescription) -> tuple[FloatArray, FrontEnd]:
    """Return the closed outline, (K, 2) mm, counter-clockwise from the rear, and its front end.

    Parameters
    ----------
    sole : shows where the toes begin.

    Raises
    ------
    ScanError
        If the outline leaves the scan, or the shoe does not fit the foot.
    """
    region = _region(rim, foot, rx)
    keep, holes = behind_front(rim.curve, sole, foot, rx), cut_outs(foot, rx)
    uncut = _finished(region, keep, [], foot)
    outline = _finished(region, keep, holes, foot) if holes else uncut
    refuse_beyond_scan(outline, rim, foot)
    return outline, front_end(outline, uncut, region, foot)


def _region(rim: Rim, foot: FootPlan, rx: Prescription) -> FloatArray:
    """Return what an insole without front end and cut-outs would cover, as a closed curve."""
    refuse_wrong_size(foot, rx)
    if rx.outline_curve:
        region = placed_insole(np.array(rx.outline_curve), rim, foot)
    else:
        region = rim.curve if rx.length == "shell" else _with_forefoot(rim, foot, rx)
    return fitted_width(region, foot, rx)


def _with_forefoot(rim: Rim, foot: FootPlan, rx: Prescription) -> FloatArray:
    """Return the foot's edge with its margin, round over the toes, drawn forwards to the asked end."""
    ahead = foot.ahead_of_ball(rim.curve)
    step = np.roll(rim.curve, -1, axis=0) - np.roll(rim.curve, 1, axis=0)
    outward = np.column_stack([step[:, 1], -step[:, 0]]) / np.linalg.norm(step, axis=1, keepdims=True)
    wide = rim.curve + rx.outline_margin_mm * smooth_step(ahead, -_MARGIN_FADES_MM, 0.0)[:, None] * outward
    toes = smoothed_curve(hull(wide[ahead > -5.0]), _FOREFOOT_SIGMA_MM, 0.5, closed=True)
    tip, ball_x = float(toes[:, 0].max()), float(foot.tibiale[0])
    drawn = full_length_end(rim, foot, rx) - tip
    toes[:, 0] += drawn * np.maximum((toes[:, 0] - ball_x) / (tip - ball_x), 0.0) ** 2
    return joined([wide, hull(toes)])


def _finished(region: FloatArray, keep: FloatArray | None, holes: list[FloatArray], foot: FootPlan) -> FloatArray:
    rounded = cut_and_rounded(region, keep, _CORNER_RADIUS_MM, holes, _HOLLOW_RADIUS_MM)
    return smoothed_curve(begun_behind(rounded, float(foot.heel[1])), _SIGMA_MM, _STEP_MM, closed=True)
