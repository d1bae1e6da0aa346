"""The design window of a scan: what the command `design` does."""

from __future__ import annotations

import logging
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scanproc import runner
from scanproc.artifacts import Feet, Insoles, Mesh, Side
from scanproc.editing.earlier import laid_under
from scanproc.editing.session import EditSession, Marks
from scanproc.errors import ScanError
from scanproc.insole_versions.made import version_in
from scanproc.landmarking import edited_marks, save_landmarks
from scanproc.looking import outside
from scanproc.pipeline import STAGES
from scanproc.prescription.files import merged, read_prescription
from scanproc.prescription.last_prescription import LastPrescription, found_prescription
from scanproc.prescription.version_names import OWN
from scanproc.progress import listening
from scanproc.run_plan import prescription_of
from scanproc.scan import name_of, open_scan
from scanproc.store import Store
from scanproc.window.design_outside import DesignOutside, Tell
from scanproc.window.designer import Designer
from scanproc.window.show import SIZE_PX, after_keys, design_window, serve

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DesignOf:
    """What is designed.

    Attributes
    ----------
    out : folder of the scans' outputs.
    prescription : what to begin with; None: what the scan's last insole was made by.
    file : where to save; None saves it as the scan's own.
    other : what insole to compare with: a version of this scan by its name, another scan, or a folder of outputs.
    version : of the insole; empty: the scan's own.
    """

    scan: Path
    out: Path
    prescription: Path | None = None
    file: Path | None = None
    other: Path | None = None
    version: str = ""

    @property
    def store(self) -> Store:
        """Where the results are."""
        return Store(self.out / name_of(self.scan), self.version)

    @property
    def called(self) -> str:
        """The scan, and the version."""
        return " ".join(word for word in (name_of(self.scan), self.version) if word)


def design_session(asked: DesignOf) -> EditSession:
    """Return the prescription of a scan to be edited; a scan without a foot is run as far as that.

    Raises
    ------
    ScanError
        If there is no foot in the scan, or the prescription or the insole to compare with cannot be read.
    """
    store = asked.store
    feet: Feet = _made(store, Feet, asked)
    path = found_prescription(asked.prescription, store.root)
    given = [read_prescription(path)] if path is not None else []
    kept = prescription_of(store).tables
    begins, saved = (
        merged(table["insole"] for table in tables if "insole" in table) for tables in (given or kept, kept)
    )
    earlier = {} if asked.other is None else _earlier(feet, asked.other, store)
    return EditSession(feet, open_scan(asked.scan).facts, begins, saved, _marks(asked), earlier)


def _made(store: Store, kind: type, asked: DesignOf) -> Any:
    stage = next(stage for stage in STAGES if stage.makes is kind)
    if not store.is_whole(stage):
        refused = runner.run(asked.scan, asked.out, stage.name).refusals
        if not store.is_whole(stage):
            said = " ".join(refusal.message for refusal in refused)
            raise ScanError(said or f"{store.root} holds no foot. Run `scanproc align {asked.scan}`.")
    return store.load(stage)


def _marks(asked: DesignOf) -> Marks:
    found = edited_marks(asked.scan, asked.out)
    return {side: {name: tuple(map(float, xyz)) for name, xyz in own.items()} for side, own in found.items() if own}


def _earlier(feet: Feet, other: Path, here: Store) -> Mapping[Side, Mesh]:
    """Return the insoles of a version, another scan, or a folder of outputs, where they lie on these feet."""
    if str(other) in (OWN, *here.version_names()) and not other.exists():
        store = version_in(here.root, str(other))
    else:
        store = Store(other if (other / "run.json").is_file() else here.root.parent / name_of(other))
    made = {stage.makes: stage for stage in STAGES if stage.makes in (Feet, Insoles)}
    lacking = [stage.name for stage in made.values() if not store.is_whole(stage)]
    if lacking:
        raise ScanError(
            f"{store.root} holds no result of {' and '.join(lacking)}; expected one to compare with. Run that"
            " scan first, or name a folder of outputs that has one."
        )
    return laid_under(feet, store.load(made[Feet]), store.load(made[Insoles]))


