"""One function over many items on several threads. The results do not depend on how many there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from scanproc.errors import ScanError
from scanproc.progress import tell

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Environment variable with the number of threads; as many as this process may use cores, where it is not set.
WORKERS = "SCANPROC_WORKERS"

_NUM_SHARES = 4  # even on two and on four cores, and half as even where others slow one of them down

_chosen: list[int] = []


@contextmanager
def using_workers(number: int | None) -> Iterator[None]:
    """Let `parallel_map` use this many threads within the block, whatever the environment says; None: as before."""
    before = _chosen[:]
    _chosen[:] = before if number is None else [number]
    try:
        yield
    finally:
        _chosen[:] = before


def num_workers() -> int:
    """Return how many threads `parallel_map` uses.

    Raises
    ------
    ScanError
        If the environment variable is no whole number from 1 on.
    """
    if _chosen:
        return _chosen[0]
    stated = os.environ.get(WORKERS, "").strip()
    if not stated:
        return num_cores()
    if not (stated.isdecimal() and int(stated) > 0):
        raise ScanError(
            f"the environment says {WORKERS} = {stated!r}; expected a whole number from 1 on. Correct or unset it."
        )
    return int(stated)


def parallel_map(function: Callable[[Item], Result], items: Sequence[Item], what: str) -> list[Result]:
    """Return what `function` makes of each item, in order, telling the listeners of `progress` how far it is.

    The function must let go of the GIL to gain from it, as compiled loops, numpy's large operations and image decoders
    do, and must not write to anything that another item's call reads. The first item that fails, in order, decides the
    error; it, or Ctrl-C, ends the work: what has not begun by then never begins.

    The calling thread works, too: what helpers have no time for, as they are at work for others, it does alone.
    """
    work = _Work(function, items, what)
    num_helpers = min(num_workers(), len(items)) - 1 if len(items) > 1 else 0
    helpers = [_helpers.submit(work.take_on) for _ in range(num_helpers)]
    try:
        work.take_on(work.tell)
    finally:
        work.left = iter(())
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    return work.all_results()


@contextmanager
def meanwhile(function: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Let a helper begin with what is wanted later in the block: what is yielded returns it, or raises its failure.

    As with `parallel_map`, neither may write to what the other reads, and results do not depend on how many threads
    there are: what no helper has begun by then, the calling thread does itself. A block that fails, or never asks, lets
    no work begin, and waits for the end of what was begun.
    """
    helper = _helpers.submit(function) if num_workers() > 1 else None

    def result() -> Result:
        return function() if helper is None or helper.cancel() else helper.result()

    try:
        yield result
    finally:
        if helper is not None and not helper.cancel():
            wait([helper])


# Threads that wait for work: a search asks for them a hundred times a second, too often to begin new ones.
_helpers = ThreadPoolExecutor(64, "helper")


@dataclass(frozen=True)
class _Attempt:
    """Notes how an item failed: the others that were begun are waited for before the first failure is raised."""

    failures: dict[int, Exception]
    place: int

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, failure: BaseException | None, _traceback: object) -> bool:
        if isinstance(failure, Exception):
            self.failures[self.place] = failure
        return isinstance(failure, Exception)


class _Work(Generic[Item, Result]):
    """Items that several threads take one after the other, and what became of them."""

    def __init__(self, function: Callable[[Item], Result], items: Sequence[Item], what: str) -> None:
        self.function, self.items, self.what = function, items, what
        self.left = iter(range(len(items)))
        self.results: dict[int, Result] = {}
        self.failures: dict[int, Exception] = {}
        self.num_told = -1
        self.tell()

    def take_on(self, after_each: Callable[[], None] | None = None) -> None:
        """Work on items until none is left, or one has failed."""
        while not self.failures and (place := next(self.left, None)) is not None:
            with _Attempt(self.failures, place):
                self.results[place] = self.function(self.items[place])
            if after_each is not None:
                after_each()

    def tell(self) -> None:
        """Tell the listeners of each item that is done."""
        for done in range(self.num_told + 1, len(self.results) + 1):
            tell(self.what, done, len(self.items))
            self.num_told = done

    def all_results(self) -> list[Result]:
        """Return the results in the order of the items, or raise the first failure in that order."""
        self.tell()
        if self.failures:
            raise self.failures[min(self.failures)]
        return [self.results[place] for place in range(len(self.items))]


def shares(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Return the items in a few shares of about the same size, for work of which each item alone is too little."""
    size = max(1, -(-len(items) // _NUM_SHARES))
    return [items[k : k + size] for k in range(0, len(items), size)]


def num_cores() -> int:
    """Return how many cores this process may use: fewer than there are in a container, or under `taskset`."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
