"""The demo recording that comes with the program: depth images of a raised foot, from a simulated camera."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from scanproc.errors import ScanError

#: Made by `scripts/make-scans` of `scans/demo`, without its truth.
DEMO = Path(__file__).with_name("demo.zip")


def unpack_demo(folder: Path) -> None:
    """Write the recording as the scan `folder`, which is left as it is if it is there.

    Raises
    ------
    ScanError
        If it cannot be written.
    """
    if folder.exists():
        return
    fresh = folder.with_name(f".{folder.name}.new")  # a killed program leaves no half of it
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        with zipfile.ZipFile(DEMO) as archive:
            archive.extractall(fresh)
        fresh.rename(folder)
    except OSError as error:
        raise ScanError(f"{folder} cannot be written ({error.strerror}). Run it in another folder.") from None
