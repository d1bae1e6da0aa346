"""Files that ROS records messages to, read one at a time: `.bag` of ROS 1, and `.db3` (SQLite) of ROS 2."""

from __future__ import annotations

import sqlite3
import struct
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scanproc.errors import ScanError

_MANY = 10_000_000  # messages; a day of all that a camera sends
_LONGEST_MESSAGE = 200_000_000  # bytes


@dataclass(frozen=True)
class Topic:
    """A stream of messages: its type without the package's version, and when each was recorded, ns."""

    name: str
    kind: str
    times_ns: tuple[int, ...]


class RosLog(Protocol):
    """An opened file. Any thread may read messages.

    Attributes
    ----------
    topics : by name.
    is_cdr : whether messages are written as ROS 2 does.
    """

    @property
    def path(self) -> Path: ...
    @property
    def topics(self) -> Mapping[str, Topic]: ...
    @property
    def is_cdr(self) -> bool: ...
    def message(self, topic: str, place: int) -> bytes:
        """Return the bytes of a message."""


def open_log(path: Path) -> RosLog:
    """Open a `.bag` or `.db3`.

    Raises
    ------
    ScanError
        If it is none, or is cut off.
    """
    return _Db3(path) if path.suffix.lower() == ".db3" else _Bag(path)


def _broken(path: Path, error: object, advice: str) -> ScanError:
    return ScanError(f"{path} is broken or cut off ({str(error)[:120]}); expected a whole recording. {advice}.")


class _Bag:
    """A `.bag`, by rosbags: pure Python, and one chunk in memory at a time."""

    is_cdr = False
    _ADVICE = "Copy it again, or mend it by ROS's command: rosbag reindex"

    def __init__(self, path: Path) -> None:
        from rosbags.rosbag1 import Reader, ReaderError

        self.path = path
        self._errors = (
            ReaderError, AssertionError, ValueError, LookupError, OSError, EOFError, RuntimeError, MemoryError,
            OverflowError, TypeError, struct.error,
        )  # fmt: skip
        self._lock = threading.Lock()
        try:
            self._reader: Any = Reader(path)
            self._reader.open()
        except self._errors as error:
            raise _broken(path, error, self._ADVICE) from None
        weakref.finalize(self, self._reader.close)
        self._connections = {each.topic: each for each in self._reader.connections}
        self.topics = {}
        for name, each in self._connections.items():
            times = tuple(entry.time for entry in self._reader.indexes.get(each.id, ()))
            self.topics[name] = Topic(name, each.msgtype.replace("/msg/", "/"), times)

    def message(self, topic: str, place: int) -> bytes:
        """Return the bytes of a message."""
        times = self.topics[topic].times_ns
        time = times[place]
        before = place - times.index(time)  # of the same time
        try:
            with self._lock:
                found = self._reader.messages([self._connections[topic]], time, time + 1)
                for _ in range(before):
                    next(found)
                return bytes(next(found)[2])
        except (*self._errors, StopIteration) as error:
            raise _broken(self.path, error, self._ADVICE) from None


class _Db3:
    """A `.db3` of ROS 2's recorder, as librealsense 2.59 writes it."""

    is_cdr = True
    _ADVICE = "Copy it again, or record it again"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        if path.stat().st_size < _announced_bytes(path):
            raise _broken(path, f"it has {path.stat().st_size} bytes, and announces more", self._ADVICE)
        try:  # immutable: nothing is written beside the recording
            self._database = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            weakref.finalize(self, self._database.close)
            topics = self._database.execute("SELECT id, name, type FROM topics").fetchall()
            rows = self._database.execute(
                f"SELECT topic_id, id, timestamp FROM messages ORDER BY timestamp, id LIMIT {_MANY}"
            ).fetchall()
        except (sqlite3.Error, OverflowError, ValueError, MemoryError) as error:
            raise _broken(path, error, self._ADVICE) from None
        self._ids: dict[str, list[int]] = {str(name): [] for _, name, _ in topics}
        times: dict[str, list[int]] = {str(name): [] for _, name, _ in topics}
        name_of = {number: str(name) for number, name, _ in topics}
        for number, message, time in rows:
            if number in name_of and isinstance(time, int):
                self._ids[name_of[number]].append(message)
                times[name_of[number]].append(time)
        self.topics = {
            str(name): Topic(str(name), str(kind).replace("/msg/", "/"), tuple(times[str(name)]))
            for _, name, kind in topics
        }

    def message(self, topic: str, place: int) -> bytes:
        """Return the bytes of a message."""
        try:
            with self._lock:
                row = self._database.execute(
                    "SELECT data FROM messages WHERE id = ? AND length(data) <= ?",
                    (self._ids[topic][place], _LONGEST_MESSAGE),
                ).fetchone()
        except (sqlite3.Error, OverflowError, ValueError, MemoryError) as error:
            raise _broken(self.path, error, self._ADVICE) from None
        if row is None or not isinstance(row[0], bytes):
            raise _broken(self.path, f"message {place} of {topic} cannot be read", self._ADVICE)
        return row[0]


def _announced_bytes(path: Path) -> int:
    """Return how long an SQLite database is by its header: SQLite takes zeros for what is cut off at the end."""
    with path.open("rb") as file:
        head = file.read(32)
    if not head.startswith(b"SQLite format 3\0") or len(head) < 32:
        return 32
    page, count = struct.unpack_from(">H", head, 16)[0], struct.unpack_from(">I", head, 28)[0]
    return (65536 if page == 1 else int(page)) * int(count)
