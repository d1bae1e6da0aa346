"""The underside of a foot: its height above the ground, where it was seen, its arch and its contact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, ByteArray, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.meshes import face_normals
from scanproc.geometry.sections import Section, axis_section

SOLE_HEIGHT_MM = 40.0  # the width of a section is read below this
ARCH_WINDOW = (0.30, 0.60)  # shares of the foot length
ARCH_LINE_SHARE = 0.25  # of the section's width, from its medial border
_STEP_MM = 1.0


@dataclass(frozen=True)
class ArchProfile:
    """The underside along the arch line.

    Attributes
    ----------
    points : (N, 3) float64, mm, foot frame; z is nan where no underside was found.
    seen : (N,) bool.
    """

    points: FloatArray
    seen: BoolArray

    @property
    def seen_share(self) -> float:
        return float(self.seen.mean())

    def apex(self, seen_only: bool) -> FloatArray | None:
        """Return the highest point, (3,) mm; None where nothing was found."""
        height = np.where(self.seen if seen_only else True, self.points[:, 2], np.nan)
        return None if np.isnan(height).all() else np.asarray(self.points[np.nanargmax(height)])


@dataclass(frozen=True)
class SoleMap:
    """The height of the underside on a grid of cells of 1 mm or a little less.

    Attributes
    ----------
    x, y : (A,), (B,) float64, mm, middles of the cells.
    height : (A, B) float64, mm above the ground, nan beside the foot and where there is no surface.
    seen : (A, B) bool.
    """

    x: FloatArray
    y: FloatArray
    height: FloatArray
    seen: BoolArray


@dataclass(frozen=True)
class Underside:
    """The faces of a foot that look down."""

    mesh: Mesh
    down: Mesh
    views: ByteArray

    @staticmethod
    def of(mesh: Mesh, views: ByteArray) -> Underside:
        """Take the underside of a foot in the foot frame; the leg above 60 mm has none."""
        low = mesh.faces[mesh.vertices[:, 2][mesh.faces].min(axis=1) < 60.0]
        facing = face_normals(Mesh(mesh.vertices, low))[:, 2] < 0.0
        return Underside(Mesh(mesh.vertices, low), Mesh(mesh.vertices, low[facing]), views)

    def section(self, x: float) -> Section:
        """Return the section of the foot at `x`, below 40 mm."""
        return axis_section(self.mesh, 0, x, self.views).where(2, high=SOLE_HEIGHT_MM)

    def heights(self, x: float, y: FloatArray) -> tuple[FloatArray, BoolArray]:
        """Return the height of the underside at `x` and (N,) `y`, nan where there is none, and whether it was seen."""
        down = axis_section(self.down, 0, x, self.views)
        height, seen = np.full(len(y), np.nan), np.zeros(len(y), dtype=np.bool_)
        if not len(down):
            return height, seen
        start, end = down.points[:, 0], down.points[:, 1]
        width = end[:, 1] - start[:, 1]
        flat = width != 0.0
        share = (y[:, None] - start[flat, 1]) / width[flat]
        z = np.where((share >= 0.0) & (share <= 1.0), start[flat, 2] + share * (end[flat, 2] - start[flat, 2]), np.inf)
        lowest = np.argmin(z, axis=1)
        found = np.isfinite(z[np.arange(len(y)), lowest])
        height[found] = z[np.arange(len(y)), lowest][found]
        seen[found] = down.seen[flat][lowest][found]
        return height, seen


def arch_profile(under: Underside, rear: float, length: float, medial_y: float) -> ArchProfile:
    """Return the underside along the line at a quarter of the width from the medial border."""
    first, last = (rear + share * length for share in ARCH_WINDOW)
    points, seen = [], []
    for x in np.linspace(first, last, int(np.ceil((last - first) / _STEP_MM)) + 1):
        section = under.section(float(x))
        if not len(section):
            points.append([x, np.nan, np.nan])
            seen.append(False)
            continue
        extent = section.extent(1)
        medial = extent.low if medial_y < 0.0 else extent.high
        y = medial - medial_y * ARCH_LINE_SHARE * extent.width
        height, visible = under.heights(float(x), np.array([y]))
        points.append([x, y, height[0]])
        seen.append(bool(visible[0]))
    return ArchProfile(np.array(points), np.array(seen, dtype=np.bool_))


def sole_map(under: Underside, first_x: float, last_x: float, first_y: float, last_y: float) -> SoleMap:
    """Return the underside between the given borders, mm, on cells of 1 mm or a little less, evenly spread."""
    x = _cell_middles(first_x, last_x)
    y = _cell_middles(first_y, last_y)
    rows = [under.heights(float(at), y) for at in x]
    return SoleMap(x, y, np.array([height for height, _ in rows]), np.array([seen for _, seen in rows]))


def _cell_middles(first: float, last: float) -> FloatArray:
    count = max(int(np.ceil((last - first) / _STEP_MM)), 1)
    return np.asarray(first + (np.arange(count) + 0.5) * (last - first) / count)
