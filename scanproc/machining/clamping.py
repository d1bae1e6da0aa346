"""How a part is clamped: which sides are cut, where it lies in its stock, pins, tabs; what does not fit is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.artifacts import HIGHEST_BLOCK_MM, Making
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.machining.machine import Machine
from scanproc.machining.milled_part import Part, flat_below_z, negative_of, positive_of, turning_shift
from scanproc.machining.setups import AIR_MM, Setup, Stock
from scanproc.machining.tabs import tabs_of
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.solid.topology import undercut

_FLAT_SHARE, _FLAT_MM = 0.7, 0.05  # of an underside that is not cut: the rest are letters and the rounded edge
_HIDDEN_MM2 = 0.5  # upright faces that are not quite upright
_PIN_ROOM_MM = 1.0
_NO_SHIFT = np.zeros(3)


def clamped(part: Part, making: Making, machine: Machine) -> tuple[Setup, ...]:
    """Return the setups in which a part is milled: one, or two with half a turn about x between them.

    Parameters
    ----------
    part : the insole in the print frame.
    making : a block is cut from above alone where its base is flat and `cutting.sides` allows; models always are.

    Raises
    ------
    ScanError
        If the stock is too small or too low, its pins lie under the part, or the tabs find no wall.
    """
    cutting = machine.cutting
    hidden = undercut(part.solid)
    height = machine.stock.height_mm or making.block_height_mm
    _refuse_undercut(hidden.from_above, "above")
    if making.process == "positive":
        model = positive_of(part, cutting.base_mm)
        return (replace(_from_above(model, machine, model.low_z, height, trims=True), shift=turning_shift(part)),)
    if making.process == "negative":
        mould = negative_of(part, cutting.base_mm)
        return (_from_above(mould, machine, mould.low_z, height, trims=False),)
    base = flat_below_z(part, _FLAT_SHARE, _FLAT_MM)
    if cutting.sides == "one" and base is None:
        raise ScanError(
            "found an underside that is not flat, with machine.toml: cutting.sides = one; expected a flat base. Let "
            'both sides be cut (sides = "two"), or prescribe insole.style = "block".'
        )
    if base is not None and (cutting.sides == "one" or (cutting.sides == "auto" and making.style == "block")):
        return (_from_above(part, machine, base, height, trims=True),)
    _refuse_undercut(hidden.from_below, "below")
    return _from_both_sides(part, machine, height)


def _from_above(part: Part, machine: Machine, base_z: float, height_mm: float, *, trims: bool) -> Setup:
    _refuse_low_stock(part.high_z - base_z, height_mm, machine)
    count = len(part.outline)
    trim_z = np.full(count, base_z - machine.cutting.through_mm) if trims else None
    bare = Setup("top", part, _NO_STOCK, (), _NO_SHIFT, base_z, trim_z, machine)
    tabs = tabs_of(part, machine.cutting, bare.ring_mm, base_z) if trims else ()
    stock = _stock(bare, base_z, base_z + height_mm, pinned=False)
    return Setup("top", part, stock, tabs, _NO_SHIFT, base_z, trim_z, machine)


def _from_both_sides(part: Part, machine: Machine, height_mm: float) -> tuple[Setup, Setup]:
    """The first setup cuts the top; the second the underside, and the trim line through to what the first opened."""
    _refuse_low_stock(part.high_z - part.low_z, height_mm, machine)
    middle = 0.5 * (part.low_z + part.high_z)
    bare = Setup("top", part, _NO_STOCK, (), _NO_SHIFT, -np.inf, None, machine)
    stock = _stock(bare, middle - 0.5 * height_mm, middle + 0.5 * height_mm, pinned=True)
    tabs = tabs_of(part, machine.cutting, bare.ring_mm, None)
    top = Setup("top", part, stock, tabs, _NO_SHIFT, float(stock.low[2]), None, machine)
    shift = np.array([0.0, stock.low[1] + stock.high[1], stock.low[2] + stock.high[2]])
    over = part.turned_over(shift)
    turned_tabs = tuple(tab.turned_over(shift) for tab in tabs)
    below = Setup("bottom", over, stock, turned_tabs, shift, float(stock.low[2]), over.under_z - AIR_MM, machine)
    return top, below


_NO_STOCK = Stock(np.zeros(3), np.zeros(3), np.zeros((0, 2)))


def _refuse_undercut(area_mm2: float, where: str) -> None:
    if area_mm2 > _HIDDEN_MM2:
        raise ScanError(
            f"found {area_mm2:.1f} mm2 of the part hidden from {where} (undercut), expected none: three axes do not "
            "reach it. Open the walls (insole.wall_slope_deg), or print it."
        )


def _refuse_low_stock(needed_mm: float, height_mm: float, machine: Machine) -> None:
    if needed_mm > height_mm:
        of_machine = machine.stock.height_mm > 0.0 or needed_mm > HIGHEST_BLOCK_MM
        set_by = "machine.toml: stock.height_mm" if of_machine else "insole.block_height_mm"
        raise ScanError(
            f"found a part of {needed_mm:.1f} mm in a block of {height_mm:g} mm (insole.block_height_mm, or "
            f"machine.toml: stock.height_mm), expected one of {np.ceil(needed_mm):g} mm or more: what stands "
            f"higher cannot be milled. Take a higher block: {set_by} = {np.ceil(needed_mm):g}, or lower arch, cup or "
            "flange."
        )


def _stock(bare: Setup, low_z: float, high_z: float, *, pinned: bool) -> Stock:
    """Return the stock round the middle of a part, as large as the machine says or as the part needs."""
    asked, outline = bare.machine.stock, bare.part.outline
    low, high = outline.min(axis=0), outline.max(axis=0)
    needed = high - low + 2.0 * (bare.ring_mm + asked.frame_mm)
    if pinned:
        beside = bare.ring_mm + _PIN_ROOM_MM + 0.5 * asked.pin_mm + asked.pin_inset_mm
        needed[0] = max(needed[0], high[0] - low[0] + 2.0 * beside)
    size = np.array([asked.length_mm or np.ceil(needed[0]), asked.width_mm or np.ceil(needed[1])])
    least = high - low + 2.0 * (bare.ring_mm + 1.0)
    for name, has, wants in zip(("length", "width"), size, least, strict=True):
        if has < wants:
            raise ScanError(
                f"found stock of {has:g} mm (machine.toml: stock.{name}_mm) for a part that takes {wants:.1f} mm with "
                f"the cut round it, expected {np.ceil(wants):g} or more. Take a larger block, or a slimmer trim cutter."
            )
    middle = 0.5 * (low + high)
    corner = np.round(middle - 0.5 * size, 3)
    lower, upper = np.append(corner, low_z), np.append(corner + size, high_z)
    pins = np.zeros((0, 2))
    if pinned:
        x = (lower[0] + asked.pin_inset_mm, upper[0] - asked.pin_inset_mm)
        pins = np.array([[each, 0.5 * (lower[1] + upper[1])] for each in x])
        _refuse_pins_in_cut(bare, pins)
    return Stock(lower, upper, pins)


def _refuse_pins_in_cut(bare: Setup, pins: FloatArray) -> None:
    radius, outline = 0.5 * bare.machine.stock.pin_mm, bare.part.outline
    reach = radius + bare.ring_mm
    distance = nearest_on_curve(outline, pins, reach, closed=True).distance_mm
    if np.isfinite(distance).any() or inside(outline, pins).any():
        raise ScanError(
            f"found a registration pin under the part or in the cut round it (machine.toml: stock.pin_inset_mm = "
            f"{bare.machine.stock.pin_inset_mm:g}), expected {reach:.1f} mm between its middle and the part. Take "
            "longer stock, or move the pins towards its ends."
        )
