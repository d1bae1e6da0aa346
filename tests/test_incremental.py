"""Placing views without a first guess: what fits is found, what contradicts is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posed import errors, pose, prepared, view

from scanproc.artifacts import CleanView
from scanproc.frames import FloatArray
from scanproc.parallel import using_workers
from scanproc.registration.agreement import Ranking
from scanproc.registration.candidates import SearchLimits
from scanproc.registration.incremental import register_incrementally, register_more

LIMITS = SearchLimits(
    tolerance_mm=4.0,
    min_overlap=0.25,
    min_consistency=0.92,
    num_guesses=4,
    search_back=4,
    ranking=Ranking(consistency_power=6.0, stop_overlap=0.6, stop_consistency=0.97),
)
ROUND = (0.0, 30.0, 60.0, 100.0, 140.0)
RAISED = ((20.0, -50.0), (55.0, -40.0), (90.0, -20.0), (115.0, 10.0))


def truth(angles: tuple[float, ...], first: int = 0) -> dict[int, FloatArray]:
    return {first + number: pose(azimuth) for number, azimuth in enumerate(angles)}


def views_from(angles: tuple[float, ...], stands: bool = True) -> list[CleanView]:
    return [view(azimuth, stands=stands) for azimuth in angles]


def check(poses: dict[int, FloatArray], true: dict[int, FloatArray], within: tuple[float, float]) -> None:
    assert sorted(poses) == sorted(true)
    off = errors(poses, true)
    assert (off.max(axis=0) < within).all(), off


@pytest.mark.parametrize("angles", [ROUND, ROUND[::-1], (60.0, 0.0, 140.0, 30.0, 100.0)])
def test_views_round_a_standing_foot_are_placed_in_any_order(angles: tuple[float, ...]) -> None:
    groups = register_incrementally(prepared(views_from(angles)), LIMITS)
    assert len(groups) == 1
    check(groups[0], truth(angles), (1.0, 1.5))


def test_a_standing_foot_stays_on_its_floor() -> None:
    [group] = register_incrementally(prepared(views_from(ROUND)), LIMITS)
    for number, found in group.items():
        camera = pose(ROUND[number])
        np.testing.assert_allclose(found[2], camera[2], atol=1e-9)  # height and tilt are the floor's word


def test_views_without_a_floor_are_placed() -> None:
    """A raised foot, from below the sole to its side."""
    views = [view(azimuth, elevation, stands=False) for azimuth, elevation in RAISED]
    [group] = register_incrementally(prepared(views), LIMITS)
    check(group, {number: pose(*angles) for number, angles in enumerate(RAISED)}, (1.5, 2.0))
    np.testing.assert_array_equal(group[0], np.eye(4))


def test_a_floor_that_only_some_views_saw_is_no_hindrance() -> None:
    views = [view(azimuth, stands=number % 2 == 0) for number, azimuth in enumerate(ROUND)]
    [group] = register_incrementally(prepared(views), LIMITS)
    check(group, truth(ROUND), (1.5, 2.0))


@pytest.mark.parametrize("azimuth", [10.0, 80.0, 200.0])
def test_another_object_is_not_placed_and_those_with_a_place_keep_it(azimuth: float) -> None:
    angles = (0.0, 30.0, 60.0, 90.0)
    views = prepared([*views_from(angles), view(azimuth, name="box")])
    placed = truth(angles)
    placement = register_more(views, placed, LIMITS, [4])
    assert sorted(placement.poses) == [0, 1, 2, 3]
    assert all(placement.poses[number] is placed[number] for number in placed)
    [(number, fit)] = placement.misses.items()
    assert number == 4
    assert fit.consistency < LIMITS.min_consistency or fit.overlap < LIMITS.min_overlap
    assert sorted(placed) == [0, 1, 2, 3]  # what was given is not written to


def test_a_missing_view_finds_its_place_among_the_others() -> None:
    angles = (0.0, 30.0, 60.0, 90.0)
    placed = {number: found for number, found in truth(angles).items() if number != 2}
    placement = register_more(prepared(views_from(angles)), placed, LIMITS, range(4))
    assert not placement.misses
    check(placement.poses, {number: pose(angles[number]) for number in (0, 1, 3, 2)}, (0.5, 0.8))


def test_only_candidates_are_placed() -> None:
    angles = (0.0, 30.0, 60.0, 90.0)
    placement = register_more(prepared(views_from(angles)), {0: pose(0.0)}, LIMITS, [1])
    assert sorted(placement.poses) == [0, 1]


def test_views_next_to_placed_ones_alone_are_placed_where_that_is_asked() -> None:
    """The fourth is next to none that gets a place, as the third is of something else."""
    views = prepared([*views_from((0.0, 30.0)), view(60.0, name="box"), *views_from((45.0,))])
    beside = register_more(views, {0: pose(0.0)}, replace(LIMITS, max_gap=1), range(4))
    check(beside.poses, truth((0.0, 30.0)), (1.0, 1.5))
    anywhere = register_more(views, {0: pose(0.0)}, LIMITS, range(4))
    assert sorted(anywhere.poses) == [0, 1, 3]


@pytest.mark.parametrize(("max_step_deg", "placed"), [(35.0, [0]), (45.0, [0, 1])])
def test_a_camera_that_turned_farther_than_is_borne_gives_no_place(max_step_deg: float, placed: list[int]) -> None:
    views = prepared(views_from((0.0, 45.0)))  # 30 deg above, so that the cameras lie 39 deg apart
    found = register_more(views, {0: pose(0.0)}, replace(LIMITS, max_step_deg=max_step_deg), [1])
    assert sorted(found.poses) == placed


def test_a_bad_first_view_does_no_harm() -> None:
    angles = (0.0, 30.0, 60.0, 90.0)
    views = prepared([view(10.0, name="box"), *views_from(angles)])
    main, *others = register_incrementally(views, LIMITS)
    check(main, truth(angles, first=1), (1.0, 1.5))
    assert [sorted(group) for group in others] == [[0]]


def test_the_far_side_of_a_recording_is_reached_through_others() -> None:
    """The last view overlaps none but the first, which was recorded far from it."""
    angles = (0.0, 30.0, 60.0, 90.0, 120.0, 150.0, 330.0)
    views = prepared(views_from(angles))
    limits = replace(LIMITS, search_back=2)
    main, *others = register_incrementally(views, limits)
    assert not others
    check(main, truth(angles), (1.0, 1.5))


def test_views_that_are_tried_side_by_side_come_to_lie_as_if_tried_in_turn() -> None:
    """The second overlaps no other. Those after it are tried at once, and a place of one changes what others meet."""
    views = prepared(views_from((0.0, 200.0, 25.0, 50.0, 230.0, 80.0, 110.0)))
    found = []
    for workers in (1, 2, 5):
        with using_workers(workers):
            placed = register_more(views, {0: pose(0.0)}, LIMITS, range(len(views)))
        poses = {number: place.tobytes() for number, place in placed.poses.items()}
        found.append((poses, placed.misses))
    assert sorted(found[0][0]) == [0, 2, 3, 5, 6]
    assert found[1] == found[0]
    assert found[2] == found[0]
