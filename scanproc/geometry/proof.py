"""What can be proven of a solid: that it is one closed body, how thick it is, what it hides from a mill."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.frames import FloatArray
from scanproc.open3d_bridge import RayScene


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
    vertices, index = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    return Mesh(vertices, index.reshape(-1, 3).astype(np.int32))


def volume_mm3(mesh: Mesh) -> float:
    """Return the signed volume by the divergence theorem."""
    centred = mesh.vertices - mesh.vertices.mean(axis=0)
    a, b, c = (centred[mesh.faces[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def crossing_faces(mesh: Mesh) -> int:
    """Count the pairs of an edge and a triangle that cross, where they share no vertex.

    Every edge is cast as a ray; two triangles that cross do so along a segment whose ends are crossings of an edge
    of the one with the other.
    """
    sides = np.vstack([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    ends = np.unique(np.sort(sides, axis=1), axis=0)
    start, end = mesh.vertices[ends[:, 0]], mesh.vertices[ends[:, 1]]
    hits = RayScene(mesh).all_hits(start, end - start)
    near = (hits.distance >= -1e-3) & (hits.distance <= 1.001)
    edge, triangle = ends[hits.ray[near]], mesh.faces[hits.face[near]]
    apart = ~(edge[:, :, None] == triangle[:, None, :]).any(axis=(1, 2))
    # The rays are single precision and meet triangles in their own plane: judge each candidate again, in double.
    pairs = np.unique(np.column_stack([edge[apart], triangle[apart]]), axis=0)
    corners = mesh.vertices[pairs]
    return int(_touches(corners[:, :2], corners[:, 2:]).sum())


def _touches(edge: FloatArray, triangle: FloatArray, slack_mm: float = 1e-7) -> BoolArray:
    """Tell which of (N, 2, 3) edges meet their (N, 3, 3) triangle, (N,) bool."""
    a, b, c = triangle[:, 0], triangle[:, 1], triangle[:, 2]
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    height = np.einsum("nij,nj->ni", edge - a[:, None], normal)
    # The stretch [enter, leave] of the edge, in shares of its length, that is within the slack of the plane ...
    drop = height[:, 0] - height[:, 1]
    enter, leave = np.zeros(len(edge)), np.ones(len(edge))
    flat = np.abs(drop) <= slack_mm
    level = height[:, 0] / np.where(flat, 1.0, drop)
    enter = np.where(flat, enter, level)
    leave = np.where(flat, leave, level)
    beside = (height.min(axis=1) > slack_mm) | (height.max(axis=1) < -slack_mm)
    # ... and on the inner side of all three sides of the triangle.
    for p, q in ((a, b), (b, c), (c, a)):
        inward = np.cross(normal, q - p)
        inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-300)
        first = np.einsum("ni,ni->n", edge[:, 0] - p, inward) + slack_mm
        change = np.einsum("ni,ni->n", edge[:, 1] - edge[:, 0], inward)
        bound = -first / np.where(change == 0.0, 1.0, change)
        enter = np.where(change > 0.0, np.maximum(enter, bound), enter)
        leave = np.where(change < 0.0, np.minimum(leave, bound), leave)
        beside |= (change == 0.0) & (first < 0.0)
    return np.asarray(~beside & (enter <= leave) & (leave >= 0.0) & (enter <= 1.0))


def part(mesh: Mesh, faces: IntArray) -> Mesh:
    """Return the triangles `faces`, (F, 3), of a mesh with the vertices they use."""
    used, index = np.unique(faces, return_inverse=True)
    return Mesh(mesh.vertices[used], index.reshape(-1, 3).astype(np.int32))


def facing_up(mesh: Mesh, least_z: float = 0.01) -> FloatArray:
    """Return +1 for triangles that look up, -1 down, 0 for upright ones, (F,)."""
    double = _double_areas(mesh)
    z = double[:, 2] / np.maximum(np.linalg.norm(double, axis=1), 1e-12)
    return np.where(np.abs(z) < least_z, 0.0, np.sign(z))


def undercut_mm2(mesh: Mesh) -> float:
    """Return the area that a mill from above cannot see of what looks up, nor from below of what looks down."""
    scene, up = RayScene(mesh), facing_up(mesh)
    area = 0.5 * np.linalg.norm(_double_areas(mesh), axis=1)
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    hidden = 0.0
    for sign, outside_z in ((1.0, centres[:, 2].max() + 10.0), (-1.0, centres[:, 2].min() - 10.0)):
        faces = np.flatnonzero(up == sign)
        origins = np.column_stack([centres[faces, :2], np.full(len(faces), outside_z)])
        hits = scene.cast(origins, np.broadcast_to([0.0, 0.0, -sign], origins.shape))
        covered = hits.distance < np.abs(outside_z - centres[faces, 2]) - 0.02
        hidden += float(area[faces[covered]].sum())
    return hidden


def contact_area_mm2(mesh: Mesh, within_mm: float = 0.01) -> float:
    """Return the area of the triangles that lie wholly within `within_mm` of the lowest point."""
    low = mesh.vertices[:, 2].min() + within_mm
    flat = (mesh.vertices[mesh.faces][:, :, 2] <= low).all(axis=1)
    return float(0.5 * np.linalg.norm(_double_areas(mesh)[flat], axis=1).sum())


def _double_areas(mesh: Mesh) -> FloatArray:
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    return np.asarray(np.cross(b - a, c - a))
