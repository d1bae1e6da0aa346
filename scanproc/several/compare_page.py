"""The page of a comparison, as text and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanproc.artifacts import Measure, Side
from scanproc.measures.arch_under_load import remark_on
from scanproc.measures.deviation import Deviation, DeviationSummary
from scanproc.measures.plain_words import difference_of, group_of, uncertainty_text, value_of, words_of
from scanproc.measures.population import band_of
from scanproc.measures.table import in_table_order
from scanproc.measures.two_scans import loading_words, same_person
from scanproc.pages.html import Figure, fill
from scanproc.pages.model import model_json
from scanproc.pages.words import Words
from scanproc.several.comparison import Comparison, SameFoot
from scanproc.several.differences import Difference, FootComparison
from scanproc.several.pictures import pictures
from scanproc.stages.report import ReportConfig


@dataclass(frozen=True)
class Amount:
    """A value and its standard uncertainty, as text."""

    value: str
    spread: str


@dataclass(frozen=True)
class DifferenceRow:
    """One line of a table of differences, as text."""

    name: str
    usual: str
    a: Amount
    b: Amount
    difference: Amount
    detectable: str
    verdict: str
    exceeds: bool
    reason: str


@dataclass(frozen=True)
class ArchRow:
    """One line of the table of an arch under two loads, as text."""

    name: str
    amount: Amount
    status: str
    reason: str


@dataclass(frozen=True)
class Section:
    """One pair of feet on the page: its title, what its differences are, and the tables' lines by group.

    `scale` says whether the error of the camera's scale is in the differences' uncertainty.
    """

    title: str
    sentence: str
    scale: str
    a: str
    b: str
    groups: dict[str, list[DifferenceRow]]
    arch: list[ArchRow]
    surface: DeviationSummary | None
    no_surface: str
    figures: list[Figure]

    @property
    def has_detectable(self) -> bool:
        """Whether any measure has a smallest detectable change."""
        return any(row.detectable for rows in self.groups.values() for row in rows)


def compare_page(found: Comparison, config: ReportConfig) -> str:
    """Return `compare.html`: one self-contained page."""
    words = Words()
    maps: dict[Side, Deviation] = {
        foot.measured.a.side: foot.surface for foot in found.feet if isinstance(foot.surface, Deviation)
    }
    alt: dict[str, str] = {side: f"How far the {side} foot of B lies from that of A" for side in maps}
    figures = pictures({side: (shown, ()) for side, shown in maps.items()}, alt, config)
    feet = [_foot_section(foot, figures.get(foot.measured.a.side, [])) for foot in found.feet]
    left_right = [_section(pair, _left_right_title(pair, found)) for pair in found.left_right]
    return fill(
        "compare.html",
        t=words,
        model=_model(words, maps) if maps and config.model else "",
        a=found.a,
        b=found.b,
        headline=headline(found),
        verdict=verdict(found),
        changed=bool(_changed(found)),
        judged=any(one.exceeds is not None for foot in found.feet for one in foot.measured.differences.values()),
        when=when(found),
        sections=[*feet, *left_right],
        loading_words=loading_words,
    )


def _model(words: Words, maps: Mapping[Side, Deviation]) -> str:
    """Return the maps to turn as JSON."""
    from scanproc.views import deviation_model

    return model_json(deviation_model(maps), words)


def headline(found: Comparison) -> str:
    """Return the first line: what is compared with what."""
    sides = " and ".join(foot.measured.a.side for foot in found.feet) or "left and right"
    return f"{sides.capitalize()} foot · {found.a.name} → {found.b.name}"


def verdict(found: Comparison) -> str:
    """Return what the differences come to, in one sentence."""
    changes = [foot.measured for foot in found.feet if foot.measured.pairing.no_verdict is None]
    if not found.feet:
        return "no foot is in both scans: left and right are compared"
    if not changes:
        return f"no verdict on change: {found.feet[0].measured.pairing.no_verdict}"
    judged = [one for foot in changes for one in foot.differences.values() if one.exceeds is not None]
    if not judged:
        return "no verdict on change: no measure states its uncertainty (sd) in both scans"
    changed = _changed(found)
    if not changed:
        return f"no change beyond the smallest detectable one, in {len(judged)} measures"
    count = f"{sum(map(len, changed.values()))} of {len(judged)} measures"
    names = [
        f"{side} foot: {', '.join(those)}" if len(found.feet) > 1 else ", ".join(those)
        for side, those in changed.items()
    ]
    return f"{count} changed by more than the smallest detectable change: {'; '.join(names)}"


def _changed(found: Comparison) -> dict[str, list[str]]:
    """Return what changed, in words, by side."""
    names = {
        foot.measured.a.side: [words_of(name) for name, one in foot.measured.differences.items() if one.exceeds]
        for foot in found.feet
    }
    return {side: those for side, those in names.items() if those}


def when(found: Comparison) -> str:
    """Return how the two scans lie in time, and whether they are of one person."""
    if found.days is None:
        lacking = " and ".join(facts.name for facts in (found.a, found.b) if facts.date is None)
        text = f"The date of {lacking} is not stated."
    elif found.days == 0:
        text = "Both scans are of the same day."
    elif found.days > 0:
        text = f"B was taken {_days(found.days)} after A."
    else:
        text = f"B was taken {_days(-found.days)} before A: differences are B less A all the same."
    if None in (found.a.subject, found.b.subject) and same_person(found.a, found.b):
        text += " That both are of one person is assumed: not both state their subject."
    return text


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _foot_section(foot: SameFoot, figures: list[Figure]) -> Section:
    title = f"{foot.measured.a.side} foot".capitalize()
    summary = foot.surface.summary() if isinstance(foot.surface, Deviation) else None
    no_surface = foot.surface if isinstance(foot.surface, str) else ""
    loaded_otherwise = foot.measured.a.foot.loading != foot.measured.b.foot.loading
    arch = [arch_row(name, measure) for name, measure in foot.arch.items()] if loaded_otherwise else []
    return _section(foot.measured, title, arch, summary, no_surface, figures)


def arch_row(name: str, measure: Measure) -> ArchRow:
    """Return one line of the table of an arch under two loads."""
    told = [text for text in (measure.reason, remark_on(name, measure)) if text is not None]
    return ArchRow(words_of(name), _amount(name, measure), measure.status, "; ".join(told))


def _left_right_title(pair: FootComparison, found: Comparison) -> str:
    return "Left and right" + (f", {pair.a.facts.name}" if pair.a.facts == pair.b.facts else "")


def _section(
    pair: FootComparison,
    title: str,
    arch: list[ArchRow] | None = None,
    surface: DeviationSummary | None = None,
    no_surface: str = "",
    figures: list[Figure] | None = None,
) -> Section:
    common = _common_reasons(pair)
    groups: dict[str, list[DifferenceRow]] = {}
    for name in in_table_order(pair.differences):
        groups.setdefault(group_of(name), []).append(_row(name, pair.differences[name], pair, common))
    sentence = _sentence(pair, common)
    a, b = (f"{foot.side} foot of {foot.where}" for foot in (pair.a, pair.b))
    return Section(title, sentence, scale_words(pair), a, b, groups, arch or [], surface, no_surface, figures or [])


def _sentence(pair: FootComparison, common: tuple[str, ...]) -> str:
    """Return what the differences of a pair are, and why there is no verdict where there is none."""
    what = {
        "change": "Change from A to B.",
        "other load": "A difference between loadings, not a change.",
        "other conditions": "A difference between ways of scanning, not a change.",
        "other person": "A difference between people, not a change.",
        "sides": "Right less left.",
    }[pair.pairing.kind]
    if pair.a.foot.loading == pair.b.foot.loading == "unknown" and pair.pairing.kind == "other load":
        what = "Whether this is a change cannot be told."
    return f"{what} No verdict is given: {'; '.join(common)}." if common else what


def scale_words(pair: FootComparison) -> str:
    """Return what the uncertainty of the differences has of the camera's scale; nothing where there is none."""
    known = [one for one in pair.differences.values() if one.sd is not None]
    if not known:
        return ""
    a, b = pair.a.facts, pair.b.facts
    if any(one.scale_shared for one in known):
        which = "Both feet are of one scan" if a == b else f"Both scans name one sensor, {a.sensor}"
        return f"{which}: the error of its scale is common to both, and not in the ± and SDC of the differences."
    unstated = " and ".join(facts.name for facts in (a, b) if facts.sensor is None)
    why = f"No sensor is stated in {unstated}" if unstated else "The scans are of two sensors"
    if pair.pairing.one_camera:
        why = "What the camera's scale has in ± is not known"
    return f"{why}: the error of each scan's scale is in the ± and SDC of the differences."


