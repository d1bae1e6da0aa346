"""The page of a study, as text in one language; its drawings are SVG inside the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from scanproc.measures.plain_words import dimension_of
from scanproc.pages.html import fill
from scanproc.pages.sentences import Said
from scanproc.pages.words import Language, Words
from scanproc.reliability.agreement import Agreement, Pair
from scanproc.reliability.repeated import LEVELS, Component, Repeated
from scanproc.reliability.variances import Interval
from scanproc.several.study import Condition, Studied, Study

_PLOT_PX = (360.0, 200.0)
_PLOT_MARGIN = 0.08
_ICC_DIGITS = 3
_NOT_JUDGED = "none"


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
    notes: tuple[Said, ...]


@dataclass(frozen=True)
class Mark:
    """A point of a plot, in px."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Plot:
    """Differences scan less hand over the mean of both, in px; `lines` are bias and limits: key, text, height.

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
    common: tuple[Said, ...]


def study_page(study: Study, language: Language = "en") -> str:
    """Return `study.html`: one self-contained page."""
    words = Words(language)
    sections = [
        _section(words, condition, list(those))
        for condition, those in groupby(study.studied, key=lambda one: one.condition)
    ]
    return fill(
        "study.html",
        t=words,
        left_out=[words.tell(text) for text in study.left_out],
        headline=headline(words, study),
        verdict=verdict(words, study),
        failed=any(one.gate == "fail" for one in study.studied),
        judged=any(one.gate for one in study.studied),
        sections=sections,
        levels=LEVELS,
        width=_PLOT_PX[0],
        height=_PLOT_PX[1],
    )


def headline(words: Words, study: Study) -> str:
    """Return the first line: how much there is."""
    feet = {(one.facts.subject, one.foot.side) for one in study.recorded}
    scans = {one.facts.name for one in study.recorded}
    numbers = {"feet": words.count("foot", len(feet)), "recordings": words.count("recording", len(scans))}
    return words("study.headline", name=study.folder, **numbers)


def verdict(words: Words, study: Study) -> str:
    """Return what the gates come to, in one sentence."""
    wanted = [one for one in study.studied if one.wanted is not None]
    if not wanted:
        return words("study.nothing_wanted")
    judged = {name: [one for one in wanted if _gate(one) == name] for name in ("fail", "marginal", _NOT_JUDGED)}
    names = [
        words("labelled", name=words(f"study.gate.{name}"), text=", ".join(_name(words, one) for one in those))
        for name, those in judged.items()
        if those
    ]
    passed = sum(one.gate == "pass" for one in wanted)
    return "; ".join([words("study.passed", passed=str(passed), all=str(len(wanted))), *names])


def _gate(one: Studied) -> str:
    return one.gate or _NOT_JUDGED


def _name(words: Words, one: Studied) -> str:
    side, loading, _, _ = one.condition
    return f"{words.name_of(one.name)} ({words(side)}, {words(f'loading.{loading}')})"


def _section(words: Words, condition: Condition, studied: Sequence[Studied]) -> ConditionSection:
    all_reasons = [one.repeated.reasons for one in studied]
    common = tuple(reason for reason in all_reasons[0] if all(reason in reasons for reasons in all_reasons))
    subjects, sessions, captures, _ = (
        max(counts) for counts in zip(*(one.repeated.counts for one in studied), strict=True)
    )
    title = [words(f"{condition.side}.foot"), words(f"loading.{condition.loading}")]
    title += [] if condition.position == "unknown" else [words(f"position.{condition.position}")]
    counts = [words.count("foot", subjects), words.count("session", sessions), words.count("capture", captures)]
    heights = words("measures.caption", ground=words(f"ground.{condition.ground}"))
    return ConditionSection(
        ", ".join(title),
        f"{', '.join(counts)}. {heights}",
        tuple(_row(words, one, common) for one in studied),
        tuple(_plot(words, one.name, one.pairs, one.agreement) for one in studied if one.agreement is not None),
        tuple(_as_sentence(words.tell(reason)) for reason in common),
    )


def _as_sentence(said: Said) -> Said:
    return replace(said, text=said.text[:1].upper() + said.text[1:])


def _row(words: Words, one: Studied, common: Sequence[str]) -> MeasureRow:
    found = one.repeated
    by_level = {component.levels[0]: component for component in found.components}
    digits = dimension_of(one.name).digits + 1  # one more than values have: what they scatter by is small
    cells = [_component(words, digits, level, by_level, found) for level in LEVELS]
    cells += [_limited(words, digits, interval) for interval in (found.noise, found.detectable)]
    cells += [_limited(words, _ICC_DIGITS, found.icc)]
    notes = [words.tell(reason) for reason in found.reasons if reason not in common]
    notes += _hidden(words, digits, one)
    if one.num_without:
        notes.append(Said(words.count("recording_without", one.num_without)))
    if one.pairs and one.agreement is None:
        notes.append(Said(words("study.few_by_hand")))
    return MeasureRow(
        name=words.name_of(one.name),
        mean=words.value(one.name, found.mean),
        cells=tuple(cells),
        shares=_shares(found),
        wanted="" if one.wanted is None else words.number(one.wanted, digits),
        gate="" if one.wanted is None else _gate(one),
        notes=tuple(notes),
    )


def _hidden(words: Words, digits: int, one: Studied) -> list[Said]:
    """Return that two scans do not show the wanted change, though the gate lets it pass; nothing where they do."""
    detectable = one.repeated.detectable
    if one.wanted is None or detectable is None or one.gate not in ("pass", "marginal"):
        return []
    if detectable.estimate <= one.wanted:
        return []
    shown, wanted = words.number(detectable.estimate, digits), words.number(one.wanted, digits)
    return [Said(words("study.hidden", shown=shown, wanted=wanted))]


def _component(words: Words, digits: int, level: str, by_level: Mapping[str, Component], found: Repeated) -> Limited:
    component = by_level.get(level)
    if component is None:
        where = next((one.levels[0] for one in found.components if level in one.levels), None)
        return Limited("–" if where is None else words("study.within", level=words(f"study.level.{where}")), "")
    shown = _limited(words, digits, component.sd)
    return Limited(shown.value, words("study.as_stated")) if component.stated else shown


def _limited(words: Words, digits: int, interval: Interval | None) -> Limited:
    if interval is None:
        return Limited("–", "")
    high = "∞" if interval.high == float("inf") else words.number(interval.high, digits)
    return Limited(words.number(interval.estimate, digits), f"{words.number(interval.low, digits)} – {high}")


def _shares(found: Repeated) -> tuple[Share, ...]:
    """Return what the variance of the noise is made of; nothing where there is none."""
    noisy = {
        component.levels[0]: component.sd.estimate**2
        for component in found.components
        if "subject" not in component.levels
    }
    total = sum(noisy.values())
    return tuple(Share(level, 100.0 * part / total) for level, part in noisy.items()) if total > 0.0 else ()


def _plot(words: Words, name: str, pairs: Sequence[Pair], found: Agreement) -> Plot:
    """Lay out a plot of differences over means (Bland & Altman 1986)."""
    means = [0.5 * (pair.scan.value + pair.by_hand) for pair in pairs]
    differences = [pair.scan.value - pair.by_hand for pair in pairs]
    across = _scale(means, _PLOT_PX[0])
    heights = [*differences, found.lower.estimate, found.upper.estimate, 0.0]
    down = _scale([-height for height in heights], _PLOT_PX[1])
    marks = tuple(
        Mark(across(mean), down(-difference), f"{pair.scan.subject}: {words.difference(name, difference)}")
        for pair, mean, difference in zip(pairs, means, differences, strict=True)
    )
    limits = {"upper": found.upper, "bias": found.bias, "lower": found.lower}
    lines = tuple((key, words.difference(name, limit.estimate), down(-limit.estimate)) for key, limit in limits.items())
    told = {key: _with_limits(words, name, limit) for key, limit in limits.items()}
    numbers = {"feet": words.count("foot", found.num_feet), "pairs": words.count("pair", found.num_pairs)}
    sentence = words("study.agreement", **told, **numbers)
    ends = words.value(name, min(means)), words.value(name, max(means))
    return Plot(words.name_of(name), sentence, marks, lines, ends)


def _with_limits(words: Words, name: str, found: Interval) -> str:
    value, low, high = (words.difference(name, size) for size in (found.estimate, found.low, found.high))
    return f"{value} ({words('range', low=low, high=high)})"


def _scale(values: Sequence[float], size: float) -> Callable[[float], float]:
    """Return the function from values to px, with room at both ends."""
    low, high = min(values), max(values)
    extent = (high - low) or 1.0
    return lambda value: size * (_PLOT_MARGIN + (1.0 - 2.0 * _PLOT_MARGIN) * (value - low) / extent)
