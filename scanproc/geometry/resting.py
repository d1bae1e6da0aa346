"""How a solid lies on a plane: on the largest flat patch that it can stand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, rigid, rotation_between

_DOWN = np.array([0.0, 0.0, -1.0])
_MAX_TILT_DEG = 15.0  # posts and lifts stay below it
_COPLANAR_MM, _COPLANAR = 0.01, 1e-3  # of a plane's distance, and of its normal
_CANDIDATES = 6  # an insole has at most a base, two posts of two planes and an arch support


@dataclass(frozen=True)
class Rest:
    """A plane under something, z = height + slope . (x, y); `slope` is (2,)."""

    slope: FloatArray
    height: float

    def at(self, xy: FloatArray) -> FloatArray:
        """Return its height at (N, 2) points, (N,) mm."""
        return np.asarray(self.height + xy @ self.slope)


def rest_plane(xy: FloatArray, z: FloatArray) -> Rest:
    """Return the plane that an underside comes to stand on: that of its lower hull's facet under the middle.

    Parameters
    ----------
    xy, z : (N, 2) and (N,) mm, an even sample of the underside.
    """
    some = slice(None, None, max(len(z) // 20_000, 1))
    facets = ConvexHull(np.column_stack([xy[some], z[some]])).equations
    nx, ny, nz, offset = facets[facets[:, 2] < -1e-6].T
    slopes, heights = np.column_stack([-nx / nz, -ny / nz]), -offset / nz
    # The lower hull is the highest of its planes everywhere.
    under = int(np.argmax(heights + slopes @ xy.mean(axis=0)))
    return Rest(slopes[under], float((z - xy @ slopes[under]).min()))


def lying_flat(solid: Mesh) -> FloatArray:
    """Return the transform, (4, 4), into a frame in which the solid lies on z = 0 on its largest flat patch.

    A patch counts if it looks down within 15 degrees and nothing of the solid lies beyond its plane. Without one the
    solid keeps its attitude. The lower corner of its bounding box comes to the origin.
    """
    corners = solid.vertices[solid.faces]
    double = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(double, axis=1)
    normal = double / np.maximum(2.0 * area[:, None], 1e-12)
    down = np.flatnonzero(normal @ _DOWN > np.cos(np.deg2rad(_MAX_TILT_DEG)))
    attitude = rotation_between(_largest_patch(solid, corners, normal, area, down), _DOWN)
    turned = solid.vertices @ attitude.T
    return rigid(attitude, -turned.min(axis=0))


def _largest_patch(
    solid: Mesh, corners: FloatArray, normal: FloatArray, area: FloatArray, down: NDArray[np.intp]
) -> FloatArray:
    """Return the outward normal, (3,), of the largest patch that the solid can stand on; straight down without one."""
    height = np.einsum("ij,ij->i", corners[down, 0], normal[down])
    bins = np.round(np.column_stack([normal[down, :2] / _COPLANAR, height / (10.0 * _COPLANAR_MM)]))
    _, group = np.unique(bins, axis=0, return_inverse=True)
    group_mm2 = np.bincount(group.ravel(), area[down])
    best, best_mm2 = _DOWN, 0.0
    for candidate in np.argsort(-group_mm2, kind="stable")[:_CANDIDATES]:
        members = down[group.ravel() == candidate]
        plane = (area[members, None] * normal[members]).sum(axis=0)
        plane /= np.linalg.norm(plane)
        offset = float((solid.vertices @ plane).max())
        # What lies in that plane, also where rounding put it into another group.
        patch_mm2 = float(area[down][(corners[down] @ plane > offset - _COPLANAR_MM).all(axis=1)].sum())
        if patch_mm2 > best_mm2:
            best, best_mm2 = plane, patch_mm2
    return best
