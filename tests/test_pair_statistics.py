"""Judging views by a table of pairs: by hand, for a rigid foot, and for one that bends halfway."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from posed import motion, pose, prepared, view

from scanproc.registration.incremental import Poses
from scanproc.registration.pair_statistics import AgreementLimits, PairStatistics, pair_statistics
from scanproc.registration.pose_graph import optimise_pose_graph
from scanproc.registration.rejections import misfit_reasons
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.view_pairs import sample_pairs

EVERY = np.ones(3, dtype=bool)
WITHOUT_LAST = np.array([True, True, False])
EVEN = np.ones(5)  # the noise of every view beside that of the recording


def by_hand() -> PairStatistics:
    """Return three views of 100 points: the first two agree, the last contradicts both."""
    return PairStatistics(
        pairs=np.array([[0, 1], [1, 0], [0, 2], [2, 0], [1, 2], [2, 1]]),
        inliers=np.array([80.0, 70.0, 20.0, 30.0, 10.0, 20.0]),
        violations=np.array([0.0, 0.0, 20.0, 10.0, 20.0, 30.0]),
        squares=np.array([100.0, 60.0, 400.0, 500.0, 0.0, 0.0]),
        matches=np.array([100.0, 60.0, 50.0, 50.0, 0.0, 0.0]),
        strains=np.array([0.01, 0.01, 1.0, 4.0, 0.0, 0.0]),
        points=np.array([100.0, 100.0, 100.0]),
    )


def test_overlap_is_that_with_the_best_other_view() -> None:
    np.testing.assert_allclose(by_hand().overlap(EVERY), [0.8, 0.7, 0.3])
    np.testing.assert_allclose(by_hand().overlap(np.array([True, False, True])), [0.2, 0.7, 0.3])


def test_consistency_counts_both_ways_with_those_that_stay() -> None:
    everyone = by_hand().consistency(EVERY)
    np.testing.assert_allclose(everyone, [200 / 230, 180 / 230, 80 / 160])
    np.testing.assert_allclose(by_hand().consistency(WITHOUT_LAST)[:2], [1.0, 1.0])
    assert np.argmin(everyone) == 2  # the worst goes first; what contradicted only it is innocent then


LIMITS = AgreementLimits(min_overlap=0.25, min_consistency=0.92, max_residual_mm=5.0, max_residual_ratio=2.0)


def test_the_worst_goes_first_and_clears_the_others() -> None:
    """The last view makes all three inconsistent; without it the others are not."""
    assert (by_hand().consistency(EVERY) < LIMITS.min_consistency).all()
    found = by_hand().misfits(EVERY, LIMITS, EVEN[:3])
    assert list(found) == [2]
    assert found[2].consistency == 0.5
    assert found[2].overlap == 0.3
    assert found[2].rms_mm == pytest.approx(3.0)
    assert found[2].limit_mm == pytest.approx(2.0 * np.median(by_hand().rms_mm(EVERY)))
    assert EVERY.all()  # what was given is not written to


def test_groups_that_see_nothing_of_each_other_are_not_one_recording() -> None:
    """Neither contradicts the other, wherever it lies: the smaller one has no place."""
    table = PairStatistics(
        pairs=np.array([[0, 1], [1, 0], [1, 2], [3, 4], [4, 3], [3, 2], [2, 1]]),
        inliers=np.array([80.0, 70.0, 60.0, 90.0, 90.0, 5.0, 60.0]),
        violations=np.zeros(7),
        squares=np.full(7, 50.0),
        matches=np.array([80.0, 70.0, 60.0, 90.0, 90.0, 0.0, 60.0]),
        strains=np.zeros(7),
        points=np.full(5, 100.0),
    )
    every = np.ones(5, dtype=bool)
    np.testing.assert_array_equal(table.largest_group(every), [True, True, True, False, False])
    found = table.misfits(np.array([True, True, False, True, True]), LIMITS, EVEN)
    assert set(found) in ({0, 1}, {3, 4})
    assert {fit.overlap for fit in found.values()} == {0.0}
    assert not table.misfits(every, replace(LIMITS, min_overlap=0.0), EVEN)
    found = table.misfits(every, LIMITS, EVEN)
    assert set(found) == {3, 4}
    assert sorted(fit.overlap for fit in found.values()) == [0.0, 0.05]  # view 2 saw a twentieth of view 3
    assert [reason.split(" <")[0] for reason in misfit_reasons(found, LIMITS).values()] == [
        f"overlap {fit.overlap:.2f} with most views" for fit in found.values()
    ]


@pytest.mark.parametrize(
    ("change", "dropped"),
    [
        ({"min_overlap": 0.75}, 2),  # 0.8 and 0.7: without the second, the first overlaps none
        ({"min_consistency": 0.0, "max_residual_mm": 2.5}, 1),
        ({"min_consistency": 0.0, "max_residual_ratio": 1.4}, 1),
        ({"min_consistency": 0.0}, 0),
    ],
)
def test_each_limit_drops_what_exceeds_it(change: dict[str, float], dropped: int) -> None:
    stays = WITHOUT_LAST if "min_overlap" in change else EVERY
    assert len(by_hand().misfits(stays, replace(LIMITS, **change), EVEN[:3])) == dropped


def test_a_noisier_view_may_lie_as_much_farther_off_and_a_calmer_one_no_less() -> None:
    """The last lies at 3.0 mm, 1.43 times as far as it may."""
    limits = replace(LIMITS, min_overlap=0.0, min_consistency=0.0, max_residual_mm=2.1, max_residual_ratio=np.inf)
    assert list(by_hand().misfits(EVERY, limits, EVEN[:3])) == [2]
    assert list(by_hand().misfits(EVERY, limits, np.array([1.0, 1.0, 1.4]))) == [2]
    assert not by_hand().misfits(EVERY, limits, np.array([1.0, 1.0, 1.5]))
    assert list(by_hand().misfits(EVERY, limits, np.array([0.1, 0.1, 1.4]))) == [2]


def test_distances_are_those_of_those_that_stay() -> None:
    np.testing.assert_allclose(by_hand().rms_mm(EVERY)[2], 3.0)
    np.testing.assert_allclose(by_hand().rms_mm(EVERY)[1], 1.0)
    np.testing.assert_allclose(by_hand().rms_mm(WITHOUT_LAST)[:2], [1.0, 1.0])
    assert np.isinf(by_hand().rms_mm(np.array([False, True, False]))[2])


def test_strain_is_the_median_of_overlapping_pairs_that_stay() -> None:
    assert by_hand().strain_mm(WITHOUT_LAST) == pytest.approx(0.1)
    assert by_hand().strain_mm(EVERY) == pytest.approx(np.sqrt(0.505))
    assert by_hand().strain_mm(np.array([False, True, True])) == 0.0  # no matches
    assert by_hand().strain_mm(np.zeros(3, dtype=bool)) == 0.0


# ------------------------------------------------------------------------------------------------------ of a foot

AZIMUTHS = (0.0, 25.0, 50.0, 75.0, 100.0, 125.0)
TRUTH = {number: pose(azimuth) for number, azimuth in enumerate(AZIMUTHS)}
ALL = np.ones(len(AZIMUTHS), dtype=bool)


def table_of(views: SampledViews, poses: Poses) -> PairStatistics:
    return pair_statistics(views, poses, sample_pairs(views, poses, 180.0, 40), 4.0, 0.1)


def test_a_rigid_foot_is_without_strain() -> None:
    views = prepared([view(azimuth) for azimuth in AZIMUTHS])
    table = table_of(views, TRUTH)
    assert table.strain_mm(ALL) < 0.1
    assert table.consistency(ALL).min() > 0.97
    assert table.overlap(ALL).min() > 0.5
    assert table.rms_mm(ALL).max() < 0.4


def test_a_foot_that_bends_halfway_is_under_strain() -> None:
    """Also where views of both shapes have settled as best they can."""
    views = prepared([view(azimuth, name="bent" if number % 2 else "leg") for number, azimuth in enumerate(AZIMUTHS)])
    poses = optimise_pose_graph(
        views, views.coarse, TRUTH, sample_pairs(views, TRUTH, 90.0, 6), (12.0, 10.0, 8.0, 6.0, 5.0)
    )
    assert table_of(views, poses).strain_mm(ALL) > 0.3
    assert table_of(views, TRUTH).consistency(ALL).max() < 0.95


def test_one_view_in_the_wrong_place_is_the_worst() -> None:
    views = prepared([view(azimuth) for azimuth in AZIMUTHS])
    for wrong in range(len(AZIMUTHS)):
        poses = {**TRUTH, wrong: motion(6.0, 8.0, wrong) @ TRUTH[wrong]}
        table = table_of(views, poses)
        assert np.argmin(table.consistency(ALL)) == wrong
        assert np.argmax(table.rms_mm(ALL)) == wrong
        others = ALL.copy()
        others[wrong] = False
        assert table.consistency(others)[others].min() > 0.97
        assert table.strain_mm(others) < 0.1


def test_strain_is_how_much_a_pair_would_gain() -> None:
    """Two views, one of which was shifted along its line of sight: so much on average."""
    views = prepared([view(0.0), view(20.0)])
    shift = 0.8 * TRUTH[0][:3, 2]
    poses = {0: pose(0.0), 1: pose(20.0)}
    poses[0][:3, 3] += shift
    both = np.ones(2, dtype=bool)
    pulled = table_of(views, poses)
    assert pulled.strain_mm(both) == pytest.approx(pulled.rms_mm(both)[0], rel=0.25)
    assert 0.3 < pulled.strain_mm(both) < 0.8


def test_views_without_a_place_have_no_part() -> None:
    views = prepared([view(azimuth) for azimuth in AZIMUTHS])
    placed = {number: TRUTH[number] for number in (0, 1, 2)}
    table = table_of(views, placed)
    stays = np.isin(np.arange(len(AZIMUTHS)), [0, 1, 2])
    assert (table.overlap(stays)[3:] == 0.0).all()
    assert np.isinf(table.rms_mm(stays)[3:]).all()
    assert table.points.shape == (len(AZIMUTHS),)
