"""One function over many items on several threads. The results do not depend on how many there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from scanproc.progress import tell

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Environment variable with the number of threads; all cores where it is not set.
WORKERS = "SCANPROC_WORKERS"


def num_workers() -> int:
    """Return how many threads `spread` uses."""
    stated = os.environ.get(WORKERS, "")
    return max(int(stated), 1) if stated.isdecimal() else os.cpu_count() or 1


def spread(function: Callable[[Item], Result], items: Sequence[Item], what: str) -> list[Result]:
    """Return what `function` makes of each item, in order, telling the listeners of `progress` how far it is.

    The function must let go of the GIL to gain from it, as compiled loops, numpy's large operations and image decoders
    do, and must not write to anything that another item's call reads.
    """
    results: list[Result] = []
    pool = ThreadPoolExecutor(num_workers())
    try:
        for result in pool.map(function, items):
            tell(what, len(results), len(items))
            results.append(result)
        tell(what, len(items), len(items))
    finally:
        pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C: what has not begun never begins
    return results
