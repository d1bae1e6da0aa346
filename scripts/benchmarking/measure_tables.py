"""The measures in BENCHMARK.md: what was asked of them, and a table of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarking.parts import Rows
from benchmarking.tables import table
from scanproc.frames import FloatArray

#: What is asked: measure, loading (None: both), largest error of a recording, spread over the seeds of a leg.
ASKED = (
    ("foot_length_mm", None, 0.5, 0.3),
    ("foot_width_mm", None, 0.8, None),
    ("heel_width_mm", None, 0.8, None),
    ("dorsum_height_mm", None, 0.4, None),
    ("arch_height_index", None, 0.005, 0.003),
    ("plantar_arch_height_mm", "raised", 0.6, None),
    ("heel_angle_deg", "standing", 0.7, 0.5),
    ("heel_angle_deg", "raised", 1.5, 0.5),
)
COVERED = (90.0, 99.0)  # per cent of all values that shall lie within 2 sd of the truth


@dataclass(frozen=True)
class Group:
    """One measure in one loading.

    Attributes
    ----------
    errors, sds : (N,) of those that were measured; sds are nan where none is stated.
    legs : (N,) names.
    lacking : how many recordings gave no measured value: inferred or refused.
    """

    errors: FloatArray
    sds: FloatArray
    legs: np.ndarray
    lacking: int

    @property
    def largest(self) -> float:
        return float(np.abs(self.errors).max())

    @property
    def covered(self) -> np.ndarray:
        """Whether the truth lies within 2 sd, (M,) bool, of those with a stated sd."""
        known = self.sds > 0.0
        return np.asarray(np.abs(self.errors[known]) <= 2.0 * self.sds[known])

    @property
    def spreads(self) -> FloatArray:
        """Standard deviations over the seeds of each leg, (L,)."""
        apart = [self.errors[self.legs == leg] for leg in np.unique(self.legs)]
        return np.array([np.std(one, ddof=1) for one in apart if len(one) > 1])


def grouped(rows: Rows) -> dict[tuple[str, str], Group]:
    """Return the groups by measure and loading; a measure that no recording gave is not among them."""
    found: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        if "measure" in row:
            found[row["measure"], row["way"]].append(row)
    groups = {}
    for key, some in sorted(found.items()):
        told = [row for row in some if "error" in row and row["status"] == "measured"]
        if told:
            sds = [np.nan if row["sd_without_scale"] is None else row["sd_without_scale"] for row in told]
            legs = np.array([row["leg"] for row in told])
            groups[key] = Group(np.array([row["error"] for row in told]), np.array(sds), legs, len(some) - len(told))
    return groups


def measures_section(rows: Rows) -> str:
    """Return what was asked and whether it holds, and the table of all measures, standing and raised apart."""
    groups = grouped(rows)
    recordings = {row["recording"]: row for row in rows}
    refused = [f"{name} ({row['refused']})" for name, row in recordings.items() if "refused" in row]
    asked = table(("asked", "foot", "bound", "got", "worst leg", ""), _asked(groups, recordings.values()))
    head = ("measure", "foot", "n", "lacking", "bias", "spread", "worst leg", "largest", "stated sd", "within ± 2 sd")
    every = table(head, (_line(name, way, group) for (name, way), group in groups.items()))
    return f"""## Measures

{len(recordings)} recordings: four legs standing (hand-held D435) and raised (D405), which differ by the seed of noise,
path and sway. Errors against the same measures on the true mesh. Refused: {", ".join(refused) or "none"}.

{asked}

*Error*: the largest of all recordings. *Spread*: standard deviation over the seeds of one leg, the worst.

{every}

- *n*: values that count as measured; *lacking*: recordings in which it is inferred or refused.
- *spread*: pooled over the legs; *worst leg*: the largest of one leg.
- *stated sd*: median of the stated standard uncertainties, without their share of the camera's scale, which is right in
  these recordings."""


def _asked(groups: dict[tuple[str, str], Group], recordings: Iterable[dict[str, object]]) -> list[tuple[str, ...]]:
    """Return a line for each figure asked."""
    lines = []
    for name, loading, error, spread in ASKED:
        for way in ("standing", "raised") if loading is None else (loading,):
            group = groups.get((name, way))
            if group is None:
                lines.append((f"{name}, error", way, f"≤ {error:g}", "–", "–", "BROKEN"))
                continue
            worst = max(np.unique(group.legs), key=lambda leg: float(np.abs(group.errors[group.legs == leg]).max()))
            lines.append((f"{name}, error", way, f"≤ {error:g}", _number(group.largest, error), str(worst),
                          _verdict(group.largest <= error)))  # fmt: skip
            if spread is not None and len(group.spreads):
                largest = float(group.spreads.max())
                leg = str(np.unique(group.legs)[int(group.spreads.argmax())])
                lines.append((f"{name}, spread", way, f"≤ {spread:g}", _number(largest, spread), leg,
                              _verdict(largest <= spread)))  # fmt: skip
    wrong = [str(row["recording"]) for row in recordings if row.get("side_right") is False]
    lines.append(("side wrong", "both", "none", ", ".join(wrong) or "none", "", _verdict(not wrong)))
    covered = np.concatenate([group.covered for group in groups.values()])
    share = 100.0 * float(covered.mean())
    bound = f"{COVERED[0]:g} to {COVERED[1]:g} %"
    got = f"{share:.1f} % of {len(covered)}"
    return [*lines, ("truth within ± 2 sd", "both", bound, got, "", _verdict(COVERED[0] <= share <= COVERED[1]))]


def _line(name: str, way: str, group: Group) -> tuple[object, ...]:
    size = float(np.median(np.abs(group.errors)))
    sd = float(np.nanmedian(group.sds)) if np.isfinite(group.sds).any() else np.nan
    pooled, worst = np.nan, np.nan
    if len(group.spreads):
        pooled, worst = float(np.sqrt(np.mean(group.spreads**2))), float(group.spreads.max())
    figures = [_number(figure, size) for figure in (pooled, worst, group.largest, sd)]
    bias = f"{'−' if group.errors.mean() < 0.0 else '+'}{_number(abs(float(group.errors.mean())), size)}"
    share = f"{100.0 * group.covered.mean():.0f} %" if len(group.covered) else "–"
    return (name, way, len(group.errors), group.lacking or "", bias, *figures, share)


def _number(value: float, size: float) -> str:
    """Return a value with the decimals that suit figures of a size."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.4f}" if size < 0.02 else f"{value:.2f}" if size < 10.0 else f"{value:.0f}"


def _verdict(holds: bool) -> str:
    return "ok" if holds else "BROKEN"
