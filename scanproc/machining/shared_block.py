"""Several parts on one block: one set of programs, proven on its own text against every part."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from scanproc.artifacts import Making
from scanproc.errors import ScanError
from scanproc.machining.block_layout import BlockLayout, laid_out
from scanproc.machining.block_setups import half_turn_shift, setups_on
from scanproc.machining.clamping import clamped
from scanproc.machining.gcode import Program, drawing, parse, tool_and_stock
from scanproc.machining.leftover import Leftover, leftover
from scanproc.machining.machine import Machine, ToolConfig
from scanproc.machining.milled_part import Part
from scanproc.machining.programs import Pass, by_tool, file_names, passes_of, written_programs
from scanproc.machining.removal import cut_by, fresh_stock, turned_over
from scanproc.machining.setups import Setup
from scanproc.machining.summary import setup_rows
from scanproc.machining.toolpaths import Heights
from scanproc.machining.trimming import through_to
from scanproc.machining.verification import (
    refuse_bad_surface,
    refuse_contacts,
    refuse_uncut_border,
    refuse_wrong_words,
)
from scanproc.solid.height_fields import HeightField

log = logging.getLogger(__name__)

_TAB_CUT_MM = 0.05


@dataclass(frozen=True)
class BlockPart:
    """A part that shares a block: in the print frame, with its name for headers and how it is made."""

    name: str
    part: Part
    making: Making


@dataclass(frozen=True)
class MilledBlock:
    """The programs of a block by file name, its layout, and how long they run in all, min."""

    files: dict[str, bytes]
    layout: BlockLayout
    minutes: float


def milled_block(parts: Sequence[BlockPart], machine: Machine) -> MilledBlock:
    """Lay parts out on one block; plan, write and simulate the programs that cut them all, tool by tool.

    Raises
    ------
    ScanError
        If the parts cannot share a block, do not all fit on it, or a program fails its simulation.
    """
    making = _one_making(parts)
    alone = replace(machine, stock=replace(machine.stock, length_mm=0.0, width_mm=0.0))
    setups = []
    for part in parts:
        with _naming(part.name):
            setups.append(clamped(part.part, making, alone))
    layout = laid_out([each[0] for each in setups], [part.name for part in parts], machine)
    placed = [setups_on(part.part, making, alone, layout, number) for number, part in enumerate(parts)]
    files: dict[str, bytes] = {}
    minutes: dict[str, float] = {}
    leftovers: list[dict[str, Leftover]] = [{} for _ in parts]
    block: HeightField | None = None
    for of_side in zip(*placed, strict=True):
        under = None if block is None else turned_over(block, half_turn_shift(layout.stock))
        written, found, block = _of_side(of_side, under, parts, layout, machine)
        files |= {name: text.encode("ascii") for name, (text, _) in written.items()}
        minutes |= {name: time for name, (_, time) in written.items()}
        for each, left in zip(leftovers, found, strict=True):
            each[of_side[0].side] = left
    log.info("milling: a block of %d parts, %d programs, %.0f min", len(parts), len(files), sum(minutes.values()))
    files["block-milling.json"] = _summary(parts, layout, minutes, leftovers)
    return MilledBlock(files, layout, sum(minutes.values()))


def _one_making(parts: Sequence[BlockPart]) -> Making:
    """Return how all parts are made, in a block as high as the highest asks for."""
    first = parts[0]
    for other in parts[1:]:
        for what in ("process", "style", "material"):
            a, b = (getattr(each.making, what) for each in (first, other))
            if a != b:
                raise ScanError(
                    f"found {first.name} with insole.{what} = {a} and {other.name} with {b}, expected one {what} of all"
                    " parts that share a block. Make them apart."
                )
    return replace(first.making, block_height_mm=max(part.making.block_height_mm for part in parts))


def _of_side(
    setups: Sequence[Setup],
    under: HeightField | None,
    parts: Sequence[BlockPart],
    layout: BlockLayout,
    machine: Machine,
) -> tuple[dict[str, tuple[str, float]], list[Leftover], HeightField]:
    """Return the programs that cut one side of all parts, text and minutes by file name, and what they leave.

    Parameters
    ----------
    under : the block's underside, where it was cut before.
    """
    if under is not None:
        setups = [through_to(_beside(under, setup), setup) for setup in setups]
    planned = [passes_of(setup) for setup in setups]
    passes: list[Pass] = [
        each for kind in ("roughing", "finishing", "hollows", "trim line") for _, of_part in planned for each in of_part
        if each[0] == kind
    ]  # fmt: skip
    side = setups[0].side

    def header(tool: ToolConfig, minutes: float, words: list[str]) -> list[str]:
        # The name may be cut off at the end of a line; where it lies may not.
        rows = []
        for number, (part, one, setup) in enumerate(
            zip(parts, layout.packing.placements, setups, strict=True), start=1
        ):
            shift = " ".join(f"{value + 0.0:.3f}" for value in setup.shift)
            rows += [f"part_{number} = {part.name}", f"place_{number} = turn_deg {one.turn_deg:.0f} shift_mm {shift}"]
        return [
            f"block = {len(parts)} parts, {side}: {', '.join(words)}",
            *rows,
            *tool_and_stock(tool, layout.stock),
            f"minutes = {minutes:.1f}",
            *drawing(layout.stock, [setup.part for setup in setups], 64),
        ]

    written = written_programs(by_tool(passes), machine, layout.stock.top_z, header)
    read = [(parse(each.text), each.tool) for each in written]
    names = [part.name for part in parts]
    try:
        found, block = _verified(read, setups, under, names, [heights for heights, _ in planned])
    except ScanError as error:
        raise ScanError(f"no milling program is written: {error}") from None
    files = file_names(f"block-{side}", len(written))
    return {name: (each.text, each.minutes) for name, each in zip(files, written, strict=True)}, found, block


def _verified(
    programs: Sequence[tuple[Program, ToolConfig]],
    setups: Sequence[Setup],
    under: HeightField | None,
    names: Sequence[str],
    heights: Sequence[Heights],
) -> tuple[list[Leftover], HeightField]:
    """Simulate programs on the block, and return what they leave on each part, and of the block."""
    block = fresh_stock(setups[0].stock)
    for program, tool in programs:
        refuse_wrong_words(program, setups[0])
        block, contacts = cut_by(program, tool, block)
        refuse_contacts(contacts, tool, setups[0])

    found = []
    for setup, name, of_part in zip(setups, names, heights, strict=True):
        there = _beside(block, setup)
        with _naming(name):
            found.append(leftover(setup, there, of_part, setup.machine.finest))
            refuse_bad_surface(found[-1], setup)
            refuse_uncut_border(there, None if under is None else _beside(under, setup), setup)
            _refuse_cut_tabs(there, setup)
    return found, block


def _beside(block: HeightField, setup: Setup) -> HeightField:
    """Return a block's map as far as a part and the cut round it go."""
    reach = setup.ring_mm + 2.0
    low = np.array([block.x0, block.y0])
    first = np.floor((setup.part.outline.min(axis=0) - reach - low) / block.step).astype(int).clip(0)
    last = np.ceil((setup.part.outline.max(axis=0) + reach - low) / block.step).astype(int) + 1
    z = np.ascontiguousarray(block.z[first[0] : last[0], first[1] : last[1]])
    x0, y0 = (low + first * block.step).tolist()
    return HeightField(x0, y0, block.step, z)


