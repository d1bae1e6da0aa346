"""From a proven part to proven programs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from scanproc.artifacts import Making
from scanproc.errors import ScanError
from scanproc.machining.clamping import clamped
from scanproc.machining.cutters import Cutter
from scanproc.machining.dialects import dialect_of
from scanproc.machining.finishing import finishing, hollows_left
from scanproc.machining.gcode import header_of, parse, write
from scanproc.machining.leftover import Leftover
from scanproc.machining.machine import Machine, ToolConfig, same_tool
from scanproc.machining.milled_part import Part
from scanproc.machining.removal import turned_over
from scanproc.machining.roughing import free_heights, roughing
from scanproc.machining.setups import Setup
from scanproc.machining.summary import summary
from scanproc.machining.toolpaths import Cut, joined
from scanproc.machining.trimming import through_to, trimming
from scanproc.machining.verification import minutes_of, verify
from scanproc.solid.height_fields import HeightField

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Milled:
    """The programs of a part by file name and what was found of them, minutes by file, what setups leave by side."""

    files: dict[str, bytes]
    minutes: dict[str, float]
    leftovers: dict[str, Leftover]


def programs_of(part: Part, making: Making, machine: Machine, side: str, name: str) -> Milled:
    """Plan, write and simulate the programs of a part.

    Parameters
    ----------
    part : print frame.
    side : of the foot, for file names and headers; `name` goes into the headers, too.

    Raises
    ------
    ScanError
        If the part cannot be milled so, or a program fails its simulation.
    """
    files: dict[str, bytes] = {}
    minutes: dict[str, float] = {}
    leftovers: dict[str, Leftover] = {}
    stock: HeightField | None = None
    for setup in clamped(part, making, machine):
        under = None if stock is None else turned_over(stock, setup.shift)
        found, stock = _of_setup(setup if under is None else through_to(under, setup), under, name, side)
        files |= found.files
        minutes |= found.minutes
        leftovers |= found.leftovers
    log.info("milling: %s foot, %d programs, %.0f min", side, len(files), sum(minutes.values()))
    return Milled(files | {f"{side}-milling.json": summary(minutes, leftovers)}, minutes, leftovers)


def _of_setup(setup: Setup, under: HeightField | None, name: str, side: str) -> tuple[Milled, HeightField]:
    machine = setup.machine
    heights = setup.paths_of(Cutter.of(machine.finish))
    finest = heights if machine.pencil is None else setup.paths_of(Cutter.of(machine.pencil))
    rough_heights = setup.paths_of(Cutter.of(machine.rough), machine.cutting.leave_mm)
    free_z = free_heights(setup, rough_heights)
    passes: list[tuple[str, ToolConfig, list[Cut]]] = [
        ("roughing", machine.rough, roughing(setup, rough_heights)),
        ("finishing", machine.finish, finishing(setup, machine.finish, heights, free_z)),
    ]
    if machine.pencil is not None:
        hollows = hollows_left(setup, heights)
        passes.append(("hollows", machine.pencil, finishing(setup, machine.pencil, finest, free_z, hollows)))
    if setup.trim_z is not None:
        passes.append(("trim line", machine.trim, trimming(setup)))
    jobs = _by_tool([each for each in passes if each[2]])
    safe_z = setup.stock.top_z + machine.machine.safe_height_mm
    dialect = dialect_of(machine.machine.dialect)
    arc_mm = 0.5 * machine.cutting.chord_mm if machine.machine.arcs else None
    texts, read = [], []
    for words, tool, cuts in jobs:
        moves = joined(cuts, safe_z)
        draft = parse(write(moves, tool, (), dialect, arc_mm))
        minutes = minutes_of(draft, machine.machine)
        text = write(moves, tool, header_of(setup, tool, side, name, minutes, words), dialect, arc_mm)
        texts.append((text, minutes))
        read.append((parse(text), tool))
    try:
        proof = verify(setup, read, finest, under)
    except ScanError as error:
        raise ScanError(f"no milling program is written: {error}") from None
    numbers = [f"-{number}" for number in range(1, len(texts) + 1)] if len(texts) > 1 else [""]
    names = [f"{side}-{setup.side}{number}.nc" for number in numbers]
    milled = Milled(
        {file: text.encode("ascii") for file, (text, _) in zip(names, texts, strict=True)},
        {file: minutes for file, (_, minutes) in zip(names, texts, strict=True)},
        {setup.side: proof.left},
    )
    return milled, proof.stock


def _by_tool(passes: Sequence[tuple[str, ToolConfig, list[Cut]]]) -> list[tuple[list[str], ToolConfig, list[Cut]]]:
    """Put passes that follow on each other with one tool into one program."""
    jobs: list[tuple[list[str], ToolConfig, list[Cut]]] = []
    for words, tool, cuts in passes:
        if jobs and same_tool(jobs[-1][1], tool):
            jobs[-1][0].append(words)
            jobs[-1][2].extend(cuts)
        else:
            jobs.append(([words], tool, list(cuts)))
    return jobs
