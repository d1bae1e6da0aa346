"""Height fields: z over a square grid of x and y, the form in which a shell is designed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray


@dataclass(frozen=True)
class HeightField:
    """Heights `z[i, j]`, (I, J) float64 mm, at x = x0 + i * step and y = y0 + j * step, all in mm."""

    x0: float
    y0: float
    step: float
    z: FloatArray

    @cached_property
    def spline(self) -> FloatArray:
        """Coefficients of the cubic spline through the heights, (I, J)."""
        return np.asarray(ndimage.spline_filter(self.z, order=3, mode="nearest"))

    @property
    def x(self) -> FloatArray:
        """The x of each row, (I, 1)."""
        return np.asarray((self.x0 + self.step * np.arange(self.z.shape[0]))[:, None], dtype=np.float64)

    @property
    def y(self) -> FloatArray:
        """The y of each column, (1, J)."""
        return np.asarray((self.y0 + self.step * np.arange(self.z.shape[1]))[None, :], dtype=np.float64)

    def nodes(self) -> FloatArray:
        """Return the places of all nodes, (I * J, 2), in the order of `z.ravel()`."""
        x, y = np.broadcast_arrays(self.x, self.y)
        return np.column_stack([x.ravel(), y.ravel()])

    def replaced(self, z: FloatArray) -> HeightField:
        """Return the same grid with other heights."""
        return HeightField(self.x0, self.y0, self.step, z)

    def mesh(self) -> Mesh:
        """Return the field's graph, two triangles a cell, facing up."""
        rows, columns = self.z.shape
        corner = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
        a, b, c, d = corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]
        faces = np.stack([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)], axis=-2).reshape(-1, 3)
        x, y = np.broadcast_arrays(self.x, self.y)
        return Mesh(np.column_stack([x.ravel(), y.ravel(), self.z.ravel()]), faces)

    def at(self, xy: FloatArray) -> FloatArray:
        """Return the height at (N, 2) points by cubic splines, (N,) mm; outside the grid that of its border."""
        cells = np.array([(xy[:, 0] - self.x0) / self.step, (xy[:, 1] - self.y0) / self.step])
        return np.asarray(ndimage.map_coordinates(self.spline, cells, order=3, mode="nearest", prefilter=False))

    def cells_at(self, xy: FloatArray, cells: BoolArray) -> BoolArray:
        """Return the value of some cells, (I, J) bool, nearest to (N, 2) points, (N,); False beside the grid."""
        i, j = (np.round((xy[:, k] - low) / self.step).astype(int) for k, low in ((0, self.x0), (1, self.y0)))
        within = (i >= 0) & (j >= 0) & (i < cells.shape[0]) & (j < cells.shape[1])
        return np.asarray(within & cells[i * within, j * within])

    def slope_at(self, xy: FloatArray, span_mm: float = 0.5) -> FloatArray:
        """Return the steepness dz/ds at (N, 2) points, (N,), from differences over twice `span_mm`."""
        ex, ey = np.array([span_mm, 0.0]), np.array([0.0, span_mm])
        dz_dx = (self.at(xy + ex) - self.at(xy - ex)) / (2.0 * span_mm)
        dz_dy = (self.at(xy + ey) - self.at(xy - ey)) / (2.0 * span_mm)
        return np.hypot(dz_dx, dz_dy)


def smooth_step(values: FloatArray, low: float, high: float) -> FloatArray:
    """Rise from 0 at `low` to 1 at `high` with two continuous derivatives (6 t^5 - 15 t^4 + 10 t^3)."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * t * (t * (6.0 * t - 15.0) + 10.0))


def smooth_min(a: FloatArray, b: FloatArray, width_mm: FloatArray | float) -> FloatArray:
    """Return the lesser of two heights, rounded where they differ by less than `width_mm`, (N,); never above either."""
    overlap = np.maximum(width_mm - np.abs(a - b), 0.0)
    return np.asarray(np.minimum(a, b) - overlap**2 / (4.0 * width_mm))


def smooth_max(a: FloatArray, b: FloatArray, width_mm: FloatArray | float) -> FloatArray:
    """Return the greater of two heights, rounded where they differ by less than `width_mm`; never below either."""
    return -smooth_min(-a, -b, width_mm)


def eased(values: FloatArray, low: float, high: float, ends: float = 0.25) -> FloatArray:
    """Rise from 0 at `low` to 1 at `high` evenly, with parabolas over the share `ends` at either side: a wedge.

    It is a third less steep than `smooth_step` over the same length.
    """
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    slope = 1.0 / (1.0 - ends)
    lower, upper = 0.5 * slope * t**2 / ends, 1.0 - 0.5 * slope * (1.0 - t) ** 2 / ends
    return np.asarray(np.where(t < ends, lower, np.where(t > 1.0 - ends, upper, slope * (t - 0.5 * ends))))


def bell(distance: FloatArray) -> FloatArray:
    """Fall from 1 at 0 to 0 at 1 and beyond, (1 + cos(pi d)) / 2: the form of pads and hollows.

    Of forms with a continuous slope it is bent least at its sharpest place.
    """
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.minimum(np.abs(distance), 1.0)))
