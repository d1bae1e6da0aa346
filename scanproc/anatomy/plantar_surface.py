"""The underside of a foot: its height above the ground, where it was seen, its arch and its contact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_profile import surface_samples
from scanproc.anatomy.foot_regions import ARCH_LINE_SHARE, ARCH_WINDOW, FOOT_HEIGHT_MM, SOLE_HEIGHT_MM
from scanproc.anatomy.profiles import Borders, Heights, borders_at, underside_at
from scanproc.artifacts import BoolArray, ByteArray, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import all_corners, any_corner, face_areas, face_normals, keep_faces

_STEP_MM = 1.0
_FLAT_MM, _FLAT_COSINE = 0.05, 0.99996  # skin is not as even as this over centimetres, at 0.5 degrees
_CAP_SHARE = 0.2  # of the arch line: only a flat foot's skin, pressed on glass, has as much of it in one plane
_CAP_AREA_SHARE = 0.1  # of the underside: a flat arch line may run through a plane that nothing lies in
_LEVEL_COSINE = 0.98  # a cap that closes a sole is nearly level: within 11 degrees


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
    inside : (A, B) bool, cells between the borders of the foot below 40 mm.
    """

    x: FloatArray
    y: FloatArray
    height: FloatArray
    seen: BoolArray
    inside: BoolArray


@dataclass(frozen=True)
class PlantarSurface:
    """The faces of a foot below 60 mm, those of them that look down, and how many views saw their vertices."""

    low: Mesh
    low_views: ByteArray
    down: Mesh
    down_views: ByteArray

    @staticmethod
    def of(mesh: Mesh, views: ByteArray) -> PlantarSurface:
        """Take the underside of a foot in the foot frame; the leg above 60 mm has none."""
        low = keep_faces(mesh, any_corner(mesh.vertices[:, 2] < FOOT_HEIGHT_MM, mesh.faces))
        facing = keep_faces(low.mesh, face_normals(low.mesh)[:, 2] < 0.0)
        low_views = views[low.vertices]
        return PlantarSurface(low.mesh, low_views, facing.mesh, low_views[facing.vertices])

    def borders(self, x: FloatArray) -> Borders:
        """Return the borders of the foot below 40 mm at (N,) `x`."""
        return borders_at(self.low, x, SOLE_HEIGHT_MM, self.low_views)

    def heights(self, x: FloatArray, first_y: FloatArray, step_y: FloatArray, count: int) -> Heights:
        """Return the height of the underside at (N,) `x`, at `count` places from `first_y`, `step_y` apart."""
        return underside_at(self.down, x, first_y, step_y, count, self.down_views)


def arch_profile(plantar: PlantarSurface, rear: float, length: float, medial_y: float) -> ArchProfile:
    """Return the underside along the line at a quarter of the width from the medial border."""
    first, last = (rear + share * length for share in ARCH_WINDOW)
    x = np.linspace(first, last, int(np.ceil((last - first) / _STEP_MM)) + 1)
    borders = plantar.borders(x)
    medial = borders.right if medial_y < 0.0 else borders.left
    y = medial - medial_y * ARCH_LINE_SHARE * borders.width
    found = plantar.heights(x, y, np.ones(len(x)), 1)
    return ArchProfile(np.column_stack([x, y, found.height[:, 0]]), found.seen[:, 0])


def sole_map(plantar: PlantarSurface, first_x: float, last_x: float, first_y: float, last_y: float) -> SoleMap:
    """Return the underside between the given borders, mm, on cells of 1 mm or a little less, evenly spread."""
    x = _cell_middles(first_x, last_x)
    y = _cell_middles(first_y, last_y)
    step = np.full(len(x), y[1] - y[0] if len(y) > 1 else 1.0)
    found = plantar.heights(x, np.full(len(x), y[0]), step, len(y))
    borders = plantar.borders(x)
    inside = (y > borders.right[:, None]) & (y < borders.left[:, None])
    return SoleMap(x, y, found.height, found.seen, inside)


def _cell_middles(first: float, last: float) -> FloatArray:
    count = max(int(np.ceil((last - first) / _STEP_MM)), 1)
    return np.asarray(first + (np.arange(count) + 0.5) * (last - first) / count)


def seen_sole_share(mesh: Mesh, seen: BoolArray) -> float:
    """Return which share of a foot's plan faces down at (V,) seen vertices, in a frame with z up from its lowest."""
    low = Mesh(mesh.vertices, mesh.faces[all_corners(mesh.vertices[:, 2] < FOOT_HEIGHT_MM, mesh.faces)])
    shadow = face_areas(low) * face_normals(low)[:, 2]
    return float(-shadow[(shadow < 0.0) & all_corners(seen, low.faces)].sum() / max(_plan_area(mesh), 1e-9))


def _plan_area(mesh: Mesh) -> float:
    """Return the area of the foot seen from above, mm2, by 3 mm cells."""
    points = surface_samples(mesh, 40_000)
    cells = np.floor(points[points[:, 2] < FOOT_HEIGHT_MM, :2] / 3.0)
    return 9.0 * len(np.unique(cells, axis=0))


@dataclass(frozen=True)
class Cap:
    """A plane that closes an unseen sole: the (F,) faces in it, its shares of the arch line and the underside."""

    faces: BoolArray
    arch_share: float
    area_share: float

    @property
    def closes_the_arch(self) -> bool:
        return self.arch_share > _CAP_SHARE and self.area_share > _CAP_AREA_SHARE


def sole_cap(mesh: Mesh, arch: ArchProfile) -> Cap:
    """Find the faces of a foot's underside that lie in one plane, evener than skin ever is."""
    normals = face_normals(mesh)
    corners = mesh.vertices[:, 2][mesh.faces]
    down = np.flatnonzero((normals[:, 2] < -_LEVEL_COSINE) & (corners.min(axis=1) < FOOT_HEIGHT_MM))
    areas = face_areas(Mesh(mesh.vertices, mesh.faces[down]))
    flat = np.zeros(len(mesh.faces), dtype=np.bool_)
    if not len(down):
        return Cap(flat, 0.0, 0.0)
    normal = _commonest(normals[down], areas)
    distance = mesh.vertices[mesh.faces[down]] @ normal
    even = normals[down] @ normal > _FLAT_COSINE
    level = _commonest(distance.mean(axis=1)[even, None], areas[even], _FLAT_MM)[0] if even.any() else 0.0
    flat[down[even & (np.abs(distance - level) < 2.0 * _FLAT_MM).all(axis=1)]] = True
    with np.errstate(invalid="ignore"):
        on_plane = np.abs(arch.points @ normal - level) < 2.0 * _FLAT_MM
    return Cap(flat, float(on_plane.mean()), float(areas[flat[down]].sum() / areas.sum()))


def _commonest(values: FloatArray, areas: FloatArray, grain: float = 1e-3) -> FloatArray:
    """Return the mean of the (N, K) values that lie in the fullest cell of a grid, weighted by their areas."""
    _, cell = np.unique(np.round(values / grain), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    chosen = cell == int(np.argmax(np.bincount(cell, areas)))
    mean = (values * areas[:, None])[chosen].sum(axis=0) / areas[chosen].sum()
    return np.asarray(mean / np.linalg.norm(mean) if values.shape[1] == 3 else mean)
