"""Programs as text: written, and read back into moves as a control would."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.machining.arcs import chords_of, fitted_arcs
from scanproc.machining.dialects import Dialect
from scanproc.machining.machine import ToolConfig
from scanproc.machining.milled_part import Part
from scanproc.machining.setups import Setup, Stock
from scanproc.machining.toolpaths import Moves

_DECIMALS = 3
_WORD = re.compile(r"([A-Z])\s*([-+]?\d*\.?\d+)")
_SENSES = {"G2": -1.0, "G3": 1.0}
_MOTIONS = {"G0", "G1", *_SENSES}
_KNOWN = _MOTIONS | {"G17", "G21", "G54", "G90", "G91.1", "G94", "M2", "M3", "M5", "M30"}
_SAME_RADIUS_MM = 0.002  # grbl stops at 0.005


@dataclass(frozen=True)
class Program:
    """A program as a control reads it.

    Attributes
    ----------
    to : (N, 3) mm, where each move ends; the first begins at an unknown place in the plan.
    rapid : (N,) bool.
    feed : (N,) mm/min; nan where none was stated.
    line : (N,) number of the line, from 1.
    states : what it states of plane, units, distances, offsets.
    """

    to: FloatArray
    rapid: BoolArray
    feed: FloatArray
    line: FloatArray
    states: frozenset[str]


def write(moves: Moves, tool: ToolConfig, header: Sequence[str], dialect: Dialect, arc_mm: float | None = None) -> str:
    """Return the program of moves with one tool: mm, absolute, in the first work offset.

    Parameters
    ----------
    arc_mm : how far arcs may lie off the straight moves that they stand for, mm; None: none are written.
    """
    lines = [dialect.comment(text) for text in header]
    lines += ["G21 G90 G17 G94 G54", *([] if arc_mm is None else ["G91.1"]), f"S{tool.spindle_rpm} M3"]
    xyz = np.round(moves.to, _DECIMALS) + 0.0
    feeds = np.array([0.0, tool.feed_mm_min, tool.plunge_mm_min])[moves.kind]
    ends, arcs = np.full(len(xyz), -1.0), np.zeros((len(xyz), 3))
    if arc_mm is not None:
        ends, arcs = fitted_arcs(xyz, feeds, arc_mm)
    lines.append(f"G0 {_words('Z', xyz[0, 2:])[0]}")  # up first, wherever it stands
    before, feed_before = ["", "", lines[-1][3:]], 0.0
    number = 0
    while number < len(xyz):
        words = _words("XYZ", xyz[number])
        changed = [word for word, old in zip(words, before, strict=True) if word != old]
        if changed:
            lines.append(" ".join(["G1" if feeds[number] else "G0", *changed, *_feed(feeds[number], feed_before)]))
            feed_before = feeds[number] or feed_before
        before = words
        while ends[number] >= 0:
            start, (x, y, sense), number = xyz[number], arcs[number], int(ends[number])
            before = _words("XYZ", xyz[number])
            to_centre = _words("IJ", np.array([x, y]) - start[:2])
            lines.append(
                " ".join(["G3" if sense > 0.0 else "G2", *before, *to_centre, *_feed(feeds[number], feed_before)])
            )
            feed_before = feeds[number]
        number += 1
    return "\n".join([*lines, "M5", dialect.end, ""])


def _words(axes: str, values: FloatArray) -> list[str]:
    return [f"{axis}{value + 0.0:.{_DECIMALS}f}" for axis, value in zip(axes, values.tolist(), strict=True)]


def _feed(feed: float, before: float) -> list[str]:
    """Return the word for a feed that is no rapid's and was not stated yet."""
    return [f"F{feed:g}"] if feed not in (0.0, before) else []


def parse(text: str) -> Program:
    """Read a program back; an arc is read as its chords.

    Raises
    ------
    ScanError
        If a line holds what no program of ours does: nothing else is proven.
    """
    place: dict[str, float] = {}
    to: list[tuple[float, float, float]] = []
    rapid: list[bool] = []
    feeds: list[float] = []
    numbers: list[int] = []
    states: set[str] = set()
    mode, feed = "", float("nan")
    for number, line in enumerate(text.splitlines(), start=1):
        code = re.sub(r"\([^()]*\)", "", line).strip()
        if not code:
            continue
        words = _WORD.findall(code)
        rest = _WORD.sub("", code).strip()
        names = {f"{letter}{float(value):g}" for letter, value in words if letter in "GM"}
        if rest or not names <= _KNOWN or any(letter not in "GMXYZIJFS" for letter, _ in words):
            raise ScanError(f"found {line!r} in line {number} of a milling program, expected plain moves. Report this.")
        states |= names
        mode = next((name for name in sorted(names) if name in _MOTIONS), mode)
        values = {letter: float(value) for letter, value in words if letter in "XYZIJF"}
        feed = values.get("F", feed)
        if not values.keys() & set("XYZ"):
            continue
        start = np.array([place.get(axis, np.nan) for axis in "XYZ"])
        place |= {axis: values[axis] for axis in "XYZ" if axis in values}
        ends = np.array([[place.get(axis, np.nan) for axis in "XYZ"]])
        if mode in _SENSES:
            ends = _read_arc(start, ends[0], values, _SENSES[mode], f"{line!r} in line {number}")
        to += [(x, y, z) for x, y, z in ends.tolist()]
        rapid += [mode not in ("G1", *_SENSES)] * len(ends)
        feeds += [feed] * len(ends)
        numbers += [number] * len(ends)
    return Program(
        np.array(to).reshape(-1, 3), np.array(rapid), np.array(feeds), np.array(numbers, dtype=np.float64),
        frozenset(states),
    )  # fmt: skip


