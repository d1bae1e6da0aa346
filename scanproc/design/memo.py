"""What was made of one foot before: several designs of it, and their proofs, share what the change did not touch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

Result = TypeVar("Result")

_MOST = 24  # results that are kept, a few MB each: those of two or three prescriptions and of their proofs


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_made: bool = False
    result: Any = None


class Memo:
    """Results by all that they follow from, besides the foot; the last few of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def of(self, follows_from: Hashable, make: Callable[[], Result]) -> Result:
        """Return what was made of the same before, or make it; two threads that ask for one thing make it once."""
        with self._lock:
            entry = self._entries.pop(follows_from, None) or _Entry()
            self._entries[follows_from] = entry
            while len(self._entries) > _MOST:
                self._entries.pop(next(iter(self._entries)))
        with entry.lock:
            if not entry.is_made:
                entry.result = make()
                entry.is_made = True
            return cast(Result, entry.result)
