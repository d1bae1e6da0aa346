"""A recording in the depth form that is written while it is made, and what is known of one that ended early.

Each file is whole under its name, or is not there: it is written beside, brought to the disk, and renamed. Whatever
ends the program, all frames before stay, and `capture.json` says what they lack.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scanproc.artifacts import ByteArray, Intrinsics, ScanFacts
from scanproc.errors import ScanError
from scanproc.readers.cameras import INTRINSICS_NAME, read_json
from scanproc.readers.facts import FILE_NAME, facts_toml

NOTES_NAME = "capture.json"
_QUICK = 1  # level of compression: a frame takes 15 ms, not 150


@dataclass(frozen=True)
class CaptureNotes:
    """How far a live recording has come.

    Attributes
    ----------
    views : frames that were written.
    share : of the foot's directions that they show.
    missing : parts of the foot that they lack, in words.
    is_complete : whether it ended because nothing was missing, or all stops were taken.
    ended : why it ended; None while it goes on, and for ever if it was killed.
    """

    views: int
    share: float
    missing: tuple[str, ...]
    is_complete: bool = False
    ended: str | None = None

    @property
    def remark(self) -> str | None:
        """Return what a user of the recording must know, in one sentence; None where nothing is missing."""
        if self.is_complete and not self.missing:
            return None
        how = f"the capture ended early ({self.ended or 'it was killed, or is still going on'})"
        how = f"{self.ended}; as far as could be told meanwhile" if self.is_complete else how
        lacks = f"missing: {', '.join(self.missing)}" if self.missing else "nothing of it is known to be missing"
        seen = f"{self.views} views, {self.share:.0%} of the foot's directions"
        return f"{how}: {seen}, {lacks}"


class GrowingRecording:
    """Writes a recording view by view.

    Parameters
    ----------
    folder : a new one, or one that holds no recording.
    cameras : intrinsics by serial number, all of one size of image; one camera's views are called by number alone.
    facts : what is stated, with the unit of depth.

    Raises
    ------
    ScanError
        If the folder holds a recording already, or the images differ in size.
    """

    def __init__(self, folder: Path, cameras: Mapping[str, Intrinsics], facts: ScanFacts) -> None:
        for name in ("depth", "clouds", NOTES_NAME):
            if (folder / name).exists():
                raise ScanError(f"{folder} holds a recording already ({name}); expected a new folder. Choose another.")
        sizes = {(each.width, each.height) for each in cameras.values()}
        if len(sizes) > 1:
            raise ScanError(f"the cameras send images of {len(sizes)} sizes; expected one. Set one with --size.")
        self.folder = folder
        self._cameras = dict(cameras)
        self._frames: dict[str, list[float]] = {}  # fx, fy, cx, cy of each view, where there are several cameras
        (folder / "depth").mkdir(parents=True)
        self._write_camera()
        _put(folder / FILE_NAME, facts_toml(facts))
        self.note(CaptureNotes(0, 0.0, ()))

    def add(self, number: int, serial: str, depth: NDArray[np.uint16], color: ByteArray | None = None) -> str:
        """Write one view, and return its name."""
        name = f"{number:06d}"
        if len(self._cameras) > 1:
            name, own = f"{name}-{serial}", self._cameras[serial]
            self._frames[name] = [own.fx, own.fy, own.cx, own.cy]
            self._write_camera()
        if color is not None:
            (self.folder / "color").mkdir(exist_ok=True)
            _put(self.folder / "color" / f"{name}.png", _png(color))
        _put(self.folder / "depth" / f"{name}.png", _png(depth))
        return name

    def note(self, notes: CaptureNotes) -> None:
        """Write how far it has come."""
        _put(self.folder / NOTES_NAME, (json.dumps({"schema": 1, **asdict(notes)}, indent=1) + "\n").encode())

    def _write_camera(self) -> None:
        """Write Open3D's PinholeCameraIntrinsic JSON, and beside it those of single frames."""
        first = next(iter(self._cameras.values()))
        matrix = [first.fx, 0.0, 0.0, 0.0, first.fy, 0.0, first.cx, first.cy, 1.0]
        table: dict[str, Any] = {"height": first.height, "intrinsic_matrix": matrix, "width": first.width}
        if self._frames:
            table["frames"] = self._frames
        _put(self.folder / INTRINSICS_NAME, (json.dumps(table, indent=1) + "\n").encode())


def read_notes(folder: Path) -> CaptureNotes | None:
    """Return how far a live recording came; None of one that was not captured here.

    Raises
    ------
    ScanError
        If the notes are not what `GrowingRecording` writes.
    """
    path = folder / NOTES_NAME
    if not path.is_file():
        return None
    expected = "what capture wrote"
    table = read_json(path, expected)
    try:
        notes = CaptureNotes(
            views=int(table["views"]),
            share=float(table["share"]),
            missing=tuple(str(part) for part in table["missing"]),
            is_complete=table["is_complete"] is True,
            ended=None if table["ended"] is None else str(table["ended"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise ScanError(f"{path} cannot be read ({error!r:.200}); expected {expected}. Remove it.") from None
    return notes


def remarks_on_capture(folder: Path) -> tuple[str, ...]:
    """Return what a user of a live recording must know of how it ended; nothing of one that is complete."""
    notes = read_notes(folder)
    return () if notes is None or notes.remark is None else (notes.remark,)


def _png(pixels: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG", compress_level=_QUICK)
    return stream.getvalue()


def _put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, also where the power fails."""
    beside = path.with_name(f".{path.name}.part")
    with beside.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(beside, path)
