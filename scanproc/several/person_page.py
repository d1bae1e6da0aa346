"""The page of one person in several scans, as text and pictures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scanproc.artifacts import Feet, Insole, Insoles, Measure, Measures
from scanproc.measures.plain_words import difference_of, group_of, uncertainty_text, value_of, words_of
from scanproc.measures.population import norms_of
from scanproc.measures.table import in_table_order
from scanproc.measures.two_scans import ScannedFoot, loading_words
from scanproc.pages.details import Proof, proof
from scanproc.pages.findings import findings
from scanproc.pages.first_screen import Fact, insole_cards, trust
from scanproc.pages.html import Figure, fill
from scanproc.pages.provenance import file_rows
from scanproc.pages.strips import strips
from scanproc.pages.words import Words
from scanproc.several.compare_page import ArchRow, arch_row
from scanproc.several.differences import difference, pair
from scanproc.several.loadings import between_loadings
from scanproc.several.person import Person
from scanproc.several.pictures import pictures
from scanproc.stages.report import ReportConfig, model_of, unseen_soles

# What only a free sole shows comes from the least loaded scan; all else as norms and shoes are: standing.
_OF_A_FREE_SOLE = ("plantar_arch_height_mm", "arch_volume_mm3", "forefoot_angle_deg")
_BY_LOAD = ("standing", "seated", "non-weight-bearing", "unknown")
_STATUS = ("measured", "inferred", "refused")


@dataclass(frozen=True)
class Cell:
    """A measure of one foot as text: from the scan that is best for it, and what the others found.

    Attributes
    ----------
    source : the scan and its loading.
    notes : why it is not measured, then norms.
    others : values of the other scans, each with its scan and loading.
    """

    value: str
    spread: str
    source: str
    status: str
    notes: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Sides:
    """How much more the right foot has of a measure than the left, as text; `differ`: more than can be chance."""

    difference: str
    spread: str
    verdict: str
    differ: bool


@dataclass(frozen=True)
class PersonRow:
    """One measure of all sides that were scanned; `sides` is None where there is but one."""

    name: str
    cells: tuple[Cell, ...]
    sides: Sides | None


@dataclass(frozen=True)
class Step:
    """What an arch does from one scan to another."""

    title: str
    rows: tuple[ArchRow, ...]


@dataclass(frozen=True)
class PlacedInsole:
    """An insole, its proof as text, and the scan that it is made from."""

    scan: str
    insole: Insole
    proof: Proof


def person_page(person: Person, config: ReportConfig) -> str:
    """Return the page: one self-contained HTML text."""
    words, figures, refusals = Words(), _figures(person, config), person.refusals
    insoles = [
        PlacedInsole(scan.facts.name, insole, proof(words, insole))
        for side in person.sides
        for scan in person.scans
        for insole in (scan.insoles.insoles if scan.insoles else ())
        if insole.side == side
    ]
    warnings = [
        text for scan in person.scans for text in unseen_soles(words, scan.feet, scan.insoles, config.unseen_sole_share)
    ]
    return fill(
        "person.html",
        headline=headline(person),
        first=_first(words, person),
        model=_model(words, person) if config.model else "",
        reasons=[each.message for each in refusals if not each.covered],
        covered=[each.message for each in refusals if each.covered],
        warnings=warnings,
        scans=person.scans,
        assumed=assumed(person),
        assumed_one=any(scan.facts.subject is None for scan in person.scans),
        sides=person.sides,
        groups=measure_groups(person),
        steps=_steps(person),
        figures=figures,
        insoles=insoles,
        files=[(scan.facts.name, row) for scan in person.scans for row in file_rows(scan.exports)],
        t=words,
        loading_words=loading_words,
    )


def _first(words: Words, person: Person) -> dict[str, Any]:
    """Return the first screen: each foot as its most loaded scan shows it, and what each scan is worth."""
    feet = [min(person.scanned(side), key=lambda foot: _BY_LOAD.index(foot.foot.loading)) for side in person.sides]
    facts = feet[0].facts if feet else person.scans[0].facts
    rows = [
        Fact(f"{scan.facts.name}: {fact.name}", fact.text, fact.doubt)
        for scan in person.scans
        for fact in trust(words, scan.facts, scan.registration, scan.feet, scan.measures)
    ]
    proven = [
        scan.insoles for scan in person.scans if scan.insoles and any(each.proven for each in scan.insoles.insoles)
    ]
    return {
        "findings": findings(words, [(foot.foot, foot.facts) for foot in feet]),
        "strips": strips(words, [foot.foot for foot in feet], facts),
        "trust": rows,
        "insoles": [card for insoles in proven for card in insole_cards(words, insoles)],
        "refusals": [Fact(each.scan, each.refusal.message, True) for each in person.refusals if not each.covered],
    }


def _model(words: Words, person: Person) -> str:
    """Return the model of the scan that has most to show: with an insole, with measures, with a foot."""
    shown = max(
        person.scans, key=lambda scan: [scan.insoles is not None, scan.measures is not None, scan.feet is not None]
    )
    return model_of(words, shown.feet, shown.measures, shown.insoles)


def assumed(person: Person) -> dict[str, str]:
    """Return what was assumed for want of a statement, by the names of the scans that lack the same."""
    names: dict[str, list[str]] = {}
    for scan in person.scans:
        if scan.facts.assumed:
            names.setdefault(", ".join(scan.facts.assumed), []).append(scan.facts.name)
    return {", ".join(scans): what for what, scans in names.items()}


def headline(person: Person) -> str:
    """Return the first line up to the verdict: sides, loadings, foot lengths, sizes."""
    side = f"{' and '.join(person.sides)} foot".capitalize()
    found = {foot.foot.loading for each in person.sides for foot in person.scanned(each)}
    loadings = " and ".join(loading_words(loading) for loading in sorted(found, key=_BY_LOAD.index))
    lengths = _in_one_phrase(person, "foot_length_mm", "{} mm")
    sizes = _in_one_phrase(person, "eu_size", "EU {}")
    return " · ".join([side, loadings, lengths or "length not measured", sizes or "size not measured"])


def _in_one_phrase(person: Person, name: str, pattern: str) -> str:
    best = [_by_worth(name, person.scanned(side))[0].foot.measures.get(name) for side in person.sides]
    texts = [value_of(name, measure).removesuffix(" mm") for measure in best if measure and measure.value is not None]
    return pattern.format(" and ".join(texts)) if texts else ""


def measure_groups(person: Person) -> dict[str, list[PersonRow]]:
    """Return all measures of a person in plain words, by group, the sides next to each other."""
    names = {name for side in person.sides for foot in person.scanned(side) for name in foot.foot.measures}
    groups: dict[str, list[PersonRow]] = {}
    for name in in_table_order(names):
        cells = tuple(_cell(name, person.scanned(side)) for side in person.sides)
        groups.setdefault(group_of(name), []).append(PersonRow(words_of(name), cells, _right_less_left(name, person)))
    return groups


def _right_less_left(name: str, person: Person) -> Sides | None:
    """Compare what the cells of a measure show, where both feet were scanned under one load."""
    if person.sides != ("left", "right"):
        return None
    left, right = (_by_worth(name, person.scanned(side))[0] for side in person.sides)
    pairing = pair(left, right)
    found = difference(name, left, right, pairing)
    if found.value is None:
        return Sides("–", "", "", False)
    if pairing.no_verdict is not None:
        return Sides("–", "", pairing.no_verdict, False)
    verdict = {None: "", True: "they differ", False: "alike"}[found.exceeds]
    if found.detectable is not None and verdict:
        verdict += f", detectable: {uncertainty_text(name, Measure(0.0, found.detectable, 'measured'))}"
    spread = "" if found.sd is None else uncertainty_text(name, Measure(0.0, found.sd, "measured"))
    return Sides(difference_of(name, found.value), spread, verdict, bool(found.exceeds))


def _cell(name: str, feet: Sequence[ScannedFoot]) -> Cell:
    """Choose the best scan for a measure of one foot, and put the others below it."""
    best, *others = _by_worth(name, feet)
    measure = best.foot.measures.get(name)
    if measure is None:
        return Cell("–", "", best.where, "refused", ("not among its measures",), ())
    known = [other for other in others if name in other.foot.measures and measure.value is None]
    reasons = {other.where: other.foot.measures[name].reason for other in known}
    also = [f"{where}: {reason}" for where, reason in reasons.items() if reason != measure.reason]
    return Cell(
        value=value_of(name, measure),
        spread=uncertainty_text(name, measure),
        source=best.where,
        status=measure.status,
        notes=(
            *([measure.reason] if measure.reason else []),
            *also,
            *([f"Rare: {best.foot.flags[name]}."] if name in best.foot.flags else []),
            *norms_of(name, best.foot.measures, best.foot.loading, best.facts),
        ),
        others=tuple(text for other in others if (text := _other(name, other))),
    )


def _by_worth(name: str, feet: Sequence[ScannedFoot]) -> list[ScannedFoot]:
    """Return the scans of one foot, the best for a measure first: measured before inferred, then by loading."""
    loads = (_BY_LOAD[2::-1] + _BY_LOAD[3:]) if name in _OF_A_FREE_SOLE else _BY_LOAD

    def worth(foot: ScannedFoot) -> tuple[int, int]:
        measure = foot.foot.measures.get(name)
        return (_STATUS.index(measure.status) if measure else len(_STATUS), loads.index(foot.foot.loading))

    return sorted(feet, key=worth)


def _other(name: str, foot: ScannedFoot) -> str:
    """Return what another scan found, never without its loading; nothing where it found nothing."""
    measure = foot.foot.measures.get(name)
    if measure is None or measure.value is None:
        return ""
    spread = uncertainty_text(name, measure)
    marked = " (inferred)" if measure.status == "inferred" else ""
    return f"{value_of(name, measure)}{' ' + spread if spread else ''}{marked}, {foot.where}"


def _steps(person: Person) -> list[Step]:
    """Return what loads do to the arch of each foot that was scanned under several."""
    steps = []
    for side in person.sides:
        lightest_first = sorted(person.scanned(side), key=lambda foot: -_BY_LOAD.index(foot.foot.loading))
        for less, more in itertools.combinations(lightest_first, 2):
            rows = tuple(arch_row(name, measure) for name, measure in between_loadings(less, more).items())
            steps.append(Step(f"{side.capitalize()} foot, from {less.where} to {more.where}", rows))
    return steps


def _figures(person: Person, config: ReportConfig) -> dict[str, list[Figure]]:
    """Draw the measures of each scan, and its insoles, by sections "measures <scan>" and "insoles <scan>"."""
    sections: dict[str, tuple[Measures | Insoles, tuple[Feet]]] = {}
    alt: dict[str, str] = {}
    for scan in person.scans:
        name = scan.facts.name
        if scan.measures is not None and scan.feet is not None:
            sections[f"measures {name}"] = (scan.measures, (scan.feet,))
            alt[f"measures {name}"] = f"Measures drawn on the foot, {name}"
        if scan.insoles is not None and scan.feet is not None:
            sections[f"insoles {name}"] = (scan.insoles, (scan.feet,))
            alt[f"insoles {name}"] = f"The insole, {name}"
    return pictures(sections, alt, config)
