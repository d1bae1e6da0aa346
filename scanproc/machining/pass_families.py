"""Families of curves that cover a part seen from above: rows along it or across it, or one spiral from its border in.

A family is a map of two numbers to the plan: u runs along a curve, v from one curve to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.mesh.polygons import offset, resampled

_BIN_MM = 2.0
_END_SHARE = 0.25  # of the length, whose width says how round an end is


@dataclass(frozen=True)
class Family:
    """Curves over the plan.

    Attributes
    ----------
    at : from (R,) values of v to (R, U, 2) places, mm: all curves have as many.
    v : (R,) of the first curves, in order: no two lie farther apart than was asked.
    one_way : whether all are to be run as they are, never backwards.
    """

    at: Callable[[FloatArray], FloatArray]
    v: FloatArray
    one_way: bool = False


def rows(low: FloatArray, high: FloatArray, along_mm: float, apart_mm: float, *, across: bool) -> Family:
    """Return straight rows over a rectangle, (2,) lower and upper corner, along x or across, places so far apart."""
    way = 1 if across else 0
    u = np.arange(low[way], high[way] + along_mm, along_mm)
    count = int(np.ceil((high[1 - way] - low[1 - way]) / apart_mm)) + 1

    def at(v: FloatArray) -> FloatArray:
        plan = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), axis=-1)
        return plan[..., ::-1] if across else plan

    return Family(at, np.linspace(low[1 - way], high[1 - way], count))


def spiral(outline: FloatArray, outside_mm: float, along_mm: float, apart_mm: float, *, clockwise: bool) -> Family:
    """Return the turns of a spiral that begins so far outside an outline and ends on the part's middle line.

    Each place of the border moves straight to its place on the middle line; a turn ends where the next one begins.
    """
    border = resampled(offset(outline, outside_mm), along_mm, closed=True)
    border = np.vstack([border, border[:1]])[:: -1 if clockwise else 1]
    inwards = _middle_line_at(border) - border
    turn = 1.0 / int(np.ceil(np.hypot(*inwards.T).max() / apart_mm))
    share = np.linspace(0.0, turn, len(border))

    def at(v: FloatArray) -> FloatArray:
        t = np.clip(v[:, None] + share, 0.0, 1.0)
        return np.asarray(border + t[..., None] * inwards)

    return Family(at, np.arange(-turn, 1.0 + 0.5 * turn, turn), one_way=True)


def _middle_line_at(border: FloatArray) -> FloatArray:
    """Return the place on the middle line of each of a border, (N, 2): it ends where the part's ends become round."""
    x, y = border.T
    low, high = x.min(), x.max()
    bins = np.arange(low, high + _BIN_MM, _BIN_MM)
    near = np.abs(x - bins[:, None]) <= _BIN_MM
    least, most = (np.where(near, y, empty) for empty in (np.inf, -np.inf))
    middle = 0.5 * (least.min(axis=1) + most.max(axis=1))
    length = high - low
    half = [0.5 * np.ptp(y[end]) for end in (x < low + _END_SHARE * length, x > high - _END_SHARE * length)]
    first, last = low + min(half[0], 0.45 * length), high - min(half[1], 0.45 * length)
    stations = np.clip(x, first, last)
    return np.column_stack([stations, np.interp(stations, bins, middle)])
