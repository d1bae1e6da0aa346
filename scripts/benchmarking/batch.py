"""Many small scans through `scanproc batch`: pace of two workers, killed workers, memory, cost from ten to hundreds."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import statistics
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarking.parts import Rows
from benchmarking.rendering import left_leg
from benchmarking.tables import table
from scanproc.cluster.work import Work
from scanproc.cluster.workers import LocalWorkers
from scanproc.commands.answers import run_scan
from scanproc.several.batch import Batch
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import write_simulation

NUM_RECORDINGS = 4  # that are rendered; scans are copies of them, each run by itself
SMALL = {"camera": "d435", "path": "hand-held", "views": 8, "image_scale": 0.4}
ROUNDS = 3  # of one worker and two by turns: others may use the machine, too
PACE_SCANS, FEW_SCANS = 32, 10
NUM_TASKS = 2000  # that do nothing
KILL_EVERY_S = 20.0
_LOOK_S = 0.2
_LOADED = 2  # ends, after which each worker has loaded what it needs
_PACE = ("cpu_a_scan", "seconds_a_scan", "busy_share")
_MEMORY = 4 << 30


class Watcher(threading.Thread):
    """Looks at the worker processes of this one: their processor time and memory; kills one now and then."""

    def __init__(self, kill_every_s: float | None) -> None:
        super().__init__(daemon=True)
        self.kill_every_s = kill_every_s
        self.cpu: dict[int, float] = {}
        self.memory_mb: list[tuple[float, float]] = []  # when, of the largest worker
        self.kills = 0
        self.over = threading.Event()

    def run(self) -> None:
        killed_at = time.perf_counter()
        while not self.over.wait(_LOOK_S):
            self.look()
            if self.kill_every_s and time.perf_counter() - killed_at > self.kill_every_s:
                killed_at = time.perf_counter()
                found = self.workers()
                if found:
                    found[self.kills % len(found)].kill()
                    self.kills += 1

    def look(self) -> None:
        sizes = [0.0]
        for worker in self.workers():
            with suppress(psutil.Error):
                times = worker.cpu_times()
                self.cpu[worker.pid] = times.user + times.system
                sizes.append(worker.memory_info().rss / 1e6)
        self.memory_mb.append((time.perf_counter(), max(sizes)))

    @staticmethod
    def workers() -> list[psutil.Process]:
        found = []
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                if any("spawn_main" in word for word in child.cmdline()):
                    found.append(child)
        return found


class Busy(dict[int, float]):
    """Scans that run, and since when; adds up for how long they did."""

    seconds = 0.0

    def pop(self, index: int, default: Any = None) -> Any:
        if index in self:
            self.seconds += time.monotonic() - self[index]
        return super().pop(index, default)


def measure_batch(folder: Path, num_scans: int, to: str) -> Rows:
    """Return a row for each run: few, all undisturbed, all with workers killed, all of them again; pace by turns."""
    scans = small_scans(folder, num_scans)
    rows = [
        measured_run("few", to, scans[:FEW_SCANS], folder / "out", 2),
        measured_run("all", to, scans, folder / "out", 2),
        measured_run("killed", to, scans, folder / "out", 2, KILL_EVERY_S),
        measured_run("killed, again", to, scans, folder / "out", 2, keep=True),
    ]
    rows[1]["task_ms"] = task_ms()
    for number, workers in itertools.product(range(ROUNDS), (1, 2)):
        rows.append(measured_run(f"pace {number}", to, scans[:PACE_SCANS], folder / "out", workers))
    return rows


def task_ms() -> float:
    """Return what giving out a task and taking its result costs this program, ms of the processor."""
    work = Work(LocalWorkers(2, 1, _MEMORY), abs, range(NUM_TASKS), lambda _: None)
    start = time.process_time()
    for _ in work.ended():
        pass
    return 1e3 * (time.process_time() - start) / NUM_TASKS


def small_scans(folder: Path, number: int) -> list[Path]:
    """Return that many scans, copies of a few rendered ones."""
    for seed in range(NUM_RECORDINGS):
        if not (folder / f"recording-{seed}").is_dir():
            write_simulation(
                folder / f"recording-{seed}", simulate(left_leg("leg-3"), SimulationConfig(seed=seed, **SMALL))
            )
    scans = [folder / f"scan-{index:04d}" for index in range(number)]
    for index, scan in enumerate(scans):
        if not scan.is_dir():
            shutil.copytree(folder / f"recording-{index % NUM_RECORDINGS}", scan, copy_function=os.link)
    return scans


def measured_run(
    name: str,
    to: str,
    scans: list[Path],
    out: Path,
    workers: int,
    kill_every_s: float | None = None,
    keep: bool = False,
) -> dict[str, Any]:
    """Run scans as far as a stage; `keep`: what an earlier run has left in `out`."""
    if not keep:
        shutil.rmtree(out, ignore_errors=True)
    run = partial(run_scan, to=to, out=out, workers=None, config=None, overrides=())
    batch = Batch(scans, run, LocalWorkers(workers, 1, _MEMORY), logging.WARNING)
    lost: list[int] = []
    batch.work.lost = lost.append
    watcher = Watcher(kill_every_s)
    watcher.start()
    busy = batch.work.running = Busy()
    start, ends, names, computed = time.perf_counter(), list[float](), Counter[Path](), Counter[str]()
    half, at_half = len(scans) // 2, (0.0, 0.0, 0.0)  # by then, each worker has loaded what it needs
    for scan, outcome in batch.run():
        ends.append(time.perf_counter())
        names[scan] += 1
        computed[outcome.verdict] += 1
        computed["computed"] += bool(outcome.run and outcome.run.computed)
        watcher.look()
        if len(ends) == half:
            at_half = (time.perf_counter(), sum(watcher.cpu.values()), busy.seconds)
        if len(ends) == len(scans):
            at_end = (time.perf_counter(), sum(watcher.cpu.values()), busy.seconds)
    seconds = time.perf_counter() - start
    watcher.over.set()
    lasted, used, busy_s = (end - before for end, before in zip(at_end, at_half, strict=True))
    cpu = at_end[1]
    row = {
        "name": name, "to": to, "scans": len(scans), "workers": workers, "seconds": seconds, "first_s": ends[0] - start,
        "cpu": cpu, "cpu_a_scan": used / (len(scans) - half), "busy_share": min(1.0, busy_s / (workers * lasted)),
        "seconds_a_scan": lasted / (len(scans) - half),
        "kills": watcher.kills, "begun_again": len(lost), "ended": sum(names.values()),
        "ended_twice": sum(count > 1 for count in names.values()), "verdicts": computed,
        "memory_mb": quarters(watcher.memory_mb, ends), "ends": [end - start for end in ends],
    }  # fmt: skip
    print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in row.items() if key != "ends"), flush=True)
    return row


def quarters(memory_mb: list[tuple[float, float]], ends: list[float]) -> list[float]:
    """Return the largest memory of a worker within each quarter of the scans."""
    marks = [0.0, *(ends[max(0, len(ends) * quarter // 4 - 1)] for quarter in (1, 2, 3)), float("inf")]
    return [
        round(max((size for when, size in memory_mb if low <= when < high), default=0.0))
        for low, high in itertools.pairwise(marks)
    ]


def _paces(ends: list[float]) -> str:
    """Return the seconds a scan within each fifth; the first ends, before which workers load, count for nothing."""
    marks = [ends[_LOADED - 1], *(ends[len(ends) * fifth // 5 - 1] for fifth in range(1, 6))]
    counts = [len(ends) // 5 - _LOADED, *[len(ends) // 5] * 4]
    return ", ".join(f"{(b - a) / count:.2f}" for (a, b), count in zip(itertools.pairwise(marks), counts, strict=True))


def batch_section(rows: Rows) -> str:
    """Return the tables, with what is to be reached."""
    runs = {row["name"]: row for row in rows if not row["name"].startswith("pace")}
    killed, again, full = runs["killed"], runs["killed, again"], runs["all"]
    by_workers = {
        workers: [row for row in rows if row["name"].startswith("pace") and row["workers"] == workers]
        for workers in (1, 2)
    }
    one, two = (
        {key: statistics.median(row[key] for row in by_workers[workers]) for key in _PACE} for workers in (1, 2)
    )
    pace = 2.0 * one["cpu_a_scan"] / two["cpu_a_scan"] * two["busy_share"] / one["busy_share"]
    body = table(
        ("run", "scans", "workers", "seconds", "to the first", "processor, s a scan", "s a scan", "busy", "killed",
         "begun again", "ended / twice", "computed", "largest worker by quarter, MB"),
        (
            (
                row["name"], row["scans"], row["workers"], f"{row['seconds']:.0f}", f"{row['first_s']:.1f}",
                f"{row['cpu_a_scan']:.2f}", f"{row['seconds_a_scan']:.2f}", f"{100 * row['busy_share']:.0f} %",
                row["kills"], row["begun_again"], f"{row['ended']} / {row['ended_twice']}",
                row["verdicts"].get("computed", 0), ", ".join(f"{size:.0f}" for size in row["memory_mb"]),
            )
            for row in rows
        ),
    )  # fmt: skip
    wall = one["seconds_a_scan"] / two["seconds_a_scan"]
    return f"""## Many scans

Small simulated scans (8 views of 339 x 192) as far as `{full["to"]}`, one thread a worker. *processor*, *s a
scan*, *busy* (share of the workers' time within scans): over the second half, when all is loaded. Others use the
machine, so that wall time says little.

- Pace of two workers against one, by turns, medians of {ROUNDS}: by what a scan takes of the processor and how busy
  workers are **{pace:.2f}** (bound 1.8); by wall time {wall:.2f}.
- Seconds from one end to the next by fifths of the {full["scans"]} scans: {_paces(full["ends"])}.
- A worker killed every {KILL_EVERY_S:g} s, {killed["kills"]} times: {killed["ended"]} of {killed["scans"]} ended,
  {killed["ended_twice"]} twice; a run after it computed {again["verdicts"].get("computed", 0)}.
- To give out a task and take its result: {full["task_ms"]:.1f} ms of the program that does so.
- Largest worker: {max(full["memory_mb"]):.0f} MB (bound 1500).

{body}"""