def _common_reasons(pair: FootComparison) -> tuple[str, ...]:
    """Return the reasons that keep every measure of a pair from a verdict: they are said once."""
    found = [one.reasons for one in pair.differences.values() if one.value is not None]
    return tuple(reason for reason in (found[0] if found else ()) if all(reason in other for other in found))


def _row(name: str, one: Difference, pair: FootComparison, common: tuple[str, ...]) -> DifferenceRow:
    reasons = [reason for reason in one.reasons if reason not in common]
    words = ("left and right differ", "alike") if pair.pairing.kind == "sides" else ("changed", "within error")
    without: str = one.status if one.status != "measured" else "–"
    return DifferenceRow(
        name=words_of(name),
        usual=_usual(name, pair),
        a=_amount(name, one.a),
        b=_amount(name, one.b),
        difference=Amount("–" if one.value is None else difference_of(name, one.value), _plus_minus(name, one.sd)),
        detectable=_plus_minus(name, one.detectable),
        verdict=without if one.exceeds is None else words[0] if one.exceeds else words[1],
        exceeds=bool(one.exceeds),
        reason="; ".join(reasons),
    )


def _usual(name: str, pair: FootComparison) -> str:
    """Return what is usual of a measure in people, where a study holds for scan A, or else for B."""
    for side in (pair.a, pair.b):
        band = band_of(name, side.foot.measures, side.foot.loading, side.facts)
        if band is not None:
            return f"usual {Words().range(name, band.outer)} ({band.norm.source})"
    return ""


def _amount(name: str, measure: Measure | None) -> Amount:
    return Amount("–", "") if measure is None else Amount(value_of(name, measure), uncertainty_text(name, measure))


def _plus_minus(name: str, size: float | None) -> str:
    return "" if size is None else uncertainty_text(name, Measure(0.0, size, "measured"))
