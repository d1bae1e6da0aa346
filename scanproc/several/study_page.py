"""The page of a study, as text; its drawings are SVG inside the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from scanproc.artifacts import Measure
from scanproc.measures.plain_words import (
    GROUND_WORDS,
    dimension_of,
    value_of,
    words_of,
)
from scanproc.measures.two_scans import loading_words
from scanproc.pages.html import fill
from scanproc.pages.words import Words
from scanproc.reliability.agreement import Agreement, Pair
from scanproc.reliability.repeated import LEVELS, Component, Repeated
from scanproc.reliability.variances import Interval
from scanproc.several.study import Condition, Studied, Study

_PLOT_PX = (360.0, 200.0)
_PLOT_MARGIN = 0.08


@dataclass(frozen=True)
class Limited:
    """A figure and its 95 % limits, as text."""

    value: str
    limits: str


@dataclass(frozen=True)
class Share:
    """A part of the bar that the noise's variance is drawn as, in % of it."""

    level: str
    percent: float


@dataclass(frozen=True)
class MeasureRow:
    """One line of a condition's table, as text."""

    name: str
    mean: str
    cells: tuple[Limited, ...]
    shares: tuple[Share, ...]
    wanted: str
    gate: str
    note: str


@dataclass(frozen=True)
class Mark:
    """A point of a plot, in px."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Plot:
    """Differences scan less hand over the mean of both, in px; `lines` are bias and limits: name, text, height.

    `ends` are the least and the greatest mean, as text.
    """

    name: str
    sentence: str
    marks: tuple[Mark, ...]
    lines: tuple[tuple[str, str, float], ...]
    ends: tuple[str, str]


@dataclass(frozen=True)
class ConditionSection:
    """What was measured under one condition."""

    title: str
    counts: str
    rows: tuple[MeasureRow, ...]
    plots: tuple[Plot, ...]
    common: tuple[str, ...]


def study_page(study: Study) -> str:
    """Return `study.html`: one self-contained page."""
    sections = [
        _section(condition, list(those)) for condition, those in groupby(study.studied, key=lambda one: one.condition)
    ]
    return fill(
        "study.html",
        study=study,
        headline=headline(study),
        verdict=verdict(study),
        failed=any(one.gate == "fail" for one in study.studied),
        judged=any(one.gate for one in study.studied),
        sections=sections,
        levels=LEVELS[1:],
        width=_PLOT_PX[0],
        height=_PLOT_PX[1],
    )


def headline(study: Study) -> str:
    """Return the first line: how much there is."""
    feet = {(one.facts.subject, one.foot.side) for one in study.recorded}
    scans = {one.facts.name for one in study.recorded}
    return (
        f"Study {study.folder}: {_count(len(feet), 'foot', 'feet')} in {_count(len(scans), 'recording', 'recordings')}"
    )


def verdict(study: Study) -> str:
    """Return what the gates come to, in one sentence."""
    wanted = [one for one in study.studied if one.wanted is not None]
    if not wanted:
        return "no change that is wanted was stated (--wanted NAME=VALUE): nothing is judged"
    judged = {name: [one for one in wanted if one.gate == name] for name in ("fail", "marginal", None)}
    names = [
        f"{name or 'not judged'}: {', '.join(_words(one) for one in those)}" for name, those in judged.items() if those
    ]
    passed = sum(one.gate == "pass" for one in wanted)
    return "; ".join([f"{passed} of {len(wanted)} pass", *names])


def _words(one: Studied) -> str:
    return f"{words_of(one.name)} ({one.condition.side}, {loading_words(one.condition.loading)})"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _section(condition: Condition, studied: Sequence[Studied]) -> ConditionSection:
    all_reasons = [one.repeated.reasons for one in studied]
    common = tuple(reason for reason in all_reasons[0] if all(reason in reasons for reasons in all_reasons))
    subjects, sessions, captures, _ = (
        max(counts) for counts in zip(*(one.repeated.counts for one in studied), strict=True)
    )
    held = "" if condition.position == "unknown" else f", {condition.position}"
    return ConditionSection(
        f"{condition.side} foot, {loading_words(condition.loading)}{held}".capitalize(),
        f"{_count(subjects, 'foot', 'feet')}, {_count(sessions, 'session', 'sessions')}, "
        f"{_count(captures, 'capture', 'captures')}. Heights are above {GROUND_WORDS[condition.ground]}.",
        tuple(_row(one, common) for one in studied),
        tuple(_plot(one.name, one.pairs, one.agreement) for one in studied if one.agreement is not None),
        common,
    )


def _row(one: Studied, common: Sequence[str]) -> MeasureRow:
    found = one.repeated
    by_level = {component.levels[0]: component for component in found.components}
    cells = [_component(one.name, level, by_level, found) for level in LEVELS]
    cells += [_limited(one.name, found.noise), _limited(one.name, found.detectable), _icc(found.icc)]
    notes = [reason for reason in found.reasons if reason not in common]
    notes += [_hidden(one)] if _hidden(one) else []
    if one.num_without:
        notes.append(f"{_count(one.num_without, 'recording has', 'recordings have')} no such value")
    if one.pairs and one.agreement is None:
        notes.append("values by hand are of fewer than three feet: no limits of agreement")
    return MeasureRow(
        name=words_of(one.name),
        mean=value_of(one.name, Measure(found.mean, None, "measured")),
        cells=tuple(cells),
        shares=_shares(found),
        wanted="" if one.wanted is None else _amount(one.name, one.wanted),
        gate="" if one.wanted is None else one.gate or "not judged",
        note="; ".join(notes),
    )


def _hidden(one: Studied) -> str:
    """Return that two scans do not show the wanted change, though the gate lets it pass; empty where they do."""
    detectable = one.repeated.detectable
    if one.wanted is None or detectable is None or one.gate not in ("pass", "marginal"):
        return ""
    if detectable.estimate <= one.wanted:
        return ""
    shown, wanted = _amount(one.name, detectable.estimate), _amount(one.name, one.wanted)
    return f"two single scans show changes from {shown}: one of {wanted} takes means over several captures and sessions"


def _component(name: str, level: str, by_level: Mapping[str, Component], found: Repeated) -> Limited:
    component = by_level.get(level)
    if component is None:
        where = next((one.levels[0] for one in found.components if level in one.levels), None)
        return Limited("–" if where is None else f"in {where}", "")
    shown = _limited(name, component.sd)
    return Limited(shown.value, "as stated") if component.stated else shown


def _limited(name: str, interval: Interval | None) -> Limited:
    if interval is None:
        return Limited("–", "")
    high = "∞" if interval.high == float("inf") else _amount(name, interval.high)
    return Limited(_amount(name, interval.estimate), f"{_amount(name, interval.low)} – {high}")


def _icc(interval: Interval | None) -> Limited:
    if interval is None:
        return Limited("–", "")
    return Limited(f"{interval.estimate:.3f}", f"{interval.low:.3f} – {interval.high:.3f}")


def _amount(name: str, size: float) -> str:
    """Return a standard deviation or a change, with a digit more than values have: they are small."""
    dimension = dimension_of(name)
    return f"{size:,.{dimension.digits + 1}f}"


def _shares(found: Repeated) -> tuple[Share, ...]:
    """Return what the variance of the noise is made of; nothing where there is none."""
    noisy = {
        component.levels[0]: component.sd.estimate**2
        for component in found.components
        if "subject" not in component.levels
    }
    total = sum(noisy.values())
    return tuple(Share(level, 100.0 * part / total) for level, part in noisy.items()) if total > 0.0 else ()


def _plot(name: str, pairs: Sequence[Pair], found: Agreement) -> Plot:
    """Lay out a plot of differences over means (Bland & Altman 1986)."""
    means = [0.5 * (pair.scan.value + pair.by_hand) for pair in pairs]
    differences = [pair.scan.value - pair.by_hand for pair in pairs]
    across = _scale(means, _PLOT_PX[0])
    heights = [*differences, found.lower.estimate, found.upper.estimate, 0.0]
    down = _scale([-height for height in heights], _PLOT_PX[1])
    marks = tuple(
        Mark(across(mean), down(-difference), f"{pair.scan.subject}: {_difference(name, difference)}")
        for pair, mean, difference in zip(pairs, means, differences, strict=True)
    )
    lines = tuple(
        (words, _difference(name, value), down(-value))
        for words, value in (
            ("upper limit", found.upper.estimate),
            ("bias", found.bias.estimate),
            ("lower limit", found.lower.estimate),
        )
    )
    sentence = (
        f"Scan less hand: {_difference(name, found.bias.estimate)} ({_span(name, found.bias)}); 95 % of single "
        f"differences from {_difference(name, found.lower.estimate)} ({_span(name, found.lower)}) to "
        f"{_difference(name, found.upper.estimate)} ({_span(name, found.upper)}). "
        f"{_count(found.num_feet, 'foot', 'feet')}, {_count(found.num_pairs, 'pair', 'pairs')}."
    )
    low, high = (value_of(name, Measure(end, None, "measured")) for end in (min(means), max(means)))
    return Plot(words_of(name), sentence, marks, lines, (low, high))


def _difference(name: str, value: float) -> str:
    return Words().difference(name, value)


def _span(name: str, interval: Interval) -> str:
    return f"{_difference(name, interval.low)} to {_difference(name, interval.high)}"


def _scale(values: Sequence[float], size: float) -> Callable[[float], float]:
    """Return the function from values to px, with room at both ends."""
    low, high = min(values), max(values)
    extent = (high - low) or 1.0
    return lambda value: size * (_PLOT_MARGIN + (1.0 - 2.0 * _PLOT_MARGIN) * (value - low) / extent)
