"""The page of a cohort: how measures are distributed, beside people; outliers; why scans were refused; all reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np

from scanproc.measures.rows import Norm
from scanproc.pages.findings import name_of
from scanproc.pages.html import fill
from scanproc.pages.sentences import Said
from scanproc.pages.words import Language, Words
from scanproc.several.cohort import Outcome
from scanproc.several.cohort_summary import (
    Distribution,
    distributions,
    outliers,
    reasons_of_measures,
    reasons_of_scans,
)
from scanproc.several.gallery import refusal_text

_NUM_BARS = 24
_Z_INNER, _Z_OUTER = 1.0, 1.96  # of the middle 68 % and 95 % of people
_MARGIN = 0.04  # of the width, beyond the outermost of values and norms
_NAMED = 12  # scans that a reason names; the others are counted


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: its place and width in % of the picture, its height in % of the tallest."""

    at: float
    width: float
    height: float
    count: int


@dataclass(frozen=True)
class PeopleBand:
    """The middle 68 % and 95 % of some people, from and to in % of the picture's width; whom, and by which study."""

    people: str
    inner: tuple[float, float]
    outer: tuple[float, float]
    source: str


@dataclass(frozen=True)
class Histogram:
    """One measure of the cohort, ready to be drawn."""

    title: str
    told: str
    bars: tuple[Bar, ...]
    bands: tuple[PeopleBand, ...]
    median_at: float
    ends: tuple[str, str]


@dataclass(frozen=True)
class ScanLink:
    """A scan by its name, and the way to its report from the page; empty where there is none."""

    name: str
    way: str


@dataclass(frozen=True)
class ReasonRow:
    """Refusals of one kind: how many, the first message, and scans that it is said of."""

    count: int
    example: Said
    scans: tuple[ScanLink, ...]
    more: int


def cohort_page(outcomes: Sequence[Outcome], language: Language = "en") -> str:
    """Return the page as HTML that needs nothing else; its links lead to the reports beside it."""
    words = Words(language)
    verdicts = Counter(each.verdict for each in outcomes)
    return fill(
        "cohort.html",
        t=words,
        counts=[(verdict, verdicts[verdict]) for verdict in ("done", "measured", "refused")],
        num_feet=sum(len(each.measures.feet) for each in outcomes if each.measures),
        num_scans=len(outcomes),
        histograms=[_histogram(words, each) for each in distributions(outcomes)],
        outliers=[
            (
                _link(each.outcome),
                words(each.foot.side),
                name_of(words, each.row.key, each.foot),
                words.value(each.row.key, each.value),
                words.tell(each.reason),
            )
            for each in outliers(outcomes)
        ],
        scan_reasons=[_reason(refusal_text(words, each.example), each.outcomes) for each in reasons_of_scans(outcomes)],
        measure_reasons=[_reason(words.tell(each.example), each.outcomes) for each in reasons_of_measures(outcomes)],
        scans=[(_link(each), each.verdict, _sides(words, each)) for each in outcomes],
    )


def _histogram(words: Words, found: Distribution) -> Histogram:
    ends = [norm.mean + sign * _Z_OUTER * norm.half_sds[sign > 0] for norm in found.norms for sign in (-1, 1)]
    low, high = float(min((*found.values, *ends))), float(max((*found.values, *ends)))
    room = _MARGIN * (high - low) or 1.0  # one value alone stands in the middle
    low, high = low - room, high + room

    def place(value: float) -> float:
        return round(float(100.0 * (value - low) / (high - low)), 2)

    counts, edges = np.histogram(found.values, _NUM_BARS, (low, high))
    bars = tuple(
        Bar(place(edge), round(100.0 / _NUM_BARS, 2), round(100.0 * count / counts.max(), 1), int(count))
        for count, edge in zip(counts, edges[:-1], strict=True)
        if count
    )
    key, feet = found.row.key, words.count("foot", len(found.values))
    few, median, many = (words.value(key, float(value)) for value in np.percentile(found.values, (5, 50, 95)))
    spread = words("cohort.spread", feet=feet, median=median, low=few, high=many)
    return Histogram(
        f"{words.name_of(key, found.loading == 'non-weight-bearing')}, {words(f'loading.{found.loading}')}",
        spread if len(found.values) > 1 else words("cohort.one_value", feet=feet, value=median),
        bars,
        tuple(_band(words, norm, place) for norm in found.norms),
        place(float(np.median(found.values))),
        (words.value(key, low), words.value(key, high)),
    )


def _band(words: Words, norm: Norm, place: Callable[[float], float]) -> PeopleBand:
    below, above = norm.half_sds
    inner, outer = ((place(norm.mean - z * below), place(norm.mean + z * above)) for z in (_Z_INNER, _Z_OUTER))
    return PeopleBand(words(f"people.{norm.sex or 'adults'}"), inner, outer, words.say(norm.source))


def _reason(example: Said, outcomes: Sequence[Outcome]) -> ReasonRow:
    named = outcomes[:_NAMED]
    return ReasonRow(len(outcomes), example, tuple(map(_link, named)), len(outcomes) - len(named))


def _link(outcome: Outcome) -> ScanLink:
    if outcome.run is None or not outcome.run.store.report_path().is_file():
        return ScanLink(outcome.name, "")
    return ScanLink(outcome.name, quote(f"{outcome.run.store.root.name}/{outcome.run.store.report_path().name}"))


def _sides(words: Words, outcome: Outcome) -> str:
    feet = outcome.measures.feet if outcome.measures else ()
    return ", ".join(f"{words(foot.side)} {words(f'loading.{foot.loading}')}" for foot in feet)
