"""A plane section laid flat: its size, and how thick what it cuts is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import ByteArray, Mesh, Plane
from scanproc.frames import FloatArray, inverse, transform
from scanproc.mesh.sections import Section, plane_section


@dataclass(frozen=True)
class PlaneProfile:
    """The section of a mesh in the plane's own frame: u to the right, v upwards, third coordinate 0, mm.

    Attributes
    ----------
    section : in that frame.
    T_mesh_plane : (4, 4); its third axis faces the eye, against the plane's normal.
    """

    section: Section
    T_mesh_plane: FloatArray

    def __len__(self) -> int:
        return len(self.section)

    @property
    def segments(self) -> FloatArray:
        """(S, 2, 2) mm."""
        return self.section.points[:, :, :2]

    def corners(self) -> tuple[FloatArray, FloatArray]:
        """Return the least and the greatest (u, v), mm."""
        points = self.segments.reshape(-1, 2)
        return points.min(axis=0), points.max(axis=0)

    def crossings_at(self, u: float) -> FloatArray:
        """Return the heights v at which the profile crosses the upright line at u, (K,) mm, the lowest first."""
        return np.sort(self.section.crossings(0, u).points[:, 0, 1])

    def walls_at(self, u: float) -> FloatArray:
        """Return what of that line lies inside the material, (K, 2) mm from and to; an open body has none."""
        crossings = self.crossings_at(u)
        return crossings.reshape(-1, 2) if len(crossings) % 2 == 0 else np.zeros((0, 2))

    def in_mesh(self, points: FloatArray) -> FloatArray:
        """Return (N, 3) points of the mesh's frame for (N, 2) points of the profile."""
        return transform(self.T_mesh_plane, np.column_stack([points, np.zeros(len(points))]))


def frame_of_plane(plane: Plane) -> FloatArray:
    """Return T_mesh_plane, (4, 4): seen along the normal, z is up; seen from above or below, x is.

    Its origin lies at height 0 (or x = 0), so that v of an upright plane is the height above the ground.
    """
    normal = plane.normal
    upright = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    up = upright - (upright @ normal) * normal
    up = up / np.linalg.norm(up)
    T_mesh_plane = np.eye(4)
    T_mesh_plane[:3, :3] = np.stack([np.cross(normal, up), up, -normal], axis=1)
    on_plane = plane.offset_mm * normal
    T_mesh_plane[:3, 3] = on_plane - (on_plane @ upright) / (up @ upright) * up
    return T_mesh_plane


def plane_profile(mesh: Mesh, plane: Plane, views: ByteArray | None = None) -> PlaneProfile:
    """Cut a mesh with a plane, and lay the section flat.

    Parameters
    ----------
    views : (V,) uint8, how many views saw each vertex; None counts all as seen.
    """
    cut = plane_section(mesh, plane.normal, plane.offset_mm, views)
    T_mesh_plane = frame_of_plane(plane)
    flat = transform(inverse(T_mesh_plane), cut.points.reshape(-1, 3)).reshape(-1, 2, 3)
    flat[:, :, 2] = 0.0
    return PlaneProfile(Section(flat, cut.edges, cut.seen, cut.open), T_mesh_plane)
