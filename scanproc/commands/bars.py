"""Progress bars for people who watch: the only importer of rich, which is loaded when something takes long."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from scanproc.progress import listening

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE_S = 1.0


@contextmanager
def bars() -> Iterator[None]:
    """Show a bar for each loop once the block takes longer than a second, where standard error is a terminal.

    What another thread than the main one does is shown by whoever has started that, such as the table of a batch.
    """
    with ExitStack() as stack:
        if sys.stderr.isatty() and threading.current_thread() is threading.main_thread():
            stack.enter_context(listening(_Bars(stack).show))
        yield


class _Bars:
    """One bar for each thing that is done, from the time on when there is reason to show any."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.start = time.monotonic()
        self.live: Progress | None = None
        self.tasks: dict[str, TaskID] = {}
        self.one_at_a_time = threading.Lock()  # a stage is written while the next one computes

    def show(self, what: str, done: int, total: int) -> None:
        """Listen to `progress`."""
        with self.one_at_a_time:
            if self.live is None:
                if time.monotonic() - self.start < _PATIENCE_S:
                    return
                self.live = self.stack.enter_context(_progress())
            if what not in self.tasks:
                self.tasks[what] = self.live.add_task(what, total=total)
            self.live.update(self.tasks[what], completed=done, total=total, visible=done < total)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Draw bars that the log's lines go above."""
    from rich.console import Console
    from rich.logging import RichHandler
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    root = logging.getLogger()
    handlers = root.handlers
    root.handlers = [RichHandler(console=console, show_time=False, show_level=False, show_path=False, markup=False)]
    try:
        with Progress(*columns, console=console, transient=True) as live:
            yield live
    finally:
        root.handlers = handlers