def _read_arc(start: FloatArray, end: FloatArray, values: dict[str, float], sense: float, what: str) -> FloatArray:
    """Return the chords of an arc.

    Raises
    ------
    ScanError
        If its ends do not lie equally far from its centre: controls stop there.
    """
    centre = start[:2] + np.array([values.get("I", 0.0), values.get("J", 0.0)])
    begins, stops = np.hypot(*(start[:2] - centre)), np.hypot(*(end[:2] - centre))
    if not abs(begins - stops) <= _SAME_RADIUS_MM or begins == 0.0:
        raise ScanError(
            f"found an arc of {begins:.4f} mm radius that ends at {stops:.4f} mm ({what} of a milling program), "
            f"expected the same within {_SAME_RADIUS_MM:g}. Report this."
        )
    return chords_of(start, end, centre, sense)


def header_of(setup: Setup, tool: ToolConfig, side: str, name: str, minutes: float, passes: Sequence[str]) -> list[str]:
    """Return the lines of a program's header: the facts that other programs read, then a drawing for people."""
    return [
        f"side = {side}",
        f"part = {name}, {setup.side}: {', '.join(passes)}",
        *tool_and_stock(tool, setup.stock),
        "shift_mm = " + " ".join(f"{value + 0.0:.3f}" for value in setup.shift),
        f"minutes = {minutes:.1f}",
        *drawing(setup.stock, (setup.part,)),
    ]


def tool_and_stock(tool: ToolConfig, stock: Stock) -> list[str]:
    """Return the lines of a header that say what cuts, and what is cut."""
    shape = {
        "ball": f"ball {tool.diameter_mm:.3f}",
        "flat": f"flat {tool.diameter_mm:.3f}",
        "bull": f"bull {tool.diameter_mm:.3f} {tool.corner_radius_mm:.3f}",
    }[tool.kind]
    box = " ".join(f"{value:.3f}" for pair in zip(stock.low, stock.high, strict=True) for value in pair)
    return [f"tool = {shape}", f"stock_top_mm = {stock.top_z:.3f}", f"stock_mm = {box}"]


def drawing(stock: Stock, parts: Sequence[Part], width: int = 48) -> list[str]:
    """Draw the stock from above: the parts' outlines, the zero point, pins; and how they lie in its height."""
    low, high = stock.low, stock.high
    size = high - low
    rows = max(round(0.5 * width * size[1] / size[0]), 6)
    sheet = [[" "] * width for _ in range(rows)]

    def put(x: float, y: float, sign: str) -> None:
        column = int((x - low[0]) / size[0] * (width - 1) + 0.5)
        row = int((high[1] - y) / size[1] * (rows - 1) + 0.5)
        if 0 <= column < width and 0 <= row < rows:
            sheet[row][column] = sign

    for x, y in np.vstack([part.outline for part in parts]):
        put(float(x), float(y), ".")
    for x, y in stock.pins:
        put(float(x), float(y), "O")
    put(0.0, 0.0, "+")
    pins = "; ".join(f"pin O at X{x:.3f} Y{y:.3f}" for x, y in stock.pins)
    part_low, part_high = min(part.low_z for part in parts), max(part.high_z for part in parts)
    return [
        "from above: + zero of X and Y, . the part; X to the right, Y up",
        "+" + "-" * width + "+",
        *("|" + "".join(row) + "|" for row in sheet),
        "+" + "-" * width + "+",
        f"stock X {low[0]:.3f} to {high[0]:.3f}, Y {low[1]:.3f} to {high[1]:.3f}",
        f"Z: top of the stock {high[2]:.3f}, part {part_high:.3f} to {part_low:.3f}, under it {low[2]:.3f}",
        *([pins] if pins else []),
    ]
