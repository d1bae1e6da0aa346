"""What the report says, as text: its first line, the rows of its tables. Nothing here draws or computes a figure."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import (
    Check,
    CleanViews,
    Exports,
    Feet,
    FootMeasures,
    Insoles,
    Measures,
    Refusals,
    Registration,
    ScanFacts,
)
from scanproc.measures.plain_words import group_of, uncertainty_text, value_of, words_of
from scanproc.measures.population import norms_of
from scanproc.measures.sensor_classes import SENSOR_CLASSES, scale_text
from scanproc.measures.table import in_table_order

_LENGTH = "foot_length_mm"


@dataclass(frozen=True)
class MeasureRow:
    """One line of the table of measures, as text."""

    name: str
    value: str
    spread: str
    status: str
    reason: str
    norms: tuple[str, ...]


@dataclass(frozen=True)
class MeasureGroup:
    """Measures that belong together."""

    title: str
    rows: tuple[MeasureRow, ...]


@dataclass(frozen=True)
class ViewRow:
    """One line of the table of views: pixels left after each filter, the residual, and whether it is used."""

    name: str
    counts: tuple[str, ...]
    residual: str
    verdict: str
    rejected: bool


def headline(facts: ScanFacts, feet: Feet | None, measures: Measures | None) -> str:
    """Return the first line up to the verdict: side, loading, foot length, size."""
    sides = [foot.side for foot in feet.feet] if feet else [facts.side]
    what = feet.feet[0].object if feet else "foot"
    side = {"both": "Both feet", "auto": "Foot of unknown side"}.get(
        sides[0]
    ) or f"{' and '.join(sides)} {what}".capitalize()
    loading = "loading unknown" if facts.loading == "unknown" else facts.loading
    lengths = _values(measures, _LENGTH, "{} mm")
    sizes = _values(measures, "eu_size", "EU {}") or _values(measures, "mondopoint", "Mondopoint {}")
    return " · ".join([side, loading, lengths or "length not measured", sizes or "size not measured"])


def edited_names(feet: Feet | None) -> dict[str, list[str]]:
    """Return by side the names of the landmarks that somebody set by hand."""
    return {
        foot.side: [name.replace("_", " ") for name, mark in foot.landmarks.items() if mark.method == "edited"]
        for foot in (feet.feet if feet else ())
    }


def refusal_texts(refusals: Refusals, insoles: Insoles | None) -> list[str]:
    """Return why this scan is not usable, a sentence a cause; nothing if it is."""
    reasons = [f"{refusal.stage}: {refusal.message}" for refusal in refusals.refusals]
    for insole in insoles.insoles if insoles else ():
        failed = [check for check in insole.checks if not check.passed]
        if insole.refused is not None and not any(insole.refused in reason for reason in reasons):
            reasons.append(f"{insole.side} insole: {insole.refused}")
        elif failed and not any(failed[0].name in reason for reason in reasons):
            told = [f"{check.name} (asked {check_texts(check)[1]}, got {check_texts(check)[2]})" for check in failed]
            reasons.append(f"{insole.side} insole: failed {', '.join(told)}")
    return reasons


def measure_groups(foot: FootMeasures, facts: ScanFacts) -> list[MeasureGroup]:
    """Return all measures of a foot in plain words, by group."""
    rows: dict[str, list[MeasureRow]] = {}
    for name in in_table_order(foot.measures):
        measure = foot.measures[name]
        flag = (f"Rare: {foot.flags[name]}.",) if name in foot.flags else ()
        norms = flag + norms_of(name, foot.measures, foot.loading, facts)
        row = MeasureRow(
            words_of(name),
            value_of(name, measure),
            uncertainty_text(name, measure),
            measure.status,
            measure.reason or "",
            norms,
        )
        rows.setdefault(group_of(name), []).append(row)
    return [MeasureGroup(title, tuple(found)) for title, found in rows.items()]


def scale_note(facts: ScanFacts, measures: Measures | None) -> str:
    """Return what the uncertainties hold for the camera's scale, or why there are none; nothing without measures."""
    lengths = [foot.measures[_LENGTH] for foot in (measures.feet if measures else ()) if _LENGTH in foot.measures]
    for length in lengths:
        if length.value and length.sd_parts is not None:
            return scale_text(facts, length.sd_parts.scale / length.value)
    if not any(length.value and length.sd is None for length in lengths):
        return ""
    kinds = ", ".join(f'"{kind.words}"' for kind in SENSOR_CLASSES)
    return (
        f"No uncertainty is known. State in scan.toml which scanner made this mesh: sensor, by its name or as {kinds}."
    )


