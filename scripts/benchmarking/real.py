"""What real cameras do: recordings under their noise, against the truth; and whether bad ones are let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from rings import ABOVE_FLOOR_MM, Ring, RingCamera, ring
from truth import Truth

from benchmarking.evaluation import Case, case_at, evaluate
from benchmarking.grid import run_all
from benchmarking.kept_outcomes import KeptOutcomes
from benchmarking.outcome import Outcome
from benchmarking.parts import Rows
from benchmarking.real_design import RealRecording
from benchmarking.real_tables import real_section
from benchmarking.rendering import rendered
from scanproc.artifacts import DepthFrame, Recording
from scanproc.readers.facts import facts_stating
from scanproc.simulation.cameras import CAMERAS
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import noise_of
from scanproc.simulation.truth import TrueView

CROP_MM = 130.0  # above the floor, the legs of a pair on a ring are cut away
WRONG_UNIT, WRONG_LENS = 10.0, 604.0 / 425.2  # the lens of the colour camera, taken for that of the depth


def measure_real(recordings: Sequence[RealRecording], folder: Path, processes: int) -> Rows:
    """Return a row for each recording, and print the tables."""
    kept = KeptOutcomes(folder / "real.jsonl", "real")
    outcomes = run_all(recordings, partial(evaluate_real, folder=folder), processes, kept)
    told = {recording.name: {"section": recording.section, "group": recording.group} for recording in recordings}
    rows = [{**asdict(outcome), "verdict": outcome.verdict, **told[outcome.name]} for outcome in outcomes]
    print(real_section(rows))
    return rows


def evaluate_real(recording: RealRecording, folder: Path) -> Outcome:
    """Return what became of a recording, to the measures."""
    return evaluate(case_of(recording, folder), with_measures=True)


def case_of(recording: RealRecording, folder: Path) -> Case:
    """Record, or read what was recorded before."""
    if recording.on_ring:
        return _on_ring(recording)
    case = case_at(rendered(recording, folder))
    return replace(case, recording=_misread(case.recording, recording.wrong))


def _on_ring(recording: RealRecording) -> Case:
    """Record a pair at the stops of a ring."""
    config = recording.config
    odd_stop = config.seed % config.views
    made = ring(
        config.seed,
        config.views,
        crop_mm=CROP_MM,
        other=odd_stop if recording.wrong == "other feet" else None,
        large=odd_stop if recording.wrong == "too large" else None,
        camera=_ring_camera(config),
    )
    facts = facts_stating(recording.name, side="both", loading="standing", motion="turntable", unit="mm")
    return Case(recording.name, made.recording, facts, _ring_truth(made, config))


def _ring_camera(config: SimulationConfig) -> RingCamera:
    camera = CAMERAS[config.camera]
    return RingCamera(camera.intrinsics, noise_of(config), config.distance_mm, camera.depth_unit_mm)


def _ring_truth(made: Ring, config: SimulationConfig) -> Truth:
    views = tuple(
        TrueView(frame.name, pose, made.planted.get(stop))
        for stop, (frame, pose) in enumerate(zip(made.recording.frames, made.poses, strict=True))
    )
    return Truth(made.feet, views, config, kept_mm=(ABOVE_FLOOR_MM, CROP_MM))


def _misread(recording: Recording, wrong: str | None) -> Recording:
    """Return a recording as it is read with a wrong unit, or with the pinhole of another lens."""
    if wrong not in ("unit", "lens"):
        return recording
    frames = [frame for frame in recording.frames if isinstance(frame, DepthFrame)]
    if wrong == "unit":
        return Recording(tuple(replace(frame, depth_unit_mm=WRONG_UNIT * frame.depth_unit_mm) for frame in frames))
    camera = frames[0].intrinsics
    longer = replace(camera, fx=WRONG_LENS * camera.fx, fy=WRONG_LENS * camera.fy)
    return Recording(tuple(replace(frame, intrinsics=longer) for frame in frames))
