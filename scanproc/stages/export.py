"""Stage 7: export. Proven shells become files to print, mill and cut covers by; each is read back and proven again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from scanproc.artifacts import FORMED, Check, Exports, Insole, Insoles, Making, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.paper import write_pdf, write_png
from scanproc.formats.part_plan import PartPlan, plan_drawing, plan_dxf
from scanproc.formats.solid_files import Body, read_3mf, read_stl, write_3mf, write_stl
from scanproc.frames import FloatArray, rigid, transform
from scanproc.machining.machine import Machine, machine_of, tables_of
from scanproc.machining.milled_part import Part, part_of
from scanproc.parallel import meanwhile, parallel_map
from scanproc.printing.hand_over import hand_over
from scanproc.proof.advice import failure
from scanproc.proof.bodies import body_checks
from scanproc.settings import setting
from scanproc.solid.decimation import Decimated, decimated
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.resting_plane import stable_pose

if TYPE_CHECKING:
    from scanproc.machining.programs import Milled

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExportConfig:
    """Which files are written of each proven insole."""

    stl: bool = setting(True, "write <side>.stl, binary, for printing")
    threemf: bool = setting(True, "write <side>.3mf, with unit, side, pseudonym and material, for printing")
    outline_dxf: bool = setting(True, "write <side>-outline.dxf: layers of top cover, trim line, pads, marks, pins")
    template: bool = setting(True, "write <side>-template.pdf and .png: the outline in true size, on paper")
    paper: Literal["A4", "letter"] = setting("A4", "of the template: A4, letter")
    cover_margin_mm: float = setting(
        3.0, "how much larger the top cover is cut, mm all round: it is trimmed when it is glued", low=0.0, high=30.0
    )
    max_triangles: int = setting(
        0, "most triangles of <side>.stl, for old CAM programs, such as 20000; 0: as it was designed", low=0
    )
    max_deviation_mm: float = setting(
        0.1, "how far <side>.stl may lie off the part where its triangles are made fewer, mm", low=0.005, high=1.0
    )
    machine: str = setting("", "the tables of machine.toml, as one text", hidden=True)
    version: str = setting("", "name of the version of the insole; empty: the scan's own", hidden=True)


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
        reason = insole.failed or failure(insole.checks)
        if reason is None:
            try:
                files |= _files_of(insole, facts, config)
            except ScanError as error:
                reason = str(error)
        if reason is not None:
            failures[f"{insole.side}-not-exported.txt"] = f"{insole.side} foot: {reason}"
    if not files:
        raise ScanError(" ".join(failures.values()) or "there is no proven insole. See what stage insole refused.")
    return Exports(files | {name: f"{reason}\n".encode() for name, reason in failures.items()})


def T_print_solid(solid: Mesh, making: Making) -> FloatArray:
    """Return the transform, (4, 4), of a solid to the print frame: near the origin, lying on its flat patch at z = 0.

    What is milled stays level: tilted onto a post, its steepest walls would no longer be seen from above.
    """
    if making.process == "mill":
        return rigid(np.eye(3), -solid.vertices.min(axis=0))
    return stable_pose(solid)


def in_print_frame(solid: Mesh, making: Making) -> Mesh:
    """Return a solid in the print frame, rounded to the single precision of STL."""
    return _transformed(solid, T_print_solid(solid, making))


def _transformed(solid: Mesh, T: FloatArray) -> Mesh:
    moved = transform(T, solid.vertices)
    return Mesh(moved.astype(np.float32).astype(np.float64), solid.faces)


def printed_part(insole: Insole) -> Part:
    """Return the part of an insole, which there must be, in the print frame with its outline."""
    assert insole.solid is not None and insole.outline is not None
    return part_of(insole.solid, insole.outline, in_print_frame(insole.solid, insole.making))


def part_name(insole: Insole, facts: ScanFacts, version: str = "") -> str:
    """Return what a part is called in its files: pseudonym, side, and version where it is one."""
    return f"{facts.subject or facts.name} {insole.side} insole{f', {version}' if version else ''}"


def machine_for(insole: Insole, config: ExportConfig) -> Machine:
    """Return mill and printer as `machine.toml` says, over the defaults for how an insole is made."""
    making = insole.making
    preset = "positive" if making.process in FORMED else making.style
    return machine_of(tables_of(config.machine), preset, making.cutter_mm)


def failed_in_files(files: dict[str, bytes]) -> list[Check]:
    """Read each solid back from its file's bytes, and return the checks that it fails."""
    solids = [read_stl(data) for name, data in files.items() if name.endswith(".stl")]
    solids += [body.mesh for name, data in files.items() if name.endswith(".3mf") for body in read_3mf(data)]
    return failed_bodies(solids)


def failed_bodies(solids: Sequence[Mesh]) -> list[Check]:
    """Return the checks that solids fail as closed bodies."""
    checks = parallel_map(body_checks, solids, "proving files")
    return [check for of_one in checks for check in of_one if not check.passed]


