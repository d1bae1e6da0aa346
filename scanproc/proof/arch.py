"""The arch, measured back on the line of `plantar_arch_height_mm`; the edges and flanges beside it."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.foot_regions import ARCH_WINDOW
from scanproc.artifacts import Check
from scanproc.design.plan import ARCH_FADES, ARCH_FULL, quarter_line
from scanproc.design.top import designed_top
from scanproc.design.trim_line import LATERAL_EDGE_AT, MEDIAL_EDGE_AT
from scanproc.frames import FloatArray
from scanproc.proof.checks import at_least, at_most, told, within
from scanproc.proof.finished import Finished
from scanproc.solid.probes import edge_heights, lowest_of_half, widths

_OFF_OUTLINE_MM = 3.0
_OFF_DISTAL_MM = 8.0  # and off the front end, whose corners are rounded
_STEEP_SHARE = 0.15  # of the radius of the upper edge
_APEX_MM, _LEVEL_MM = 8.0, 0.1  # its place: a flat arch is as high elsewhere


def arch_checks(done: Finished) -> tuple[Check, ...]:
    """How far the arch was lowered, how high it stands, and where."""
    rx = done.rx
    asked, plan = done.asked, done.asked.plan
    line = done.inner(quarter_line(asked.sole, plan).arch(plan.length_mm), _OFF_OUTLINE_MM)
    top, designed = done.probe.top_at(line), asked.top_at(line)
    checks = [
        within("arch_apex_height_mm", float(designed.max()), float(top.max()), rx.judgement.dose_tolerance_mm),
        _apex_place(line[:, 0], designed, top),
    ]
    if rx.arch.arch_target_mm is None:
        unfilled = done.without(arch_fill_mm=0.0).at(line) if rx.arch.arch_fill_mm > 0.0 else asked.top.at(line)
        most = _most_fill(done, line)
        checks.append(within("arch_fill_mm", most, float((unfilled - top).max()), rx.judgement.dose_tolerance_mm))
        if most < rx.arch.arch_fill_mm - rx.judgement.dose_tolerance_mm:
            checks.append(told("arch_fill_limited_mm", most, f"{rx.arch.arch_fill_mm:g}, of a low arch half is left"))
    else:
        # The target is the arch's before pads, hollows, lift and posts.
        terms = asked.top.at(line) - designed_top(asked.scanned, rx).arched.at(line)
        checks.append(
            within("arch_target_mm", rx.arch.arch_target_mm, float((top - terms).max()), rx.judgement.dose_tolerance_mm)
        )
    return tuple(checks)


def _most_fill(done: Finished, line: FloatArray) -> float:
    """Return how far the arch is lowered on its line, (N, 2), where the fill is whole: as asked, or half its height.

    It goes over smoothly from one to the other, over 0.4 of the fill at either side.
    """
    asked_mm, length = done.rx.arch.arch_fill_mm, done.asked.plan.length_mm
    if asked_mm == 0.0:
        return 0.0
    whole = line[(line[:, 0] >= ARCH_FULL * length) & (line[:, 0] <= ARCH_FADES * length)]
    half = 0.5 * np.maximum(done.asked.sole.at(whole), 0.0)
    rounded = np.maximum(1.0 - np.abs(half - asked_mm) / (0.4 * asked_mm), 0.0) ** 2 * 0.1 * asked_mm
    return float((np.minimum(half, asked_mm) - rounded).max(initial=0.0))


def _apex_place(x: FloatArray, designed: FloatArray, top: FloatArray) -> Check:
    """Return the check of the apex's x: as asked, or where the asked arch is as high."""
    asked, got = int(designed.argmax()), int(top.argmax())
    room = np.inf if designed[got] > designed[asked] - _LEVEL_MM else _APEX_MM
    return within("arch_apex_x_mm", float(x[asked]), float(x[got]), room)


def edge_checks(done: Finished) -> tuple[Check, ...]:
    """How high the edges stand where they are asked at their full height, and how narrow the waist is."""
    rx = done.rx
    asked, probe, plan = done.asked, done.probe, done.asked.plan
    # A short shell, or a cut-out, ends before the edges have come down.
    ends = [float(piece[:, 0].min()) - _OFF_DISTAL_MM for piece in asked.distal_edge.pieces]
    end_x = min([*ends, ARCH_WINDOW[1] * plan.length_mm])
    at_medial, at_lateral = (plan.length_mm * np.linspace(*at, 5) for at in (MEDIAL_EDGE_AT, LATERAL_EDGE_AT))
    at_medial, at_lateral = at_medial[at_medial < end_x], at_lateral[at_lateral < end_x]
    edges, rounded = [], rx.thickness.rim_radius_mm
    if len(at_medial):
        quarter = np.column_stack([at_medial, asked.line.at(at_medial, asked.line.quarter_y)])
        got = edge_heights(probe, at_medial, plan.medial_y, rounded) - probe.top_at(quarter)
        edges.append(("medial_edge_mm", rx.arch.medial_edge_mm + rx.arch.medial_flange_mm, float(np.median(got))))
    if len(at_lateral):
        lowest = lowest_of_half(probe, at_lateral, -plan.medial_y)
        got = edge_heights(probe, at_lateral, -plan.medial_y, rounded) - lowest
        edges.append(("side_edge_mm", rx.arch.side_edge_mm + rx.arch.lateral_flange_mm, float(np.median(got))))
    stations = np.linspace(ARCH_WINDOW[0] * plan.length_mm, end_x, 31)
    waist = float((widths(probe, stations) / asked.line.at(stations, asked.line.width_mm)).min())
    # It is read inside the rounding, where a steep edge stands a little lower.
    slack = 2.0 * rx.judgement.dose_tolerance_mm + _STEEP_SHARE * rounded
    # A shoe's outline, or one that stands inside the foot's, may cut the foot's own edge away.
    narrow = rx.device.shoe_width_mm is not None or bool(rx.device.outline_curve)
    narrow = narrow or (rx.device.length != "shell" and rx.fit.outline_margin_mm < 0.0)
    judged = at_most if narrow else within
    return (
        *(judged(name, height, got, slack) for name, height, got in edges),
        at_least("waist_share", rx.judgement.min_waist_share, waist),
    )
