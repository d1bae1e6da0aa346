"""Plane sections of a mesh, and what a tape, a caliper or a ruler reads on them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import ConvexHull, QhullError

from scanproc.artifacts import BoolArray, ByteArray, Mesh
from scanproc.frames import FloatArray

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
    """

    points: FloatArray
    edges: NDArray[np.int64] = field(repr=False)
    seen: BoolArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.points)

    def keep(self, mask: BoolArray) -> Section:
        """Return the segments that (S,) `mask` selects."""
        return Section(self.points[mask], self.edges[mask], self.seen[mask])

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
        return Section(cut[inside], self.edges[inside], self.seen[inside])

    def pieces(self) -> tuple[Section, ...]:
        """Return the connected pieces, the longest first."""
        if not len(self):
            return ()
        _, node = np.unique(self.edges, return_inverse=True)
        node = node.reshape(-1, 2)
        links = coo_array((np.ones(len(node)), (node[:, 0], node[:, 1])), shape=(node.max() + 1,) * 2)
        count, label = connected_components(links, directed=False)
        lengths = np.bincount(label[node[:, 0]], weights=self.lengths(), minlength=count)
        return tuple(self.keep(label[node[:, 0]] == index) for index in np.argsort(-lengths, kind="stable"))

    def lengths(self) -> FloatArray:
        """Return the lengths of the segments, (S,) mm."""
        return np.asarray(np.linalg.norm(self.points[:, 1] - self.points[:, 0], axis=1))

    def extent(self, axis: int) -> Extent:
        """Return the least and the greatest coordinate along `axis`, and where they are."""
        points, seen = self.points.reshape(-1, 3), np.repeat(self.seen, 2)
        low, high = int(np.argmin(points[:, axis])), int(np.argmax(points[:, axis]))
        return Extent(
            points[low],
            points[high],
            float(points[low, axis]),
            float(points[high, axis]),
            bool(seen[low]),
            bool(seen[high]),
        )

    def crossings(self, axis: int, value: float) -> Section:
        """Return the points where the section crosses coordinate `axis` = `value`, as segments of no length."""
        start, end = self.points[:, 0], self.points[:, 1]
        crossed = (start[:, axis] > value) != (end[:, axis] > value)
        start, end = start[crossed], end[crossed]
        share = ((value - start[:, axis]) / (end[:, axis] - start[:, axis]))[:, None]
        at = start + share * (end - start)
        return Section(np.stack([at, at], axis=1), self.edges[crossed], self.seen[crossed])

    def unseen_share(self, axes: tuple[int, int]) -> float:
        """Return the share of directions, from the middle of the hull, in which no seen part of the section lies."""
        if len(self) < 3:
            return 1.0
        outline = Outline.of(self.points.reshape(-1, 3)[:, axes])
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
    """The two ends of a section along one axis: (3,) points in mm, their coordinates, whether they were seen."""

    low_point: FloatArray
    high_point: FloatArray
    low: float
    high: float
    low_seen: bool
    high_seen: bool

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
        try:
            corners = points[ConvexHull(points).vertices]
        except QhullError:
            order = np.lexsort((points[:, 1], points[:, 0]))
            corners = points[order[[0, -1]]]
        nxt = np.roll(corners, -1, axis=0)
        cross = corners[:, 0] * nxt[:, 1] - corners[:, 1] * nxt[:, 0]
        area = float(cross.sum() / 2.0)
        centroid = ((corners + nxt) * cross[:, None]).sum(axis=0) / (6.0 * area) if area > 0.0 else corners.mean(axis=0)
        return Outline(corners, centroid, float(np.linalg.norm(nxt - corners, axis=1).sum()), area)


def plane_section(mesh: Mesh, normal: FloatArray, offset_mm: float, views: ByteArray | None = None) -> Section:
    """Cut a mesh with the plane normal . p = offset_mm.

    A vertex exactly on the plane counts as below it, so that closed meshes give closed sections.

    Parameters
    ----------
    normal : (3,) float64; of unit length if `offset_mm` is meant in mm.
    views : (V,) uint8, how many views saw each vertex; None counts all as seen.
    """
    return _cut(mesh, mesh.vertices @ normal - offset_mm, views)


def axis_section(mesh: Mesh, axis: int, value: float, views: ByteArray | None = None) -> Section:
    """Cut a mesh where coordinate `axis` (0 = x, 1 = y, 2 = z) has `value`, in mm."""
    return _cut(mesh, mesh.vertices[:, axis] - value, views)


def _cut(mesh: Mesh, height: FloatArray, views: ByteArray | None) -> Section:
    """Cut a mesh where the (V,) height of its vertices is zero."""
    above = height > 0.0
    first, second, third = (above[mesh.faces[:, corner]] for corner in range(3))
    cut = np.flatnonzero((first != second) | (second != third))
    faces, first, second, third = mesh.faces[cut], first[cut], second[cut], third[cut]
    lone = np.where(second == third, 0, np.where(first == third, 1, 2))  # the corner that is alone on its side
    row = np.arange(len(faces))
    apex = faces[row, lone].astype(np.int64)
    ends = np.stack([faces[row, (lone + 1) % 3], faces[row, (lone + 2) % 3]], axis=1).astype(np.int64)
    low, high = (
        np.minimum(apex[:, None], ends),
        np.maximum(apex[:, None], ends),
    )  # one direction per edge: the same bits
    share = height[low] / (height[low] - height[high])
    points = mesh.vertices[low] + share[:, :, None] * (mesh.vertices[high] - mesh.vertices[low])
    seen = np.ones(len(faces), dtype=np.bool_) if views is None else np.asarray((views[faces] > 0).all(axis=1))
    return Section(points, low * len(mesh.vertices) + high, seen)


def faces_within(mesh: Mesh, axis: int, low: float, high: float) -> Mesh:
    """Return the mesh with only the faces that reach into low <= coordinate `axis` <= high; all vertices stay."""
    value = mesh.vertices[:, axis]
    below, above = (value < low), (value > high)
    first, second, third = mesh.faces.T
    outside = (below[first] & below[second] & below[third]) | (above[first] & above[second] & above[third])
    return Mesh(mesh.vertices, mesh.faces[~outside])


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
