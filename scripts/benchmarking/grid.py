"""The grid: all its recordings through the stages, in two processes, against their truth."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from benchmarking.design import GridRecording
from benchmarking.kept_outcomes import KeptOutcomes
from benchmarking.outcome import Outcome, line, number, summary
from benchmarking.rendering import missing_legs, rendered

AnyRecording = TypeVar("AnyRecording", bound=GridRecording)


def run_grid(
    recordings: Sequence[GridRecording], folder: Path, processes: int, with_measures: bool = False
) -> list[Outcome]:
    """Render what is not there, evaluate all, print a line each as it is ready, and a summary."""
    evaluate = partial(_render_and_evaluate, folder=folder, with_measures=with_measures)
    noises = sorted({recording.config.noise_model for recording in recordings})
    kept = KeptOutcomes(folder / f"grid-{'-'.join(noises)}.jsonl", f"grid, measures: {with_measures}")
    outcomes = run_all(recordings, evaluate, processes, kept)
    print(summary(outcomes))
    return outcomes


def run_all(
    recordings: Sequence[AnyRecording],
    evaluate: Callable[[AnyRecording], Outcome],
    processes: int,
    kept: KeptOutcomes,
) -> list[Outcome]:
    """Evaluate all whose leg is here, print a line each as it is ready, and return them in order.

    What `kept` has of a run that was broken off is not evaluated again.
    """
    left_out = missing_legs(list(recordings))
    if left_out:
        print(
            f"without {', '.join(left_out)}: not among the demo recordings, and no shared/data/feet beside the project"
        )
    recordings = [recording for recording in recordings if recording.leg not in left_out]
    order = [recording.name for recording in recordings]
    outcomes = [outcome for name, outcome in kept.read().items() if name in order]
    if outcomes:
        print(f"{len(outcomes)} of {len(order)} are kept of a run that was broken off ({kept.path})")
    left = [recording for recording in recordings if recording.name not in {outcome.name for outcome in outcomes}]
    for outcome in _evaluated(left, evaluate, processes):
        print(line(outcome), flush=True)
        kept.add(outcome)
        outcomes.append(outcome)
    kept.remove()
    return sorted(outcomes, key=lambda outcome: order.index(outcome.name))


def render_grid(recordings: Sequence[GridRecording], folder: Path) -> None:
    """Render all recordings that are not there yet, one after the other."""
    for done, recording in enumerate(recordings, start=1):
        rendered(recording, folder)
        print(f"{done}/{len(recordings)} {recording.name}", flush=True)


def _evaluated(
    recordings: Sequence[AnyRecording], evaluate: Callable[[AnyRecording], Outcome], processes: int
) -> Iterator[Outcome]:
    """Yield outcomes as they come. A crash is a row of its own, and stops no other recording."""
    os.environ["SCANPROC_WORKERS"] = "1"  # the processes share the cores
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures = {pool.submit(evaluate, recording): recording for recording in recordings}
        for future in as_completed(futures):
            error, recording = future.exception(), futures[future]
            config = recording.config
            crashed = Outcome(recording.name, config.noise_model, 1 + config.pair, crashed=repr(error))
            yield future.result() if error is None else crashed


def _render_and_evaluate(recording: GridRecording, folder: Path, with_measures: bool) -> Outcome:
    from benchmarking.evaluation import case_at, evaluate

    return evaluate(case_at(rendered(recording, folder)), with_measures)


def compare(outcomes: Sequence[Outcome], earlier: Sequence[dict[str, Any]]) -> str:
    """Return how the rows differ from those of an earlier run."""
    before = {row["name"]: row for row in earlier}
    lines = []
    for outcome in outcomes:
        row = before.get(outcome.name)
        if row is None:
            continue
        changes = [
            f"{name} {number(row[name])} → {number(getattr(outcome, name))}"
            for name in ("median_mm", "p95_mm", "tilt_deg", "lacking", "pose_max_mm")
            if _differs(row[name], getattr(outcome, name))
        ]
        if row["verdict"] != outcome.verdict:
            changes.insert(0, f"{row['verdict']} → {outcome.verdict}")
        if len(row["missed"]) != len(outcome.missed) or len(row["lost"]) != len(outcome.lost):
            changes.append(
                f"missed {len(row['missed'])} → {len(outcome.missed)}, lost {len(row['lost'])} → {len(outcome.lost)}"
            )
        if changes:
            lines.append(f"{outcome.name}: " + "; ".join(changes))
    return "\n".join(lines or ["as before, within a tenth"])


def _differs(before: float | None, now: float | None) -> bool:
    """Whether a figure moved by more than a tenth."""
    if before is None or now is None:
        return before is not now
    return abs(now - before) > 0.1 * max(abs(before), abs(now)) + 1e-3
