"""What a cohort is like: distributions of measures against norms, outliers, and why scans were refused, counted."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import FootMeasures, Loading
from scanproc.frames import FloatArray
from scanproc.measures.rows import Norm
from scanproc.measures.table import MEASURES, MeasureRow
from scanproc.several.cohort import Outcome

_FAR_Z = 3.5  # modified z-score: Iglewicz & Hoaglin, How to Detect and Handle Outliers, 1993
_MAD_TO_SD = 1.4826  # of a normal distribution
_FEWEST = 8  # feet that tell what is usual among themselves
_VARYING = re.compile(r"[-−+]?\d+(?:[.,:]\d+)*")


@dataclass(frozen=True)
class Distribution:
    """One measure of all feet under one loading.

    Attributes
    ----------
    values : (N,) in the measure's unit, in the order of the scans.
    norms : what is known of it in people, of women, men or both, under that loading.
    """

    row: MeasureRow
    loading: Loading
    values: FloatArray
    norms: tuple[Norm, ...]


@dataclass(frozen=True)
class Outlier:
    """A value that is far from those of the cohort, or rare in people; `reason` says which."""

    outcome: Outcome
    foot: FootMeasures
    row: MeasureRow
    value: float
    reason: str


@dataclass(frozen=True)
class Reason:
    """Refusals of one kind: `example` is the first message of those that differ by their figures alone."""

    example: str
    outcomes: tuple[Outcome, ...]


def distributions(outcomes: Sequence[Outcome]) -> list[Distribution]:
    """Return every measure that has values, by loading; those with norms first."""
    values: dict[tuple[Loading, str], list[float]] = defaultdict(list)
    for _, foot in _feet(outcomes):
        for name, measure in foot.measures.items():
            if measure.value is not None:
                values[foot.loading, name].append(measure.value)
    found = [
        Distribution(row, loading, np.array(values[loading, row.key]), _norms(row, loading))
        for loading in dict.fromkeys(loading for loading, _ in values)
        for row in MEASURES
        if (loading, row.key) in values
    ]
    return sorted(found, key=lambda each: not each.norms)


def outliers(outcomes: Sequence[Outcome]) -> list[Outlier]:
    """Return what is far from the cohort's median under the same loading, or rare in people, scan by scan."""
    usual = {(each.loading, each.row.key): _usual(each.values) for each in distributions(outcomes)}
    found = []
    for outcome, foot in _feet(outcomes):
        for row in MEASURES:
            measure = foot.measures.get(row.key)
            if measure is None or measure.value is None:
                continue
            reasons = [foot.flags[row.key]] if row.key in foot.flags else []
            median, sd = usual[foot.loading, row.key]
            off, sd = abs(measure.value - median), math.hypot(sd, measure.sd or 0.0)
            if off > _FAR_Z * sd > 0.0:
                reasons.append(f"{off / sd:.1f} robust standard deviations from the cohort's median")
            if reasons:
                found.append(Outlier(outcome, foot, row, measure.value, "; ".join(reasons)))
    return found


def reasons_of_scans(outcomes: Sequence[Outcome]) -> list[Reason]:
    """Return why scans, or stages of them, were refused, the most frequent first."""
    return _counted([(message, each) for each in outcomes for message in each.refusals])


def reasons_of_measures(outcomes: Sequence[Outcome]) -> list[Reason]:
    """Return why measures were refused, the most frequent first."""
    return _counted(
        [
            (f"{row.words}: {foot.measures[row.key].reason}", outcome)
            for outcome, foot in _feet(outcomes)
            for row in MEASURES
            if row.key in foot.measures and foot.measures[row.key].status == "refused"
        ]
    )


def _feet(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, FootMeasures]]:
    return [(each, foot) for each in outcomes for foot in (each.measures.feet if each.measures else ())]


def _norms(row: MeasureRow, loading: Loading) -> tuple[Norm, ...]:
    """Return the studies of the measure itself, not of its ratio to another, that hold under a loading."""
    return tuple(norm for norm in row.norms if norm.per is None and loading in norm.loadings)


def _usual(values: FloatArray) -> tuple[float, float]:
    """Return median and robust standard deviation; any value is usual where there are too few."""
    median = float(np.median(values))
    if len(values) < _FEWEST:
        return median, math.inf
    return median, _MAD_TO_SD * float(np.median(np.abs(values - median)))


def _counted(messages: Sequence[tuple[str, Outcome]]) -> list[Reason]:
    """Put messages together that differ by figures and by the scan's name alone."""
    groups: dict[str, list[tuple[str, Outcome]]] = defaultdict(list)
    for message, outcome in messages:
        groups[_VARYING.sub("#", message.replace(outcome.name, "…"))].append((message, outcome))
    found = [Reason(group[0][0], tuple(outcome for _, outcome in group)) for group in groups.values()]
    return sorted(found, key=lambda reason: -len(reason.outcomes))
