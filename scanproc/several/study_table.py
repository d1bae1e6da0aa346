"""The figures of a study: a table with one row a measure and condition, and the same for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from scanproc.formats.spreadsheets import csv_table
from scanproc.measures.plain_words import dimension_of
from scanproc.reliability.repeated import LEVELS
from scanproc.reliability.variances import Interval
from scanproc.several.study import Studied, Study

_LIMITED = (*(f"{level}_sd" for level in LEVELS), "noise_sd", "smallest_detectable_change", "icc")
_AGREED = ("bias", "difference_sd", "lower_limit", "upper_limit")
HEADER = (
    "measure", "unit", "side", "loading", "position", "ground",
    "subjects", "sessions", "captures", "values", "without", "mean", "mean_se",
    *(column for name in _LIMITED for column in (name, f"{name}_low", f"{name}_high")),
    "together", "pick_is", "wanted_change", "gate",
    "hand_feet", "hand_pairs",
    *(column for name in _AGREED for column in (name, f"{name}_low", f"{name}_high")),
    "remarks",
)  # fmt: skip


def study_csv(study: Study) -> bytes:
    """Return one row a measure and condition; a limit that the study does not set is empty."""
    return csv_table(HEADER, (_cells(one) for one in study.studied))


def study_json(study: Study) -> dict[str, Any]:
    """Return what `--json` prints of a study, but for its files."""
    return {
        "schema": 1,
        "study": study.folder,
        "recordings": sorted({one.facts.name for one in study.recorded}),
        "measures": [{name: _plain(_cells(one).get(name)) for name in HEADER} for one in study.studied],
        "left_out": list(study.left_out),
    }


def _cells(one: Studied) -> dict[str, object]:
    found = one.repeated
    subjects, sessions, captures, values = found.counts
    cells: dict[str, object] = {
        "measure": one.name,
        "unit": dimension_of(one.name).unit,
        **one.condition._asdict(),
        "subjects": subjects,
        "sessions": sessions,
        "captures": captures,
        "values": values,
        "without": one.num_without,
        "mean": found.mean,
        "mean_se": found.mean_se,
        "wanted_change": one.wanted,
        "gate": one.gate,
        "remarks": "; ".join(found.reasons),
    }
    together = []
    for component in found.components:
        cells |= _limited(f"{component.levels[0]}_sd", component.sd)
        together += [" + ".join(component.levels)] if len(component.levels) > 1 else []
        if component.levels == ("pick",):
            cells["pick_is"] = "stated" if component.stated else "estimated"
    cells["together"] = ", ".join(together)
    for name, interval in (
        ("noise_sd", found.noise),
        ("smallest_detectable_change", found.detectable),
        ("icc", found.icc),
    ):
        cells |= {} if interval is None else _limited(name, interval)
    if one.agreement is not None:
        agreed = one.agreement
        cells |= {"hand_feet": agreed.num_feet, "hand_pairs": agreed.num_pairs}
        for name, interval in zip(_AGREED, (agreed.bias, agreed.sd, agreed.lower, agreed.upper), strict=True):
            cells |= _limited(name, interval)
    return cells


def _limited(name: str, interval: Interval) -> Mapping[str, object]:
    return {name: interval.estimate, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _plain(value: object) -> object:
    """Return a cell as JSON has it: none of what is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
