"""The cohort as one Parquet file: the table with types and definitions, every refusal, every check of insoles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from scanproc.formats.parquet import ParquetColumn, parquet_table
from scanproc.pipeline import STAGES
from scanproc.several.cohort import Column, Outcome, cohort_rows, described_columns

_REFUSALS: Mapping[str, Literal["text", "flag"]] = {"stage": "text", "message": "text"}
_CHECKS: Mapping[str, Literal["text", "flag"]] = {"name": "text", "asked": "text", "got": "text", "pass": "flag"}
_RECORDS = {
    "refusals": ParquetColumn(_REFUSALS, {"definition": "what was refused of the scan", "source": "scanproc"}),
    "checks": ParquetColumn(_CHECKS, {"definition": "the proof of the foot's insole", "source": "scanproc"}),
}


def cohort_parquet(outcomes: Sequence[Outcome]) -> bytes:
    """Return the rows of `cohort.csv` with their types, and with refusals and checks as lists.

    Raises
    ------
    ScanError
        If pyarrow is not installed.
    """
    columns = {name: _column(found) for name, found in described_columns(outcomes).items()}
    rows = [
        {**cells, "refusals": _refusals(outcome), "checks": _checks(outcome, cells.get("side"))}
        for outcome, cells in cohort_rows(outcomes)
    ]
    return parquet_table({**columns, **_RECORDS}, rows)


def _column(found: Column) -> ParquetColumn:
    """Return what has a unit as numbers, all else as text."""
    notes = {"unit": found.unit, "definition": found.text, "source": found.source}
    return ParquetColumn("number" if found.unit else "text", {name: text for name, text in notes.items() if text})


def _refusals(outcome: Outcome) -> list[dict[str, str | None]]:
    if outcome.run is None:
        return [{"stage": None, "message": message} for message in outcome.refusals]
    return [{"stage": refusal.stage, "message": refusal.message} for refusal in outcome.run.refusals]


def _checks(outcome: Outcome, side: str | None) -> list[dict[str, Any]]:
    """Return the proof of a foot's insole; none where none was made."""
    if outcome.run is None:
        return []
    made = (*outcome.run.computed, *outcome.run.fresh)
    stages = [stage for stage in STAGES if stage.name == "insole" and stage.name in made]
    paths = [path for stage in stages for path in outcome.run.store.files(stage) if path.name == "checks.json"]
    feet = [foot for path in paths for foot in json.loads(path.read_bytes())["feet"] if foot["side"] == side]
    return [
        {"name": check["name"], "asked": str(check["asked"]), "got": str(check["got"]), "pass": check["pass"]}
        for foot in feet
        for check in foot["checks"]
    ]
