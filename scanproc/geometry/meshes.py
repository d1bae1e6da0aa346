"""Triangle meshes: areas, normals, parts, order, and smoothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.frames import FloatArray


def face_areas(mesh: Mesh) -> FloatArray:
    """Return the area of each face, (F,) mm2."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2.0)


def face_normals(mesh: Mesh) -> FloatArray:
    """Return the unit normals of the faces, (F, 3), outward; 0 for faces without area."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.asarray(np.divide(normal, length, out=np.zeros_like(normal), where=length > 0.0))


def vertex_normals(mesh: Mesh) -> FloatArray:
    """Return (V, 3) unit normals, the mean of the faces round each vertex weighted by area; 0 without a face."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    weighted = np.cross(b - a, c - a)  # twice the area long
    sums = np.empty_like(mesh.vertices)
    for axis in range(3):
        weights = np.repeat(weighted[:, axis], 3)
        sums[:, axis] = np.bincount(mesh.faces.ravel(), weights=weights, minlength=len(mesh.vertices))
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))


def part_labels(mesh: Mesh) -> NDArray[np.int32]:
    """Return the number of each vertex's connected part, (V,); parts are numbered by their first vertex."""
    edges = directed_edges(mesh.faces)
    count = len(mesh.vertices)
    graph = sparse.coo_matrix((np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int32)


def directed_edges(faces: IntArray) -> IntArray:
    """Return the (3F, 2) edges of all faces in their direction of travel."""
    return np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def split(mesh: Mesh) -> tuple[IntArray, ...]:
    """Return the vertex indices of each connected part, the part of the largest area first.

    Vertices at exactly the same place count as one, so that the loose triangles of an STL file hang together.
    Vertices that no face uses belong to no part.
    """
    _, place = np.unique(mesh.vertices, axis=0, return_inverse=True)
    place = place.reshape(-1)
    corner = place[mesh.faces]
    links = sparse.coo_array(
        (np.ones(2 * len(corner)), (np.r_[corner[:, 0], corner[:, 1]], np.r_[corner[:, 1], corner[:, 2]])),
        shape=(len(mesh.vertices), len(mesh.vertices)),
    )
    _, label = connected_components(links, directed=False)
    label = label[place]
    part, index = np.unique(label[mesh.faces[:, 0]], return_inverse=True)
    order = np.argsort(-np.bincount(index.reshape(-1), weights=face_areas(mesh)), kind="stable")
    used = np.zeros(len(mesh.vertices), dtype=np.bool_)
    used[mesh.faces] = True
    return tuple(np.flatnonzero(used & (label == part[k])).astype(np.int32) for k in order)


@dataclass(frozen=True)
class Submesh:
    """Part of a mesh, and which vertices of the whole it has, (V',)."""

    mesh: Mesh
    vertices: NDArray[np.int64]


def keep_faces(mesh: Mesh, kept: BoolArray) -> Submesh:
    """Return the mesh of the faces where `kept`, (F,), without vertices that none of them uses."""
    used = np.unique(mesh.faces[kept])
    renumber = np.zeros(len(mesh.vertices), dtype=np.int32)
    renumber[used] = np.arange(len(used), dtype=np.int32)
    return Submesh(Mesh(mesh.vertices[used], renumber[mesh.faces[kept]]), used.astype(np.int64))


def submesh(mesh: Mesh, vertices: NDArray[np.integer]) -> Mesh:
    """Return the part of a mesh that the sorted (K,) vertex indices span; vertex k of it is vertices[k] of the mesh."""
    new = np.full(len(mesh.vertices), -1, dtype=np.int32)
    new[vertices] = np.arange(len(vertices), dtype=np.int32)
    faces = new[mesh.faces]
    return Mesh(mesh.vertices[vertices], faces[(faces >= 0).all(axis=1)])


def canonical_order(mesh: Mesh) -> Submesh:
    """Return the same mesh with vertices and faces in an order that depends on coordinates alone."""
    order = np.lexsort(mesh.vertices.T[::-1])
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    faces = rank[mesh.faces]
    first = np.argmin(faces, axis=1)
    faces = np.take_along_axis(faces, (first[:, None] + np.arange(3)) % 3, axis=1)  # keeps the winding
    faces = faces[np.lexsort(faces.T[::-1])]
    return Submesh(Mesh(mesh.vertices[order], faces), order.astype(np.int64))


def quiet_vertices(mesh: Mesh, max_edge_mm: float) -> FloatArray:
    """Average each vertex with its neighbours along short edges, without shrinking the surface, (V, 3) mm.

    A landmark that is an extreme vertex picks the worst of the noise; the mean of about seven vertices has less of it.
    The mean alone would lie too deep, by 0.1 mm on a toe: what it took off is averaged too and given back ("twicing",
    Tukey 1977). Only edges up to `max_edge_mm` count: a coarse mesh, which has no noise, stays as it is.
    """
    start, end = mesh.faces.ravel(), mesh.faces[:, [1, 2, 0]].ravel()
    short = np.linalg.norm(mesh.vertices[start] - mesh.vertices[end], axis=1) <= max_edge_mm
    start, end = start[short], end[short]
    count = len(mesh.vertices)
    own = np.arange(count)
    links = sparse.csr_array(
        (np.ones(2 * len(start) + count), (np.r_[start, end, own], np.r_[end, start, own])), shape=(count, count)
    )
    links.data[:] = 1.0  # an edge between two faces counts once
    neighbours = np.asarray(links.sum(axis=1)).reshape(-1, 1)
    mean = (links @ mesh.vertices) / neighbours
    return np.asarray(mean + (links @ (mesh.vertices - mean)) / neighbours)
