"""What stands below the first screen, as rows of text: measures, checks, printing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scanproc.artifacts import (
    Check,
    Exports,
    FootMeasures,
    Insole,
    Measures,
    ScanFacts,
)
from scanproc.measures.plain_words import group_of
from scanproc.measures.population import Band, band_of
from scanproc.measures.table import in_table_order
from scanproc.pages.findings import name_of
from scanproc.pages.first_screen import Fact, doses_of
from scanproc.pages.sentences import Said
from scanproc.pages.strips import people_of, percentile_text
from scanproc.pages.words import Words


@dataclass(frozen=True)
class MeasureCell:
    """A measure of one foot as text; `status` is empty where it was measured."""

    side: str
    value: str
    sd: str
    unit: str
    percentile: str
    status: str
    note: Said


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
            lacking.append(Fact(name_of(words, name, feet[0]), words.tell("; ".join(reasons))))
    titled = tuple((words(f"group.{group}"), tuple(rows)) for group, rows in groups.items())
    return MeasureTable(tuple(foot.side for foot in feet), titled, tuple(lacking))


def _row(words: Words, name: str, feet: Sequence[FootMeasures], facts: ScanFacts) -> MeasureRow:
    bands = [band_of(name, foot.measures, foot.loading, facts) for foot in feet]
    band = next((band for band in bands if band is not None), None)
    cells = tuple(_cell(words, name, foot, own) for foot, own in zip(feet, bands, strict=True))
    title = name_of(words, name, feet[0])
    if band is None:
        return MeasureRow(name, title, cells, "", "")
    source = f"{people_of(words, band)}, {words.say(band.norm.source)}"
    return MeasureRow(name, title, cells, words.range(name, band.outer), source)


def _cell(words: Words, name: str, foot: FootMeasures, band: Band | None) -> MeasureCell | None:
    measure = foot.measures.get(name)
    if measure is None:
        return None
    status = "" if measure.status == "measured" else words(f"status.{measure.status}")
    figures = ("–", "", "")
    if measure.value is not None:
        value = words.value(name, measure.value, unit=False)
        figures = (value, words.sd(name, measure), words.unit(name, measure.value))
    return MeasureCell(foot.side, *figures, percentile_text(words, band), status, words.tell(measure.reason))


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
    refused: Said
    failed: tuple[CheckRow, ...]
    doses: tuple[CheckRow, ...]
    others: tuple[CheckRow, ...]
    notes: tuple[Said, ...]


def proof(words: Words, insole: Insole) -> Proof:
    """Return the proof of one insole, failed checks apart."""
    prescribed = [check.name for check in doses_of(insole)]
    return Proof(
        words(f"{insole.side}.insole"),
        words.tell(insole.refused),
        tuple(_check(words, check) for check in insole.checks if not check.passed),
        tuple(_check(words, check) for check in doses_of(insole) if check.passed),
        tuple(_check(words, check) for check in insole.checks if check.passed and check.name not in prescribed),
        tuple(words.tell(note) for note in insole.notes),
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
    contact: str
    overhang: str
    supports: str
    steps: str


def print_rows(words: Words, exports: Exports | None) -> list[PrintRow]:
    """Return how each printed part can stand on the bed, as `<side>-printing.json` has it."""
    rows = []
    for name, data in sorted(exports.files.items()) if exports else ():
        content: dict[str, Any] = json.loads(data) if name.endswith("-printing.json") else {"postures": ()}
        for one in content["postures"]:
            edge = f", {words('edge.' + one['edge_down'])}" if one["edge_down"] else ""
            best = content["advice"]["posture"] == one["posture"]
            advised = f" – {words('posture.advised.' + content['advice']['prints'])}" if best else ""
            rows.append(
                PrintRow(
                    words(name.partition("-")[0]),
                    words(f"posture.{one['posture']}") + edge + advised,
                    f"{words.number(one['height_mm'], 1)} mm",
                    f"{one['layers']} × {words.short(one['layer_mm'])} mm",
                    f"{words.number(1e-2 * one['contact_mm2'], 1)} cm²",
                    f"{words.number(1e-2 * one['overhang_mm2'], 1)} cm² (< {words.short(one['overhang_deg'])}°)",
                    f"{words.number(1e-3 * one['supports_mm3'], 1)} cm³",
                    f"{words.number(1e-2 * one['stepped_mm2'], 1)} cm²",
                )
            )
    return rows
