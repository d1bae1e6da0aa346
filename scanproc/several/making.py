"""The insoles of several scans made together: on one block to mill, or on one print bed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from scanproc.artifacts import FORMED, Insole, Making, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.paper import write_png
from scanproc.formats.part_plan import block_drawing
from scanproc.machining.machine import Machine, machine_of, tables_of
from scanproc.machining.shared_block import BlockPart, milled_block
from scanproc.prescription.files import machine_beside
from scanproc.prescription.version_names import check_known
from scanproc.printing.plate import PlatePart
from scanproc.printing.printer import PrinterConfig
from scanproc.scan import name_of
from scanproc.several.print_plate import plate_files
from scanproc.several.scans import ScanResults, check_distinct, facts_of, results_of
from scanproc.stages.export import in_print_frame, part_name, printed_part
from scanproc.store import Store, write_files

log = logging.getLogger(__name__)

Tables = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class MadeTogether:
    """Files of what was made together by name, and a line that says what it is."""

    files: dict[str, bytes]
    summary: str


def make(scans: Sequence[Path], out: Path, tables: Tables = (), version: str = "") -> list[Path]:
    """Bring scans up to date as far as their exports, and make all their insoles together.

    Parameters
    ----------
    scans : one or more, see `scan.open_scan`.
    out : folder that holds the scans' outputs; the files lie beside them in `<A>--<B>`, or `<A>--made` of one scan;
        those of a version in a folder of its name below.
    tables : settings by stage and name, `machine.toml` among them; later tables win.
    version : of each insole; empty: the scans' own.

    Returns
    -------
    list
        Paths of the files.

    Raises
    ------
    ScanError
        If a scan has no insole that may be made, the insoles cannot be made together, or do not all fit.
    """
    given = list(tables)
    check_distinct(scans)
    names_of_scans = [name_of(path) for path in scans]
    folder = out / ("--".join(names_of_scans) if len(scans) > 1 else f"{names_of_scans[0]}--made") / version
    for path in scans if version else ():
        check_known(version, Store(out / name_of(path)).version_names(), str(path), begins=False)
    facts_of(scans)
    machine = _machine_of_all(scans, given)
    for old in (*folder.glob("plate*.*"), *folder.glob("block*")):
        old.unlink()  # what is refused now is not to be made from what was made before
    found = [results_of(path, out, "export", given, version) for path in scans]
    for each in found:
        _refuse_unfinished(each)
    parts = [(each.facts, insole) for each in found for insole in (each.insoles.insoles if each.insoles else ())]
    names = _names(parts, version)
    made = _together([insole for _, insole in parts], names, machine)
    write_files(folder, made.files)
    log.info("make: %s", made.summary)
    return [folder / name for name in made.files]


def _machine_of_all(scans: Sequence[Path], given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tables of `machine.toml` that hold for all scans: as given, or as it lies beside them.

    Raises
    ------
    ScanError
        If different ones lie beside them.
    """
    texts = {}
    for scan in scans:
        stated = [
            table["export"]["machine"]
            for table in [*machine_beside(scan), *given]
            if "machine" in table.get("export", {})
        ]
        texts[stated[-1] if stated else ""] = scan
    if len(texts) > 1:
        raise ScanError(
            f"found different machines for {' and '.join(map(str, texts.values()))}, expected one for all that are "
            "made together. Name it by --machine."
        )
    return tables_of(next(iter(texts)))


def _refuse_unfinished(found: ScanResults) -> None:
    """Refuse a scan that lacks an insole: it would be missed on the plate only when the parts are counted."""
    lacking = [refusal for refusal in found.refusals if refusal.stage in ("insole", "export")] or list(found.refusals)
    if found.exports is None or lacking:
        why = f"{lacking[0].stage} refused it: {lacking[0].message}" if lacking else "it has no insole"
        raise ScanError(f"{found.facts.name} cannot be made with others, {why}")


