"""Finishing: parallel passes of a ball, as close as the scallop asks for where they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.machining.cutters import Cutter
from scanproc.machining.setups import Setup
from scanproc.machining.toolpaths import Cut, Heights, nearest_next, on_surface

_ALONG_MM = 0.4  # places at which heights are taken, before chords are halved
_LINK_MM = 6.0  # passes so near each other are joined over the surface
_HALVINGS = 6  # of the distance of passes
_OVERLAP_MM = 1.0  # by which passes in between are longer than they need to be
_SPARE, _FLAT_SPARE = 0.9, 0.85  # of the scallop: passes are tested in their middle alone


@dataclass(frozen=True)
class _Passes:
    """Passes at v, (R,), with heights z, (R, U), along the places u; `cut`, (R, U), is where they are needed."""

    v: FloatArray
    z: FloatArray
    cut: BoolArray


def finishing(setup: Setup, heights: Heights, free_z: Heights) -> list[Cut]:
    """Return the finishing passes over a part and a little beyond its outline.

    Parameters
    ----------
    heights : of the ball's tip.
    free_z : heights down to which roughing has made the places free.
    """
    cutting = setup.machine.cutting
    ball = Cutter.of(setup.machine.finish)
    low = setup.part.outline.min(axis=0) - setup.beyond_mm
    high = setup.part.outline.max(axis=0) + setup.beyond_mm
    way = 0 if cutting.direction == "along" else 1
    u = np.arange(low[way], high[way] + _ALONG_MM, _ALONG_MM)
    radius, scallop = ball.radius_mm, cutting.scallop_mm
    widest = 2.0 * np.sqrt((radius + _FLAT_SPARE * scallop) ** 2 - radius**2)  # on the level, as `_left_between` has it
    count = int(np.ceil((high[1 - way] - low[1 - way]) / widest)) + 1
    v = np.linspace(low[1 - way], high[1 - way], count)

    def lay(rows: FloatArray, wanted: BoolArray | None) -> FloatArray:
        z = np.full((len(rows), len(u)), np.nan)
        plan = np.stack(np.broadcast_arrays(u[None, :], rows[:, None]), axis=-1)[..., :: 1 - 2 * way]
        where = np.ones(z.shape, dtype=bool) if wanted is None else wanted
        z[where] = heights(plan[where])
        return z

    plan = np.stack(np.broadcast_arrays(u[None, :], v[:, None]), axis=-1)[..., :: 1 - 2 * way].reshape(-1, 2)
    inside = setup.around(plan).outside_mm.reshape(count, len(u)) <= setup.beyond_mm
    z = lay(v, inside)
    passes = [_Passes(v, z, inside)]
    above, below = _Passes(v[:-1], z[:-1], inside[:-1]), _Passes(v[1:], z[1:], inside[1:])
    alive = inside[:-1] & inside[1:]
    for _ in range(_HALVINGS):
        middle = 0.5 * (above.v + below.v)
        z = lay(middle, alive)
        left = _left_between(u, above, below, middle, z, radius)
        size = 2 * round(_OVERLAP_MM / _ALONG_MM) + 1
        need: BoolArray = np.asarray(
            alive & ndimage.binary_dilation(alive & (left > _SPARE * scallop), np.ones((1, size), dtype=bool))
        )
        rows: BoolArray = np.asarray(need.any(axis=1))
        if not rows.any():
            break
        between = _Passes(middle[rows], z[rows], need[rows])
        passes.append(between)
        above = _Passes(
            *(np.concatenate(pair) for pair in zip(_rows(above, rows), vars(between).values(), strict=True))
        )
        below = _Passes(
            *(np.concatenate(pair) for pair in zip(vars(between).values(), _rows(below, rows), strict=True))
        )
        alive = np.concatenate([between.cut, between.cut])
    return _in_order(passes, u, way, setup, heights, free_z)


def _rows(passes: _Passes, rows: BoolArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    return passes.v[rows], passes.z[rows], passes.cut[rows]


def _left_between(
    u: FloatArray, above: _Passes, below: _Passes, v: FloatArray, z: FloatArray, radius: float
) -> FloatArray:
    """Return how thick the material is that two passes leave where a ball on a pass between them would touch, (R, U).

    The place of contact lies a radius below the ball's centre, square to the surface of centres; from there to the
    centres' line of a neighbour it is a radius and what is left.
    """
    step = u[1] - u[0]
    slope_u = np.gradient(z, step, axis=1)
    slope_v = (below.z - above.z) / (below.v - above.v)[:, None]
    with np.errstate(invalid="ignore"):
        root = np.sqrt(1.0 + slope_u**2 + slope_v**2)
        contact = np.stack([radius * slope_u / root, radius * slope_v / root, z - radius / root])
        least = np.full(z.shape, np.inf)
        for side in (above, below):
            slope = np.gradient(side.z, step, axis=1)
            to = np.stack([contact[0], (v - side.v)[:, None] + contact[1], contact[2] - side.z])
            line = np.stack([np.ones_like(slope), np.zeros_like(slope), slope]) / np.sqrt(1.0 + slope**2)
            apart = np.linalg.norm(to - (to * line).sum(axis=0) * line, axis=0)
            least = np.fmin(least, apart - radius)
    return np.where(np.isfinite(least), least, 0.0)


def _in_order(
    passes: list[_Passes], u: FloatArray, way: int, setup: Setup, heights: Heights, free_z: Heights
) -> list[Cut]:
    """Return all passes, each followed by the nearest one, those near each other joined over the surface."""
    v = np.concatenate([each.v for each in passes])
    cut = np.vstack([each.cut for each in passes])
    runs: list[FloatArray] = []
    for row in np.argsort(v, kind="stable"):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], cut[row], [False]])))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            run = np.column_stack([u[a:b], np.full(b - a, v[row])])
            if b - a > 1:
                runs.append(run if way == 0 else run[:, ::-1])
    runs = nearest_next(runs)
    plan, piece, first = [runs[0]], [np.zeros(len(runs[0]), dtype=np.int64)], 0
    for before, run in pairwise(runs):
        link = _link(before[-1], run[0], setup)
        first += link is None
        whole = run if link is None else np.vstack([link, run])
        plan.append(whole)
        piece.append(np.full(len(whole), first, dtype=np.int64))
    laid = on_surface(np.vstack(plan), np.concatenate(piece), heights, setup.machine.cutting.chord_mm)
    free = free_z(np.array([points[0, :2] for points in laid]))
    return [Cut(points, float(z)) for points, z in zip(laid, free, strict=True)]


def _link(start: FloatArray, end: FloatArray, setup: Setup) -> FloatArray | None:
    """Return the way from the end of a pass to the next one's beginning; None where it is long, or leaves the part."""
    length = float(np.hypot(*(end - start)))
    if length > _LINK_MM:
        return None
    between = start + np.linspace(0.0, 1.0, max(int(np.ceil(length / _ALONG_MM)), 2))[1:-1, None] * (end - start)
    if len(between) and (setup.around(between).outside_mm > setup.beyond_mm + 0.1).any():
        return None
    return between
