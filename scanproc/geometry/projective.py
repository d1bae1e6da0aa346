"""Points of one view against the depth image of another: distances, agreement, and the step that brings them together.

A point is matched with the pixel that it falls on (Blais & Levine 1995), which takes no search; the distance is that to
the plane of the pixel, whose normal the image knows well (Chen & Medioni 1992).
"""

from __future__ import annotations

import numpy as np

from scanproc.frames import FloatArray
from scanproc.geometry.compiled import compiled
from scanproc.geometry.view_stack import Images, Samples

#: Facing points hidden this far behind the seen surface may lie on another part of the foot, such as the other toe.
_THICKNESS_MM = 15.0
#: Points seen at a more grazing angle than this may have been dropped by the other view: they prove nothing.
_MIN_COSINE = 0.5
_MIN_NORMAL_AGREEMENT = 0.7  # cosine of 45 deg: beyond it two points lie on different sides of a toe or a malleolus


@compiled
def _pixel(images: Images, view: int, x: float, y: float, z: float) -> int:
    """Return the index of the pixel that a point of the camera frame falls on, -1 outside of the image."""
    if z <= 1.0:
        return -1
    width, height = int(images.cameras[view, 0]), int(images.cameras[view, 1])
    u = int(np.floor(x / z * images.cameras[view, 2] + images.cameras[view, 4] + 0.5))
    v = int(np.floor(y / z * images.cameras[view, 3] + images.cameras[view, 5] + 0.5))
    if u < 0 or v < 0 or u >= width or v >= height:
        return -1
    return int(images.first[view] + v * width + u)


@compiled
def add_equations(
    samples: Samples,
    source: int,
    images: Images,
    target: int,
    T_common_source: FloatArray,
    T_common_target: FloatArray,
    centre: FloatArray,
    gate_mm: float,
    H: FloatArray,
    g: FloatArray,
) -> tuple[float, int]:
    """Add the normal equations of a least-squares step of the source towards the target to H, (6, 6), and g, (6,).

    The step is a rotation vector about `centre` and a translation, in the common frame. Distances are weighted after
    Geman & McClure with a width that follows the gate: one that follows the residuals converges from 2, not 10 deg.

    Returns
    -------
    Sum of the squared distances in mm2, and the number of matched points.
    """
    A = T_common_source
    R, t = T_common_target[:3, :3], T_common_target[:3, 3]
    fx, fy = images.cameras[target, 2], images.cameras[target, 3]
    cx, cy = images.cameras[target, 4], images.cameras[target, 5]
    width = int(images.cameras[target, 0])
    row = np.empty(6)
    squares, matches = 0.0, 0
    for k in range(samples.first[source], samples.first[source + 1]):
        px, py, pz = samples.points[k, 0], samples.points[k, 1], samples.points[k, 2]
        # in the common frame, then in that of the target's camera
        wx = A[0, 0] * px + A[0, 1] * py + A[0, 2] * pz + A[0, 3]
        wy = A[1, 0] * px + A[1, 1] * py + A[1, 2] * pz + A[1, 3]
        wz = A[2, 0] * px + A[2, 1] * py + A[2, 2] * pz + A[2, 3]
        dx, dy, dz = wx - t[0], wy - t[1], wz - t[2]
        x = R[0, 0] * dx + R[1, 0] * dy + R[2, 0] * dz
        y = R[0, 1] * dx + R[1, 1] * dy + R[2, 1] * dz
        z = R[0, 2] * dx + R[1, 2] * dy + R[2, 2] * dz
        pixel = _pixel(images, target, x, y, z)
        if pixel < 0:
            continue
        depth = images.depth_mm[pixel]
        if depth <= 0.0 or abs(depth - z) > 3.0 * gate_mm:
            continue
        qx, qy, qz = images.normals[pixel, 0], images.normals[pixel, 1], images.normals[pixel, 2]
        nx = R[0, 0] * qx + R[0, 1] * qy + R[0, 2] * qz
        ny = R[1, 0] * qx + R[1, 1] * qy + R[1, 2] * qz
        nz = R[2, 0] * qx + R[2, 1] * qy + R[2, 2] * qz
        sx, sy, sz = samples.normals[k, 0], samples.normals[k, 1], samples.normals[k, 2]
        mx = A[0, 0] * sx + A[0, 1] * sy + A[0, 2] * sz
        my = A[1, 0] * sx + A[1, 1] * sy + A[1, 2] * sz
        mz = A[2, 0] * sx + A[2, 1] * sy + A[2, 2] * sz
        if nx * mx + ny * my + nz * mz < _MIN_NORMAL_AGREEMENT:
            continue
        # The mean of both normals: half the noise of one.
        nx, ny, nz = nx + mx, ny + my, nz + mz
        length = np.sqrt(nx * nx + ny * ny + nz * nz)
        nx, ny, nz = nx / length, ny / length, nz / length
        local = pixel - images.first[target]
        u, v = local % width, local // width
        ex, ey, ez = x - (u - cx) / fx * depth, y - (v - cy) / fy * depth, z - depth
        bx = R[0, 0] * nx + R[1, 0] * ny + R[2, 0] * nz
        by = R[0, 1] * nx + R[1, 1] * ny + R[2, 1] * nz
        bz = R[0, 2] * nx + R[1, 2] * ny + R[2, 2] * nz
        distance = ex * bx + ey * by + ez * bz
        if abs(distance) > gate_mm:
            continue
        scaled = distance * 1.5 / gate_mm
        weight = 1.0 / (1.0 + scaled * scaled) ** 2
        lx, ly, lz = wx - centre[0], wy - centre[1], wz - centre[2]
        row[0], row[1], row[2] = ly * nz - lz * ny, lz * nx - lx * nz, lx * ny - ly * nx
        row[3], row[4], row[5] = nx, ny, nz
        for i in range(6):
            for j in range(i + 1):
                H[i, j] += weight * row[i] * row[j]
            g[i] += weight * row[i] * distance
        squares += distance * distance
        matches += 1
    for i in range(6):
        for j in range(i):
            H[j, i] = H[i, j]
    return squares, matches


