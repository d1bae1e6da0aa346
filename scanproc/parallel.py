"""One function over many items on several threads. The results do not depend on how many there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

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
    """
    if len(items) == 1:  # no thread for that
        tell(what, 0, 1)
        results = [function(items[0])]
        tell(what, 1, 1)
        return results
    results = []
    pool = ThreadPoolExecutor(num_workers(), thread_name_prefix=what)
    try:
        for result in pool.map(function, items):
            tell(what, len(results), len(items))
            results.append(result)
        tell(what, len(items), len(items))
    finally:
        pool.shutdown(cancel_futures=True)
    return results


def shares(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Return the items in a few shares of about the same size, for work of which each item alone is too little."""
    size = max(1, -(-len(items) // _NUM_SHARES))
    return [items[k : k + size] for k in range(0, len(items), size)]


def num_cores() -> int:
    """Return how many cores this process may use: fewer than there are in a container, or under `taskset`."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
