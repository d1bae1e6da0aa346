"""Seconds and peak memory of `scanproc run --to surface`, against the time that decoding the images takes."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from truth import pose_errors_of, read_truth, surface_errors

from benchmarking.children import PYTHON, failure, run_child, run_to_surface
from benchmarking.design import GridRecording
from benchmarking.evaluation import NUM_POINTS
from benchmarking.parts import Rows
from benchmarking.rendering import rendered
from benchmarking.turntable import RECORDINGS, rendered_turntable
from scanproc.artifacts import Registration, Surface
from scanproc.pipeline import STAGES
from scanproc.readers.images import read_depth_image
from scanproc.simulation.settings import SimulationConfig
from scanproc.store import open_store

REPEATS = 3  # the best counts: others may use the machine, too
_TWO_REPEATS, _HASHED_BYTES = 9, 2_000_000
NUM_VIEWS = (8, 30, 60, 120, 240)

RAISED = GridRecording("speed-raised-d405-30v", "leg-1", SimulationConfig(path="raised", camera="d405", views=30))

#: In a process of its own that has everything loaded and ran once before: the computing alone.
IN_PROCESS = """
import json, shutil, sys, time
from pathlib import Path
import scanproc
scan, out, repeats = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
seconds, stages = [], {}
for _ in range(repeats + 1):
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    run = scanproc.run(scan, out, to="surface")
    seconds.append(time.perf_counter() - start)
    found = json.loads((run.store.root / "run.json").read_text())["stages"]
    for name, entry in found.items():
        if "seconds" in entry:
            stages[name] = min(stages.get(name, 1e9), entry["seconds"])
print(json.dumps({"seconds": min(seconds[1:]), "stages": stages, "open3d": "open3d" in sys.modules}))
"""


def hand_held(num_views: int) -> GridRecording:
    """Return the recording whose number of views changes."""
    config = SimulationConfig(path="hand-held", camera="d435", views=num_views)
    return GridRecording(f"speed-hand-held-d435-{num_views}v", "leg-1", config)


def compared_scans(folder: Path, largest: int = NUM_VIEWS[-1]) -> Iterator[Path]:
    """Yield the scans that both scanproc and the yardstick are run on, up to so many views."""
    for num_views in [number for number in NUM_VIEWS if number <= largest]:
        yield rendered(hand_held(num_views), folder)
    yield rendered(RAISED, folder)
    yield rendered_turntable(RECORDINGS[0], folder)


def measure_speed(folder: Path, repeats: int = REPEATS) -> Rows:
    """Return a row for each recording of thirty frames."""
    rows = []
    for recording in (hand_held(30), RAISED):
        scan = rendered(recording, folder)
        with tempfile.TemporaryDirectory() as out:
            runs = [run_to_surface(scan, Path(out) / f"{i}") for i in range(repeats + 1)][1:]  # the first may compile
            alone = run_child([PYTHON, "-c", IN_PROCESS, scan, Path(out) / "in-process", str(repeats)])
        decode = decode_seconds(scan, repeats)
        inside: dict[str, Any] = json.loads(alone.said.splitlines()[-1]) if alone.status == 0 else {}
        row = {
            "name": recording.name,
            "status": max(run.status for run in runs),
            "said": next((failure(run) for run in runs if run.status), ""),
            "seconds": min(run.seconds for run in runs),
            "peak_mb": max(run.peak_mb for run in runs),
            "in_process": inside.get("seconds"),
            "stages": inside.get("stages", {}),
            "open3d": inside.get("open3d"),
            "decode": decode,
            "times_decode": min(run.seconds for run in runs) / decode,
            **two_threads(scan),
        }
        rows.append(row)
        print(
            f"{row['name']}: {row['seconds']:.2f} s, peak {row['peak_mb']:.0f} MB, in process {row['in_process']} s;"
            f" decoding {decode:.3f} s, × {row['times_decode']:.1f}; stages {row['stages']}; decoding by two threads"
            f" × {row['two_threads']:.2f} (hashing × {row['two_hashing']:.2f}), at most × {row['two_at_most']:.2f}"
            + (", open3d loaded" if row["open3d"] else "")
            + (f", FAILED: {row['said']}" if row["status"] else ""),
            flush=True,
        )
    return rows


def decode_seconds(scan: Path, repeats: int = REPEATS) -> float:
    """Return the processor seconds in which pillow decodes all depth images from memory; the best of some."""
    files = [file.read_bytes() for file in sorted((scan / "depth").glob("*.png"))]
    best = np.inf
    for _ in range(repeats):
        start = time.process_time()
        for data in files:
            np.asarray(Image.open(io.BytesIO(data)))
        best = min(best, time.process_time() - start)
    return float(best)


def two_threads(scan: Path) -> dict[str, float]:
    """Return how much faster two threads read the depth images than one, and how much they hash, which needs no GIL.

    Where hashing gains little, others use the machine, and nothing is known but `two_at_most`: by what of the processor
    time of one thread holds the GIL, all but pillow's decoding.
    """
    files = sorted((scan / "depth").glob("*.png"))
    block = bytes(_HASHED_BYTES)
    jobs = {"two_threads": read_depth_image, "two_hashing": lambda _: hashlib.sha256(block).digest()}
    best: dict[tuple[str, int], float] = {}
    for _ in range(_TWO_REPEATS):
        for name, job in jobs.items():
            for threads in (1, 2):
                with ThreadPoolExecutor(threads) as pool:
                    start = time.perf_counter()
                    list(pool.map(job, files))
                best[name, threads] = min(best.get((name, threads), np.inf), time.perf_counter() - start)
    held = _share_with_gil(files)
    return {name: best[name, 1] / best[name, 2] for name in jobs} | {"two_at_most": 2.0 / (1.0 + held)}


def _share_with_gil(files: list[Path]) -> float:
    """Return what of reading images is not pillow's decoding, as a share of the processor time; the best of some."""
    shares = []
    for _ in range(_TWO_REPEATS):
        whole = decoding = 0.0
        for file in files:
            start = time.thread_time()
            image = Image.open(file)
            before = time.thread_time()
            image.load()
            decoding += time.thread_time() - before
            np.asarray(image)
            whole += time.thread_time() - start
        shares.append(1.0 - decoding / whole)
    return min(shares)


