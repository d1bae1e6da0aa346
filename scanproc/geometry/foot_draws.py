"""The frames and landmarks of a foot as other draws of its surface would give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import Draws, Mesh
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.geometry.foot_frame import FootFrame, settle
from scanproc.geometry.meshes import quiet_vertices, vertex_normals
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
    errors_mm: NDArray[np.float16],
    T_foot_scan: FloatArray,
    rules: FrameRules,
    named_points: Callable[[FootFrame, Mesh], Mapping[str, FloatArray]],
) -> Draws:
    """Settle each draw of a foot and name its landmarks.

    Parameters
    ----------
    mesh : scan frame, as fused.
    errors_mm : (V, K), see `draws.surface_errors`.
    named_points : the landmarks, (3,) mm each, of a settled frame and the quiet mesh in it.
    """
    normals = vertex_normals(mesh)
    count = errors_mm.shape[1]
    pivot = transform(inverse(T_foot_scan), np.array([[100.0, 0.0, 0.0]]))[0]

    def draw(k: int) -> tuple[FloatArray, Mapping[str, FloatArray]]:
        T_tilted_scan = np.eye(4)
        if rules.floor and rules.tilt_sd_rad > 0.0:
            # Evenly round the compass, so that the K tilts have the asked spread about each axis.
            towards = 2.0 * np.pi * k / count
            axis = np.array([np.cos(towards), np.sin(towards), 0.0])
            turn = rotation_about(axis, np.sqrt(2.0) * rules.tilt_sd_rad)
            T_tilted_scan = rigid(turn, pivot - turn @ pivot)
        moved = mesh.vertices + normals * errors_mm[:, k, None].astype(np.float64)
        vertices = transform(T_tilted_scan, moved)
        quiet = Mesh(quiet_vertices(Mesh(vertices, mesh.faces), rules.denoise_edge_mm), mesh.faces)
        frame = settle(quiet, T_foot_scan[:3, :3], rules.medial_y, rules.floor, rules.gap_depth_mm)
        points = named_points(frame, Mesh(transform(frame.T_foot_scan, quiet.vertices), mesh.faces))
        return frame.T_foot_scan @ T_tilted_scan @ inverse(T_foot_scan), points

    found = spread(draw, range(count), "align: how sure it is")
    names = [name for name in found[0][1] if all(name in points for _, points in found)]
    return Draws(
        errors_mm=errors_mm,
        T_draw_foot=np.array([T for T, _ in found]),
        landmarks={name: np.array([points[name] for _, points in found]) for name in names},
    )
