"""Height fields: z over a square grid of x and y, the form in which a shell is designed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from scanproc.artifacts import BoolArray, ByteArray, Mesh
from scanproc.frames import FloatArray
from scanproc.open3d_bridge import RayScene


@dataclass(frozen=True)
class HeightField:
    """Heights `z[i, j]`, (I, J) float64 mm, at x = x0 + i * step and y = y0 + j * step, all in mm."""

    x0: float
    y0: float
    step: float
    z: FloatArray

    @cached_property
    def _spline(self) -> FloatArray:
        return np.asarray(ndimage.spline_filter(self.z, order=3, mode="nearest"))

    @property
    def x(self) -> FloatArray:
        """The x of each row, (I, 1)."""
        return np.asarray((self.x0 + self.step * np.arange(self.z.shape[0]))[:, None], dtype=np.float64)

    @property
    def y(self) -> FloatArray:
        """The y of each column, (1, J)."""
        return np.asarray((self.y0 + self.step * np.arange(self.z.shape[1]))[None, :], dtype=np.float64)

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
        return np.asarray(ndimage.map_coordinates(self._spline, cells, order=3, mode="nearest", prefilter=False))

    def slope_at(self, xy: FloatArray, span_mm: float = 0.5) -> FloatArray:
        """Return the steepness dz/ds at (N, 2) points, (N,), from differences over twice `span_mm`."""
        ex, ey = np.array([span_mm, 0.0]), np.array([0.0, span_mm])
        dz_dx = (self.at(xy + ex) - self.at(xy - ex)) / (2.0 * span_mm)
        dz_dy = (self.at(xy + ey) - self.at(xy - ey)) / (2.0 * span_mm)
        return np.hypot(dz_dx, dz_dy)

    def bend_at(self, xy: FloatArray, span_mm: float = 1.0) -> FloatArray:
        """Return the greater of |d2z/dx2| and |d2z/dy2| at (N, 2) points, (N,) 1/mm."""
        ex, ey = np.array([span_mm, 0.0]), np.array([0.0, span_mm])
        here = 2.0 * self.at(xy)
        along_x = self.at(xy + ex) + self.at(xy - ex) - here
        along_y = self.at(xy + ey) + self.at(xy - ey) - here
        return np.asarray(np.maximum(np.abs(along_x), np.abs(along_y)) / span_mm**2)


@dataclass(frozen=True)
class SoleField:
    """The underside of a foot as seen from below.

    Attributes
    ----------
    field : heights; nan where there is no underside: beside the foot, or in a hole of its surface.
    covered : (I, J) bool, whether anything of the foot stands over the cell.
    seen : (I, J) bool, whether the underside is there and a view saw it.
    """

    field: HeightField
    covered: BoolArray
    seen: BoolArray


def cast_sole(mesh: Mesh, views: ByteArray, step_mm: float, below_mm: float, margin_mm: float = 15.0) -> SoleField:
    """Cast one vertical ray from below at each cell of a grid around the foot.

    Parameters
    ----------
    mesh : foot frame, z up. Only what is hit below `below_mm` counts: the calf may overhang the heel.
    views : (V,) uint8; a face is seen if all its corners are.
    step_mm : of the grid, whose lines include x = 0 and y = 0, so that a mirrored foot has the mirrored grid.
    """
    foot = mesh.vertices[mesh.vertices[:, 2] < below_mm]
    low = np.floor((foot[:, :2].min(axis=0) - margin_mm) / step_mm) * step_mm
    high = foot[:, :2].max(axis=0) + margin_mm
    shape = np.ceil((high - low) / step_mm).astype(int) + 1
    grid = HeightField(float(low[0]), float(low[1]), step_mm, np.zeros(shape))
    xy = np.broadcast_arrays(grid.x, grid.y)
    start = float(mesh.vertices[:, 2].min()) - 10.0
    origins = np.column_stack([xy[0].ravel(), xy[1].ravel(), np.full(xy[0].size, start)])
    hits = RayScene(mesh).cast(origins, np.broadcast_to([0.0, 0.0, 1.0], origins.shape))

    z = start + hits.distance
    # A ray that meets the inner side of the upper surface went through a hole in the sole, so did one that meets
    # nothing inside the ring of the foot's walls. The ragged end of a leg beside the foot is not the foot's.
    through = (z < 2.0 * below_mm) & (hits.normal[:, 2] > 0.0)
    covered = _largest_part(ndimage.binary_fill_holes(((z < below_mm) | through).reshape(shape))).ravel()
    underside = (z < below_mm) & (hits.normal[:, 2] < 0.0) & covered
    face_seen = np.asarray((views[mesh.faces] > 0).all(axis=1))
    seen = underside & face_seen[hits.face]
    height = np.where(underside, z, np.nan).reshape(shape)
    return SoleField(grid.replaced(height), covered.reshape(shape), seen.reshape(shape))


def _largest_part(cells: BoolArray) -> BoolArray:
    """Return the largest connected part of some cells, (I, J) bool."""
    labels, count = ndimage.label(cells)
    if count < 2:
        return cells
    return np.asarray(labels == 1 + np.argmax(np.bincount(labels.ravel())[1:]))


def fill_cells(field: HeightField, holes: BoolArray) -> HeightField:
    """Replace the cells in `holes`, (I, J) bool, by the membrane through their neighbours (Laplace's equation).

    Neighbours without a height (nan) that are not holes themselves pull at nothing.
    """
    if not holes.any() or not np.isfinite(field.z[~holes]).any():
        return field
    number = np.full(field.z.shape, -1)
    number[holes] = np.arange(holes.sum())
    known = np.where(holes, np.nan, field.z)
    ones, right = np.full(int(holes.sum()), 1e-9), np.zeros(int(holes.sum()))
    rows, columns = [], []
    right += ones * np.nanmean(known)  # keeps a hole without any known neighbour solvable
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        neighbour_z = np.roll(known, shift, (0, 1))[holes]
        neighbour_n = np.roll(number, shift, (0, 1))[holes]
        is_known, is_hole = np.isfinite(neighbour_z), neighbour_n >= 0
        ones += is_known | is_hole
        right[is_known] += neighbour_z[is_known]
        rows.append(np.flatnonzero(is_hole))
        columns.append(neighbour_n[is_hole])
    i, j = np.concatenate(rows), np.concatenate(columns)
    matrix = sparse.diags_array(ones) - sparse.coo_array((np.ones(len(i)), (i, j)), shape=(len(ones), len(ones)))
    filled = known.copy()
    filled[holes] = spsolve(matrix.tocsc(), right)
    return field.replaced(filled)


def extend_walls(field: HeightField, slope: float, reach_mm: float = 8.0, ceiling_mm: float = 80.0) -> HeightField:
    """Let walls rise no steeper than `slope` (dz/ds), and go on rising beyond the foot's shadow.

    Returns the largest field below the given one that is that flat: grey erosion with a cone of radius `reach_mm`.
    """
    outside = np.isnan(field.z)
    if outside.all():
        return field.replaced(np.full(field.z.shape, ceiling_mm))
    distance, nearest = ndimage.distance_transform_edt(outside, sampling=field.step, return_indices=True)
    z = np.minimum(field.z[tuple(nearest)] + slope * distance, ceiling_mm)
    size = round(reach_mm / field.step)
    padded = np.pad(z, size, mode="edge")
    low = z.copy()
    rows, columns = z.shape
    for di in range(-size, size + 1):
        for dj in range(-size, size + 1):
            rise = slope * field.step * np.hypot(di, dj)
            if 0.0 < rise <= slope * reach_mm:
                shifted = padded[size + di : size + di + rows, size + dj : size + dj + columns]
                np.minimum(low, shifted + rise, out=low)
    return field.replaced(low)


def smoothed(field: HeightField, sigma_mm: float) -> HeightField:
    """Smooth with the kernel 2 G - G * G of a Gaussian G: unlike G it keeps parabolas, so that cups stay as deep."""
    if sigma_mm <= 0.0:
        return field
    once = ndimage.gaussian_filter(field.z, sigma_mm / field.step, mode="nearest")
    twice = ndimage.gaussian_filter(once, sigma_mm / field.step, mode="nearest")
    return field.replaced(2.0 * once - twice)


def smooth_step(values: FloatArray, low: float, high: float) -> FloatArray:
    """Rise from 0 at `low` to 1 at `high` with two continuous derivatives (6 t^5 - 15 t^4 + 10 t^3)."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * t * (t * (6.0 * t - 15.0) + 10.0))


def smooth_min(a: FloatArray, b: FloatArray, width_mm: FloatArray) -> FloatArray:
    """Return the lesser of two heights, rounded where they differ by less than `width_mm`, (N,); never above either."""
    overlap = np.maximum(width_mm - np.abs(a - b), 0.0)
    return np.asarray(np.minimum(a, b) - overlap**2 / (4.0 * width_mm))
