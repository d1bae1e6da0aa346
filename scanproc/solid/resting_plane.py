"""How a solid lies on a plane: on the largest flat patch that it can stand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, rigid, rotation_between
from scanproc.mesh.meshes import all_corners, face_areas

_DOWN = np.array([0.0, 0.0, -1.0])
TOUCHES_MM = 0.05  # a quarter of a printed layer
_MAX_TILT_DEG = 15.0  # posts and lifts stay below it
_ALIKE = 2e-3  # normals
_CANDIDATES = 16  # the largest facets of the hull


@dataclass(frozen=True)
class RestingPlane:
    """A plane under something, z = height + slope . (x, y); `slope` is (2,)."""

    slope: FloatArray
    height: float

    def at(self, xy: FloatArray) -> FloatArray:
        """Return its height at (N, 2) points, (N,) mm."""
        return np.asarray(self.height + xy @ self.slope)


def resting_plane(xy: FloatArray, z: FloatArray) -> RestingPlane:
    """Return the plane that an underside comes to stand on by itself: that under the middle.

    Parameters
    ----------
    xy, z : (N, 2) and (N,) mm, an even sample of the underside.
    """
    return planes_under(xy, z, xy.mean(axis=0)[None, :])[0]


def planes_under(xy: FloatArray, z: FloatArray, loads: FloatArray) -> list[RestingPlane]:
    """Return the plane that an underside comes to stand on under a load at each of (M, 2) places.

    It is rigid, and so is the ground: it tips until the place lies over the facet of its lower hull that it stands on.
    """
    return LowerHull.of(xy, z).planes_under(loads)


@dataclass(frozen=True)
class LowerHull:
    """The planes that an underside, (N, 2) and (N,) mm, can come to stand on: (M, 2) slopes and (M,) heights."""

    xy: FloatArray
    z: FloatArray
    slopes: FloatArray
    heights: FloatArray

    @classmethod
    def of(cls, xy: FloatArray, z: FloatArray) -> LowerHull:
        """Return the lower hull of an even sample of an underside."""
        some = slice(None, None, max(len(z) // 20_000, 1))
        facets = ConvexHull(np.column_stack([xy[some], z[some]])).equations
        nx, ny, nz, offset = facets[facets[:, 2] < -1e-6].T
        return cls(xy, z, np.column_stack([-nx / nz, -ny / nz]), -offset / nz)

    def planes_under(self, loads: FloatArray) -> list[RestingPlane]:
        """Return the plane that it stands on under a load at each of (M, 2) places."""
        # The lower hull is the highest of its planes everywhere.
        chosen = [self.slopes[np.argmax(self.heights + self.slopes @ load)] for load in loads]
        return [RestingPlane(slope, float((self.z - self.xy @ slope).min())) for slope in chosen]


def stable_pose(solid: Mesh) -> FloatArray:
    """Return the transform, (4, 4), into a frame in which the solid lies on z = 0 where most of it touches.

    Nothing of it lies beyond a plane that it can lie on: those are the facets of its hull. One that looks down within
    15 degrees counts; without one the solid keeps its attitude. The lower corner of its box comes to the origin.
    """
    hull = ConvexHull(solid.vertices)
    corners = solid.vertices[hull.simplices]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    down = np.flatnonzero(-hull.equations[:, 2] > np.cos(np.deg2rad(_MAX_TILT_DEG)))
    # A patch that is flat to a micrometre or two has many facets: together they count as one candidate.
    down = down[np.argsort(-area[down], kind="stable")]
    planes = hull.equations[down]
    _, first, alike = np.unique(np.round(planes[:, :3] / _ALIKE), axis=0, return_index=True, return_inverse=True)
    largest = np.argsort(-np.bincount(alike.ravel(), area[down]), kind="stable")[:_CANDIDATES]
    outward, most_mm2 = _DOWN, 0.0
    for plane in planes[first[largest]]:
        mm2 = _touching_mm2(solid, plane)
        if mm2 > most_mm2:
            outward, most_mm2 = plane[:3], mm2
    attitude = rotation_between(outward, _DOWN)
    rotated = solid.vertices @ attitude.T
    return rigid(attitude, -rotated.min(axis=0))


def _touching_mm2(solid: Mesh, plane: FloatArray) -> float:
    """Return the area of the triangles that lie wholly on a plane, (4,) outward normal and offset."""
    near = solid.vertices @ plane[:3] + plane[3] > -TOUCHES_MM
    return float(face_areas(Mesh(solid.vertices, solid.faces[all_corners(near, solid.faces)])).sum())
