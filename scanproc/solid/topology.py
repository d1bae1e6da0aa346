"""What can be proven of a solid: that it is one closed body, how thick it is, what it hides from a mill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from scanproc.artifacts import IntArray, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import distinct_places
from scanproc.solid.face_grid import FaceGrid


@dataclass(frozen=True)
class Topology:
    """How the triangles of a mesh hang together.

    Attributes
    ----------
    open_edges : edges that do not belong to exactly two triangles.
    flipped_edges : edges that two triangles run along in the same direction.
    bodies : connected parts.
    volume_mm3 : signed; negative if the mesh is inside out.
    flat_faces : triangles without area.
    """

    open_edges: int
    flipped_edges: int
    bodies: int
    volume_mm3: float
    flat_faces: int


def topology(mesh: Mesh) -> Topology:
    """Judge a mesh by its indices; vertices at one place must be one vertex (`welded`)."""
    start = mesh.faces.ravel().astype(np.int64)
    end = np.roll(mesh.faces, -1, axis=1).ravel().astype(np.int64)
    count = len(mesh.vertices)
    _, uses = np.unique(np.minimum(start, end) * count + np.maximum(start, end), return_counts=True)
    _, directed_uses = np.unique(start * count + end, return_counts=True)
    links = sparse.coo_array((np.ones(len(start), dtype=np.int8), (start, end)), shape=(count, count))
    used = np.unique(mesh.faces)
    _, labels = sparse.csgraph.connected_components(links, directed=False)
    double_area = np.linalg.norm(_double_areas(mesh), axis=1)
    return Topology(
        open_edges=int((uses != 2).sum()),
        flipped_edges=int((directed_uses > 1).sum()),
        bodies=len(np.unique(labels[used])),
        volume_mm3=volume_mm3(mesh),
        flat_faces=int((double_area < 1e-9).sum()),
    )


def welded(corners: FloatArray) -> Mesh:
    """Return the mesh of (F, 3, 3) triangle corners, as an STL holds them, with equal corners made one vertex."""
    points = corners.reshape(-1, 3)
    first, place = distinct_places(points)
    return Mesh(points[first], place.reshape(-1, 3).astype(np.int32))


def volume_mm3(mesh: Mesh) -> float:
    """Return the signed volume by the divergence theorem."""
    centred = mesh.vertices - mesh.vertices.mean(axis=0)
    a, b, c = (centred[mesh.faces[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def part(mesh: Mesh, faces: IntArray) -> Mesh:
    """Return the triangles `faces`, (F, 3), of a mesh with the vertices they use."""
    used, index = np.unique(faces, return_inverse=True)
    return Mesh(mesh.vertices[used], index.reshape(-1, 3).astype(np.int32))


def facing_up(mesh: Mesh, least_z: float = 0.01) -> FloatArray:
    """Return +1 for triangles that look up, -1 down, 0 for upright ones, (F,)."""
    double = _double_areas(mesh)
    z = double[:, 2] / np.maximum(np.linalg.norm(double, axis=1), 1e-12)
    return np.where(np.abs(z) < least_z, 0.0, np.sign(z))


@dataclass(frozen=True)
class Undercut:
    """The area that a mill cannot see: from above of what looks up, from below of what looks down, mm2."""

    from_above: float
    from_below: float


def undercut(mesh: Mesh, bins: FaceGrid | None = None) -> Undercut:
    """Look at the middle of every face from above and from below.

    Parameters
    ----------
    bins : of the same mesh; made where they are not given.
    """
    bins = FaceGrid.of(mesh) if bins is None else bins
    up = facing_up(mesh)
    area = 0.5 * np.linalg.norm(_double_areas(mesh), axis=1)
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    hidden = {}
    for sign in (1.0, -1.0):
        faces = np.flatnonzero(up == sign)
        first = bins.touched(np.ascontiguousarray(centres[faces, :2]), from_above=sign > 0.0).z
        hidden[sign] = float(area[faces[sign * (first - centres[faces, 2]) > 0.02]].sum())
    return Undercut(hidden[1.0], hidden[-1.0])


def contact_area_mm2(mesh: Mesh, within_mm: float = 0.01) -> float:
    """Return the area of the triangles that lie wholly within `within_mm` of the lowest point."""
    low = mesh.vertices[:, 2].min() + within_mm
    flat = (mesh.vertices[mesh.faces][:, :, 2] <= low).all(axis=1)
    return float(0.5 * np.linalg.norm(_double_areas(mesh)[flat], axis=1).sum())


def _double_areas(mesh: Mesh) -> FloatArray:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    return np.asarray(np.cross(b - a, c - a))
