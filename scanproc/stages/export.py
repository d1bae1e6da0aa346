"""Stage 7: export. Proven shells become files to print, mill and cut covers by; each is read back and proven again."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Check, Exports, Insole, Insoles, Mesh, ScanFacts, Side
from scanproc.errors import ScanError
from scanproc.formats.solid_files import read_3mf, read_stl, write_3mf, write_outline_dxf, write_stl
from scanproc.frames import FloatArray, transform
from scanproc.machining.machine import machine_of, tables_of
from scanproc.machining.milled_part import part_of
from scanproc.machining.programs import programs_of
from scanproc.parallel import parallel_map
from scanproc.proof.advice import failure
from scanproc.proof.bodies import body_checks
from scanproc.settings import setting
from scanproc.solid.resting_plane import stable_pose

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportConfig:
    """Which files are written of each proven insole."""

    stl: bool = setting(True, "write <side>.stl, binary, for printing")
    threemf: bool = setting(True, "write <side>.3mf, with unit, side and pseudonym, for printing")
    outline_dxf: bool = setting(True, "write <side>-outline.dxf, to cut the top cover by")
    machine: str = setting("", "the tables of machine.toml, as one text", hidden=True)


def export(insoles: Insoles, facts: ScanFacts, config: ExportConfig) -> Exports:
    """Write the files of each proven insole, in the print frame: lying on its flat patch, near the origin.

    A part with a failed check is left out, and `<side>-not-exported.txt` says why if another part is written.

    Raises
    ------
    ScanError
        If no part can be exported, or no kind of file is wanted.
    """
    if not (config.stl or config.threemf or config.outline_dxf):
        raise ScanError(
            "found export.stl, export.threemf and export.outline_dxf all false, expected one to be written at least. "
            "Set export.stl = true."
        )
    files: dict[str, bytes] = {}
    failures: dict[str, str] = {}
    for insole in insoles.insoles:
        if insole.solid is None or insole.outline is None:
            continue
        reason = failure(insole.checks)
        if reason is None:
            part = _files_of(insole.side, insole.solid, insole.outline, insole.notes, facts)
            reason = failure(failed_in_files(part))
        if reason is None and insole.making.process != "print":
            try:
                part |= _programs_of(insole, insole.solid, insole.outline, facts, config)
            except ScanError as error:
                reason = str(error)
        if reason is None:
            files.update({name: data for name, data in part.items() if _wanted(name, config)})
        else:
            failures[f"{insole.side}-not-exported.txt"] = f"{insole.side} foot: {reason}"
    if not files:
        raise ScanError(" ".join(failures.values()) or "there is no proven insole. See what stage insole refused.")
    return Exports(files | {name: f"{reason}\n".encode() for name, reason in failures.items()})


def in_print_frame(solid: Mesh) -> Mesh:
    """Return a solid near the origin, lying on its flat patch at z = 0, rounded to the single precision of STL."""
    moved = transform(stable_pose(solid), solid.vertices)
    return Mesh(moved.astype(np.float32).astype(np.float64), solid.faces)


def failed_in_files(files: dict[str, bytes]) -> list[Check]:
    """Read each solid back from its file's bytes, and return the checks that it fails."""
    readers = {".stl": read_stl, ".3mf": read_3mf}
    solids = [name for name in files if name[-4:] in readers]
    checks = parallel_map(lambda name: body_checks(readers[name[-4:]](files[name])), solids, "proving files")
    return [check for of_one in checks for check in of_one if not check.passed]


def _programs_of(
    insole: Insole, solid: Mesh, outline: FloatArray, facts: ScanFacts, config: ExportConfig
) -> dict[str, bytes]:
    """Return the milling programs of one part by name, proven.

    Raises
    ------
    ScanError
        If it cannot be milled so; the message says what would help.
    """
    making = insole.making
    preset = "positive" if making.process in ("positive", "negative") else making.style
    machine = machine_of(tables_of(config.machine), preset, making.cutter_mm)
    part = part_of(solid, outline, in_print_frame(solid))
    return programs_of(part, making, machine, insole.side, _name(insole.side, facts)).files


def _name(side: Side, facts: ScanFacts) -> str:
    return f"{facts.subject or facts.name} {side} insole"


def _files_of(
    side: Side, solid: Mesh, outline: FloatArray, notes: tuple[str, ...], facts: ScanFacts
) -> dict[str, bytes]:
    """Return the files of one part by name."""
    part = in_print_frame(solid)
    name = _name(side, facts)
    moved = outline - solid.vertices.min(axis=0)[:2]
    return {
        f"{side}.stl": write_stl(part, name),
        f"{side}.3mf": write_3mf(part, name, {"Title": name, "Description": _description(side, facts, notes)}),
        f"{side}-outline.dxf": write_outline_dxf(moved, f"{side.upper()}_OUTLINE_MM"),
    }


def _wanted(name: str, config: ExportConfig) -> bool:
    wanted = {"stl": config.stl, "3mf": config.threemf, "dxf": config.outline_dxf, "nc": True, "json": True}
    return wanted[name.rpartition(".")[2]]


def _description(side: Side, facts: ScanFacts, notes: tuple[str, ...]) -> str:
    words = [f"side: {side}", f"loading of the scan: {facts.loading}", "unit: mm"]
    if facts.date is not None:
        words.append(f"scanned: {facts.date}")
    return "; ".join([", ".join(words), *notes])
