"""A watched folder: what has come to rest is run once, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from scanproc.artifacts import Intrinsics, Refusal
from scanproc.cli import main
from scanproc.errors import ScanError
from scanproc.processes import locked
from scanproc.readers.captured import CaptureNotes, GrowingRecording
from scanproc.readers.facts import facts_stating
from scanproc.several.watching import LEDGER_NAME, Watch

MESH = Path(__file__).parents[1] / "scans" / "demo" / "truth" / "mesh.ply"
REST_S = 5.0


class Room:
    """A watched folder with a clock of its own, and a list of what was run."""

    def __init__(self, folder: Path) -> None:
        self.inbox, self.out, self.now, self.ran = folder / "in", folder / "out", 0.0, list[str]()
        self.inbox.mkdir(exist_ok=True)
        self.refusals: tuple[Refusal, ...] = ()
        self.meanwhile: Callable[[], Any] = lambda: None
        self.watch = self.restarted()

    def restarted(self) -> Watch:
        self.watch = Watch(self.inbox, self.out, self._run, REST_S, lambda: self.now)  # type: ignore[arg-type]
        return self.watch

    def _run(self, path: Path) -> Any:
        self.ran.append(path.name)
        self.meanwhile()
        return SimpleNamespace(refusals=self.refusals, as_json=lambda: {"report": f"{path.stem}/report.html"})

    def look(self, after_s: float = REST_S + 1.0) -> list[str]:
        """Return the names of what is filed at the next look."""
        self.now += after_s
        return [each.scan for each in self.watch.look()]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_scan_is_run_when_it_rests_and_never_again(room: Room) -> None:
    shutil.copy(MESH, room.inbox / "anna.ply")
    assert room.look() == []  # it was never seen before: it may be growing
    assert room.look(REST_S - 1.0) == []
    assert room.look(2.0) == ["anna.ply"]
    for _ in range(3):
        assert room.look() == []
    room.restarted()
    for _ in range(3):
        assert room.look() == []
    os.utime(room.inbox / "anna.ply")  # touched, not changed
    for _ in range(3):
        assert room.look() == []
    assert room.ran == ["anna.ply"]


def test_a_copy_that_grows_is_waited_for(room: Room) -> None:
    whole = MESH.read_bytes()
    for part in range(4):
        with (room.inbox / "slow.ply").open("ab") as stream:
            stream.write(whole[part * len(whole) // 4 : (part + 1) * len(whole) // 4])
        assert room.look(REST_S - 0.5) == []
    assert room.look() == ["slow.ply"]
    shutil.copy(MESH, room.inbox / "other.ply.part")
    (room.inbox / ".hidden.ply").write_bytes(whole)
    assert [room.look() for _ in range(3)] == [[], [], []]
    (room.inbox / "other.ply.part").rename(room.inbox / "other.ply")
    assert [room.look() for _ in range(2)] == [[], ["other.ply"]]


def test_a_scan_that_changes_while_it_is_run_is_run_again(room: Room) -> None:
    whole = MESH.read_bytes()
    (room.inbox / "a.ply").write_bytes(whole[: len(whole) // 2])

    def grow() -> None:
        (room.inbox / "a.ply").write_bytes(whole)

    room.look()
    room.meanwhile = grow
    assert room.look() == []  # what was run is not what lies there
    room.meanwhile = lambda: None
    room.look()
    assert room.look() == ["a.ply"]
    assert room.ran == ["a.ply", "a.ply"]


def test_a_live_recording_without_an_end_waits_longer(room: Room) -> None:
    recording = GrowingRecording(
        room.inbox / "live", {"a": Intrinsics(4, 3, 4.0, 4.0, 2.0, 1.0)}, facts_stating("live", subject="x")
    )
    room.look()
    assert room.look(2.0 * REST_S) == []
    recording.note(CaptureNotes(1, 1.0, (), True, "all of the foot was seen"))
    room.look()
    assert room.look() == ["live"]
    killed = GrowingRecording(
        room.inbox / "killed", {"a": Intrinsics(4, 3, 4.0, 4.0, 2.0, 1.0)}, facts_stating("killed", subject="x")
    )
    assert killed.folder.exists()
    room.look()
    assert room.look(20.0 * REST_S) == ["killed"]


def test_refusals_are_filed_with_their_words_and_not_tried_again(room: Room) -> None:
    room.refusals = (Refusal("align", "no foot"),)
    shutil.copy(MESH, room.inbox / "b.ply")
    (room.inbox / "scan.zip").write_bytes(b"PK\x03\x04")
    (room.inbox / "notes.txt").write_text("not a scan")
    room.look()
    assert room.look() == ["b.ply", "scan.zip"]
    lines = [json.loads(line) for line in (room.out / LEDGER_NAME).read_text().splitlines()]
    assert (lines[0]["status"], lines[0]["messages"]) == ("refused", ["align: no foot"])
    room.restarted()
    assert [room.look() for _ in range(2)] == [[], []]
    shutil.copy(MESH, room.inbox / "a.ply")
    (room.inbox / "b.ply").write_bytes(MESH.read_bytes()[:-12])  # another scan by the same name
    room.look()
    assert room.look() == ["a.ply", "b.ply"]


def test_a_line_that_was_cut_off_is_no_line_and_the_next_is_whole(room: Room) -> None:
    shutil.copy(MESH, room.inbox / "a.ply")
    room.look()
    room.look()
    ledger = room.out / LEDGER_NAME
    ledger.write_bytes(ledger.read_bytes()[:-40])  # killed while it was written
    room.restarted()
    room.look()
    assert room.look() == ["a.ply"]
    room.restarted()
    assert [room.look() for _ in range(2)] == [[], []]


def test_a_scan_that_another_process_works_at_is_left_for_later(room: Room) -> None:
    shutil.copy(MESH, room.inbox / "a.ply")

    def busy() -> None:
        with locked(room.out / "a"):
            pass

    with locked(room.out / "a"):
        room.meanwhile = busy
        room.look()
        assert room.look() == []
    assert room.look() == ["a.ply"]


def test_a_folder_that_is_not_there_or_is_watched_already(room: Room, tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["watch", str(tmp_path / "nothing"), "--once"])
    assert (answer.exit_code, answer.output.count("\n")) == (1, 1)
    assert "is no folder" in answer.output
    first = room.watch.rounds(0.0, once=True)
    assert list(first) == []
    with locked(room.out / ".watch"), pytest.raises(ScanError, match="is being written by"):
        list(room.watch.rounds(0.0, once=True))


@pytest.mark.slow
def test_a_watch_that_is_killed_in_the_middle_of_a_run_files_it_next_time_once(tmp_path: Path) -> None:
    inbox, out = tmp_path / "in", tmp_path / "out"
    inbox.mkdir()
    shutil.copy(MESH, inbox / "a.ply")
    command = [
        sys.executable,
        "-m",
        "scanproc",
        "watch",
        str(inbox),
        "--out",
        str(out),
        "--rest",
        "0.5",
        "--to",
        "measure",
    ]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not (out / "a" / "4-align").exists():
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not (out / LEDGER_NAME).exists()
    for _ in range(2):
        subprocess.run([*command, "--once"], check=True, capture_output=True)
        (line,) = (out / LEDGER_NAME).read_text().splitlines()
        assert (json.loads(line)["scan"], json.loads(line)["status"]) == ("a.ply", "done")


def test_lines_of_another_program_are_no_lines(room: Room) -> None:
    room.out.mkdir(parents=True)
    odd = [b"\xff\xfe", b"5", b"{}", b'{"messages": 5}', b'{"scan": "a"}', b"[" * 20_000, b'{"messages": [], "x": 1}']
    (room.out / "watched.jsonl").write_bytes(b"\n".join(odd) + b"\n")
    assert room.restarted() is not None and room.look() == []
