"""How far a fused surface can be trusted: what else the same recording might have given.

The views fall into K groups. Leaving one out moves the surface a little, along its normal; by the jackknife (Tukey
1958) the variance of a result t of K groups is (K - 1) / K times the sum of the squared deviations of the K results
that each lack one. Moved sqrt(K - 1) times as far, less where few of the groups saw it, the K surfaces are as many
replicates of the surface: the standard uncertainty of whatever is measured on them is the RMS of its deviations. Noise,
poses and how ill-conditioned a landmark is are all in it; what is wrong with all views alike is not, such as the
camera's scale, or what they share over a region: see `regional_spread`.

So few groups tell the spread itself only roughly. Their mean has Student's distribution of K - 1 degrees of freedom,
whose standard deviation is sqrt(nu / (nu - 2)) times the estimate (JCGM 101:2008, 6.4.9.4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, IntArray, Mesh
from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import vertex_normals
from scanproc.mesh.smoothing import regional_means

_REACH_EDGES = 40  # across half of the largest hole that is closed
_LEAST_FREEDOM = 3  # degrees of freedom below which Student's distribution has no standard deviation
_REGION_ROUNDS = 40  # of means with neighbours 1 mm away: over 10 mm, full width at half maximum
_EVERYWHERE, _WAVE_MM = 0.1, 150.0  # of what is common to all views: share of its variance; the rest comes and goes
_MAX_MM = 3.0  # a replicate that moves a vertex farther was decided by a single view


def jackknife_errors(distances: FloatArray) -> NDArray[np.float16]:
    """Return K replicates of the error of a fused surface along its normals, (V, K) mm; NaN where too few groups tell.

    Parameters
    ----------
    distances : (K, V, 2), see `visibility.Visibility`.
    """
    sums, weights = distances[..., 0], distances[..., 1]
    others_sum, others_weight = sums.sum(axis=0) - sums, weights.sum(axis=0) - weights
    known = np.broadcast_to(others_weight.min(axis=0) > 0.0, sums.shape)
    means = np.divide(others_sum, others_weight, out=np.zeros(sums.shape), where=known)
    errors_mm = _factor(weights, known[0]) * (means - means.mean(axis=0))
    bounded = np.where(known, errors_mm.clip(-_MAX_MM, _MAX_MM), np.nan)
    return np.ascontiguousarray(bounded.T, dtype=np.float16)


def _factor(weights: FloatArray, known: BoolArray) -> FloatArray:
    """Return by what factor, (V,), the deviations of K means that each lack a group are replicates of the whole mean.

    A group of the share p of the weights at a place, its variance one over its weight, moves the mean by a deviation of
    variance p / (1 - p) times that of the whole mean. For K groups alike the squares are thus K / (K - 1) too large; at
    places that few groups saw, or one above all, they are by far more, and groups that saw nothing add none.
    """
    freedom = max(len(weights) - 1, _LEAST_FREEDOM)
    shares = np.divide(weights, weights.sum(axis=0), out=np.zeros(weights.shape), where=known)
    excess = np.where(known, (shares / (1.0 - shares)).sum(axis=0), np.inf)
    return np.asarray(np.sqrt(len(weights) / excess * freedom / (freedom - 2.0)))


def regional_spread(mesh: Mesh, errors_mm: NDArray[np.float16]) -> FloatArray:
    """Return how far the means of whole regions are apart from group to group, (V,) mm, standard deviation of a group.

    Poses, warps of the depth, rims and what the matching window makes of a shape err over regions; the noise of pixels
    does not. What differs so from group to group is in the replicates already; what all groups share cannot differ. It
    has the same causes. How much of it there is beside what differs (`surface.shared_doubt`) was found on 25 simulated
    recordings of four legs under the noise of a real camera; of 76, the RMS of the errors of measures is 0.9 to 1.2 sd.
    """
    regional = regional_means(mesh, np.nan_to_num(errors_mm.astype(np.float64)), _REGION_ROUNDS)
    return np.asarray(np.sqrt((regional**2).sum(axis=1)))


def common_errors(points: FloatArray, doubt_mm: FloatArray, count: int) -> FloatArray:
    """Return replicates, (V, count) mm, of what is wrong in all views alike, at (V, 3) points.

    Views that err alike cannot show it by their differences. Rims and the matching window make of each shape what it
    is: such errors are alike over a region, less so farther off, nowhere with the same sign all over the foot. On the
    borders of simulated feet under the noise of a real camera their correlation is 0.8 at 30 mm, a half at 60, a
    quarter at 100. So a part of their variance is everywhere at once, the rest in waves along each axis.

    Parameters
    ----------
    doubt_mm : (V,) their standard uncertainty, which that of the replicates is at every point.
    """
    if count < 2:
        return np.zeros((len(points), count))
    columns = _orthogonal_columns(count)
    turns = 2.0 * np.pi / _WAVE_MM * points
    waves = np.stack([np.cos(turns), np.sin(turns)], axis=2).reshape(len(points), -1)  # x, y, z: two each
    known = columns[:, 1:].shape[1]
    everywhere = np.sqrt(_EVERYWHERE if known else 1.0)
    errors = everywhere * np.broadcast_to(columns[:, 0], (len(points), count))
    if known:
        share = np.sqrt((1.0 - _EVERYWHERE) / (known // 2))
        errors = errors + share * waves[:, :known] @ columns[:, 1:].T
    return np.asarray(doubt_mm[:, None] * errors)


def stretch_errors(mesh: Mesh, stretch: float, count: int) -> FloatArray:
    """Return replicates, (V, count) mm, of a surface that is stretched about its middle: a share, one sd.

    Groups of views do not show it. Of 34 recordings of raised feet, which no floor holds, lengths were 0.6 mm too long
    in the mean, at the toes, and with true poses hardly; why the poses do that is not known.
    """
    outward_mm = np.einsum("ij,ij->i", mesh.vertices - mesh.vertices.mean(axis=0), vertex_normals(mesh))
    if count < 2:
        return np.zeros((len(outward_mm), count))
    return np.asarray(stretch * np.outer(outward_mm, _orthogonal_columns(count)[:, 0]))


def _orthogonal_columns(count: int) -> FloatArray:
    """Return (count, 1 + 2 n) columns of mean square 1, n of the three axes, square to each other: Fourier's.

    Where replicates are too few for an axis, it has no wave.
    """
    turns = 2.0 * np.pi * np.arange(count)[:, None] / count * np.arange(1, max((count - 1) // 2, 0) + 1)
    pairs = np.sqrt(2.0) * np.stack([np.cos(turns), np.sin(turns)], axis=2).reshape(count, -1)
    if count % 2 == 0:
        return np.column_stack([np.where(np.arange(count) % 2, -1.0, 1.0), pairs[:, :6]])
    # An odd number has no alternating column: its last pair gives one.
    return np.column_stack([pairs[:, -1], pairs[:, :-2][:, :6]])


def extrapolate_errors(mesh: Mesh, errors_mm: NDArray[np.float16], known: BoolArray) -> NDArray[np.float16]:
    """Carry the errors from known vertices, (V,) bool, on to those that nobody knows, from neighbour to neighbour.

    What was invented to close a hole hangs on its border; what stays beyond reach moves with the mean.
    """
    errors, reached = errors_mm.astype(np.float64), known.copy()
    _extrapolate(mesh.faces, errors, reached, _REACH_EDGES)
    if known.any():
        errors[~reached] = errors[known].mean(axis=0)
    return errors.astype(np.float16)


@compiled
def _extrapolate(faces: IntArray, errors: FloatArray, reached: BoolArray, rounds: int) -> None:
    """Fill the errors of vertices not reached yet with the mean of their neighbours', an edge farther in each round."""
    ahead = np.arange(len(faces))  # faces that may have corners to be reached
    sums, counts, new = np.zeros_like(errors), np.zeros(len(errors)), np.empty(len(errors), np.int64)
    for _ in range(rounds):
        num_ahead, num_new = 0, 0
        for face in ahead:
            corners = faces[face]
            first, second, third = reached[corners[0]], reached[corners[1]], reached[corners[2]]
            if first and second and third:
                continue
            ahead[num_ahead] = face
            num_ahead += 1
            if not (first or second or third):
                continue
            for turn in (1, 2):
                for corner in range(3):
                    start, end = corners[(corner + turn - 1) % 3], corners[(corner + 2 - turn) % 3]
                    if reached[start] and not reached[end]:
                        if counts[end] == 0.0:
                            new[num_new] = end
                            num_new += 1
                        counts[end] += 1.0
                        for k in range(errors.shape[1]):
                            sums[end, k] += errors[start, k]
        ahead = ahead[:num_ahead]
        if num_new == 0:
            break
        for vertex in new[:num_new]:
            reached[vertex] = True
            for k in range(errors.shape[1]):
                errors[vertex, k] = sums[vertex, k] / counts[vertex]
