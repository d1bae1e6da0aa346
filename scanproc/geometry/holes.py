"""Closing small holes of a mesh by thin plates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from scanproc.artifacts import IntArray, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.meshes import directed_edges


def border_loops(faces: IntArray) -> list[NDArray[np.int64]]:
    """Return the closed borders of a mesh as vertex indices, against the direction of the faces beside them.

    Borders that touch themselves at a vertex are left out: they have no single inside.
    """
    edges = directed_edges(faces).astype(np.int64)
    size = int(edges.max()) + 1 if len(edges) else 1
    keys, reverse = edges[:, 0] * size + edges[:, 1], edges[:, 1] * size + edges[:, 0]
    border = edges[~np.isin(keys, reverse)]
    starts, counts = np.unique(border[:, 0], return_counts=True)
    simple = set(starts[counts == 1].tolist())
    after = {int(a): int(b) for a, b in border}
    loops, seen = [], set[int]()
    for start in starts.tolist():
        path, vertex = [], start
        while vertex in simple and vertex not in seen:
            seen.add(vertex)
            path.append(vertex)
            vertex = after[vertex]
        if len(path) >= 3 and vertex == start:
            loops.append(np.array(path[::-1], dtype=np.int64))
    return loops


@dataclass(frozen=True)
class FilledMesh:
    """A mesh after its small holes were closed; vertices from `num_original` on are invented."""

    mesh: Mesh
    num_original: int
    num_closed: int
    num_open: int


def close_holes(mesh: Mesh, max_perimeter_mm: float, spacing_mm: float) -> FilledMesh:
    """Close holes with a border of at most `max_perimeter_mm` by thin plates that continue the surface round them.

    A plate is a disc of rings with vertices about `spacing_mm` apart; the squared Laplacian of its positions is
    minimal (Liepa 2003, with uniform weights). The disc's own vertices are all new.
    """
    vertices, faces = [mesh.vertices], [mesh.faces]
    total, closed, left_open = len(mesh.vertices), 0, 0
    for loop in border_loops(mesh.faces):
        ring = mesh.vertices[loop]
        if np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1).sum() > max_perimeter_mm:
            left_open += 1
            continue
        disc = _disc(ring, loop, total, spacing_mm)
        vertices.append(_thin_plate(mesh, loop, disc, total))
        faces.append(disc.faces)
        total += len(disc.vertices)
        closed += 1
    return FilledMesh(Mesh(np.vstack(vertices), np.vstack(faces)), len(mesh.vertices), closed, left_open)


@dataclass(frozen=True)
class _Disc:
    """New vertices of a disc, and its faces, which use them and the loop's."""

    vertices: FloatArray
    faces: IntArray


def _disc(ring: FloatArray, loop: NDArray[np.int64], first: int, spacing_mm: float) -> _Disc:
    """Return rings that shrink from the loop to its centre, numbered from `first` on."""
    centre = ring.mean(axis=0)
    radius = float(np.linalg.norm(ring - centre, axis=1).mean())
    num_rings = max(int(radius / spacing_mm) - 1, 0)
    count = len(ring)
    rings = [centre + (ring - centre) * (1.0 - (index + 1) / (num_rings + 1)) for index in range(num_rings)]
    numbers = [loop] + [first + index * count + np.arange(count) for index in range(num_rings)]
    faces = []
    for outer, inner in itertools.pairwise(numbers):
        faces.append(np.column_stack([outer, np.roll(outer, -1), inner]))
        faces.append(np.column_stack([np.roll(outer, -1), np.roll(inner, -1), inner]))
    last = first + num_rings * count
    faces.append(np.column_stack([numbers[-1], np.roll(numbers[-1], -1), np.full(count, last)]))
    return _Disc(np.vstack([*rings, centre[None]]), np.vstack(faces).astype(np.int32))


def _thin_plate(mesh: Mesh, loop: NDArray[np.int64], disc: _Disc, first: int) -> FloatArray:
    """Return the disc's vertices where the squared Laplacian over the disc and two rings round it is smallest."""
    near = np.isin(mesh.faces, loop).any(axis=1)
    near = np.isin(mesh.faces, mesh.faces[near]).any(axis=1)
    patch = np.vstack([mesh.faces[near], disc.faces])
    names, local = np.unique(patch, return_inverse=True)
    edges = directed_edges(local.reshape(-1, 3).astype(np.int32))
    count = len(names)
    links = sparse.coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count)).tocsr()
    links = ((links + links.T) > 0).astype(np.float64)
    laplacian = sparse.diags(1.0 / np.maximum(links.sum(axis=1).A1, 1.0)) @ links - sparse.eye(count)
    # Only vertices whose whole ring is in the patch have a Laplacian that means something.
    inner = np.isin(names, loop) | (names >= first)
    system = laplacian[inner]
    free = names >= first
    known = np.where(free[:, None], 0.0, mesh.vertices[np.where(free, 0, names)])
    A = system[:, free]
    solution = spsolve((A.T @ A + 1e-9 * sparse.eye(A.shape[1])).tocsc(), -A.T @ (system @ known))
    return np.asarray(solution).reshape(-1, 3)
