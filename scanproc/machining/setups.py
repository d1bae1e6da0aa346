"""A setup: a part in its stock as it is clamped for one side, the tabs that hold it, and where cutters may go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.machining.cutters import Cutter
from scanproc.machining.drop_cutter import DropCutter
from scanproc.machining.machine import Machine
from scanproc.machining.milled_part import Part
from scanproc.machining.tabs import Tab
from scanproc.mesh.polyline_distance import inside, nearest_on_curve

AIR_MM = 0.3  # how far the trim line goes beyond the far edge, into the air that the other side left
_ROOM_MM = 0.6  # beside the widest cutter
_BEYOND = 0.98  # of its radius, how far a ball goes beyond the edge: there it is as steep as 78 degrees, like no wall
_DIP = 0.85  # of its radius, how far below the rim it then is (0.80), and so the ground round the part


@dataclass(frozen=True)
class Stock:
    """The block: (3,) lower and upper corner, mm, in the coordinates of the program; its pins, (P, 2)."""

    low: FloatArray
    high: FloatArray
    pins: FloatArray

    @property
    def top_z(self) -> float:
        """Where it ends above, mm."""
        return float(self.high[2])


@dataclass(frozen=True)
class Around:
    """How far N places lie outside an outline (negative inside), and the rim's height at its nearest place: (N,) mm."""

    outside_mm: FloatArray
    rim_z: FloatArray


@dataclass(frozen=True)
class Setup:
    """One clamping.

    Attributes
    ----------
    part : in the coordinates of the program, the side to be cut up.
    tabs : what is left standing between part and stock.
    shift : (3,) mm, from the part of the STL, or that turned over, to these coordinates.
    floor_z : no tip goes lower.
    trim_z : (K,) how low the trim line is cut, at the outline's points; None where it is not cut from this side.
    """

    side: Literal["top", "bottom"]
    part: Part
    stock: Stock
    tabs: tuple[Tab, ...]
    shift: FloatArray
    floor_z: float
    trim_z: FloatArray | None
    machine: Machine

    @cached_property
    def surface(self) -> Mesh:
        """What must not be cut: the part and its tabs."""
        meshes = (self.part.solid, *(tab.mesh() for tab in self.tabs))
        before = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
        faces = [mesh.faces + np.int32(first) for mesh, first in zip(meshes, before, strict=False)]
        return Mesh(np.vstack([mesh.vertices for mesh in meshes]), np.vstack(faces))

    def around(self, xy: FloatArray) -> Around:
        """Return where (N, 2) places lie by the outline; all outside beyond the ring is alike."""
        found = nearest_on_curve(self.part.outline, xy, self.ring_mm + 2.0, closed=True)
        outside = np.asarray(-found.distance_mm)
        far = np.isinf(outside)
        outside[far] = np.where(inside(self.part.outline, xy[far]), -np.inf, np.inf)
        return Around(outside, found.of(self.part.rim_z))

    @property
    def ring_mm(self) -> float:
        """How far round the part the stock is lowered: there each cutter has its way beside the rim and its rest."""
        widest = max(tool.diameter_mm for tool in (self.machine.rough, self.machine.finish, self.machine.trim))
        return widest + self.machine.cutting.leave_mm + _ROOM_MM

    @property
    def beyond_mm(self) -> float:
        """How far the axis of the finishing cutter goes beyond the outline."""
        return _BEYOND * 0.5 * self.machine.finish.diameter_mm

    def paths_of(self, cutter: Cutter, leave_mm: float = 0.0) -> Callable[[FloatArray], FloatArray]:
        """Return the function that gives the tip's height at (N, 2) places, (N,): on the part, or the ground round it.

        Parameters
        ----------
        leave_mm : what is left on the surface, square to it: a cutter so much larger is dropped.
        """
        larger = Cutter(cutter.flat_mm, cutter.corner_mm + leave_mm) if leave_mm else cutter
        drop = DropCutter.over(self.surface, larger)
        dip = _DIP * 0.5 * self.machine.finish.diameter_mm

        def tip_z(xy: FloatArray) -> FloatArray:
            around = self.around(xy)
            ground = np.where(around.outside_mm > 0.0, around.rim_z - dip, -np.inf)
            return np.asarray(np.maximum(np.maximum(drop.tip_z(xy) + leave_mm, ground), self.floor_z))

        return tip_z
