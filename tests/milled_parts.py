"""Small parts to mill, of known shape: a block with a hollow top, and a shell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from test_closed_solid import ellipse

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.machining.milled_part import Part, part_of
from scanproc.solid.closed_solid import closed_solid, coarse_plan
from scanproc.solid.greedy_insertion import Sheet, snapped_plan

Surface = Callable[[FloatArray], FloatArray]
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
