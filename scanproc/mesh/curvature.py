"""How a surface curves at its vertices."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.edges import edges_of
from scanproc.mesh.meshes import vertex_normals


def mean_curvature(mesh: Mesh, smoothing: int = 4) -> FloatArray:
    """Return the mean curvature at each vertex, (V,) 1/mm, positive where the surface is convex; 1/R on a sphere.

    Along an edge a surface curves by the change of its normals, (n_j - n_i) . (p_j - p_i) / |p_j - p_i|^2 (the normal
    curvature of Euler, in differences); the mean over the edges round a vertex is the mean curvature where they point
    everywhere alike. The mean over the neighbours is taken `smoothing` times, as the noise of a scan curves more than
    its foot.
    """
    count = len(mesh.vertices)
    edges = edges_of(mesh.faces, count)
    i, j = np.repeat(np.arange(count), np.diff(edges.starts)), edges.ends
    normals = vertex_normals(mesh)
    along = mesh.vertices[j] - mesh.vertices[i]
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    bend = ((normals[j] - normals[i]) * along).sum(axis=1) / length2
    degree = np.bincount(i, minlength=count)
    curvature = np.bincount(i, bend, count) / np.maximum(degree, 1)
    for _ in range(smoothing):
        curvature = (curvature + np.bincount(i, curvature[j], count)) / (1.0 + degree)
    return np.asarray(curvature)
