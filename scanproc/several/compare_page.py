"""The page of a comparison, as text and pictures, in the language of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scanproc.artifacts import Side
from scanproc.measures.deviation import Deviation, DeviationSummary
from scanproc.measures.plain_words import group_of
from scanproc.measures.population import band_of
from scanproc.measures.table import in_table_order
from scanproc.measures.two_scans import same_person
from scanproc.pages.html import Figure, fill
from scanproc.pages.model import model_json
from scanproc.pages.sentences import Said
from scanproc.pages.words import Words
from scanproc.several.amounts import Amount, ArchRow, amount, arch_row, plus_minus, where_of
from scanproc.several.comparison import Comparison, SameFoot
from scanproc.several.differences import Difference, FootComparison
from scanproc.several.pictures import pictures
from scanproc.stages.report import ReportConfig


@dataclass(frozen=True)
class DifferenceRow:
    """One line of a table of differences, as text; `key` is the measure's name in `compare.json`."""

    key: str
    name: str
    usual: str
    a: Amount
    b: Amount
    difference: Amount
    detectable: str
    verdict: str
    doubt: bool
    reason: Said


@dataclass(frozen=True)
class Section:
    """One pair of feet on the page: its title, what its differences are, and the tables' lines by group.

    `scale` says whether the error of the camera's scale is in the differences' uncertainty.
    """

    title: str
    sentence: Said
    scale: str
    a: str
    b: str
    groups: dict[str, list[DifferenceRow]]
    arch: list[ArchRow]
    surface: DeviationSummary | None
    no_surface: Said
    figures: list[Figure]

    @property
    def has_detectable(self) -> bool:
        """Whether any measure has a smallest detectable change."""
        return any(row.detectable for rows in self.groups.values() for row in rows)


def compare_page(found: Comparison, config: ReportConfig) -> str:
    """Return `compare.html`: one self-contained page."""
    words = Words(config.language)
    maps: dict[Side, Deviation] = {
        foot.measured.a.side: foot.surface for foot in found.feet if isinstance(foot.surface, Deviation)
    }
    alt: dict[str, str] = {side: words(f"compare.alt.{side}") for side in maps}
    figures = pictures({side: (shown, ()) for side, shown in maps.items()}, alt, config, words)
    feet = [_foot_section(words, foot, figures.get(foot.measured.a.side, [])) for foot in found.feet]
    left_right = [_section(words, pair, _left_right_title(words, pair, found)) for pair in found.left_right]
    return fill(
        "compare.html",
        t=words,
        model=_model(words, maps) if maps and config.model else "",
        a=found.a,
        b=found.b,
        headline=headline(words, found),
        verdict=verdict(words, found),
        changed=bool(_changed(words, found)),
        judged=any(one.exceeds is not None for foot in found.feet for one in foot.measured.differences.values()),
        when=when(words, found),
        sections=[*feet, *left_right],
    )


def _model(words: Words, maps: Mapping[Side, Deviation]) -> str:
    """Return the maps to turn as JSON."""
    from scanproc.views import deviation_model

    return model_json(deviation_model(maps), words)


def headline(words: Words, found: Comparison) -> str:
    """Return the first line: what is compared with what."""
    side = found.feet[0].measured.a.side if len(found.feet) == 1 else "both"
    return f"{words(f'{side}.foot')} · {found.a.name} → {found.b.name}"


def verdict(words: Words, found: Comparison) -> Said:
    """Return what the differences come to, in one sentence."""
    changes = [foot.measured for foot in found.feet if foot.measured.pairing.no_verdict is None]
    if not found.feet:
        return Said(words("compare.no_common_foot"))
    if not changes:
        return _because(words, "compare.no_verdict", found.feet[0].measured.pairing.no_verdict or "")
    judged = [one for foot in changes for one in foot.differences.values() if one.exceeds is not None]
    if not judged:
        return Said(words("compare.no_sd"))
    changed = _changed(words, found)
    if not changed:
        return Said(words("compare.no_change", count=str(len(judged))))
    names = [
        words("labelled", name=words(f"{side}.foot"), text=", ".join(those))
        if len(found.feet) > 1
        else ", ".join(those)
        for side, those in changed.items()
    ]
    count = str(sum(map(len, changed.values())))
    return Said(words("compare.changed", count=count, all=str(len(judged)), names="; ".join(names)))


def _because(words: Words, key: str, reason: str, **values: str) -> Said:
    """Return a text of the table with a stage's reason in it."""
    why = words.tell(reason)
    return Said(words(key, why=why.text, **values), why.foreign)


def _changed(words: Words, found: Comparison) -> dict[str, list[str]]:
    """Return what changed, in words, by side."""
    names = {
        foot.measured.a.side: [words.name_of(name) for name, one in foot.measured.differences.items() if one.exceeds]
        for foot in found.feet
    }
    return {side: those for side, those in names.items() if those}


