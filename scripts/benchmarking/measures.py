"""Measures of repeated simulated recordings: bias, spread, and how often the stated uncertainty covers the error."""

from __future__ import annotations

import multiprocessing
import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from truth import read_truth, true_measures

from benchmarking.design import GridRecording
from benchmarking.parts import Rows
from benchmarking.rendering import rendered
from benchmarking.stages import Stages
from benchmarking.tables import table
from scanproc.artifacts import Measures, Recording, ScanFacts, Surface
from scanproc.scan import open_scan, read_recording
from scanproc.stages.measure import MeasureConfig

#: Sizes are steps: no error of theirs is a matter of standard deviations.
STEPS = ("mondopoint", "eu_size")


def measure_all(recordings: Sequence[GridRecording], folder: Path, processes: int) -> Rows:
    """Return a row for each measure of each single foot of the grid."""
    singles = [recording for recording in recordings if not recording.config.pair]
    os.environ["SCANPROC_WORKERS"] = "1"  # the processes share the cores
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        rows = []
        for found in pool.map(_evaluate, singles, [folder] * len(singles)):
            print(f"{found[0]['recording']}: {sum('error' in row for row in found)} measures", flush=True)
            rows += found
    print(measures_section(rows))
    return rows


def _evaluate(recording: GridRecording, folder: Path) -> Rows:
    scan = rendered(recording, folder)
    opened, truth = open_scan(scan), read_truth(scan)
    stages = Stages({Recording: read_recording(opened), ScanFacts: opened.facts})
    base: dict[str, Any] = {"recording": recording.name, "way": recording.config.path, "leg": recording.leg}
    if not stages.run("clean", "register", "surface", "align", "measure"):
        return [{**base, "refused": stages.refused}]
    surface: Surface = stages.artifacts[Surface]
    (foot,) = stages.artifacts[Measures].feet
    base["side_right"] = foot.side == recording.config.side
    expected = true_measures(truth.mesh, opened.facts, surface.floor_seen)
    rows = []
    for name, found in foot.measures.items():
        row = {**base, "measure": name, "status": found.status, "sd": found.sd}
        if found.value is not None and (true := expected[name]) is not None:
            # The simulated cameras are true to scale: its share of the uncertainty would flatter the coverage.
            scale = MeasureConfig().scale_sd * abs(found.value) * {"_mm": 1, "mm3": 3}.get(name[-3:], 0)
            row |= {"value": found.value, "error": found.value - true}
            row["sd_without_scale"] = None if found.sd is None else float(np.sqrt(max(found.sd**2 - scale**2, 0.0)))
        rows.append(row)
    return rows


def measures_section(rows: Rows) -> str:
    """Return the table of all measures, standing and raised apart, and what they say together."""
    groups: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        if "error" in row and row["status"] == "measured" and row["measure"] not in STEPS:
            groups[row["measure"], "raised" if row["way"] == "raised" else "standing"].append(row)
    lines = []
    every: list[float] = []
    for (name, way), found in sorted(groups.items()):
        errors = np.array([row["error"] for row in found])
        sds = np.array([row["sd_without_scale"] for row in found if row["sd_without_scale"]])
        z = [row["error"] / row["sd_without_scale"] for row in found if row["sd_without_scale"]]
        every += z
        covered = f"{100 * np.mean(np.abs(z) <= 2.0):.0f} %" if z else "–"
        lines.append(
            (
                name, way, len(found), f"{errors.mean():+.3f}", f"{errors.std():.3f}",
                f"{np.quantile(np.abs(errors), 0.95):.3f}", f"{np.abs(errors).max():.3f}",
                f"{np.median(sds):.3f}" if len(sds) else "–", covered,
            )
        )  # fmt: skip
    recordings = {row["recording"]: row for row in rows}
    wrong = [name for name, row in recordings.items() if row.get("side_right") is False]
    refused = [f"{name} ({row['refused']})" for name, row in recordings.items() if "refused" in row]
    head = ("measure", "foot", "n", "bias", "spread (sd)", "95 % below", "largest", "stated sd", "within ± 2 sd")
    share = 100 * np.mean(np.abs(every) <= 2.0)
    return (
        "## Measures\n\nErrors against the same measures on the true mesh. The stated standard uncertainty is without"
        " its share of the camera's scale, which is right in these recordings.\n\n"
        f"{len(recordings)} recordings; the true value lies within ± 2 sd in {share:.1f} % of {len(every)} values."
        f" Wrong side: {', '.join(wrong) or 'none'}. Refused: {', '.join(refused) or 'none'}.\n\n" + table(head, lines)
    )
