"""Pages as PDF, printed by a Chromium that is there; nothing of a page leaves the machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scanproc.errors import ScanError

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_SECONDS = 120.0
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}")


def check_printer() -> str:
    """Return the program that prints pages.

    Raises
    ------
    ScanError
        If there is none.
    """
    for name in _PROGRAMS:
        program = shutil.which(name)
        if program:
            return program
    raise ScanError(
        f"found none of {', '.join(_PROGRAMS)}, one of which prints pages as PDF; expected one. Install Chromium, or"
        " open the page in any browser and print it from there."
    )


def print_pages(pages: Sequence[Path]) -> list[Path]:
    """Print each HTML page to a PDF beside it, which takes the place of an older one; the same bytes for the same page.

    Raises
    ------
    ScanError
        If there is nothing to print with, or it fails.
    """
    program, made = check_printer(), []
    for page in pages:
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder) / "page.pdf"
            words = [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--no-first-run",
                "--no-pdf-header-footer", f"--user-data-dir={folder}/profile", f"--print-to-pdf={fresh}",
                page.resolve().as_uri(),
            ]  # fmt: skip
            try:
                subprocess.run([program, *words], capture_output=True, timeout=_SECONDS, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                raise ScanError(f"{program} could not print {page} ({error}). Print it from a browser.") from None
            if not fresh.is_file():
                raise ScanError(f"{program} printed nothing of {page}. Print it from a browser.")
            target = page.with_suffix(".pdf")
            target.write_bytes(_DATE.sub(rb"/\1 (D:20000101000000", fresh.read_bytes()))
            made.append(target)
    return made
