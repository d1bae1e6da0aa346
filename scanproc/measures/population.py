"""What is known of measures in people: norms with their sources, percentiles, and what is rare among adults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scanproc.artifacts import Loading, Measure, ScanFacts

Sex = Literal["female", "male"]

#: 1st and 99th percentile of ANSUR II (2012, n = 6,068), mm, by measure and sex.
ANSUR: Mapping[str, Mapping[Sex, tuple[float, float]]] = {
    "foot_length_mm": {"female": (219.0, 276.0), "male": (242.0, 302.0)},
    "foot_width_mm": {"female": (82.0, 104.0), "male": (91.0, 115.0)},
    "heel_width_mm": {"female": (57.0, 81.0), "male": (61.0, 87.0)},
}
_PEOPLE: Mapping[Sex | None, str] = {"female": "women", "male": "men", None: "adults"}
_ADULT_YEARS = 18.0
_Z99 = 2.326  # standard deviations from the mean to the 99th percentile


@dataclass(frozen=True)
class Norm:
    """What a study found for a measure, and for whom it holds.

    Attributes
    ----------
    text : the finding in words.
    mean, sd : of the people it was found in.
    loadings : under which they stood or sat; it says nothing of others.
    sex : None: of both.
    per : it is of the ratio to that other measure.
    limits : 1st and 99th percentile, where the study gives them.
    """

    measure: str
    text: str
    source: str
    mean: float
    sd: float
    loadings: tuple[Loading, ...] = ("standing",)
    sex: Sex | None = None
    per: str | None = None
    limits: tuple[float, float] | None = None

    def percentile(self, value: float) -> float:
        """Return the share of those people, in %, whose value is smaller: by the normal distribution.

        Where the study has percentiles, each half of the distribution keeps its own.
        """
        sd = self.sd
        if self.limits is not None:
            low, high = self.limits
            sd = (self.mean - low if value < self.mean else high - self.mean) / _Z99
        return 50.0 * (1.0 + math.erf((value - self.mean) / (sd * math.sqrt(2.0))))


_ANSUR = "ANSUR II, n = 6,068"


def _by_sex(measure: str, sex: Sex, mean: float | None = None, sd: float | None = None) -> Norm:
    """Return the norm of a length in ANSUR II, mm; without mean and sd, from the percentiles alone."""
    low, high = ANSUR[measure][sex]
    known = "" if mean is None else f" {mean:g} ± {sd:g} mm"
    text = f"{_PEOPLE[sex]}{known}, 1st–99th percentile {low:.0f}–{high:.0f} mm"
    half = 0.5 * (high - low) / _Z99
    return Norm(measure, text, _ANSUR, mean or 0.5 * (low + high), sd or half, sex=sex, limits=(low, high))


def _per_length(measure: str, mean: float, sd: float) -> Norm:
    text = f"adults {_index(mean)} ± {_index(sd)}"
    return Norm(measure, text, _ANSUR, mean, sd, per="foot_length_mm")


def _index(value: float) -> str:
    return f"{value:.3f}".lstrip("0")


_AHI, _JIG = "arch_height_index", "in a jig with the midfoot free"
NORMS = (
    _by_sex("foot_length_mm", "female", 246.0, 12.0),
    _by_sex("foot_length_mm", "male", 271.0, 13.0),
    _by_sex("foot_width_mm", "female"),
    _by_sex("foot_width_mm", "male"),
    _by_sex("heel_width_mm", "female"),
    _by_sex("heel_width_mm", "male"),
    _per_length("truncated_foot_length_mm", 0.741, 0.015),
    _per_length("foot_width_mm", 0.376, 0.017),
    _per_length("heel_width_mm", 0.268, 0.018),
    _per_length("ball_girth_mm", 0.93, 0.04),
    _per_length("malleolus_height_mm", 0.269, 0.021),
    Norm(_AHI, f".340 ± .030, {_JIG}", "Williams & McClay 2000", 0.340, 0.030),
    Norm(_AHI, f".363 ± .030, {_JIG}", "Williams & McClay 2000", 0.363, 0.030, ("seated",)),
    Norm("arch_index", "normal .24 ± .04, flat .30 ± .07", "Murley 2009", 0.24, 0.04),
    Norm(
        "navicular_height_mm",
        "normal .27 ± .03, flat .18 ± .04",
        "Murley 2009",
        0.27,
        0.03,
        per="truncated_foot_length_mm",
    ),
    Norm("heel_angle_deg", "6.1 ± 2.7° valgus (n = 88); 7° (n = 121)", "Sobel 1999; Åström 1995", 6.1, 2.7),
)
_DIVISORS = {"foot_length_mm": "foot length", "truncated_foot_length_mm": "truncated length"}


def norms_of(name: str, measures: Mapping[str, Measure], loading: Loading, facts: ScanFacts) -> tuple[str, ...]:
    """Return what is known of a measure in adults scanned under the same loading: percentile, norm and source each."""
    if _is_child(facts):
        return ()
    texts = []
    for norm in NORMS:
        if norm.measure == name and loading in norm.loadings and norm.sex in (None, facts.sex):
            value = _over(measures[name], measures.get(norm.per or ""), norm)
            if value is not None:
                ratio = f"÷ {_DIVISORS[norm.per]} = {_index(value)}, " if norm.per else ""
                texts.append(f"{ratio}{percentile_words(norm.percentile(value))}: {norm.text} ({norm.source})")
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
    for name, by_sex in ANSUR.items():
        value = measures[name].value if name in measures else None
        ranges = [by_sex[facts.sex]] if facts.sex else list(by_sex.values())
        low, high = min(limits[0] for limits in ranges), max(limits[1] for limits in ranges)
        if value is not None and not low <= value <= high:
            who = f"{_PEOPLE[facts.sex]}, standing"
            found[name] = f"outside {low:.0f}–{high:.0f} mm, the 1st–99th percentile of {who} (ANSUR II)"
    return found
