"""Spreading work over threads: order, errors, progress and results are those of a plain loop; Ctrl-C ends it soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from scanproc import parallel
from scanproc.artifacts import DepthFrame, Intrinsics, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.parallel import WORKERS, meanwhile, num_workers, parallel_map, shares, using_workers
from scanproc.progress import listening
from scanproc.scan import write_recording

# A program whose first stage takes 40 s in one thread, and writes down each piece of work that it begins.
SLOW = """
import signal, time
from pathlib import Path
from scanproc import cli, pipeline
from scanproc.parallel import parallel_map

def work(item):
    with Path("begun.txt").open("a") as file:
        file.write("x")
    time.sleep(0.2)

def slow(recording, config):
    print("begun", flush=True)
    parallel_map(work, range(200), "sleeping")

signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the shell of the tests says
stage = pipeline.STAGES[0]
stage.takes, stage.makes  # as the real one says
stage.__dict__["function"] = slow
cli.main()
"""


@pytest.fixture(params=[1, 3])
def workers(request: pytest.FixtureRequest) -> int:
    return int(request.param)


# ------------------------------------------------------------------------------------------------ like a plain loop


def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    def late_first(item: int) -> tuple[int, str]:
        time.sleep(0.02 if item == 0 else 0.0)
        return item, threading.current_thread().name

    with using_workers(workers):
        done = parallel_map(late_first, range(30), "counting")
    assert [item for item, _ in done] == list(range(30))
    names = {name for _, name in done}
    assert threading.current_thread().name in names, "the calling thread works, too"
    assert len(names) == 1 if workers == 1 else 1 < len(names) <= workers


def test_work_within_work_is_done_though_all_helpers_are_busy() -> None:
    def inner(item: int) -> list[int]:
        return parallel_map(lambda other: (time.sleep(0.001), item * other)[1], range(4), "inner")

    with using_workers(80):  # more than there are helpers, each of which asks for as many
        assert parallel_map(inner, range(100), "outer") == [[item * other for other in range(4)] for item in range(100)]


def test_nothing_is_spread_to_nothing(workers: int) -> None:
    with using_workers(workers):
        assert parallel_map(str, [], "nothing") == []


def test_a_lone_item_takes_no_thread_and_is_told_of() -> None:
    told: list[tuple[str, int, int]] = []
    with listening(lambda *step: told.append(step)):
        assert parallel_map(lambda _: threading.current_thread(), [1], "alone") == [threading.current_thread()]
    assert told == [("alone", 0, 1), ("alone", 1, 1)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 26, 390])
def test_shares_hold_every_item_once_in_order_and_are_few_and_even(count: int) -> None:
    found = shares(range(count))
    assert [item for share in found for item in share] == list(range(count))
    assert len(found) <= 4
    assert max(map(len, found), default=0) == -(-count // 4)


def test_the_first_item_that_fails_decides_the_error_and_the_rest_is_left(workers: int) -> None:
    begun: list[int] = []

    def fail(item: int) -> None:
        begun.append(item)
        if item == 2:
            time.sleep(0.05)  # later than the next failure, and yet the one that is told
        if item >= 2:
            raise ScanError(f"view {item} is broken.")
        time.sleep(0.001)

    # Ten seconds of sleep on two threads: a busy machine begins thousands before it comes to hear of the failure.
    with using_workers(workers), pytest.raises(ScanError, match="view 2 is broken"):
        parallel_map(fail, range(20_000), "failing")
    assert {0, 1, 2} <= set(begun)
    assert len(begun) < 20_000


def test_the_listeners_hear_of_every_item_in_their_own_thread(workers: int) -> None:
    heard: list[tuple[str, int, int]] = []
    threads: set[str] = set()

    def listen(what: str, done: int, total: int) -> None:
        heard.append((what, done, total))
        threads.add(threading.current_thread().name)

    with using_workers(workers), listening(listen):
        parallel_map(str, "abc", "spelling")
    assert heard == [("spelling", done, 3) for done in (0, 1, 2, 3)]
    assert threads == {threading.current_thread().name}


def test_the_same_bytes_whatever_the_number_of_workers() -> None:
    images = np.random.default_rng(1).normal(size=(12, 60, 80))

    def blur(image: np.ndarray) -> bytes:
        return np.asarray(image @ image.T).tobytes()

    found = []
    for number in (1, 3):
        with using_workers(number):
            found.append(parallel_map(blur, images, "blurring"))
    assert found[0] == found[1]


# ------------------------------------------------------------------------------------------------ how many


def test_the_environment_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, number in (("1", 1), (" 7 ", 7)):
        monkeypatch.setenv(WORKERS, text)
        assert num_workers() == number
    for unset in ("", " "):
        monkeypatch.setenv(WORKERS, unset)
        assert 1 <= num_workers() <= (os.cpu_count() or 1)
    monkeypatch.delenv(WORKERS)
    assert 1 <= num_workers() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no cores to be kept from")
def test_cores_that_this_process_may_not_use_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert num_workers() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize("text", ["two", "0", "-1", "1.5", "2 3"])
def test_an_environment_that_says_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(WORKERS, text)
    with pytest.raises(ScanError, match=rf"{WORKERS} = '{text}'; expected a whole number from 1 on"):
        parallel_map(str, "abc", "spelling")


def test_what_was_chosen_wins_over_the_environment_and_only_within_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS, "5")
    with using_workers(2):
        assert num_workers() == 2
        with using_workers(None):
            assert num_workers() == 2
        with pytest.raises(ZeroDivisionError), using_workers(9):
            assert 1 / (num_workers() - 9)
        assert num_workers() == 2
    assert num_workers() == 5
    assert parallel._chosen == []


# ------------------------------------------------------------------------------------------------ Ctrl-C


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("number", ["1", "3"])
def test_ctrl_c_ends_a_run_soon_and_leaves_no_half_result(tmp_path: Path, number: str) -> None:
    camera = Intrinsics(8, 6, 8.0, 8.0, 3.5, 2.5)
    frame = DepthFrame("0", np.full((6, 8), 400, np.uint16), 1.0, camera)
    write_recording(tmp_path / "scan", Recording((frame,)), ScanFacts("scan"))
    words = ["run", "scan", "--to", "clean", "--workers", number]
    program = subprocess.Popen(
        [sys.executable, "-c", SLOW, *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"
    time.sleep(0.3)  # in the midst of the work
    program.send_signal(signal.SIGINT)
    _, log = program.communicate(timeout=60)
    assert program.returncode == 130
    assert 0 < (tmp_path / "begun.txt").stat().st_size < 100, "it went on with what had not begun"
    assert log.splitlines()[-1].startswith("scanproc: stopped") and "Traceback" not in log
    assert [path.name for path in (tmp_path / "outputs").rglob("*") if path.is_file()] in ([], ["run.json"])


# ------------------------------------------------------------------------------------------------ meanwhile


def test_what_is_begun_meanwhile_goes_on_beside_the_block() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert go_on.wait(30.0)
        return threading.current_thread().name

    with using_workers(2), meanwhile(work) as result:
        assert begun.wait(30.0)
        go_on.set()
        assert result() != threading.current_thread().name


def test_with_one_worker_it_is_done_where_it_is_asked_for() -> None:
    done: list[str] = []
    with using_workers(1), meanwhile(lambda: done.append(threading.current_thread().name)) as result:
        assert done == []
        result()
    assert done == [threading.current_thread().name]


def test_work_that_failed_is_told_where_it_is_asked_for(workers: int) -> None:
    reached = False
    with using_workers(workers), pytest.raises(ZeroDivisionError), meanwhile(lambda: 1 // 0) as result:
        reached = True
        result()
    assert reached


def test_a_block_that_fails_waits_for_what_was_begun_and_tells_its_own_failure() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        time.sleep(0.05)
        ended.set()
        raise ScanError("of the work")

    with using_workers(2), pytest.raises(ScanError, match="of the block"), meanwhile(work):
        assert begun.wait(30.0)
        raise ScanError("of the block")
    assert ended.is_set()


def test_work_meanwhile_within_such_work_is_done_though_all_helpers_are_busy() -> None:
    def nested(depth: int) -> int:
        if depth == 0:
            return 1
        with meanwhile(lambda: nested(depth - 1)) as other:
            return nested(depth - 1) + other()

    with using_workers(2):
        assert nested(9) == 2**9  # more than there are helpers
