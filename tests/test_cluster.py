"""Work shared out over processes: lost workers, items that fail, schedulers that are not there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from clusters import ThisProcess
from distributed import Client
from distributed.security import Security

from scanproc.cluster import work as work_module
from scanproc.cluster.work import Ended, Work
from scanproc.cluster.workers import ExistingCluster, LocalWorkers, local_workers
from scanproc.commands.live_table import LiveTable
from scanproc.errors import ScanError
from scanproc.parallel import WORKERS, num_cores, num_workers
from scanproc.processes import InUse
from scanproc.results import Run
from scanproc.several import batch as batch_module
from scanproc.several.batch import Batch


def do(item: str) -> tuple[int, str]:
    """Do what an item says, on a worker; return the number of threads, and where the worker listens."""
    what, _, flag = item.partition(" ")
    if what == "kill" or (what == "kill-once" and not Path(flag).exists()):
        Path(flag).touch()
        time.sleep(0.3)  # it is told by then that it has begun
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "fail":
        raise ZeroDivisionError("a bug")
    places = {place.laddr.ip for place in psutil.Process().net_connections() if place.status == psutil.CONN_LISTEN}
    return num_workers(), ",".join(sorted(places))


BEGUN: list[str] = []


def note(item: str) -> str:
    """Note that an item has begun, and take a while."""
    BEGUN.append(item)
    time.sleep(0.2)
    return item


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Ended[tuple[int, str]]], list[int], set[str]]:
    """What came of items on two processes, the items whose workers were lost, and where this process listened."""
    folder = tmp_path_factory.mktemp("flags")
    items = ["good", f"kill {folder / 'a'}", "fail", f"kill-once {folder / 'b'}", *["good"] * 4]
    lost: list[int] = []
    places: set[str] = set()
    ended = []
    for each in Work(LocalWorkers(2, 3, 1 << 30), do, items, lost.append).ended():
        ended.append(each)
        here = psutil.Process().net_connections()
        places |= {place.laddr.ip for place in here if place.status == psutil.CONN_LISTEN}
    return ended, lost, places


def test_each_item_ends_once_whatever_becomes_of_the_workers(
    worked: tuple[list[Ended[object]], list[int], set[str]],
) -> None:
    ended, lost, _ = worked
    assert sorted(each.index for each in ended) == list(range(8))
    of = {each.index: each for each in ended}
    assert [index for index, each in of.items() if each.failure] == sorted((1, 2), key=list(of).index)
    assert "its worker was lost whenever it ran" in of[1].failure and not of[1].details
    assert of[2].failure == "ZeroDivisionError: a bug" and "in do\n" in of[2].details
    assert of[3].result == of[0].result is not None
    assert lost.count(1) == lost.count(3) == 1  # one that kills its worker twice begins twice, and is left alone


def test_workers_use_the_threads_that_are_theirs_and_listen_to_this_machine_alone(
    worked: tuple[list[Ended[tuple[int, str]]], list[int], set[str]],
) -> None:
    ended, _, places = worked
    assert {each.result for each in ended if each.result} == {(3, "127.0.0.1")}
    assert places == {"127.0.0.1"}


def test_others_on_this_machine_are_not_let_in() -> None:
    with LocalWorkers(1, 1, 1 << 30).connected(30.0) as client:
        address = client.scheduler.address
        for stranger in (Security(), Security.temporary()):
            with pytest.raises((OSError, RuntimeError)):
                Client(
                    address.replace("tls", "tcp" if not stranger.require_encryption else "tls"),
                    security=stranger,
                    timeout=1,
                )
        assert client.submit(num_workers).result() == 1


def test_workers_are_as_many_as_cores_memory_and_items_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed.system

    monkeypatch.setattr("scanproc.cluster.workers.num_cores", lambda: 16)
    monkeypatch.setattr(distributed.system, "MEMORY_LIMIT", 9e9)
    assert local_workers(None, 100) == LocalWorkers(4, 4, int(2.25e9))
    assert local_workers(None, 3) == LocalWorkers(3, 5, int(3e9))
    assert local_workers(16, 100) == LocalWorkers(16, 1, int(9e9 / 16))
    monkeypatch.setattr(distributed.system, "MEMORY_LIMIT", 1e9)
    assert local_workers(None, 100).number == 1
    assert num_cores() >= 1


def test_a_scheduler_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(ScanError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9 within 0\.2 s .*dask scheduler"):
        ExistingCluster("tcp://127.0.0.1:9").connected(0.2).__enter__()
    with pytest.raises(ScanError, match="no scheduler answers at nowhere"):
        ExistingCluster("nowhere://x").connected(0.2).__enter__()


def test_what_a_lost_cluster_has_not_ended_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its workers are missing from the first look on: all that has not ended goes to the next."""
    monkeypatch.setattr(work_module, "_LOOK_S", 0.0)
    monkeypatch.setattr(work_module, "_SHORT_S", 0.0)

    class Short(ThisProcess):
        def is_whole(self, client: Client) -> bool:
            return len(BEGUN) > 2

    ended = list(Work(Short(), note, ["a", "b"], lambda _: None).ended())
    assert sorted(each.result or "" for each in ended) == ["a", "b"]
    assert len(BEGUN) > 2


def test_a_scan_that_another_process_writes_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module, "_PAUSE_S", 0.01)
    refusals = [InUse("held"), InUse("held")]

    def free_after_two(scan: Path) -> Run:
        if refusals:
            raise refusals.pop()
        raise ScanError("read by then")

    ((_, outcome),) = Batch([tmp_path], free_after_two, ThisProcess(), 30).run()
    assert outcome.refusals == ("read by then",)
    monkeypatch.setattr(batch_module, "_IN_USE_S", 0.0)
    refusals[:] = [InUse("held")] * 9
    ((_, outcome),) = Batch([tmp_path], free_after_two, ThisProcess(), 30).run()
    assert outcome.refusals == ("held",)


@pytest.mark.parametrize(("asked", "threads"), [(None, 1), ("5", 5)])
def test_the_environment_says_how_many_threads_a_scan_has(
    asked: str | None, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WORKERS, raising=False)
    if asked:
        monkeypatch.setenv(WORKERS, asked)
    count: Callable[[int], int] = lambda _: num_workers()  # noqa: E731
    assert [each.result for each in Work(ThisProcess(), count, [0], lambda _: None).ended()] == [threads]


def test_the_table_counts_and_says_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    now = [100.0]
    monkeypatch.setattr("scanproc.commands.live_table.time.monotonic", lambda: now[0])
    table = LiveTable(50, lambda: [(f"scans/{k}", 3.0 + k) for k in range(10)])
    assert table.seconds_left is None
    for verdict, pace in (*[("done", 9.0)] * 10, *[("refused", 2.0)] * 19, ("measured", 2.0)):
        now[0] += pace
        table.add(verdict)
    assert table.seconds_left == pytest.approx(20 * 2.0)  # the slow ones are long past
    console = Console(width=80)
    with console.capture() as capture:
        console.print(table.drawn())
    lines = capture.get().splitlines()
    assert [text.strip() for text in lines[3].strip("│").split("│")] == ["10", "10", "10", "1", "19", "40"]
    assert "scans/7 10 s" in capture.get() and "and 2 more" in capture.get() and "scans/8" not in capture.get()
