"""The page of one person in several scans, as text and pictures, in the language of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scanproc.artifacts import Feet, Insole, Insoles, Measures
from scanproc.measures.plain_words import group_of
from scanproc.measures.population import norms_of
from scanproc.measures.table import in_table_order
from scanproc.measures.two_scans import ScannedFoot
from scanproc.pages.details import Proof, proof
from scanproc.pages.findings import findings
from scanproc.pages.first_screen import Fact, insole_cards, trust
from scanproc.pages.html import Figure, fill
from scanproc.pages.provenance import file_rows
from scanproc.pages.sentences import Said
from scanproc.pages.strips import strips
from scanproc.pages.words import Words
from scanproc.several.amounts import Amount, amount, arch_steps, plus_minus, where_of
from scanproc.several.differences import difference, pair
from scanproc.several.person import Person, ScanRefusal
from scanproc.several.pictures import pictures
from scanproc.stages.report import ReportConfig, model_of, unseen_soles

# What only a free sole shows comes from the least loaded scan; all else as norms and shoes are: standing.
_OF_A_FREE_SOLE = ("plantar_arch_height_mm", "arch_volume_mm3", "forefoot_angle_deg")
_BY_LOAD = ("standing", "seated", "non-weight-bearing", "unknown")
_STATUS = ("measured", "inferred", "refused")


@dataclass(frozen=True)
class Cell:
    """A measure of one foot as text: from the scan that is best for it, and what the others found.

    `status` is empty where it was measured.

    Attributes
    ----------
    source : the scan and its loading.
    notes : why it is not measured, then norms.
    others : values of the other scans, each with its scan and loading.
    """

    amount: Amount
    source: str
    status: str
    notes: tuple[Said, ...]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Sides:
    """How much more the right foot has of a measure than the left, as text; `differ`: more than can be chance."""

    difference: Amount
    verdict: Said
    differ: bool


@dataclass(frozen=True)
class PersonRow:
    """One measure of all sides that were scanned; `sides` is None where there is but one."""

    name: str
    cells: tuple[Cell, ...]
    sides: Sides | None


@dataclass(frozen=True)
class PlacedInsole:
    """An insole, its proof as text, and the scan that it is made from."""

    scan: str
    insole: Insole
    proof: Proof


def person_page(person: Person, config: ReportConfig) -> str:
    """Return the page: one self-contained HTML text."""
    words, refusals = Words(config.language), person.refusals
    figures = _figures(words, person, config)
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
        headline=headline(words, person),
        first=_first(words, person),
        model=_model(words, person) if config.model else "",
        reasons=[_refusal(words, each) for each in refusals if not each.covered],
        covered=[_refusal(words, each) for each in refusals if each.covered],
        warnings=warnings,
        scans=person.scans,
        assumed=assumed(person),
        assumed_one=any(scan.facts.subject is None for scan in person.scans),
        sides=person.sides,
        groups=measure_groups(words, person),
        steps=[step for side in person.sides for step in arch_steps(words, side, _lightest_first(person, side))],
        figures=figures,
        insoles=insoles,
        files=[(scan.facts.name, row) for scan in person.scans for row in file_rows(scan.exports)],
        t=words,
    )


def _refusal(words: Words, refused: ScanRefusal) -> Fact:
    """Return what was refused: the scan and the stage, and why."""
    stage = words(f"stage.{refused.refusal.stage}")
    return Fact(f"{refused.scan}: {stage}", words.tell(refused.refusal.message), True)


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
        "refusals": [_refusal(words, each) for each in person.refusals if not each.covered],
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


def headline(words: Words, person: Person) -> str:
    """Return the first line up to the verdict: sides, loadings, foot lengths, sizes."""
    side = words(f"{person.sides[0] if len(person.sides) == 1 else 'both'}.foot")
    found = {foot.foot.loading for each in person.sides for foot in person.scanned(each)}
    loadings = f" {words('and')} ".join(words(f"loading.{loading}") for loading in sorted(found, key=_BY_LOAD.index))
    lengths, sizes = (_in_one_phrase(words, person, name) for name in ("foot_length_mm", "eu_size"))
    told = [f"{lengths} mm" if lengths else words("no_length"), f"EU {sizes}" if sizes else words("no_size")]
    return " · ".join([side, loadings, *told])


def _in_one_phrase(words: Words, person: Person, name: str) -> str:
    best = [_by_worth(name, person.scanned(side))[0].foot.measures.get(name) for side in person.sides]
    values = [measure.value for measure in best if measure and measure.value is not None]
    return f" {words('and')} ".join(words.value(name, value, unit=False) for value in values)


def measure_groups(words: Words, person: Person) -> dict[str, list[PersonRow]]:
    """Return all measures of a person in plain words, by group, the sides next to each other."""
    names = {name for side in person.sides for foot in person.scanned(side) for name in foot.foot.measures}
    groups: dict[str, list[PersonRow]] = {}
    for name in in_table_order(names):
        cells = tuple(_cell(words, name, person.scanned(side)) for side in person.sides)
        row = PersonRow(words.name_of(name), cells, _right_less_left(words, name, person))
        groups.setdefault(words(f"group.{group_of(name)}"), []).append(row)
    return groups


def _right_less_left(words: Words, name: str, person: Person) -> Sides | None:
    """Compare what the cells of a measure show, where both feet were scanned under one load."""
    if person.sides != ("left", "right"):
        return None
    left, right = (_by_worth(name, person.scanned(side))[0] for side in person.sides)
    pairing = pair(left, right)
    found = difference(name, left, right, pairing)
    if found.value is None or pairing.no_verdict is not None:
        return Sides(Amount("–", ""), words.tell("" if found.value is None else pairing.no_verdict), False)
    verdict = {None: "", True: words("person.they_differ"), False: words("compare.alike")}[found.exceeds]
    if found.detectable is not None and verdict:
        verdict = words("person.detects", verdict=verdict, size=plus_minus(words, name, found.detectable))
    shown = Amount(words.difference(name, found.value), plus_minus(words, name, found.sd))
    return Sides(shown, Said(verdict), bool(found.exceeds))


def _cell(words: Words, name: str, feet: Sequence[ScannedFoot]) -> Cell:
    """Choose the best scan for a measure of one foot, and put the others below it."""
    best, *others = _by_worth(name, feet)
    measure, where = best.foot.measures.get(name), where_of(words, best)
    if measure is None:
        lacking = (words.tell("not among its measures"),)
        return Cell(amount(words, name, None), where, words("status.refused"), lacking, ())
    known = [other for other in others if name in other.foot.measures and measure.value is None]
    reasons = {where_of(words, other): other.foot.measures[name].reason for other in known}
    also = [(where, words.tell(reason)) for where, reason in reasons.items() if reason != measure.reason]
    flag = words.tell(best.foot.flags.get(name))
    return Cell(
        amount=amount(words, name, measure),
        source=where,
        status="" if measure.status == "measured" else words(f"status.{measure.status}"),
        notes=(
            *([words.tell(measure.reason)] if measure.reason else []),
            *(Said(f"{where}: {told.text}", told.foreign) for where, told in also),
            *([Said(words("person.rare", why=flag.text), flag.foreign)] if flag.text else []),
            *map(words.tell, norms_of(name, best.foot.measures, best.foot.loading, best.facts)),
        ),
        others=tuple(text for other in others if (text := _other(words, name, other))),
    )


def _by_worth(name: str, feet: Sequence[ScannedFoot]) -> list[ScannedFoot]:
    """Return the scans of one foot, the best for a measure first: measured before inferred, then by loading."""
    loads = (_BY_LOAD[2::-1] + _BY_LOAD[3:]) if name in _OF_A_FREE_SOLE else _BY_LOAD

    def worth(foot: ScannedFoot) -> tuple[int, int]:
        measure = foot.foot.measures.get(name)
        return (_STATUS.index(measure.status) if measure else len(_STATUS), loads.index(foot.foot.loading))

    return sorted(feet, key=worth)


def _lightest_first(person: Person, side: str) -> list[ScannedFoot]:
    return sorted(person.scanned(side), key=lambda foot: -_BY_LOAD.index(foot.foot.loading))


def _other(words: Words, name: str, foot: ScannedFoot) -> str:
    """Return what another scan found, never without its loading; nothing where it found nothing."""
    measure = foot.foot.measures.get(name)
    if measure is None or measure.value is None:
        return ""
    found = amount(words, name, measure)
    marked = f" ({words('status.inferred')})" if measure.status == "inferred" else ""
    value = f"{found.value} {found.spread}".strip() + marked
    return words("person.also", value=value, where=where_of(words, foot))


def _figures(words: Words, person: Person, config: ReportConfig) -> dict[str, list[Figure]]:
    """Draw the measures of each scan, and its insoles, by sections "measures <scan>" and "insoles <scan>"."""
    sections: dict[str, tuple[Measures | Insoles, tuple[Feet]]] = {}
    alt: dict[str, str] = {}
    for scan in person.scans:
        for what, made in (("measures", scan.measures), ("insoles", scan.insoles)):
            if made is not None and scan.feet is not None:
                sections[f"{what} {scan.facts.name}"] = (made, (scan.feet,))
                alt[f"{what} {scan.facts.name}"] = f"{words(f'alt.{what}')}, {scan.facts.name}"
    return pictures(sections, alt, config, words)
