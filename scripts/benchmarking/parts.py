"""The rows of each part of the benchmark, kept as JSON in the folder until the page is written."""

from __future__ import annotations

import datetime
import json
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def measured(folder: Path, name: str, measure: Callable[[], Rows]) -> Rows:
    """Measure a part and keep its rows in `<name>.json`, with date, command and the seconds that it took."""
    start = time.perf_counter()
    rows = measure()
    part = {
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(
            ["scripts/benchmark.py", *("FOLDER" if Path(word) == folder else word for word in sys.argv[1:])]
        ),
        "seconds": round(time.perf_counter() - start, 1),
        "rows": rows,
    }
    (folder / f"{name}.json").write_text(json.dumps(part, indent=1) + "\n")
    return rows


def read_part(path: Path) -> dict[str, Any]:
    """Return a part that was kept: date, command, seconds, rows."""
    part: dict[str, Any] = json.loads(path.read_text())
    return part
