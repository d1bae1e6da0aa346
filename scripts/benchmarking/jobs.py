"""Seconds of a whole job as a program: thirty raw frames to a proven insole, or to the measures."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarking.children import failure, run_to
from benchmarking.design import GridRecording
from benchmarking.parts import Rows
from benchmarking.rendering import rendered
from benchmarking.speed import RAISED, decode_seconds, hand_held
from benchmarking.tables import table

REPEATS = 3  # the best counts: others may use the machine, too
#: The stage that each job ends with, and how many seconds it may take. Leg 0: of leg 1, a D405 loses the toes.
JOBS: tuple[tuple[GridRecording, str, float], ...] = (
    (replace(RAISED, name="job-raised-d405-30v", leg="leg-0"), "export", 6.0),
    (hand_held(30), "measure", 4.5),
)


def measure_jobs(folder: Path) -> Rows:
    """Return a row for each job: seconds, those of its stages, and how often the images could be decoded meanwhile."""
    rows = []
    for recording, stage, bound in JOBS:
        scan, runs, stages = rendered(recording, folder), [], dict[str, float]()
        for _ in range(REPEATS + 1):
            with tempfile.TemporaryDirectory() as out:
                runs.append(run_to(stage, scan, Path(out)))
                found = json.loads((Path(out) / scan.name / "run.json").read_text())["stages"]
            for name, entry in found.items():
                stages[name] = min(stages.get(name, 1e9), entry.get("seconds", 1e9))
        counted = runs[1:]  # the first may compile
        seconds, cpu = min(run.seconds for run in counted), min(run.cpu for run in counted)
        decode = decode_seconds(scan)
        row = {
            "name": recording.name, "to": stage, "bound": bound, "seconds": seconds, "cpu": cpu, "decode": decode,
            "peak_mb": max(run.peak_mb for run in counted), "stages": stages,
            "said": next((failure(run) for run in counted if run.status), ""),
        }  # fmt: skip
        rows.append(row)
        print(
            f"{recording.name} to {stage}: {seconds:.2f} s = {seconds / decode:.0f} × decoding,"
            f" of the processor {cpu:.2f} s = {cpu / decode:.0f} ×; {stages} {row['said']}",
            flush=True,
        )
    return rows


def jobs_section(rows: Rows) -> str:
    """Return the table, with what is to be reached."""
    head = (
        "recording", "to", "seconds", "bound", "of the processor", "decoding", "times decoding", "processor's",
        "peak, MB", "stages",
    )  # fmt: skip
    lines = [
        (
            row["name"], row["to"], f"{row['seconds']:.2f}" if not row["said"] else "FAILED", f"{row['bound']:g}",
            f"{row['cpu']:.2f}", f"{row['decode']:.3f}", f"{row['seconds'] / row['decode']:.0f}",
            f"{row['cpu'] / row['decode']:.0f}", f"{row['peak_mb']:.0f}",
            ", ".join(f"{name} {seconds:.2f}" for name, seconds in row["stages"].items()),
        )
        for row in rows
    ]  # fmt: skip
    return (
        "## Whole jobs\n\nThirty frames of 848 × 480, realistic noise, as a program with its imports, the best of three"
        "\nwith compiled loops cached. Processor: user and system seconds of all threads, which other programs on the"
        "\nmachine lengthen less. Decoding: processor seconds for those PNGs by pillow.\n\n" + table(head, lines)
    )