def _names(parts: Sequence[tuple[ScanFacts, Insole]], version: str) -> list[str]:
    """Return what parts are called, by pseudonym and side; those that are called alike by their scan, too."""
    plain = [part_name(insole, facts, version) for facts, insole in parts]
    count = Counter(plain)
    return [
        name if count[name] == 1 else f"{name} ({facts.name})" for name, (facts, _) in zip(plain, parts, strict=True)
    ]


def _together(insoles: Sequence[Insole], names: Sequence[str], tables: Mapping[str, Any]) -> MadeTogether:
    first = insoles[0]
    for insole, name in zip(insoles, names, strict=True):
        if insole.making.process != first.making.process:
            raise ScanError(
                f"found insole.process = {first.making.process} of {names[0]} and {insole.making.process} of {name}, "
                "expected one of all that are made together. Make them apart."
            )
    process = first.making.process
    preset = "positive" if process in FORMED else first.making.style
    # The tightest hollows of all decide which ball finishes.
    machine = machine_of(tables, preset, min(insole.making.cutter_mm for insole in insoles))
    made = (_printed if process == "print" else _milled)(insoles, names, machine)
    soft = _extensions(insoles, names, machine)
    return MadeTogether({**made.files, **soft.files}, "; ".join(filter(None, [made.summary, soft.summary])))


def _milled(insoles: Sequence[Insole], names: Sequence[str], machine: Machine) -> MadeTogether:
    parts = [BlockPart(name, printed_part(insole), insole.making) for insole, name in zip(insoles, names, strict=True)]
    made = milled_block(parts, machine)
    layout, programs = made.layout, [name for name in made.files if name.endswith(".nc")]
    size = layout.stock.high - layout.stock.low
    told = (
        f"{len(parts)} parts on a block of {size[0]:.0f} x {size[1]:.0f} x {size[2]:.0f} mm, {len(programs)} programs, "
        f"{made.minutes:.0f} min"
    )
    drawing = block_drawing(told, size[:2], list(zip(names, layout.outlines, strict=True)), layout.stock.pins)
    return MadeTogether({**made.files, "block.png": write_png(drawing)}, told)


def _printed(insoles: Sequence[Insole], names: Sequence[str], machine: Machine) -> MadeTogether:
    parts = [
        PlatePart(name, printed_part(insole).solid, insole.making.material)
        for insole, name in zip(insoles, names, strict=True)
    ]
    return _plate(parts, machine.printer, "plate", "insoles")


def _extensions(insoles: Sequence[Insole], names: Sequence[str], machine: Machine) -> MadeTogether:
    """Make the soft extensions: on a bed of their own, for they are of another material; foam is cut from a sheet."""
    printed, cut = [], []
    for insole, name in zip(insoles, names, strict=True):
        if insole.extension is None:
            continue
        if insole.making.extension_material == "EVA":
            cut.append(name)
        else:
            solid = in_print_frame(insole.extension, Making())
            printed.append(PlatePart(f"{name}, soft extension", solid, insole.making.extension_material))
    printer = replace(machine.printer, posture="flat")
    made = _plate(printed, printer, "plate-extensions", "soft extensions") if printed else MadeTogether({}, "")
    foam = "by the layer EXTENSION of each scan's outline.dxf, soft extensions of EVA are cut for " + ", ".join(cut)
    return replace(made, summary="; ".join([made.summary] * bool(printed) + [foam] * bool(cut)))


def _plate(parts: Sequence[PlatePart], printer: PrinterConfig, name: str, what: str) -> MadeTogether:
    """Lay parts on a bed, in files of that name."""
    plate, files = plate_files(parts, printer, name, what)
    bed = np.array([printer.bed_x_mm, printer.bed_y_mm])
    told = (
        f"{len(parts)} {what}, {printer.posture}, on {plate.size_mm[0]:.0f} x {plate.size_mm[1]:.0f} mm of a "
        f"bed of {bed[0]:.0f} x {bed[1]:.0f} mm ({name}.3mf, {parts[0].material})"
    )
    drawing = block_drawing(told, bed, [(one.part.name, one.outline) for one in plate.parts], np.zeros((0, 2)))
    return MadeTogether({**files, f"{name}.png": write_png(drawing)}, told)
