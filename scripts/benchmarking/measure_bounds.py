"""The measures of the grid against what is asked of them under realistic noise, true poses beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarking.measure_tables import COVERED
from benchmarking.outcome import Outcome, number, outcome_of
from benchmarking.parts import Rows
from benchmarking.tables import table
from scanproc.frames import FloatArray

KEEPING_SHARE = 0.95  # of the values that shall lie within their bound

#: What is asked: measure, whether of standing feet alone, largest error.
ASKED = (
    ("foot_length_mm", False, 1.0),
    ("truncated_foot_length_mm", False, 1.5),
    ("foot_width_mm", False, 1.5),
    ("heel_width_mm", False, 1.5),
    ("dorsum_height_mm", False, 0.7),
    ("arch_height_index", False, 0.008),
    ("heel_angle_deg", True, 1.0),
)


@dataclass(frozen=True)
class Values:
    """Errors of the measured values of some recordings, (N,), and their sds, nan where none is stated.

    `lacking`: how many feet have none: their recording was refused, or the measure is inferred or refused.
    """

    errors: FloatArray
    sds: FloatArray
    lacking: int

    @property
    def covered(self) -> float | None:
        """Share of the truth within 2 sd; None if no sd is stated."""
        known = self.sds > 0.0
        return float((np.abs(self.errors[known]) <= 2.0 * self.sds[known]).mean()) if known.any() else None

    def keeping(self, bound: float) -> float | None:
        """Return the share of errors within a bound; None if there are none."""
        return float((np.abs(self.errors) <= bound).mean()) if len(self.errors) else None

    @property
    def rms(self) -> float | None:
        return float(np.sqrt(np.mean(self.errors**2))) if len(self.errors) else None

    @property
    def bias(self) -> str:
        return f"{self.errors.mean():+.2g}" if len(self.errors) else "–"

    @property
    def p95(self) -> float | None:
        """The error that 95 per cent of the values keep."""
        return float(np.quantile(np.abs(self.errors), KEEPING_SHARE)) if len(self.errors) else None


def values_of(outcomes: Sequence[Outcome], name: str | None, kind: str = "measures") -> Values:
    """Return the values of one measure, or of all; `kind` is measures, or true_measures for true poses."""
    every = [row for outcome in outcomes for row in getattr(outcome, kind) if is_measured(row)]
    rows = [row for row in every if name in (None, row["measure"])]
    sds = [np.nan if row["sd_without_scale"] is None else row["sd_without_scale"] for row in rows]
    lacking = sum(outcome.num_feet for outcome in outcomes) - len(rows)
    return Values(np.array([row["error"] for row in rows]), np.array(sds), lacking)


def is_measured(row: dict[str, Any]) -> bool:
    """Whether a measure counts as measured, and the truth has it, too."""
    return row["status"] == "measured" and "error" in row


def grid_measures_section(rows: Rows) -> str:
    """Return what was asked of the measures of the grid and whether it holds; empty if they were not measured."""
    outcomes = [outcome_of(row) for row in rows]
    if not any(outcome.true_measures for outcome in outcomes):
        return ""
    body = table(
        ("measure", "feet", "bound", "values", "lacking", "within bound, %", "95 % within", "bias", "RMS",
         "within ± 2 sd, %", "true poses: within bound, %", "95 % within", "bias", "RMS", "within ± 2 sd, %", ""),
        (_asked(outcomes, *asked) for asked in ASKED),
    )  # fmt: skip
    every, ideal = (values_of(outcomes, None, kind).covered for kind in ("measures", "true_measures"))
    kept = COVERED[0] <= 100.0 * (every or 0.0) <= COVERED[1]
    unmeasured = [f"- {outcome.name}: {outcome.unmeasured}" for outcome in outcomes if outcome.unmeasured]
    return f"""### Measures of the grid, {outcomes[0].noise_model}

The side is stated. Errors against the same measures on the true mesh; *true poses*: of the fusion with true
poses and the rim term that was found.
Stated sds without their share of the camera's scale, which is right in these recordings.

- values within their bound: bound {100 * KEEPING_SHARE:g} %
- truth within ± 2 sd, all measures: {_percent(every)} % ({"ok" if kept else "BROKEN"}), with true poses
  {_percent(ideal)} %; bound {COVERED[0]:g} to {COVERED[1]:g} %

{body}

{chr(10).join(unmeasured) or "Every surface was measured."}"""


def _asked(outcomes: Sequence[Outcome], name: str, standing_alone: bool, bound: float) -> list[object]:
    """Return a line for one measure."""
    judged = [outcome for outcome in outcomes if outcome.standing or not standing_alone]
    ours, ideal = values_of(judged, name), values_of(judged, name, "true_measures")
    share, digits = ours.keeping(bound), 4 if bound < 0.1 else 2
    return [
        name, "standing" if standing_alone else "all", f"{bound:g}", len(ours.errors), ours.lacking,
        _percent(share), number(ours.p95, digits),
        ours.bias, number(ours.rms, digits), _percent(ours.covered),
        _percent(ideal.keeping(bound)), number(ideal.p95, digits), ideal.bias, number(ideal.rms, digits),
        _percent(ideal.covered), "–" if share is None else _verdict(share, ours),
    ]  # fmt: skip


def _verdict(keeping: float, values: Values) -> str:
    """Say which of the two does not hold; few values may well all be covered, many are not by a true sd."""
    covered = 100.0 if values.covered is None else 100.0 * values.covered
    by_chance = (COVERED[1] / 100.0) ** len(values.errors)
    kept = {
        "bound": keeping >= KEEPING_SHARE,
        "sd": covered >= COVERED[0],
        "sd too large": covered <= COVERED[1] or by_chance > 1.0 - KEEPING_SHARE,
    }
    broken = [name for name, holds in kept.items() if not holds]
    return "BROKEN " + ", ".join(broken) if broken else "ok"


def _percent(share: float | None) -> str:
    return number(None if share is None else 100.0 * share, 0)
