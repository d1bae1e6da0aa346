"""Batches on clusters that are there: by hand, by the script for SLURM, by that for Kubernetes."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import trimesh
from feet import AnalyticFoot

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
DASK = [PYTHON, "-m", "dask"]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(ROOT),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0",
}
SBATCH = """#!/bin/sh
# The job's script is the last argument.
for script; do :; done
setsid sh "$script" > "$script.log" 2>&1 &
echo "Submitted batch job $!"
"""
KUBE_CLUSTER = """
from distributed import LocalCluster

def make_cluster_spec(**given):
    assert given["worker_command"][-2:] == ["--nthreads", "1"]
    return {"spec": {"worker": {"spec": {"containers": [{}]}}}}

class KubeCluster(LocalCluster):
    def __init__(self, custom_cluster_spec):
        assert custom_cluster_spec["spec"]["worker"]["spec"]["volumes"]
        super().__init__(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0")
"""


@pytest.fixture
def scans(tmp_path: Path) -> list[Path]:
    """Three feet, and a folder that is no scan."""
    foot = AnalyticFoot(step_mm=4.0).mesh()
    paths = [tmp_path / "scans" / f"foot-{k}.stl" for k in range(3)]
    paths[0].parent.mkdir()
    for k, path in enumerate(paths):
        trimesh.Trimesh(foot.vertices * (1.0 + 0.01 * k), foot.faces, process=False).export(path)
    (tmp_path / "scans" / "empty").mkdir()
    return [*paths, tmp_path / "scans" / "empty"]


@contextmanager
def running(*words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, and end it and all that it has started with the block."""
    program = subprocess.Popen([str(word) for word in words], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    try:
        yield program
    finally:
        with suppress(psutil.Error):
            for each in (*psutil.Process(program.pid).children(recursive=True), psutil.Process(program.pid)):
                with suppress(psutil.Error):
                    each.kill()
        program.wait()


def scheduler(port: int) -> list[str]:
    return [*DASK, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]


def worker(port: int) -> list[str]:
    """Return the command of a worker that is started again whenever it ends, as systemd would."""
    words = [*DASK, "worker", f"tcp://127.0.0.1:{port}", "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard"]
    return ["sh", "-c", f"while :; do {' '.join(words)}; sleep 0.5; done"]


def rows(out: Path) -> list[tuple[str, bool]]:
    with (out / "cohort.csv").open(encoding="utf-8", newline="") as file:
        return [(row["scan"], bool(row["foot_length_mm"])) for row in csv.DictReader(file)]


EXPECTED = [("foot-0", True), ("foot-1", True), ("foot-2", True), ("empty", False)]


def test_a_scheduler_that_is_killed_and_started_again_loses_nothing(
    scans: list[Path], tmp_path: Path, free_port: int
) -> None:
    out, address = tmp_path / "out", f"tcp://127.0.0.1:{free_port}"
    words = ["batch", *map(str, scans), "--to", "measure", "--out", str(out), "--scheduler", address]
    with running(*worker(free_port)), running(*worker(free_port)):
        with running(*scheduler(free_port)) as first:
            time.sleep(5.0)
            batch = subprocess.Popen(
                [PYTHON, "-m", "scanproc", *words], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                encoding="utf-8",
            )  # fmt: skip
            while not list(out.glob("*/4-align")) and batch.poll() is None:
                time.sleep(0.1)
            first.send_signal(signal.SIGKILL)
        with running(*scheduler(free_port)):
            said, errors = batch.communicate(timeout=400)
    assert batch.returncode == 1 and "Traceback" not in errors  # the empty folder is refused
    assert rows(out) == EXPECTED
    ended = [line.split()[1] for line in said.splitlines() if line.startswith(("done", "refused"))]
    assert sorted(ended) == sorted(map(str, scans))  # each once


def test_the_script_for_slurm_runs_scans_in_jobs(scans: list[Path], tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", '#!/bin/sh\nkill -- "-$1"\n'), ("squeue", "#!/bin/sh\n")):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    environment = ENVIRONMENT | {"PATH": f"{tools}:{os.environ['PATH']}", "DASK_JOBQUEUE__SLURM__INTERFACE": "lo"}
    out = tmp_path / "out"
    done = subprocess.run(
        [PYTHON, ROOT / "docs/cluster/slurm.py", *scans, "--to", "measure", "--out", out],
        env=environment, capture_output=True, encoding="utf-8", timeout=500,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert rows(out) == EXPECTED


def test_the_script_for_kubernetes_runs_scans_on_what_it_is_given(scans: list[Path], tmp_path: Path) -> None:
    package = tmp_path / "stand-in" / "dask_kubernetes"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "operator.py").write_text(KUBE_CLUSTER, encoding="utf-8")
    environment = ENVIRONMENT | {"PYTHONPATH": f"{ROOT}:{package.parent}"}
    out = tmp_path / "out"
    done = subprocess.run(
        [PYTHON, ROOT / "docs/cluster/kubernetes.py", *scans, "--to", "measure", "--out", out],
        env=environment, capture_output=True, encoding="utf-8", timeout=500,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert rows(out) == EXPECTED


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
