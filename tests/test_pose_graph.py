"""A ring of views with drift is closed, floors come to z = 0, and nothing depends on the number of workers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from posed import MIDDLE, UP, errors, motion, off, pose, prepared, view
from scipy.spatial.transform import Rotation

from scanproc.artifacts import Plane
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.parallel import using_workers
from scanproc.registration.pose_graph import Poses, optimise_pose_graph
from scanproc.registration.sampled_views import SampledViews
from scanproc.registration.view_pairs import (
    Pairs,
    centre_poses,
    count_pairs,
    edge_equations,
    sample_pairs,
    stack_poses,
)

COUNT = 10
AZIMUTHS = tuple(360.0 * number / COUNT for number in range(COUNT))
TRUTH = {number: pose(azimuth) for number, azimuth in enumerate(AZIMUTHS)}
GATES_MM = (15.0, 12.0, 10.0, 8.0, 6.0, 5.0, 3.0, 2.0, 2.0)


@cache
def ring(stands: bool = True) -> SampledViews:
    return prepared([view(azimuth, stands=stands) for azimuth in AZIMUTHS])


def drifting(turn_deg: float, shift_mm: float) -> Poses:
    """Return poses each of which is off from the one before by so much about a fixed axis, as a chain of pairs is."""
    axis = np.array([0.3, -0.2, 1.0])
    turn = rotation_about(axis, np.radians(turn_deg))
    once = rigid(turn, MIDDLE - turn @ MIDDLE + shift_mm * np.array([0.6, 0.8, 0.0]))
    return {number: np.linalg.matrix_power(once, number) @ found for number, found in TRUTH.items()}


def neighbours(views: SampledViews, poses: Poses) -> Pairs:
    return sample_pairs(views, poses, 90.0, 6)


# --------------------------------------------------------------------------------------------------------- pairs


def true_angle_deg(a: int, b: int) -> float:
    directions = [TRUTH[number][:3, 3] - MIDDLE for number in (a, b)]
    cosine = directions[0] @ directions[1] / np.prod([np.linalg.norm(one) for one in directions])
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def test_pairs_go_both_ways_and_no_farther_than_asked() -> None:
    pairs = sample_pairs(ring(), TRUTH, 80.0, 3)
    found = {(int(a), int(b)) for a, b in pairs}
    assert found == {(b, a) for a, b in found}
    assert len(found) == len(pairs)
    assert all(a != b and true_angle_deg(a, b) < 86.0 for a, b in found)  # seen from the middle of what each saw
    for number in range(COUNT):
        angles = sorted(true_angle_deg(number, b) for a, b in found if a == number)
        assert len(angles) >= 3
        assert angles[0] < 35.0  # a near one, and far ones
        assert angles[-1] > 50.0


def test_views_without_a_place_are_in_no_pair() -> None:
    some = {number: TRUTH[number] for number in (1, 4, 5, 8)}
    assert set(sample_pairs(ring(), some, 180.0, 40).ravel()) == {1, 4, 5, 8}
    assert sample_pairs(ring(), {3: TRUTH[3]}, 180.0, 40).shape == (0, 2)
    assert sample_pairs(ring(), {1: TRUTH[1], 6: TRUTH[6]}, 30.0, 40).shape == (0, 2)  # on opposite sides


def test_pairs_grow_with_the_views_not_with_their_square() -> None:
    """Of two rounds of 40 and of 80 views; what they look like does not matter."""
    numbers = {}
    for count in (40, 80):
        views = prepared([view(AZIMUTHS[number % COUNT]) for number in range(count)])
        poses = {number: pose(720.0 * number / count, 20.0 + number / count) for number in range(count)}
        numbers[count] = len(sample_pairs(views, poses, 90.0, 6))
        assert 6 * count <= numbers[count] <= 2 * 6 * count
    assert numbers[80] < 2.3 * numbers[40]


def test_poses_are_stacked_with_gaps() -> None:
    stack = stack_poses(ring(), {2: TRUTH[2]})
    np.testing.assert_array_equal(stack[2], TRUTH[2])
    np.testing.assert_array_equal(stack[3], np.eye(4))
    centred = centre_poses(ring(), TRUTH)
    seen = [transform(centred[number], ring().coarse.of(number)[0]).mean(axis=0) for number in range(COUNT)]
    np.testing.assert_allclose(np.mean(seen, axis=0), 0.0, atol=1e-9)


# ------------------------------------------------------------------------------------------------------- alignment


def test_a_ring_with_drift_closes() -> None:
    """The last view is off from the first by 9 steps of drift; afterwards none is by more than the pixels allow."""
    views, start = ring(stands=False), drifting(0.4, 0.5)
    before = errors(start, TRUTH)
    assert before[-1, 0] == pytest.approx(3.6, abs=0.01)
    assert before[-1, 1] > 4.0
    found = optimise_pose_graph(views, views.fine, start, neighbours(views, start), GATES_MM)
    after = errors(found, TRUTH)
    assert after[:, 0].max() < 0.12
    assert after[:, 1].max() < 0.15
    # The first step moves all: far distances weigh little, so that it closes a third of the gap.
    once = errors(optimise_pose_graph(views, views.fine, start, neighbours(views, start), GATES_MM[:1]), TRUTH)
    assert once[-1, 0] < 0.75 * before[-1, 0]


def test_floors_are_pulled_to_zero() -> None:
    views = prepared([view(azimuth, stands=number != 3) for number, azimuth in enumerate(AZIMUTHS)])
    aside = motion(1.5, 5.0, 5)  # all together
    start = {number: aside @ found for number, found in drifting(0.2, 0.2).items()}
    corners = np.array([[0.0, 0.0, 0.0], [200.0, 0.0, 0.0], [0.0, 100.0, 0.0]])

    def heights(poses: Poses) -> FloatArray:
        return np.array([transform(poses[number] @ inverse(TRUTH[number]), corners)[:, 2] for number in range(COUNT)])

    found = optimise_pose_graph(views, views.fine, start, neighbours(views, start), GATES_MM)
    assert np.abs(heights(start)).max() > 2.0
    assert np.abs(heights(found)).max() < 0.15  # also that of the view without a floor
    assert errors(found, TRUTH).max() < 0.15
    free = ring(stands=False)
    loose = optimise_pose_graph(free, free.fine, start, neighbours(free, start), GATES_MM)
    assert np.abs(heights(loose)).max() > 1.0  # nothing pulls


def test_floors_that_err_do_not_carry_all_views_away() -> None:
    """By 0.2 deg and half a millimetre each. Together, views may turn and slide on a floor at no cost: none must."""
    rng = np.random.default_rng(0)
    views = []
    for one in ring().views:
        assert one.floor is not None
        tilt = rotation_about(rng.standard_normal(3), np.radians(0.2))
        floor = Plane(tilt @ one.floor.normal, one.floor.offset_mm + 0.5 * float(rng.standard_normal()))
        views.append(replace(one, floor=floor))
    erring = prepared(views)
    pairs = neighbours(erring, TRUTH)
    found = optimise_pose_graph(erring, erring.fine, TRUTH, pairs, (8.0, 6.0, 5.0))
    apart = np.array([off(found[number], TRUTH[number]) for number in TRUTH])
    assert apart[:, 0].max() < 1.0 and apart[:, 1].max() < 2.0  # what their own floors ask


def test_the_common_frame_does_not_matter() -> None:
    views, start = ring(stands=False), drifting(0.3, 0.3)
    frame = rigid(Rotation.random(random_state=9).as_matrix(), np.array([120.0, -300.0, 200.0]))
    pairs = neighbours(views, start)
    here = optimise_pose_graph(views, views.fine, start, pairs, GATES_MM[:4])
    there = optimise_pose_graph(
        views, views.fine, {k: frame @ found for k, found in start.items()}, pairs, GATES_MM[:4]
    )
    for number in range(COUNT):
        # What all may do together is damped in the axes of the frame, and the weights have not settled.
        assert max(off(inverse(there[0]) @ there[number], inverse(here[0]) @ here[number])) < 0.06


def test_what_no_pair_holds_stays() -> None:
    views, start = ring(stands=False), drifting(0.4, 0.5)
    pairs = neighbours(views, start)
    without = pairs[(pairs != 7).all(axis=1)]
    found = optimise_pose_graph(views, views.fine, start, without, GATES_MM[:3])
    np.testing.assert_allclose(found[7], start[7], atol=1e-6)
    assert not np.allclose(found[5], start[5], atol=1e-3)


# ----------------------------------------------------------------------------------------------- pairs one by one


def test_pairs_of_the_truth_agree() -> None:
    views = ring()
    pairs = neighbours(views, TRUTH)
    counts = count_pairs(views.coarse, views.images, stack_poses(views, TRUTH), pairs, 4.0)
    assert (counts.violations < 0.08 * np.maximum(counts.inliers, 30.0)).all()
    assert counts.violations.sum() < 0.01 * counts.inliers.sum()
    near = np.array([true_angle_deg(a, b) < 40.0 for a, b in pairs])
    points = np.diff(views.coarse.first)[pairs[:, 0]]
    assert (counts.inliers[near] / points[near] > 0.25).all()
    found = edge_equations(views.coarse, views.images, centre_poses(views, TRUTH), pairs, 8.0)
    np.testing.assert_allclose(found.H, found.H.transpose(0, 2, 1))
    assert found.H.shape == (len(pairs), 6, 6) and found.g.shape == (len(pairs), 6)
    assert np.sqrt(found.squares[near] / found.matches[near]).max() < 0.5


def test_no_pairs_are_no_trouble() -> None:
    none = np.zeros((0, 2), dtype=np.int64)
    views = ring(stands=False)
    assert count_pairs(views.coarse, views.images, stack_poses(views, TRUTH), none, 4.0).inliers.shape == (0,)
    assert edge_equations(views.coarse, views.images, stack_poses(views, TRUTH), none, 4.0).H.shape == (0, 6, 6)
    alone = optimise_pose_graph(views, views.fine, {3: TRUTH[3]}, none, (5.0,))
    np.testing.assert_allclose(alone[3], TRUTH[3], atol=1e-9)


def test_the_number_of_workers_does_not_matter() -> None:
    views, start = ring(), drifting(0.3, 0.3)
    pairs = sample_pairs(views, start, 180.0, 9)
    assert len(pairs) > 64  # more than one thread takes at a time
    found = []
    for workers in (1, 3):
        with using_workers(workers):
            poses = optimise_pose_graph(views, views.fine, start, pairs, GATES_MM[:3])
            counts = count_pairs(views.coarse, views.images, stack_poses(views, poses), pairs, 4.0)
        found.append(b"".join([*(one.tobytes() for one in poses.values()), counts.inliers.tobytes()]))
    assert found[0] == found[1]


def test_up_is_up() -> None:
    """The axes of the tests: cameras are above the floor that they see."""
    for number in range(COUNT):
        assert TRUTH[number][2, 3] > 200.0
        floor = ring().views[number].floor
        assert floor is not None
        np.testing.assert_allclose(TRUTH[number][:3, :3] @ floor.normal, UP, atol=1e-9)
