"""A table of many scans that is kept up to date for people who watch, with rich."""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

_RECENT = 20  # scans, whose pace tells how long the others take
_SHOWN = 8  # of those that run, by name
_COUNTED = ("done", "measured", "refused")

#: Scans that are worked on, and for how many seconds.
Running = Callable[[], Sequence[tuple[str, float]]]


class LiveTable:
    """Counts of what became of the scans, which of them run, and how long the others will take."""

    def __init__(self, total: int, running: Running) -> None:
        self.total = total
        self.running = running
        self.verdicts: Counter[str] = Counter()
        self.ends = deque([time.monotonic()], maxlen=_RECENT + 1)

    def add(self, verdict: str) -> None:
        """Count a scan that has ended."""
        self.verdicts[verdict] += 1
        self.ends.append(time.monotonic())

    @property
    def seconds_left(self) -> float | None:
        """Seconds that the others take at the pace of the last ones; None before the first has ended."""
        ended = len(self.ends) - 1
        left = self.total - self.verdicts.total()
        return None if ended == 0 else left * (self.ends[-1] - self.ends[0]) / ended

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it within the block, below the lines that are printed, where standard error is a terminal."""
        if not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.live import Live

        with Live(
            console=Console(stderr=True),
            get_renderable=self.drawn,
            refresh_per_second=2,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # its lines go above the table; those into a file stay out of it
        ):
            yield

    def drawn(self) -> RenderableType:
        """Return the table."""
        from rich.table import Table
        from rich.text import Text

        running = self.running()
        left = self.seconds_left
        waiting = self.total - self.verdicts.total() - len(running)
        names = [Text(f"{name} {seconds:.0f} s") for name, seconds in running[:_SHOWN]]
        names += [Text(f"and {len(running) - _SHOWN} more")] if len(running) > _SHOWN else []
        table = Table(
            "running", "waiting", *_COUNTED, "seconds left", caption=Text("\n").join(names), caption_justify="left"
        )
        counts = (str(self.verdicts[verdict]) for verdict in _COUNTED)
        table.add_row(str(len(running)), str(max(waiting, 0)), *counts, "" if left is None else f"{left:.0f}")
        return table
