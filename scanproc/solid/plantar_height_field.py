"""The cast of a sole: rays from below onto a foot, its holes bridged, its walls opened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from scanproc.artifacts import BoolArray, ByteArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map
from scanproc.solid.height_fields import HeightField

_ON_EDGE = 1e-9  # a node so near the edge of a face lies on it
_STRIP = 48  # rows that one thread takes at a time
_BLOCK = 4  # nodes, of the blocks that cones are tried on first


@dataclass(frozen=True)
class PlantarField:
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


def plantar_height_field(
    mesh: Mesh, views: ByteArray, step_mm: float, below_mm: float, margin_mm: float = 15.0, ahead_mm: float = 15.0
) -> PlantarField:
    """Cast one vertical ray from below at each cell of a grid around the foot.

    Parameters
    ----------
    mesh : foot frame, z up. Only what is hit below `below_mm` counts: the calf may overhang the heel.
    views : (V,) uint8; a face is seen if all its corners are.
    step_mm : of the grid, whose lines include x = 0 and y = 0, so that a mirrored foot has the mirrored grid.
    margin_mm, ahead_mm : how far the grid goes beyond the foot, behind and beside it, and in front of it.
    """
    foot = mesh.vertices[mesh.vertices[:, 2] < below_mm]
    low = np.floor((foot[:, :2].min(axis=0) - margin_mm) / step_mm) * step_mm
    high = foot[:, :2].max(axis=0) + np.array([ahead_mm, margin_mm])
    shape = tuple((np.ceil((high - low) / step_mm).astype(int) + 1).tolist())
    grid = HeightField(float(low[0]), float(low[1]), step_mm, np.zeros(shape))
    z, face, faces_up = np.full(shape, np.inf), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.bool_)
    cells = (mesh.vertices - [low[0], low[1], 0.0]) / [step_mm, step_mm, 1.0]
    _meet_lowest(cells, mesh.faces, 2.0 * below_mm, z, face, faces_up)

    # A ray that meets the inner side of the upper surface went through a hole in the sole, so did one that meets
    # nothing inside the ring of the foot's walls. The ragged end of a leg beside the foot is not the foot's.
    through = (z < 2.0 * below_mm) & faces_up
    covered = _largest_part(np.asarray(ndimage.binary_fill_holes((z < below_mm) | through)))
    underside = (z < below_mm) & ~faces_up & covered
    face_seen = np.asarray((views[mesh.faces] > 0).all(axis=1))
    seen = np.asarray(underside & face_seen[face])
    return PlantarField(grid.replaced(np.where(underside, z, np.nan)), covered, seen)


@compiled
def _meet_lowest(
    vertices: FloatArray, faces: IntArray, below: float, z: FloatArray, face: NDArray[np.int64], faces_up: BoolArray
) -> None:
    """Find the lowest face over each node of a grid, below a height: what a ray from below meets first.

    Parameters
    ----------
    vertices : (V, 3), x and y in cells of the grid.
    z, face, faces_up : (I, J) filled in: its height, its number, and whether its outer side looks up; inf without one.
    """
    rows, columns = z.shape
    for f in range(len(faces)):
        a, b, c = vertices[faces[f, 0]], vertices[faces[f, 1]], vertices[faces[f, 2]]
        if min(a[2], b[2], c[2]) >= below:
            continue
        double = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if double == 0.0:
            continue
        first_i = max(int(np.ceil(min(a[0], b[0], c[0]) - _ON_EDGE)), 0)
        last_i = min(int(np.floor(max(a[0], b[0], c[0]) + _ON_EDGE)), rows - 1)
        first_j = max(int(np.ceil(min(a[1], b[1], c[1]) - _ON_EDGE)), 0)
        last_j = min(int(np.floor(max(a[1], b[1], c[1]) + _ON_EDGE)), columns - 1)
        for i in range(first_i, last_i + 1):
            for j in range(first_j, last_j + 1):
                second = ((i - a[0]) * (c[1] - a[1]) - (j - a[1]) * (c[0] - a[0])) / double
                third = ((b[0] - a[0]) * (j - a[1]) - (b[1] - a[1]) * (i - a[0])) / double
                if second < -_ON_EDGE or third < -_ON_EDGE or second + third > 1.0 + _ON_EDGE:
                    continue
                height = a[2] + second * (b[2] - a[2]) + third * (c[2] - a[2])
                if height < z[i, j]:
                    z[i, j], face[i, j], faces_up[i, j] = height, f, double > 0.0


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
    least = ndimage.minimum_filter(z, 2 * size + 1, mode="nearest")
    blocks = ndimage.minimum_filter(z, _BLOCK, mode="nearest", origin=-(_BLOCK // 2))[::_BLOCK, ::_BLOCK]
    low = z.copy()
    blocks = np.ascontiguousarray(blocks)

    def lower(first: int) -> None:
        _lower_to_cones(z, least, blocks, slope * field.step, size, first, low)

    parallel_map(lower, range(0, len(z), _STRIP), "walls")
    return field.replaced(low)


@compiled
def _lower_to_cones(
    z: FloatArray, least: FloatArray, blocks: FloatArray, rise: float, size: int, first: int, low: FloatArray
) -> None:
    """Lower each node of a strip, from row `first` on, to the cones on the nodes up to `size` cells away.

    Parameters
    ----------
    rise : of the cones in one cell.
    least : (I, J), the least of z within the reach: most nodes cannot be lowered, and are passed over.
    blocks : the least of z in blocks of nodes, so that most of the others are, too.
    """
    rows, columns = z.shape
    for i in range(first, min(first + _STRIP, rows)):
        for j in range(columns):
            if least[i, j] + rise >= z[i, j]:
                continue
            found = z[i, j]
            for bi in range(max(i - size, 0) // _BLOCK, min(i + size, rows - 1) // _BLOCK + 1):
                di = max(max(_BLOCK * bi - i, i - _BLOCK * bi - _BLOCK + 1), 0)
                for bj in range(max(j - size, 0) // _BLOCK, min(j + size, columns - 1) // _BLOCK + 1):
                    dj = max(max(_BLOCK * bj - j, j - _BLOCK * bj - _BLOCK + 1), 0)
                    if blocks[bi, bj] + rise * np.sqrt(float(di * di + dj * dj)) >= found:
                        continue
                    for m in range(_BLOCK * bi, min(_BLOCK * bi + _BLOCK, rows)):
                        for n in range(_BLOCK * bj, min(_BLOCK * bj + _BLOCK, columns)):
                            apart = (m - i) * (m - i) + (n - j) * (n - j)
                            if apart <= size * size:
                                found = min(found, z[m, n] + rise * np.sqrt(float(apart)))
            low[i, j] = found
