"""A foot whose underside is an opening, as of a scan from above: which way up it stands, and roughly on what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.anatomy.cut_ends import NO_CUTS
from scanproc.anatomy.foot_limits import FootLimits
from scanproc.anatomy.foot_pose import resting_directions, rough_pose
from scanproc.anatomy.foot_profile import FootShape
from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.stance import GroundErrors, Stance
from scanproc.artifacts import Loading, Mesh
from scanproc.frames import FloatArray, rigid, rotation_between
from scanproc.mesh.hole_filling import border_loops, perimeter_mm
from scanproc.mesh.polygons import area_mm2

_LOOP_MM = 60.0  # shorter borders are holes
_LOW_MM = 30.0  # an opening so near the lowest point is the underside's
_LEAST_SHARE = 0.08  # of length times width, that an opening must have to be the underside
_LEVELS_SHARE = 0.5  # of the length, over which a rim must reach to level a foot
_EVEN_MM = 6.0  # and how even it must be: torn by 3 mm, a rim all round still lies level, within a degree or two
# Which share of length times width of a foot is cut open how high above the ground, mm: means of four standing feet,
# and of four raised ones. Higher up the walls are upright, and the opening grows no more.
_HEIGHTS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0)
_STANDING = (0.0, 0.20, 0.39, 0.52, 0.59, 0.64, 0.67)
_RAISED_HEIGHTS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 17.0, 20.0)
_RAISED = (0.0, 0.11, 0.20, 0.28, 0.36, 0.44, 0.51, 0.57, 0.64, 0.68)
_HEIGHT_SD_MM = 1.0  # between those feet, each kind for itself
_LEVEL_SD_DEG, _LEANING_SD_DEG = 0.5, 2.0  # of a rim all round; of a foot that rests on part of its rim
_TORN_SD_DEG = 0.8  # for each mm by which a rim is uneven: of torn ones, which are so over some 15 mm
_TORN_LEAN, _BORDER_MM = 0.01, 9.0  # for each such mm, where a rim so high is the border too: see GroundErrors


def over_open_underside(shape: FootShape, smooth: Mesh, limits: FootLimits, loading: Loading) -> Stance | None:
    """Return how a foot stands whose underside is open: as it would rest on that rim, the ground below by its size.

    The larger the opening, the higher it was cut. None where it is no foot so, or its underside is not open.
    """
    shape = replace(shape, cuts=NO_CUTS)  # this foot may rest on an opening
    pose = rough_pose(shape, resting_directions(smooth.vertices))
    if not limits.admit(pose.likeness):
        return None
    loops = _low_loops(smooth, pose.R_foot_scan[2])
    if not loops:
        return None
    rim = np.concatenate(loops)
    up, rms_mm = _plane_through(rim, pose.R_foot_scan[2])
    is_long = np.ptp(rim @ pose.R_foot_scan[0]) > _LEVELS_SHARE * pose.likeness.length_mm
    is_level = is_long and rms_mm < _EVEN_MM
    if is_level:
        pose = rough_pose(shape, up[None])
    R_foot = pose.R_foot_scan
    vertices = smooth.vertices @ R_foot.T
    lowest = float(vertices[:, 2].min())
    extent = np.ptp(vertices[vertices[:, 2] < lowest + FOOT_HEIGHT_MM], axis=0)
    share = sum(abs(area_mm2((loop @ R_foot.T)[:, :2])) for loop in loops) / float(extent[0] * extent[1])
    if share < _LEAST_SHARE:
        return None
    below_mm, sd_mm = _ground_below(share, loading)
    rise = max(below_mm - float(np.median(rim @ R_foot[2])), -lowest)
    R_level = rotation_between(R_foot[2], np.array([0.0, 0.0, 1.0]))
    level_sd_deg = float(np.hypot(_LEVEL_SD_DEG, _TORN_SD_DEG * rms_mm))
    lean_sd = _TORN_LEAN * rms_mm if below_mm > _BORDER_MM else 0.0
    errors = GroundErrors(level_sd_deg if is_level else _LEANING_SD_DEG, sd_mm, lean_sd)
    T_level_scan = rigid(R_level, np.array([0.0, 0.0, rise]))
    return Stance("estimated", T_level_scan, replace(pose, R_foot_scan=pose.R_foot_scan @ R_level.T), errors)


def _low_loops(smooth: Mesh, up: FloatArray) -> list[FloatArray]:
    """Return the low open borders of a foot, (N, 3) points each."""
    height = smooth.vertices @ up
    loops = [loop for loop in border_loops(smooth.faces) if perimeter_mm(smooth.vertices[loop]) > _LOOP_MM]
    return [smooth.vertices[loop] for loop in loops if height[loop].mean() < height.min() + _LOW_MM]


def _plane_through(points: FloatArray, up: FloatArray) -> tuple[FloatArray, float]:
    """Return the (3,) upward normal of the plane through (N, 3) points, and their RMS distance from it, mm."""
    centred = points - points.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(points))
    return np.asarray(axes[:, 0] * np.sign(axes[:, 0] @ up)), float(np.sqrt(max(values[0], 0.0)))


def _ground_below(share: float, loading: Loading) -> tuple[float, float]:
    """Return how far a ground lies below an opening of a share of the foot, mm, and its standard uncertainty.

    What is stated of the loading picks the table, but for the other one the uncertainty allows, too.
    """
    standing = float(np.interp(share, _STANDING, _HEIGHTS))
    raised = float(np.interp(share, _RAISED, _RAISED_HEIGHTS))
    sd_mm = float(np.hypot(_HEIGHT_SD_MM, 0.5 * abs(raised - standing)))
    if loading == "unknown":
        return 0.5 * (standing + raised), sd_mm
    return raised if loading == "non-weight-bearing" else standing, sd_mm
