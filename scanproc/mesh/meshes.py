"""Triangle meshes: areas, normals, parts and order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray


def face_areas(mesh: Mesh) -> FloatArray:
    """Return the area of each face, (F,) mm2."""
    return _face_areas(mesh.vertices, mesh.faces)


def face_normals(mesh: Mesh) -> FloatArray:
    """Return the unit normals of the faces, (F, 3), outward; 0 for faces without area."""
    return _face_normals(mesh.vertices, mesh.faces)


def face_centres(mesh: Mesh) -> FloatArray:
    """Return the mean of the corners of each face, (F, 3) mm."""
    return _face_centres(mesh.vertices, mesh.faces)


@compiled
def _face_centres(vertices: FloatArray, faces: IntArray) -> FloatArray:
    centres = np.empty((len(faces), 3))
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        for axis in range(3):
            centres[face, axis] = (vertices[a, axis] + vertices[b, axis] + vertices[c, axis]) / 3.0
    return centres


@compiled
def _face_areas(vertices: FloatArray, faces: IntArray) -> FloatArray:
    areas = np.empty(len(faces))
    for face in range(len(faces)):
        x, y, z = twice_area(vertices, faces, face)
        areas[face] = np.sqrt(x * x + y * y + z * z) / 2.0
    return areas


@compiled
def _face_normals(vertices: FloatArray, faces: IntArray) -> FloatArray:
    normals = np.zeros((len(faces), 3))
    for face in range(len(faces)):
        x, y, z = twice_area(vertices, faces, face)
        length = np.sqrt(x * x + y * y + z * z)
        if length > 0.0:
            normals[face, 0], normals[face, 1], normals[face, 2] = x / length, y / length, z / length
    return normals


@compiled
def twice_area(vertices: FloatArray, faces: IntArray, face: int) -> tuple[float, float, float]:
    """Return the normal of a face, twice its area long; for compiled loops."""
    a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
    px, py, pz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
    qx, qy, qz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
    return py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx


def vertex_normals(mesh: Mesh) -> FloatArray:
    """Return (V, 3) unit normals, the mean of the faces round each vertex weighted by area; 0 without a face."""
    sums = _summed_normals(mesh.vertices, mesh.faces)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


@compiled
def _summed_normals(vertices: FloatArray, faces: IntArray) -> FloatArray:
    """Return (V, 3) the sum over the faces round each vertex of their normals, twice their area long."""
    sums = np.zeros((len(vertices), 3))
    for face in range(len(faces)):
        x, y, z = twice_area(vertices, faces, face)
        for k in range(3):
            corner = faces[face, k]
            sums[corner, 0] += x
            sums[corner, 1] += y
            sums[corner, 2] += z
    return sums


def component_labels(mesh: Mesh) -> NDArray[np.int32]:
    """Return the number of each vertex's connected part, (V,); parts are numbered by their first vertex."""
    return linked_parts(len(mesh.vertices), mesh.faces)


def linked_parts(count: int, links: IntArray) -> NDArray[np.int32]:
    """Return the number of the part that each of so many nodes belongs to, (count,), in the order of their first nodes.

    Parameters
    ----------
    links : (N, K) int32, nodes that hang together: the corners of faces, the ends of segments.
    """
    first = _first_of_part(count, np.ascontiguousarray(links))
    own = first == np.arange(count)
    return np.asarray((np.cumsum(own, dtype=np.int32) - 1)[first], dtype=np.int32)


@compiled
def _first_of_part(count: int, links: IntArray) -> NDArray[np.int64]:
    """Return (count,) the lowest node of each node's part: union-find with halved paths."""
    parent = np.arange(count)
    for row in range(len(links)):
        for column in range(1, links.shape[1]):
            a, b = np.int64(links[row, 0]), np.int64(links[row, column])
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            parent[max(a, b)] = min(a, b)
    for node in range(count):  # a parent is lower than its child, and done before it
        parent[node] = parent[parent[node]]
    return parent


