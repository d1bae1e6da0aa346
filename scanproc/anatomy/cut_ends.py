"""Where the surface of a body ends at a cut, closed by a plane or left open: above all, where a leg was cut off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, cKDTree

from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.hole_filling import border_loops
from scanproc.mesh.meshes import all_corners, face_areas, face_normals
from scanproc.parallel import meanwhile

# A leg is cut through 2400 mm² and more, of feet that are _WIDTH_MM wide or wider; calves of coarse meshes have planes
# of up to 1100. Of children both are smaller.
_PLANE_MM2, _WIDTH_MM = 1500.0, 90.0
_OPENING_MM2 = 300.0
_FLAT_MM, _FLAT_COSINE = 0.05, 0.99996  # one plane: 0.5 degrees
_DOWN_COSINE = 0.5  # 30 degrees of straight aside
_LEG_COSINE = 0.7  # a leg's cut looks up within 45 degrees
# Of the skin beside an opening. The walls of a tube face two ways and more, and hardly its own: its share is 0 to 0.11
# of a leg's, from 0.2 on of what ends below the ankle, 0.26 of a sole's.
_BESIDE_MM, _BESIDE_FACES, _TUBE_SPREAD, _TUBE_SHARE = 30.0, 20000, 0.15, 0.15
_TUBE_COSINE = 0.35  # a leg was seen as much as 70 degrees askew; what looks farther aside ends something else
_FACETS = 1500  # of the convex hull: the largest; the rim of a cut may have hundreds of slivers


@dataclass(frozen=True)
class CutEnds:
    """The K cuts of a body.

    Attributes
    ----------
    normals : (K, 3) unit vectors, outward: the way that the body goes on which is not there. Of an opening that ends a
        tube, such as a leg whose one side was seen farther up than the other, along the tube.
    middles : (K, 3) mm.
    areas : (K,) mm².
    rims : (N, 3) mm, what lies on the edges of all of them.
    cut_of_face : (F,) which of them a face of the mesh closes; -1 for skin.
    cut_of_rim : (N,) which of them a point of the rims is of.
    """

    normals: FloatArray
    middles: FloatArray
    areas: FloatArray
    rims: FloatArray
    cut_of_face: NDArray[np.int64]
    cut_of_rim: NDArray[np.int64]

    def rotated(self, R: FloatArray) -> CutEnds:
        """Return the same in the frame that the (3, 3) rotation leads to."""
        return replace(self, normals=self.normals @ R.T, middles=self.middles @ R.T, rims=self.rims @ R.T)

    def moved(self, T: FloatArray) -> CutEnds:
        """Return the same in the frame that the (4, 4) transform leads to."""
        ends, shift = self.rotated(T[:3, :3]), T[:3, 3]
        return replace(ends, middles=ends.middles + shift, rims=ends.rims + shift)

    def skin(self, up: FloatArray) -> BoolArray:
        """Return (F,) the faces but for those that close a leg, where (3,) `up` is up: a leg's cut looks up."""
        closes_leg = np.append(self.normals @ up > _LEG_COSINE, False)
        return ~closes_leg[self.cut_of_face]

    def closed_rims(self) -> FloatArray:
        """Return (M, 3) the rims of the cuts that faces close, but for those that look down, as one through a sole."""
        closed = np.isin(np.arange(len(self.areas)), self.cut_of_face) & (self.normals[:, 2] > -_DOWN_COSINE)
        return np.asarray(self.rims[closed[self.cut_of_rim]])


_NONE = np.zeros(0, dtype=np.int64)
NO_CUTS = CutEnds(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.zeros((0, 3)), _NONE, _NONE)


@dataclass(frozen=True)
class _Cut:
    normal: FloatArray
    middle: FloatArray
    area: float
    rim: FloatArray
    faces: NDArray[np.int64]


def cut_ends(mesh: Mesh) -> CutEnds:
    """Find the planes that close a mesh where all of it lies on one side of them, and its openings.

    Parameters
    ----------
    mesh : as it was read: a mean over neighbours would bend the rim of a plane, and with it all its faces.
    """
    with meanwhile(partial(_openings, mesh)) as openings:
        cuts = [*_planes(mesh), *openings()]
    cut_of_face = np.full(len(mesh.faces), -1, dtype=np.int64)
    for number, cut in enumerate(cuts):
        cut_of_face[cut.faces] = number
    if not cuts:
        return replace(NO_CUTS, cut_of_face=cut_of_face)
    return CutEnds(
        np.array([cut.normal for cut in cuts]),
        np.array([cut.middle for cut in cuts]),
        np.array([cut.area for cut in cuts]),
        np.vstack([cut.rim for cut in cuts]),
        cut_of_face,
        np.repeat(np.arange(len(cuts)), [len(cut.rim) for cut in cuts]),
    )


