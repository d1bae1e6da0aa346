"""Results are looked at, and their landmarks set by hand: what the commands `view` and `landmark` do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from scanproc import views
from scanproc.artifacts import Feet, Insoles, Side
from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import BY_HAND, landmarks_of_edit
from scanproc.frames import FloatArray
from scanproc.insole_versions.made import version_in
from scanproc.landmarking import save_landmarks
from scanproc.older import older_than
from scanproc.pipeline import STAGES, Stage
from scanproc.scan import name_of, open_scan, read_recording
from scanproc.views.colors import RED
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


def latest_result(out: Path, scan_name: str, stage_name: str | None, version: str = "") -> Result:
    """Return the result of a stage, or of the last stage before the export that has one; landmarks as they are edited.

    Raises
    ------
    ScanError
        If there is no such result.
    """
    store = version_in(out / scan_name, version)
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
    version: str = "",
) -> bool:
    """Open the window of a stage's result; returns when it is closed whether it leads to the design window.

    Parameters
    ----------
    tell : is told the address, if a browser of this machine is to show the window; None opens it on the display.
    port : of that address; 0 takes a free one.
    version : of the insole; empty: the scan's own.

    Raises
    ------
    ScanError
        If there is no such result, or no display.
    """
    found = latest_result(out, name_of(scan), stage, version)
    store = version_in(out / name_of(scan), version)
    title, pages = f"{name_of(scan)}: {found.stage} {version}".rstrip(), view_pages(scan, found, out, other)
    pages = _told_older(pages, older_than(store, store.latest_stage(found.stage)))
    if tell is None:
        return show(title, pages, replace(outside(scan, out), can_design=True))
    serve(open_viewer(title, pages, outside(scan, out), off_screen=True), tell, port)
    return False


def draw_view(
    scan: Path, stage: str | None, out: Path, file: Path, other: Path | None = None, version: str = ""
) -> None:
    """Draw a stage's result to a PNG: all its pictures on a sheet; with another scan laid over it, as in the window.

    Raises
    ------
    ScanError
        If there is no such result, or the file cannot be written.
    """
    found = latest_result(out, name_of(scan), stage, version)
    if other is None:
        data = views.picture(found.artifact, found.beside)
    else:
        data = drawn(f"{name_of(scan)}: {found.stage}", view_pages(scan, found, out, other), outside(scan, out))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise ScanError(f"{file} cannot be written ({error.strerror}). Choose another file.") from None


def _told_older(pages: Sequence[Callable[[], Display]], older: Sequence[str]) -> Sequence[Callable[[], Display]]:
    """Let each page say what it is older than."""
    if not older:
        return pages
    note = (RED, f"Older than {' and '.join(older)}: scanproc run brings it up to date.")

    def with_note(page: Callable[[], Display]) -> Display:
        display = page()
        return replace(display, notes=(note, *display.notes))

    return [partial(with_note, page) for page in pages]


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
