"""Compiled loops give what the written ones give, are kept on disk, and never outlive the sources they were made of."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from scanproc.compiled import _Told, compiled
from scanproc.progress import listening

# A small package of two files, whose name makes the rules of this one's sources hold for it.
INNER = """
from scanproc.compiled import compiled

SCALE = {scale}

@compiled
def scaled(value):
    return SCALE * value
"""
OUTER = """
from scanproc.compiled import compiled
from scanproc_loops.inner import scaled

@compiled
def total(values):
    found = 0.0
    for value in values:
        found += scaled(value)
    return found
"""
PROGRAM = """
import logging, sys
import numpy as np

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
from scanproc_loops.outer import total

print(total(np.arange(5.0)), sum(total.stats.cache_hits.values()))
"""


@compiled
def cumulated(values):  # type: ignore[no-untyped-def]
    """Return (N,) running sums in the written order, and 1 / the first value."""
    sums = np.empty(len(values))
    found = 0.0
    for i in range(len(values)):
        found += values[i]
        sums[i] = found
    return sums, 1.0 / values[0]


class Loops:
    """The small package in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "scanproc_loops"
        self.package.mkdir()
        (self.package / "__init__.py").touch()
        (self.package / "outer.py").write_text(OUTER, encoding="utf-8")
        self.write_inner(scale=2.0)

    def write_inner(self, scale: float) -> None:
        (self.package / "inner.py").write_text(INNER.format(scale=scale), encoding="utf-8")

    def kept(self, module: str) -> list[Path]:
        """Return the folders of what was compiled of a module, one for each state of its sources."""
        return list((self.package / "__pycache__").glob(f"scanproc_loops.{module}-*"))

    def run(self, **environment: str) -> tuple[float, int, list[str]]:
        """Return what the loops make of 0 + 1 + 2 + 3 + 4, how many came from the disk, and the log."""
        paths = os.pathsep.join([str(self.folder), str(Path(__file__).parents[1])])
        kept = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            # Python's own cache goes by size and second: it would miss a change within one.
            env={**kept, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        value, hits = done.stdout.split()
        return float(value), int(hits), done.stderr.splitlines()


@pytest.fixture
def loops(tmp_path: Path) -> Loops:
    return Loops(tmp_path)


def test_compiled_loops_give_the_bits_of_the_written_ones() -> None:
    values = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-500, 500).clip(-12, 12)
    sums, first = cumulated(values)
    assert np.array_equal(sums, np.cumsum(values)) and first == 1.0 / values[0]
    with np.errstate(all="raise"):
        assert cumulated(np.zeros(3))[1] == np.inf, "a division by zero is numpy's, not Python's"


def test_they_are_compiled_once_and_said_to_be(loops: Loops) -> None:
    value, hits, (line,) = loops.run()
    assert (value, hits) == (20.0, 0)
    assert line == "compiling loops for this machine (once, up to a minute)"
    assert loops.run() == (20.0, 1, [])


@pytest.mark.slow
def test_a_change_in_another_file_is_seen(loops: Loops) -> None:
    """Numba alone looks at the file of the outer loop, which has not changed."""
    assert loops.run()[0] == 20.0
    loops.write_inner(scale=3.0)
    value, hits, log = loops.run()
    assert (value, hits, len(log)) == (30.0, 0, 1)
    assert loops.run() == (30.0, 1, [])


@pytest.mark.slow
def test_without_a_folder_to_keep_them_in_they_are_compiled_in_every_run(loops: Loops) -> None:
    (loops.package / "__pycache__").write_text("a file where the folder would be", encoding="utf-8")
    nowhere = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "LOCALAPPDATA": "NUL"}
    for _ in range(2):
        value, hits, (line,) = loops.run(**nowhere)
        assert (value, hits) == (20.0, 0)
        assert "in every run" in line and "NUMBA_CACHE_DIR" in line
    kept = str(loops.folder / "kept")
    assert loops.run(**nowhere, NUMBA_CACHE_DIR=kept)[1] == 0
    assert loops.run(**nowhere, NUMBA_CACHE_DIR=kept) == (20.0, 1, [])


def test_only_what_depends_on_a_change_is_compiled_again(loops: Loops) -> None:
    loops.run()
    (inner,) = loops.kept("inner")
    (loops.package / "outer.py").write_text(OUTER.replace("0.0", "1.0"), encoding="utf-8")
    assert loops.run()[:2] == (21.0, 0)
    assert loops.kept("inner") == [inner] and len(loops.kept("outer")) == 2


@pytest.mark.slow
def test_what_was_compiled_of_sources_long_gone_is_removed(loops: Loops) -> None:
    """But not what another check-out of the same place used of late."""
    loops.run()
    (first,) = loops.kept("inner")
    loops.write_inner(scale=3.0)
    loops.run()
    (second,) = set(loops.kept("inner")) - {first}
    os.utime(first, (0.0, 0.0))
    loops.run()
    assert set(loops.kept("inner")) == {first, second}, "nothing new, nothing is looked through"
    loops.write_inner(scale=4.0)
    assert loops.run()[0] == 40.0
    assert first not in loops.kept("inner") and second in loops.kept("inner")


def test_many_processes_at_once(loops: Loops) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: loops.run()[0], range(4)))
    assert found == [20.0] * 4
    assert loops.run() == (20.0, 1, [])


def test_the_folder_that_a_user_chose_is_kept_to(loops: Loops) -> None:
    kept = loops.folder / "kept"
    loops.run(NUMBA_CACHE_DIR=str(kept))
    assert {folder.name.rpartition("-")[0] for folder in kept.iterdir()} == {
        "scanproc_loops.inner", "scanproc_loops.outer",
    }  # fmt: skip
    assert not (loops.package / "__pycache__").exists()
    kept = loops.folder / "a file"
    kept.touch()
    assert "in every run" in loops.run(NUMBA_CACHE_DIR=str(kept))[2][0]
    assert not (loops.package / "__pycache__").exists(), "where the user did not want it"


def test_beside_sources_that_cannot_be_written_the_user_s_cache_is_taken(loops: Loops) -> None:
    (loops.package / "__pycache__").write_text("a file where the folder would be", encoding="utf-8")
    home = {"XDG_CACHE_HOME": str(loops.folder / "cache")}
    assert loops.run(**home)[:2] == (20.0, 0)
    assert loops.run(**home) == (20.0, 1, [])
    loops.write_inner(scale=3.0)
    assert loops.run(**home)[:2] == (30.0, 0)


def test_how_far_compiling_is_is_told_and_ends() -> None:
    told: list[tuple[str, int, int]] = []
    listener = _Told()
    listener.num_loops = 3
    with listening(lambda *step: told.append(step)):
        listener.on_start(None)
        listener.on_start(None)  # a loop that the first one calls
        listener.on_end(None)
        assert told == [("compiling loops", 0, 3), ("compiling loops", 1, 3)]
        listener.on_end(None)
        for _ in range(4):  # for other types of arguments
            listener.on_start(None)
            assert told[-1] == ("compiling loops", 2, 3)
            listener.on_end(None)
            assert told[-1] == ("compiling loops", 3, 3)
