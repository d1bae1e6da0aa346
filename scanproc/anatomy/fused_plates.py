"""A plate that is one with a scan: the floor that a foot stands on, or what lies beside a sole seen from below."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanproc.anatomy.foam_blocks import beyond_mm, commonest_direction, evened_normals, plane_facing, without_foam
from scanproc.anatomy.seen_soles import near_sole
from scanproc.anatomy.stance import LOWEST_SHARE
from scanproc.artifacts import BoolArray, Mesh, Object, Surface
from scanproc.frames import FloatArray, rigid, rotation_between, transform
from scanproc.mesh.meshes import Submesh, component_labels, connected_components, face_areas, face_normals, keep_faces

_COSINE = 0.9999  # 0.8 degrees
_EVEN_MM = 0.2  # faces so near to a plane lie in it
_LEVEL_SHARE = 0.08  # of the area of all: a smaller plane is no plate
_THICK_MM = 30.0  # of a plate with two faces
_BEYOND_MM = 5.0  # a plate goes beyond what stands on it, in one direction at least: a cut through a foot does not
_STEEP_COSINE = 0.35  # what rises so steeply out of a plate, 70 degrees, joins it to the edge of what was seen
_PART_SHARE = 0.2  # of the area of a plate, that its parts have
_MIN_FACES = 100
_TOUCH_MM = 5.0  # a foot touches a floor so near; one that shows its sole higher up hangs over it
_UNDERSIDE_MM, _UNDERSIDE_SHARE = 30.0, 0.4  # within that of its lowest point, of what looks up: of a sole 0.7 and more
# A floor that was scanned with the foot: noisy and a little uneven. No plane of a foot reaches far beyond it.
_UNEVEN_MM, _FAR_BEYOND_MM = 2.0, 30.0  # standard deviation; that it reaches further, in one direction at least
_ABOVE_MM, _SDS = 1.5, 3.0  # what lies higher above it stands on it
_MIN_JOINING = 20  # faces, by which what stands on it goes down to it
_SOME_PLANES, _SAME_COSINE = 3, 0.94  # that are tried; one plane, 20 degrees
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Plate:
    """A scan without its plate.

    Attributes
    ----------
    vertices : (V',) indices of the vertices that are left.
    mesh : what is left, scan frame.
    T_plate_scan : (4, 4), z = 0 on the plate, what is left above it.
    """

    vertices: NDArray[np.int64]
    mesh: Mesh
    T_plate_scan: FloatArray


@dataclass(frozen=True)
class Bare:
    """A scan without what carried it, in a frame of its own, and what was cut off, in words; None if nothing was."""

    surface: Surface
    T_bare_scan: FloatArray
    cut: str | None = None
    is_sole: bool = False  # and nothing else will do


def without_mount(surface: Surface, what: Object) -> tuple[Bare, ...]:
    """Return what a scan may be without what carries it; the likelier first.

    That is a plate, the plane that a cast was sawn off by, or the foam round an imprint. Feet stand on a plate, which
    is their floor then; a sole that was seen from below lies beside it. A cast that was recorded may stand on its sole
    or lie on a table with its sole up, and so is a sole that was recorded: what lies below a table's things is no
    ground of a foot then.

    Raises
    ------
    ScanError
        If a sole was stated, and what faces the cameras is a plane.
    """
    if what == "imprint" and (imprint := without_foam(surface.mesh)) is not None:
        bare = replace(_part(surface, imprint), floor_seen=False)  # what the foam stands on is no ground of the foot
        return (Bare(bare, np.eye(4), "the foam round an imprint"),)
    whole = Bare(surface, np.eye(4))
    if not surface.finished and what in ("sole", "cast"):
        alone = replace(_part(surface, near_sole(surface.mesh)), floor_seen=False, vertical=None)
        sole = Bare(alone, np.eye(4), "all but the sole, which is what the cameras saw", is_sole=True)
        return (sole,) if what == "sole" else (whole, sole)
    if not surface.finished or surface.floor_seen:
        return (whole,)
    even = without_plate(surface.mesh)
    plate = even or without_uneven_plate(surface.mesh)
    if plate is not None:
        rest = _part(surface, Submesh(plate.mesh, plate.vertices))
        T = plate.T_plate_scan
        standing = replace(rest, mesh=Mesh(transform(T, plate.mesh.vertices), plate.mesh.faces), floor_seen=True)
        floor = Bare(standing, T, "a plate that was one with the scan; it is the floor")
        without = Bare(rest, np.eye(4), "a plate that was one with the scan")
        if _hangs_above(standing.mesh):
            return (without,)
        return floor, without if even else whole  # a box beside a foot has planes, too
    if what == "cast":
        return (Bare(_part(surface, without_plane(surface.mesh)), np.eye(4), "the plane that the cast ends in"),)
    return (whole,)


def _hangs_above(mesh: Mesh) -> bool:
    """Tell whether what lies above z = 0 shows an underside of its own, out of reach of a floor there."""
    low = float(np.quantile(mesh.vertices[:, 2], LOWEST_SHARE))
    if low < _TOUCH_MM:
        return False
    level = face_areas(mesh) * face_normals(mesh)[:, 2]
    under = mesh.vertices[mesh.faces, 2].max(axis=1) < low + _UNDERSIDE_MM
    return float(-level[(level < 0.0) & under].sum()) > _UNDERSIDE_SHARE * float(level[level > 0.0].sum())


def _part(surface: Surface, kept: Submesh) -> Surface:
    color = None if surface.color is None else surface.color[kept.vertices]
    errors_mm = None if surface.errors_mm is None else surface.errors_mm[kept.vertices]
    return replace(surface, mesh=kept.mesh, views=surface.views[kept.vertices], color=color, errors_mm=errors_mm)


def without_plate(mesh: Mesh) -> Plate | None:
    """Cut the plate off a scan in any position; None where there is none.

    A plate is one plane, or two parallel ones with what lies between them, that reach further than all else does.
    """
    normals, areas = face_normals(mesh), face_areas(mesh)
    normal = _commonest_normal(normals, areas)
    height = mesh.vertices @ normal
    levels = _levels(height[mesh.faces], np.abs(normals @ normal) > _COSINE, areas)
    if not len(levels):
        return None
    low, high = levels[0] - _EVEN_MM, levels[-1] + _EVEN_MM
    in_plate = _large_parts(mesh, (height >= low) & (height <= high))
    rest = ~in_plate[mesh.faces].all(axis=1)
    rest &= ~(in_plate[mesh.faces].any(axis=1) & (np.abs(normals @ normal) < _STEEP_COSINE))
    if np.count_nonzero(rest) < _MIN_FACES:
        return None
    kept = keep_faces(mesh, rest)
    if beyond_mm(mesh.vertices[in_plate], kept.mesh.vertices, normal).max() <= _BEYOND_MM:
        return None
    above = float(np.median(kept.mesh.vertices @ normal)) > 0.5 * (low + high)
    up, offset = (normal, levels[-1]) if above else (-normal, -levels[0])
    return Plate(kept.vertices, kept.mesh, rigid(rotation_between(up, _UP), np.array([0.0, 0.0, -offset])))


def without_uneven_plate(mesh: Mesh) -> Plate | None:
    """Cut off the floor that was scanned with a foot, noise and all, and what lies below; None where there is none."""
    normals, areas = evened_normals(mesh), face_areas(mesh)
    untried = np.ones(len(normals), dtype=np.bool_)
    for _ in range(_SOME_PLANES):
        if not untried.any():
            return None
        direction = commonest_direction(normals[untried], areas[untried])
        untried &= normals @ direction <= _SAME_COSINE
        found = plane_facing(mesh, normals, direction)
        if found is None or found[2] > _UNEVEN_MM:
            continue
        up, offset, sd_mm = found
        height = mesh.vertices @ up - offset
        is_above = height > max(_ABOVE_MM, _SDS * sd_mm)
        above = is_above[mesh.faces].all(axis=1)
        if areas[above].sum() < _LEVEL_SHARE * areas.sum() or np.count_nonzero(above) < _MIN_FACES:
            continue
        kept = keep_faces(mesh, np.asarray(above))
        standing = np.zeros(len(mesh.vertices), dtype=np.bool_)
        standing[kept.vertices[connected_components(kept.mesh)[0]]] = True
        joins = standing[mesh.faces].any(axis=1) & ~is_above[mesh.faces].all(axis=1)
        if np.count_nonzero(joins) < _MIN_JOINING:  # what hangs over it, or lies beside it
            continue
        in_plate = mesh.vertices[np.abs(height) < _SDS * max(sd_mm, _EVEN_MM)]
        if beyond_mm(in_plate, kept.mesh.vertices, up).max() > _FAR_BEYOND_MM:
            return Plate(kept.vertices, kept.mesh, rigid(rotation_between(up, _UP), np.array([0.0, 0.0, -offset])))
    return None


def without_plane(mesh: Mesh) -> Submesh:
    """Return a scan without its largest plane, as a cast ends in where it was sawn; all of it where there is none."""
    normals, areas = face_normals(mesh), face_areas(mesh)
    normal = _commonest_normal(normals, areas)
    height = mesh.vertices @ normal
    levels = _levels(height[mesh.faces], np.abs(normals @ normal) > _COSINE, areas)
    in_plane = np.asarray((np.abs(height[:, None] - levels) < _EVEN_MM).any(axis=1))
    return keep_faces(mesh, np.asarray(~in_plane[mesh.faces].all(axis=1)))


def _large_parts(mesh: Mesh, in_plate: BoolArray) -> BoolArray:
    """Return (V,) which vertices of a plate lie in a large part of it: where a sole touches its plane it is skin."""
    plate = keep_faces(mesh, np.asarray(in_plate[mesh.faces].all(axis=1)))
    part = component_labels(plate.mesh)
    area = np.bincount(part[plate.mesh.faces[:, 0]], face_areas(plate.mesh), minlength=int(part.max(initial=-1)) + 1)
    found = np.zeros_like(in_plate)
    found[plate.vertices] = (area > _PART_SHARE * area.sum())[part]
    return found


def _commonest_normal(normals: FloatArray, areas: FloatArray) -> FloatArray:
    """Return the (3,) unit normal that most area has, either way round."""
    axis = np.argmax(np.abs(normals), axis=1)[:, None]
    folded = normals * np.sign(np.take_along_axis(normals, axis, axis=1))
    _, cell = np.unique(np.round(folded / 0.01), axis=0, return_inverse=True)
    chosen = cell.reshape(-1) == int(np.argmax(np.bincount(cell.reshape(-1), areas)))
    mean = (folded * areas[:, None])[chosen].sum(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


def _levels(corners: FloatArray, parallel: NDArray[np.bool_], areas: FloatArray) -> FloatArray:
    """Return the heights, mm, of the largest plane and of all others within the thickness of a plate, ascending."""
    middle = corners.mean(axis=1)
    cell = np.round(middle[parallel] / _EVEN_MM).astype(np.int64)
    if not len(cell):
        return np.zeros(0)
    places, index = np.unique(cell, return_inverse=True)
    area = np.bincount(index.reshape(-1), areas[parallel])
    large = np.flatnonzero(area > _LEVEL_SHARE * areas.sum())
    if not len(large):
        return np.zeros(0)
    heights = places[large] * _EVEN_MM
    largest = heights[np.argmax(area[large])]
    return np.asarray(heights[np.abs(heights - largest) < _THICK_MM])
