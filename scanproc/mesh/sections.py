"""Plane sections of a mesh, and what a tape, a caliper or a ruler reads on them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, ByteArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import Submesh, all_corners, keep_faces, linked_parts

_DIRECTIONS = (
    36  # sectors of 10 degrees: wider than the gaps that a coarse mesh leaves, narrower than a hole that matters
)


@dataclass(frozen=True)
class Section:
    """Where a plane cuts a mesh: S straight segments in no order.

    Attributes
    ----------
    points : (S, 2, 3) float64, mm, frame of the mesh.
    edges : (S, 2) int64, names the mesh edge that each point lies on; equal names are the same point.
    seen : (S,) bool, whether the camera saw all of the face that was cut.
    open : (S, 2) bool, ends on an open boundary of the mesh: the surface went on there, unseen.
    """

    points: FloatArray
    edges: NDArray[np.int64] = field(repr=False)
    seen: BoolArray = field(repr=False)
    open: BoolArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    def keep(self, mask: BoolArray) -> Section:
        """Return the segments that (S,) `mask` selects."""
        return Section(self.points[mask], self.edges[mask], self.seen[mask], self.open[mask])

    def where(self, axis: int, low: float = -np.inf, high: float = np.inf) -> Section:
        """Return the segments cut to `low` <= coordinate `axis` <= `high`, in mm."""
        start, step = self.points[:, 0], self.points[:, 1] - self.points[:, 0]
        level = step[:, axis] == 0.0
        slope = np.where(level, 1.0, step[:, axis])
        at_low, at_high = (low - start[:, axis]) / slope, (high - start[:, axis]) / slope
        first = np.where(level, 0.0, np.clip(np.minimum(at_low, at_high), 0.0, 1.0))
        last = np.where(level, 1.0, np.clip(np.maximum(at_low, at_high), 0.0, 1.0))
        inside = np.where(level, (start[:, axis] >= low) & (start[:, axis] <= high), first < last)
        cut = np.stack([start + first[:, None] * step, start + last[:, None] * step], axis=1)
        whole = np.stack([first == 0.0, last == 1.0], axis=1)
        return Section(cut[inside], self.edges[inside], self.seen[inside], (self.open & whole)[inside])

    def pieces(self) -> tuple[Section, ...]:
        """Return the connected pieces, the longest first."""
        if not len(self):
            return ()
        names, node = np.unique(self.edges, return_inverse=True)
        ends: IntArray = np.asarray(node.reshape(-1, 2), np.int32)
        piece = linked_parts(len(names), ends)[ends[:, 0]]
        lengths = np.bincount(piece, weights=self.lengths())
        return tuple(self.keep(piece == index) for index in np.argsort(-lengths, kind="stable"))

    def lengths(self) -> FloatArray:
        """Return the lengths of the segments, (S,) mm."""
        return np.asarray(np.linalg.norm(self.points[:, 1] - self.points[:, 0], axis=1))

    def extent(self, axis: int) -> Extent:
        """Return the least and the greatest coordinate along `axis`, and where they are."""
        points, seen = self.points.reshape(-1, 3), np.repeat(self.seen, 2)
        is_open = self.open.reshape(-1)
        low, high = int(np.argmin(points[:, axis])), int(np.argmax(points[:, axis]))
        return Extent(
            points[low],
            points[high],
            float(points[low, axis]),
            float(points[high, axis]),
            bool(seen[low]),
            bool(seen[high]),
            bool(is_open[low]),
            bool(is_open[high]),
        )

    def crossings(self, axis: int, value: float) -> Section:
        """Return the points where the section crosses coordinate `axis` = `value`, as segments of no length."""
        start, end = self.points[:, 0], self.points[:, 1]
        crossed = (start[:, axis] > value) != (end[:, axis] > value)
        start, end = start[crossed], end[crossed]
        share = ((value - start[:, axis]) / (end[:, axis] - start[:, axis]))[:, None]
        at = start + share * (end - start)
        return Section(
            np.stack([at, at], axis=1), self.edges[crossed], self.seen[crossed], np.zeros_like(self.open[crossed])
        )

    def outline(self, axes: tuple[int, int]) -> Outline:
        """Return the hull of the section by two of its coordinates."""
        return Outline.of(self.points.reshape(-1, 3)[:, axes])

    def unseen_share(self, axes: tuple[int, int], outline: Outline | None = None) -> float:
        """Return the share of directions, from the middle of the hull, in which no seen part of the section lies."""
        if len(self) < 3:
            return 1.0
        outline = outline or self.outline(axes)
        seen = self.points[self.seen][:, :, axes] - outline.centroid
        along = np.linspace(0.0, 1.0, 5)[:, None, None]
        samples = (seen[:, 0] * (1.0 - along) + seen[:, 1] * along).reshape(-1, 2)
        sector = (
            np.floor(np.arctan2(samples[:, 1], samples[:, 0]) / (2.0 * np.pi) * _DIRECTIONS).astype(np.int64)
            % _DIRECTIONS
        )
        return 1.0 - len(np.unique(sector)) / _DIRECTIONS


@dataclass(frozen=True)
class Extent:
    """The two ends of a section along one axis: (3,) points in mm, their coordinates, whether they were seen.

    An end that is `open` is no end: the surface went on there, unseen.
    """

    low_point: FloatArray
    high_point: FloatArray
    low: float
    high: float
    low_seen: bool
    high_seen: bool
    low_open: bool
    high_open: bool

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def seen(self) -> bool:
        return self.low_seen and self.high_seen


@dataclass(frozen=True)
class Outline:
    """The convex hull of points in a plane: what a tape round them follows.

    Attributes
    ----------
    points : (K, 2) float64, mm, counter-clockwise, not repeated at its end.
    centroid : (2,) float64, mm, centre of its area.
    perimeter, area : mm, mm2.
    """

    points: FloatArray
    centroid: FloatArray
    perimeter: float
    area: float

    @staticmethod
    def of(points: FloatArray) -> Outline:
        """Return the hull of (N, 2) points; points in one line give an outline without area."""
        corners = _hull(points[np.lexsort((points[:, 1], points[:, 0]))])
        nxt = np.roll(corners, -1, axis=0)
        cross = corners[:, 0] * nxt[:, 1] - corners[:, 1] * nxt[:, 0]
        area = float(cross.sum() / 2.0)
        centroid = ((corners + nxt) * cross[:, None]).sum(axis=0) / (6.0 * area) if area > 0.0 else corners.mean(axis=0)
        return Outline(corners, centroid, float(np.linalg.norm(nxt - corners, axis=1).sum()), area)


@compiled
def _hull(points: FloatArray) -> FloatArray:
    """Return the corners of the convex hull, counter-clockwise, of (N, 2) points in the order of x, then of y.

    Along the lower side there, along the upper one back (Andrew 1979); of points in one line, the first and the last.
    """
    corners, count = np.empty((2 * len(points), 2)), 0
    for side in range(2):
        first = max(count - 1, 0)  # where this side begins
        count = first
        for k in range(len(points)):
            x, y = points[k if side == 0 else len(points) - 1 - k]
            while count > first + 1:
                ahead_x, ahead_y = corners[count - 1] - corners[count - 2]
                if ahead_x * (y - corners[count - 1, 1]) - ahead_y * (x - corners[count - 1, 0]) > 0.0:
                    break
                count -= 1
            corners[count, 0], corners[count, 1] = x, y
            count += 1
    return np.asarray(corners[: max(count - 1, 1)].copy())


def plane_section(
    mesh: Mesh, normal: FloatArray, offset_mm: float, views: ByteArray | None = None, boundary: BoolArray | None = None
) -> Section:
    """Cut a mesh with the plane normal . p = offset_mm.

    A vertex exactly on the plane counts as below it, so that closed meshes give closed sections.

    Parameters
    ----------
    normal : (3,) float64; of unit length if `offset_mm` is meant in mm.
    views : (V,) uint8, how many views saw each vertex; None counts all as seen.
    boundary : (V,) bool, vertices on an open boundary; None takes no end for open.
    """
    return _section(mesh, mesh.vertices @ normal - offset_mm, views, boundary)


def axis_section(
    mesh: Mesh, axis: int, value: float, views: ByteArray | None = None, boundary: BoolArray | None = None
) -> Section:
    """Cut a mesh where coordinate `axis` (0 = x, 1 = y, 2 = z) has `value`, in mm."""
    return _section(mesh, mesh.vertices[:, axis] - value, views, boundary)


def _section(mesh: Mesh, height: FloatArray, views: ByteArray | None, boundary: BoolArray | None) -> Section:
    """Cut a mesh where the (V,) height of its vertices is zero."""
    faces, edges, points = _cut(mesh.vertices, mesh.faces, height)
    cut = mesh.faces[faces]
    seen = np.ones(len(faces), dtype=np.bool_) if views is None else np.asarray((views[cut] > 0).all(axis=1))
    on_rim = np.zeros(edges.shape[:2], dtype=np.bool_) if boundary is None else np.asarray(boundary[edges].all(axis=2))
    return Section(points, edges[:, :, 0] * len(mesh.vertices) + edges[:, :, 1], seen, on_rim)


@compiled
def _cut(
    vertices: FloatArray, faces: IntArray, height: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Return the (S,) faces that are cut, the (S, 2, 2) vertices of the edges cut, and the (S, 2, 3) points there."""
    count = 0
    for face in range(len(faces)):
        first, second, third = height[faces[face, 0]] > 0.0, height[faces[face, 1]] > 0.0, height[faces[face, 2]] > 0.0
        count += first != second or second != third
    found, edges, points = np.empty(count, np.int64), np.empty((count, 2, 2), np.int64), np.empty((count, 2, 3))
    row = 0
    for face in range(len(faces)):
        first, second, third = height[faces[face, 0]] > 0.0, height[faces[face, 1]] > 0.0, height[faces[face, 2]] > 0.0
        if first == second and second == third:
            continue
        lone = 0 if second == third else 1 if first == third else 2  # the corner that is alone on its side
        for side in range(2):
            apex, other = np.int64(faces[face, lone]), np.int64(faces[face, (lone + 1 + side) % 3])
            low, high = min(apex, other), max(apex, other)  # one direction per edge: the same bits from both faces
            share = height[low] / (height[low] - height[high])
            edges[row, side, 0], edges[row, side, 1] = low, high
            for axis in range(3):
                points[row, side, axis] = vertices[low, axis] + share * (vertices[high, axis] - vertices[low, axis])
        found[row] = face
        row += 1
    return found, edges, points


def part_within(mesh: Mesh, axis: int, low: float, high: float) -> Submesh:
    """Return the part of a mesh whose faces reach into low <= coordinate `axis` <= high, for many sections of it."""
    value = mesh.vertices[:, axis]
    outside = all_corners(value < low, mesh.faces) | all_corners(value > high, mesh.faces)
    return keep_faces(mesh, ~outside)


def theil_sen(t: FloatArray, values: FloatArray) -> Line:
    """Fit a line by the median of all pairwise slopes (Theil 1950, Sen 1968): a third of outliers does not move it."""
    i, j = np.triu_indices(len(t), 1)
    slope = float(np.median((values[j] - values[i]) / (t[j] - t[i])))
    return Line(slope, float(np.median(values - slope * t)))


@dataclass(frozen=True)
class Line:
    """value = slope * t + at_zero."""

    slope: float
    at_zero: float