def measure_runs(folder: Path) -> Rows:
    """Return a row for each recording that the yardstick is run on, too: seconds, peak memory and error."""
    rows = []
    for scan in compared_scans(folder):
        rows.append(run_and_compare(scan))
        print(f"{scan.name}: {told(rows[-1])}", flush=True)
    return rows


def run_and_compare(scan: Path) -> dict[str, Any]:
    """Run a scan to its surface in a process of its own; return seconds, peak memory, error and accepted views."""
    with tempfile.TemporaryDirectory() as out:
        child = run_to_surface(scan, Path(out))
        row: dict[str, Any] = {"name": scan.name, "seconds": child.seconds, "peak_mb": child.peak_mb}
        if child.status:
            return {**row, "failed": failure(child)}
        store, truth = open_store(Path(out), scan.name), read_truth(scan)
        registration: Registration = store.load(STAGES[1])
        surface: Surface = store.load(STAGES[2])
    poses = pose_errors_of(registration, truth)
    if poses is None:
        return {**row, "failed": "no good view accepted"}
    errors = surface_errors(surface, truth.mesh, poses.T_mesh_scan, NUM_POINTS)
    accepted = sum(view.accepted for view in registration.views)
    return {
        **row,
        "median_mm": errors.median,
        "p95_mm": errors.p95,
        "accepted": accepted,
        "of": len(registration.views),
    }


def told(row: dict[str, Any]) -> str:
    """Return a row of `run_and_compare`, or of the yardstick, in words."""
    cost = f"{row['seconds']:.1f} s, peak {row['peak_mb']:.0f} MB"
    if row.get("failed"):
        return f"{cost}, FAILED: {row['failed']}"
    return f"{cost}, {row['median_mm']:.3f}/{row['p95_mm']:.3f} mm, {row['accepted']}/{row['of']} views"
