"""A page of many scans: a small picture, status and key values of each, those in trouble first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from scanproc.artifacts import Feet, FootMeasures, ScanFacts
from scanproc.pages.findings import name_of
from scanproc.pages.first_screen import Fact, headline
from scanproc.pages.html import Figure, embedded, fill
from scanproc.pages.sentences import Said
from scanproc.pages.strips import strips
from scanproc.pages.words import Language, Words
from scanproc.pipeline import STAGES
from scanproc.several.cohort import Outcome
from scanproc.several.scans import ScanResults, loaded
from scanproc.store import write_files

_PAGE = "gallery.html"
_PIXELS_PER_MM, _QUALITY, _MAX_MB = 1.0, 80, 20.0
_TROUBLE = {"refused": 0, "measured": 1, "done": 3}
_WITH_FLAGS = 2


@dataclass(frozen=True)
class Entry:
    """One scan on the page; `report` is the way to its report from here, empty where there is none."""

    title: str
    name: str
    verdict: str
    refusals: tuple[Said, ...]
    values: tuple[Fact, ...]
    figures: tuple[Figure, ...]
    report: str


def write_gallery(out: Path, outcomes: Sequence[Outcome], language: Language, anonymous: bool) -> Path:
    """Write `gallery.html` into the folder of all outputs, and return its path."""
    found = sorted(outcomes, key=trouble)
    results = [None if each.run is None else loaded(each.run) for each in found]
    words = Words(language)
    pictures = _portraits([each.feet if each else None for each in results], words)
    entries = [
        _entry(words, number, each, own, tuple(pictures.get(str(number), ())), anonymous)
        for number, (each, own) in enumerate(zip(found, results, strict=True))
    ]
    page = fill("gallery.html", t=words, entries=entries)
    write_files(out, {_PAGE: page.encode()})
    return out / _PAGE


def trouble(outcome: Outcome) -> tuple[int, int, str]:
    """Return what scans are sorted by: nothing measured, something refused, rare values, nothing; then by name."""
    flags = sum(len(foot.flags) for foot in (outcome.measures.feet if outcome.measures else ()))
    rank = _TROUBLE[outcome.verdict]
    return (min(rank, _WITH_FLAGS) if flags else rank, -flags, outcome.name)


def _portraits(feet: Sequence[Feet | None], words: Words) -> dict[str, list[Figure]]:
    from scanproc.views import Studio, portraits

    with Studio() as studio:
        panels = {
            str(number): portraits(found, studio, _PIXELS_PER_MM)
            for number, found in enumerate(feet)
            if found is not None
        }
    return embedded(panels, dict.fromkeys(panels, words("alt.feet")), _QUALITY, _MAX_MB)


def _entry(
    words: Words,
    number: int,
    outcome: Outcome,
    results: ScanResults | None,
    figures: tuple[Figure, ...],
    anonymous: bool,
) -> Entry:
    facts = outcome.facts or ScanFacts(outcome.name)
    title = headline(words, facts, results.feet if results else None, outcome.measures)
    values = tuple(
        fact for foot in (outcome.measures.feet if outcome.measures else ()) for fact in _values(words, foot, facts)
    )
    refusals = () if anonymous else tuple(refusal_text(words, refusal) for refusal in outcome.refusals)
    report = ""
    if outcome.run is not None and outcome.run.store.report_path().is_file():
        report = quote(f"{outcome.run.store.root.name}/{outcome.run.store.report_path().name}")
    name = f"{number + 1}" if anonymous else outcome.name
    return Entry(title, name, outcome.verdict, refusals, values, figures, "" if anonymous else report)


def refusal_text(words: Words, refusal: str) -> Said:
    """Return what a stage refused, "stage: message", in the language of the page; a scan that was not read has none."""
    stage, _, message = refusal.partition(": ")
    if stage not in {each.name for each in STAGES}:
        return words.tell(refusal)
    told = words.tell(message)
    return Said(words("labelled", name=words(f"stage.{stage}"), text=told.text), told.foreign)


def _values(words: Words, foot: FootMeasures, facts: ScanFacts) -> list[Fact]:
    """Return the key values of a foot, and what is rare of it."""
    key = [
        Fact(f"{strip.name}", f"{mark.text}{f' ({mark.note})' if mark.note else ''}")
        for strip in strips(words, [foot], facts)
        for mark in strip.marks
    ]
    return key + [Fact(name_of(words, name, foot), words("rare"), True) for name in foot.flags]