@compiled
def judge(
    samples: Samples,
    source: int,
    images: Images,
    target: int,
    T_target_source: FloatArray,
    tolerance_mm: float,
    on_surface: FloatArray,
) -> tuple[int, int]:
    """Count how the samples of one view fit what another camera saw; mark those on its surface with 1, (S,).

    Returns
    -------
    The number of points on the seen surface, and that of contradictions: points that the camera would have seen in
    front of the surface, just behind it, or beside the silhouette.
    """
    T = T_target_source
    hits, contradictions = 0, 0
    begin = samples.first[source]
    for k in range(begin, samples.first[source + 1]):
        px, py, pz = samples.points[k, 0], samples.points[k, 1], samples.points[k, 2]
        x = T[0, 0] * px + T[0, 1] * py + T[0, 2] * pz + T[0, 3]
        y = T[1, 0] * px + T[1, 1] * py + T[1, 2] * pz + T[1, 3]
        z = T[2, 0] * px + T[2, 1] * py + T[2, 2] * pz + T[2, 3]
        sx, sy, sz = samples.normals[k, 0], samples.normals[k, 1], samples.normals[k, 2]
        nx = T[0, 0] * sx + T[0, 1] * sy + T[0, 2] * sz
        ny = T[1, 0] * sx + T[1, 1] * sy + T[1, 2] * sz
        nz = T[2, 0] * sx + T[2, 1] * sy + T[2, 2] * sz
        cosine = -(x * nx + y * ny + z * nz) / np.sqrt(x * x + y * y + z * z)
        if cosine < _MIN_COSINE:
            continue
        pixel = _pixel(images, target, x, y, z)
        if pixel < 0:
            continue
        if images.depth_mm[pixel] <= 0.0:
            contradictions += images.past[pixel]
            continue
        behind = (z - images.depth_mm[pixel]) * cosine  # along the normal: on a slope one pixel more is much depth
        if abs(behind) <= tolerance_mm:
            hits += 1
            on_surface[k - begin] = 1.0
        elif behind < max(_THICKNESS_MM, 2.0 * tolerance_mm):
            contradictions += 1
    return hits, contradictions
