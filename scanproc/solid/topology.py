"""What can be proven of a solid: that it is one closed body, how thick it is, what it hides from a mill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import all_corners, distinct_places, face_areas, face_centres, face_normals, linked_parts
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
    open_edges, flipped_edges = _faults_of_edges(len(mesh.vertices), mesh.faces)
    label = linked_parts(len(mesh.vertices), mesh.faces)
    return Topology(
        open_edges=open_edges,
        flipped_edges=flipped_edges,
        bodies=len(np.unique(label[mesh.faces[:, 0]])),
        volume_mm3=volume_mm3(mesh),
        flat_faces=int((2.0 * face_areas(mesh) < 1e-9).sum()),
    )


@compiled
def _faults_of_edges(count: int, faces: IntArray) -> tuple[int, int]:
    """Return how many edges do not belong to exactly two faces, and along how many two run in the same direction."""
    first, following = np.full(count, -1, np.int64), np.full(3 * len(faces), -1, np.int64)  # chains by the lower end
    higher, forth, back = np.zeros(3 * len(faces), np.int64), np.zeros_like(following), np.zeros_like(following)
    edges = 0
    for face in range(len(faces)):
        for corner in range(3):
            start, end = faces[face, corner], faces[face, (corner + 1) % 3]
            low, high = min(start, end), max(start, end)
            edge = first[low]
            while edge >= 0 and higher[edge] != high:
                edge = following[edge]
            if edge < 0:
                edge, edges = edges, edges + 1
                higher[edge], following[edge], first[low] = high, first[low], edge
            if start < end:
                forth[edge] += 1
            else:
                back[edge] += 1
    uses = forth[:edges] + back[:edges]
    return int((uses != 2).sum()), int((forth[:edges] > 1).sum() + (back[:edges] > 1).sum())


def welded(corners: FloatArray) -> Mesh:
    """Return the mesh of (F, 3, 3) triangle corners, as an STL holds them, with equal corners made one vertex."""
    points = corners.reshape(-1, 3)
    first, place = distinct_places(points)
    return Mesh(points[first], place.reshape(-1, 3).astype(np.int32))


def volume_mm3(mesh: Mesh) -> float:
    """Return the signed volume by the divergence theorem."""
    return _six_volumes(mesh.vertices - mesh.vertices.mean(axis=0), mesh.faces) / 6.0


@compiled
def _six_volumes(vertices: FloatArray, faces: IntArray) -> float:
    total = 0.0
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        x = vertices[b, 1] * vertices[c, 2] - vertices[b, 2] * vertices[c, 1]
        y = vertices[b, 2] * vertices[c, 0] - vertices[b, 0] * vertices[c, 2]
        z = vertices[b, 0] * vertices[c, 1] - vertices[b, 1] * vertices[c, 0]
        total += vertices[a, 0] * x + vertices[a, 1] * y + vertices[a, 2] * z
    return total


def facing_up(mesh: Mesh, least_z: float = 0.01) -> FloatArray:
    """Return +1 for triangles that look up, -1 down, 0 for upright ones, (F,)."""
    z = face_normals(mesh)[:, 2]
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
    up, centres, area = facing_up(mesh), face_centres(mesh), face_areas(mesh)
    hidden = {}
    for sign in (1.0, -1.0):
        faces = np.flatnonzero(up == sign)
        first = bins.touched(centres[faces, :2], from_above=sign > 0.0).z
        hidden[sign] = float(area[faces[sign * (first - centres[faces, 2]) > 0.02]].sum())
    return Undercut(hidden[1.0], hidden[-1.0])


def contact_area_mm2(mesh: Mesh, within_mm: float = 0.01) -> float:
    """Return the area of the triangles that lie wholly within `within_mm` of the lowest point."""
    low = mesh.vertices[:, 2] <= mesh.vertices[:, 2].min() + within_mm
    return float(face_areas(Mesh(mesh.vertices, mesh.faces[all_corners(low, mesh.faces)])).sum())
