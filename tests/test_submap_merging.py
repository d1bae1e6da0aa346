"""Groups of views recorded from opposite sides, brought together; a group of another thing stays alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posed import errors, motion, pose, prepared, view

from scanproc.artifacts import CleanView
from scanproc.frames import FloatArray, rigid, rotation_about
from scanproc.parallel import using_workers
from scanproc.registration.agreement import Ranking
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.submap_merging import merge_submap

LIMITS = SearchLimits(
    tolerance_mm=4.0,
    min_overlap=0.2,
    min_consistency=0.95,
    num_guesses=4,
    search_back=4,
    ranking=Ranking(consistency_power=6.0, stop_overlap=0.6, stop_consistency=0.97),
)
ONE_SIDE, OTHER_SIDE = (-60.0, -20.0, 20.0), (100.0, 140.0, 180.0)
ASIDE = rigid(rotation_about(np.array([0.0, 0.0, 1.0]), np.radians(140.0)), np.array([120.0, -60.0, 0.0]))


def two_sides(stands: bool, other: str = "leg") -> SampledViews:
    return prepared(
        [view(a, stands=stands) for a in ONE_SIDE] + [view(a, name=other, stands=stands) for a in OTHER_SIDE]
    )


MAIN = {number: pose(azimuth) for number, azimuth in enumerate(ONE_SIDE)}
GROUP = {3 + number: pose(azimuth) for number, azimuth in enumerate(OTHER_SIDE)}


def moved(T: FloatArray, group: dict[int, FloatArray]) -> dict[int, FloatArray]:
    return {number: T @ found for number, found in group.items()}


@pytest.mark.parametrize("aside", [ASIDE, np.linalg.inv(ASIDE)])
def test_two_sides_of_a_standing_foot_are_joined(aside: FloatArray) -> None:
    joined = merge_submap(two_sides(stands=True), moved(aside, GROUP), MAIN, LIMITS)
    assert joined is not None
    assert sorted(joined) == [3, 4, 5]
    off = errors({**MAIN, **joined}, {**MAIN, **GROUP})
    assert off[:, 0].max() < 1.0
    assert off[:, 1].max() < 1.5
    for number, found in joined.items():
        np.testing.assert_allclose(found[2], GROUP[number][2], atol=1e-9)  # still level


@pytest.mark.parametrize("seed", [1, 2])
def test_two_sides_of_a_foot_in_the_air_are_joined(seed: int) -> None:
    joined = merge_submap(two_sides(stands=False), moved(motion(120.0, 90.0, seed), GROUP), MAIN, LIMITS)
    assert joined is not None
    off = errors({**MAIN, **joined}, {**MAIN, **GROUP})
    assert off[:, 0].max() < 1.5
    assert off[:, 1].max() < 2.0


def test_a_group_moves_as_a_whole() -> None:
    group = moved(ASIDE, GROUP)
    joined = merge_submap(two_sides(stands=True), group, MAIN, LIMITS)
    assert joined is not None
    for number in (4, 5):
        before, after = (np.linalg.inv(poses[3]) @ poses[number] for poses in (group, joined))
        np.testing.assert_allclose(after, before, atol=1e-9)


@pytest.mark.parametrize("stands", [True, False])
def test_a_group_of_another_thing_is_not_joined(stands: bool) -> None:
    assert merge_submap(two_sides(stands, other="box"), moved(ASIDE, GROUP), MAIN, LIMITS) is None


def without_leg(whole: CleanView) -> CleanView:
    """Return a view that looked past the foot where its upper half was."""
    rows = np.arange(whole.depth_mm.shape[0])[:, None]
    lower = rows > np.median(np.nonzero(whole.depth_mm)[0])
    return replace(whole, depth_mm=np.where(lower, whole.depth_mm, np.float32(0)), silhouette=whole.silhouette & lower)


@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize(("spoilt", "kept"), [((), [3, 4, 5, 6]), ((100.0,), [4, 5, 6]), ((80.0, 100.0), None)])
def test_a_spoilt_view_of_a_group_is_left_out_and_keeps_no_other_out(
    spoilt: tuple[float, ...], kept: list[int] | None, stands: bool
) -> None:
    """Of four views one may be spoilt; where two are, nobody knows which."""
    azimuths = (100.0, 80.0, 140.0, 180.0)
    group = {3 + number: pose(azimuth) for number, azimuth in enumerate(azimuths)}
    these = [without_leg(view(a, stands=stands)) if a in spoilt else view(a, stands=stands) for a in azimuths]
    joined = merge_submap(
        prepared([view(a, stands=stands) for a in ONE_SIDE] + these), moved(ASIDE, group), MAIN, LIMITS
    )
    assert (None if joined is None else sorted(joined)) == kept
    assert joined is None or errors({**MAIN, **joined}, {**MAIN, **group}).max() < 2.0


def test_sides_that_overlap_nothing_are_not_joined() -> None:
    demanding = replace(LIMITS, min_overlap=0.8)
    assert merge_submap(two_sides(stands=True), moved(ASIDE, GROUP), MAIN, demanding) is None


def test_the_number_of_workers_does_not_matter() -> None:
    found = []
    for workers in (1, 3):
        with using_workers(workers):
            found.append(merge_submap(two_sides(stands=True), moved(ASIDE, GROUP), MAIN, LIMITS))
    one, two = found
    assert one is not None and two is not None
    assert [pose.tobytes() for pose in one.values()] == [pose.tobytes() for pose in two.values()]
