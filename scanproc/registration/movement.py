"""Whether the foot moved while it was recorded: two groups of views that see two surfaces.

Between still views every distance is noise: waves, warp and what the matching window makes of a curved surface, all
alike within a group and across. If part of the foot moved, views after it lie off those before it, by the same
amount in the same regions, whichever pair is asked. So each view is held against what all *others* say of
the two groups (leave one out): noise does not foretell what it has not seen, a movement does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.registration.regional_distances import RegionalDistances

_ROUNDS = 15  # after which the groups stay as they are
_MAX_STEPS = 24  # times at which the foot may have moved once for all that are tried
_MAX_REGIONS = 12  # regions by which the views are parted at first: those in which they differ most
_MIN_VIEWS = 4  # that tell of a region, whichever is left out
_MIN_GROUP = 2  # views of each group that tell of a region: one view's waves are no second surface
_MOST = 0.8  # of the views that tell of a region
_PRIOR_PAIRS = 8.0  # pairs by which a region's own noise is held near that of all


@dataclass(frozen=True)
class MovementLimits:
    """What counts as movement.

    Attributes
    ----------
    max_strength : largest number of moved regions times their median squared distance in units of the noise; regions
        in which views err together count as the fewer that they are worth.
    min_sd : distance between the groups in a region, in units of its noise, from which the region has moved. Views from
        one side err alike, so that a larger group is no better known: the noise is that of a single view, whatever
        their number. From 3.0 on waves of time-of-flight cameras counted as well.
    min_regions : moved regions; fewer are where one surface hides another.
    """

    max_strength: float
    min_sd: float = 3.25
    min_regions: int = 3


@dataclass(frozen=True)
class Movement:
    """Two groups of views that see two surfaces.

    Attributes
    ----------
    moved : views of the smaller group, and those recorded among them that saw nothing of what moved.
    distance_mm : RMS distance between the surfaces where they are two.
    noise_mm : RMS distance there between views of one group.
    share : of the regions in which both groups saw the foot that have moved.
    strength : see `MovementLimits`.
    """

    moved: tuple[int, ...]
    distance_mm: float
    noise_mm: float
    share: float
    strength: float


@dataclass(frozen=True)
class _Split:
    """How well two groups foretell what each view sees.

    Attributes
    ----------
    position : (V,) where each view lies between the surface of the one group, 0, and that of the other, 1.
    weight : (V,) squared distances in mm^2 by which that is known.
    offset_mm : (R,) of the second group's surface outside of the first's, 0 where that is noise.
    both : (R,) bool, regions that both groups saw.
    noise_mm : of one view.
    together : regions that are worth one: what views err by is alike in regions near each other.
    """

    is_second: BoolArray
    position: FloatArray
    weight: FloatArray
    offset_mm: FloatArray
    both: BoolArray
    noise_mm: float
    together: float

    @property
    def moved(self) -> BoolArray:
        """Return the regions that have moved, (R,)."""
        return np.asarray(self.offset_mm != 0.0)

    @property
    def explained(self) -> float:
        """Return the number of moved regions times their median squared distance in units of the noise."""
        return float(self.moved.sum() * np.median(self.offset_mm[self.moved] ** 2)) / self.noise_mm**2

    @property
    def strength(self) -> float:
        """See `MovementLimits.max_strength`."""
        return self.explained / self.together


def find_movement(distances: RegionalDistances, limits: MovementLimits) -> Movement | None:
    """Return the two groups of views that see two surfaces, or None where all see one."""
    splits = [_settled(distances, start, limits.min_sd) for start in _starts(distances)]
    found = [split for split in splits if split is not None and split.moved.sum() >= limits.min_regions]
    if not found:
        return None
    best = max(found, key=lambda split: split.explained)
    told = best.weight > 0.0
    first, second = np.flatnonzero(told & ~best.is_second), np.flatnonzero(told & best.is_second)
    if best.strength <= limits.max_strength or not len(first) or not len(second):
        return None
    smaller = min(first, second, key=lambda group: (len(group), -group[0]))  # as large: what was seen first stays
    within = (best.is_second[distances.source] == best.is_second[distances.target]) & best.moved[distances.region]
    return Movement(
        moved=_with_views_between(smaller, first if smaller is second else second, np.unique(distances.source)),
        distance_mm=float(np.sqrt(np.mean(best.offset_mm[best.moved] ** 2))),
        noise_mm=float(np.sqrt(np.mean(distances.distance_mm[within] ** 2))) if within.any() else best.noise_mm,
        share=float(best.moved.sum() / best.both.sum()),
        strength=best.strength,
    )


def _with_views_between(moved: NDArray[np.intp], still: NDArray[np.intp], placed: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the views that moved, and those of the placed ones that tell of no group but lie next to them alone.

    Where the foot moved once, or once there and back, it has moved in them as well: one that saw the leg alone says
    nothing of an ankle that bent. Who wiggles the toes holds still between.
    """
    told = np.sort(np.concatenate([moved, still]))
    if np.count_nonzero(np.diff(np.isin(told, moved))) > 2:
        return tuple(int(view) for view in moved)
    before = np.searchsorted(told, placed, side="right") - 1
    after = np.searchsorted(told, placed, side="left")
    is_moved = np.isin(told, moved)
    beside = is_moved[before.clip(0)] | (before < 0), is_moved[after.clip(max=len(told) - 1)] | (after >= len(told))
    return tuple(int(view) for view in placed[beside[0] & beside[1]])


