"""Doses measured back from a finished solid, by rays and distances; nothing here knows how it was made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.proof import facing_up, part
from scanproc.open3d_bridge import RayScene

_STEP_MM = 0.05  # between the points at which a section is touched


@dataclass(frozen=True)
class CupDepth:
    """Height of the rim over the lowest point of the heel behind, on the medial and on the lateral side, mm."""

    rear: float
    medial: float
    lateral: float


@dataclass(frozen=True)
class Walls:
    """Distances through the wall, mm: from the underside to the top, and back, with the (N, 2) places of both."""

    up: FloatArray
    up_xy: FloatArray
    down: FloatArray
    down_xy: FloatArray


@dataclass(frozen=True)
class Probe:
    """A finished solid that can be touched from above, from below, and through its wall."""

    solid: Mesh

    @cached_property
    def _scene(self) -> RayScene:
        return RayScene(self.solid)

    @cached_property
    def top(self) -> Mesh:
        """The triangles that look up."""
        return part(self.solid, self.solid.faces[facing_up(self.solid) > 0.0])

    @cached_property
    def bottom(self) -> Mesh:
        """The triangles that look down."""
        return part(self.solid, self.solid.faces[facing_up(self.solid) < 0.0])

    def top_at(self, xy: FloatArray) -> FloatArray:
        """Return the height of the solid touched from above at (N, 2) points, (N,) mm; -inf beside it."""
        start = float(self.solid.vertices[:, 2].max()) + 10.0
        return start - self._cast(xy, start, -1.0)

    def bottom_at(self, xy: FloatArray) -> FloatArray:
        """Return the height of the solid touched from below at (N, 2) points, (N,) mm; inf beside it."""
        start = float(self.solid.vertices[:, 2].min()) - 10.0
        return start + self._cast(xy, start, 1.0)

    @cached_property
    def walls(self) -> Walls:
        """Distances from the corners and middles of all lower triangles to the top, and the other way."""
        up_from, down_from = _samples(self.bottom), _samples(self.top)
        return Walls(
            up=RayScene(self.top).closest(up_from).distance,
            up_xy=up_from[:, :2],
            down=RayScene(self.bottom).closest(down_from).distance,
            down_xy=down_from[:, :2],
        )

    def _cast(self, xy: FloatArray, start_z: float, direction: float) -> FloatArray:
        origins = np.column_stack([xy, np.full(len(xy), start_z)])
        return self._scene.cast(origins, np.broadcast_to([0.0, 0.0, direction], origins.shape)).distance


def cup_depth(probe: Probe, heel_end_x: float, medial_y: float) -> CupDepth:
    """Measure the cup: walk from its lowest point backwards and to both sides, and take the highest top on the way."""
    low = probe.solid.vertices.min(axis=0)
    high = probe.solid.vertices.max(axis=0)
    x, y = np.meshgrid(np.arange(low[0], heel_end_x, 0.5), np.arange(low[1], high[1], 0.5), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    z = probe.top_at(xy)
    xy, z = xy[np.isfinite(z)], z[np.isfinite(z)]
    floor = float(z.min())
    # The lowest spot may be wide and flat: its middle is the place to walk from.
    centre = xy[z < floor + 0.1].mean(axis=0)
    steps = np.arange(0.0, 80.0, 0.05)[:, None]
    rise = {
        name: float(probe.top_at(centre + steps * np.array(direction)).max()) - floor
        for name, direction in (("rear", (-1.0, 0.0)), ("medial", (0.0, medial_y)), ("lateral", (0.0, -medial_y)))
    }
    return CupDepth(**rise)


def edge_heights(probe: Probe, x: FloatArray, outward_y: float) -> FloatArray:
    """Return how high the edge stands at stations x, (N,), on the side towards `outward_y` (+1 or -1), (N,) mm."""
    y, z = _sections(probe, x)
    outermost = np.where(np.isfinite(z), y * outward_y, -np.inf).argmax(axis=1)
    # A little inside, clear of the rounding of the outline's chords.
    columns = np.clip(outermost - round(4 * outward_y), 0, len(y) - 1)
    return np.asarray(z[np.arange(len(x)), columns])


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


@dataclass(frozen=True)
class WallRange:
    """The least wall, seen from either side, and the greatest, seen from below, mm."""

    least: float
    greatest: float


def wall_range(walls: Walls, up_keep: BoolArray, down_keep: BoolArray) -> WallRange:
    """Return the extremes of the wall over the samples kept, (N,) bool of each side."""
    least = min(walls.up[up_keep].min(initial=np.inf), walls.down[down_keep].min(initial=np.inf))
    return WallRange(float(least), float(walls.up[up_keep].max(initial=0.0)))


def _samples(mesh: Mesh) -> FloatArray:
    """Return the corners, the middles of the sides and the middles of all triangles, (N, 3)."""
    corners = mesh.vertices[mesh.faces]
    sides = 0.5 * (corners + np.roll(corners, -1, axis=1))
    return np.vstack([mesh.vertices, np.unique(sides.reshape(-1, 3), axis=0), corners.mean(axis=1)])
