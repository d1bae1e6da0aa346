"""Key values as strip plots: the band of people, the foot's value, and ± 2 standard uncertainties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanproc.artifacts import FootMeasures, ScanFacts
from scanproc.measures.population import Band, band_of
from scanproc.pages.findings import arch_measure, name_of
from scanproc.pages.words import Words

_MARGIN = 0.6  # of the band's width that is shown beyond its ends, at least


@dataclass(frozen=True)
class Mark:
    """One foot's value on a strip: its place and the ends of ± 2 sd, in % of the strip's width."""

    side: str
    text: str
    note: str
    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Strip:
    """One key value. Places are in % of the strip's width; `inner` and `outer` are None where no study holds."""

    name: str
    alt: str
    marks: tuple[Mark, ...]
    inner: tuple[float, float] | None = None
    outer: tuple[float, float] | None = None
    ends: tuple[str, str] | None = None
    source: str = ""


def strips(words: Words, feet: Sequence[FootMeasures], facts: ScanFacts) -> list[Strip]:
    """Return the four key values of one foot, or of a pair on the same strips: arch, heel, length, width."""
    if not feet:
        return []
    arch = arch_measure([(foot, facts) for foot in feet])
    return [_strip(words, name, feet, facts) for name in (arch, "heel_angle_deg", "foot_length_mm", "foot_width_mm")]


def _strip(words: Words, name: str, feet: Sequence[FootMeasures], facts: ScanFacts) -> Strip:
    title = name_of(words, name, feet[0])
    values = [
        (foot, foot.measures[name].value, foot.measures[name])
        for foot in feet
        if name in foot.measures and foot.measures[name].value is not None
    ]
    bands = {foot.side: band_of(name, foot.measures, foot.loading, facts) for foot, _, _ in values}
    band = next((band for band in bands.values() if band is not None), None)
    texts = {foot.side: words.measured(name, measure) for foot, _, measure in values}
    if band is None or not values:
        marks = tuple(Mark(side, text, "", 0.0, 0.0, 0.0) for side, text in texts.items())
        told = "; ".join(texts.values()) or words("not_measured")
        return Strip(title, words("strip_alt_no_band", name=title, values=told), marks)
    spans = [(value, 2.0 * (measure.sd or 0.0)) for _, value, measure in values if value is not None]
    low, high = _window(band, spans)

    def place(value: float) -> float:
        return round(100.0 * (value - low) / (high - low), 2)

    marks = tuple(
        Mark(foot.side, texts[foot.side], percentile_text(words, bands[foot.side]), place(value),
             place(value - span), place(value + span))
        for (foot, _, _), (value, span) in zip(values, spans, strict=True)
    )  # fmt: skip
    ends = (words.value(name, band.outer[0]), words.value(name, band.outer[1]))
    told = "; ".join(f"{text}, {mark.note}" for text, mark in zip(texts.values(), marks, strict=True))
    people = f"{people_of(words, band)}, {words.say(band.norm.source)}"
    if values[0][0].loading != band.norm.taken:
        people += f"; {words('taken_standing')}"
    return Strip(
        title,
        words("strip_alt", name=title, values=told, low=ends[0], high=ends[1]),
        marks,
        (place(band.inner[0]), place(band.inner[1])),
        (place(band.outer[0]), place(band.outer[1])),
        ends,
        people,
    )


def _window(band: Band, spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the ends of a strip that holds the band with room beside it, and every value with its uncertainty."""
    low, high = band.outer
    room = _MARGIN * 0.5 * (high - low)
    edge = 0.05 * (high - low)
    lows = [low - room, *(value - span - edge for value, span in spans)]
    highs = [high + room, *(value + span + edge for value, span in spans)]
    return min(lows), max(highs)


def percentile_text(words: Words, band: Band | None) -> str:
    """Return a percentile in words; beyond the 1st and the 99th no study tells how far."""
    if band is None:
        return ""
    if band.percentile < 1.0:
        return words("percentile.low")
    return words("percentile.high") if band.percentile > 99.0 else words("percentile", value=f"{band.percentile:.0f}")


def people_of(words: Words, band: Band) -> str:
    """Return whom a band is of."""
    return words(f"people.{band.norm.sex or 'adults'}")
