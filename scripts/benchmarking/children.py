"""Programs run on their own: how long they took and how much memory they needed at most."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
#: The command line of this very checkout.
SCANPROC = (PYTHON, "-m", "scanproc")

#: A small program between us and the one measured: a program counts the memory of the one that started it as its own.
_LAUNCHER = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
with open(sys.argv[1], "w") as output:
    status = subprocess.run(sys.argv[2:], stdout=output, stderr=subprocess.STDOUT).returncode
seconds = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
memory = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak_mb": memory, "status": status}))
"""


@dataclass(frozen=True)
class Child:
    """What became of a program: wall and processor seconds, the largest memory in MB, exit status, last words."""

    seconds: float
    cpu: float
    peak_mb: float
    status: int
    said: str


def run_child(command: Sequence[str | Path]) -> Child:
    """Run a program to its end."""
    words = [str(word) for word in command]
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output.txt"
        launched = subprocess.run(
            [PYTHON, "-I", "-S", "-c", _LAUNCHER, str(output), *words], capture_output=True, text=True, check=True
        )
        return Child(**json.loads(launched.stdout), said=output.read_text(errors="replace").strip()[-2000:])


def failure(child: Child) -> str:
    """Return why a program did not end well: its last line."""
    return child.said.splitlines()[-1] if child.said else f"status {child.status}"


def run_to(stage: str, scan: Path, out: Path) -> Child:
    """Run the whole program on a scan, from its files to a stage; nothing of an earlier run may be in `out`."""
    return run_child([*SCANPROC, "run", scan, "--to", stage, "--out", out])


def run_to_surface(scan: Path, out: Path) -> Child:
    return run_to("surface", scan, out)
