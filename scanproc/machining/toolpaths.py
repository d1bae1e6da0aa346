"""Tool paths: polylines that are cut, joined by safe moves; points as dense as the surface asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, ByteArray
from scanproc.compiled import compiled
from scanproc.frames import FloatArray

Heights = Callable[[FloatArray], FloatArray]
Places = Callable[[FloatArray], BoolArray]
RAPID, FEED, PLUNGE = 0, 1, 2
_SHORTEST_MM = 0.02  # pieces of a path are not halved below
_LONGEST = 400  # points that one chord stands for
_SHORTEST_RAMP_MM = 1.0
_ABOVE_MM = 1.0  # where feed takes over from rapid


@dataclass(frozen=True)
class Moves:
    """Straight moves of the tip: to (N, 3) mm, each a RAPID, a FEED or a PLUNGE, (N,) uint8. The first is a start."""

    to: FloatArray
    kind: ByteArray


@dataclass(frozen=True)
class Cut:
    """A polyline that is cut.

    Attributes
    ----------
    points : (N, 3) mm.
    free_z : the height down to which its beginning is free, mm.
    entry : how many of its points go down into the stock, slower.
    """

    points: FloatArray
    free_z: float
    entry: int = 1


def on_surface(plan: FloatArray, piece: NDArray[np.int64], heights: Heights, chord_mm: float) -> list[FloatArray]:
    """Lay plan polylines onto a surface, with points so dense that no chord lies farther off than asked.

    Parameters
    ----------
    plan : (N, 2), piece after piece; `piece`, (N,), names the piece of each point, in ascending order.

    Returns
    -------
    list
        Of each piece its (M, 3) points. Half of what is allowed goes into halving, half into leaving out again.
    """
    z = heights(plan)
    fresh = np.ones(len(plan) - 1, dtype=bool)  # intervals that were not looked at
    while True:
        step = np.diff(plan, axis=0)
        length = np.hypot(*step.T)
        todo = np.flatnonzero(fresh & (np.diff(piece) == 0) & (length > _SHORTEST_MM))
        if len(todo) == 0:
            break
        middle = plan[todo] + 0.5 * step[todo]
        middle_z = heights(middle)
        split = np.abs(middle_z - 0.5 * (z[todo] + z[todo + 1])) > 0.5 * chord_mm
        fresh[:] = False
        at = todo[split] + 1
        fresh[at - 1] = True
        plan = np.insert(plan, at, middle[split], axis=0)
        z = np.insert(z, at, middle_z[split])
        fresh = np.insert(fresh, at, True) if len(at) else fresh
        piece = np.insert(piece, at, piece[at - 1])
    points = np.column_stack([plan, z])
    borders = np.flatnonzero(np.diff(piece)) + 1
    return [part[simplified(part, 0.5 * chord_mm)] for part in np.split(points, borders)]


@compiled
def simplified(points: FloatArray, tolerance: float) -> NDArray[np.int64]:
    """Return which points of a polyline are left, so that each left out lies so near its chord."""
    kept = np.empty(len(points), dtype=np.int64)
    count, first = 0, 0
    while True:
        kept[count] = first
        count += 1
        if first >= len(points) - 1:
            return kept[:count]
        last = first + 1
        while last + 1 < min(len(points), first + _LONGEST) and _is_straight(points, first, last + 1, tolerance):
            last += 1
        first = last


@compiled
def _is_straight(points: FloatArray, first: int, last: int, tolerance: float) -> bool:
    """Tell whether the points between two lie near their chord: within a tenth in the plan, vertically above it."""
    dx, dy = points[last, 0] - points[first, 0], points[last, 1] - points[first, 1]
    dz = points[last, 2] - points[first, 2]
    squared = dx * dx + dy * dy
    if squared == 0.0:
        return False
    for k in range(first + 1, last):
        px, py = points[k, 0] - points[first, 0], points[k, 1] - points[first, 1]
        share = (px * dx + py * dy) / squared
        if abs(px * dy - py * dx) > 0.1 * tolerance * np.sqrt(squared) or share < 0.0 or share > 1.0:
            return False
        if abs(points[first, 2] + share * dz - points[k, 2]) > tolerance:
            return False
    return True


def nearest_next(runs: list[FloatArray], *, one_way: bool = False) -> list[FloatArray]:
    """Return runs, (N, 2) or (N, 3) each, each followed by the one of those left that has the nearest end.

    Parameters
    ----------
    one_way : no run is turned round: its beginning counts alone.
    """
    if not runs:
        return []
    ends = np.array([[run[0, :2], run[-1, :2]] for run in runs])
    left = np.ones(len(runs), dtype=bool)
    at, ordered = ends[0, 0], []
    for _ in range(len(runs)):
        away = np.hypot(*(ends - at).transpose(2, 0, 1))
        away[~left] = np.inf
        away[:, 1:] += np.inf if one_way else 0.0
        number, end = np.unravel_index(int(np.argmin(away)), away.shape)
        ordered.append(runs[number] if end == 0 else runs[number][::-1])
        at, left[number] = ordered[-1][-1, :2], False
    return ordered


def joined(cuts: Sequence[Cut], safe_z: float) -> Moves:
    """Join polylines by moves through the safe height; a beginning that follows on its predecessor's end is cut on."""
    to: list[FloatArray] = [np.array([[*cuts[0].points[0, :2], safe_z]])]
    kind: list[ByteArray] = [np.array([RAPID], dtype=np.uint8)]

    def go(points: FloatArray, how: int) -> None:
        to.append(points)
        kind.append(np.full(len(points), how, dtype=np.uint8))

    for number, cut in enumerate(cuts):
        start = cut.points[0]
        if number == 0 or np.abs(to[-1][-1] - start).max() > 1e-6:
            if number:
                go(np.array([[*to[-1][-1][:2], safe_z], [*start[:2], safe_z]]), RAPID)
            down = max(cut.free_z, start[2]) + _ABOVE_MM
            if down < safe_z:
                go(np.array([[*start[:2], down]]), RAPID)
            go(start[None], PLUNGE)
        go(cut.points[1 : cut.entry], PLUNGE)
        go(cut.points[cut.entry :], FEED)
    go(np.array([[*to[-1][-1][:2], safe_z]]), RAPID)
    return Moves(np.vstack(to), np.concatenate(kind))


