"""What pulls the views of a pair together in each region of the foot: normal equations, region by region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray, transform
from scanproc.parallel import parallel_map
from scanproc.registration.incremental import Poses
from scanproc.registration.point_to_plane import (
    inverse,
    mean_normal,
    point_to_plane_row,
    robust_weight,
    rotate_vector,
    transform_point,
)
from scanproc.registration.projective_icp import pixel_of
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Images, Samples
from scanproc.registration.view_pairs import Pairs, centre_poses, sample_pairs

_CHUNK = 64  # pairs that one thread takes at a time
_MIN_COSINE = 0.5  # what is seen at a more grazing angle errs sideways
_MIN_MATCHES = 30  # of a pair, see `pose_graph`
_ROW, _COLUMN = np.tril_indices(6)


@dataclass(frozen=True)
class RegionalEquations:
    """Point-to-plane equations of E pairs in R regions, about the middle of the foot, mm and rad.

    Attributes
    ----------
    a, b : (E,) number of source and target among the V placed views, which are in order.
    H : (E, R, 21), lower half of the normal matrix of a motion (rotation vector, translation) of the source.
    g : (E, R, 6), its gradient.
    weight, squares : (R,) and mm2, sums of the weights of all points, and of their weighted squared distances.
    middle : (R, 3) mm, mean point of each region.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    H: FloatArray
    g: FloatArray
    weight: FloatArray
    squares: float
    middle: FloatArray


def regional_equations(
    views: SampledViews, poses: Poses, size_mm: float, gate_mm: float, max_angle_deg: float, num_neighbours: int
) -> RegionalEquations:
    """Compare neighbouring views that have a pose; regions are cubes of `size_mm`."""
    stack = centre_poses(views, poses)
    pairs = sample_pairs(views, poses, max_angle_deg, num_neighbours)
    points = np.vstack([transform(stack[k], views.coarse.of(k)[0]) for k in range(len(views))])
    cells = np.floor(points / size_mm).astype(np.int64)
    cells -= cells.min(axis=0)
    region = np.unique(np.ravel_multi_index(cells.T, cells.max(axis=0) + 1), return_inverse=True)[1]
    count = np.bincount(region)
    middle = np.column_stack([np.bincount(region, points[:, axis]) / count for axis in range(3)])
    chunks = [pairs[k : k + _CHUNK] for k in range(0, len(pairs), _CHUNK)]
    found = parallel_map(
        lambda chunk: _equations(views.coarse, views.images, stack, chunk, region, len(count), gate_mm),
        chunks,
        "seeking movement",
    )
    rows = np.concatenate([np.zeros((0, len(count), 30)), *found])
    kept = rows[:, :, 29].sum(axis=1) >= _MIN_MATCHES
    rows, number = rows[kept], np.cumsum(np.isin(np.arange(len(views)), list(poses))) - 1
    a, b = number[pairs[kept]].T
    return RegionalEquations(
        a=a,
        b=b,
        H=rows[:, :, :21],
        g=rows[:, :, 21:27],
        weight=rows[:, :, 27].sum(axis=0),
        squares=float(rows[:, :, 28].sum()),
        middle=middle,
    )


def symmetric(lower: FloatArray) -> FloatArray:
    """Return (..., 6, 6) matrices from their lower halves, (..., 21)."""
    full = np.empty((*lower.shape[:-1], 6, 6))
    full[..., _ROW, _COLUMN] = lower
    full[..., _COLUMN, _ROW] = lower
    return full


@compiled
def _equations(
    samples: Samples,
    images: Images,
    poses: FloatArray,
    pairs: Pairs,
    region: NDArray[np.int64],
    num_regions: int,
    gate_mm: float,
) -> FloatArray:
    """Return (E, R, 30): H, g, sum of weights, weighted sum of squared distances, number of points."""
    rows = np.zeros((len(pairs), num_regions, 30))
    for e in range(len(pairs)):
        source, target = pairs[e, 0], pairs[e, 1]
        T_target_common = inverse(poses[target])
        fx, fy, cx, cy = images.cameras[target, 2:]
        width, first = int(images.cameras[target, 0]), images.first[target]
        for k in range(samples.first[source], samples.first[source + 1]):
            p, n = samples.points[k], samples.normals[k]
            wx, wy, wz = transform_point(poses[source], p[0], p[1], p[2])
            x, y, z = transform_point(T_target_common, wx, wy, wz)
            pixel = pixel_of(images, target, x, y, z)
            if pixel < 0 or images.depth_mm[pixel] <= 0.0:
                continue
            depth, q = images.depth_mm[pixel], images.normals[pixel]
            sx, sy, sz = rotate_vector(poses[source], n[0], n[1], n[2])
            qx, qy, qz = rotate_vector(poses[target], q[0], q[1], q[2])
            nx, ny, nz, agree = mean_normal(sx, sy, sz, qx, qy, qz)
            bx, by, bz = rotate_vector(T_target_common, nx, ny, nz)
            here = -(n[0] * p[0] + n[1] * p[1] + n[2] * p[2]) / np.sqrt(p[0] ** 2 + p[1] ** 2 + p[2] ** 2)
            there = -(bx * x + by * y + bz * z) / np.sqrt(x * x + y * y + z * z)
            if not agree or here < _MIN_COSINE or there < _MIN_COSINE:
                continue
            u, v = (pixel - first) % width, (pixel - first) // width
            distance = (x - (u - cx) / fx * depth) * bx + (y - (v - cy) / fy * depth) * by + (z - depth) * bz
            if abs(distance) > gate_mm:
                continue
            row, weight = point_to_plane_row((wx, wy, wz), (nx, ny, nz)), robust_weight(distance, gate_mm)
            found, m = rows[e, region[k]], 0
            for i in range(6):
                for j in range(i + 1):
                    found[m] += weight * row[i] * row[j]
                    m += 1
                found[21 + i] += weight * row[i] * distance
            found[27] += weight
            found[28] += weight * distance * distance
            found[29] += 1.0
    return rows
