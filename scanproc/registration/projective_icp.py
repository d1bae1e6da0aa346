"""Points of one view against the depth image of another: distances, agreement, and the step that brings them together.

A point is matched with the pixel that it falls on (Blais & Levine 1995), which takes no search; the distance is that to
the plane of the pixel, whose normal the image knows well (Chen & Medioni 1992).
"""

from __future__ import annotations

import numpy as np

from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.registration.point_to_plane import (
    add_row,
    inverse,
    mean_normal,
    point_to_plane_row,
    robust_weight,
    rotate_vector,
    transform_point,
)
from scanproc.registration.stacked_views import Images, Samples

#: Facing points hidden this far behind the seen surface may lie on another part of the foot, such as the other toe.
_THICKNESS_MM = 15.0
#: Points seen at a more grazing angle than this may have been dropped by the other view: they prove nothing.
_MIN_COSINE = 0.5
#: Towards a silhouette a point that errs outwards misses the image and one that errs inwards does not, so that views
#: would push each other apart: trust rises from little at 84 to all at 53 degrees.
_GRAZING, _FACING, _LEAST_TRUST = 0.1, 0.6, 0.05


@compiled
def pixel_of(images: Images, view: int, x: float, y: float, z: float) -> int:
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
def _weight(cosine: float) -> float:
    """Return the weight of a match on a surface whose normal stands at that cosine to the ray of the camera."""
    share = min(max((cosine - _GRAZING) / (_FACING - _GRAZING), 0.0), 1.0)
    return max(share * share, _LEAST_TRUST)


@compiled
def add_normal_equations(
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
    """Add the distances of the source's points from the target's surface to H, (7, 7), and g, (7,).

    The step that they ask for is a rotation vector about `centre` and a translation, in the common frame; the last
    unknown is the rim term, by which the depth of both grows, see `Images.rim`.

    Returns
    -------
    Sum of the squared distances in mm2, and the number of matched points.
    """
    T_target_common = inverse(T_common_target)
    fx, fy, cx, cy = images.cameras[target, 2:]
    width, first = int(images.cameras[target, 0]), images.first[target]
    points, normals, depths_mm, image_normals = samples.points, samples.normals, images.depth_mm, images.normals
    with_rim = len(images.rim) > 0
    squares, matches = 0.0, 0
    for k in range(samples.first[source], samples.first[source + 1]):
        px, py, pz = points[k, 0], points[k, 1], points[k, 2]
        wx, wy, wz = transform_point(T_common_source, px, py, pz)
        x, y, z = transform_point(T_target_common, wx, wy, wz)
        pixel = pixel_of(images, target, x, y, z)
        if pixel < 0:
            continue
        depth = depths_mm[pixel]
        if depth <= 0.0 or abs(depth - z) > 3.0 * gate_mm:
            continue
        sx, sy, sz = rotate_vector(T_common_source, normals[k, 0], normals[k, 1], normals[k, 2])
        qx, qy, qz = rotate_vector(
            T_common_target, image_normals[pixel, 0], image_normals[pixel, 1], image_normals[pixel, 2]
        )
        nx, ny, nz, agree = mean_normal(sx, sy, sz, qx, qy, qz)
        if not agree:
            continue
        u, v = (pixel - first) % width, (pixel - first) // width
        bx, by, bz = rotate_vector(T_target_common, nx, ny, nz)
        seen = (u - cx) / fx * depth * bx + (v - cy) / fy * depth * by + depth * bz
        distance = x * bx + y * by + z * bz - seen
        if abs(distance) > gate_mm:
            continue
        trust = _weight(-(bx * x + by * y + bz * z) / np.sqrt(x * x + y * y + z * z))
        lever = (wx - centre[0], wy - centre[1], wz - centre[2])
        rim = 0.0
        if with_rim:
            ax, ay, az = rotate_vector(T_common_source, px, py, pz)
            rim = samples.rim[k] * (ax * nx + ay * ny + az * nz) - images.rim[pixel] * seen
        row = point_to_plane_row(lever, (nx, ny, nz))
        add_row(H, g, (*row, rim), distance, trust * robust_weight(distance, gate_mm))
        squares += distance * distance
        matches += 1
    for i in range(len(g)):
        for j in range(i):
            H[j, i] = H[i, j]
    return squares, matches


@compiled
def count_inliers(
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
    T, begin, points, normals = T_target_source, samples.first[source], samples.points, samples.normals
    inliers, violations = 0, 0
    for k in range(begin, samples.first[source + 1]):
        x, y, z = transform_point(T, points[k, 0], points[k, 1], points[k, 2])
        nx, ny, nz = rotate_vector(T, normals[k, 0], normals[k, 1], normals[k, 2])
        towards = -(x * nx + y * ny + z * nz)
        if towards < _MIN_COSINE * np.sqrt(x * x + y * y + z * z):
            continue
        pixel = pixel_of(images, target, x, y, z)
        if pixel < 0:
            continue
        if images.depth_mm[pixel] <= 0.0:
            violations += images.past[pixel]
            continue
        # Along the normal: on a slope one pixel more is much depth.
        behind = (z - images.depth_mm[pixel]) * towards / z
        if abs(behind) <= tolerance_mm:
            inliers += 1
            on_surface[k - begin] = 1.0
        elif behind < max(_THICKNESS_MM, 2.0 * tolerance_mm):
            violations += 1
    return inliers, violations
