"""The drop-cutter: how far a cutter can be lowered onto triangles, exactly, for any cutter of revolution.

The tip's lowest height is the greatest, over all points of the surface, of their height less that of the cutter's own
surface over its tip: the grey dilation of the surface by the cutter. On a facet it is taken where the normals agree, or
on its border; along an edge the difference is concave, so that its maximum is found in one place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.machining.cutters import Cutter, above_tip, touching_offset
from scanproc.parallel import parallel_map
from scanproc.solid.plan_cells import cell_at, sorted_into_cells

_CELL_MM = 1.0
_CHUNK = 1 << 13  # places of a task
_ON_SIDE = 1e-9
_LEVEL = 1e-9  # slope of a facet that is level


@dataclass(frozen=True)
class DropCutter:
    """A cutter over triangles: facets and edges by the cells of the plan from which the cutter reaches them.

    Attributes
    ----------
    items : (K, 9) corners of a facet, or ends of an edge and nan; the highest first.
    boxes : (K, 6) least and greatest x, y, z, without the cutter's reach.
    origin : (3,) x and y of the first cell's corner, and the cells' size.
    starts, members : cell k holds the items members[starts[k] : starts[k + 1]], the highest first.
    """

    cutter: Cutter
    items: FloatArray
    boxes: FloatArray
    origin: FloatArray
    shape: tuple[int, int]
    starts: NDArray[np.int64]
    members: NDArray[np.int32]

    @classmethod
    def over(cls, surface: Mesh, cutter: Cutter) -> DropCutter:
        """Sort the triangles that look up, and their edges."""
        items = _items(surface)
        corners = items.reshape(-1, 3, 3)
        boxes = np.hstack([np.nanmin(corners, axis=1), np.nanmax(corners, axis=1)])
        order = np.argsort(-boxes[:, 5], kind="stable")
        items, boxes = np.ascontiguousarray(items[order]), boxes[order]
        wide = boxes + cutter.radius_mm * np.array([-1.0, -1.0, 0.0, 1.0, 1.0, 0.0])
        low, high = wide[:, :2].min(axis=0), wide[:, 3:5].max(axis=0)
        columns, rows = (int(count) for count in np.floor((high - low) / _CELL_MM) + 1.0)
        origin = np.array([low[0], low[1], _CELL_MM])
        starts, members = sorted_into_cells(wide, origin, columns, rows)
        return cls(cutter, items, boxes, origin, (columns, rows), starts, members)

    def tip_z(self, xy: FloatArray) -> FloatArray:
        """Return the lowest height of the tip at (N, 2) places, (N,) mm; -inf where nothing is within reach."""
        places = np.ascontiguousarray(xy, dtype=np.float64)
        z = np.empty(len(places))

        def drop(start: int) -> None:
            part = slice(start, start + _CHUNK)
            _drop(
                self.items, self.boxes, self.origin, *self.shape, self.starts, self.members, self.cutter.flat_mm,
                self.cutter.corner_mm, places[part], z[part],
            )  # fmt: skip

        parallel_map(drop, range(0, len(places), _CHUNK), "milling: paths")
        return z


def _items(surface: Mesh) -> FloatArray:
    """Return the facets that look up and every edge of them once, (K, 9)."""
    corners = surface.vertices[surface.faces]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    double = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    up = double > 1e-12
    faces = surface.faces[up]
    edges = np.sort(np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    ends = surface.vertices[np.unique(edges, axis=0)].reshape(-1, 6)
    return np.vstack([corners[up].reshape(-1, 9), np.hstack([ends, np.full((len(ends), 3), np.nan)])])


@compiled
def _drop(
    items: FloatArray,
    boxes: FloatArray,
    origin: FloatArray,
    columns: int,
    rows: int,
    starts: NDArray[np.int64],
    members: NDArray[np.int32],
    flat: float,
    corner: float,
    xy: FloatArray,
    tip_z: FloatArray,
) -> None:
    radius = flat + corner
    for n in range(len(xy)):
        x, y = xy[n, 0], xy[n, 1]
        best = -np.inf
        cell = cell_at(x, y, origin, columns, rows)
        if cell >= 0:
            for m in range(starts[cell], starts[cell + 1]):
                k = members[m]
                if boxes[k, 5] <= best:
                    break  # all further ones lie lower
                dx = max(max(boxes[k, 0] - x, x - boxes[k, 3]), 0.0)
                dy = max(max(boxes[k, 1] - y, y - boxes[k, 4]), 0.0)
                nearest = np.sqrt(dx * dx + dy * dy)
                if nearest > radius or boxes[k, 5] - above_tip(nearest, flat, corner) <= best:
                    continue
                if np.isnan(items[k, 8]):
                    best = max(best, _on_edge(items[k], x, y, flat, corner))
                else:
                    best = max(best, _on_facet(items[k], x, y, flat, corner))
        tip_z[n] = best


@compiled
def _on_facet(corners: FloatArray, x: float, y: float, flat: float, corner: float) -> float:
    """Return the tip's height where the cutter touches the inside of a facet, (9,); -inf where it does not."""
    ax, ay, az = corners[0], corners[1], corners[2]
    bx, by, bz = corners[3] - ax, corners[4] - ay, corners[5] - az
    cx, cy, cz = corners[6] - ax, corners[7] - ay, corners[8] - az
    double = bx * cy - by * cx
    slope_x, slope_y = (bz * cy - by * cz) / double, (bx * cz - bz * cx) / double
    slope = np.sqrt(slope_x * slope_x + slope_y * slope_y)
    px, py, lies = x - ax, y - ay, 0.0
    if slope > _LEVEL:
        sine = slope / np.sqrt(1.0 + slope * slope)
        reach = flat + corner * sine
        px, py = px + reach * slope_x / slope, py + reach * slope_y / slope
        lies = corner * (1.0 - np.sqrt(1.0 - sine * sine))
    second, third = (px * cy - py * cx) / double, (bx * py - by * px) / double
    if second < -_ON_SIDE or third < -_ON_SIDE or second + third > 1.0 + _ON_SIDE:
        return -np.inf
    return float(az + slope_x * px + slope_y * py - lies)


@compiled
def _on_edge(ends: FloatArray, x: float, y: float, flat: float, corner: float) -> float:
    """Return the tip's height where the cutter touches an edge, (6,) and more; -inf where it does not."""
    radius = flat + corner
    ex, ey = ends[3] - ends[0], ends[4] - ends[1]
    length = np.sqrt(ex * ex + ey * ey)
    if length < 1e-9:
        distance = np.hypot(x - ends[0], y - ends[1])
        return float(max(ends[2], ends[5]) - above_tip(distance, flat, corner)) if distance <= radius else -np.inf
    ex, ey = ex / length, ey / length
    along = (x - ends[0]) * ex + (y - ends[1]) * ey
    apart = abs((y - ends[1]) * ex - (x - ends[0]) * ey)
    if apart > radius:
        return -np.inf
    slope = (ends[5] - ends[2]) / length
    half = np.sqrt(max(radius * radius - apart * apart, 0.0))
    low, high = max(-along, -half), min(length - along, half)
    if low > high:
        return -np.inf
    up = 1.0 if slope >= 0.0 else -1.0
    at = min(max(up * touching_offset(up * slope, apart, flat, corner), low), high)
    distance = min(np.sqrt(apart * apart + at * at), radius)
    return float(ends[2] + slope * (along + at) - above_tip(distance, flat, corner))