def ramped(points: FloatArray, from_z: float, steepness: float) -> Cut:
    """Return the cut of a polyline, (N, 3), entered along itself, to and fro, no steeper than asked, from a height.

    It goes over its first stretch and back until it is at depth, then runs the whole polyline.
    """
    deep = from_z - points[0, 2]
    if deep <= 0.0 or len(points) < 2:
        return Cut(points, from_z)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points[:, :2], axis=0).T))])
    wanted = 0.5 * deep / steepness
    # No farther than where the ground rises faster than the ramp: the way back would end above the beginning.
    too_steep = length[points[:, 2] > points[0, 2] + steepness * length + 1e-6]
    before = float(length[length < too_steep[0]].max()) if len(too_steep) else wanted
    wanted = min(wanted, before) if before > _SHORTEST_RAMP_MM else wanted
    last = min(max(int(np.searchsorted(length, wanted)), 1), len(points) - 1)
    share = min((wanted - length[last - 1]) / max(length[last] - length[last - 1], 1e-9), 1.0)
    stretch = np.vstack([points[:last], points[last - 1] + share * (points[last] - points[last - 1])])
    there_and_back = np.vstack([stretch, stretch[-2::-1]])
    falls = steepness * np.hypot(*np.diff(there_and_back[:, :2], axis=0).T)
    way, z = [stretch[0, :2]], [from_z]
    for _ in range(int(np.ceil(deep / max(falls.sum(), 1e-9))) + 1):
        for (x, y, ground), fall in zip(there_and_back[1:], falls, strict=True):
            way.append(np.array([x, y]))
            z.append(max(ground, z[-1] - fall))
        if z[-1] <= points[0, 2] + 1e-9:
            break
    z[-1] = points[0, 2]  # behind a ridge that is steeper than the ramp, down along it
    return Cut(np.vstack([np.column_stack([way, z]), points[1:]]), from_z, len(way))
