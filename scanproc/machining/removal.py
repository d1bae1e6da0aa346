"""What a program removes: its own moves cut a map of the stock's heights, in their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.machining.cutters import Cutter, above_tip, touching_offset
from scanproc.machining.gcode import Program
from scanproc.machining.machine import ToolConfig
from scanproc.machining.setups import Stock
from scanproc.parallel import parallel_map
from scanproc.solid.height_fields import HeightField

GRID_MM = 0.25
_STRIP = 40  # rows that one thread takes at a time
_GRAZES_MM = 0.02  # a rapid move down a wall that a pass has cut: simplified, it ran a few micrometres beside it
_RUBS_MM = 0.4  # so near beside the cutter a wall is its own cut: above the flutes the shank rubs on it


@dataclass(frozen=True)
class Contacts:
    """What else touched the stock, deepest first: depth in mm and the line of the program; 0 and 0 where nothing did.

    Attributes
    ----------
    rapid : the cutter, in a rapid move.
    shank : the shank above the flutes, also on the walls beside the cut.
    holder : the holder.
    """

    rapid: tuple[float, int]
    shank: tuple[float, int]
    holder: tuple[float, int]


def fresh_stock(stock: Stock) -> HeightField:
    """Return the uncut stock, its nodes inside it and even about its middle: half a turn puts them on each other."""
    size = stock.high[:2] - stock.low[:2]
    cells = np.floor(size / GRID_MM + 1e-9)
    x0, y0 = (stock.low[:2] + 0.5 * (size - GRID_MM * cells)).tolist()
    return HeightField(x0, y0, GRID_MM, np.full(tuple((cells.astype(int) + 1).tolist()), stock.top_z))


def turned_over(stock: HeightField, shift: FloatArray) -> HeightField:
    """Return the underside of a stock after half a turn about x and the (3,) shift that puts it back into its place."""
    return stock.replaced(shift[2] - stock.z[:, ::-1])


def cut_by(program: Program, tool: ToolConfig, before: HeightField) -> tuple[HeightField, Contacts]:
    """Return what a program leaves of a stock, and what touched it that should not."""
    cutter = Cutter.of(tool)
    known = np.isfinite(program.to).all(axis=1)
    to = np.ascontiguousarray(program.to[known])
    if len(to) < 2:
        return before, Contacts((0.0, 0), (0.0, 0), (0.0, 0))
    line, rapid = program.line[known], np.ascontiguousarray(program.rapid[known], dtype=np.bool_)
    z = before.z.copy()
    strips = range(0, len(z), _STRIP)

    def remove(first: int) -> FloatArray:
        worst = np.zeros((3, 2))
        _remove(
            z, before.x0, before.y0, before.step, first, min(first + _STRIP, len(z)), to, rapid,
            np.array([cutter.flat_mm, cutter.corner_mm, tool.flute_mm, tool.out_mm, 0.5 * tool.holder_mm]),
            float(before.z.max()), worst,
        )  # fmt: skip
        return worst

    found = np.array(parallel_map(remove, strips, "milling: simulation"))
    deepest: list[tuple[float, int]] = []
    for kind in range(3):
        most = found[np.argmax(found[:, kind, 0]), kind]
        deepest.append((float(most[0]), int(line[int(most[1])]) if most[0] > 0.0 else 0))
    return before.replaced(z), Contacts(*deepest)


@compiled
def _remove(
    z: FloatArray,
    x0: float,
    y0: float,
    step: float,
    first: int,
    last: int,
    to: FloatArray,
    rapid: BoolArray,
    tool: FloatArray,
    top_z: float,
    worst: FloatArray,
) -> None:
    """Cut the rows of one strip by all moves; `worst`, (3, 2), is filled with depths and moves as in `Contacts`.

    Parameters
    ----------
    tool : (5,) radius of the flat end, of the corner, length of the flutes, length out of the holder, its radius.
    """
    flat, corner, flute, out, holder = tool[0], tool[1], tool[2], tool[3], tool[4]
    radius = flat + corner
    for n in range(1, len(to)):
        lowest = min(to[n - 1, 2], to[n, 2])
        if lowest >= top_z:
            continue
        near_holder, near_shank = lowest + out < top_z, lowest + flute < top_z and not rapid[n]
        reach = max(radius, holder) if near_holder else radius + (_RUBS_MM if near_shank else 0.0)
        low_i = max(int(np.ceil((min(to[n - 1, 0], to[n, 0]) - reach - x0) / step)), first)
        high_i = min(int(np.floor((max(to[n - 1, 0], to[n, 0]) + reach - x0) / step)), last - 1)
        low_j = max(int(np.ceil((min(to[n - 1, 1], to[n, 1]) - reach - y0) / step)), 0)
        high_j = min(int(np.floor((max(to[n - 1, 1], to[n, 1]) + reach - y0) / step)), z.shape[1] - 1)
        for i in range(low_i, high_i + 1):
            for j in range(low_j, high_j + 1):
                if z[i, j] <= lowest:
                    continue
                x, y = x0 + step * i, y0 + step * j
                if near_holder and z[i, j] - lowest - out > worst[2, 0] and _is_beside(to[n - 1], to[n], x, y, holder):
                    worst[2, 0], worst[2, 1] = z[i, j] - lowest - out, n
                if near_shank:
                    _, tip = _lowest_over(to[n - 1], to[n], x, y, flat + _RUBS_MM, corner)
                    if z[i, j] - tip - flute > worst[1, 0]:
                        worst[1, 0], worst[1, 1] = z[i, j] - tip - flute, n
                slimmer = _GRAZES_MM if rapid[n] else 0.0
                under, _ = _lowest_over(
                    to[n - 1], to[n], x, y, max(flat - slimmer, 0.0), corner - max(slimmer - flat, 0.0)
                )
                if under >= z[i, j]:
                    continue
                if rapid[n] and z[i, j] - under > worst[0, 0]:
                    worst[0, 0], worst[0, 1] = z[i, j] - under, n
                z[i, j] = under


@compiled
def _is_beside(start: FloatArray, end: FloatArray, x: float, y: float, reach: float) -> bool:
    """Tell whether a place lies within reach of a move in the plan."""
    ex, ey, px, py = end[0] - start[0], end[1] - start[1], x - start[0], y - start[1]
    squared = ex * ex + ey * ey
    share = min(max((px * ex + py * ey) / squared, 0.0), 1.0) if squared > 0.0 else 0.0
    return bool((px - share * ex) ** 2 + (py - share * ey) ** 2 < reach * reach)


@compiled
def _lowest_over(
    start: FloatArray, end: FloatArray, x: float, y: float, flat: float, corner: float
) -> tuple[float, float]:
    """Return how low a cutter comes over a place in a move, and its tip's height then; inf where it never is over it.

    That is where the cutter is as steep as the move: its height over the place is convex along the move.
    """
    radius = flat + corner
    ex, ey, px, py = end[0] - start[0], end[1] - start[1], x - start[0], y - start[1]
    length = np.sqrt(ex * ex + ey * ey)
    if length < 1e-9:
        tip, distance = min(start[2], end[2]), np.sqrt(px * px + py * py)
        return (tip + above_tip(distance, flat, corner), tip) if distance <= radius else (np.inf, np.inf)
    along, apart = (px * ex + py * ey) / length, abs(py * ex - px * ey) / length
    if apart > radius:
        return np.inf, np.inf
    half = np.sqrt(max(radius * radius - apart * apart, 0.0))
    low, high = max(along - half, 0.0), min(along + half, length)
    if low > high:
        return np.inf, np.inf
    slope = (end[2] - start[2]) / length
    up = 1.0 if slope >= 0.0 else -1.0
    at = min(max(along - up * touching_offset(up * slope, apart, flat, corner), low), high)
    tip = start[2] + slope * at
    return tip + above_tip(min(np.sqrt(apart * apart + (along - at) ** 2), radius), flat, corner), tip
