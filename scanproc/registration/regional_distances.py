"""How far views lie from each other in each region of the foot: one number for each pair of views and each region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.compiled import compiled
from scanproc.frames import FloatArray, transform
from scanproc.parallel import parallel_map
from scanproc.registration.incremental import Poses
from scanproc.registration.projective_icp import facing_points
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.stacked_views import Images, Samples
from scanproc.registration.view_pairs import Pairs, centre_poses, chunks_of, sample_pairs


@dataclass(frozen=True)
class RegionLimits:
    """Which distances count.

    Attributes
    ----------
    size_mm : edge of a region. Regions are the cubes of two grids, half a cube apart: where walls lie is chance.
    reach_mm : farthest that a moved surface is looked for.
    min_points : of a view in a region, to tell its distance.
    max_angle_deg : between the cameras of two views: what a camera errs by depends on where it looks from.
    num_neighbours : views that each view is compared with.
    """

    size_mm: float
    reach_mm: float
    min_points: int
    max_angle_deg: float
    num_neighbours: int


@dataclass(frozen=True)
class RegionalDistances:
    """Median signed distances, N of them: how far view `source` lies outside of view `target` in a region.

    Each is there both ways, with the opposite sign.

    Attributes
    ----------
    source, target, region : (N,) int64, numbers of the views and of the region.
    distance_mm : (N,).
    num_views, num_regions : of all, whether they have a distance or not.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    region: NDArray[np.int64]
    distance_mm: FloatArray
    num_views: int
    num_regions: int


def regional_distances(views: SampledViews, poses: Poses, limits: RegionLimits) -> RegionalDistances:
    """Compare neighbouring views that have a pose, region by region."""
    stack = centre_poses(views, poses)
    pairs = sample_pairs(views, poses, limits.max_angle_deg, limits.num_neighbours)
    found = parallel_map(
        lambda chunk: _matches(views.coarse, views.images, stack, pairs[chunk], limits.reach_mm),
        chunks_of(pairs),
        "seeking movement",
    )
    rows = np.vstack([np.zeros((0, 4)), *found])
    regions, num_regions = _regions(views, stack, limits.size_mm)
    a, b = np.tile(rows[:, :2], (len(regions), 1)).astype(np.int64).T
    distance = np.tile(rows[:, 3], len(regions))
    region = np.concatenate([grid[rows[:, 2].astype(np.int64)] for grid in regions])
    flipped = a > b  # what a view says of another and the other of it is one thing
    low, high = np.where(flipped, b, a), np.where(flipped, a, b)
    distance = np.where(flipped, -distance, distance)
    place = (low * len(views) + high) * num_regions + region
    order = np.lexsort((distance, place))
    place, first, count = np.unique(place[order], return_index=True, return_counts=True)
    # The median: where one surface hides another, some points fall on the wrong one.
    median = (distance[order][first + (count - 1) // 2] + distance[order][first + count // 2]) / 2.0
    told = count >= limits.min_points
    place, median = place[told], median[told]
    low, high, region = place // num_regions // len(views), place // num_regions % len(views), place % num_regions
    return RegionalDistances(
        source=np.concatenate([low, high]),
        target=np.concatenate([high, low]),
        region=np.concatenate([region, region]),
        distance_mm=np.concatenate([median, -median]),
        num_views=len(views),
        num_regions=num_regions,
    )


def _regions(views: SampledViews, stack: FloatArray, size_mm: float) -> tuple[list[NDArray[np.int64]], int]:
    """Return the region of each coarse sample in each of two grids, (S,), and the number of regions of both."""
    points = np.vstack([transform(stack[k], views.coarse.of(k)[0]) for k in range(len(views))])
    grids, total = [], 0
    for offset in (0.0, 0.5):
        cells, region = np.unique(np.floor(points / size_mm + offset), axis=0, return_inverse=True)
        grids.append(region.ravel().astype(np.int64) + total)
        total += len(cells)
    return grids, total


@compiled
def _matches(samples: Samples, images: Images, poses: FloatArray, pairs: Pairs, reach_mm: float) -> FloatArray:
    """Return (N, 4): source, target, a sample of the source, and its signed distance from the target's surface, mm."""
    rows, count = np.empty((1024, 4)), 0
    for e in range(len(pairs)):
        source, target = pairs[e, 0], pairs[e, 1]
        found = facing_points(samples, source, images, target, poses[source], poses[target], reach_mm)
        while count + len(found) > len(rows):
            rows = np.concatenate((rows, np.empty_like(rows)))
        for m in range(len(found)):
            rows[count, 0], rows[count, 1], rows[count, 2], rows[count, 3] = source, target, found[m, 0], found[m, 7]
            count += 1
    return rows[:count]
