"""Where a line of sight meets a mesh first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import IntArray, Mesh, Plane
from scanproc.compiled import compiled
from scanproc.frames import FloatArray


@dataclass(frozen=True)
class Hit:
    """Where a ray meets a mesh: (3,) mm, `distance_mm` along it, in a face, at (3,) weights of its corners."""

    point: FloatArray
    distance_mm: float
    face: int
    weights: FloatArray

    def value(self, values: FloatArray, faces: IntArray) -> float:
        """Return what (V,) values of the vertices are there, linear within the face."""
        return float(values[faces[self.face]] @ self.weights)


def first_hit(mesh: Mesh, origin: FloatArray, direction: FloatArray, kept: Plane | None = None) -> Hit | None:
    """Return the nearest point of a mesh along a ray, from either side of its faces; None if the ray misses it.

    Parameters
    ----------
    origin, direction : (3,) float64, mm; the direction is of unit length.
    kept : what lies below this plane is not there, as where a section cuts it away; None keeps all.
    """
    normal, offset = (np.zeros(3), -1.0) if kept is None else (kept.normal, kept.offset_mm)
    face, distance, second, third = _first_hit(
        mesh.vertices, mesh.faces, np.ascontiguousarray(origin), np.ascontiguousarray(direction), normal.copy(), offset
    )
    if face < 0:
        return None
    return Hit(origin + distance * direction, distance, face, np.array([1.0 - second - third, second, third]))


@compiled
def _first_hit(
    vertices: FloatArray, faces: IntArray, origin: FloatArray, direction: FloatArray, normal: FloatArray, offset: float
) -> tuple[int, float, float, float]:
    """Return face, distance and two weights (Möller and Trumbore 1997); face -1 if there is none."""
    found, nearest, at_second, at_third = -1, np.inf, 0.0, 0.0
    dx, dy, dz = direction[0], direction[1], direction[2]
    for face in range(len(faces)):
        a, b, c = faces[face, 0], faces[face, 1], faces[face, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        px, py, pz = dy * vz - dz * vy, dz * vx - dx * vz, dx * vy - dy * vx
        det = ux * px + uy * py + uz * pz
        if det == 0.0:
            continue
        tx, ty, tz = origin[0] - vertices[a, 0], origin[1] - vertices[a, 1], origin[2] - vertices[a, 2]
        second = (tx * px + ty * py + tz * pz) / det
        if second < 0.0 or second > 1.0:
            continue
        qx, qy, qz = ty * uz - tz * uy, tz * ux - tx * uz, tx * uy - ty * ux
        third = (dx * qx + dy * qy + dz * qz) / det
        if third < 0.0 or second + third > 1.0:
            continue
        distance = (vx * qx + vy * qy + vz * qz) / det
        if distance <= 0.0 or distance >= nearest:
            continue
        height = 0.0 - offset
        for axis in range(3):
            height += normal[axis] * (origin[axis] + distance * direction[axis])
        if height >= 0.0:
            found, nearest, at_second, at_third = face, distance, second, third
    return found, nearest, at_second, at_third
