"""Brings any recording that can be read into the form that this program writes itself."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from scanproc.artifacts import DepthFrame, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.scan import Scan, open_scan, read_recording, write_recording


@dataclass(frozen=True)
class Converted:
    """The folder that was written, and how many views it holds."""

    folder: Path
    num_views: int


def convert(source: Path, folder: Path) -> Converted:
    """Write a recording as a folder of depth images, or of clouds, with the facts that are known of it.

    It is written beside, and renamed when it is whole.

    Raises
    ------
    ScanError
        If it cannot be read, is a finished mesh, or something is there already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ScanError(f"{folder} is there already; expected a new folder. Choose another.")
    scan = open_scan(source)
    if scan.form.reads is None:
        raise ScanError(
            f"{scan.path} is a finished mesh; expected a recording of views. It needs no conversion: "
            f"scanproc run {scan.path}"
        )
    recording = read_recording(scan)
    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        _write(beside, scan, recording)
        scan.check_unchanged()
        if folder.exists():
            folder.rmdir()
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Converted(folder, len(recording.frames))


def _write(folder: Path, scan: Scan, recording: Recording) -> None:
    facts = _stated(scan)
    write_recording(folder, recording, facts)
    if facts.camera is not None:  # the certificate, and the file of its warp
        for file in scan.files:
            if file.name == facts.camera or (file.suffix == ".npy" and file.parent.name != "depth"):
                shutil.copy(file, folder / file.name)


def _stated(scan: Scan) -> ScanFacts:
    """Return facts of which those are stated that the recording told by itself; what is written has its own unit."""
    facts = scan.facts
    found = {"depth_unit_mm"} if scan.form.frame is DepthFrame else set()
    found |= {name for name in ("sensor", "serial") if getattr(facts, name) is not None}
    assumed = [key for key in facts.assumed if key not in found]
    return replace(facts, unit="auto", assumed=tuple(dict.fromkeys([*assumed, "unit"])))
