"""How every placed view fits others: counted once, then judged for any choice of views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray
from scanproc.registration.incremental import Poses
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.view_pairs import Pairs, centre_poses, count_pairs, edge_equations

# A unit, so to say, not a limit: a pair that holds itself in a direction has ten thousand times as much.
_LOOSE = 1e-4  # of a pair's points, at 100 mm, taken to hold it in every direction


@dataclass(frozen=True)
class AgreementLimits:
    """What a view must keep to stay.

    Attributes
    ----------
    min_overlap, min_consistency : see `PairStatistics`.
    max_residual_mm, max_residual_ratio : RMS distance from the others; the second in units of the median view's.
    """

    min_overlap: float
    min_consistency: float
    max_residual_mm: float
    max_residual_ratio: float


@dataclass(frozen=True)
class RejectedView:
    """How a view fitted when it was dropped.

    Attributes
    ----------
    overlap : with any other view; with those that hang together, if the view is `apart` from them.
    limit_mm : what its distance was held against.
    """

    overlap: float
    consistency: float
    rms_mm: float
    limit_mm: float
    apart: bool = False


@dataclass(frozen=True)
class PairStatistics:
    """Counts for E pairs of a view a and a view b, both ways, each (E,) float64.

    Attributes
    ----------
    pairs : (E, 2) indices of a and b.
    inliers : points of a on what b saw.
    violations : points of a that b would have seen elsewhere, see `projective_icp.count_inliers`.
    squares, matches : sum of squared distances in mm^2 of a's points from b's surface, and their number.
    strains : mean squared distance in mm^2 that a would gain if it followed b alone; see `strain_mm`.
    points : (V,) number of points of each view.
    """

    pairs: Pairs
    inliers: FloatArray
    violations: FloatArray
    squares: FloatArray
    matches: FloatArray
    strains: FloatArray
    points: FloatArray

    def overlap(self, stays: NDArray[np.bool_]) -> FloatArray:
        """Return the largest share of each view's points that one other that stays saw, (V,)."""
        a, b = self.pairs.T
        largest = np.zeros(len(self.points))
        np.maximum.at(largest, a, self.inliers * stays[b] / self.points[a])
        return largest

    def consistency(self, stays: NDArray[np.bool_]) -> FloatArray:
        """Return the share of each view's judged points that agree with those that stay, (V,); both ways count.

        Contradictions weigh as much as hits: a group of views that agrees within itself but was put in the wrong
        place contradicts all others.
        """
        inliers, violations = self._both_ways(self.inliers, stays), self._both_ways(self.violations, stays)
        return np.asarray(inliers / np.maximum(inliers + violations, 1.0))

    def rms_mm(self, stays: NDArray[np.bool_]) -> FloatArray:
        """Return the RMS distance of each view from those that stay, (V,) mm; inf where it overlaps none."""
        squares, matches = self._both_ways(self.squares, stays), self._both_ways(self.matches, stays)
        mean = np.divide(squares, matches, out=np.full(len(matches), np.inf), where=matches > 0)
        return np.asarray(np.sqrt(mean))

    def expected_rms_mm(self, stays: NDArray[np.bool_]) -> FloatArray:
        """Return what each view's RMS distance would be if it erred as the others do, (V,) mm; nan where none tells.

        It is the mean of two mean squares of the others' distances from each other: of all, and of those that saw the
        same places, by what they share with the view. Noise differs by place, but few have seen the same.
        """
        count = len(self.points)
        squares, matches = np.zeros((count, count)), np.zeros((count, count))
        hold = stays[self.pairs].all(axis=1)
        a, b = self.pairs[hold].T
        squares[a, b], matches[a, b] = self.squares[hold], self.matches[hold]
        squares, matches = squares + squares.T, matches + matches.T  # both ways
        shared = matches / np.maximum(matches.max(axis=1, keepdims=True), 1.0)
        there = _ratio(
            np.einsum("vj,jk,vk->v", shared, squares, shared, optimize=True),
            np.einsum("vj,jk,vk->v", shared, matches, shared, optimize=True),
        )
        everywhere = _ratio(squares.sum() - 2.0 * squares.sum(axis=1), matches.sum() - 2.0 * matches.sum(axis=1))
        return np.asarray(np.sqrt((np.where(np.isnan(there), everywhere, there) + everywhere) / 2.0))

    def strain_mm(self, stays: NDArray[np.bool_]) -> float:
        """Return the median RMS distance by which the views of a pair that stays would rather lie otherwise, mm.

        What holds them there are the other views: noise alone leaves a tenth of a millimetre, a foot that moves its
        toes or bends its ankle while it is recorded, or an open loop, leaves more.
        """
        a, b = self.pairs.T
        judged = stays[a] & stays[b] & (self.matches > 0)
        return float(np.sqrt(np.median(self.strains[judged]))) if judged.any() else 0.0

    def largest_group(self, stays: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the views that hang together with most others, (V,): nobody knows where the rest lie.

        Two groups that see nothing of each other do not contradict each other either, wherever they lie.
        """
        hold = stays[self.pairs].all(axis=1) & (self.matches > 0)
        a, b = self.pairs[hold].T
        group = np.arange(len(stays))
        for _ in range(len(stays)):  # the lowest number spreads to whoever hangs together with it
            lowest = group.copy()
            np.minimum.at(lowest, a, group[b])
            np.minimum.at(lowest, b, group[a])
            if (lowest == group).all():
                break
            group = lowest
        return np.asarray(stays & (group == np.argmax(np.bincount(group[stays], minlength=1))))

    def misfits(
        self, stays: NDArray[np.bool_], limits: AgreementLimits, noise_shares: FloatArray
    ) -> dict[int, RejectedView]:
        """Return the views that do not fit, the worst first: what contradicted only a dropped view is innocent.

        Parameters
        ----------
        noise_shares : (V,) the noise of each view beside that of the recording: one that has more may lie as much
            farther off.
        """
        stays, found, more = stays.copy(), dict[int, RejectedView](), np.maximum(noise_shares, 1.0)
        while stays.any():
            held = self.largest_group(stays)
            overlap, with_most = self.overlap(stays) * held, self.overlap(held)
            consistency, rms = self.consistency(stays), self.rms_mm(stays)
            limit = min(limits.max_residual_mm, limits.max_residual_ratio * float(np.median(rms[stays]))) * more
            is_misfit = (overlap < limits.min_overlap) | (consistency < limits.min_consistency) | (rms > limit)
            if not (stays & is_misfit).any():
                break
            worst = int(np.argmin(np.where(stays & is_misfit, consistency, np.inf)))
            stays[worst] = False
            told = overlap if held[worst] else with_most
            found[worst] = RejectedView(told[worst], consistency[worst], rms[worst], limit[worst], not held[worst])
        return found

    def _both_ways(self, values: FloatArray, stays: NDArray[np.bool_]) -> FloatArray:
        a, b = self.pairs.T
        count = len(self.points)
        return np.asarray(
            np.bincount(a, values * stays[b], count) + np.bincount(b, values * stays[a], count), np.float64
        )


def _ratio(sums: FloatArray, counts: FloatArray) -> FloatArray:
    """Return means, nan where there is nothing to take one of."""
    return np.asarray(np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0.5))


def pair_statistics(
    views: SampledViews, poses: Poses, pairs: Pairs, tolerance_mm: float, min_overlap: float
) -> PairStatistics:
    """Compare the views of each pair, at their T_common_camera.

    Parameters
    ----------
    tolerance_mm : distance at which two views agree on a surface.
    min_overlap : below it, the few points that two views share lie at their rims, and tell no distance.
    """
    stack = centre_poses(views, poses)
    counts = count_pairs(views.coarse, views.images, stack, pairs, tolerance_mm)
    found = edge_equations(views.coarse, views.images, stack, pairs, 2.0 * tolerance_mm)
    points = np.maximum(np.diff(views.coarse.first), 1).astype(np.float64)
    overlaps = counts.inliers > min_overlap * points[pairs[:, 0]]
    matches = found.matches * overlaps
    # A step -H^-1 g gains g^T H^-1 g; the little that is added keeps slides that a pair does not hold from counting.
    loose = np.diag(_LOOSE * np.array([1e4, 1e4, 1e4, 1.0, 1.0, 1.0]))
    steps = np.linalg.solve(found.H + np.maximum(matches, 1.0)[:, None, None] * loose, found.g[..., None])[..., 0]
    strains = np.einsum("ei,ei->e", steps, found.g) / np.maximum(matches, 1.0)
    return PairStatistics(pairs, counts.inliers, counts.violations, found.squares * overlaps, matches, strains, points)
