"""Which way up and which way round a foot lies, from its shape alone.

A foot is recognised by its profile along its length: how high and how wide it is from heel to toe, as shares of its
length. Every way that the shape could rest on a table is tried, and both directions; the likeliest is a rough frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray, rotation_between
from scanproc.mesh.meshes import face_areas

_SLICES = 20  # of the length: 12 mm each, enough points in each even on a coarse mesh
_SAMPLES = 6000
# Share of the length from the heel, what is measured there, mean and sd as shares of the length (a taper: of the
# dorsum's height). Means: ANSUR II (2012) and nine feet at hand; spreads are wide on purpose, for children, leg
# positions and missing parts.
_PROFILE = (
    (0.16, "width", 0.27, 0.05),
    (0.45, "width", 0.34, 0.06),
    (0.68, "width", 0.39, 0.05),
    (0.92, "width", 0.24, 0.08),
    (0.16, "top", 0.50, 0.12),
    (0.56, "top", 0.27, 0.06),
    (0.68, "top", 0.20, 0.05),
    (0.80, "top", 0.15, 0.05),
    (0.92, "top", 0.10, 0.04),
    (0.12, "sole", 0.02, 0.03),
    (0.70, "sole", 0.02, 0.03),
    (0.16, "taper", 1.80, 0.40),
    (0.92, "taper", 0.40, 0.13),
)
_DORSUM = 0.56  # share of the length: the dorsum in front of the leg, whose height the tapers compare with
_OVERHANG_MM = 25.0  # no wall of a foot leaves such a gap between samples
_LEANING = 1.0  # misfit of a foot that would stand on the edge of an opening
_EDGE_MM = 4.0  # what is so low bears: a sole, or the edge of a leg that was cut off, and the instep
_LEG_TOP = 0.50  # share of the length: legs are cut anywhere, higher counts as this


@dataclass(frozen=True)
class Likeness:
    """How like a foot a shape is in a frame.

    Attributes
    ----------
    misfit : root mean square of the profile's deviations, in their spreads: about 0.5 for feet, above 3 for boxes.
    worst : the largest deviation in words.
    length_mm : along x, below `FOOT_HEIGHT_MM`.
    """

    misfit: float
    worst: str
    length_mm: float


@dataclass(frozen=True)
class RoughPose:
    """A first frame: rows of (3, 3) `R_foot_scan` are forward, left and up; good to about 10 degrees."""

    R_foot_scan: FloatArray
    likeness: Likeness


def surface_samples(mesh: Mesh, count: int = _SAMPLES) -> FloatArray:
    """Return about `count` points spread evenly over the area of a mesh, (N, 3) mm; the same for the same faces.

    Deterministic and blind to how the mesh is placed: face middles, chosen at even steps of the area that the faces
    sum up to in their order.
    """
    area = np.cumsum(face_areas(mesh))
    chosen = np.unique(np.searchsorted(area, (np.arange(count) + 0.5) / count * area[-1]))
    return np.asarray(mesh.vertices[mesh.faces[np.minimum(chosen, len(area) - 1)]].mean(axis=1))


def likeness(points: FloatArray) -> Likeness:
    """Judge (N, 3) surface points, in a frame with x forward, z up, against the profile of a foot."""
    points = points - [0.0, 0.0, points[:, 2].min()]
    low = points[points[:, 2] < FOOT_HEIGHT_MM]
    rear, front = float(low[:, 0].min()), float(low[:, 0].max())
    length = max(front - rear, 1e-9)

    def read(share: float, what: str) -> float:
        if what == "taper":
            dorsum = read(_DORSUM, "top")
            return read(share, "top") / dorsum if 0.0 < dorsum < np.inf else np.inf
        place = np.abs((points[:, 0] - rear) / length - share) < 1.0 / _SLICES
        value = _slice_value(points[place], what) / length
        return min(value, _LEG_TOP) if what == "top" and value < np.inf else value

    deviations = []
    for share, what, mean, sd in _PROFILE:
        value = read(share, what)
        told = f"{what} {value:.2f} at {share:.2f} of the length{_reminder(share, what, value - mean)}"
        deviations.append((min(abs(value - mean) / sd, 10.0), told))
    misfit = float(np.sqrt(np.mean([deviation**2 for deviation, _ in deviations])))
    return Likeness(misfit, max(deviations)[1], length)


def _reminder(share: float, what: str, excess: float) -> str:
    """Return what has such a profile, in words; nothing where nothing comes to mind."""
    if what == "width" and share > 0.9 and excess > 0.0:
        return " (like a hand, or a foot without its toes)"
    if what == "width" and share > 0.4:
        return " (like two feet that touch, or a hand)" if excess > 0.0 else " (like half a foot, or a hand's edge)"
    if what in ("top", "taper") and share > 0.5:
        return " (like a shoe, or a foot without its toes)" if excess > 0.0 else " (like a hand, or a sole alone)"
    return ""


def _slice_value(points: FloatArray, what: str) -> float:
    """Return width, top or sole of the points of one slice; inf where there are none."""
    low = points[points[:, 2] < FOOT_HEIGHT_MM]
    if len(low) < 3:
        return np.inf
    if what == "width":
        return float(np.ptp(low[:, 1]))
    if what == "sole":
        return float(low[:, 2].min())
    heights = np.sort(points[:, 2])
    gaps = np.flatnonzero(np.diff(heights) > _OVERHANG_MM)  # a shank that leans forward hangs over the dorsum
    return float(heights[gaps[0]] if len(gaps) else heights[-1])


def rough_pose(mesh: Mesh, boundary: BoolArray, up: FloatArray | None = None) -> RoughPose:
    """Find the likeliest frame of a foot that lies anyhow.

    Parameters
    ----------
    boundary : (V,) bool, vertices on an open border: nothing rests on an opening.
    up : (3,) unit vector, where it is known; otherwise every direction is tried that the shape could rest on.
    """
    points = surface_samples(mesh)
    if up is not None:
        return min(_poses_with(points, up), key=lambda pose: pose.likeness.misfit)
    ups = resting_directions(mesh.vertices)
    likeliest = [min(_poses_with(points, direction), key=lambda pose: pose.likeness.misfit) for direction in ups]
    leaning = [_LEANING * _on_opening(mesh.vertices, boundary, direction) for direction in ups]
    return likeliest[
        int(np.argmin([pose.likeness.misfit + lean for pose, lean in zip(likeliest, leaning, strict=True)]))
    ]


def _on_opening(vertices: FloatArray, boundary: BoolArray, up: FloatArray) -> bool:
    """Tell whether a body that rests this way up leans on the edge of an opening."""
    height = vertices @ up
    low = height < height.min() + _EDGE_MM
    return bool(boundary[low].any())


def _poses_with(points: FloatArray, up: FloatArray) -> list[RoughPose]:
    """Return the two frames with z = `up` and x along the longer axis of what lies below 60 mm."""
    R_level = rotation_between(up, np.array([0.0, 0.0, 1.0]))
    level = points @ R_level.T
    low = level[level[:, 2] < level[:, 2].min() + FOOT_HEIGHT_MM, :2]
    _, axes = np.linalg.eigh(np.cov(low.T))
    poses = []
    for forward in (axes[:, 1], -axes[:, 1]):
        rotation = np.array([[forward[0], forward[1], 0.0], [-forward[1], forward[0], 0.0], [0.0, 0.0, 1.0]])
        poses.append(RoughPose(rotation @ R_level, likeness(level @ rotation.T)))
    return poses


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
