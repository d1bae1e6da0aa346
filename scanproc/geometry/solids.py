"""Solids between two height fields over one outline: the same triangles above and below, joined by a strip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import Delaunay, cKDTree

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.outlines import inside
from scanproc.open3d_bridge import RayScene


def hexagonal_points(low: FloatArray, high: FloatArray, spacing_mm: float) -> FloatArray:
    """Return (N, 2) points of a hexagonal grid over the box from `low` to `high`, (2,) each."""
    row_mm = spacing_mm * np.sqrt(0.75)
    rows = np.arange(low[1], high[1] + row_mm, row_mm)
    columns = np.arange(low[0], high[0] + spacing_mm, spacing_mm)
    x = columns[None, :] + 0.5 * spacing_mm * (np.arange(len(rows)) % 2)[:, None]
    return np.column_stack([x.ravel(), np.broadcast_to(rows[:, None], x.shape).ravel()])


def interior_points(
    outline: FloatArray, coarse: FloatArray, fine: FloatArray, coarse_mm: float, fine_mm: float
) -> FloatArray:
    """Return the points inside an outline that a conforming triangulation can use, (N, 2).

    They keep off the outline, so that each of its edges is a side of a triangle (the circle over it is empty), and
    coarse points keep off fine ones.
    """
    rim_mm = float(np.linalg.norm(outline - np.roll(outline, -1, axis=0), axis=1).max())
    fine = _apart(fine, outline, max(0.8 * rim_mm, 0.6 * fine_mm))
    fine = fine[inside(outline, fine)]
    coarse = _apart(coarse, outline, max(0.8 * rim_mm, 0.6 * coarse_mm))
    coarse = _apart(coarse, fine, 0.6 * coarse_mm)
    return np.vstack([coarse[inside(outline, coarse)], fine])


def triangulated(outline: FloatArray, interior: FloatArray) -> IntArray:
    """Triangulate the inside of an outline.

    Parameters
    ----------
    outline : (K, 2), counter-clockwise; vertices 0 to K - 1 of the answer.
    interior : (N, 2), from `interior_points`; vertices K to K + N - 1.

    Returns
    -------
    (F, 3) int32, counter-clockwise; the outline's edges are exactly its border.
    """
    points, count = np.vstack([outline, interior]), len(outline)
    faces = Delaunay(points).simplices
    # Only triangles between three points of the outline can lie outside it.
    on_rim = (faces < count).all(axis=1)
    keep: BoolArray = np.asarray(~on_rim)
    keep[on_rim] = inside(outline, points[faces[on_rim]].mean(axis=1))
    faces = faces[keep]
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) < 0.0
    faces[turned] = faces[turned][:, ::-1]
    return np.asarray(faces, dtype=np.int32)


def parallel_below(surface: Mesh, distance_mm: FloatArray) -> FloatArray:
    """Return the height below each vertex at which a ball just touches the surface from below, (V,) mm.

    This is grey erosion with a ball of radius `distance_mm`, (V,), without its grid: at steep walls a grid of 0.5 mm
    errs by 0.15 mm. Below a height field the distance falls steadily on the way up, so the height is unique;
    it is found by steps of Newton's kind, kept inside a shrinking bracket.

    Parameters
    ----------
    surface : the graph of a height field, z up, nowhere steeper than 84 degrees.
    """
    scene = RayScene(surface)
    xy, z_top = surface.vertices[:, :2], surface.vertices[:, 2]
    low, high = z_top - 10.0 * distance_mm, z_top - distance_mm
    z, active = high.copy(), np.arange(len(xy))
    for _ in range(40):
        points = np.column_stack([xy[active], z[active]])
        nearest = scene.closest(points)
        error = nearest.distance - distance_mm[active]
        low[active] = np.where(error > 0.0, z[active], low[active])
        high[active] = np.where(error > 0.0, high[active], z[active])
        unsettled = np.abs(error) > 1e-4
        active, error = active[unsettled], error[unsettled]
        if len(active) == 0:
            break
        upward = (nearest.point[unsettled, 2] - z[active]) / nearest.distance[unsettled]
        step = z[active] + error / np.maximum(upward, 0.05)
        in_bracket = (step >= low[active]) & (step <= high[active])
        z[active] = np.where(in_bracket, step, 0.5 * (low[active] + high[active]))
    return np.asarray(z)


@dataclass(frozen=True)
class Pressed:
    """An underside with a flat patch: its heights, (N,) mm, and by how much they were lowered at most."""

    z: FloatArray
    depth_mm: float


def pressed_flat(bottom_z: FloatArray, area_mm2: FloatArray, contact_mm2: float) -> Pressed:
    """Lower the lowest parts of an underside onto one plane, so that a printer finds a first layer; never raise any.

    Parameters
    ----------
    bottom_z, area_mm2 : (N,) height and share of the plan area of each point.
    contact_mm2 : of the flat parts, together.
    """
    if contact_mm2 <= 0.0:
        return Pressed(bottom_z, 0.0)
    order = np.argsort(bottom_z, kind="stable")
    reached = int(
        np.searchsorted(np.cumsum(area_mm2[order]), 1.3 * contact_mm2)
    )  # triangles at its border are not flat
    floor, level = float(bottom_z.min()), float(bottom_z[order[min(reached, len(order) - 1)]])
    blend = max(4.0 * (level - floor), 0.2)
    # Heights from `level` to `level + blend` are stretched down to begin at the plane.
    ramp = floor + (bottom_z - level) * (level + blend - floor) / blend
    return Pressed(np.where(bottom_z <= level, floor, np.minimum(bottom_z, ramp)), level - floor)


def closed_solid(xy: FloatArray, faces: IntArray, rim: int, top_z: FloatArray, bottom_z: FloatArray) -> Mesh:
    """Join two height fields over one triangulation into a closed solid.

    Parameters
    ----------
    xy : (N, 2); the first `rim` points are the outline, counter-clockwise.
    faces : (F, 3), counter-clockwise seen from above.

    Returns
    -------
    Mesh
        Vertices 0 to N - 1 are the top, N to 2 N - 1 the bottom; rounded to single precision, as STL keeps them.
        Faces 0 to F - 1 are the top, F to 2 F - 1 the bottom, the rest the strip.
    """
    count = len(xy)
    here, there = np.arange(rim), np.roll(np.arange(rim), -1)
    upper = np.column_stack([here, here + count, there])
    lower = np.column_stack([there, here + count, there + count])
    strip = np.vstack([upper, lower])
    vertices = np.vstack([np.column_stack([xy, top_z]), np.column_stack([xy, bottom_z])])
    single = vertices.astype(np.float32).astype(np.float64)
    return Mesh(single, np.vstack([faces, faces[:, ::-1] + count, strip]).astype(np.int32))


def plan_areas(xy: FloatArray, faces: IntArray) -> FloatArray:
    """Return the share of the plan area that belongs to each point, (N,) mm2: a third of its triangles."""
    a, b, c = (xy[faces[:, corner]] for corner in range(3))
    double = np.abs((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))
    return np.asarray(np.bincount(faces.ravel(), np.repeat(double / 6.0, 3), minlength=len(xy)), dtype=np.float64)


def _apart(points: FloatArray, others: FloatArray, distance_mm: float) -> FloatArray:
    if len(points) == 0 or len(others) == 0:
        return points
    return points[cKDTree(others).query(points, distance_upper_bound=distance_mm)[0] >= distance_mm]
