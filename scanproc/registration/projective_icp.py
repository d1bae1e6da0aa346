"""Points of one view against the depth image of another: distances, agreement, and the step that brings them together.

A point is matched with the pixel that it falls on (Blais & Levine 1995), which takes no search; the distance is that to
the plane of the pixel, whose normal the image knows well (Chen & Medioni 1992).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.registration.depth_noise import noise_share
from scanproc.registration.point_to_plane import (
    add_rotated,
    add_rows,
    compose,
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
#: Points seen at a more grazing angle than this may have been dropped by the other view, and err sideways: they prove
#: nothing.
_MIN_COSINE = 0.5
_MOST_TOLERANCE = 2.0  # times what the recording's noise makes of it, where a point is farther away
#: Towards a silhouette a point that errs outwards misses the image and one that errs inwards does not, so that views
#: would push each other apart: trust rises from little at 84 to all at 53 degrees.
_GRAZING, _FACING, _LEAST_TRUST = 0.1, 0.6, 0.05


@compiled
def _pixel_of(images: Images, view: int, x: float, y: float, z: float) -> tuple[int, int, int]:
    """Return index, u and v of the pixel that a point of the camera frame falls on; the index is -1 outside."""
    if z <= 1.0:
        return -1, 0, 0
    width, height = int(images.cameras[view, 0]), int(images.cameras[view, 1])
    u = int(np.floor(x / z * images.cameras[view, 2] + images.cameras[view, 4] + 0.5))
    v = int(np.floor(y / z * images.cameras[view, 3] + images.cameras[view, 5] + 0.5))
    if u < 0 or v < 0 or u >= width or v >= height:
        return -1, 0, 0
    return int(images.first[view] + v * width + u), u, v


@compiled
def _project_samples(
    samples: Samples, source: int, images: Images, target: int, T_target_source: FloatArray, reach_mm: float
) -> tuple[NDArray[np.int64], FloatArray, NDArray[np.float32]]:
    """Return what the target saw where the source's points fall, unless it is farther ahead or behind than the reach.

    In loops of their own: the pixels lie far apart in memory, and so several are on their way at a time, which makes
    the whole two to three times as fast.

    Returns
    -------
    Sample, pixel, u and v of M points, (M, 4), the points in the target's frame, (M, 3) mm, and depth and normal there,
    (M, 4).
    """
    begin, end = samples.first[source], samples.first[source + 1]
    places, there = np.empty((end - begin, 4), np.int64), np.empty((end - begin, 4), np.float32)
    points = np.empty((end - begin, 3))
    count = 0
    for k in range(begin, end):
        x, y, z = transform_point(T_target_source, samples.points[k, 0], samples.points[k, 1], samples.points[k, 2])
        pixel, u, v = _pixel_of(images, target, x, y, z)
        if pixel >= 0:
            places[count, 0], places[count, 1], places[count, 2], places[count, 3] = k, pixel, u, v
            points[count, 0], points[count, 1], points[count, 2] = x, y, z
            count += 1
    for m in range(count):
        there[m, 0] = images.depth_mm[places[m, 1]]
    near = 0
    for m in range(count):
        depth = there[m, 0]
        if depth > 0.0 and abs(depth - points[m, 2]) <= reach_mm:
            places[near] = places[m]
            points[near] = points[m]
            there[near, 0] = depth
            near += 1
    for m in range(near):
        n = images.normals[places[m, 1]]
        there[m, 1], there[m, 2], there[m, 3] = n[0], n[1], n[2]
    return places[:near], points[:near], there[:near]


@compiled
def _facing_trust(cosine: float) -> float:
    """Return how much a match counts, up to 1, by the cosine between the surface's normal and the ray of the camera."""
    share = min(max((cosine - _GRAZING) / (_FACING - _GRAZING), 0.0), 1.0)
    return max(share * share, _LEAST_TRUST)


