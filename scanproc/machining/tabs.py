"""Tabs: bridges that hold a part in its stock; they follow its wall, and hold on to it within its rounded edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.machining.machine import CuttingConfig
from scanproc.machining.milled_part import HALF_TURN, Part
from scanproc.solid.edge_rounding import inwards
from scanproc.solid.face_grid import FaceGrid

_REACH_MM = 2.0  # into the stock that stands
_HOLD_MM = 1.0  # into the part: an edge that is rounded has no wall at the outline itself
_PLACES = np.linspace(-0.45, 0.45, 19)  # of the distance of tabs, by which one may be moved
_BREAKS_MM = 0.5  # a lower tab does
_ALONG_MM = 0.5  # places on a tab from which distances are taken


@dataclass(frozen=True)
class Tab:
    """A bridge between an inner and an outer border, (N, 2) each, with its heights below and above along them, (N,)."""

    inner: FloatArray
    outer: FloatArray
    low_z: FloatArray
    high_z: FloatArray

    def turned_over(self, shift: FloatArray) -> Tab:
        """Return it after half a turn about x and a (3,) shift."""
        inner, outer = ((plan * HALF_TURN[:2] + shift[:2])[::-1] for plan in (self.inner, self.outer))
        return Tab(inner, outer, shift[2] - self.high_z[::-1], shift[2] - self.low_z[::-1])

    def mesh(self) -> Mesh:
        """Return its upper and its lower sheet: the drop-cutter looks at nothing else."""
        count = len(self.inner)
        plan = np.vstack([self.inner, self.outer])
        vertices = np.vstack([np.column_stack([plan, np.tile(z, 2)]) for z in (self.high_z, self.low_z)])
        k = np.arange(count - 1)
        up = np.vstack([np.column_stack([k, k + count, k + 1]), np.column_stack([k + 1, k + count, k + count + 1])])
        return Mesh(vertices, np.vstack([up, up[:, ::-1] + 2 * count]).astype(np.int32))

    def is_near(self, xy: FloatArray, reach_mm: float) -> BoolArray:
        """Tell which of (N, 2) places lie as near as this to it."""
        across = np.linalg.norm(self.outer - self.inner, axis=1).max()
        share = np.linspace(0.0, 1.0, int(np.ceil(across / _ALONG_MM)) + 1)[:, None, None]
        places = (self.inner + share * (self.outer - self.inner)).reshape(-1, 2)
        return np.isfinite(cKDTree(places).query(xy, distance_upper_bound=reach_mm + 0.5 * _ALONG_MM)[0])


def tabs_of(part: Part, cutting: CuttingConfig, ring_mm: float, base_z: float | None) -> tuple[Tab, ...]:
    """Return the tabs at even distances round the outline, each moved to where the wall is highest.

    Parameters
    ----------
    ring_mm : how wide the cut round the part is.
    base_z : what they stand on; None: they lie in the middle of the wall, and follow it.

    Raises
    ------
    ScanError
        If no wall is high enough.
    """
    outline = part.outline
    step = np.linalg.norm(np.roll(outline, -1, axis=0) - outline, axis=1)
    arc = np.concatenate([[0.0], np.cumsum(step)])
    inner = outline + _HOLD_MM * inwards(outline)
    outer = outline - (ring_mm + _REACH_MM) * inwards(outline)
    low_z, high_z = _wall(part, inner, base_z)
    room_mm = high_z - low_z
    tabs = []
    for number in range(cutting.tabs):
        places = [(number + 0.5 + moved) / cutting.tabs * arc[-1] for moved in _PLACES]
        spots = [_points_about(arc, place, cutting.tab_width_mm) for place in places]
        best = max(spots, key=lambda spot: round(float(room_mm[spot].min()), 6))
        room = float(room_mm[best].min())
        if room < _BREAKS_MM:
            raise ScanError(
                f"found no wall for tab {number + 1} of {cutting.tabs} (machine.toml: cutting.tabs): {room:.2f} mm at "
                f"most, expected {_BREAKS_MM:g} mm. Ask for fewer or narrower tabs, or hold the part by vacuum "
                "(tabs = 0)."
            )
        thick = min(cutting.tab_height_mm, room)
        low = low_z[best] if base_z is not None else low_z[best] + 0.5 * (room_mm[best] - thick)
        tabs.append(Tab(inner[best], outer[best], low, low + thick))
    return tuple(tabs)


def _wall(part: Part, inner: FloatArray, base_z: float | None) -> tuple[FloatArray, FloatArray]:
    """Return from where to where a tab may reach in height, (K,) each: what the part has there, a little inside."""
    faces = FaceGrid.of(part.solid)
    high = faces.touched(inner, from_above=True).z
    low = np.full(len(inner), base_z) if base_z is not None else faces.touched(inner, from_above=False).z
    beside = ~np.isfinite(high - low)  # a sharp corner of the outline turns some of its own neighbours out
    return np.where(beside, part.under_z, low), np.where(beside, part.rim_z, high)


def _points_about(arc: FloatArray, place: float, width_mm: float) -> IntArray:
    """Return the points of the outline within a width round a place, in order; two at least."""
    away = (arc[:-1] - place + 0.5 * arc[-1]) % arc[-1] - 0.5 * arc[-1]
    order = np.argsort(away, kind="stable")
    there = np.abs(away[order]) <= 0.5 * width_mm
    if there.sum() < 2:
        there[np.argsort(np.abs(away[order]), kind="stable")[:2]] = True
    return np.asarray(order[there], dtype=np.int32)
