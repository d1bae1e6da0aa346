"""The foot frame: settled from a rough one by turning until its own definition holds in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.landmarks import (
    LATERAL_WINDOW,
    MEDIAL_WINDOW,
    FootPoints,
    below_ankle,
    foot_points,
    support,
    with_borders_of,
)
from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid, rotation_between, transform
from scanproc.mesh.meshes import Submesh, all_corners, any_corner, face_normals, keep_faces
from scanproc.mesh.smoothing import evened_vertices

_MAX_TURNS = 60
_LONGEST_MM = 290.0  # of a foot: over it, a tilt of 25 degrees adds 120 mm to the 60 of its low part
_SOLE_MM = 120.0  # likewise 15 mm and what is added: holds what a foot stands on
_CONVERGED_RAD = 1e-9  # 0.25 nm at the toes: the points chosen stop changing long before
_REPLICATE_RAD = 1e-4  # each step leaves a tenth: 3 µm at the toes, beside an uncertainty of 50 and more
_ROUGH_DEG = 25.0
_LEG_MM = 4.0  # of the 60 that are foot: pternions of heels lie 20 to 52 mm high
_MARGIN_MM = 8.0  # evening reaches so far


@dataclass(frozen=True)
class FootFrame:
    """A frame in which the definition of the foot frame holds.

    Attributes
    ----------
    T_foot_scan : (4, 4).
    points, settled_by : in this frame; by those it was settled, whose metatarsal points are not those of the even ball.
    last_turn_rad : how far the last step still turned it; above rounding where two choices of points alternate.
    sole, ball : what they were found on beside the mesh, evened: the sole in the scan frame, of which a foot without a
        floor has one, and the ball in the foot frame. Their vertices are those of the mesh.
    """

    T_foot_scan: FloatArray
    points: FootPoints
    settled_by: FootPoints
    last_turn_rad: float
    sole: Submesh | None
    ball: Submesh


def settle(mesh: Mesh, R_rough_scan: FloatArray, medial_y: float, floor: bool, gap_depth_mm: float) -> FootFrame:
    """Turn a rough frame into the foot frame.

    Each step finds the points in the present frame and makes the frame that they define: z up from the plane under heel
    and metatarsal heads (or the floor, whose z = 0 stays), x from the pternion to the tip of the second toe.

    Parameters
    ----------
    mesh : scan frame.
    R_rough_scan : (3, 3), good to 25 degrees.
    floor : whether z = 0 of the scan frame is the ground.
    """
    sole = None if floor else _even_sole(mesh, R_rough_scan)
    low = _low_part(mesh, R_rough_scan)
    T_rough = rigid(R_rough_scan, np.zeros(3))
    T_rough[2, 3] = 0.0 if floor else -(low.mesh.vertices @ R_rough_scan[2]).min()

    def points_in(T: FloatArray) -> FootPoints:
        return foot_points(below_ankle(_in_frame(low.mesh, T)).mesh, medial_y, gap_depth_mm)

    T, last_turn_rad = _settled(points_in, None if sole is None else sole.mesh.vertices, T_rough, _CONVERGED_RAD)
    settled = below_ankle(_in_frame(low.mesh, T))
    settled_by = foot_points(settled.mesh, medial_y, gap_depth_mm)
    ball = _even_ball(settled.mesh, settled_by)
    points = with_borders_of(ball.mesh, settled_by, medial_y)
    of_mesh = low.vertices[settled.vertices[ball.vertices]]
    return FootFrame(T, points, settled_by, last_turn_rad, sole, Submesh(ball.mesh, of_mesh))


def refuse_leg_behind(points: FootPoints) -> None:
    """Refuse a foot that is rear-most where it ends in the leg: the pternion of a heel is half as high.

    Raises
    ------
    ScanError
        With its height.
    """
    if points.pternion[2] > FOOT_HEIGHT_MM - _LEG_MM:
        raise ScanError(
            f"found the rear of the foot {points.pternion[2]:.0f} mm above the ground, where the leg begins, expected "
            "a heel: it was not covered, or the foot is pointed so far that the leg lies behind it. Scan the heel from "
            "behind, the foot at a right angle to the leg."
        )


def settle_replicate(
    ends: Mesh, sole: FloatArray | None, ball: Mesh, frame: FootFrame, medial_y: float, gap_depth_mm: float
) -> tuple[FloatArray, FootPoints]:
    """Return the frame of a replicate of a foot, (4, 4), and the points in it.

    Parameters
    ----------
    ends : its heel and its toes, scan frame.
    sole, ball : see `FootFrame`: (N, 3) points, and the ball in the scan frame, too.
    frame : of the foot itself.
    """

    def points_in(T: FloatArray) -> FootPoints:
        return foot_points(_in_frame(ends, T), medial_y, gap_depth_mm, near=frame.settled_by)

    T, _ = _settled(points_in, sole, frame.T_foot_scan, _REPLICATE_RAD)
    return T, with_borders_of(_in_frame(ball, T), points_in(T), medial_y)


def _settled(
    points_in: Callable[[FloatArray], FootPoints], sole: FloatArray | None, T: FloatArray, converged_rad: float
) -> tuple[FloatArray, float]:
    """Return the frame, (4, 4), that frame `T` turns into, and how far the last step still turned it.

    Parameters
    ----------
    points_in : gives the points of the foot in a frame.
    sole : (N, 3) of the foot; None where its ground is given.
    """
    seen: list[FloatArray] = []
    rotated = np.inf
    for _ in range(_MAX_TURNS):
        T_next = _next_frame(points_in(T), sole, T)
        rotated = float(np.abs(T_next[:3, :3] - T[:3, :3]).max())
        T = T_next
        if rotated < converged_rad or any(np.abs(T - old).max() < converged_rad for old in seen[:-1]):
            break
        seen.append(T)
    return T, rotated


def _next_frame(points: FootPoints, sole: FloatArray | None, T: FloatArray) -> FloatArray:
    """Return the frame that the points of a foot, found in frame `T`, and of its (N, 3) sole define."""
    up, ground = np.array([0.0, 0.0, 1.0]), np.zeros(3)
    if sole is not None:
        stand = support(transform(T, sole), points)
        up, ground = stand.normal, stand.heel
    R_level = rotation_between(up, np.array([0.0, 0.0, 1.0]))
    forward = R_level @ (points.second_toe.tip - points.pternion)
    x, y = forward[:2] / np.hypot(forward[0], forward[1])
    R_next = np.array([[x, y, 0.0], [-y, x, 0.0], [0.0, 0.0, 1.0]]) @ R_level
    origin = R_next @ points.pternion
    origin[2] = (R_next @ ground)[2]
    return rigid(R_next, -origin) @ T


def _low_part(mesh: Mesh, R_rough_scan: FloatArray) -> Submesh:
    """Return the part of a foot that may lie below 60 mm in any frame near a rough one: each step looks at it again."""
    height = mesh.vertices @ R_rough_scan[2]
    low_mm = FOOT_HEIGHT_MM + _LONGEST_MM * np.sin(np.deg2rad(_ROUGH_DEG))
    return keep_faces(mesh, any_corner(height < height.min() + low_mm, mesh.faces))


def _even_sole(mesh: Mesh, R_rough_scan: FloatArray) -> Submesh:
    """Return what faces down low, evened."""
    height = mesh.vertices @ R_rough_scan[2]
    low = all_corners(height < height.min() + _SOLE_MM, mesh.faces)
    sole = keep_faces(mesh, low & (face_normals(mesh) @ R_rough_scan[2] < 0.0))
    return Submesh(Mesh(evened_vertices(sole.mesh), sole.mesh.faces), sole.vertices)


def _even_ball(mesh: Mesh, points: FootPoints) -> Submesh:
    """Return the ball of a foot, on which its borders are found, evened."""
    rear, length = float(points.pternion[0]), points.length_mm
    x = mesh.vertices[:, 0]
    first, last = rear + LATERAL_WINDOW[0] * length - _MARGIN_MM, rear + MEDIAL_WINDOW[1] * length + _MARGIN_MM
    ball = keep_faces(mesh, any_corner((x > first) & (x < last), mesh.faces))
    return Submesh(Mesh(evened_vertices(ball.mesh, along_borders=True), ball.mesh.faces), ball.vertices)


def _in_frame(mesh: Mesh, T: FloatArray) -> Mesh:
    return Mesh(transform(T, mesh.vertices), mesh.faces)
