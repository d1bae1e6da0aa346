"""Small parts to mill, of known shape: a block with a hollow top, a shell; their programs, and probes cut by them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from second_simulator import Probed, cut, read
from test_closed_solid import ellipse

from scanproc.artifacts import Making, Mesh
from scanproc.frames import FloatArray
from scanproc.machining.machine import machine_of
from scanproc.machining.milled_part import Part, part_of
from scanproc.machining.programs import Milled, programs_of
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.solid.closed_solid import closed_solid, coarse_plan
from scanproc.solid.greedy_insertion import Sheet, snapped_plan

Surface = Callable[[FloatArray], FloatArray]
Files = dict[str, str]
OUTLINE = snapped_plan(ellipse(24.0, 15.0))


def bowl(xy: FloatArray) -> FloatArray:
    """A hollow like a heel cup's: level in the middle, rising to its border."""
    r = np.hypot(xy[:, 0] / 24.0, xy[:, 1] / 15.0)
    return np.asarray(5.0 + 6.0 * np.clip(r, 0.0, 1.2) ** 3)


def groove(xy: FloatArray) -> FloatArray:
    """A groove along the middle, as tight as 0.7 mm."""
    return np.asarray(8.0 - 3.0 * np.exp(-((xy[:, 1] / 2.0) ** 2)))


def solid_of(top: Surface, bottom: Surface, outline: FloatArray = OUTLINE, spacing: float = 1.0) -> Mesh:
    """Return the solid between two surfaces, its lowest point at z = 0 if the surfaces say so."""
    plan = coarse_plan(outline, spacing)
    above, below = (Sheet(np.column_stack([plan.xy, at(plan.xy)]), plan.faces) for at in (top, bottom))
    return closed_solid(above, below, len(outline))


def part(solid: Mesh, outline: FloatArray = OUTLINE) -> Part:
    """Return a solid as a part that lies as it is."""
    return part_of(solid, outline, solid)


def block() -> Part:
    """A block with a flat base."""
    return part(solid_of(bowl, lambda xy: np.zeros(len(xy))))


def shell() -> Part:
    """A shell with a wall of 3 mm, measured upright."""
    return part(solid_of(bowl, lambda xy: bowl(xy) - 3.0))


def grooved() -> Part:
    """A block with a groove in its top."""
    return part(solid_of(groove, lambda xy: 0.0 * xy[:, 0]))


SCALLOP_MM, STOCK_MM = 0.05, 20.0
MAKING = {"block": Making("mill", "block", STOCK_MM), "shell": Making("mill", "shell", STOCK_MM)}
PARTS = {"block": block, "shell": shell, "grooved": grooved}


def milled(made: Part, style: str = "block", process: str = "mill", **tables: Any) -> Milled:
    making = Making(process, style, STOCK_MM)  # type: ignore[arg-type]
    preset = "positive" if process != "mill" else style
    return programs_of(made, making, machine_of(tables, preset), "left", "demo left insole")


@cache
def programs(style: str) -> Milled:
    return milled(PARTS[style](), style)


def texts(style: str, side: str = "top") -> Files:
    return as_texts(programs(style), side)


def as_texts(made: Milled, side: str) -> Files:
    return {name: data.decode() for name, data in made.files.items() if f"-{side}" in name}


def probes(count: int, seed: int, margin_mm: float = 0.0) -> FloatArray:
    """Random places on the part, a little inside its outline."""
    xy = np.random.default_rng(seed).uniform(OUTLINE.min(axis=0), OUTLINE.max(axis=0), (count, 2))
    near = nearest_on_curve(OUTLINE, xy, margin_mm + 0.02, closed=True).distance_mm
    return np.asarray(xy[inside(OUTLINE, xy) & np.isinf(near)])


def in_stock(count: int, seed: int) -> FloatArray:
    """Random places in the stock: on the part and round it."""
    low, high = OUTLINE.min(axis=0) - 14.0, OUTLINE.max(axis=0) + 14.0
    return np.random.default_rng(seed).uniform(low, high, (count, 2))


def simulated(programs_in_order: Files, xy: FloatArray) -> Probed:
    """Cut probes, in the coordinates of the programs, by all of them."""
    z, worst = np.full(len(xy), -np.inf), 0.0
    for text in programs_in_order.values():
        job = read(text)
        z = np.where(np.isinf(z), float(job.header["stock_top_mm"]), z)
        found = cut(job, xy, z)
        z, worst = found.z, max(worst, found.rapid_mm)
    return Probed(z, worst)
