"""Height fields: z over a square grid of x and y, the form in which a shell is designed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map
from scanproc.solid.splines import fill_heights

_CHUNK = 1 << 14  # places of a task


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
        points, spline, z = np.ascontiguousarray(xy, dtype=np.float64), self.spline, np.empty(len(xy))

        def fill(start: int) -> None:
            part = slice(start, start + _CHUNK)
            fill_heights(spline, self.x0, self.y0, self.step, points[part], z[part])

        parallel_map(fill, range(0, len(points), _CHUNK), "heights")
        return z

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