def open_design(asked: DesignOf, tell: Callable[[str], None] | None = None, port: int = 0) -> None:
    """Open the design window; returns when it is closed.

    Parameters
    ----------
    tell : is told the address, if a browser of this machine is to show the window; None opens it on the display.
    port : of that address; 0 takes a free one.

    Raises
    ------
    ScanError
        If there is no foot, or no display.
    """
    designer = _window(asked, off_screen=tell is not None)
    try:
        if tell is not None:
            serve(designer, tell, port)
        else:
            designer.canvas.run()
            designer.canvas.close()
    finally:
        if not designer.session.is_saved:
            log.warning("%s: changes were not saved; the key s saves them", asked.called)


def draw_design(asked: DesignOf, picture: Path, keys: Sequence[str] = (), size_px: tuple[int, int] = SIZE_PX) -> None:
    """Draw the design window to a PNG, after keys were pressed.

    Raises
    ------
    ScanError
        If there is no foot, or the file cannot be written.
    """
    designer = _window(asked, off_screen=True, size_px=size_px)
    try:
        picture.write_bytes(after_keys(designer, keys))
    except OSError as error:
        raise ScanError(f"{picture} cannot be written ({error.strerror}). Choose another file.") from None


def _window(asked: DesignOf, *, off_screen: bool, size_px: tuple[int, int] = SIZE_PX) -> Designer:
    scan, out = asked.scan, asked.out

    def save_marks(marks: Marks) -> str:
        sides = {foot.side: foot for foot in session.feet.feet}
        return save_landmarks(
            scan, out, {side: {n: np.array(xyz) for n, xyz in marks.get(side, {}).items()} for side in sides}
        )

    session = design_session(asked)
    done = DesignOutside(
        save=lambda values: save_design(asked, values),
        copy=outside(scan, out).copy,
        save_marks=save_marks,
        make=lambda tell: make_insole(asked, tell),
        open_report=lambda: open_report(asked.store),
        earlier=asked.other.name if asked.other is not None else "",
    )
    return design_window(f"{asked.called}: design", session, done, size_px, off_screen)


def make_insole(asked: DesignOf, tell: Tell) -> str:
    """Run a scan as far as its report by the prescription that was saved last; say what came of it.

    Raises
    ------
    ScanError
        If the scan cannot be read, or a setting is wrong.
    """
    here = threading.get_ident()

    def heard(what: str, done: int, total: int) -> None:
        if threading.get_ident() == here:  # loops within loops run on other threads
            tell(f"{what} {done} / {total}")

    with listening(heard):
        tables = [] if asked.file is None else [read_prescription(asked.file)]
        made = runner.run(asked.scan, asked.out, tables=tables, version=asked.version)
    if made.refusals:
        return "; ".join(f"{refusal.stage}: {refusal.message}" for refusal in made.refusals)
    return f"made and proven: {made.store.folder}; the report is {made.store.report_path().name} (j opens it)"


def open_report(store: Store) -> str:
    """Show a scan's report in the browser; say where it is."""
    path = store.report_path()
    if not path.is_file():
        return "there is no report yet: k makes it"
    return f"{path}" if webbrowser.open(path.resolve().as_uri()) else f"no browser here: the report is {path}"


def save_design(asked: DesignOf, values: Mapping[str, Any]) -> str:
    """Write a prescription to the file that is asked, or as that of the scan or the version; say what was done.

    Raises
    ------
    ScanError
        If it cannot be written.
    """
    scan, file, given = asked.scan, asked.file, [{"insole": dict(values)}]
    if file is None:
        prescription = prescription_of(asked.store, given)
        asked.store.write_prescription(prescription.text())
        where = "" if asked.out == Path("outputs") else f" --out {asked.out}"
        where += f" --as {asked.version}" if asked.version else ""
        return f"saved to {prescription.path}: k makes it, or scanproc run {scan}{where}"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(LastPrescription(file, given).text(), encoding="utf-8")
    except OSError as error:
        raise ScanError(f"{file} cannot be written ({error.strerror}). Choose another file.") from None
    return f"saved to {file}: scanproc run {scan} --prescription {file} makes it"
