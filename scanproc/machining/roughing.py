"""Roughing by layers: parallel passes that follow what is left for finishing, but no deeper than their layer."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.machining.cutters import Cutter
from scanproc.machining.pass_families import rows
from scanproc.machining.setups import Setup
from scanproc.machining.toolpaths import Cut, Heights, nearest_next, ramped, simplified
from scanproc.mesh.polygons import offset, resampled

_ALONG_MM = 0.5
_STRAIGHT_MM = 0.02  # far less than what is left
_SHANK_ROOM_MM = 0.6
_NOTHING_MM = 0.05  # a layer that is no deeper removes nothing worth a pass


def roughing(setup: Setup, heights: Heights) -> list[Cut]:
    """Return roughing passes from the top of the stock down.

    Parameters
    ----------
    heights : of the tip over the part and what is left on it.
    """
    cutting, tool = setup.machine.cutting, setup.machine.rough
    margin = max(setup.ring_mm - Cutter.of(tool).radius_mm, setup.beyond_mm)
    wide = margin + _SHANK_ROOM_MM
    low, high = setup.part.outline.min(axis=0) - wide, setup.part.outline.max(axis=0) + wide
    apart = tool.step_over * tool.diameter_mm
    family = rows(low, high, _ALONG_MM, apart, across=cutting.direction == "across")
    plan = family.at(family.v)
    outside = setup.around(plan.reshape(-1, 2)).outside_mm.reshape(plan.shape[:2])
    z = np.full(outside.shape, -np.inf)
    z[outside <= wide] = heights(plan[outside <= wide])
    # Between two places a cutter with a flat end may meet an edge: the higher one of all neighbours counts.
    z = ndimage.maximum_filter1d(z, 3, axis=1)
    lowest = float(z[outside <= margin].min())
    # Where the cut is deeper than the flutes, the stock's wall above them stands back from the shank.
    shank_z = lowest + tool.flute_mm - _NOTHING_MM
    # Rows end where they are; round the ring the border is passed by itself.
    borders = [_border(setup, heights, reach) for reach in (margin, wide)]
    steepness = float(np.tan(np.deg2rad(cutting.ramp_deg)))
    cuts = []
    above_z = setup.stock.top_z
    while above_z > lowest + _NOTHING_MM:
        level = above_z - tool.step_down_mm
        reach = wide if above_z > shank_z else margin
        layer = np.maximum(z, level)
        todo = (outside <= reach) & (layer < above_z - _NOTHING_MM)
        ways = list(zip(plan, layer, todo, strict=True))
        for border, border_z in borders[: 2 if above_z > shank_z else 1]:
            border_layer = np.maximum(border_z, level)
            ways.append((border, border_layer, border_layer < above_z - _NOTHING_MM))
        runs = [
            np.column_stack([places[first:last], z_there[first:last]])
            for places, z_there, needed in ways
            for first, last in _runs(needed)
        ]
        for points in _chained(nearest_next(runs), heights, float(layer.min()), 1.5 * apart):
            cuts.append(ramped(points[simplified(points, _STRAIGHT_MM)], above_z, steepness))
        above_z = level
    return cuts


def _border(setup: Setup, heights: Heights, outside_mm: float) -> tuple[FloatArray, FloatArray]:
    """Return the way so far outside the outline, (N, 2), and the tip's heights on it, (N,)."""
    border = resampled(offset(setup.part.outline, outside_mm), _ALONG_MM, closed=True)
    border = np.vstack([border, border[:1]])
    return border, np.asarray(ndimage.maximum_filter1d(heights(border), 3, mode="wrap"))


def _runs(needed: BoolArray) -> list[tuple[int, int]]:
    """Return the first and the last place but one of each stretch of two needed places or more."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], needed, [False]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]


def _chained(runs: list[FloatArray], heights: Heights, least_z: float, longest_mm: float) -> list[FloatArray]:
    """Join runs, (N, 3) each, whose ends follow near on each other, by ways as high as anything on them asks for.

    Where such a way lies above the next beginning, that is entered by a ramp of its own: the stock there is uncut.
    """
    chains: list[list[FloatArray]] = []
    for run in runs:
        end = chains[-1][-1][-1] if chains else None
        if end is not None and np.hypot(*(run[0] - end)[:2]) <= longest_mm:
            share = np.linspace(0.0, 1.0, max(int(np.hypot(*(run[0] - end)[:2]) / _ALONG_MM) + 2, 3))[:, None]
            places = end[:2] + share * (run[0] - end)[:2]
            z = max(float(heights(places).max()), least_z, float(end[2]))
            if z <= run[0, 2] + _NOTHING_MM:
                chains[-1] += [np.column_stack([places, np.full(len(places), max(z, float(run[0, 2])))]), run]
                continue
        chains.append([run])
    return [np.vstack(chain) for chain in chains]


def free_heights(setup: Setup, heights: Heights) -> Heights:
    """Return the function that gives the height down to which roughing has made (N, 2) places free, (N,) mm.

    Every place was passed by the roughing cutter on a pass at most half a step-over away.
    """
    tool = setup.machine.rough
    reach = 0.5 * setup.machine.finish.diameter_mm + 0.5 * tool.step_over * tool.diameter_mm + _ALONG_MM
    angles = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    circle = reach * np.column_stack([np.cos(angles), np.sin(angles)])
    around = np.vstack([np.zeros(2), 0.5 * circle, circle])

    def free_z(xy: FloatArray) -> FloatArray:
        places = (xy[:, None, :] + around).reshape(-1, 2)
        return np.asarray(heights(places).reshape(len(xy), -1).max(axis=1))

    return free_z
