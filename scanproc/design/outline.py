"""Where the insole ends, seen from above: by the foot, by the shoe's size and width, by the shoe's own insole."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.design.distal_edge import DistalEdge, behind_distal_edge, cut_outs, distal_edge
from scanproc.design.shoe import fitted_width, full_length_end, placed_insole, refuse_beyond_scan, refuse_wrong_size
from scanproc.design.trim_line import TrimLine
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import begun_behind, cut_and_rounded, hull, joined, smoothed_curve
from scanproc.prescription.fields import Prescription
from scanproc.solid.blending import smooth_step
from scanproc.solid.height_fields import HeightField

_CORNER_RADIUS_MM, _HOLLOW_RADIUS_MM = 12.0, 10.0
_SIGMA_MM, _STEP_MM = 1.5, 0.7
_LATERAL_BULGE, _MEDIAL_BULGE = 0.55, 0.66  # shares of the length from where on the outline is convex
_OVERLAP_MM = 8.0
_TOE_RADIUS_MM, _TOE_SIGMA_MM = 26.0, 6.0
_MARGIN_FADES_MM = 70.0  # behind the ball: the heel's border follows the foot


def insole_outline(
    trim: TrimLine, sole: HeightField, foot: FootPlan, rx: Prescription
) -> tuple[FloatArray, DistalEdge]:
    """Return the closed outline, (K, 2) mm, counter-clockwise from the rear, and its front end.

    Parameters
    ----------
    sole : shows where the toes begin.

    Raises
    ------
    ScanError
        If the outline leaves the scan, or the shoe does not fit the foot.
    """
    border = _foot_border(trim, foot, 0.0)
    region = _region(border, trim, foot, rx)
    keep, holes = behind_distal_edge(border, sole, foot, rx), cut_outs(foot, rx)
    uncut = _finished(region, keep, [], foot)
    outline = _finished(region, keep, holes, foot) if holes else uncut
    refuse_beyond_scan(outline, border, foot)
    cuts = holes if keep is None else [keep, *holes]
    return outline, distal_edge(outline, uncut, region, cuts, foot)


def _region(border: FloatArray, trim: TrimLine, foot: FootPlan, rx: Prescription) -> FloatArray:
    """Return what an insole without front end and cut-outs would cover, as a closed curve."""
    refuse_wrong_size(foot, rx.device)
    if rx.device.outline_curve:
        region = placed_insole(np.array(rx.device.outline_curve), border, foot)
    elif rx.device.length == "shell":
        region = border
    else:
        wide = _foot_border(trim, foot, rx.fit.outline_margin_mm) if rx.fit.outline_margin_mm else border
        region = _drawn_to(full_length_end(border, foot, rx.device, rx.fit.toe_room_mm), wide, foot)
    return fitted_width(region, foot, rx.device)


def _foot_border(trim: TrimLine, foot: FootPlan, margin_mm: float) -> FloatArray:
    """Return the trim line as a closed curve, over the toes a round one, in the forefoot with a margin."""
    if not trim.closed:
        return trim.curve
    ahead = foot.ahead_of_ball(trim.curve)
    step = np.roll(trim.curve, -1, axis=0) - np.roll(trim.curve, 1, axis=0)
    outward = np.column_stack([step[:, 1], -step[:, 0]]) / np.linalg.norm(step, axis=1, keepdims=True)
    wide = trim.curve + margin_mm * smooth_step(ahead, -_MARGIN_FADES_MM, 0.0)[:, None] * outward
    begins = _toes_begin(wide, foot)
    behind = wide[begins < _OVERLAP_MM]
    whole = joined([behind, hull(wide[begins > 0.0])])
    return joined([behind, cut_and_rounded(whole, None, _TOE_RADIUS_MM)])


def _drawn_to(end_x: float, border: FloatArray, foot: FootPlan) -> FloatArray:
    """Draw the toes' part of a border forwards, or back, to the asked end, and keep it convex."""
    tip, ball_x = float(border[:, 0].max()), float(foot.tibiale[0])
    share = np.maximum((border[:, 0] - ball_x) / (tip - ball_x), 0.0)
    drawn = border + np.column_stack([(end_x - tip) * share**2, np.zeros(len(border))])
    toes = hull(drawn[_toes_begin(border, foot) > 0.0])
    return joined([drawn, smoothed_curve(toes, _TOE_SIGMA_MM, 0.5, closed=True)])


def _toes_begin(border: FloatArray, foot: FootPlan) -> FloatArray:
    """Return how far (N, 2) points lie in front of the bulge of the outer metatarsal heads, (N,) mm."""
    medial = smooth_step(foot.medial_y * border[:, 1], -10.0, 10.0)
    return np.asarray(border[:, 0] - foot.length_mm * (_LATERAL_BULGE + (_MEDIAL_BULGE - _LATERAL_BULGE) * medial))


def _finished(region: FloatArray, keep: FloatArray | None, holes: list[FloatArray], foot: FootPlan) -> FloatArray:
    rounded = cut_and_rounded(region, keep, _CORNER_RADIUS_MM, holes, _HOLLOW_RADIUS_MM)
    return smoothed_curve(begun_behind(rounded, float(foot.heel[1])), _SIGMA_MM, _STEP_MM, closed=True)
