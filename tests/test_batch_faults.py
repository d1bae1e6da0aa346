"""Batches whose workers are killed and which are stopped: the next one ends with what an undisturbed run gives."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import trimesh
from feet import AnalyticFoot

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def batch(scans: list[Path], out: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "scanproc", "batch", *map(str, scans), "--to", "measure", "--out", str(out)]
    return subprocess.Popen(
        [*words, "--workers", "2"], env=os.environ | {"PYTHONPATH": str(ROOT)}, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def workers_of(program: subprocess.Popen[str]) -> list[psutil.Process]:
    found = []
    with suppress(psutil.Error):
        for child in psutil.Process(program.pid).children():
            with suppress(psutil.Error):
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
    return found


def wait_for(out: Path, pattern: str, number: int, program: subprocess.Popen[str]) -> None:
    while len(list(out.glob(pattern))) < number and program.poll() is None:
        time.sleep(0.02)


def hashes(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }


def test_killed_workers_and_ctrl_c_change_nothing_of_what_comes_out(tmp_path: Path) -> None:
    foot = AnalyticFoot(step_mm=4.0).mesh()
    scans = [tmp_path / "scans" / f"foot-{k}.stl" for k in range(6)]
    scans[0].parent.mkdir()
    for k, scan in enumerate(scans):
        trimesh.Trimesh(foot.vertices * (1.0 + 0.01 * k), foot.faces, process=False).export(scan)
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    undisturbed = batch(scans, calm)
    said, errors = undisturbed.communicate(timeout=500)
    assert (undisturbed.returncode, errors) == (0, ""), errors
    assert sorted(line.split()[1] for line in said.splitlines()[:6]) == [str(scan) for scan in scans]

    stopped = batch(scans, rough)
    wait_for(rough, "*/4-align", 1, stopped)
    for worker in workers_of(stopped):
        worker.kill()
    wait_for(rough, "*/5-measure", 3, stopped)
    os.killpg(stopped.pid, signal.SIGINT)
    _, errors = stopped.communicate(timeout=200)
    assert stopped.returncode == 130 and "Traceback" not in errors
    assert "its worker was lost; it is run again" in errors
    assert errors.splitlines()[-1] == "scanproc: stopped; the stages that were finished stay"
    assert not (rough / "cohort.csv").exists()

    again = batch(scans, rough)
    said, errors = again.communicate(timeout=500)
    assert (again.returncode, errors) == (0, "")
    assert sorted(line.split()[1] for line in said.splitlines()[:6]) == [str(scan) for scan in scans]
    assert hashes(rough) == hashes(calm)


def test_workers_end_with_a_batch_that_is_killed(tmp_path: Path) -> None:
    foot = AnalyticFoot(step_mm=4.0).mesh()
    scan = tmp_path / "foot.stl"
    trimesh.Trimesh(foot.vertices, foot.faces, process=False).export(scan)
    killed = batch([scan, tmp_path / "nothing"], tmp_path / "out")
    wait_for(tmp_path, "out/*/4-align", 1, killed)
    workers = workers_of(killed)
    killed.kill()
    killed.communicate()
    assert workers
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []
