"""Depth images as organised point clouds: (H, W) float depth in mm, 0 = none; pixel centres at integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import Delaunay, cKDTree

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics
from scanproc.frames import FloatArray


def pixel_rays(intrinsics: Intrinsics) -> FloatArray:
    """Return the (H, W, 3) directions of all pixels, camera frame, with z = 1."""
    u = (np.arange(intrinsics.width) - intrinsics.cx) / intrinsics.fx
    v = (np.arange(intrinsics.height) - intrinsics.cy) / intrinsics.fy
    rays = np.ones((intrinsics.height, intrinsics.width, 3))
    rays[..., 0], rays[..., 1] = u[None, :], v[:, None]
    return rays


def unproject(depth_mm: DepthImage, intrinsics: Intrinsics) -> FloatArray:
    """Return the (N, 3) points in mm, camera frame, of the pixels that have a depth, row by row."""
    v, u = np.nonzero(depth_mm)
    z = depth_mm[v, u].astype(np.float64)
    return np.column_stack([(u - intrinsics.cx) / intrinsics.fx * z, (v - intrinsics.cy) / intrinsics.fy * z, z])


def crop(intrinsics: Intrinsics, rows: slice, columns: slice) -> Intrinsics:
    """Return the intrinsics of the image part `[rows, columns]`."""
    return Intrinsics(
        width=columns.stop - columns.start,
        height=rows.stop - rows.start,
        fx=intrinsics.fx,
        fy=intrinsics.fy,
        cx=intrinsics.cx - columns.start,
        cy=intrinsics.cy - rows.start,
    )


def flying_pixels(depth_mm: DepthImage, jump_mm: float) -> BoolArray:
    """Mark pixels that hang between a near and a far surface: in a row or a column, no neighbour is within `jump_mm`.

    The border of the foot itself is kept, since it is held from one side: with coarse pixels it is millimetres wide.
    """
    marked = np.zeros(depth_mm.shape, dtype=bool)
    for axis in (0, 1):
        lines = np.moveaxis(depth_mm, axis, 0)
        held = (np.abs(lines[:-1] - lines[1:]) <= jump_mm) & (lines[:-1] > 0) & (lines[1:] > 0)
        loose = np.ones(lines.shape, dtype=bool)
        loose[:-1] &= ~held
        loose[1:] &= ~held
        marked |= np.moveaxis(loose, 0, axis)
    return marked & (depth_mm > 0)


def plane_fit_normals(depth_mm: DepthImage, intrinsics: Intrinsics, radius_px: int) -> NDArray[np.float32]:
    """Return unit normals, (H, W, 3) float32 towards the camera, 0 where there are too few neighbours.

    A plane has an inverse depth that is linear in the pixel: 1/z = a u' + b v' + c with u' = (u - cx)/fx and
    v' = (v - cy)/fy, and (a, b, c) is along its normal. It is fitted by least squares in a window of
    (2 radius_px + 1)^2 pixels; the sums over the window are box filters, so the cost does not grow with the radius.
    """
    valid = depth_mm > 0
    weight = valid.astype(np.float64)
    inverse = np.divide(1.0, depth_mm, out=np.zeros(depth_mm.shape), where=valid)
    # Pixel offsets from the window's centre keep the sums well conditioned.
    v, u = np.mgrid[: depth_mm.shape[0], : depth_mm.shape[1]].astype(np.float64)

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(ndimage.uniform_filter(values, 2 * radius_px + 1, mode="constant"))

    s1, su, sv = total(weight), total(weight * u), total(weight * v)
    s1_safe = np.maximum(s1, 1e-9)
    mean_u, mean_v, mean_w = su / s1_safe, sv / s1_safe, total(inverse) / s1_safe
    cuu = total(weight * u * u) / s1_safe - mean_u**2
    cuv = total(weight * u * v) / s1_safe - mean_u * mean_v
    cvv = total(weight * v * v) / s1_safe - mean_v**2
    cuw = total(u * inverse) / s1_safe - mean_u * mean_w
    cvw = total(v * inverse) / s1_safe - mean_v * mean_w
    determinant = cuu * cvv - cuv**2
    enough = valid & (s1 > 0.3) & (determinant > 0.05 * radius_px**4 / 9.0)
    slope_u = np.divide(cuw * cvv - cvw * cuv, determinant, out=np.zeros(valid.shape), where=enough)
    slope_v = np.divide(cvw * cuu - cuw * cuv, determinant, out=np.zeros(valid.shape), where=enough)
    constant = mean_w - slope_u * (mean_u - intrinsics.cx) - slope_v * (mean_v - intrinsics.cy)
    normals = -np.stack([slope_u * intrinsics.fx, slope_v * intrinsics.fy, constant], axis=-1)
    lengths = np.linalg.norm(normals, axis=-1)
    enough &= lengths > 0
    return np.where(enough[..., None], normals / np.where(enough, lengths, 1.0)[..., None], 0.0).astype(np.float32)


def view_cosines(normals: NDArray[np.floating], intrinsics: Intrinsics) -> FloatArray:
    """Return the cosine between each pixel's normal and the direction to the camera, (H, W); 0 where unknown."""
    rays = pixel_rays(intrinsics)
    return np.asarray(-np.sum(normals * rays, axis=-1) / np.linalg.norm(rays, axis=-1))


def components(mask: BoolArray, min_pixels: int) -> list[BoolArray]:
    """Return the 8-connected parts of a mask that have at least `min_pixels`, the largest first."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    order = [index + 1 for index in np.argsort(-sizes, kind="stable") if sizes[index] >= min_pixels]
    return [labels == label for label in order]


@dataclass(frozen=True)
class OrganisedCloud:
    """A loose cloud as a depth image: (H, W) depth, its camera, and (H, W) index of the nearest point, -1 = none."""

    depth_mm: DepthImage
    intrinsics: Intrinsics
    source: NDArray[np.int64]


def organise(points: FloatArray, max_gap: float) -> OrganisedCloud:
    """Turn a loose cloud, seen from the origin along +z, into a depth image.

    A cloud that a program made of a depth image, perhaps thinned, still lies on its pixels and is put back on them.
    Others get pixels as large as their median spacing; inverse depth is interpolated over the Delaunay triangles of the
    viewing directions, which is exact on planes.

    Parameters
    ----------
    points : (N, 3) float64, mm, camera frame, z > 0.
    max_gap : longest edge of a triangle that is filled, in units of the spacing.
    """
    directions = points[:, :2] / points[:, 2:]
    spacing = max(float(np.median(np.asarray(cKDTree(directions).query(directions, k=2)[0])[:, 1])), 1e-4)
    columns, rows = (_lattice(values, spacing) for values in directions.T)
    if columns is not None and rows is not None:
        return _on_pixels(points, columns, rows)
    return _interpolated(points, directions, spacing, max_gap)


@dataclass(frozen=True)
class _Lattice:
    """Evenly spaced values start + step * cell, and the (N,) cell of each point."""

    start: float
    step: float
    cells: NDArray[np.int64]


def _lattice(values: FloatArray, spacing: float) -> _Lattice | None:
    """Return the lattice that (N,) values lie on, or None if they do not lie on one."""
    levels = np.unique(np.round(values / spacing, 3)) * spacing
    gaps = np.diff(levels)
    gaps = gaps[gaps > 0.3 * spacing]
    if len(gaps) < 2 or len(levels) > len(values) / 4:
        return None
    step = float(np.median(gaps))
    cells = np.rint((values - levels[0]) / step)
    step, start = np.polyfit(cells, values, 1)
    cells = np.rint((values - start) / step).astype(np.int64)
    off = np.abs(start + step * cells - values) / step
    cells -= cells.min()
    return _Lattice(float(values[np.argmin(cells)]), float(step), cells) if np.quantile(off, 0.99) < 0.05 else None


def _on_pixels(points: FloatArray, columns: _Lattice, rows: _Lattice) -> OrganisedCloud:
    width, height = int(columns.cells.max()) + 1, int(rows.cells.max()) + 1
    intrinsics = Intrinsics(
        width, height, 1.0 / columns.step, 1.0 / rows.step, -columns.start / columns.step, -rows.start / rows.step
    )
    depth = np.zeros((height, width), dtype=np.float32)
    source = np.full((height, width), -1, dtype=np.int64)
    far_first = np.argsort(-points[:, 2], kind="stable")  # where two points share a pixel, the nearer one was seen
    pixels = rows.cells[far_first], columns.cells[far_first]
    depth[pixels], source[pixels] = points[far_first, 2], far_first
    return OrganisedCloud(depth, intrinsics, source)


def _interpolated(points: FloatArray, directions: FloatArray, spacing: float, max_gap: float) -> OrganisedCloud:
    focal = 1.0 / spacing
    low, high = directions.min(axis=0), directions.max(axis=0)
    width, height = (np.ceil((high - low) * focal).astype(int) + 1).tolist()
    intrinsics = Intrinsics(width, height, focal, focal, -low[0] * focal, -low[1] * focal)
    triangles = Delaunay(directions)
    corners = directions[triangles.simplices]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    pixels = pixel_rays(intrinsics)[..., :2].reshape(-1, 2)
    simplex = triangles.find_simplex(pixels)
    inside = (simplex >= 0) & (longest[simplex] <= max_gap * spacing)
    affine = triangles.transform[simplex[inside]]
    first = np.einsum("nij,nj->ni", affine[:, :2], pixels[inside] - affine[:, 2])
    weights = np.column_stack([first, 1.0 - first.sum(axis=1)])
    vertices = triangles.simplices[simplex[inside]]
    depth = np.zeros(len(pixels), dtype=np.float32)
    depth[inside] = 1.0 / (weights / points[vertices, 2]).sum(axis=1)
    source = np.full(len(pixels), -1, dtype=np.int64)
    source[inside] = vertices[np.arange(len(vertices)), np.argmax(weights, axis=1)]
    return OrganisedCloud(depth.reshape(height, width), intrinsics, source.reshape(height, width))
