"""Progress of long loops: stages say where they are, whoever listens shows it. Nobody listens by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Listener = Callable[[str, int, int], None]  # what is done, steps done, steps in all

_listeners: list[Listener] = []


def steps(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield `items`, telling the listeners before each of them and after the last."""
    for done, item in enumerate(items):
        tell(what, done, len(items))
        yield item
    tell(what, len(items), len(items))


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Call `listener` for every step within the block."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(what: str, done: int, total: int) -> None:
    """Tell the listeners that `done` of `total` steps of something are done."""
    for listener in _listeners:
        listener(what, done, total)
