"""Landmarks are listed and set by hand: what the command `landmark` does, and what windows save."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from scanproc.artifacts import Feet, Side
from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import BY_HAND, edit_of, landmarks_of_edit
from scanproc.frames import FloatArray
from scanproc.pipeline import STAGES
from scanproc.scan import name_of
from scanproc.store import Store

_NEXT = "scanproc run makes measures, insole and report follow"


def list_landmarks(scan: Path, out: Path) -> list[str]:
    """Return a line for each landmark: side, name, coordinates, how it was found."""
    feet = _edited(scan, out)
    return [
        f"{foot.side} {name} {x:.2f} {y:.2f} {z:.2f} {mark.method}"
        for foot in feet.feet
        for name, mark in foot.landmarks.items()
        for x, y, z in (mark.xyz_mm,)
    ]


def set_landmark(scan: Path, out: Path, name: str, xyz: Sequence[float], side: Side | None) -> str:
    """Put a landmark at a point near the skin, in mm of the foot frame; say what was done.

    Raises
    ------
    ScanError
        If the scan has no such foot or landmark, or the point lies off the skin.
    """
    own_side = _side_of(scan, out, side)
    _check_name(scan, out, own_side, name)
    marks = edited_marks(scan, out)
    marks[own_side][name] = np.array(xyz, dtype=np.float64)
    return save_landmarks(scan, out, marks)


def _check_name(scan: Path, out: Path, side: Side, name: str) -> None:
    """Refuse a landmark that is none: no file names it yet, so no file is to be corrected."""
    (foot,) = (foot for foot in _found(scan, out).feet if foot.side == side)
    known = tuple(dict.fromkeys((*foot.landmarks, *BY_HAND)))
    if name not in known:
        raise ScanError(f"there is no landmark {name!r:.40}; expected one of {', '.join(known)}. Correct the NAME.")


def reset_landmarks(scan: Path, out: Path, name: str | None, side: Side | None) -> str:
    """Take a landmark back to what was found, or all of one side or of both; say what was done."""
    marks = edited_marks(scan, out)
    for own_side, own in marks.items():
        for edited in list(own):
            if name in (None, edited) and side in (None, own_side):
                del own[edited]
    return save_landmarks(scan, out, marks)


def save_landmarks(scan: Path, out: Path, marks: Mapping[Side, Mapping[str, FloatArray]]) -> str:
    """Write landmarks by side and name, (3,) mm of the foot frame, in place of all that were set; say what was done.

    Raises
    ------
    ScanError
        If the scan has no such foot or landmark, or a point lies off the skin.
    """
    data = edit_of(_found(scan, out), marks)
    path = Store(out / name_of(scan)).write_edited_landmarks(data)
    names = ", ".join(name for own in marks.values() for name in own)
    return f"{path}: {names}; {_NEXT}" if data is not None else f"no landmark is edited any more; {_NEXT}"


def _found(scan: Path, out: Path) -> Feet:
    """Return the feet as `align` found them."""
    store = Store(out / name_of(scan))
    stage = next(stage for stage in STAGES if stage.makes is Feet)
    if not store.is_whole(stage):
        raise ScanError(
            f"{store.root} holds no result of align; expected one. Run `scanproc align` on this scan first."
        )
    feet: Feet = store.load(stage)
    return feet


def _edited(scan: Path, out: Path) -> Feet:
    found, edited = _found(scan, out), Store(out / name_of(scan)).edited_landmarks()
    return found if edited is None else landmarks_of_edit(edited, found)


def edited_marks(scan: Path, out: Path) -> dict[Side, dict[str, FloatArray]]:
    """Return by side and name where those landmarks are that are edited now."""
    return {
        foot.side: {name: mark.xyz_mm for name, mark in foot.landmarks.items() if mark.method == "edited"}
        for foot in _edited(scan, out).feet
    }


def _side_of(scan: Path, out: Path, side: Side | None) -> Side:
    sides = [foot.side for foot in _found(scan, out).feet]
    if side is None and len(sides) != 1:
        raise ScanError(f"{name_of(scan)} holds {' and '.join(sides)} foot; expected one to be named. Add --side.")
    if side is not None and side not in sides:
        raise ScanError(f"{name_of(scan)} holds no {side} foot; expected {' or '.join(sides)}. Change --side.")
    return side or sides[0]
