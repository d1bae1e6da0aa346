"""How well a view fits others: the truth does, what was moved or is another thing does not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from operator import attrgetter

import numpy as np
import pytest
from posed import UP, motion, pose, prepared, view
from scipy import ndimage

from scanproc.artifacts import CleanView
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.parallel import using_workers
from scanproc.registration.agreement import Agreement, Ranking, agreement_at, count_agreement, submap_of
from scanproc.registration.projective_icp import count_inliers
from scanproc.registration.sampled_views import SampledViews

RANKING = Ranking(consistency_power=6.0, stop_overlap=0.6, stop_consistency=0.97)
AZIMUTHS = (0.0, 30.0, 60.0, 20.0)
BOX = 4


@cache
def views() -> SampledViews:
    """Return four views of a leg, the last from between the others, and one of a box from there."""
    return prepared([*(view(azimuth) for azimuth in AZIMUTHS), view(20.0, name="box")])


def fits(index: int, poses: list[FloatArray], near: tuple[int, ...] = (0, 1, 2)) -> list[Agreement]:
    model = submap_of(views(), near, [pose(AZIMUTHS[other]) for other in near])
    return agreement_at(views(), attrgetter("coarse"), index, model, poses, 4.0)


def test_the_truth_fits() -> None:
    [fit] = fits(3, [pose(20.0)])
    assert 0.9 < fit.overlap <= 1.0
    assert fit.consistency > 0.98
    assert RANKING.is_sure(fit)
    [from_one] = fits(3, [pose(20.0)], near=(2,))
    assert 0.4 < from_one.overlap < fit.overlap - 0.05


@pytest.mark.parametrize(
    "moved",
    [
        rigid(np.eye(3), np.array([0.0, 25.0, 0.0])),
        rigid(np.eye(3), np.array([0.0, 0.0, 20.0])),
        rigid(rotation_about(UP, np.radians(90.0)), np.array([90.0, -120.0, 0.0])),
        motion(25.0, 5.0, 1),
    ],
)
def test_what_was_moved_does_not(moved: FloatArray) -> None:
    here, there = fits(3, [pose(20.0), moved @ pose(20.0)])
    assert there.consistency < 0.85
    assert RANKING.score(there) < 0.5 * RANKING.score(here)
    assert not RANKING.is_sure(there)


def test_another_thing_does_not() -> None:
    [fit] = fits(BOX, [pose(20.0)])
    assert fit.consistency < 0.8
    assert not RANKING.is_sure(fit)


def test_the_ranking_is_what_it_is_told() -> None:
    wide, true = Agreement(0.8, 0.90), Agreement(0.5, 0.99)
    for power, best in ((1.0, wide), (3.0, wide), (6.0, true), (12.0, true)):
        assert max(wide, true, key=replace(RANKING, consistency_power=power).score) is best
    assert not RANKING.is_sure(wide) and replace(RANKING, stop_consistency=0.85).is_sure(wide)
    assert not RANKING.is_sure(true) and replace(RANKING, stop_overlap=0.45).is_sure(true)


def test_only_much_overlap_without_contradiction_is_sure() -> None:
    assert RANKING.is_sure(Agreement(0.7, 0.98))
    assert not RANKING.is_sure(Agreement(0.5, 1.0))
    assert not RANKING.is_sure(Agreement(1.0, 0.96))
    half, all_but_wrong, third = Agreement(0.5, 1.0), Agreement(1.0, 0.85), Agreement(0.3, 1.0)
    assert RANKING.score(half) > RANKING.score(all_but_wrong) > RANKING.score(third)


def test_what_is_far_away_overlaps_nothing() -> None:
    [fit] = fits(3, [rigid(np.eye(3), np.array([900.0, 0.0, 0.0])) @ pose(20.0)])
    assert fit.overlap == 0.0
    assert RANKING.score(fit) == 0.0


def test_points_that_two_views_saw_count_once() -> None:
    model = submap_of(views(), (0, 0, 0), [pose(0.0)] * 3)
    once = submap_of(views(), (0,), [pose(0.0)])
    poses = [motion(4.0, 8.0, seed) @ pose(20.0) for seed in range(8)]
    shares = []
    for one_model in (model, once):
        counts = count_agreement(views(), views().coarse, 3, one_model, poses, 4.0)
        shares.append(list(zip(counts.overlap, counts.inliers / (counts.inliers + counts.violations), strict=True)))
    np.testing.assert_allclose(*shares, rtol=1e-9)
    assert np.ptp(shares[0], axis=0).min() > 0.05


def test_the_worse_way_counts() -> None:
    """Of the view's points before the placed camera, and of the placed view's points before the view's camera."""
    poses = [motion(4.0, 8.0, seed) @ pose(20.0) for seed in range(6)]
    shares = []
    for found in poses:
        T = inverse(pose(0.0)) @ found
        ways = ((3, 0, T), (0, 3, inverse(T)))
        counts = [
            count_inliers(views().coarse, a, views().images, b, T_b_a, 4.0, np.zeros(5000)) for a, b, T_b_a in ways
        ]
        shares.append([hits / (hits + against) for hits, against in counts])
    assert np.ptp(shares, axis=1).max() > 0.02
    np.testing.assert_allclose([fit.consistency for fit in fits(3, poses, near=(0,))], np.min(shares, axis=1))


def test_rims_overlap_but_do_not_judge_where_the_inside_does() -> None:
    """Beyond the tolerance by as much as a matching window fattens what is in front."""

    def with_false_rim(whole: CleanView, keep_rim: bool) -> CleanView:
        inner = ndimage.binary_erosion(whole.depth_mm > 0.0, iterations=6)
        rim = whole.depth_mm - 8.0 if keep_rim else np.float32(0.0)
        return replace(whole, depth_mm=np.where(inner | (whole.depth_mm == 0.0), whole.depth_mm, rim))

    seen = [view(azimuth) for azimuth in AZIMUTHS]
    whole, inner = (prepared([*seen[:3], with_false_rim(seen[3], keep)]) for keep in (True, False))
    model = submap_of(whole, (0, 1, 2), [pose(azimuth) for azimuth in AZIMUTHS[:3]])
    [by_rims], [inside] = (
        agreement_at(one, attrgetter("coarse"), 3, model, [pose(20.0)], 4.0)
        for one in (whole, replace(whole, inner=inner))
    )
    assert by_rims.consistency < 0.85
    assert inside.consistency > 0.98
    assert inside.overlap == by_rims.overlap


def test_a_model_is_all_that_its_views_show() -> None:
    model = submap_of(views(), (1, 0), [pose(30.0), pose(0.0)])
    counts = [len(views().coarse.of(index)[0]) for index in (1, 0)]
    assert len(model.grid.points) == sum(counts)
    first = transform(pose(30.0), views().coarse.of(1)[0])
    np.testing.assert_allclose(model.grid.points[: counts[0]], first)
    np.testing.assert_allclose(model.centre, first.mean(axis=0))
    assert model.stands
    mixed = prepared([view(0.0), view(30.0, stands=False)])
    assert not submap_of(mixed, (0, 1), [pose(0.0), pose(30.0)]).stands


def test_the_number_of_workers_does_not_matter() -> None:
    poses = [motion(3.0, 3.0, seed) @ pose(20.0) for seed in range(30)]
    found = []
    for workers in (1, 3):
        with using_workers(workers):
            found.append(fits(3, poses))
    assert found[0] == found[1]
    assert len({RANKING.score(fit) for fit in found[0]}) > 20
