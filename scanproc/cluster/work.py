"""Items that workers work off, one a task: lost workers are made up for, and an item that fails stops no other."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from scanproc.parallel import WORKERS, using_workers

if TYPE_CHECKING:
    from distributed import Client, Future

Item = TypeVar("Item")
Result = TypeVar("Result")

log = logging.getLogger(__name__)

_FIRST_S = 10.0  # that a scheduler has to answer at first: a wrong address is soon told
_LOST_S = 300.0  # that one which was there has to come back
_SHORT_S = 60.0  # that workers may be fewer than they should be, before all are started anew
_LOOK_S = 5.0  # between two looks at that
_PAUSE_S = 0.05  # between two looks for what has ended

_one_at_a_time = threading.Lock()


class Cluster(Protocol):
    """Where work is done."""

    def connected(self, patience_s: float) -> AbstractContextManager[Client]:
        """Connect to the workers; ScanError where they cannot be reached within so many seconds."""

    def is_whole(self, client: Client) -> bool:
        """Whether all workers are there that should be."""

    @property
    def advice(self) -> str:
        """What is done, or is to be done, where they are not."""


@dataclass(frozen=True)
class Ended(Generic[Result]):
    """What came of one item.

    Attributes
    ----------
    index : of the item.
    result : None where there is none.
    failure : why there is none, in a line; empty if there is one.
    details : the traceback of an error of the program; empty where a worker was lost.
    """

    index: int
    result: Result | None
    failure: str = ""
    details: str = ""


@dataclass
class Work(Generic[Item, Result]):
    """A function over many items on the workers of a cluster.

    Attributes
    ----------
    running : items that are worked on, by index, and since when (`time.monotonic`).
    lost : is called with the index of an item whose worker was lost, when it begins again.
    left : items that have not ended, by index.
    """

    cluster: Cluster
    function: Callable[[Item], Result]
    items: Sequence[Item]
    lost: Callable[[int], None]
    running: dict[int, float] = field(default_factory=dict)
    left: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.left = set(range(len(self.items)))

    def ended(self) -> Iterator[Ended[Result]]:
        """Yield what comes of each item as it ends, once each; what a scheduler has lost begins anew once it is back.

        Raises
        ------
        ScanError
            If the scheduler cannot be reached.
        """
        patience_s = _FIRST_S
        while self.left:
            with self.cluster.connected(patience_s) as client:
                for ended in self._until_lost(client, sorted(self.left)):
                    self.left.discard(ended.index)
                    self.running.pop(ended.index, None)
                    yield ended
            self.running.clear()
            patience_s = _LOST_S

    def _until_lost(self, client: Client, indices: Sequence[int]) -> Iterator[Ended[Result]]:
        """Yield what ends while the scheduler is there."""
        from distributed import as_completed

        topic = f"scanproc-{uuid.uuid4()}"
        client.subscribe_topic(topic, self._begun)
        futures: list[Future] = client.map(
            _work, [self.function] * len(indices), [topic] * len(indices), indices, [self.items[k] for k in indices],
            pure=False,
        )  # fmt: skip
        index_of = dict(zip((future.key for future in futures), indices, strict=True))
        waiting = as_completed(futures, loop=client.loop)
        del futures  # a result that has been fetched is not kept
        whole_at = looked_at = time.monotonic()
        while not waiting.is_empty():
            for future in waiting.next_batch(block=False):
                ended = _ended(index_of[future.key], future)
                if ended is None:
                    return
                yield ended
            now = time.monotonic()
            if now - looked_at > _LOOK_S:
                looked_at, whole_at = now, now if self.cluster.is_whole(client) else whole_at
                if now - whole_at > _SHORT_S:
                    log.warning("workers are missing for %.0f s: %s", _SHORT_S, self.cluster.advice)
                    return
            time.sleep(_PAUSE_S)

    def _begun(self, event: tuple[float, Any]) -> None:
        index = int(event[1])
        if index not in self.left:  # it has ended by the time that this is told
            return
        if index in self.running:
            self.lost(index)
        self.running[index] = time.monotonic()


def _ended(index: int, future: Future) -> Ended[Any] | None:
    """Return what came of a future; None if the scheduler was lost before it could be fetched."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    if future.status != "error":
        try:
            return Ended(index, future.result())
        except (FutureCancelledError, KilledWorker, OSError, RuntimeError, TimeoutError):
            if future.status != "error":
                return None
    error = future.exception()
    if isinstance(error, KilledWorker):
        return Ended(
            index,
            None,
            "its worker was lost whenever it ran: it takes more memory than a worker has, or ends the program. It is "
            "left alone: run it by itself, or with fewer workers, each of which then has more memory.",
        )
    details = "".join(traceback.format_exception(type(error), error, future.traceback()))
    return Ended(index, None, f"{type(error).__name__}: {error}", details)


def _work(function: Callable[[Item], Result], topic: str, index: int, item: Item) -> Result:
    """Work on one item, on a worker: as many threads within it as the worker has, and no other item beside it."""
    from distributed import get_worker

    worker = get_worker()
    threads = None if os.environ.get(WORKERS, "").strip() else worker.state.nthreads
    with _one_at_a_time, using_workers(threads):
        worker.log_event(topic, index)
        return function(item)
