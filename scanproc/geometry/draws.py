"""How far a fused surface can be trusted: what else the same recording might have given.

The views fall into K groups. Leaving one out moves the surface a little, along its normal; by the jackknife (Tukey
1958)
the variance of a result t of K groups is (K - 1) / K times the sum of the squared deviations of the K results that each
lack one. Moved sqrt(K - 1) times as far, the K surfaces are as many draws of the surface's error: the standard
uncertainty of whatever is measured on them is the RMS of its deviations. Noise, poses and how ill-conditioned a
landmark is are all in it; what is wrong with all views alike is not, such as the camera's scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import DepthImage, Foot, Mesh
from scanproc.frames import FloatArray, inverse, transform
from scanproc.geometry.compiled import compiled
from scanproc.geometry.images import lens
from scanproc.geometry.meshes import vertex_normals
from scanproc.geometry.posed_views import PosedView
from scanproc.geometry.sightings import sight
from scanproc.parallel import spread

_CHUNK = 1 << 13  # vertices of a task
_MAX_MM = 3.0  # a draw that moves a vertex farther was decided by a single view


def surface_errors(
    mesh: Mesh, views: Sequence[PosedView], num_draws: int, tolerance_mm: float, min_cosine: float
) -> NDArray[np.float16]:
    """Return K draws of the error of a fused surface along its normals, (V, K) mm; 0 where too few views tell.

    Parameters
    ----------
    views : what was fused; view k is in group k mod K, so that each group goes all round the foot.
    tolerance_mm, min_cosine : as in `sightings.look_up`.
    """
    num_groups = min(num_draws, len(views))
    normals = vertex_normals(mesh)
    sums = np.zeros((len(normals), num_groups, 2))

    def look(start: int) -> None:
        part = slice(start, start + _CHUNK)
        for number, view in enumerate(views):
            T_camera_scan = inverse(view.T_scan_camera)
            _add_distances(
                mesh.vertices[part], normals[part], view.depth_mm, lens(view.intrinsics), T_camera_scan,
                tolerance_mm, min_cosine, sums[part, number % num_groups],
            )  # fmt: skip

    spread(look, range(0, len(normals), _CHUNK), "surface: how sure it is")
    total = sums.sum(axis=1, keepdims=True)
    others = total - sums
    known = others[..., 1].min(axis=1) > 0.0
    means = np.divide(others[..., 0], others[..., 1], out=np.zeros(others.shape[:2]), where=known[:, None])
    centred = means - means.mean(axis=1, keepdims=True)
    return (np.sqrt(num_groups - 1.0) * centred).clip(-_MAX_MM, _MAX_MM).astype(np.float16)


@compiled
def _add_distances(
    vertices: FloatArray,
    normals: FloatArray,
    depth_mm: DepthImage,
    lens_px: FloatArray,
    T_camera_scan: FloatArray,
    tolerance_mm: float,
    min_cosine: float,
    sums: FloatArray,
) -> None:
    """Add, to (V, 2), weight times the distance at which one view saw the surface outside of a vertex, and weight."""
    for i in range(len(vertices)):
        row, column, cosine, ahead = sight(vertices[i], normals[i], depth_mm, lens_px, T_camera_scan)
        if row < 0 or cosine < min_cosine:
            continue
        outside = (ahead - depth_mm[row, column]) * cosine
        if abs(outside) <= tolerance_mm:
            weight = np.sqrt(cosine) / ahead**4  # that of fusion
            sums[i, 0] += weight * outside
            sums[i, 1] += weight


def drawn(foot: Foot, k: int) -> Foot:
    """Return draw k of a foot, in its own frame; a landmark that was set by hand stays where it is on the foot."""
    if foot.draws is None:
        raise ValueError("a foot without draws")
    T_draw_foot = foot.draws.T_draw_foot[k]
    moved = foot.mesh.vertices + vertex_normals(foot.mesh) * foot.draws.errors_mm[:, k, None].astype(np.float64)
    landmarks = {
        name: replace(
            mark,
            xyz_mm=foot.draws.landmarks[name][k]
            if mark.method == "auto" and name in foot.draws.landmarks
            else transform(T_draw_foot, mark.xyz_mm[None])[0],
        )
        for name, mark in foot.landmarks.items()
    }
    return replace(foot, mesh=Mesh(transform(T_draw_foot, moved), foot.mesh.faces), landmarks=landmarks, draws=None)
