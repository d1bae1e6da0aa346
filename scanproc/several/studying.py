"""What `scanproc study` writes."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.pages.words import Language, Words
from scanproc.readers.manual_values import read_manual_values
from scanproc.settings import one_of
from scanproc.several.study import STUDIED, Study, study_of
from scanproc.several.study_page import headline, study_page, verdict
from scanproc.several.study_table import study_csv, study_json
from scanproc.store import write_files

log = logging.getLogger(__name__)

_FILES = ("study.html", "study.csv")


def write_study(
    folder: Path, out: Path, manual: Path | None, wanted: Sequence[str], language: Language = "en"
) -> dict[str, Any]:
    """Study the recordings in a folder; write `study.html` and `study.csv` among the outputs; say what `--json` prints.

    Parameters
    ----------
    out : folder that holds the scans' outputs.
    manual : table of values by hand, see `readers.manual_values`.
    wanted : changes to see, each as NAME=VALUE.
    language : of the page.

    Raises
    ------
    ScanError
        If a file or a wanted change cannot be read, or nothing was measured.
    """
    changes = wanted_changes(wanted)
    by_hand = () if manual is None else read_manual_values(manual, STUDIED)
    found: Study = study_of(folder, out, by_hand, changes)
    write_files(out, {"study.html": study_page(found, language).encode(), "study.csv": study_csv(found)})
    log.info("study: %s: %s", headline(Words(), found), verdict(Words(), found))
    files = [str(out / name) for name in _FILES]
    return {"status": "refused" if found.left_out else "done", "files": files, **study_json(found)}


def wanted_changes(texts: Sequence[str]) -> Mapping[str, float]:
    """Return the changes that somebody wants to see, by measure.

    Raises
    ------
    ScanError
        If there is no such measure, or the change is no size.
    """
    changes = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in STUDIED:
            raise ScanError(f"--wanted {text[:80]!a} names no measure; expected {one_of(name[:40], STUDIED)}.")
        try:
            changes[name] = float(value)
        except ValueError:
            changes[name] = math.nan
        if not (math.isfinite(changes[name]) and changes[name] > 0.0):
            raise ScanError(f"--wanted {text[:80]!a} states no change; expected a size over 0, such as {name}=2.")
    return changes
