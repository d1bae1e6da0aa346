"""The shapes of cutters: a flat disc, rounded by a corner; a ball is all corner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.machining.machine import ToolConfig

_HALVINGS = 50


@dataclass(frozen=True)
class Cutter:
    """A cutter of revolution, its tip at z = 0.

    Attributes
    ----------
    flat_mm : radius of the flat end: 0 of a ball.
    corner_mm : radius of the corner: 0 of a flat end mill, half the diameter of a ball.
    """

    flat_mm: float
    corner_mm: float

    @classmethod
    def of(cls, tool: ToolConfig) -> Cutter:
        """Return the shape of a tool."""
        radius = 0.5 * tool.diameter_mm
        corner = {"ball": radius, "flat": 0.0, "bull": tool.corner_radius_mm}[tool.kind]
        return cls(radius - corner, corner)

    @property
    def radius_mm(self) -> float:
        """Half the diameter."""
        return self.flat_mm + self.corner_mm

    def above_tip(self, distance_mm: FloatArray) -> FloatArray:
        """Return how high the cutter's surface lies above its tip at a distance from the axis; inf beyond it."""
        beyond = np.maximum(distance_mm - self.flat_mm, 0.0)
        lies = self.corner_mm - np.sqrt(np.maximum(self.corner_mm**2 - beyond**2, 0.0))
        return np.where(distance_mm <= self.radius_mm, lies, np.inf)


@compiled
def above_tip(distance: float, flat: float, corner: float) -> float:
    """Return the same at one distance, which is not beyond the radius."""
    beyond = distance - flat
    if beyond <= 0.0:
        return 0.0
    return float(corner - np.sqrt(max(corner * corner - beyond * beyond, 0.0)))


@compiled
def touching_offset(slope: float, apart: float, flat: float, corner: float) -> float:
    """Return where along a line that rises by `slope` >= 0 a cutter touches it first.

    Parameters
    ----------
    slope : dz over the plan.
    apart : distance of the cutter's axis from the line in the plan, not beyond the cutter's radius.

    Returns
    -------
    float
        Towards the higher end, from the foot of the perpendicular, mm: where the line's height less the cutter's
        surface is greatest. That difference is concave along the line.
    """
    reach = flat + corner
    farthest = np.sqrt(max(reach * reach - apart * apart, 0.0))
    if slope <= 0.0:
        return 0.0
    if corner <= 0.0:
        return float(farthest)
    if flat <= 0.0:
        return float(slope * farthest / np.sqrt(1.0 + slope * slope))
    low, high = np.sqrt(max(flat * flat - apart * apart, 0.0)), farthest
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        distance = np.sqrt(apart * apart + middle * middle)
        beyond = max(distance - flat, 0.0)
        root = np.sqrt(max(corner * corner - beyond * beyond, 1e-30))
        if beyond * middle < slope * root * distance:
            low = middle
        else:
            high = middle
    return float(0.5 * (low + high))
