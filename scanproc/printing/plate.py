"""Several parts on one print bed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import manifold3d  # type: ignore[import-not-found, unused-ignore]
import numpy as np

from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid, rotation_about, transform
from scanproc.mesh.polygons import area_mm2
from scanproc.nesting.full import full
from scanproc.nesting.packing import Packing, Room, pack
from scanproc.printing.postures import Posture, PostureName, postures
from scanproc.printing.printer import PrinterConfig

_TURNS_DEG = tuple(np.arange(0.0, 360.0, 15.0).tolist())
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class PlatePart:
    """A part for a bed: its name, the solid in the print frame, what it is made of."""

    name: str
    solid: Mesh
    material: str


@dataclass(frozen=True)
class PlacedPart:
    """A part on the bed: its posture, (4, 4) from the print frame to the bed's front left corner, (K, 2) its shadow."""

    part: PlatePart
    posture: Posture
    T_bed_print: FloatArray
    outline: FloatArray


@dataclass(frozen=True)
class Plate:
    """A bed with parts; `size_mm`, (2,), of the rectangle round them."""

    parts: tuple[PlacedPart, ...]
    size_mm: FloatArray


def laid_on_bed(parts: Sequence[PlatePart], printer: PrinterConfig) -> Plate:
    """Lay parts on the bed, all in the posture that the printer's settings ask for, in its middle.

    Raises
    ------
    ScanError
        If they are of several materials, too high, or do not all fit; with what fits, and how many beds they take.
    """
    _refuse_mixed(parts)
    both = [postures(part.solid, printer.layer_mm, printer.overhang_deg) for part in parts]
    stood: dict[PostureName, list[tuple[Posture, FloatArray]]] = {
        name: [(each[name], _shadow(part.solid, each[name])) for part, each in zip(parts, both, strict=True)]
        for name in both[0]
    }
    asked = stood[printer.posture]
    for part, (posture, _) in zip(parts, asked, strict=True):
        if posture.size_mm[2] > printer.bed_z_mm:
            raise ScanError(
                f"found {part.name} {posture.size_mm[2]:.1f} mm high ({posture.name}), expected up to machine.toml: "
                f"printer.bed_z_mm = {printer.bed_z_mm:g}. Lay it flat, or take a higher printer."
            )
    bed = np.array([printer.bed_x_mm, printer.bed_y_mm])
    room = Room(bed - 2.0 * printer.border_mm, printer.gap_mm, _TURNS_DEG)
    packing = pack([outline for _, outline in asked], room)
    if packing.left_out:
        _refuse_full(parts, stood, packing, room, printer)
    corner = 0.5 * (bed - packing.size_mm)
    placed = []
    for one in packing.placements:
        posture, outline = asked[one.part]
        turn = rigid(rotation_about(_UP, float(np.deg2rad(one.turn_deg))), np.append(one.shift_mm + corner, 0.0))
        placed.append(PlacedPart(parts[one.part], posture, turn @ posture.T_bed_print, one.applied(outline) + corner))
    return Plate(tuple(placed), packing.size_mm)


def _shadow(solid: Mesh, posture: Posture) -> FloatArray:
    """Return the border of what a part covers in a posture, seen from above: (K, 2), counter-clockwise."""
    vertices = transform(posture.T_bed_print, solid.vertices)
    mesh = manifold3d.Mesh(vertices.astype(np.float32), np.ascontiguousarray(solid.faces, dtype=np.uint32))
    rings = manifold3d.Manifold(mesh).project().to_polygons()
    return max((np.asarray(ring, dtype=np.float64) for ring in rings), key=area_mm2)


def _refuse_mixed(parts: Sequence[PlatePart]) -> None:
    for part in parts[1:]:
        if part.material != parts[0].material:
            raise ScanError(
                f"found {parts[0].name} of {parts[0].material} and {part.name} of {part.material}, expected one "
                "insole.material of all parts on a bed. Print them apart."
            )


def _refuse_full(
    parts: Sequence[PlatePart],
    stood: dict[PostureName, list[tuple[Posture, FloatArray]]],
    packing: Packing,
    room: Room,
    printer: PrinterConfig,
) -> None:
    outlines = {name: [outline for _, outline in of_parts] for name, of_parts in stood.items()}
    names = [part.name for part in parts]
    source = "printer.bed_x_mm, bed_y_mm, border_mm, gap_mm"
    refusal = full(outlines[printer.posture], names, packing, room, "bed", source)
    other: PostureName = "edge" if printer.posture == "flat" else "flat"
    low_enough = max(posture.size_mm[2] for posture, _ in stood[other]) <= printer.bed_z_mm
    if low_enough and not pack(outlines[other], room).left_out:
        raise ScanError(f'{refusal} With printer.posture = "{other}" they all fit on one.')
    raise refusal
