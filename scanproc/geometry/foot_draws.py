"""The frames and landmarks of a foot as other draws of its surface would give them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, Draws, Mesh
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.geometry.ends import FootEnds
from scanproc.geometry.foot_frame import settle
from scanproc.geometry.meshes import quiet_vertices, vertex_normals
from scanproc.geometry.named_points import named_points
from scanproc.geometry.sole import Underside, arch_profile
from scanproc.parallel import spread


@dataclass(frozen=True)
class FrameRules:
    """How a frame is settled, as for the foot itself.

    Attributes
    ----------
    medial_y : see `Foot.medial_y`.
    floor : whether z = 0 of the scan frame is the ground; then it is tilted by `tilt_sd_rad` as well.
    gap_depth_mm, denoise_edge_mm : settings of align.
    """

    medial_y: float
    floor: bool
    tilt_sd_rad: float
    gap_depth_mm: float
    denoise_edge_mm: float


def foot_draws(
    mesh: Mesh,
    views: ByteArray,
    errors_mm: NDArray[np.float16],
    T_foot_scan: FloatArray,
    ends: FootEnds,
    rules: FrameRules,
) -> Draws:
    """Settle each draw of a foot and name its landmarks.

    Parameters
    ----------
    mesh, views : as fused, scan frame.
    errors_mm : (V, K), see `draws.surface_errors`.
    ends : of the foot itself.
    """
    normals = vertex_normals(mesh)
    count = errors_mm.shape[1]
    pivot = transform(inverse(T_foot_scan), np.array([[100.0, 0.0, 0.0]]))[0]

    def draw(k: int) -> tuple[FloatArray, dict[str, FloatArray]]:
        T_tilted_scan = np.eye(4)
        if rules.floor and rules.tilt_sd_rad > 0.0:
            # Evenly round the compass, so that the K tilts have the asked spread about each axis.
            towards = 2.0 * np.pi * k / count
            turn = rotation_about(np.array([np.cos(towards), np.sin(towards), 0.0]), np.sqrt(2.0) * rules.tilt_sd_rad)
            T_tilted_scan = rigid(turn, pivot - turn @ pivot)
        moved = transform(T_tilted_scan, mesh.vertices + normals * errors_mm[:, k, None].astype(np.float64))
        quiet = Mesh(quiet_vertices(Mesh(moved, mesh.faces), rules.denoise_edge_mm), mesh.faces)
        frame = settle(quiet, T_foot_scan[:3, :3], rules.medial_y, rules.floor, rules.gap_depth_mm)
        placed = Mesh(transform(frame.T_foot_scan, quiet.vertices), mesh.faces)
        start, length = float(frame.points.pternion[0]), frame.points.length_mm
        arch = arch_profile(Underside.of(placed, views), start, length, rules.medial_y)
        marks = named_points(frame.points, ends, arch, placed, views > 0, rules.medial_y)
        points = {name: mark.xyz_mm for name, mark in marks.items()}
        return frame.T_foot_scan @ T_tilted_scan @ inverse(T_foot_scan), points

    found = spread(draw, range(count), "align: how sure it is")
    names = [name for name in found[0][1] if all(name in points for _, points in found)]
    return Draws(
        errors_mm=errors_mm,
        T_draw_foot=np.array([T for T, _ in found]),
        landmarks={name: np.array([points[name] for _, points in found]) for name in names},
    )
