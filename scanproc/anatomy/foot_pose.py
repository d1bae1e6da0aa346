"""Which way up and which way round a foot lies, from its shape alone, and how sure that is.

Every way that the shape could rest on a table is tried, and both directions. What tells them apart is weighed as log
odds: the profile along the length (heel, ball, toes, dorsum), how much of the sole lies on the table, and which way
the cut looks that every scan of a foot ends in: up, behind the middle, where the leg goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from scanproc.anatomy.foot_profile import FootShape, Likeness, likeness
from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.frames import FloatArray, rotation_between
from scanproc.parallel import parallel_map

# Measured on nine feet, whole and cut open or flat at 60 to 130 mm, tilted by up to 15 degrees: see
# tests/test_pose.py. The right pose, and wrong ones whose profile is like a foot's:
_PROFILE = 3.0  # log odds for a misfit squared: its 13 readings hang together by about two, or it would be 6.5
_CONTACT, _CONTACT_SD, _CONTACT_MM = 0.90, 0.06, 20.0  # share of the sole lower than this: 0.86 to 0.99; 0.13 to 0.78
_CELL_MM = 8.0  # of the plan: three samples each
_SOLE_SHARE = 0.5  # of the plan that looks down tells the whole of it
_LEG_DEG = 45.0  # a leg's cut looks up within this: 0 to 25; 120 to 180
_LEVEL_DEG = 8.0  # what closes a sole looks down within this
_LEG_X, _LEG_X_SD = 0.30, 0.12  # share of the length, behind which a leg's cut lies: 0.16 to 0.53; 0.47 to 0.84
_ASIDE, _DOWN, _LEVEL = 2.0, 5.0, 3.0  # log odds against a cut that looks aside, obliquely down, straight down
_CUT_MM2, _LENGTH_MM = 1500.0, 260.0  # a cut of a leg, of a foot so long or longer; a smaller one tells less
_MOST = 8.0  # that one kind of evidence may say
_SAME_DEG = 30.0  # poses nearer than this lead to one foot frame


@dataclass(frozen=True)
class RoughPose:
    """A first frame, good to about 10 degrees.

    Attributes
    ----------
    R_foot_scan : (3, 3), its rows are forward, left and up.
    confidence : how likely it is, among all the ways that the shape could lie.
    """

    R_foot_scan: FloatArray
    likeness: Likeness
    confidence: float = 1.0


def rough_pose(shape: FootShape, ups: FloatArray) -> RoughPose:
    """Find the likeliest frame of a foot of which up is one of (K, 3) unit vectors."""
    rotations = [rotation for direction in ups for rotation in _rotations_with(shape.points, direction)]
    placed = [shape.rotated(rotation).on_ground() for rotation in rotations]
    found = parallel_map(likeness, placed, "align: which way up it lies")
    odds = np.array([evidence(each, like) for each, like in zip(placed, found, strict=True)])
    share = np.exp(odds - odds.max())
    best = int(np.argmax(odds))
    same = np.array([_is_same(rotation, rotations[best]) for rotation in rotations])
    return RoughPose(rotations[best], found[best], float(share[same].sum() / share.sum()))


def evidence(shape: FootShape, found: Likeness) -> float:
    """Return the log odds, but for a constant, of a shape on the ground with x forward being a foot that lies so."""
    return -_PROFILE * min(found.misfit, 10.0) ** 2 - _sole_against(shape) - _cuts_against(shape)


def _sole_against(shape: FootShape) -> float:
    """Return what the underside says against a pose: a sole lies on the ground but for its arch.

    A foot whose sole was not seen has little that looks down, and this says little.
    """
    low = shape.points[:, 2] < FOOT_HEIGHT_MM
    cells = np.floor(shape.points[low, :2] / _CELL_MM).astype(np.int64)
    cells -= cells.min(axis=0)
    cell = cells[:, 0] * (cells[:, 1].max() + 1) + cells[:, 1]
    in_plan = np.bincount(cell) > 0
    down = shape.faces_down[low]
    lowest = np.full(len(in_plan), np.inf)
    np.minimum.at(lowest, cell[down], shape.points[low, 2][down])
    lowest = lowest[in_plan]
    known = np.isfinite(lowest)
    if not known.any():
        return 0.0
    contact = float((lowest[known] < _CONTACT_MM).mean())
    weight = min(float(known.mean()) / _SOLE_SHARE, 1.0)
    return weight * min(0.5 * (max(_CONTACT - contact, 0.0) / _CONTACT_SD) ** 2, _MOST)


def _cuts_against(shape: FootShape) -> float:
    """Return what the cuts say against a pose."""
    low = shape.points[shape.points[:, 2] < FOOT_HEIGHT_MM, 0]
    rear, length = float(low.min()), float(np.ptp(low))
    cuts, against = shape.cuts, 0.0
    whole_mm2 = _CUT_MM2 * min(length / _LENGTH_MM, 1.0) ** 2
    angles = np.rad2deg(np.arccos(np.clip(cuts.normals[:, 2], -1.0, 1.0)))
    for angle, x, area in zip(angles, (cuts.middles[:, 0] - rear) / max(length, 1e-9), cuts.areas, strict=True):
        if angle <= _LEG_DEG:
            odds = min(0.5 * (max(float(x) - _LEG_X, 0.0) / _LEG_X_SD) ** 2, _MOST)
        elif angle < 180.0 - _LEG_DEG:
            odds = _ASIDE
        else:
            odds = _LEVEL if angle > 180.0 - _LEVEL_DEG else _DOWN
        against += min(float(area) / whole_mm2, 1.0) * odds
    return min(against, _MOST)


def _is_same(R: FloatArray, other: FloatArray) -> bool:
    """Tell whether two (3, 3) rotations are of one pose: up and forward."""
    return bool((R[[0, 2]] * other[[0, 2]]).sum(axis=1).min() > np.cos(np.deg2rad(_SAME_DEG)))


def _rotations_with(points: FloatArray, up: FloatArray) -> list[FloatArray]:
    """Return the two rotations to z = `up` and x along the longer axis of what lies below 60 mm."""
    R_level = rotation_between(up, np.array([0.0, 0.0, 1.0]))
    level = points @ R_level.T
    low = level[level[:, 2] < level[:, 2].min() + FOOT_HEIGHT_MM, :2]
    _, axes = np.linalg.eigh(np.cov(low.T))
    return [np.array([[x, y, 0.0], [-y, x, 0.0], [0.0, 0.0, 1.0]]) @ R_level for x, y in (axes[:, 1], -axes[:, 1])]


def resting_directions(points: FloatArray, count: int = 16) -> FloatArray:
    """Return the directions that point up when (N, 3) points rest on a table, the steadiest first, (K, 3).

    A body rests on a large facet of its convex hull, or on a group of facets that are nearly in one plane.
    """
    hull = ConvexHull(points)
    corners = points[hull.simplices]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2.0
    order = np.argsort(-area, kind="stable")[:400]
    normals, area = hull.equations[order, :3], area[order]
    near = normals @ normals.T > np.cos(np.deg2rad(8.0))
    support = near @ area
    mean = (near * area) @ normals
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    directions: list[FloatArray] = []
    for index in np.argsort(-support, kind="stable"):
        if all(mean[index] @ other < np.cos(np.deg2rad(10.0)) for other in directions):
            directions.append(mean[index])
    return -np.asarray(directions[:count])
