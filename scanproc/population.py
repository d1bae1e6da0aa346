"""What is rare among adults: values outside the 1st to 99th percentile are flagged, never refused."""

from __future__ import annotations

from collections.abc import Mapping

from scanproc.artifacts import Measure, ScanFacts

#: 1st and 99th percentile of ANSUR II (2012, n = 6,068), mm, by measure and sex.
ANSUR: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "foot_length_mm": {"female": (219.0, 276.0), "male": (242.0, 302.0)},
    "foot_width_mm": {"female": (82.0, 104.0), "male": (91.0, 115.0)},
    "heel_width_mm": {"female": (57.0, 81.0), "male": (61.0, 87.0)},
}
_ADULT_YEARS = 18.0


def rare_values(measures: Mapping[str, Measure], facts: ScanFacts) -> dict[str, str]:
    """Return the measures of a foot that are rarer than 1 in 100 adults on their side, and in words why.

    Of a person of unknown sex, only what is rare in both; of children nothing, who differ.
    """
    if facts.age_years is not None and facts.age_years < _ADULT_YEARS:
        return {}
    found = {}
    for name, by_sex in ANSUR.items():
        value = measures[name].value if name in measures else None
        ranges = [by_sex[facts.sex]] if facts.sex else list(by_sex.values())
        low, high = min(limits[0] for limits in ranges), max(limits[1] for limits in ranges)
        if value is not None and not low <= value <= high:
            who = {"female": "women", "male": "men"}[facts.sex] if facts.sex else "adults"
            found[name] = f"outside {low:.0f}–{high:.0f} mm, the 1st–99th percentile of {who} (ANSUR II)"
    return found