def _starts(distances: RegionalDistances) -> list[BoolArray]:
    """Return groups to begin with: before and after some moment, and above and below in some region."""
    count, regions = distances.num_views, distances.num_regions
    order = np.arange(count)
    times = np.unique(np.linspace(2, count - 2, _MAX_STEPS).round().astype(int))
    place = distances.source * regions + distances.region
    number = np.bincount(place, minlength=count * regions).reshape(count, regions)
    heights = np.bincount(place, distances.distance_mm, count * regions).reshape(count, regions) / np.maximum(number, 1)
    spread = np.where((number > 0).sum(axis=0) >= 4, (heights**2).sum(axis=0), 0.0)
    spread /= np.maximum((number > 0).sum(axis=0), 1)
    most = np.argsort(-spread, kind="stable")[:_MAX_REGIONS]
    return [order >= time for time in times] + [heights[:, region] > 0.0 for region in most]


def _settled(distances: RegionalDistances, is_second: BoolArray, min_sd: float) -> _Split | None:
    """Return the groups after each view went where it fits better, until none does; None if one of them is empty."""
    split = None
    for _ in range(_ROUNDS):
        if min(is_second.sum(), (~is_second).sum()) < 2:
            return None
        split = _split(distances, is_second, min_sd)
        better = np.where(split.weight > 0.0, split.position > 0.5, is_second)
        if (better == is_second).all():
            break
        is_second = better
    return split


def _split(distances: RegionalDistances, is_second: BoolArray, min_sd: float) -> _Split:
    """Hold each view against what the others say of two groups."""
    source, target, region, distance = distances.source, distances.target, distances.region, distances.distance_mm
    shape = distances.num_views, distances.num_regions
    place = source * shape[1] + region
    is_cross = is_second[source] != is_second[target]
    outward = np.where(is_cross, np.where(is_second[source], distance, -distance), 0.0)
    sums = np.bincount(place, outward, shape[0] * shape[1]).reshape(shape)
    pairs = np.bincount(place, is_cross, shape[0] * shape[1]).reshape(shape)
    mean = np.divide(sums.sum(axis=0), pairs.sum(axis=0), out=np.zeros(shape[1]), where=pairs.sum(axis=0) > 0.0)
    left_mm = np.where(is_cross, outward - mean[region], distance)
    noise, noise_of_region = _noise(distances, left_mm)

    # Every pair is there both ways: half of the sum over all views, less what this one says.
    others = pairs.sum(axis=0) / 2.0 - pairs
    offset = np.divide(sums.sum(axis=0) / 2.0 - sums, others, out=np.zeros(shape), where=others > 0.0)
    second, first = (_views_beside(pairs > 0.0, group) for group in (is_second, ~is_second))
    sd = noise_of_region * np.sqrt(1.0 / np.maximum(first, 1) + 1.0 / np.maximum(second, 1))
    is_known: BoolArray = (first >= 1) & (second >= 1) & (first + second >= _MIN_VIEWS)
    offset = np.where(is_known & (np.abs(offset) > min_sd * sd), offset, 0.0)

    # A region has moved if it has whichever view is left out of those that tell of it, but for a few.
    tells = pairs > 0.0
    moved = np.abs(mean) > min_sd * noise_of_region
    moved &= (tells & (offset != 0.0)).sum(axis=0) >= _MOST * tells.sum(axis=0)
    for group in (is_second, ~is_second):
        moved &= tells[group].sum(axis=0) >= _MIN_GROUP
    offset = np.where(moved, offset, 0.0)

    expected = offset[source, region]
    weight = np.asarray(np.bincount(source, expected**2, shape[0]), np.float64)
    along = np.bincount(source, expected * (distance + is_second[target] * expected), shape[0])
    position = np.divide(along, weight, out=np.full(shape[0], 0.5), where=weight > 0.0)
    offset_mm = np.where(moved, mean, 0.0)
    both = np.asarray(is_known.any(axis=0))
    return _Split(
        is_second, position, weight, offset_mm, both, noise, _together(distances, left_mm * offset_mm[region])
    )


def _views_beside(has_pair: BoolArray, group: BoolArray) -> NDArray[np.int64]:
    """Return how many views of a group, but for the view itself, have a pair across in each region, (V, R)."""
    own = has_pair & group[:, None]
    return np.asarray(own.sum(axis=0) - own, np.int64)


def _together(distances: RegionalDistances, along: FloatArray) -> float:
    """Return the mean square of sums over the regions of a pair of views, in units of that of as many that err alone.

    Parameters
    ----------
    along : (N,) what two groups leave unexplained of each distance, times the offset of its region.
    """
    _, pair = np.unique(distances.source * distances.num_views + distances.target, return_inverse=True)
    sums, squares = np.bincount(pair, along), np.bincount(pair, along**2)
    return max(float((sums**2).sum() / squares.sum()), 1.0) if squares.any() else 1.0


def _noise(distances: RegionalDistances, left_mm: FloatArray) -> tuple[float, FloatArray]:
    """Return the standard deviation of one view's distance, mm: over all regions, and of each, (R,).

    Parameters
    ----------
    left_mm : what two groups leave unexplained of each distance.
    """
    squares = left_mm**2 / 2.0  # two views err
    pooled = float(squares.mean()) if len(squares) else 0.0
    # Every pair is there both ways.
    of_region = np.bincount(distances.region, squares, distances.num_regions) / 2.0
    count = np.bincount(distances.region, minlength=distances.num_regions) / 2.0
    return np.sqrt(max(pooled, 1e-6)), np.sqrt((of_region + _PRIOR_PAIRS * pooled) / (count + _PRIOR_PAIRS))