def when(words: Words, found: Comparison) -> str:
    """Return how the two scans lie in time, and whether they are of one person."""
    days = abs(found.days or 0)
    told = words.count("day", days)
    if found.days is None:
        lacking = [facts.name for facts in (found.a, found.b) if facts.date is None]
        text = words("compare.date_lacking", names=f" {words('and')} ".join(lacking))
    elif found.days == 0:
        text = words("compare.same_day")
    else:
        text = words("compare.after", days=told) if found.days > 0 else words("compare.before", days=told)
    if None in (found.a.subject, found.b.subject) and same_person(found.a, found.b):
        text += " " + words("compare.assumed_one")
    return text


def _foot_section(words: Words, foot: SameFoot, figures: list[Figure]) -> Section:
    title = words(f"{foot.measured.a.side}.foot")
    summary = foot.surface.summary() if isinstance(foot.surface, Deviation) else None
    no_surface = foot.surface if isinstance(foot.surface, str) else ""
    loaded_otherwise = foot.measured.a.foot.loading != foot.measured.b.foot.loading
    arch = [arch_row(words, name, measure) for name, measure in foot.arch.items()] if loaded_otherwise else []
    return _section(words, foot.measured, title, arch, summary, no_surface, figures)


def _left_right_title(words: Words, pair: FootComparison, found: Comparison) -> str:
    return words("compare.left_right") + (f", {pair.a.facts.name}" if pair.a.facts == pair.b.facts else "")


def _section(
    words: Words,
    pair: FootComparison,
    title: str,
    arch: Sequence[ArchRow] = (),
    surface: DeviationSummary | None = None,
    no_surface: str = "",
    figures: Sequence[Figure] = (),
) -> Section:
    common = _common_reasons(pair)
    groups: dict[str, list[DifferenceRow]] = {}
    for name in in_table_order(pair.differences):
        group = words(f"group.{group_of(name)}")
        groups.setdefault(group, []).append(_row(words, name, pair.differences[name], pair, common))
    sentence = _sentence(words, pair, common)
    a, b = (f"{words(f'{foot.side}.foot')}, {where_of(words, foot)}" for foot in (pair.a, pair.b))
    scale = scale_words(words, pair)
    told = words.tell(no_surface)
    return Section(title, sentence, scale, a, b, groups, list(arch), surface, told, list(figures))


def _sentence(words: Words, pair: FootComparison, common: tuple[str, ...]) -> Said:
    """Return what the differences of a pair are, and why there is no verdict where there is none."""
    what = words(f"compare.kind.{pair.pairing.kind}")
    if pair.a.foot.loading == pair.b.foot.loading == "unknown" and pair.pairing.kind == "other load":
        what = words("compare.cannot_tell")
    return _because(words, "compare.none_given", "; ".join(common), what=what) if common else Said(what)


def scale_words(words: Words, pair: FootComparison) -> str:
    """Return what the uncertainty of the differences has of the camera's scale; nothing where there is none."""
    known = [one for one in pair.differences.values() if one.sd is not None]
    if not known:
        return ""
    a, b = pair.a.facts, pair.b.facts
    if any(one.scale_shared for one in known):
        which = words("compare.one_scan") if a == b else words("compare.one_sensor", sensor=a.sensor or "")
        return words("compare.scale_shared", which=which)
    unstated = f" {words('and')} ".join(facts.name for facts in (a, b) if facts.sensor is None)
    why = words("compare.no_sensor", names=unstated) if unstated else words("compare.two_sensors")
    return words("compare.scale_separate", why=words("compare.scale_unknown") if pair.pairing.one_camera else why)


def _common_reasons(pair: FootComparison) -> tuple[str, ...]:
    """Return the reasons that keep every measure of a pair from a verdict: they are said once."""
    found = [one.reasons for one in pair.differences.values() if one.value is not None]
    return tuple(reason for reason in (found[0] if found else ()) if all(reason in other for other in found))


def _row(words: Words, name: str, one: Difference, pair: FootComparison, common: tuple[str, ...]) -> DifferenceRow:
    sides = pair.pairing.kind == "sides"
    judged = {True: "differ" if sides else "has_changed", False: "alike" if sides else "within"}
    without = "–" if one.status == "measured" else words(f"status.{one.status}")
    return DifferenceRow(
        key=name,
        name=words.name_of(name),
        usual=_usual(words, name, pair),
        a=amount(words, name, one.a),
        b=amount(words, name, one.b),
        difference=Amount(
            "–" if one.value is None else words.difference(name, one.value), plus_minus(words, name, one.sd)
        ),
        detectable=plus_minus(words, name, one.detectable),
        verdict=without if one.exceeds is None else words(f"compare.{judged[one.exceeds]}"),
        doubt=one.status != "measured" if one.exceeds is None else one.exceeds,
        reason=words.tell("; ".join(reason for reason in one.reasons if reason not in common)),
    )


def _usual(words: Words, name: str, pair: FootComparison) -> str:
    """Return what is usual of a measure in people, where a study holds for scan A, or else for B."""
    for side in (pair.a, pair.b):
        band = band_of(name, side.foot.measures, side.foot.loading, side.facts)
        if band is not None:
            source = words.say(band.norm.source)
            return words("compare.usual", range=words.range(name, band.outer), source=source)
    return ""
