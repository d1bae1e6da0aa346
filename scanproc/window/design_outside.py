"""What the design window may do beside showing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scanproc.editing.session import Marks

Tell = Callable[[str], None]


_TELLS_S = 0.2  # between two words of how far it is


def now_and_then(tell: Tell) -> Tell:
    """Return what tells the first word at once, and of the others as many as one can read."""
    last = -_TELLS_S

    def told(words: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELLS_S:
            last = time.monotonic()
            tell(words)

    return told


@dataclass(frozen=True)
class DesignOutside:
    """What is done with a prescription; each returns what was done, in words.

    Attributes
    ----------
    save : writes a prescription.
    copy : puts a text where it can be pasted.
    save_marks : writes the landmarks that were set by hand.
    make : runs the scan as far as its report, and says how far it is; None where it cannot.
    open_report : shows the report in the browser.
    earlier : what the insole to compare with is called.
    """

    save: Callable[[Mapping[str, Any]], str]
    copy: Callable[[str], str]
    save_marks: Callable[[Marks], str] | None = None
    make: Callable[[Tell], str] | None = None
    open_report: Callable[[], str] | None = None
    earlier: str = ""
