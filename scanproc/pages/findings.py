"""The finding in sentences: arch, heel, length and what else is rare, each against people's figures where they hold."""

from __future__ import annotations

from collections.abc import Sequence

from scanproc.artifacts import FootMeasures, Measure, ScanFacts
from scanproc.measures.population import Band, band_of
from scanproc.pages.words import Words

#: Measures that tell of the arch; the second one is large where the arch is low.
_ARCH = ("arch_height_index", "arch_index", "navicular_height_mm", "plantar_arch_height_mm")
_GROWS_AS_IT_FALLS = "arch_index"
_RARE = 1.0  # %, on either side

Scanned = tuple[FootMeasures, ScanFacts]


def arch_measure(feet: Sequence[Scanned]) -> str:
    """Return the measure that tells of the arch: of those with figures of people the most unusual, else the first."""
    known = [name for name in _ARCH if any(_has(foot, name) for foot, _ in feet)]
    judged: dict[str, float] = {}
    for name in known:
        bands = [band_of(name, foot.measures, foot.loading, facts) for foot, facts in feet if _has(foot, name)]
        unusual = [abs(band.percentile - 50.0) for band in bands if band is not None]
        if unusual:
            judged[name] = max(unusual)
    return max(judged, key=lambda name: judged[name]) if judged else known[0] if known else _ARCH[0]


def _has(foot: FootMeasures, name: str) -> bool:
    return name in foot.measures and foot.measures[name].value is not None


def level_of(name: str, value: float, band: Band) -> str:
    """Return where a value lies against the middle 95 % of people: "above", "below" or "within"."""
    low, high = band.outer
    if low <= value <= high:
        return "within"
    return "above" if (value > high) != (name == _GROWS_AS_IT_FALLS) else "below"


def name_of(words: Words, name: str, foot: FootMeasures) -> str:
    """Return a measure's name as it is for this foot: a line of a hanging foot is no standing angle."""
    return words.name_of(name, hanging=foot.loading == "non-weight-bearing")


def findings(words: Words, feet: Sequence[Scanned]) -> list[tuple[str, list[str]]]:
    """Return what was found, a sentence each, by side; of a pair under one load each sentence tells of both: side "".

    Arch, heel, length, and whatever else is rare.
    """
    alike = len({(foot.loading, foot.ground, facts.sex) for foot, facts in feet}) == 1
    together = [("", feet)] if alike and len(feet) > 1 else [(foot.side, [(foot, facts)]) for foot, facts in feet]
    return [(side, _sentences(words, those)) for side, those in together]


def _sentences(words: Words, feet: Sequence[Scanned]) -> list[str]:
    told = {"arch": arch_measure(feet), "heel": "heel_angle_deg", "length": "foot_length_mm"}
    sentences = [_sentence(words, part, name, feet) for part, name in told.items()]
    rare = []
    for foot, facts in feet:
        for name, measure in foot.measures.items():
            band = band_of(name, foot.measures, foot.loading, facts)
            if band and name not in told.values() and _is_rare(measure, band):
                side = f" ({words(foot.side)})" if len(feet) > 1 else ""
                value, usual = words.measured(name, measure), words.range(name, band.outer)
                rare.append(words("finding.rare", name=name_of(words, name, foot) + side, value=value, usual=usual))
    return [*sentences, *([words("finding.also", names="; ".join(rare))] if rare else [])]


def _is_rare(measure: Measure, band: Band) -> bool:
    """Tell whether a value is rarer than 1 in 100, and beyond what is usual by more than its uncertainty."""
    return not _RARE <= band.percentile <= 100.0 - _RARE and not _doubtful(measure, band)


def _doubtful(measure: Measure, band: Band) -> bool:
    """Tell whether a value lies within 2 standard uncertainties of a limit of what is usual."""
    if measure.value is None or measure.sd is None:
        return False
    return min(abs(measure.value - end) for end in band.outer) < 2.0 * measure.sd


def _sentence(words: Words, part: str, name: str, feet: Sequence[Scanned]) -> str:
    title = words(f"part.{part}")
    if not any(_has(foot, name) for foot, _ in feet):
        return words("finding.none", part=title)
    bands = [band_of(name, foot.measures, foot.loading, facts) for foot, facts in feet]
    band, told = next((band for band in bands if band is not None), None), name_of(words, name, feet[0][0])
    values = [
        words.measured(name, foot.measures[name]) if _has(foot, name) else words("not_measured") for foot, _ in feet
    ]
    value = _by_side(words, feet, values)
    if band is None:
        return words("finding.plain", part=title, name=told, value=value)
    judged = [_word(words, part, name, foot, own) for (foot, _), own in zip(feet, bands, strict=True)]
    return words(
        "finding.judged", part=title, word=judged[0] if len(set(judged)) == 1 else _by_side(words, feet, judged),
        name=told, value=value, usual=words.range(name, band.outer),
        people=words(f"people.{band.norm.sex or 'adults'}"), source=words.say(band.norm.source),
    )  # fmt: skip


def _by_side(words: Words, feet: Sequence[Scanned], texts: Sequence[str]) -> str:
    """Return the one text, or those of left and right in one phrase."""
    if len(texts) == 1:
        return texts[0]
    return ", ".join(f"{text} ({words(foot.side)})" for (foot, _), text in zip(feet, texts, strict=True))


def _word(words: Words, part: str, name: str, foot: FootMeasures, band: Band | None) -> str:
    """Return what a value is against people, and whether its uncertainty leaves that open."""
    measure = foot.measures.get(name)
    if measure is None or measure.value is None or band is None:
        return words("not_measured")
    word = words(f"{part}.{level_of(name, measure.value, band)}")
    return words("doubtful", word=word) if _doubtful(measure, band) else word
