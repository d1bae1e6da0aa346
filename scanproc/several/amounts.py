"""What pages of several scans say of a measure: value and uncertainty, where it is from, an arch under load."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from scanproc.artifacts import Measure
from scanproc.measures.arch_under_load import remark_on
from scanproc.measures.two_scans import ScannedFoot
from scanproc.pages.sentences import Said
from scanproc.pages.words import Words
from scanproc.several.loadings import between_loadings


@dataclass(frozen=True)
class Amount:
    """A value and its standard uncertainty, as text."""

    value: str
    spread: str


@dataclass(frozen=True)
class ArchRow:
    """One line of the table of an arch under two loads, as text; `doubt`: it was not measured."""

    name: str
    amount: Amount
    status: str
    doubt: bool
    reason: Said


@dataclass(frozen=True)
class Step:
    """What an arch does from one scan to another."""

    title: str
    rows: tuple[ArchRow, ...]


def amount(words: Words, name: str, measure: Measure | None) -> Amount:
    """Return a value with its unit, and its uncertainty; a dash where there is none."""
    if measure is None or measure.value is None:
        return Amount("–", "")
    return Amount(words.value(name, measure.value), words.sd(name, measure))


def plus_minus(words: Words, name: str, size: float | None) -> str:
    """Return an uncertainty or a smallest detectable change as text; empty where there is none."""
    return "" if size is None else words.sd(name, Measure(0.0, size, "measured"))


def where_of(words: Words, foot: ScannedFoot) -> str:
    """Return which scan a foot is of, and under which load."""
    return f"{foot.facts.name} ({words(f'loading.{foot.foot.loading}')})"


def arch_row(words: Words, name: str, measure: Measure) -> ArchRow:
    """Return one line of the table of an arch under two loads."""
    told = [text for text in (measure.reason, remark_on(name, measure)) if text is not None]
    status, doubt = words(f"status.{measure.status}"), measure.status != "measured"
    return ArchRow(words.name_of(name), amount(words, name, measure), status, doubt, words.tell("; ".join(told)))


def arch_steps(words: Words, side: str, lightest_first: Sequence[ScannedFoot]) -> list[Step]:
    """Return what loads do to the arch of one foot that was scanned under several."""
    steps = []
    for less, more in itertools.combinations(lightest_first, 2):
        rows = tuple(arch_row(words, name, measure) for name, measure in between_loadings(less, more).items())
        ends = {"less": where_of(words, less), "more": where_of(words, more)}
        steps.append(Step(words("person.step", foot=words(f"{side}.foot"), **ends), rows))
    return steps
