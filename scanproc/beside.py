"""What goes on beside the stage that is computed: the one before it is written, the one after it is begun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from scanproc.parallel import meanwhile


@contextmanager
def beside() -> Iterator[Beside]:
    """Lend what writes and begins ahead; both have come to an end when the block has."""
    with ExitStack() as helpers, ThreadPoolExecutor(1, "writing") as writer:
        yield Beside(writer, helpers)


@dataclass
class Beside:
    """One result that is being written, and what was begun before its turn, by name."""

    _writer: ThreadPoolExecutor
    _helpers: ExitStack
    _written: Future[None] | None = None
    _begun: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def write(self, save: Callable[..., None], *arguments: Any) -> None:
        """Begin to write, as soon as what was begun before is written."""
        self.end_writing()
        self._written = self._writer.submit(save, *arguments)

    def end_writing(self) -> None:
        """Wait for what is being written, and raise what went wrong with that."""
        if self._written is not None:
            self._written.result()

    def begin(self, name: str, compute: Callable[[], Any]) -> None:
        """Let a helper begin with what is computed in its turn."""
        self._begun[name] = self._helpers.enter_context(meanwhile(compute))

    def has_begun(self, name: str) -> bool:
        return name in self._begun

    def computed(self, name: str, compute: Callable[[], Any]) -> Any:
        """Return what was begun under a name, or compute it now; raise what went wrong with that."""
        return self._begun.pop(name, compute)()
