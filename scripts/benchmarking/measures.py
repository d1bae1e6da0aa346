"""Measures of recordings that differ by their seed alone: how far off, how far apart, and whether they know it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from truth import Truth, read_truth, true_measures

from benchmarking.design import GridRecording
from benchmarking.measure_errors import measure_rows
from benchmarking.measure_tables import measures_section
from benchmarking.parts import Rows
from benchmarking.rendering import missing_legs, rendered
from benchmarking.stages import Stages
from scanproc.artifacts import Measures, Recording, ScanFacts, Surface
from scanproc.scan import open_scan, read_recording


def measure_all(recordings: Sequence[GridRecording], folder: Path, processes: int) -> Rows:
    """Return a row for each measure of each recording, and print the tables."""
    left_out = missing_legs(list(recordings))
    if left_out:
        print(f"without {', '.join(left_out)}: not here")
    recordings = [recording for recording in recordings if recording.leg not in left_out]
    os.environ["SCANPROC_WORKERS"] = "1"  # the processes share the cores
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        rows = []
        for found in pool.map(_evaluate, recordings, [folder] * len(recordings)):
            print(f"{found[0]['recording']}: {sum('error' in row for row in found)} measures", flush=True)
            rows += found
    print(measures_section(rows))
    return rows


_true: dict[tuple[str, str, bool], dict[str, float | None]] = {}  # seeds of one leg have one truth


def _expected(recording: GridRecording, truth: Truth, facts: ScanFacts, on_floor: bool) -> dict[str, float | None]:
    key = recording.leg, recording.config.side, on_floor
    if key not in _true:
        _true[key] = true_measures(truth.mesh, facts, on_floor)
    return _true[key]


def _evaluate(recording: GridRecording, folder: Path) -> Rows:
    scan = rendered(recording, folder)
    opened, truth = open_scan(scan), read_truth(scan)
    stages = Stages({Recording: read_recording(opened), ScanFacts: opened.facts})
    way = "raised" if recording.config.path == "raised" else "standing"
    base: dict[str, Any] = {"recording": recording.name, "way": way, "leg": recording.leg}
    if not stages.run("clean", "register", "surface", "align", "measure"):
        return [{**base, "refused": stages.refused}]
    surface: Surface = stages.artifacts[Surface]
    (foot,) = stages.artifacts[Measures].feet
    base["side_right"] = foot.side == recording.config.side
    expected = _expected(recording, truth, opened.facts, surface.floor_seen)
    return [{**base, **row} for row in measure_rows(foot, expected)]