def distinct_places(points: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the index of a point at each place, (K,), by x, y and z, and the place of each of the (N, 3) points, (N,).

    `np.unique` does the same over rows in five times as long.
    """
    order = np.lexsort(points.T[::-1])
    is_new = np.r_[True, (np.diff(points[order], axis=0) != 0.0).any(axis=1)][: len(order)]
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(is_new) - 1
    return order[is_new], place


def connected_components(mesh: Mesh) -> tuple[IntArray, ...]:
    """Return the vertex indices of each connected part, the part of the largest area first.

    Vertices at exactly the same place count as one, so that the loose triangles of an STL file hang together.
    Vertices that no face uses belong to no part.
    """
    used = np.zeros(len(mesh.vertices), dtype=np.bool_)
    used[mesh.faces] = True
    if len(mesh.faces) and np.ptp(component_labels(mesh)[used]) == 0:  # a fused surface: places need not be compared
        return (np.flatnonzero(used).astype(np.int32),)
    first, place = distinct_places(mesh.vertices)
    label = component_labels(Mesh(mesh.vertices[first], place[mesh.faces].astype(np.int32)))[place]
    part, index = np.unique(label[mesh.faces[:, 0]], return_inverse=True)
    order = np.argsort(-np.bincount(index.reshape(-1), weights=face_areas(mesh)), kind="stable")
    return tuple(np.flatnonzero(used & (label == part[k])).astype(np.int32) for k in order)


@dataclass(frozen=True)
class Submesh:
    """Part of a mesh, and which vertices of the whole it has, (V',)."""

    mesh: Mesh
    vertices: NDArray[np.int64]


def any_corner(marked: BoolArray, faces: IntArray) -> BoolArray:
    """Tell which of (F, 3) faces have a corner among the (V,) marked vertices."""
    return np.asarray(_marked_corners(marked, faces) > 0)


def all_corners(marked: BoolArray, faces: IntArray) -> BoolArray:
    """Tell which of (F, 3) faces have all corners among the (V,) marked vertices."""
    return np.asarray(_marked_corners(marked, faces) == 3)


@compiled
def _marked_corners(marked: BoolArray, faces: IntArray) -> NDArray[np.uint8]:
    count = np.empty(len(faces), np.uint8)
    for face in range(len(faces)):
        count[face] = np.uint8(marked[faces[face, 0]]) + marked[faces[face, 1]] + marked[faces[face, 2]]
    return count


def keep_faces(mesh: Mesh, kept: BoolArray) -> Submesh:
    """Return the mesh of the faces where `kept`, (F,), without vertices that none of them uses."""
    vertices, faces, used = _kept_faces(mesh.vertices, mesh.faces, kept)
    return Submesh(Mesh(vertices, faces), used)


@compiled
def _kept_faces(
    vertices: FloatArray, faces: IntArray, kept: BoolArray
) -> tuple[FloatArray, IntArray, NDArray[np.int64]]:
    """Return the vertices and faces of a part, and the vertices of the whole that it has."""
    new, num_faces = np.full(len(vertices), -1, np.int32), 0
    for face in range(len(faces)):
        if kept[face]:
            num_faces += 1
            for corner in range(3):
                new[faces[face, corner]] = 0
    used, count = np.empty(np.count_nonzero(new == 0), np.int64), 0
    for vertex in range(len(vertices)):
        if new[vertex] == 0:
            new[vertex], used[count] = count, vertex
            count += 1
    own_vertices, own_faces = np.empty((count, 3)), np.empty((num_faces, 3), np.int32)
    for k in range(count):
        for axis in range(3):
            own_vertices[k, axis] = vertices[used[k], axis]
    row = 0
    for face in range(len(faces)):
        if kept[face]:
            for corner in range(3):
                own_faces[row, corner] = new[faces[face, corner]]
            row += 1
    return own_vertices, own_faces, used


def submesh(mesh: Mesh, vertices: NDArray[np.integer]) -> Mesh:
    """Return the part of a mesh that the sorted (K,) vertex indices span; vertex k of it is vertices[k] of the mesh."""
    if len(vertices) == len(mesh.vertices):
        return mesh
    new = np.full(len(mesh.vertices), -1, dtype=np.int32)
    new[vertices] = np.arange(len(vertices), dtype=np.int32)
    faces = new[mesh.faces]
    return Mesh(mesh.vertices[vertices], faces[(faces >= 0).all(axis=1)])
