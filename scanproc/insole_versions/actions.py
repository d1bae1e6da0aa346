"""What can be done with versions of an insole, and written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.insole_versions.difference import version_difference
from scanproc.insole_versions.difference_page import difference_json, difference_page, lines_of
from scanproc.insole_versions.made import made_version
from scanproc.prescription.version_names import OWN
from scanproc.processes import locked
from scanproc.store import Store, write_files
from scanproc.whole_files import to_json


@dataclass(frozen=True)
class Compared:
    """The page of a difference, its lines, and what programs read of it."""

    page: Path
    lines: tuple[str, ...]
    table: dict[str, Any]


def compare_versions(root: Path, a: str, b: str) -> Compared:
    """Compare two versions that were made; write `differences/<a>--<b>.html` and `.json` into the scan's outputs.

    Raises
    ------
    ScanError
        If there is no such version, the two cannot be compared, or a run writes there.
    """
    if a == b:
        raise ScanError(f"{a} is given twice; expected two versions. `scanproc versions SCAN` lists them.")
    stores = made_version(root, a), made_version(root, b)
    with locked(root):
        found = version_difference(*stores)
    folder, name = root / "differences", f"{a}--{b}"
    table = difference_json(found)
    write_files(folder, {f"{name}.json": to_json(table), f"{name}.html": difference_page(found, root.name).encode()})
    return Compared(folder / f"{name}.html", tuple(lines_of(found)), table)


def remove_version(root: Path, name: str) -> str:
    """Take a version away, and say so.

    Raises
    ------
    ScanError
        If there is none, or a run writes there.
    """
    names = Store(root).version_names()
    if name == OWN:
        raise ScanError(
            f"{OWN} is the scan's own insole, no version beside it; expected one of {', '.join(names) or 'none'}. "
            "--prescription default makes it anew without doses of its own."
        )
    if name not in names:
        raise ScanError(f"{root} has no version {name!r}; expected one of {', '.join(names) or 'none'}.")
    store = Store(root, name)
    with locked(root):
        store.remove_version()
    return f"removed {store.folder} and {store.prescription_path()}"
