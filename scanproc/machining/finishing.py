"""Finishing: passes of a ball, as close as the scallop asks for where they are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.machining.leftover import leftover
from scanproc.machining.machine import ToolConfig
from scanproc.machining.pass_families import Family, rows, spiral
from scanproc.machining.removal import fresh_stock
from scanproc.machining.setups import Setup
from scanproc.machining.toolpaths import Cut, Heights, Places, nearest_next, on_surface

_ALONG_MM = 0.4  # places at which heights are taken, before chords are halved
_LINK_MM = 6.0  # passes so near each other are joined over the surface
_HALVINGS = 6  # of the distance of passes
_OVERLAP_MM = 1.0  # by which passes in between are longer than they need to be
_HOLLOW_MM = 0.02  # what a ball leaves uncut in hollows, before a smaller one goes there
_AROUND_HOLLOW_MM = 1.0  # by which it cuts beyond
_SPARE, _FLAT_SPARE = 0.9, 0.85  # of the scallop: passes are tested in their middle alone


@dataclass(frozen=True)
class _Passes:
    """Passes at v, (R,): places xyz, (R, U, 3), z nan beside the part; `cut`, (R, U), where they are needed."""

    v: FloatArray
    xyz: FloatArray
    cut: BoolArray

    def of(self, which: BoolArray) -> _Passes:
        return _Passes(self.v[which], self.xyz[which], self.cut[which])

    def and_then(self, others: _Passes) -> _Passes:
        return _Passes(*(np.concatenate(pair) for pair in zip(vars(self).values(), vars(others).values(), strict=True)))


def finishing(
    setup: Setup, tool: ToolConfig, heights: Heights, free_z: Heights, wanted: Places | None = None
) -> list[Cut]:
    """Return the finishing passes of a ball over a part and a little beyond its outline.

    Parameters
    ----------
    heights : of the ball's tip.
    free_z : heights down to which roughing has made the places free.
    wanted : tells of (N, 2) places whether they are to be cut at all; None: everywhere.
    """
    radius, scallop = 0.5 * tool.diameter_mm, setup.machine.cutting.scallop_mm
    widest = 2.0 * np.sqrt((radius + _FLAT_SPARE * scallop) ** 2 - radius**2)  # on the level, as `_left_between` has it
    family = _family(setup, widest)

    def lay(v: FloatArray, where: BoolArray, plan: FloatArray) -> _Passes:
        z = np.full(where.shape, np.nan)
        z[where] = heights(plan[where])
        return _Passes(v, np.dstack([plan, z]), where)

    plan = family.at(family.v)
    inside = setup.around(plan.reshape(-1, 2)).outside_mm.reshape(plan.shape[:2]) <= setup.beyond_mm
    if wanted is not None:
        inside[inside] = wanted(plan[inside])
    passes = [lay(family.v, inside, plan)]
    first: BoolArray = np.arange(len(family.v)) < len(family.v) - 1
    above, below = passes[0].of(first), passes[0].of(np.roll(first, 1))
    alive = above.cut & below.cut
    size = 2 * round(_OVERLAP_MM / _ALONG_MM) + 1
    for _ in range(_HALVINGS):
        v = 0.5 * (above.v + below.v)
        middle = lay(v, alive, family.at(v))
        tall = alive & (_left_between(above, below, middle, radius) > _SPARE * scallop)
        need: BoolArray = np.asarray(alive & ndimage.binary_dilation(tall, np.ones((1, size), dtype=bool)))
        there: BoolArray = np.asarray(need.any(axis=1))
        if not there.any():
            break
        between = _Passes(v, middle.xyz, need).of(there)
        passes.append(between)
        above, below = above.of(there).and_then(between), between.and_then(below.of(there))
        alive = np.concatenate([between.cut, between.cut])
    return _in_order(passes, family, setup, heights, free_z)


def hollows_left(setup: Setup, heights: Heights) -> Places:
    """Return the function that tells where the finishing ball, with such heights of its tip, leaves a hollow uncut."""
    found = leftover(setup, fresh_stock(setup.stock), heights, setup.machine.finish)
    deep = found.unreached > _HOLLOW_MM
    size = 2 * int(np.ceil(_AROUND_HOLLOW_MM / found.field.step)) + 1
    there = np.asarray(ndimage.binary_dilation(deep, np.ones((size, size), dtype=bool)))
    return lambda xy: found.field.cells_at(xy, there)


def _family(setup: Setup, apart_mm: float) -> Family:
    cutting, outline = setup.machine.cutting, setup.part.outline
    if cutting.direction == "spiral":  # from outside in, what is still uncut lies on the right of a climbing cutter
        clockwise = cutting.milling == "climb"
        return spiral(outline, setup.beyond_mm, _ALONG_MM, apart_mm, clockwise=clockwise)
    low, high = outline.min(axis=0) - setup.beyond_mm, outline.max(axis=0) + setup.beyond_mm
    return rows(low, high, _ALONG_MM, apart_mm, across=cutting.direction == "across")


def _left_between(above: _Passes, below: _Passes, middle: _Passes, radius: float) -> FloatArray:
    """Return how thick the material is that two passes leave where a ball on a pass between them would touch, (R, U).

    The place of contact lies a radius below the ball's centre, square to the surface of centres; from there to the
    centres' line of a neighbour it is a radius and what is left.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        normal = np.cross(np.gradient(middle.xyz, axis=1), below.xyz - above.xyz)
        normal *= (np.sign(normal[..., 2]) / np.linalg.norm(normal, axis=-1))[..., None]
        least = np.full(middle.cut.shape, np.inf)
        for side in (above, below):
            line = np.gradient(side.xyz, axis=1)
            line /= np.linalg.norm(line, axis=-1)[..., None]
            to = middle.xyz - side.xyz - radius * normal
            apart = np.linalg.norm(to - (to * line).sum(axis=-1)[..., None] * line, axis=-1)
            least = np.fmin(least, apart - radius)
    return np.where(np.isfinite(least), least, 0.0)


def _in_order(passes: list[_Passes], family: Family, setup: Setup, heights: Heights, free_z: Heights) -> list[Cut]:
    """Return all passes, each followed by the nearest one, those near each other joined over the surface."""
    v = np.concatenate([each.v for each in passes])
    xyz, cut = (np.concatenate([getattr(each, name) for each in passes]) for name in ("xyz", "cut"))
    runs: list[FloatArray] = []
    for row in np.argsort(v, kind="stable"):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], cut[row], [False]])))
        runs += [xyz[row, a:b, :2] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
    if not runs:
        return []
    runs = nearest_next(runs, one_way=family.one_way)
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
