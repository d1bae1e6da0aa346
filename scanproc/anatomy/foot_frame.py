"""The foot frame: settled from a rough one by turning until its own definition holds in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.landmarks import FootPoints, below_ankle, foot_points, support, with_even_borders
from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, rigid, rotation_between, transform
from scanproc.mesh.meshes import all_corners, any_corner, face_normals, keep_faces
from scanproc.mesh.smoothing import evened_vertices

_MAX_TURNS = 60
_LONGEST_MM = 290.0  # of a foot: over it, a tilt of 25 degrees adds 120 mm to the 60 of its low part
_SOLE_MM = 120.0  # likewise 15 mm and what is added: holds what a foot stands on
_CONVERGED_RAD = 1e-9  # 0.25 nm at the toes: the points chosen stop changing long before
_REPLICATE_RAD = 1e-4  # each step leaves a tenth: 3 µm at the toes, beside an uncertainty of 50 and more
_ROUGH_DEG, _REPLICATE_DEG = 25.0, 5.0


@dataclass(frozen=True)
class FootFrame:
    """A frame in which the definition of the foot frame holds.

    Attributes
    ----------
    T_foot_scan : (4, 4).
    points : in this frame.
    last_turn_rad : how far the last step still turned it; above rounding where two choices of points alternate.
    """

    T_foot_scan: FloatArray
    points: FootPoints
    last_turn_rad: float


def settle(
    mesh: Mesh, R_rough_scan: FloatArray, medial_y: float, floor: bool, gap_depth_mm: float, replicate: bool = False
) -> FootFrame:
    """Turn a rough frame into the foot frame.

    Each step finds the points in the present frame and makes the frame that they define: z up from the plane under heel
    and metatarsal heads (or the floor, whose z = 0 stays), x from the pternion to the tip of the second toe.

    Parameters
    ----------
    mesh : scan frame.
    R_rough_scan : (3, 3), good to 25 degrees.
    floor : whether z = 0 of the scan frame is the ground.
    replicate : the rough frame is that of a foot, good to 5 degrees, and the mesh a replicate of it.
    """
    sole = None if floor else _even_sole(mesh, R_rough_scan)
    mesh = _low_part(mesh, R_rough_scan, _REPLICATE_DEG if replicate else _ROUGH_DEG)
    converged_rad = _REPLICATE_RAD if replicate else _CONVERGED_RAD
    T = rigid(R_rough_scan, np.zeros(3))
    T[2, 3] = 0.0 if floor else -(mesh.vertices @ R_rough_scan[2]).min()
    seen: list[FloatArray] = []
    rotated = np.inf
    for _ in range(_MAX_TURNS):
        T_next = _next_frame(mesh, sole, T, medial_y, gap_depth_mm)
        rotated = float(np.abs(T_next[:3, :3] - T[:3, :3]).max())
        T = T_next
        if rotated < converged_rad or any(np.abs(T - old).max() < converged_rad for old in seen[:-1]):
            break
        seen.append(T)
    settled = below_ankle(_in_frame(mesh, T))
    points = foot_points(settled, medial_y, gap_depth_mm)
    return FootFrame(T, with_even_borders(points, settled, medial_y), rotated)


def _next_frame(mesh: Mesh, sole: FloatArray | None, T: FloatArray, medial_y: float, gap_depth_mm: float) -> FloatArray:
    """Return the frame that the points found in frame `T` define, and (N, 3) points of the sole, where it is level."""
    present = below_ankle(_in_frame(mesh, T))
    points = foot_points(present, medial_y, gap_depth_mm)
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


def _low_part(mesh: Mesh, R_rough_scan: FloatArray, rough_deg: float) -> Mesh:
    """Return the part of a foot that may lie below 60 mm in any frame near a rough one: each step looks at it again."""
    height = mesh.vertices @ R_rough_scan[2]
    low_mm = FOOT_HEIGHT_MM + _LONGEST_MM * np.sin(np.deg2rad(rough_deg))
    return keep_faces(mesh, any_corner(height < height.min() + low_mm, mesh.faces)).mesh


def _even_sole(mesh: Mesh, R_rough_scan: FloatArray) -> FloatArray:
    """Return the (N, 3) vertices of what faces down low, evened."""
    height = mesh.vertices @ R_rough_scan[2]
    low = all_corners(height < height.min() + _SOLE_MM, mesh.faces)
    sole = keep_faces(mesh, low & (face_normals(mesh) @ R_rough_scan[2] < 0.0)).mesh
    return evened_vertices(sole)


def _in_frame(mesh: Mesh, T: FloatArray) -> Mesh:
    return Mesh(transform(T, mesh.vertices), mesh.faces)