def _refuse_cut_tabs(there: HeightField, setup: Setup) -> None:
    """Refuse programs that cut into a tab: neighbours are held by the same block."""
    for tab in setup.tabs:
        middle = 0.5 * (tab.inner + tab.outer)[1:-1]
        i, j = np.round((middle - [there.x0, there.y0]) / there.step).astype(int).T
        lost = float((tab.high_z[1:-1] - there.z[i, j]).max(initial=0.0))
        if lost > _TAB_CUT_MM:
            raise ScanError(f"found a tab cut by {lost:.2f} mm, expected it whole. Raise stock.web_mm, or report this.")


def _summary(
    parts: Sequence[BlockPart],
    layout: BlockLayout,
    minutes: Mapping[str, float],
    leftovers: Sequence[Mapping[str, Leftover]],
) -> bytes:
    """Return what the simulation found, as `summary` has it of one part, for each part with its place."""
    rows = [
        {
            "part": part.name,
            "turn_deg": one.turn_deg,
            "outline_mm": np.round(outline, 3).tolist(),
            "setups": setup_rows(left),
        }
        for part, one, outline, left in zip(parts, layout.packing.placements, layout.outlines, leftovers, strict=True)
    ]
    stock = layout.stock
    size = np.round(stock.high - stock.low, 3).tolist()
    rounded = {name: round(value, 2) for name, value in minutes.items()}
    content = {"schema": 1, "stock_mm": size, "pins_mm": stock.pins.tolist(), "minutes": rounded, "parts": rows}
    return json.dumps(content, separators=(",", ":")).encode()


@contextmanager
def _naming(part: str) -> Iterator[None]:
    """Let a refusal name the part that it is about."""
    try:
        yield
    except ScanError as error:
        raise ScanError(f"{part}: {error}") from None
