"""Which posture on the bed is advised, by filament and by powder, with the figures that speak for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scanproc.printing.postures import Posture, PostureName
from scanproc.printing.printer import PrinterConfig

Print = Literal["filament", "powder"]

_MUCH_LESS = 0.5  # of supports or steps: less outweighs the layers that standing costs
_BRIM_MM2 = 200.0  # what touches the bed with less comes off without a brim


@dataclass(frozen=True)
class Orientation:
    """The advised posture, how it is printed, and why, in a sentence."""

    posture: PostureName
    by: Print
    why: str


def printed_by(material: str, printer: PrinterConfig) -> Print:
    """Return how a material is printed: PETG is laid down as a filament, the others are fused from powder."""
    if printer.prints != "auto":
        return printer.prints
    return "filament" if material == "PETG" else "powder"


def advised(found: Mapping[PostureName, Posture], material: str, printer: PrinterConfig) -> Orientation:
    """Return which of a part's postures is advised.

    Filament hangs in the air without supports, which cost plastic and leave marks: the posture with much less of them
    counts. Powder carries what hangs over: there the layers show as steps on what is nearly level.
    """
    flat, edge, by = found["flat"], found["edge"], printed_by(material, printer)
    if by == "filament":
        flat_costs, edge_costs = (1e-3 * one.supports.volume_mm3 for one in (flat, edge))
        what, unit = "supports", "cm3"
    else:
        flat_costs, edge_costs = (1e-2 * one.stepped_mm2 for one in (flat, edge))
        what, unit = "surface in steps", "cm2"
    fits = edge.size_mm[2] <= printer.bed_z_mm
    posture: PostureName = "edge" if fits and edge_costs < _MUCH_LESS * flat_costs else "flat"
    chosen, other = found[posture], found["flat" if posture == "edge" else "edge"]
    costs, others = (edge_costs, flat_costs) if posture == "edge" else (flat_costs, edge_costs)
    why = (
        f"{costs:.1f} {unit} of {what} against {others:.1f} {_name(other)}, {chosen.layers(printer.layer_mm)} layers "
        f"against {other.layers(printer.layer_mm)}"
    )
    if not fits:
        why += f"; on edge it is {edge.size_mm[2]:.0f} mm high, over printer.bed_z_mm = {printer.bed_z_mm:g}"
    if by == "filament":
        why += f"; {chosen.contact_mm2:.0f} mm2 touch the bed" + (
            ", print it with a brim" if chosen.contact_mm2 < _BRIM_MM2 else ""
        )
    return Orientation(posture, by, why)


def _name(posture: Posture) -> str:
    return "on edge" if posture.name == "edge" else "flat"
