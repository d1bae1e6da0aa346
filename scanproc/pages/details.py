"""What stands below the first screen, as rows of text: measures, checks, printing, views, provenance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import (
    Check,
    CleanViews,
    Exports,
    Feet,
    FootMeasures,
    Insole,
    Measures,
    Registration,
    ScanFacts,
)
from scanproc.measures.plain_words import group_of
from scanproc.measures.population import Band, band_of
from scanproc.measures.table import in_table_order
from scanproc.pages.first_screen import Fact, doses_of, name_of
from scanproc.pages.strips import people_of, percentile_text
from scanproc.pages.words import Words


@dataclass(frozen=True)
class MeasureCell:
    """A measure of one foot as text; `status` is empty where it was measured."""

    side: str
    value: str
    sd: str
    percentile: str
    status: str
    note: str


@dataclass(frozen=True)
class MeasureRow:
    """One line of the table: right beside left."""

    key: str
    name: str
    cells: tuple[MeasureCell | None, ...]
    usual: str
    source: str


@dataclass(frozen=True)
class MeasureTable:
    """Measures by group, and in a list what was measured of no foot, with the reason."""

    sides: tuple[str, ...]
    groups: tuple[tuple[str, tuple[MeasureRow, ...]], ...]
    lacking: tuple[Fact, ...]


def measure_table(words: Words, measures: Measures | None, facts: ScanFacts) -> MeasureTable | None:
    """Return all measures in plain words, by group, the feet beside each other."""
    if measures is None or not measures.feet:
        return None
    feet = measures.feet
    groups: dict[str, list[MeasureRow]] = {}
    lacking: list[Fact] = []
    for name in in_table_order({name for foot in feet for name in foot.measures}):
        found = [foot.measures.get(name) for foot in feet]
        if any(measure is not None and measure.value is not None for measure in found):
            groups.setdefault(group_of(name), []).append(_row(words, name, feet, facts))
        else:
            reasons = dict.fromkeys(measure.reason or "" for measure in found if measure is not None)
            lacking.append(Fact(name_of(words, name, feet[0]), "; ".join(reasons)))
    titled = tuple((words(f"group.{group}"), tuple(rows)) for group, rows in groups.items())
    return MeasureTable(tuple(foot.side for foot in feet), titled, tuple(lacking))


def _row(words: Words, name: str, feet: Sequence[FootMeasures], facts: ScanFacts) -> MeasureRow:
    bands = [band_of(name, foot.measures, foot.loading, facts) for foot in feet]
    band = next((band for band in bands if band is not None), None)
    cells = tuple(_cell(words, name, foot, own) for foot, own in zip(feet, bands, strict=True))
    title = name_of(words, name, feet[0])
    if band is None:
        return MeasureRow(name, title, cells, "", "")
    source = f"{people_of(words, band)}, {band.norm.source}"
    return MeasureRow(name, title, cells, words.range(name, band.outer), source)


def _cell(words: Words, name: str, foot: FootMeasures, band: Band | None) -> MeasureCell | None:
    measure = foot.measures.get(name)
    if measure is None:
        return None
    status = "" if measure.status == "measured" else words(f"status.{measure.status}")
    value = "–" if measure.value is None else words.value(name, measure.value)
    return MeasureCell(
        foot.side, value, words.sd(name, measure), percentile_text(words, band), status, measure.reason or ""
    )


# --------------------------------------------------------------------------------------------------------- the proof


@dataclass(frozen=True)
class CheckRow:
    """One line of the proof as text, with the name it has in `checks.json`."""

    key: str
    name: str
    asked: str
    got: str
    tolerance: str
    passed: bool


@dataclass(frozen=True)
class Proof:
    """The checks of one insole: what failed, what was prescribed, and the rest."""

    title: str
    refused: str
    failed: tuple[CheckRow, ...]
    doses: tuple[CheckRow, ...]
    others: tuple[CheckRow, ...]
    notes: tuple[str, ...]


def proof(words: Words, insole: Insole) -> Proof:
    """Return the proof of one insole, failed checks apart."""
    prescribed = [check.name for check in doses_of(insole)]
    return Proof(
        words(f"{insole.side}.insole"),
        insole.refused or "",
        tuple(_check(words, check) for check in insole.checks if not check.passed),
        tuple(_check(words, check) for check in doses_of(insole) if check.passed),
        tuple(_check(words, check) for check in insole.checks if check.passed and check.name not in prescribed),
        insole.notes,
    )


def _check(words: Words, check: Check) -> CheckRow:
    name, unit = words.check(check.name)
    asked, got = words.asked_or_got(check.asked), words.asked_or_got(check.got)
    asked, got = (words.known(f"towards.{text}", text) for text in (asked, got))
    tolerance = words(f"rule.{check.rule}")
    if check.tolerance > 0.0:
        sign = {"equal": "±", "at least": "−", "at most": "+"}.get(check.rule, "")
        exact = f"{sign} {words.short(check.tolerance)}"
        tolerance = exact if check.rule == "equal" else f"{tolerance} ({exact})"
    return CheckRow(
        check.name,
        f"{name}, {unit}" if unit else name,
        "" if check.rule == "told" and isinstance(check.asked, str) else asked,
        got,
        tolerance,
        check.passed,
    )


# ---------------------------------------------------------------------------------------------------------- printing


@dataclass(frozen=True)
class PrintRow:
    """One line of the table of postures on a print bed, as text."""

    side: str
    posture: str
    height: str
    layers: str
    overhang: str
    supports: str


def print_rows(words: Words, exports: Exports | None) -> list[PrintRow]:
    """Return how each printed part can stand on the bed, as `<side>-printing.json` has it."""
    rows = []
    for name, data in sorted(exports.files.items()) if exports else ():
        for one in json.loads(data)["postures"] if name.endswith("-printing.json") else ():
            edge = f", {words('edge.' + one['edge_down'])}" if one["edge_down"] else ""
            rows.append(
                PrintRow(
                    words(name.partition("-")[0]),
                    words(f"posture.{one['posture']}") + edge,
                    f"{words.number(one['height_mm'], 1)} mm",
                    f"{one['layers']} × {words.short(one['layer_mm'])} mm",
                    f"{words.number(1e-2 * one['overhang_mm2'], 1)} cm² (< {words.short(one['overhang_deg'])}°)",
                    f"{words.number(1e-3 * one['supports_mm3'], 1)} cm³",
                )
            )
    return rows


# -------------------------------------------------------------------------------------------------------- provenance


@dataclass(frozen=True)
class ViewRow:
    """One line of the table of views: pixels left after each filter, the residual, and whether it is used."""

    name: str
    counts: tuple[str, ...]
    residual: str
    verdict: str
    rejected: bool


def view_rows(words: Words, views: CleanViews | None, registration: Registration | None) -> list[ViewRow]:
    """Return what became of every view, in recorded order."""
    names = count_names(views)
    counts = {
        view.name: tuple(words.number(view.counts[n], 0) if n in view.counts else "–" for n in names)
        for view in (views.views if views else ())
    }
    blank = ("–",) * len(names)
    if registration is None:
        return [ViewRow(name, found, "–", "", False) for name, found in counts.items()]
    rows = []
    for pose in registration.views:
        residual = "–" if pose.residual_rms_mm is None else words.number(pose.residual_rms_mm, 2)
        verdict = pose.reason or words("used")
        rows.append(ViewRow(pose.name, counts.get(pose.name, blank), residual, verdict, not pose.accepted))
    return rows


def count_names(views: CleanViews | None) -> list[str]:
    """Return the names of all filters of the views, in their order."""
    return list(dict.fromkeys(name for view in (views.views if views else ()) for name in view.counts))


def rim_text(words: Words, views: CleanViews | None, registration: Registration | None) -> str:
    """Return what was found of the depth at rims, or nothing."""
    depths = [
        np.median(view.depth_mm[view.depth_mm > 0]) for view in (views.views if views else ()) if view.depth_mm.any()
    ]
    if registration is None or registration.rim is None or not depths:
        return ""
    rim, at_rim_mm2 = registration.rim, float(np.median(depths)) ** 2
    value, sd = (words.number(figure * at_rim_mm2, 1) for figure in (rim.value, rim.sd))
    return words("rim", value=value, sd=sd, decay=words.number(rim.decay_deg * float(np.log(2.0)), 2))


def stated(words: Words, facts: ScanFacts, anonymous: bool) -> list[Fact]:
    """Return what `scan.toml` states; of an anonymous report nothing that names a person, a day or a file."""
    date = facts.date and words.date(facts.date)
    person = {} if anonymous else {"scan": facts.name, "subject": facts.subject, "date": date}
    units = {"load_kg": " kg", "mass_kg": " kg", "age_years": f" {words('years')}", "foot_length_mm": " mm"}
    others = {
        "loading": words(f"loading.{facts.loading}"),
        "load_kg": facts.load_kg,
        "position": words(f"position.{facts.position}"),
        "mass_kg": facts.mass_kg,
        "sex": facts.sex and words(f"sex.{facts.sex}"),
        "age_years": facts.age_years,
        "shoe_size_eu": facts.shoe_size_eu,
        "foot_length_mm": facts.foot_length_mm,
        "sensor": facts.sensor,
        "camera": None if anonymous else facts.camera,
        "motion": words(f"motion.{facts.motion}"),
    }
    return [
        Fact(words(f"fact.{name}"), (value if isinstance(value, str) else words.short(value)) + units.get(name, ""))
        for name, value in {**person, **others}.items()
        if value is not None
    ]


def landmark_texts(words: Words, feet: Feet | None) -> list[str]:
    """Return of each foot its side, its ground, and the landmarks that somebody set by hand."""
    texts = []
    for foot in feet.feet if feet else ():
        told = {"value": words.number(foot.side_confidence, 2), "ground": words(f"ground.{foot.ground}")}
        text = words("landmarks.text", side=words(f"{foot.side}.{foot.object}"), **told)
        edited = [name for name, mark in foot.landmarks.items() if mark.method == "edited"]
        names = ", ".join(words.known(f"landmark.{name}", name.replace("_", " ")) for name in edited)
        texts.append(f"{text} {words('landmarks.edited', names=names)}" if edited else text)
    return texts


def file_rows(exports: Exports | None) -> list[tuple[str, str, str]]:
    """Return name, size in bytes and SHA-256 of every exported file."""
    files = sorted(exports.files.items()) if exports else []
    return [(name, f"{len(data):,}", hashlib.sha256(data).hexdigest()) for name, data in files]
