"""What is known of measures in people: norms with their sources, percentiles, and what is rare among adults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scanproc.artifacts import Loading, Measure, ScanFacts
from scanproc.measures.rows import PEOPLE, Norm, index_text
from scanproc.measures.table import MEASURES, ROWS

_ADULT_YEARS = 18.0
_Z_INNER, _Z_OUTER = 1.0, 1.96  # of the middle 68 % and 95 %
_DIVISORS = {"foot_length_mm": "foot length", "truncated_foot_length_mm": "truncated length"}


@dataclass(frozen=True)
class Band:
    """What is usual of a measure, in its unit: ends of the middle 68 % and 95 % of people.

    Attributes
    ----------
    outer, inner : lower and upper end of 95 % and of 68 %.
    percentile : of the foot's own value, in %.
    norm : the study.
    """

    outer: tuple[float, float]
    inner: tuple[float, float]
    percentile: float
    norm: Norm


def band_of(name: str, measures: Mapping[str, Measure], loading: Loading, facts: ScanFacts) -> Band | None:
    """Return what is usual of a measure in people as far as a study holds for this one; of the first that does."""
    if _is_child(facts) or name not in ROWS or name not in measures:
        return None
    for norm in ROWS[name].norms:
        value = _over(measures[name], measures.get(norm.per or ""), norm)
        if loading in norm.loadings and norm.sex in (None, facts.sex) and value is not None:
            unit = 1.0 if norm.per is None else (measures[norm.per].value or 0.0)
            below, above = norm.half_sds
            inner, outer = (
                (unit * (norm.mean - k * below), unit * (norm.mean + k * above)) for k in (_Z_INNER, _Z_OUTER)
            )
            return Band(outer, inner, norm.percentile(value), norm)
    return None


def norms_of(name: str, measures: Mapping[str, Measure], loading: Loading, facts: ScanFacts) -> tuple[str, ...]:
    """Return what is known of a measure in adults scanned under the same loading: percentile, norm and source each."""
    if _is_child(facts) or name not in ROWS:
        return ()
    texts = []
    for norm in ROWS[name].norms:
        if loading in norm.loadings and norm.sex in (None, facts.sex):
            value = _over(measures[name], measures.get(norm.per or ""), norm)
            if value is not None:
                ratio = f"÷ {_DIVISORS[norm.per]} = {index_text(value)}, " if norm.per else ""
                taken = f"; {norm.taken} people" if loading != norm.taken else ""
                texts.append(f"{ratio}{percentile_words(norm.percentile(value))}: {norm.text} ({norm.source}{taken})")
    return tuple(texts)


def percentile_words(percentile: float) -> str:
    """Return a percentile in words; beyond the 1st and the 99th no study tells how far."""
    if percentile < 1.0:
        return "below the 1st percentile"
    return "above the 99th percentile" if percentile > 99.0 else f"percentile {percentile:.0f}"


def _over(measure: Measure, divisor: Measure | None, norm: Norm) -> float | None:
    """Return what the norm is of: the measure, or its ratio to another; None where one is not known."""
    if norm.per is None or measure.value is None:
        return measure.value
    return measure.value / divisor.value if divisor is not None and divisor.value else None


def _is_child(facts: ScanFacts) -> bool:
    return facts.age_years is not None and facts.age_years < _ADULT_YEARS


def rare_values(measures: Mapping[str, Measure], facts: ScanFacts) -> dict[str, str]:
    """Return the measures of a foot that are rarer than 1 in 100 adults on their side, and in words why.

    Of a person of unknown sex, only what is rare in both; of children nothing, who differ.
    """
    if _is_child(facts):
        return {}
    found = {}
    for row in MEASURES:
        limits = [norm.limits for norm in row.norms if norm.limits and facts.sex in (None, norm.sex)]
        value = measures[row.key].value if row.key in measures else None
        if not limits or value is None:
            continue
        low, high = min(low for low, _ in limits), max(high for _, high in limits)
        if not low <= value <= high:
            who = f"{PEOPLE[facts.sex]}, standing"
            found[row.key] = f"outside {low:.0f}–{high:.0f} mm, the 1st–99th percentile of {who} (ANSUR II)"
    return found
