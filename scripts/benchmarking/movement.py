"""Feet of which a part moved while they were recorded: whether a value counts as measured that is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from benchmarking.evaluation import case_at, evaluate
from benchmarking.grid import run_all
from benchmarking.kept_outcomes import KeptOutcomes
from benchmarking.measure_bounds import is_measured
from benchmarking.outcome import Outcome, outcome_of
from benchmarking.parts import Rows
from benchmarking.real_design import LEGS, SIDES, RealRecording
from benchmarking.rendering import rendered
from benchmarking.tables import table
from scanproc.simulation.settings import SimulationConfig

VIEWS = 24
NOISES = ("stereo-real", "stereo-ideal")
PATHS = ("hand-held", "raised")
SHARES = {"half": 1 / 2, "third": 1 / 3}  # of the views in which the foot is held otherwise
STILL = 4  # still recordings of each leg, way and noise

#: What moves, by how much, and the setting.
MOVEMENTS = (
    *(("heel rise", f"{deg:g}°", {"heel_rise_deg": deg}) for deg in (1.0, 2.0, 4.0)),
    *(("ankle bend", f"{deg:g}°", {"ankle_deg": deg}) for deg in (2.0, 4.0, 8.0)),
    *(("toes raised", f"{deg:g}°", {"toes_deg": deg}) for deg in (5.0, 10.0)),
    *(("shift", f"{mm:g} mm", {"shift_mm": mm}) for mm in (3.0, 6.0)),
)

#: What a value may be off although it lies beyond 2 sd. Units as in the names.
BOUNDS = {
    "foot_length_mm": 1.0,
    "truncated_foot_length_mm": 1.5,
    "dorsum_height_mm": 0.7,
    "arch_height_index": 0.008,
    "foot_width_mm": 1.5,
    "heel_width_mm": 1.5,
    "heel_angle_deg": 1.0,
}
WRONG_SD = 2.0
MAX_ALARMS = 0.02  # of still recordings


def movement_recordings(full: bool = True) -> list[RealRecording]:
    """Return every movement on every leg; else at a half on one leg and at a third on the next, by turns."""
    return [*_moving(full), *_still()]


def _moving(full: bool) -> Iterator[RealRecording]:
    for (k, leg), (m, (what, amount, settings)), (share, late), noise, path in product(
        enumerate(LEGS), enumerate(MOVEMENTS), SHARES.items(), NOISES, PATHS
    ):
        if full or (share == "third") == ((k + m) % 2 == 1):
            held = {"late_share": late, "toes_every": round(1 / late), **settings}
            words = f"{what} {amount} in a {share}"
            yield _recording(f"{what} {amount}", words, leg, noise, path, 20 * k + m, held)


def _still() -> Iterator[RealRecording]:
    for (k, leg), seed, noise, path in product(enumerate(LEGS), range(STILL), NOISES, PATHS):
        yield _recording("still", f"still {seed}", leg, noise, path, 200 + 20 * k + seed, {})


def _recording(
    group: str, words: str, leg: str, noise: Any, path: Any, seed: int, settings: dict[str, Any]
) -> RealRecording:
    config = SimulationConfig(
        path=path,
        camera="d435",
        views=VIEWS,
        noise_model=noise,
        seed=seed,
        side=SIDES[seed % 2],  # type: ignore[arg-type]
        **settings,
    )
    name = "-".join(["movement", *words.replace("°", "deg").split(), path, noise, leg])
    return RealRecording(name, leg, config, "unrest", f"{group}, {path}, {noise}")


def measure_movement(recordings: Sequence[RealRecording], folder: Path, processes: int) -> Rows:
    """Return a row for each recording, and print the table."""
    kept = KeptOutcomes(folder / "movement.jsonl", "movement")
    outcomes = run_all(recordings, partial(_evaluated, folder=folder), processes, kept)
    groups = {recording.name: recording.group for recording in recordings}
    rows = [{**asdict(outcome), "verdict": outcome.verdict, "group": groups[outcome.name]} for outcome in outcomes]
    print(movement_section(rows))
    return rows


def _evaluated(recording: RealRecording, folder: Path) -> Outcome:
    return evaluate(case_at(rendered(recording, folder)), with_measures=True)


def movement_section(rows: Rows) -> str:
    """Return the table of what became of each movement."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        groups[row["group"]].append(outcome_of(row))
    moving = [outcome for name, group in groups.items() if not name.startswith("still") for outcome in group]
    still = [outcome for name, group in groups.items() if name.startswith("still") for outcome in group]
    wrong, alarms = sum(len(wrong_values(one)) for one in moving), sum(was_noticed(one) for one in still)
    values = sum(len(judged_values(one)) for one in moving)
    body = table(
        ("what moves", "recordings", "noticed", "refused", "values", "wrong", "which"),
        (_line(name, group) for name, group in groups.items()),
    )
    return f"""### A part of the foot that moves

{VIEWS} views of a D435. Wrong: counts as measured, and is off by more than {WRONG_SD:g} sd and by more than its bound
({", ".join(f"{name} {bound:g}" for name, bound in BOUNDS.items())}). Errors against the foot as most of the accepted
views saw it.

- wrong values where a part moved: {wrong} of {values}; bound none
- still feet of which a movement is told: {alarms} of {len(still)}; bound {100 * MAX_ALARMS:g} %

{body}

*noticed*: views were dropped, or the recording was refused, because the foot had moved. A shift of the whole foot is
no movement within it: the poses follow."""


def _line(name: str, group: Sequence[Outcome]) -> list[object]:
    which = [f"{row['measure']} {row['error']:+.3g} ± {row['sd']:.2g}" for one in group for row in wrong_values(one)]
    return [
        name,
        len(group),
        sum(was_noticed(one) for one in group),
        sum(bool(one.refused or one.unmeasured or one.crashed) for one in group),
        sum(len(judged_values(one)) for one in group),
        len(which),
        "; ".join(which) or "–",
    ]


def judged_values(outcome: Outcome) -> Rows:
    """Return the values that count as measured and have a bound."""
    return [row for row in outcome.measures if is_measured(row) and row["measure"] in BOUNDS and row["sd"]]


def wrong_values(outcome: Outcome) -> Rows:
    """Return the values that are wrong and do not say so."""
    return [
        row for row in judged_values(outcome) if abs(row["error"]) > max(WRONG_SD * row["sd"], BOUNDS[row["measure"]])
    ]


def was_noticed(outcome: Outcome) -> bool:
    """Whether a movement is told."""
    told = [*outcome.lost.values(), outcome.refused or ""]
    return any("the foot moved" in reason for reason in told)
