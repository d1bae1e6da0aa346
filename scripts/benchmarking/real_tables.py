"""What real cameras do, in BENCHMARK.md: good recordings, bad ones, and feet that do not hold still."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarking.bounds import REAL
from benchmarking.measure_bounds import is_measured, values_of
from benchmarking.outcome import Outcome, number, outcome_of, totals
from benchmarking.parts import Rows
from benchmarking.tables import table

ARCH = ("arch_height_index", "plantar_arch_height_mm")
SILENT_SD = 2.0  # an arch that is farther off, and counts as measured, is silently wrong


def real_section(rows: Rows) -> str:
    """Return the three tables."""
    groups: dict[str, dict[str, list[Outcome]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row["section"]][row["group"]].append(outcome_of(row))
    good = [outcome for group in groups["good"].values() for outcome in group]
    restless = [(name, outcome) for name, group in groups["unrest"].items() for outcome in group]
    total = totals(good)
    refused, found, lost = (
        f"{part} of {whole}, {100.0 * part / max(whole, 1):.1f} %"
        for part, whole in (
            (total.refused, total.recordings), (total.found, total.planted), (total.lost, total.good)
        )
    )  # fmt: skip
    silent = sum(became(outcome).startswith("SILENT") for _, outcome in restless)
    return f"""## What real cameras do

Under the noise of each camera: a pair at the stops of a ring, as clouds without floor, legs cut away, poses off by 1°
and 2.5 mm; a pair and single feet hand-held on a floor; raised feet. A tenth of the views is bad but on rings.

- good recordings refused: {refused}; bound {100 * REAL.refused_share:g} %
- bad views found: {found}; bound {100 * REAL.bad_found_share:g} %
- good views lost: {lost}; bound {100 * REAL.good_lost_share:g} %

{_good_table(groups["good"])}

- *let in*: bad views that were accepted. Views of refused recordings count neither as found nor as lost.
- *pose*: by how much the poses of accepted good views move the points of the foot, RMS. This and other figures: middle
  of the group, in brackets the worst.
- *coverage*: share of the truth that two or more good views saw that has a surface within 2 mm; worst.
- *true poses*: the same of the fusion of the good views with their true poses.
- *feet*: measured, of all; *length*, *width*: largest error of those that count as measured.
- *seconds*: clean + register + surface, one thread, two recordings at a time.

### Bad recordings

{_bad_table(groups["bad"])}

*let in*: recordings that hold a bad view, or are bad as a whole, and came out as a surface with it. A scale that all
views share cannot be told from a larger foot.

### Feet that do not hold still

Silently wrong: {silent} of {len(restless)}; bound none. Errors against the foot as most of the accepted views saw it,
with their stated standard uncertainty.

{_unrest_table(restless)}

