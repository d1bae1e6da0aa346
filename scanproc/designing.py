"""The design window of a scan: what the command `design` does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scanproc.artifacts import Feet
from scanproc.editing.session import EditSession
from scanproc.errors import ScanError
from scanproc.formats.edited_landmarks import landmarks_of_edit
from scanproc.looking import outside
from scanproc.pipeline import STAGES
from scanproc.prescription.files import merged, read_prescription
from scanproc.prescription.last_prescription import LastPrescription, found_prescription
from scanproc.scan import name_of, open_scan
from scanproc.store import Store
from scanproc.window.designer import Designer
from scanproc.window.show import after_keys, design_window, serve

log = logging.getLogger(__name__)


def design_session(scan: Path, out: Path, prescription: Path | None) -> EditSession:
    """Return the prescription of a scan to be edited: what is given, or what its last insole was made by.

    Raises
    ------
    ScanError
        If the scan has no result of `align`, or the prescription cannot be read.
    """
    store = Store(out / name_of(scan))
    stage = next(stage for stage in STAGES if stage.makes is Feet)
    if not store.is_whole(stage):
        raise ScanError(f"{store.root} holds no foot; expected the result of align. Run `scanproc align {scan}` first.")
    feet: Feet = store.load(stage)
    edited = store.edited_landmarks()
    feet = feet if edited is None else landmarks_of_edit(edited, feet)
    path = found_prescription(prescription, store.root)
    given = [read_prescription(path)] if path is not None else []
    kept = LastPrescription(store.prescription_path(), []).tables
    tables = [merged(table["insole"] for table in tables if "insole" in table) for tables in (given or kept, kept)]
    return EditSession(feet, open_scan(scan).facts, *tables)


def open_design(
    scan: Path, out: Path, prescription: Path | None, file: Path | None, tell: Callable[[str], None] | None = None
) -> None:
    """Open the design window; returns when it is closed.

    Parameters
    ----------
    file : where to save; None saves it as the scan's own.
    tell : is told the address, if a browser of this machine is to show the window; None opens it on the display.

    Raises
    ------
    ScanError
        If there is no foot, or no display.
    """
    designer = _window(scan, out, prescription, file, off_screen=tell is not None)
    try:
        if tell is not None:
            serve(designer, tell)
        else:
            designer.canvas.run()
            designer.canvas.close()
    finally:
        if not designer.session.is_saved:
            log.warning("%s: changes were not saved; the key s saves them", name_of(scan))


def draw_design(
    scan: Path, out: Path, prescription: Path | None, picture: Path, file: Path | None = None, keys: Sequence[str] = ()
) -> None:
    """Draw the design window to a PNG, after keys were pressed.

    Raises
    ------
    ScanError
        If there is no foot, or the file cannot be written.
    """
    designer = _window(scan, out, prescription, file, off_screen=True)
    try:
        picture.write_bytes(after_keys(designer, keys))
    except OSError as error:
        raise ScanError(f"{picture} cannot be written ({error.strerror}). Choose another file.") from None


def _window(scan: Path, out: Path, prescription: Path | None, file: Path | None, *, off_screen: bool) -> Designer:
    def save(values: Mapping[str, Any]) -> str:
        return save_design(scan, out, file, values)

    session = design_session(scan, out, prescription)
    return design_window(f"{name_of(scan)}: design", session, save, outside(scan, out).copy, off_screen)


def save_design(scan: Path, out: Path, file: Path | None, values: Mapping[str, Any]) -> str:
    """Write a prescription to a file, or as the scan's own; say what was done.

    Raises
    ------
    ScanError
        If it cannot be written.
    """
    store = Store(out / name_of(scan))
    path = file or store.prescription_path()
    text = LastPrescription(path, [{"insole": dict(values)}]).text()
    if file is None:
        store.write_prescription(text)
        where = "" if out == Path("outputs") else f" --out {out}"
        return f"saved to {path}: scanproc run {scan}{where} makes it"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ScanError(f"{file} cannot be written ({error.strerror}). Choose another file.") from None
    return f"saved to {file}: scanproc run {scan} --prescription {file} makes it"
