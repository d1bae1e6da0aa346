"""From a proven part to proven programs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
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
from scanproc.machining.setups import Setup, Stock
from scanproc.machining.summary import summary
from scanproc.machining.toolpaths import Cut, Heights, joined
from scanproc.machining.trimming import through_to, trimming
from scanproc.machining.verification import minutes_of, verify
from scanproc.solid.height_fields import HeightField

log = logging.getLogger(__name__)


#: What a pass is called, its tool, its cuts; a job is the passes of one program.
Pass = tuple[str, ToolConfig, list[Cut]]
Job = tuple[list[str], ToolConfig, list[Cut]]


@dataclass(frozen=True)
class Written:
    """A program's text, how long it runs in minutes, its tool."""

    text: str
    minutes: float
    tool: ToolConfig


@dataclass(frozen=True)
class Milled:
    """The programs of a part by file name and what was found of them, minutes by file, what setups leave by side.

    `stock` is what they are cut from.
    """

    files: dict[str, bytes]
    minutes: dict[str, float]
    leftovers: dict[str, Leftover]
    stock: Stock


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
    setups = clamped(part, making, machine)
    stock: HeightField | None = None
    for setup in setups:
        under = None if stock is None else turned_over(stock, setup.shift)
        found, stock = _of_setup(setup if under is None else through_to(under, setup), under, name, side)
        files |= found.files
        minutes |= found.minutes
        leftovers |= found.leftovers
    log.info("milling: %s foot, %d programs, %.0f min", side, len(files), sum(minutes.values()))
    return Milled(files | {f"{side}-milling.json": summary(minutes, leftovers)}, minutes, leftovers, setups[0].stock)


def _of_setup(setup: Setup, under: HeightField | None, name: str, side: str) -> tuple[Milled, HeightField]:
    heights, passes = passes_of(setup)
    texts = written_programs(
        by_tool(passes),
        setup.machine,
        setup.stock.top_z,
        lambda tool, minutes, words: header_of(setup, tool, side, name, minutes, words),
    )
    try:
        proof = verify(setup, [(parse(each.text), each.tool) for each in texts], heights, under)
    except ScanError as error:
        raise ScanError(f"no milling program is written: {error}") from None
    named = dict(zip(file_names(f"{side}-{setup.side}", len(texts)), texts, strict=True))
    milled = Milled(
        {file: each.text.encode("ascii") for file, each in named.items()},
        {file: each.minutes for file, each in named.items()},
        {setup.side: proof.left},
        setup.stock,
    )
    return milled, proof.stock


def passes_of(setup: Setup) -> tuple[Heights, list[Pass]]:
    """Plan a setup: the heights that its finest cutter keeps to, and its passes in their order."""
    machine = setup.machine
    heights = setup.paths_of(Cutter.of(machine.finish))
    finest = heights if machine.pencil is None else setup.paths_of(Cutter.of(machine.pencil))
    rough_heights = setup.paths_of(Cutter.of(machine.rough), machine.cutting.leave_mm)
    free_z = free_heights(setup, rough_heights)
    passes: list[Pass] = [
        ("roughing", machine.rough, roughing(setup, rough_heights)),
        ("finishing", machine.finish, finishing(setup, machine.finish, heights, free_z)),
    ]
    if machine.pencil is not None:
        hollows = hollows_left(setup, heights)
        passes.append(("hollows", machine.pencil, finishing(setup, machine.pencil, finest, free_z, hollows)))
    if setup.trim_z is not None:
        passes.append(("trim line", machine.trim, trimming(setup)))
    return finest, [each for each in passes if each[2]]


def written_programs(
    jobs: Sequence[Job], machine: Machine, top_z: float, header: Callable[[ToolConfig, float, list[str]], list[str]]
) -> list[Written]:
    """Write a program for each job; `header` is given its tool, its minutes and the words for its passes."""
    dialect = dialect_of(machine.machine.dialect)
    arc_mm = 0.5 * machine.cutting.chord_mm if machine.machine.arcs else None
    written = []
    for words, tool, cuts in jobs:
        moves = joined(cuts, top_z + machine.machine.safe_height_mm)
        minutes = minutes_of(parse(write(moves, tool, (), dialect, arc_mm)), machine.machine)
        written.append(Written(write(moves, tool, header(tool, minutes, words), dialect, arc_mm), minutes, tool))
    return written


def file_names(stem: str, count: int) -> list[str]:
    """Return the names of so many programs, numbered in the order in which they run where there are several."""
    return [f"{stem}-{number}.nc" for number in range(1, count + 1)] if count > 1 else [f"{stem}.nc"]


def by_tool(passes: Sequence[Pass]) -> list[Job]:
    """Put passes that follow on each other with one tool into one program."""
    jobs: list[Job] = []
    for words, tool, cuts in passes:
        if jobs and same_tool(jobs[-1][1], tool):
            if words not in jobs[-1][0]:
                jobs[-1][0].append(words)
            jobs[-1][2].extend(cuts)
        else:
            jobs.append(([words], tool, list(cuts)))
    return jobs
