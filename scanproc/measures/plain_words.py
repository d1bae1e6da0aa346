"""Measures in plain words: their names, groups, values and units."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scanproc.artifacts import Ground, Measure
from scanproc.measures.rows import DIMENSIONS, INDEX, Dimension
from scanproc.measures.table import ROWS

_OTHER = "Others"
GROUND_WORDS: Mapping[Ground, str] = MappingProxyType(
    {
        "floor": "the floor",
        "support": "the plane that supports heel and forefoot",
        "estimated": "a guessed ground, as neither floor nor sole was seen",
    }
)


def group_of(name: str) -> str:
    """Return the group of a measure; one that the table does not know is among the others."""
    return ROWS[name].group if name in ROWS else _OTHER


def words_of(name: str) -> str:
    """Return a measure's name in plain words; an unknown one is spelt out without its unit."""
    if name in ROWS:
        return ROWS[name].words
    return name.removesuffix(dimension_of(name).name_end).replace("_", " ").capitalize()


def leaning_of(name: str, value: float) -> str | None:
    """Return where a value leans, such as valgus; None of a measure that does not."""
    leanings = ROWS[name].leanings if name in ROWS else None
    return None if leanings is None else leanings[value < 0]


def value_of(name: str, measure: Measure) -> str:
    """Return the value with its unit, such as 251.3 mm or 4.1° valgus; a dash where there is none."""
    if measure.value is None:
        return "–"
    leaning, dimension = leaning_of(name, measure.value), dimension_of(name)
    if leaning is not None:
        return f"{_figure(dimension, abs(measure.value))}{dimension.written} {leaning}"
    if dimension.in_steps:
        return f"{measure.value:g}"
    return _figure(dimension, measure.value) + dimension.written


def uncertainty_text(name: str, measure: Measure) -> str:
    """Return the standard uncertainty, in the unit of the value; empty where there is none."""
    return "" if measure.sd is None else f"± {_figure(dimension_of(name), measure.sd)}"


def dimension_of(name: str) -> Dimension:
    """Return the dimension of a measure; of one that another version wrote, by the unit that its name ends in."""
    if name in ROWS:
        return ROWS[name].dimension
    return next((found for found in DIMENSIONS if found.name_end and name.endswith(found.name_end)), INDEX)


def _figure(dimension: Dimension, value: float) -> str:
    return f"{value:,.{dimension.digits}f}"
