"""What pages of several scans say of one measure: a value with its uncertainty, where it is from, an arch under load."""

from __future__ import annotations

from dataclasses import dataclass

from scanproc.artifacts import Measure
from scanproc.measures.arch_under_load import remark_on
from scanproc.measures.two_scans import ScannedFoot
from scanproc.pages.sentences import Said
from scanproc.pages.words import Words


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
