"""Where parts lie on a block that they share, and how large it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.machining.machine import Machine
from scanproc.machining.setups import Setup, Stock
from scanproc.nesting.full import full
from scanproc.nesting.packing import Packing, Room, pack

_TURNS_DEG = (0.0, 180.0)  # passes run along the foot
_LEAST_FRAME_MM = 1.0  # as `clamping` has it of one part
_PIN_ROOM_MM = 1.0


@dataclass(frozen=True)
class BlockLayout:
    """A block and what lies on it.

    Attributes
    ----------
    stock : its lower corner at the origin.
    outlines : of each part, (K, 2) mm, where it lies.
    """

    packing: Packing
    stock: Stock
    outlines: tuple[FloatArray, ...]


def laid_out(setups: Sequence[Setup], names: Sequence[str], machine: Machine) -> BlockLayout:
    """Lay parts out on the machine's block, or on one as large as they need.

    Parameters
    ----------
    setups : the first of each part, clamped alone; `names`, of the parts.

    Between two cuts `stock.web_mm` is left standing: it carries the tabs of both, and no cutter of one part comes near
    the other.

    Raises
    ------
    ScanError
        If they do not all fit; with what fits, and how many blocks would hold them.
    """
    first, asked = setups[0], machine.stock
    outlines = [setup.part.outline for setup in setups]
    pinned = len(first.stock.pins) > 0
    least, wanted = (_beside(first, frame, pinned) for frame in (_LEAST_FRAME_MM, asked.frame_mm))
    travel = np.array([machine.machine.travel_x_mm, machine.machine.travel_y_mm]) - 2.0 * first.ring_mm
    given = np.array([asked.length_mm, asked.width_mm])
    size = np.where(given > 0.0, np.minimum(travel, given - 2.0 * least), travel)
    room = Room(size, 2.0 * first.ring_mm + asked.web_mm, _TURNS_DEG, tuple((2.0 * wanted).tolist()))
    packing = pack(outlines, room)
    if packing.left_out:
        source = "stock.length_mm, width_mm" if given.any() else "machine.travel_x_mm, travel_y_mm"
        raise full(outlines, names, packing, room, "block", f"{source}, less the cut round them")
    block = np.where(given > 0.0, given, np.ceil(packing.size_mm + 2.0 * wanted))
    corner = np.round(np.minimum(wanted, 0.5 * (block - packing.size_mm)), 3)
    placed = tuple(one.applied(outlines[one.part]) + corner for one in packing.placements)
    pins = np.zeros((0, 2))
    if pinned:
        pins = np.array([[x, 0.5 * block[1]] for x in (asked.pin_inset_mm, block[0] - asked.pin_inset_mm)])
    height = float(first.stock.high[2] - first.stock.low[2])
    return BlockLayout(packing, Stock(np.zeros(3), np.append(block, height), pins), placed)


def _beside(setup: Setup, frame_mm: float, pinned: bool) -> FloatArray:
    """Return how much of the block lies beside the outermost outlines along x and y, (2,) mm."""
    asked = setup.machine.stock
    beside = np.full(2, setup.ring_mm + frame_mm)
    if pinned:
        beside[0] = max(beside[0], setup.ring_mm + _PIN_ROOM_MM + 0.5 * asked.pin_mm + asked.pin_inset_mm)
    return beside
