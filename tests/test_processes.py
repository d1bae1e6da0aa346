"""The lock of a folder: one run at a time, none left behind by a killed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scanproc.errors import ScanError
from scanproc.processes import locked

HOLD = """import sys, time
from pathlib import Path
from scanproc.processes import locked
with locked(Path(sys.argv[1])):
    print(flush=True)
    time.sleep(600)
"""


def holder(folder: Path) -> subprocess.Popen[bytes]:
    """A process that holds a folder until it is killed."""
    words = [sys.executable, "-c", HOLD, str(folder)]
    held = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert held.stdout is not None and held.stdout.readline() is not None
    return held


def test_a_second_run_is_told_who_writes_there_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "demo"
    with holder(folder) as other:
        says = rf"demo is being written by process {other.pid} on .*, since 20"
        with pytest.raises(ScanError, match=says), locked(folder):
            pass
        other.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    assert (folder / ".lock").exists()  # of the dead one
    with locked(folder):
        assert f"process {os.getpid()} " in (folder / ".lock").read_text()


def test_nothing_is_left_where_nothing_was_made(tmp_path: Path) -> None:
    with locked(tmp_path / "outputs" / "demo"):
        pass
    assert not (tmp_path / "outputs").exists()
    with locked(tmp_path / "outputs" / "demo"):
        (tmp_path / "outputs" / "demo" / "run.json").touch()
    assert [file.name for file in (tmp_path / "outputs" / "demo").iterdir()] == ["run.json"]


def test_one_lock_after_the_other(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(ScanError, match="one run at a time"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
