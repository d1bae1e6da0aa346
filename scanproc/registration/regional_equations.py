"""What pulls the views of a pair together in each region of the foot: normal equations, region by region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray, transform
from scanproc.parallel import parallel_map
from scanproc.registration.incremental import Poses
from scanproc.registration.point_to_plane import MIN_MATCHES, point_to_plane_row, robust_weight
from scanproc.registration.projective_icp import facing_points
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Images, Samples
from scanproc.registration.view_pairs import Pairs, centre_poses, chunks_of, sample_pairs

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
    rows = np.zeros((len(pairs), len(count), 30))

    def add(chunk: slice) -> None:
        _equations(views.coarse, views.images, stack, pairs[chunk], region, gate_mm, rows[chunk])

    parallel_map(add, chunks_of(pairs), "seeking movement")
    kept = rows[:, :, 29].sum(axis=1) >= MIN_MATCHES
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
def coupling_with_views(a: NDArray[np.int64], b: NDArray[np.int64], H: FloatArray, count: int) -> FloatArray:
    """Return (6 V, V): how the pull on each pose grows with one number of each of V views.

    Parameters
    ----------
    a, b, H : (E,) numbers of source and target, and (E, 6) how the pull on the source grows with the source's number
        less the target's.
    """
    sums = np.zeros((6 * count, count))
    for e in range(len(H)):
        for i in range(6):
            own, other = 6 * a[e] + i, 6 * b[e] + i
            sums[own, a[e]] += H[e, i]
            sums[own, b[e]] -= H[e, i]
            sums[other, a[e]] -= H[e, i]
            sums[other, b[e]] += H[e, i]
    return sums


@compiled
def _equations(
    samples: Samples,
    images: Images,
    poses: FloatArray,
    pairs: Pairs,
    region: NDArray[np.int64],
    gate_mm: float,
    rows: FloatArray,
) -> None:
    """Add to rows, (E, R, 30): H, g, sum of weights, weighted sum of squared distances, number of points."""
    for e in range(len(pairs)):
        source, target = pairs[e, 0], pairs[e, 1]
        matches = facing_points(samples, source, images, target, poses[source], poses[target], gate_mm)
        for found in matches:
            distance = found[7]
            weight = robust_weight(distance, gate_mm)
            row = point_to_plane_row((found[1], found[2], found[3]), (found[4], found[5], found[6]))
            sums, m = rows[e, region[int(found[0])]], 0
            for i in range(6):
                for j in range(i + 1):
                    sums[m] += weight * row[i] * row[j]
                    m += 1
                sums[21 + i] += weight * row[i] * distance
            sums[27] += weight
            sums[28] += weight * distance * distance
            sums[29] += 1.0