def check_texts(check: Check) -> tuple[str, str, str]:
    """Return name, asked and got of a check as text."""
    words = {True: "yes", False: "no"}
    asked, got = (
        words[value] if isinstance(value, bool) else _number(value) if isinstance(value, float) else value
        for value in (check.asked, check.got)
    )
    name, _, unit = check.name.rpartition("_")
    units = {"mm": "mm", "mm2": "mm²", "cm3": "cm³", "g": "g", "deg": "°"}
    if not name or unit not in units:
        return check.name.replace("_", " "), asked, got
    return f"{name.replace('_', ' ')}, {units[unit]}", asked, got


def _number(value: float) -> str:
    """Return a figure to four digits, and whole ones in full."""
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.4g}"


def view_rows(views: CleanViews | None, registration: Registration | None) -> list[ViewRow]:
    """Return what became of every view, in recorded order."""
    names = count_names(views)
    counts = (
        {view.name: tuple(f"{view.counts[n]:,}" if n in view.counts else "–" for n in names) for view in views.views}
        if views
        else {}
    )
    blank = ("–",) * len(names)
    if registration is None:
        return [ViewRow(name, found, "–", "", False) for name, found in counts.items()]
    rows = []
    for pose in registration.views:
        residual = "–" if pose.residual_rms_mm is None else f"{pose.residual_rms_mm:.2f}"
        rows.append(
            ViewRow(pose.name, counts.get(pose.name, blank), residual, pose.reason or "used", not pose.accepted)
        )
    return rows


def rim_text(views: CleanViews | None, registration: Registration | None) -> str:
    """Return what was found of the depth at rims, or nothing."""
    depths = [
        np.median(view.depth_mm[view.depth_mm > 0]) for view in (views.views if views else ()) if view.depth_mm.any()
    ]
    if registration is None or registration.rim is None or not depths:
        return ""
    rim, at_rim_mm2 = registration.rim, float(np.median(depths)) ** 2
    return (
        f"At the rims of what it sees, this camera measures {rim.value * at_rim_mm2:.1f} ± {rim.sd * at_rim_mm2:.1f} mm"
        f" too near, less by half {rim.decay_deg * np.log(2.0):.2f}° further in; the surface is without that."
    )


@dataclass(frozen=True)
class PrintRow:
    """One line of the table of postures on a print bed, as text."""

    side: str
    posture: str
    height: str
    layers: str
    overhang: str
    supports: str


def print_rows(exports: Exports | None) -> list[PrintRow]:
    """Return how each printed part can stand on the bed, as `<side>-printing.json` has it."""
    rows = []
    for name, data in sorted(exports.files.items()) if exports else ():
        for one in json.loads(data)["postures"] if name.endswith("-printing.json") else ():
            edge = f", {one['edge_down']} edge down" if one["edge_down"] else ""
            rows.append(
                PrintRow(
                    name.partition("-")[0],
                    {"flat": "flat", "edge": "on edge"}[one["posture"]] + edge,
                    f"{one['height_mm']:.1f} mm",
                    f"{one['layers']} of {one['layer_mm']:g} mm",
                    f"{1e-2 * one['overhang_mm2']:.1f} cm², flatter than {one['overhang_deg']:g}°",
                    f"{1e-3 * one['supports_mm3']:.1f} cm³",
                )
            )
    return rows


def _values(measures: Measures | None, name: str, pattern: str) -> str:
    """Return the measure of every foot in one phrase, or nothing if no foot has it."""
    found = [foot.measures[name].value for foot in (measures.feet if measures else ()) if name in foot.measures]
    texts = [
        f"{value:.1f}".removesuffix(".0") if "_mm" not in name else f"{value:.1f}"
        for value in found
        if value is not None
    ]
    return pattern.format(" and ".join(texts)) if texts else ""


def count_names(views: CleanViews | None) -> list[str]:
    """Return the names of all filters of the views, in their order."""
    return list(dict.fromkeys(name for view in (views.views if views else ()) for name in view.counts))
