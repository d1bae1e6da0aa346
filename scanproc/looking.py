"""Results are looked at, and their landmarks set by hand: what the commands `view` and `landmark` do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scanproc import views
from scanproc.artifacts import Feet, Insoles, Side
from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import BY_HAND, edit_of, landmarks_of_edit
from scanproc.frames import FloatArray
from scanproc.pipeline import STAGES, Stage
from scanproc.scan import name_of, open_scan, read_recording
from scanproc.store import Store
from scanproc.views.display import Display
from scanproc.views.earlier import laid_over
from scanproc.window.show import drawn, open_viewer, serve, show
from scanproc.window.viewer import Outside

#: What pictures of a stage may use beside its own artifact, of the stages before it and after it.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "clean": ("register",),
    "register": ("clean", "surface", "align"),
    "surface": ("align",),
    "align": (),
    "measure": ("align",),
    "insole": ("align",),
    "export": (),
}
_OVERLAID = ("align", "measure", "insole")
_NEXT = "scanproc run makes measures, insole and report follow"
#: Programs that put a text where it can be pasted, of Wayland, X, macOS and Windows.
_CLIPBOARDS = (("wl-copy",), ("xclip", "-selection", "clipboard"), ("xsel", "-ib"), ("pbcopy",), ("clip",))


@dataclass(frozen=True)
class Result:
    """A stage's artifact to look at, and what other stages made, where a picture can use it."""

    stage: str
    artifact: Any
    beside: tuple[Any, ...]

    def one(self, kind: type) -> Any:
        """Return what there is of a kind of artifact, or None."""
        return next((item for item in (self.artifact, *self.beside) if isinstance(item, kind)), None)


def latest_result(out: Path, scan_name: str, stage_name: str | None) -> Result:
    """Return the result of a stage, or of the last stage before the export that has one; landmarks as they are edited.

    Raises
    ------
    ScanError
        If there is no such result.
    """
    store = Store(out / scan_name)
    stage, edited = store.latest_stage(stage_name), store.edited_landmarks()

    def load(which: Stage) -> Any:
        made = store.load(which)
        return landmarks_of_edit(edited, made) if isinstance(made, Feet) and edited is not None else made

    others = [other for other in STAGES if other.name in _BESIDE[stage.name] and store.is_whole(other)]
    return Result(stage.name, load(stage), tuple(load(other) for other in others))


def open_view(
    scan: Path,
    stage: str | None,
    out: Path,
    other: Path | None = None,
    tell: Callable[[str], None] | None = None,
    port: int = 0,
) -> bool:
    """Open the window of a stage's result; returns when it is closed whether it leads to the design window.

    Parameters
    ----------
    tell : is told the address, if a browser of this machine is to show the window; None opens it on the display.
    port : of that address; 0 takes a free one.

    Raises
    ------
    ScanError
        If there is no such result, or no display.
    """
    found = latest_result(out, name_of(scan), stage)
    title, pages = f"{name_of(scan)}: {found.stage}", view_pages(scan, found, out, other)
    if tell is None:
        return show(title, pages, replace(outside(scan, out), can_design=True))
    serve(open_viewer(title, pages, outside(scan, out), off_screen=True), tell, port)
    return False


def draw_view(scan: Path, stage: str | None, out: Path, file: Path, other: Path | None = None) -> None:
    """Draw a stage's result to a PNG: all its pictures on a sheet; with another scan laid over it, as in the window.

    Raises
    ------
    ScanError
        If there is no such result, or the file cannot be written.
    """
    found = latest_result(out, name_of(scan), stage)
    if other is None:
        data = views.picture(found.artifact, found.beside)
    else:
        data = drawn(f"{name_of(scan)}: {found.stage}", view_pages(scan, found, out, other), outside(scan, out))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise ScanError(f"{file} cannot be written ({error.strerror}). Choose another file.") from None


def view_pages(scan: Path, found: Result, out: Path, other: Path | None = None) -> Sequence[Callable[[], Display]]:
    """Return what a window shows of a result, with another scan laid over it.

    Raises
    ------
    ScanError
        If the two have no foot in common, or the stage knows none.
    """
    beside: tuple[Any, ...] = found.beside
    if found.stage == "clean":
        beside = (*beside, *_recording_of(scan))
    pages = views.pages(found.artifact, beside)
    if other is None:
        return pages
    if found.stage not in _OVERLAID:
        raise ScanError(
            f"--with lays one foot over another, and {found.stage} knows none; expected one of {', '.join(_OVERLAID)}."
            " Name such a stage."
        )
    theirs = latest_result(out, name_of(other), found.stage)
    feet, their_feet, name = found.one(Feet), theirs.one(Feet), name_of(other)
    if feet is None or their_feet is None:
        raise ScanError(f"{name_of(scan)} or {name} holds no foot; expected one in both. Run both as far as align.")
    return [lambda: laid_over(pages[0](), feet, name, their_feet, theirs.one(Insoles))]


def _recording_of(scan: Path) -> tuple[Any, ...]:
    """Return what was recorded, where it is still there: what `clean` took away is part of it."""
    try:
        opened = open_scan(scan)
        return () if opened.form.reads is None else (read_recording(opened),)
    except ScanError:
        return ()


def outside(scan: Path, out: Path) -> Outside:
    """Return what the window of a scan may do beside showing."""

    def copy(text: str) -> str:
        for command in _CLIPBOARDS:
            if shutil.which(command[0]) is not None:
                done = subprocess.run(command, input=text.encode(), check=False, stderr=subprocess.DEVNULL)
                if done.returncode == 0:
                    return "copied"
        path = Path(f"{name_of(scan)}-view.txt")
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            return f"no clipboard, and {path} cannot be written ({error.strerror})"
        return f"no clipboard: written to {path}"

    def save(marks: Mapping[Side, Mapping[str, FloatArray]]) -> str:
        return save_landmarks(scan, out, marks)

    return Outside(Path(), copy, save, BY_HAND)


# ------------------------------------------------------------------------------------------------ landmarks


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
    marks = edited_marks(scan, out)
    marks[_side_of(scan, out, side)][name] = np.array(xyz, dtype=np.float64)
    return save_landmarks(scan, out, marks)


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
