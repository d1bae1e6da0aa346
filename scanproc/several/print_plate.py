"""A bed with parts as files: one 3MF with an object each, read back and proven, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from scanproc.errors import ScanError
from scanproc.formats.solid_files import Body, read_3mf, write_3mf
from scanproc.frames import transform
from scanproc.printing.hand_over import posture_row
from scanproc.printing.plate import Plate, PlatePart, laid_on_bed
from scanproc.printing.printer import PrinterConfig
from scanproc.stages.export import failed_bodies

_ON_BED_MM = 0.01  # rounding to single precision


def plate_files(
    parts: Sequence[PlatePart], printer: PrinterConfig, name: str = "plate", what: str = "insoles"
) -> tuple[Plate, dict[str, bytes]]:
    """Lay parts on a bed, and return it with `<name>.3mf` and `<name>.json`; `what` they are, in the 3MF's title.

    Raises
    ------
    ScanError
        If they do not fit, or the file does not hold what was proven.
    """
    plate = laid_on_bed(parts, printer)
    bodies = [Body(one.part.solid, one.part.name, one.part.material, one.T_bed_print) for one in plate.parts]
    material = parts[0].material
    facts = {"Title": f"{len(parts)} {what}", "Description": f"material: {material}, unit: mm"}
    data = write_3mf(bodies, facts)
    _refuse_wrong_file(f"{name}.3mf", data, bodies, printer)
    rows = [
        {
            "part": one.part.name,
            **posture_row(one.posture, printer),
            "T_bed_print": np.round(one.T_bed_print, 6).tolist(),
        }
        for one in plate.parts
    ]
    bed = [printer.bed_x_mm, printer.bed_y_mm, printer.bed_z_mm]
    content = {"schema": 1, "bed_mm": bed, "material": material, "parts": rows}
    return plate, {f"{name}.3mf": data, f"{name}.json": (json.dumps(content, indent=1) + "\n").encode()}


def _refuse_wrong_file(file: str, data: bytes, bodies: Sequence[Body], printer: PrinterConfig) -> None:
    """Read a plate back: every part by its name, one closed body, wholly on the bed."""
    found = read_3mf(data)
    names, wanted = [body.name for body in found], [body.name for body in bodies]
    if names != wanted:
        raise ScanError(f"found the objects {names} in {file}, expected {wanted}. Report this.")
    failed = failed_bodies([body.mesh for body in found])
    if failed:
        raise ScanError(f"found a part of {file} that fails {failed[0].name}. Report this.")
    high = np.array([printer.bed_x_mm, printer.bed_y_mm, printer.bed_z_mm]) + _ON_BED_MM
    for body in found:
        xyz = transform(body.T_bed_part, body.mesh.vertices)
        if (xyz < -_ON_BED_MM).any() or (xyz > high).any():
            raise ScanError(f"found {body.name} beyond the bed in {file}, expected it on the bed. Report this.")
