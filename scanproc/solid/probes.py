"""Doses measured back from a finished solid, by rays and distances; nothing here knows how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.edges import sides_of
from scanproc.mesh.meshes import face_centres, face_normals, keep_faces
from scanproc.parallel import parallel_map
from scanproc.solid.face_grid import FaceGrid, FirstHits
from scanproc.solid.topology import facing_up

_STEP_MM = 0.05  # between the points at which a section is touched
FAR_MM = 80.0  # no wall is so thick


@dataclass(frozen=True)
class CupDepth:
    """Height of the rim over the lowest point of the heel behind, on the medial and on the lateral side, mm."""

    rear: float
    medial: float
    lateral: float


@dataclass(frozen=True)
class Walls:
    """Distances through the wall at N samples of one side, mm.

    Attributes
    ----------
    distance : (N,) to the nearest point of the other side.
    xy : (N, 2) place of its end on the underside.
    z : (N,) height of that end.
    top_xy : (N, 2) place of its end on the top; nan beyond the reach.
    """

    distance: FloatArray
    xy: FloatArray
    z: FloatArray
    top_xy: FloatArray


@dataclass(frozen=True)
class Probe:
    """A finished solid that can be touched from above, from below, and through its wall."""

    solid: Mesh

    @cached_property
    def _facing(self) -> FloatArray:
        return facing_up(self.solid)

    @cached_property
    def top(self) -> Mesh:
        """The triangles that look up."""
        return keep_faces(self.solid, self._facing > 0.0).mesh

    @cached_property
    def bottom(self) -> Mesh:
        """The triangles that look down."""
        return keep_faces(self.solid, self._facing < 0.0).mesh

    @cached_property
    def _top_bins(self) -> FaceGrid:
        return FaceGrid.of(self.top)

    @cached_property
    def _bottom_bins(self) -> FaceGrid:
        return FaceGrid.of(self.bottom)

    @cached_property
    def top_cosine(self) -> FloatArray:
        """The cosine of the slope of each triangle of `top`, (F,)."""
        return np.asarray(face_normals(self.top)[:, 2])

    def touch_top(self, xy: FloatArray) -> FirstHits:
        """Touch the triangles that look up from above at (N, 2) points; faces are those of `top`."""
        return self._top_bins.touched(xy, from_above=True)

    def top_at(self, xy: FloatArray) -> FloatArray:
        """Return the height of the solid touched from above at (N, 2) points, (N,) mm; -inf beside it."""
        return self.touch_top(xy).z

    def bottom_at(self, xy: FloatArray) -> FloatArray:
        """Return the height of the solid touched from below at (N, 2) points, (N,) mm; inf beside it."""
        return self._bottom_bins.touched(xy, from_above=False).z

    @property
    def upright_edges(self) -> FloatArray:
        """The upper ends of the upright faces, (N, 2)."""
        upright = self.solid.vertices[self.solid.faces[self._facing == 0.0]]
        return np.asarray(upright[:, :, :2].reshape(-1, 2))

    def ready(self) -> None:
        """Sort the faces, before several threads touch them at once."""
        parallel_map(lambda name: getattr(self, name), ("_top_bins", "_bottom_bins"), "insole: proof")

    def walls_up(self, reach_mm: float = FAR_MM, *, quick: bool = False) -> Walls:
        """The wall from the corners, middles of sides and middles of all lower triangles; inf beyond the reach.

        If it is to be quick, from corners and middles of triangles alone.
        """
        start = _samples(self.bottom, quick)
        near = self._top_bins.nearest(start, reach_mm)
        return Walls(near.distance, start[:, :2], start[:, 2], near.point[:, :2])

    def walls_down(self, reach_mm: float = FAR_MM, *, quick: bool = False) -> Walls:
        """The same from the upper triangles; only those within reach."""
        start = _samples(self.top, quick)
        near = self._bottom_bins.nearest(start, reach_mm)
        found = np.isfinite(near.distance)
        return Walls(near.distance[found], near.point[found, :2], near.point[found, 2], start[found, :2])

    def wall_above(self, points: FloatArray) -> FloatArray:
        """Return the distance of (N, 3) points from the top, (N,) mm."""
        return self._top_bins.nearest(points, FAR_MM).distance


def cup_depth(probe: Probe, heel_end_x: float, whole_end_x: float, medial_y: float) -> CupDepth:
    """Measure the cup: walk from its lowest point backwards and to both sides, and take the highest top on the way.

    Parameters
    ----------
    heel_end_x, whole_end_x : where the heel ends, and where the cup's rim begins to come down: with a lift the lowest
        point may lie between them, where no side is as high as the cup.
    """
    low = probe.solid.vertices.min(axis=0)
    high = probe.solid.vertices.max(axis=0)
    x, y = np.meshgrid(np.arange(low[0], heel_end_x, 0.5), np.arange(low[1], high[1], 0.5), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    z = probe.top_at(xy)
    xy, z = xy[np.isfinite(z)], z[np.isfinite(z)]
    floor = float(z.min())
    # The lowest spot may be wide and flat: its middle is the place to walk from.
    centre = xy[z < floor + 0.1].mean(axis=0)
    centre[0] = min(centre[0], whole_end_x)
    steps = np.arange(0.0, 80.0, 0.05)[:, None]
    rise = {
        name: float(probe.top_at(centre + steps * np.array(direction)).max()) - floor
        for name, direction in (("rear", (-1.0, 0.0)), ("medial", (0.0, medial_y)), ("lateral", (0.0, -medial_y)))
    }
    return CupDepth(**rise)


def edge_heights(probe: Probe, x: FloatArray, outward_y: float, rounded_mm: float) -> FloatArray:
    """Return how high the edge stands at stations x, (N,), on the side towards `outward_y` (+1 or -1), (N,) mm.

    Parameters
    ----------
    rounded_mm : how far inwards its outer edge is rounded.
    """
    y, z = _sections(probe, x)
    outermost = np.where(np.isfinite(z), y * outward_y, -np.inf).argmax(axis=1)
    # From a step inside, clear of the outline's chords, to where the edge is round no more: its crest.
    steps = 1 + np.arange(int(np.ceil(rounded_mm / _STEP_MM)) + 1)
    columns = np.clip(outermost[:, None] - round(outward_y) * steps, 0, len(y) - 1)
    return np.asarray(z[np.arange(len(x))[:, None], columns].max(axis=1))


def lowest_of_half(probe: Probe, x: FloatArray, outward_y: float) -> FloatArray:
    """Return the lowest top at stations x, (N,), between the foot's axis and the side towards `outward_y`, (N,) mm."""
    y, z = _sections(probe, x)
    return np.asarray(np.where(np.isfinite(z) & (y * outward_y >= 0.0), z, np.inf).min(axis=1))


def widths(probe: Probe, x: FloatArray) -> FloatArray:
    """Return the width of the solid, what it leaves out left out, at stations x, (N,) mm."""
    _, z = _sections(probe, x)
    return np.asarray(np.isfinite(z).sum(axis=1) * _STEP_MM)


def _sections(probe: Probe, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return y, (M,), and the tops at stations x, (N, M); -inf beside the solid."""
    low, high = probe.solid.vertices[:, 1].min(), probe.solid.vertices[:, 1].max()
    y = np.arange(low, high, _STEP_MM)
    xy = np.stack(np.broadcast_arrays(x[:, None], y[None, :]), axis=-1)
    return y, probe.top_at(xy.reshape(-1, 2)).reshape(len(x), len(y))


def _samples(mesh: Mesh, quick: bool) -> FloatArray:
    """Return the corners, the middles of the sides and the middles of all triangles, (N, 3); if quick, no sides'."""
    centres = face_centres(mesh)
    if quick:
        return np.vstack([mesh.vertices, centres])
    sides = sides_of(mesh.faces, len(mesh.vertices))
    middles = 0.5 * (mesh.vertices[sides[:, 0]] + mesh.vertices[sides[:, 1]])
    return np.vstack([mesh.vertices, middles, centres])
