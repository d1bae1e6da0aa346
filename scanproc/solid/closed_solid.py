"""Solids between two height fields over one outline: a sheet above, a sheet below, joined by a strip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.solid.delaunay import neighbours
from scanproc.solid.greedy_insertion import Sheet, snapped_plan

_BLEND = 1.0  # heights that are pressed flat are blended with the rest over so many times the depth


@dataclass(frozen=True)
class Plan:
    """The inside of an outline in triangles.

    Attributes
    ----------
    xy : (N, 2); the outline's points first, counter-clockwise.
    faces : (F, 3) int32, counter-clockwise; the outline's edges are exactly their border.
    """

    xy: FloatArray
    faces: IntArray


def coarse_plan(outline: FloatArray, spacing_mm: float) -> Plan:
    """Triangulate the inside of an outline, (K, 2), `snapped_plan`, with points of a hexagonal grid.

    Raises
    ------
    ScanError
        If the outline comes so close to itself that the triangles go across it.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    grid = snapped_plan(hexagonal_points(low, high, spacing_mm))
    # So far off the outline that each of its edges is a side of a triangle: the circle over it is empty.
    off_mm = 0.6 * spacing_mm
    grid = grid[nearest_on_curve(outline, grid, off_mm, closed=True).distance_mm == np.inf]
    xy, count = np.vstack([outline, grid[inside(outline, grid)]]), len(outline)
    faces = Delaunay(xy).simplices
    # Only triangles between three points of the outline can lie outside it.
    on_rim = (faces < count).all(axis=1)
    keep: BoolArray = np.asarray(~on_rim)
    keep[on_rim] = inside(outline, xy[faces[on_rim]].mean(axis=1))
    faces = faces[keep]
    double = _double_plan_areas(xy, faces)
    faces[double < 0.0] = faces[double < 0.0][:, ::-1]
    faces = np.asarray(faces[double != 0.0], dtype=np.int32)
    border = neighbours(faces) < 0
    start, end = np.roll(faces, -1, axis=1)[border], np.roll(faces, -2, axis=1)[border]
    if len(start) != count or not np.array_equal(end, (start + 1) % count):
        raise ScanError(
            f"found an outline that touches itself or turns back ({len(start)} border edges of {count} points);"
            " expected one smooth closed curve. Change insole.outline_file or the cut-outs."
        )
    return Plan(xy, faces)


def hexagonal_points(low: FloatArray, high: FloatArray, spacing_mm: float) -> FloatArray:
    """Return (N, 2) points of a hexagonal grid over the box from `low` to `high`, (2,), with a row on y = 0."""
    row_mm = spacing_mm * np.sqrt(0.75)
    rows = np.arange(np.floor(low[1] / row_mm), np.ceil(high[1] / row_mm) + 1.0)
    columns = np.arange(low[0], high[0] + spacing_mm, spacing_mm)
    x = columns[None, :] + 0.5 * spacing_mm * np.abs(rows % 2.0)[:, None]
    return np.column_stack([x.ravel(), np.broadcast_to(row_mm * rows[:, None], x.shape).ravel()])


@dataclass(frozen=True)
class Flattened:
    """An underside's lowest parts pressed onto one plane, so that a printer finds a first layer; none is raised.

    Attributes
    ----------
    floor_z, level_z : what lies between them is flat.
    """

    floor_z: float
    level_z: float

    @property
    def depth_mm(self) -> float:
        """By how much the underside is lowered at most."""
        return self.level_z - self.floor_z

    def applied(self, z: FloatArray) -> FloatArray:
        """Return heights pressed flat, (N,) mm."""
        if self.level_z <= self.floor_z:
            return z
        blend = max(_BLEND * self.depth_mm, 0.2)
        # Heights from the level to level + blend are stretched down to begin at the plane.
        ramp = self.floor_z + (z - self.level_z) * (self.level_z + blend - self.floor_z) / blend
        return np.where(z <= self.level_z, np.minimum(z, self.floor_z), np.minimum(z, ramp))


def flattened(z: FloatArray, cell_mm2: float, contact_mm2: float) -> Flattened:
    """Choose how far an underside is pressed flat.

    Parameters
    ----------
    z : (N,) its heights at the cells of an even grid, mm.
    contact_mm2 : of the flat parts, together.
    """
    floor = float(z.min())
    # Triangles at its border are not flat: three cells more all round a circle.
    border_mm2 = 3.0 * np.sqrt(4.0 * np.pi * contact_mm2 * cell_mm2)
    count = min(int(np.ceil((contact_mm2 + border_mm2) / cell_mm2)), len(z) - 1) if contact_mm2 > 0.0 else 0
    return Flattened(floor, float(np.partition(z, count)[count]))


def closed_solid(top: Sheet, bottom: Sheet, rim: int) -> Mesh:
    """Join two sheets over one outline into a closed solid.

    Parameters
    ----------
    top, bottom : the first `rim` points of both are the outline, counter-clockwise; the top lies above everywhere.

    Returns
    -------
    Mesh
        The top's vertices, then the bottom's, rounded to single precision, as STL keeps them; the top's faces, then the
        bottom's, then the strip.
    """
    count = len(top.points)
    here, there = np.arange(rim), np.roll(np.arange(rim), -1)
    upper = np.column_stack([here, here + count, there])
    lower = np.column_stack([there, here + count, there + count])
    vertices = np.vstack([top.points, bottom.points]).astype(np.float32).astype(np.float64)
    return Mesh(vertices, np.vstack([top.faces, bottom.faces[:, ::-1] + count, upper, lower]).astype(np.int32))


def _double_plan_areas(xy: FloatArray, faces: IntArray) -> FloatArray:
    a, b, c = (xy[faces[:, corner]] for corner in range(3))
    return np.asarray((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
