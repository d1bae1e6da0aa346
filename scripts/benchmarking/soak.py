"""A long run of mixed work that is killed at random moments: what it leaves must open, and end as if undisturbed."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from truth import SCANS

from benchmarking.children import SCANPROC
from benchmarking.parts import Rows
from benchmarking.tables import table


@dataclass(frozen=True)
class Work:
    """What is asked for: words of the command line; small pictures and a coarse insole, for the moments count."""

    name: str
    words: tuple[str, ...]

    def command(self, out: Path) -> list[str]:
        return [*SCANPROC, "-q", *self.words, "--out", str(out)]


_SMALL = ("--set", "report.pixels_per_mm=1", "--set", "insole.grid_mm=1")
_THREE = tuple(str(SCANS / name) for name in ("demo", "demo-clouds", "demo-loaded"))
WORK = (
    Work("raised foot to its report", ("run", str(SCANS / "demo"), *_SMALL)),
    Work("clouds to the measures", ("run", str(SCANS / "demo-clouds"), "--to", "measure")),
    Work("standing foot to its report", ("run", str(SCANS / "demo-standing"), *_SMALL)),
    Work("a finished mesh to its measures", ("run", str(SCANS / "demo/truth/mesh.ply"), "--to", "measure")),
    Work("three scans as a batch", ("batch", *_THREE, "--to", "align", "--workers", "2")),
)  # fmt: skip


def measure_soak(kills: int, seed: int = 0) -> Rows:
    """Return a row for each kind of work: kills, results that were checked after them, and what was wrong.

    Every round begins with nothing. The work is started and killed, by SIGKILL with all that it started, after a time
    drawn evenly from that of an undisturbed run; started again over what is left, and so on, until it ends by itself.
    Each kind of work gets its share of the time, so that short ones come often.
    """
    rng = random.Random(seed)
    rows = {work.name: {"name": work.name, "kills": 0, "checked": 0, "rounds": 0, "wrong": []} for work in WORK}
    with tempfile.TemporaryDirectory() as folder:
        whole = {work: _undisturbed(work, Path(folder) / f"whole-{k}") for k, work in enumerate(WORK)}
        while sum(row["kills"] for row in rows.values()) < kills:
            work = rng.choices(WORK, [1.0 / whole[work][0] for work in WORK])[0]
            row, (seconds, status, files) = rows[work.name], whole[work]
            out = Path(folder) / "killed"
            shutil.rmtree(out, ignore_errors=True)
            while (ended := _killed_after(rng.uniform(0.0, seconds), work, out)) is None:
                row["kills"] += 1
                wrong, checked = _spoilt_stages(out)
                row["wrong"] += wrong
                row["checked"] += checked
            row["rounds"] += 1
            if ended != status:
                row["wrong"].append(f"status {ended}, undisturbed {status}")
            if _bytes_of(out) != files:
                row["wrong"].append("other bytes than undisturbed")
            print(f"{work.name}: {row['kills']} kills, {row['rounds']} rounds, wrong: {row['wrong']}", flush=True)
    return list(rows.values())


def soak_section(rows: Rows) -> str:
    """Return the table of the page."""
    head = ("work", "kills", "rounds", "stages checked after a kill", "wrong")
    lines = [
        (row["name"], row["kills"], row["rounds"], row["checked"], "; ".join(row["wrong"]) or "nothing") for row in rows
    ]
    return (
        "## Killed at random moments\n\nSIGKILL to all processes of a run, again and again until it ends by itself."
        "\nAfter each kill every stage that is there must be whole by its manifest; in the end status and bytes must be"
        "\nthose of a run that nobody disturbed.\n\n" + table(head, lines)
    )


def _undisturbed(work: Work, out: Path) -> tuple[float, int, dict[str, str]]:
    start = time.perf_counter()
    done = subprocess.run(work.command(out), capture_output=True, check=False)
    return time.perf_counter() - start, done.returncode, _bytes_of(out)


def _killed_after(seconds: float, work: Work, out: Path) -> int | None:
    """Return the exit status of the work, or None if it had to be killed."""
    process = subprocess.Popen(
        work.command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def _spoilt_stages(out: Path) -> tuple[list[str], int]:
    """Return which stages are not what their manifest says, and how many were looked at."""
    wrong, manifests = [], sorted(out.glob("*/[1-8]-*/manifest.json"))
    for folder in sorted(out.glob("*/[1-8]-*")):
        if not (folder / "manifest.json").is_file():
            wrong.append(f"{folder.name} without a manifest")
    for manifest in manifests:
        files = json.loads(manifest.read_text())["files"]
        found = {name: manifest.parent / name for name in files}
        found |= {name: manifest.parent.parent / name for name in files if name.endswith(".html")}  # pages lie beside
        if files != {name: _digest(path) for name, path in found.items()}:
            wrong.append(f"{manifest.parent.name} is not what its manifest says")
    return wrong, len(manifests)


def _bytes_of(out: Path) -> dict[str, str]:
    """Return the digests of all results; run.json tells seconds."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != "run.json"]
    return {str(path.relative_to(out)): _digest(path) for path in files if not path.name.startswith(".")}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "lost"
