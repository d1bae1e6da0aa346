"""Bars are for people who watch, and only once it takes long; the log goes above them and comes back unharmed."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import threading
import time

import pytest

from scanproc.commands import bars as bars_module
from scanproc.commands.bars import bars
from scanproc.progress import tell


class Terminal(io.StringIO):
    """A standard error that somebody watches."""

    def isatty(self) -> bool:
        return True


def watched(monkeypatch: pytest.MonkeyPatch, patience_s: float) -> Terminal:
    """Let somebody watch: from within a test, since pytest puts its own standard error in place before each."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(bars_module, "_PATIENCE_S", patience_s)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return terminal


def loop() -> None:
    for step in range(4):
        tell("cleaning views", step, 4)
        if step == 2:
            time.sleep(0.3)  # a bar is drawn ten times a second
            logging.getLogger("scanproc").warning("a line of the log")


def test_bars_show_what_is_done_once_it_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch, 0.0)
    handlers = logging.getLogger().handlers
    with bars():
        loop()
    shown = terminal.getvalue()
    assert "cleaning views" in shown and "2/4" in shown and "a line of the log" in shown
    assert logging.getLogger().handlers is handlers


def test_handlers_come_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch, 0.0)
    handlers = logging.getLogger().handlers
    with pytest.raises(KeyboardInterrupt), bars():
        for step in range(4):
            tell("cleaning views", step, 4)
            if step == 1:
                raise KeyboardInterrupt
    assert logging.getLogger().handlers is handlers


def test_what_is_quick_needs_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch, 60.0)
    with bars():
        loop()
    assert "cleaning views" not in terminal.getvalue()


def test_nobody_watches_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars_module, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with bars():
        loop()
    assert sys.stderr.getvalue() == ""


def test_rich_is_not_loaded_before_there_is_a_bar() -> None:
    code = (
        "import sys\nfrom scanproc.commands.bars import bars\nsys.stderr.isatty = lambda: True\n"
        "with bars():\n    pass\nassert 'rich' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_what_other_threads_do_is_shown_by_whoever_started_them(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = watched(monkeypatch, 0.0)

    def work() -> None:
        with bars():
            loop()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "cleaning views" not in terminal.getvalue()