@compiled
def _rim_pull(
    moved: tuple[float, float, float], normal: tuple[float, float, float], own_rim: float, seen: float, rim: float
) -> float:
    """Return how the distance along the common normal grows with the rim term.

    Parameters
    ----------
    moved : the source's point from its camera, mm, turned into the target's frame.
    own_rim, rim : of it and of the target's pixel, mm, see `depth.rims.rim_bias`.
    seen : of the target's point along the normal, mm from its camera.
    """
    (x, y, z), (nx, ny, nz) = moved, normal
    return own_rim * (x * nx + y * ny + z * nz) - rim * seen


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

    Each weighs by the noise at its depth, where the images say so.

    The step that they ask for is a rotation vector about `centre` and a translation, in the common frame; the last
    unknown is a term that all views share: the rim term, by which the depth of both grows, see `depth.rims`, or the
    focal one, by which both lie farther from the axes of their cameras.

    Returns
    -------
    Sum of the squared distances in mm2, and the number of matched points.
    """
    # In the frame of the target, where its pixels are: only the sums are rotated into the common one.
    T_target_common = inverse(T_common_target)
    T_target_source = compose(T_target_common, T_common_source)
    middle = transform_point(T_target_common, centre[0], centre[1], centre[2])
    fx, fy, cx, cy = images.cameras[target, 2:]
    # Looked up here: a function that is given all arrays of images and samples takes longer than all else.
    own, normals, own_rim, asks_focal = samples.points, samples.normals, samples.rim, images.asks_focal
    rim_deg, rim_value, rim_decay_deg = images.rim_deg, images.rim_value, images.rim_decay_deg
    noise_at_mm, weight_order = images.noise_at_mm, images.weight_order
    squares, matches = 0.0, 0
    places, points, there = _project_samples(samples, source, images, target, T_target_source, 3.0 * gate_mm)
    rows, weights = np.empty((len(places), 8)), np.empty(len(places))
    for m in range(len(places)):
        k, u, v = places[m, 0], places[m, 2], places[m, 3]
        x, y, z = points[m, 0], points[m, 1], points[m, 2]
        rim = there[m, 0] * np.exp(-rim_deg[places[m, 1]] / rim_decay_deg) if rim_decay_deg > 0.0 else 0.0
        depth = there[m, 0] * (1.0 + rim_value * rim)
        sx, sy, sz = rotate_vector(T_target_source, normals[k, 0], normals[k, 1], normals[k, 2])
        nx, ny, nz, agree = mean_normal(sx, sy, sz, there[m, 1], there[m, 2], there[m, 3])
        if not agree:
            continue
        seen = (u - cx) / fx * depth * nx + (v - cy) / fy * depth * ny + depth * nz
        distance = x * nx + y * ny + z * nz - seen
        if abs(distance) > gate_mm:
            continue
        trust = _facing_trust(-(nx * x + ny * y + nz * z) / np.sqrt(x * x + y * y + z * z))
        lever = (x - middle[0], y - middle[1], z - middle[2])
        row = point_to_plane_row(lever, (nx, ny, nz))
        for i in range(6):
            rows[matches, i] = row[i]
        rows[matches, 6] = 0.0
        if asks_focal:
            ax, ay, az = rotate_vector(T_target_source, own[k, 0], own[k, 1], 0.0)
            rows[matches, 6] = ax * nx + ay * ny + az * nz - (seen - depth * nz)
        elif rim_decay_deg > 0.0:
            moved = rotate_vector(T_target_source, own[k, 0], own[k, 1], own[k, 2])
            rows[matches, 6] = _rim_pull(moved, (nx, ny, nz), own_rim[k], seen, rim)
        rows[matches, 7] = distance
        variance = noise_share(own[k, 2], there[m, 0], noise_at_mm, weight_order)
        weights[matches] = trust * robust_weight(distance, gate_mm) / variance
        squares += distance * distance
        matches += 1
    own_H, own_g = np.zeros(H.shape), np.zeros(g.shape)
    add_rows(own_H, own_g, rows[:matches], weights[:matches])
    add_rotated(H, g, own_H, own_g, T_common_target)
    return squares, matches


@compiled
def facing_points(
    samples: Samples,
    source: int,
    images: Images,
    target: int,
    T_common_source: FloatArray,
    T_common_target: FloatArray,
    reach_mm: float,
) -> FloatArray:
    """Return the source's points that both cameras saw from ahead, and how far they lie off the target's surface.

    Returns
    -------
    (M, 8): sample, point in mm and mean normal of both in the common frame, signed distance along it in mm.
    """
    T_target_source = compose(inverse(T_common_target), T_common_source)
    fx, fy, cx, cy = images.cameras[target, 2:]
    places, points, there = _project_samples(samples, source, images, target, T_target_source, np.inf)
    rows, count = np.empty((len(places), 8)), 0
    for m in range(len(places)):
        k, u, v, depth = places[m, 0], places[m, 2], places[m, 3], there[m, 0]
        p, n = samples.points[k], samples.normals[k]
        x, y, z = points[m, 0], points[m, 1], points[m, 2]
        sx, sy, sz = rotate_vector(T_target_source, n[0], n[1], n[2])
        nx, ny, nz, agree = mean_normal(sx, sy, sz, there[m, 1], there[m, 2], there[m, 3])
        here = -(n[0] * p[0] + n[1] * p[1] + n[2] * p[2]) / np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2)
        ahead = -(nx * x + ny * y + nz * z) / np.sqrt(x * x + y * y + z * z)
        if not agree or here < _MIN_COSINE or ahead < _MIN_COSINE:
            continue
        distance = (x - (u - cx) / fx * depth) * nx + (y - (v - cy) / fy * depth) * ny + (z - depth) * nz
        if abs(distance) <= reach_mm:
            rows[count, 0], rows[count, 7] = k, distance
            rows[count, 1], rows[count, 2], rows[count, 3] = transform_point(T_common_target, x, y, z)
            rows[count, 4], rows[count, 5], rows[count, 6] = rotate_vector(T_common_target, nx, ny, nz)
            count += 1
    return rows[:count]


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

    What is farther away than most has more noise, and a wider tolerance.

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
        pixel, _, _ = _pixel_of(images, target, x, y, z)
        if pixel < 0:
            continue
        if images.depth_mm[pixel] <= 0.0:
            violations += images.past[pixel]
            continue
        # Along the normal: on a slope one pixel more is much depth.
        behind = (z - images.depth_mm[pixel]) * towards / z
        borne_mm = tolerance_mm
        if abs(behind) > tolerance_mm and images.noise_order > 0:
            share = noise_share(points[k, 2], images.depth_mm[pixel], images.noise_at_mm, images.noise_order)
            borne_mm *= min(max(np.sqrt(share), 1.0), _MOST_TOLERANCE)
        if abs(behind) <= borne_mm:
            inliers += 1
            on_surface[k - begin] = 1.0
        elif behind < max(_THICKNESS_MM, 2.0 * tolerance_mm):
            violations += 1
    return inliers, violations
