"""Files of a folder in recorded order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def files_of(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return the visible files of a folder with one of the suffixes (lower case), in recorded order."""
    if not folder.is_dir():
        return []
    return recorded_order(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in suffixes and not file.name.startswith(".") and file.is_file()
    )


def is_there(path: Path) -> bool:
    """Whether there is something of that name; a name longer than any can be names nothing."""
    try:
        return path.exists()
    except OSError:
        return False


def recorded_order(files: Iterable[Path]) -> list[Path]:
    """Sort by name, with numbers by their value: 2.png comes before 10.png."""
    return sorted(files, key=lambda file: (_natural(str(file)), str(file)))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Split a name into texts and numbers, such that lists of them compare."""
    parts = re.split(r"([0-9]+)", text)
    return [(1, int(part), "") if part[0] in "0123456789" else (0, 0, part) for part in parts if part]


def file_stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Return when each file was last written, ns, and how long it is; what is no file is left out."""
    stats = {file: file.stat() for file in files if file.is_file()}
    return {file: (stat.st_mtime_ns, stat.st_size) for file, stat in stats.items()}
