"""A foot that moved while it was recorded: by construction, by hand, and in simulated recordings."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from posed import pose, prepared, view
from recordings import HELD, leg, textbook

from scanproc.artifacts import Registration
from scanproc.frames import rigid
from scanproc.registration.movement import MovementLimits, find_movement
from scanproc.registration.regional_distances import RegionalDistances, RegionLimits, regional_distances
from scanproc.simulation.simulate import simulate
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.register import RegisterConfig, register

VIEWS, REGIONS, MOVED = 18, 60, 8
LATE = tuple(range(10, VIEWS))
TOES = tuple(range(1, VIEWS, 3))
LIMITS = MovementLimits(RegisterConfig().max_movement)


def distances(
    offset_mm: float,
    after: Sequence[int],
    seed: int,
    noise_mm: float = 0.4,
    views: int = VIEWS,
    sway_mm: float = 0.3,
    together: bool = False,
) -> RegionalDistances:
    """Return distances of views whose neighbours are four away; every view errs, and those beside each other alike.

    Parameters
    ----------
    together : whether a view errs by the same in all regions that may move.
    """
    rng = np.random.default_rng(seed)
    heights = noise_mm * rng.standard_normal((views, REGIONS))
    if together:
        heights[:, :MOVED] = heights[:, :1]
    azimuths = 2.0 * np.pi * np.arange(views) / views
    heights += sway_mm * np.sin(azimuths[:, None] + 2.0 * np.pi * rng.random(REGIONS))
    heights[np.ix_(after, range(MOVED))] += offset_mm
    saw = rng.random((views, REGIONS)) < 0.6
    pairs = [(a, b) for a, b in itertools.permutations(range(views), 2) if min((a - b) % views, (b - a) % views) <= 4]
    rows = [(a, b, region) for a, b in pairs for region in np.flatnonzero(saw[a] & saw[b])]
    a, b, region = np.array(rows).T
    return RegionalDistances(a, b, region, heights[a, region] - heights[b, region], views, REGIONS)


@pytest.mark.parametrize("seed", range(20))
def test_a_still_foot_has_not_moved(seed: int) -> None:
    assert find_movement(distances(0.0, (), seed), LIMITS) is None
    assert find_movement(distances(0.0, (), seed, noise_mm=2.0), LIMITS) is None


@pytest.mark.parametrize("views", [18, 36, 72])
@pytest.mark.parametrize("seed", range(3))
def test_noise_and_slow_sway_within_it_count_nothing_however_many_views_there_are(views: int, seed: int) -> None:
    anything = MovementLimits(0.0)
    assert find_movement(distances(0.0, (), seed, views=views), anything) is None
    assert find_movement(distances(0.0, (), seed, views=views, sway_mm=0.6), anything) is None


@pytest.mark.parametrize("views", [18, 36, 72])
@pytest.mark.parametrize("seed", range(3))
def test_what_one_view_errs_by_is_no_movement(views: int, seed: int) -> None:
    """By five sd in eight regions: whoever asks that view is told the same, but nobody else tells it."""
    assert find_movement(distances(2.0, (views // 2,), seed, views=views), MovementLimits(0.0)) is None


def test_a_movement_counts_as_much_of_more_views() -> None:
    found = [find_movement(distances(3.0, range(views // 2, views), 0, views=views), LIMITS) for views in (18, 36, 72)]
    strengths = [movement.strength for movement in found if movement is not None]
    assert len(strengths) == 3
    assert max(strengths) < 1.7 * min(strengths)


@pytest.mark.parametrize("seed", range(10))
def test_regions_in_which_views_err_together_count_as_fewer(seed: int) -> None:
    """A pair of views sees a third of eight regions, which are worth one to them."""
    alone, alike = (
        find_movement(distances(3.0, LATE, seed, sway_mm=0.0, together=together), MovementLimits(0.0))
        for together in (False, True)
    )
    assert alone is not None and alike is not None
    assert set(alone.moved) == set(alike.moved) == set(LATE)
    assert 2.0 < alone.strength / alike.strength < 5.0


@pytest.mark.parametrize("after", [LATE, TOES])
@pytest.mark.parametrize("seed", range(5))
def test_views_after_a_movement_are_found_by_name_and_amount(after: tuple[int, ...], seed: int) -> None:
    found = find_movement(distances(3.0, after, seed), LIMITS)
    assert found is not None
    assert set(found.moved) == set(after)
    assert found.distance_mm == pytest.approx(3.0, abs=0.4)
    assert found.noise_mm == pytest.approx(0.6, abs=0.15)  # two views err, and a little by where they look from
    assert found.share == pytest.approx(MOVED / REGIONS, abs=0.04)


@pytest.mark.parametrize(("blind", "goes"), [((13, 14), True), ((17,), True), ((5, 6), False), ((7, 9), False)])
def test_a_view_that_saw_nothing_of_what_moved_goes_with_those_beside_it(blind: tuple[int, ...], goes: bool) -> None:
    told = distances(3.0, LATE, 0)
    sees = ~((np.isin(told.source, blind) | np.isin(told.target, blind)) & (told.region < MOVED))
    some = [part[sees] for part in (told.source, told.target, told.region, told.distance_mm)]
    found = find_movement(RegionalDistances(*some, VIEWS, REGIONS), LIMITS)
    assert found is not None
    assert set(found.moved) == set(LATE) - (set() if goes else set(blind))


def test_who_wiggles_the_toes_holds_still_in_views_that_did_not_see_them() -> None:
    told, blind = distances(3.0, TOES, 0), (2, 3, 8, 9)
    sees = ~((np.isin(told.source, blind) | np.isin(told.target, blind)) & (told.region < MOVED))
    some = [part[sees] for part in (told.source, told.target, told.region, told.distance_mm)]
    found = find_movement(RegionalDistances(*some, VIEWS, REGIONS), LIMITS)
    assert found is not None
    assert set(found.moved) == set(TOES)


def test_what_noise_hides_is_not_told() -> None:
    """The same movement under four times the noise, of which it is no more than the spread."""
    assert find_movement(distances(2.5, LATE, 0), LIMITS) is not None
    assert find_movement(distances(2.5, LATE, 0, noise_mm=1.6), LIMITS) is None


def test_a_few_regions_are_no_movement() -> None:
    """One surface hides another: far off, but nowhere else."""
    whole = distances(6.0, LATE, 1)
    few = np.isin(whole.region, range(6, MOVED))
    honest = distances(0.0, (), 1).distance_mm
    told = RegionalDistances(
        whole.source, whole.target, whole.region, np.where(few, whole.distance_mm, honest), VIEWS, REGIONS
    )
    assert find_movement(told, LIMITS) is None


def test_distances_are_those_by_which_a_view_was_moved() -> None:
    """Upwards by 2 mm: what faces up lies 2 mm outside of the others, what faces the camera less."""
    views = prepared([view(azimuth, 60.0, "box") for azimuth in (80.0, 100.0, 120.0)])
    poses = {k: pose(azimuth, 60.0) for k, azimuth in enumerate((80.0, 100.0, 120.0))}
    limits = RegionLimits(size_mm=30.0, reach_mm=10.0, min_points=4, max_angle_deg=60.0, num_neighbours=5)
    still = regional_distances(views, poses, limits)
    assert np.abs(still.distance_mm).max() < 0.1
    raised = regional_distances(views, poses | {1: rigid(np.eye(3), np.array([0.0, 0.0, 2.0])) @ poses[1]}, limits)
    of_raised = raised.distance_mm[raised.source == 1]
    assert of_raised.max() == pytest.approx(2.0, abs=0.1)
    assert of_raised.min() > -0.1
    assert np.abs(raised.distance_mm[(raised.source != 1) & (raised.target != 1)]).max() < 0.1
    # What a view says of another and the other of it is one thing.
    assert of_raised.sum() == pytest.approx(-raised.distance_mm[raised.target == 1].sum())


# ------------------------------------------------------------------------------------------------ recordings


def registered(**changes: Any) -> Registration:
    settings: dict[str, Any] = {"path": "hand-held", "camera": "d435", "views": 18, "image_scale": 0.5, "seed": 1}
    simulation = simulate(leg(), textbook(**(settings | changes)))
    return register(clean(simulation.recording, CleanConfig()), HELD, RegisterConfig())


def moved(registration: Registration) -> set[int]:
    return {k for k, view in enumerate(registration.views) if view.reason and "the foot moved" in view.reason}


def test_a_heel_that_rises_half_way_takes_the_views_after_it_out() -> None:
    """By 2 deg: its bend is half under the ball, and all of it is what aligning the views leaves."""
    registration = registered(heel_rise_deg=2.0)
    lost = {k for k, view in enumerate(registration.views) if not view.accepted}
    assert set(range(10, 18)) <= lost <= set(range(9, 18))  # the first after it may stay with the still
    assert moved(registration) <= lost and len(moved(registration)) >= 6
    assert [view.accepted for view in registration.views[:9]] == [True] * 9
    assert "register.max_movement" in str(registration.views[10].reason)


@pytest.mark.slow
@pytest.mark.parametrize("bend", ["heel_rise_deg", "ankle_deg"])
def test_what_moved_does_not_hide_that_rims_err(bend: str) -> None:
    """The rest is aligned as if it were all: the term found with what moved was 0, or a sixth too large."""
    settings: dict[str, Any] = {"path": "hand-held", "camera": "d435", "views": 18, "image_scale": 0.5, "seed": 1}
    made = simulate(leg(), textbook(**settings, noise_model="stereo-real", **{bend: 4.0}))
    views = clean(made.recording, CleanConfig())
    found = register(views, HELD, RegisterConfig())
    still = tuple(view for view, pose in zip(views.views, found.views, strict=True) if pose.accepted)
    alone = register(replace(views, views=still), HELD, RegisterConfig())
    assert found.rim is not None and alone.rim is not None
    assert found.rim.value == pytest.approx(alone.rim.value, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("noise_model", ["stereo-ideal", "stereo-real"])
def test_who_wiggles_the_toes_is_found_out(noise_model: str) -> None:
    found = moved(registered(toes_deg=5.0, noise_model=noise_model))
    assert len(found - set(range(1, 18, 3))) <= 1  # a still view beside them may be told wrongly
    assert len(found) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("noise_model", ["stereo-ideal", "stereo-real"])
@pytest.mark.parametrize("late_share", [1 / 2, 1 / 3])
def test_a_raised_foot_whose_ankle_bends_keeps_the_larger_group(noise_model: str, late_share: float) -> None:
    """By 3 deg: poses share it out, such that no two views lie far apart anywhere. Two views may be told wrongly."""
    settings = {"path": "raised", "views": 24, "ankle_deg": 3.0, "late_share": late_share}
    registration = registered(noise_model=noise_model, **settings)
    late = set(range(24 - round(24 * late_share), 24))
    lost = {k for k, view in enumerate(registration.views) if not view.accepted}
    assert moved(registration)
    smaller = [late, set(range(24)) - late] if late_share == 1 / 2 else [late]
    assert min(len(lost ^ group) for group in smaller) <= 4
    assert any(len(group - lost) <= 2 for group in smaller)


@pytest.mark.slow
@pytest.mark.parametrize("noise_model", ["stereo-ideal", "stereo-real"])
@pytest.mark.parametrize("path", ["hand-held", "turntable", "raised"])
@pytest.mark.parametrize("seed", range(3))
def test_a_still_foot_loses_no_view(noise_model: str, path: str, seed: int) -> None:
    """Sway of the whole foot on the floor is no movement: poses follow it."""
    registration = registered(noise_model=noise_model, path=path, seed=seed, sway_mm=1.0, sway_deg=0.3)
    assert not moved(registration)