*SILENT*: {" or ".join(ARCH)} counts as measured, and is off by more than {SILENT_SD:g} sd."""


def _good_table(groups: dict[str, list[Outcome]]) -> str:
    return table(
        ("group", "recordings", "refused", "bad views found", "let in", "good views lost", "pose", "median", "p95",
         "true poses: median", "p95", "coverage, %", "true poses", "feet", "length", "width", "seconds", "why"),
        (_good_line(name, group) for name, group in groups.items()),
    )  # fmt: skip


def _good_line(name: str, group: Sequence[Outcome]) -> list[object]:
    total = totals(group)
    lengths, widths = values_of(group, "foot_length_mm"), values_of(group, "foot_width_mm")
    seconds = [sum(outcome.seconds.values()) for outcome in group]
    return [
        name, total.recordings, total.refused, _of(total.found, total.planted), total.planted - total.found,
        _of(total.lost, total.good), _middle(group, "pose_rms_mm"), _middle(group, "median_mm"),
        _middle(group, "p95_mm"), _middle(group, "true_median_mm"), _middle(group, "true_p95_mm"),
        _coverage(group, "lacking"), _coverage(group, "true_lacking"),
        _of(len(lengths.errors), len(lengths.errors) + lengths.lacking), _largest(lengths.errors),
        _largest(widths.errors), number(float(np.median(seconds)), 1), _why(group),
    ]  # fmt: skip


def _bad_table(groups: dict[str, list[Outcome]]) -> str:
    lines = []
    for name, group in groups.items():
        total = totals(group)
        through = [outcome for outcome in group if not outcome.refused and not outcome.crashed]
        let_in = sum(bool(outcome.missed) or not outcome.planted for outcome in through)
        lines.append(
            [
                name, total.recordings, total.refused, _of(total.found, total.planted), let_in,
                _of(total.lost, total.good), _largest(values_of(group, "foot_length_mm").errors), _why(group),
            ]
        )  # fmt: skip
    head = ("what is wrong", "recordings", "refused", "bad views found", "let in", "good views lost", "length", "why")
    return table(head, lines)


def _unrest_table(restless: Sequence[tuple[str, Outcome]]) -> str:
    return table(
        ("what moves", "became", "views", "median", "p95", "true poses",
         *(f"{head}{name}" for name in ARCH for head in ("", "true poses: "))),
        (
            [
                name, became(outcome), _of(outcome.num_accepted, outcome.num_views), number(outcome.median_mm, 2),
                number(outcome.p95_mm, 2), f"{number(outcome.true_median_mm, 2)} / {number(outcome.true_p95_mm, 2)}",
                *(_arch(rows, measure) for measure in ARCH for rows in (outcome.measures, outcome.true_measures)),
            ]
            for name, outcome in restless
        ),
    )  # fmt: skip


def became(outcome: Outcome) -> str:
    """Return what became of a recording of a foot that did not hold still."""
    if outcome.crashed or outcome.refused:
        return f"CRASHED: {outcome.crashed}" if outcome.crashed else f"refused: {plain(outcome.refused or '')}"
    wrong = [
        row["measure"]
        for row in outcome.measures
        if row["measure"] in ARCH and is_measured(row) and abs(row["error"]) > SILENT_SD * (row["sd"] or np.inf)
    ]
    if wrong:
        return "SILENT: " + ", ".join(dict.fromkeys(wrong))
    if outcome.lost:
        return "views named: " + ", ".join(name.lstrip("0") or "0" for name in outcome.lost)
    if outcome.unmeasured:
        return f"refused: {plain(outcome.unmeasured)}"
    broken = outcome.broken_bounds()
    return "out of bounds: " + ", ".join(broken) if broken else "within bounds"


def plain(refusal: str) -> str:
    """Return stage and reason of a refusal without its numbers, such that those alike read alike."""
    stage, _, message = refusal.partition(": ")
    return f"{stage}: {re.sub(r'[0-9][0-9.,]*', 'n', re.split(r'[(:;]', message)[0]).strip()}"


def _why(group: Sequence[Outcome]) -> str:
    """Return the reasons of refusals, the commonest first; with those of align and measure."""
    refusals = [outcome.refused or outcome.unmeasured for outcome in group]
    reasons = Counter(plain(refusal) for refusal in refusals if refusal)
    reasons.update(f"CRASHED {outcome.crashed}" for outcome in group if outcome.crashed)
    return "; ".join(f"{count} × {reason}" for reason, count in reasons.most_common()) or "–"


def _arch(rows: Rows, name: str) -> str:
    """Return error and sd of a measure of each foot, or that it is not measured."""
    told = [
        f"{row['error']:+.3f} ± {number(row['sd'])}" if is_measured(row) else row["status"]
        for row in rows
        if row["measure"] == name
    ]
    return ", ".join(told) or "–"


def _of(part: int, whole: int) -> str:
    return f"{part} / {whole}" if whole else "–"


def _middle(group: Sequence[Outcome], name: str) -> str:
    values = [getattr(outcome, name) for outcome in group if getattr(outcome, name) is not None]
    return f"{np.median(values):.2f} ({max(values):.2f})" if values else "–"


def _coverage(group: Sequence[Outcome], name: str) -> str:
    values = [getattr(outcome, name) for outcome in group if getattr(outcome, name) is not None]
    return f"{100.0 - 100.0 * max(values):.1f}" if values else "–"


def _largest(errors: np.ndarray) -> str:
    return f"{errors[np.abs(errors).argmax()]:+.2f}" if len(errors) else "–"
