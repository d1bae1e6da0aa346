"""The point of a mesh that is nearest to a given one."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray


def closest_point(mesh: Mesh, point: FloatArray) -> FloatArray:
    """Return the point of a mesh's faces, (3,) mm, that is nearest to a (3,) point.

    Only faces that reach into the ball through the nearest corner are looked at: on those, the foot of the
    perpendicular where it falls into the face, and the nearest points of the three edges.
    """
    corners = mesh.vertices[mesh.faces]
    reach = float(np.linalg.norm(corners.reshape(-1, 3) - point, axis=1).min())
    near = (corners.min(axis=1) <= point + reach).all(axis=1) & (corners.max(axis=1) >= point - reach).all(axis=1)
    found = np.concatenate([_on_faces(corners[near], point), *(_on_edges(corners[near], k, point) for k in range(3))])
    return np.asarray(found[np.argmin(np.linalg.norm(found - point, axis=1))])


def _on_faces(corners: FloatArray, point: FloatArray) -> FloatArray:
    """Return the feet of the perpendiculars onto (N, 3, 3) faces that fall into them, (K, 3)."""
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(ab, ac)
    doubled = (normal**2).sum(axis=1)
    whole = doubled > 0.0
    a, ab, ac, normal, doubled = a[whole], ab[whole], ac[whole], normal[whole], doubled[whole]
    to_point = point - a
    along_ac = (np.cross(ab, to_point) * normal).sum(axis=1) / doubled
    along_ab = (np.cross(to_point, ac) * normal).sum(axis=1) / doubled
    inside = (along_ab >= 0.0) & (along_ac >= 0.0) & (along_ab + along_ac <= 1.0)
    return np.asarray((a + along_ab[:, None] * ab + along_ac[:, None] * ac)[inside])


def _on_edges(corners: FloatArray, k: int, point: FloatArray) -> FloatArray:
    """Return the nearest points of the edges of (N, 3, 3) faces that start at corner k, (N, 3)."""
    start, along = corners[:, k], corners[:, (k + 1) % 3] - corners[:, k]
    length2 = np.maximum((along**2).sum(axis=1), np.finfo(np.float64).tiny)
    share = (((point - start) * along).sum(axis=1) / length2).clip(0.0, 1.0)
    return np.asarray(start + share[:, None] * along)
