"""Where a scan ends although the foot goes on: open rims, and planes that close a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.foot_pose import FOOT_HEIGHT_MM
from scanproc.geometry.holes import border_loops, perimeter_mm
from scanproc.geometry.landmarks import FootPoints, FrontProfile, front_profile
from scanproc.geometry.meshes import face_areas, face_normals

NOT_THERE = 0.0  # confidence of a landmark that lies where the scan ends and the foot does not
_SMALL_HOLE_MM = 20.0  # borders of holes up to 6 mm across, which take at most 0.5 mm off the tip of a toe
_END_BAND_MM = 1.0  # what lies as far out as this decides where a foot ends
_END_REACH_MM = 15.0  # and as near as this to its end
_FLAT_MM, _FLAT_COSINE = 0.05, 0.99996  # one plane: 0.5 degrees
_CUT_AREA_MM2 = 200.0  # no heel and no toe has as much skin in one plane
_CUT_COSINE = 0.6  # between the plane of a cut and straight across the foot
_CUT_NEAR_MM = 80.0
_FRONT_STRIPS = 4  # of 1 % of the width: fewer are a nick


def open_rim(mesh: Mesh) -> BoolArray:
    """Return (V,) the vertices on an open border, but for small holes."""
    rim = np.zeros(len(mesh.vertices), dtype=np.bool_)
    for loop in border_loops(mesh.faces):
        rim[loop] = rim[loop] | (perimeter_mm(mesh.vertices[loop]) > _SMALL_HOLE_MM)
    return rim


@dataclass(frozen=True)
class FootEnds:
    """Which ends of a foot are ends of the scan alone: the heel, the second toe's tip (the axis), the longest toe."""

    heel_open: bool
    axis_open: bool
    toes_open: bool


def foot_ends(mesh: Mesh, rim: BoolArray, points: FootPoints) -> FootEnds:
    """Judge both ends of a foot in its frame.

    Parameters
    ----------
    rim : (V,) bool, of `open_rim`.
    """
    medial, lateral = float(points.metatarsale_tibiale[1]), float(points.metatarsale_fibulare[1])
    front = front_profile(mesh, float(points.pternion[0] + 0.7 * points.length_mm), medial, lateral)
    longest = points.longest_toe_tip
    return FootEnds(
        heel_open=ends_open(mesh, rim, points.pternion, -1.0),
        axis_open=ends_open(mesh, rim, points.second_toe.tip, 1.0),
        toes_open=ends_open(mesh, rim, longest, 1.0) or front_is_open(front, mesh.vertices[rim], float(longest[0])),
    )


def ends_open(mesh: Mesh, rim: BoolArray, tip: FloatArray, forward: float) -> bool:
    """Tell whether a foot ends at a (3,) tip only because its scan does: by an open rim, or the plane of a cut.

    Parameters
    ----------
    rim : (V,) bool, of `open_rim`.
    forward : +1 for a tip of the toes, -1 for one of the heel.
    """
    apart = np.linalg.norm(mesh.vertices - tip, axis=1)
    out = forward * (mesh.vertices[:, 0] - tip[0])
    end = (apart < _END_REACH_MM) & (out > -_END_BAND_MM)
    return bool((rim & end).any()) or _is_cut(mesh, end, tip, forward)


def _is_cut(mesh: Mesh, end: FloatArray | BoolArray, tip: FloatArray, forward: float) -> bool:
    """Tell whether any face with a corner at the end of the foot lies in a large plane across it."""
    near = mesh.faces[(np.abs(mesh.vertices - tip).max(axis=1) < _CUT_NEAR_MM)[mesh.faces].all(axis=1)]
    around = Mesh(mesh.vertices, near)
    normals, areas = face_normals(around), face_areas(around)
    across = np.flatnonzero(forward * normals[:, 0] > _CUT_COSINE)
    at_end = across[end[near[across]].any(axis=1)]
    middles = mesh.vertices[near].mean(axis=1)
    for face in at_end[np.argsort(-areas[at_end], kind="stable")][:10]:  # a cut's own faces are among the largest
        normal = normals[face]
        even = across[normals[across] @ normal > _FLAT_COSINE]
        flat = even[np.abs((middles[even] - middles[face]) @ normal) < _FLAT_MM]
        if areas[flat].sum() > _CUT_AREA_MM2:
            return True
    return False


def front_is_open(profile: FrontProfile, rim_points: FloatArray, longest_x: float) -> bool:
    """Tell whether a toe that could be the longest one ends in an open rim.

    A stretch of the front border that is open may go on by twice its breadth: a toe is no longer than that.

    Parameters
    ----------
    rim_points : (K, 3) mm, the vertices on an open rim below `FOOT_HEIGHT_MM`.
    """
    front = profile.points
    width = float(np.ptp(front[np.isfinite(front[:, 0]), 1])) / max(len(front) - 1, 1)
    low = rim_points[rim_points[:, 2] < FOOT_HEIGHT_MM]
    is_open = np.array([len(low) > 0 and np.abs(low - point).max(axis=1).min() < _END_BAND_MM for point in front])
    starts = np.flatnonzero(np.diff(np.r_[False, is_open]) & np.r_[is_open])
    for start in starts:
        stretch = np.arange(start, len(is_open))
        stretch = stretch[np.cumprod(is_open[start:]).astype(bool)]
        reach = 2.0 * len(stretch) * width
        if len(stretch) >= _FRONT_STRIPS and float(front[stretch, 0].max()) + reach > longest_x:
            return True
    return False