def _openings(mesh: Mesh) -> list[_Cut]:
    """Return the open borders, each with the area vector of its line as area, and as normal where it ends no tube."""
    cuts = []
    skin = np.arange(0, len(mesh.faces), max(1, len(mesh.faces) // _BESIDE_FACES))
    centres, facing = mesh.vertices[mesh.faces[skin]].mean(axis=1), face_normals(Mesh(mesh.vertices, mesh.faces[skin]))
    for loop in border_loops(mesh.faces):
        rim = mesh.vertices[loop]
        fan = rim - rim.mean(axis=0)
        vectors = np.cross(fan, np.roll(fan, -1, axis=0)) / 2.0
        area_vector = vectors.sum(axis=0)
        area = float(np.linalg.norm(area_vector))
        if area > _OPENING_MM2:
            share = vectors @ area_vector / area**2  # of each triangle of the fan: rims have more vertices at toes
            middle = rim.mean(axis=0) + share @ (fan + np.roll(fan, -1, axis=0)) / 3.0
            beside = np.isfinite(cKDTree(rim).query(centres, distance_upper_bound=_BESIDE_MM)[0])
            normal = _along_tube(facing[beside], area_vector / area)
            cuts.append(_Cut(normal, middle, area, rim, np.zeros(0, dtype=np.int64)))
    return cuts


def _along_tube(facing: FloatArray, normal: FloatArray) -> FloatArray:
    """Return the (3,) direction along which a tube with (N, 3) normals of its skin goes on, or `normal` if it is none.

    The walls of a tube face all ways but its own.
    """
    if len(facing) < 3:
        return normal
    spread, axes = np.linalg.eigh(facing.T @ facing / len(facing))
    if spread[1] < _TUBE_SPREAD or spread[0] > _TUBE_SHARE * spread[1]:
        return normal
    along = axes[:, 0] * np.sign(axes[:, 0] @ normal)
    return np.asarray(along if along @ normal > _TUBE_COSINE else normal)


def _planes(mesh: Mesh) -> list[_Cut]:
    """Return the facets of the convex hull that faces of the mesh fill."""
    normals, areas = face_normals(mesh), face_areas(mesh)
    least = _PLANE_MM2 * min(_thickness(mesh.vertices) / _WIDTH_MM, 1.0) ** 2
    cuts = []
    for normal, offset in _hull_planes(mesh.vertices, least):
        near = np.abs(mesh.vertices @ normal - offset) < _FLAT_MM
        inside = np.flatnonzero(all_corners(near, mesh.faces))
        inside = inside[normals[inside] @ normal > _FLAT_COSINE]
        area = float(areas[inside].sum())
        if area < least:
            continue
        middle = (mesh.vertices[mesh.faces[inside]].mean(axis=1) * areas[inside, None]).sum(axis=0) / area
        used, used_outside = np.zeros((2, len(mesh.vertices)), dtype=np.bool_)
        used[mesh.faces[inside]] = True
        used_outside[np.delete(mesh.faces, inside, axis=0)] = True
        rim = np.flatnonzero(used & used_outside)
        cuts.append(_Cut(normal, middle, area, mesh.vertices[rim], inside))
    return cuts


def _thickness(points: FloatArray) -> float:
    """Return how thick (N, 3) points are where they are thinnest, mm: of a foot with its leg, its width."""
    _, axes = np.linalg.eigh(np.cov(points.T))
    return float(np.ptp(points @ axes, axis=0).min())


def _hull_planes(points: FloatArray, least_mm2: float) -> list[tuple[NDArray[np.float64], float]]:
    """Return the planes, normal outward and offset, on which facets of at least the least area lie, the largest first.

    Facets of one plane are counted together: the hull is made of triangles.
    """
    hull = ConvexHull(points)
    corners = points[hull.simplices]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2.0
    order = np.argsort(-area, kind="stable")[:_FACETS]
    normals, offsets, area = hull.equations[order, :3], -hull.equations[order, 3], area[order]
    even = (normals @ normals.T > _FLAT_COSINE) & (np.abs(offsets[:, None] - offsets) < 2.0 * _FLAT_MM)
    support = even @ area
    planes: list[tuple[NDArray[np.float64], float]] = []
    free = np.ones(len(order), dtype=np.bool_)
    for facet in np.argsort(-support, kind="stable"):
        if support[facet] < least_mm2:
            break
        if free[facet]:
            planes.append((normals[facet], float(offsets[facet])))
            free &= ~even[facet]
    return planes