def _files_of(insole: Insole, facts: ScanFacts, config: ExportConfig) -> dict[str, bytes]:
    """Return the files of one part by name, proven.

    Raises
    ------
    ScanError
        If a file does not hold what was proven, or the part cannot be made so; the message says what would help.
    """
    side, name = insole.side, part_name(insole, facts, config.version)
    assert insole.solid is not None and insole.outline is not None
    pose, machine = T_print_solid(insole.solid, insole.making), machine_for(insole, config)
    part = part_of(insole.solid, insole.outline, _transformed(insole.solid, pose))
    fewer = decimated(part.solid, config.max_triangles, config.max_deviation_mm) if config.max_triangles else None

    def proven_solids() -> dict[str, bytes]:
        bodies, about = _bodies(insole, name, part.solid, pose), _description(insole, facts, config.version)
        solids = {
            f"{side}.stl": write_stl(fewer.mesh if fewer else part.solid, name),
            f"{side}.3mf": write_3mf(bodies, {"Title": name, "Description": about}),
        }
        if insole.extension is not None:
            solids[f"{side}-extension.stl"] = write_stl(in_print_frame(insole.extension, Making()), f"{name} extension")
        reason = failure(failed_in_files(solids))
        if reason is not None:
            raise ScanError(reason)
        wanted = {".stl": config.stl, ".3mf": config.threemf}
        return {file: data for file, data in solids.items() if wanted[file[-4:]]}

    others: dict[str, bytes] = {}
    with meanwhile(proven_solids) as solids:  # it mostly waits for 3MF's library, which needs no Python
        milled = None
        if insole.making.process != "print":
            from scanproc.machining.programs import programs_of  # here: it is much, and most parts are printed

            milled = programs_of(part, insole.making, machine, side, name)
            others = milled.files
        drawings = _drawings(_plan(insole, name, part, pose, milled, machine, config), config)
        if insole.making.process == "print":
            others = {f"{side}-printing.json": hand_over(part.solid, insole.making.material, machine.printer, fewer)}
        files = solids() | drawings | others
    if fewer:
        log.info("export: %s.stl, %s", side, _told(fewer, part.solid))
    return files


def _bodies(insole: Insole, name: str, shell: Mesh, pose: FloatArray) -> tuple[Body, ...]:
    """Return the objects of a 3MF: the shell in the print frame, and its soft extension where it will be glued."""
    if insole.extension is None:
        return (Body(shell, name, insole.making.material),)
    soft = _transformed(insole.extension, pose)
    up = rigid(np.eye(3), np.array([0.0, 0.0, max(-float(soft.vertices[:, 2].min()), 0.0)]))  # nothing below the bed
    return (
        Body(shell, name, insole.making.material, up),
        Body(soft, f"{name}, soft extension", insole.making.extension_material, up),
    )


def _drawings(plan: PartPlan, config: ExportConfig) -> dict[str, bytes]:
    """Return the files of a part seen from above by name."""
    files = {f"{plan.side}-outline.dxf": plan_dxf(plan)} if config.outline_dxf else {}
    if config.template:
        drawing, name = plan_drawing(plan), f"{plan.side}-template"
        files |= {f"{name}.pdf": write_pdf(drawing, config.paper), f"{name}.png": write_png(drawing)}
    return files


def _plan(
    insole: Insole,
    name: str,
    part: Part,
    pose: FloatArray,
    milled: Milled | None,
    machine: Machine,
    config: ExportConfig,
) -> PartPlan:
    """Return a part from above, its curves laid onto its top before they are brought into the print frame."""
    solid = insole.solid
    assert solid is not None
    faces = FaceGrid.of(solid)

    def brought(xy: FloatArray) -> FloatArray:
        z = faces.touched(np.ascontiguousarray(xy), from_above=True).z
        high = np.where(np.isfinite(z), z, solid.vertices[:, 2].mean())
        return transform(pose, np.column_stack([xy, high]))[:, :2]

    curves = tuple(replace(curve, xy=brought(curve.xy)) for curve in insole.curves)
    plan = PartPlan(insole.side, name, part.outline, config.cover_margin_mm, curves)
    if milled is None:
        return plan
    stock = milled.stock
    return replace(plan, pins=stock.pins, pin_mm=machine.stock.pin_mm, stock=np.stack([stock.low, stock.high])[:, :2])


def _told(fewer: Decimated, whole: Mesh) -> str:
    return (
        f"{len(fewer.mesh.faces):,} of {len(whole.faces):,} triangles, up to {fewer.from_it_mm:.3f} mm off the part, "
        f"and the part up to {fewer.to_it_mm:.3f} mm off it"
    )


def _description(insole: Insole, facts: ScanFacts, version: str) -> str:
    words = [f"side: {insole.side}", f"pseudonym: {facts.subject or facts.name}", f"material: {insole.making.material}"]
    if insole.extension is not None:
        words.append(f"material of the soft extension: {insole.making.extension_material}")
    words += [f"version: {version}"] if version else []
    words += [f"loading of the scan: {facts.loading}", "unit: mm"]
    if facts.date is not None:
        words.append(f"scanned: {facts.date}")
    return "; ".join([", ".join(words), *insole.notes])
