"""The grid of nearest points against scipy's tree, and points of a leg that find back onto the leg."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from posed import MIDDLE, UP, motion, off, points_of_leg
from scipy.spatial import cKDTree

from scanproc.frames import FloatArray, inverse, rigid, rotate, rotation_about, transform
from scanproc.parallel import using_workers
from scanproc.registration.grid_icp import (
    NearestPointGrid,
    distinct_poses,
    grid_icp,
    grid_icp_from_all,
    nearest_point_grid,
)

ALL = np.ones(6, dtype=bool)
LEVEL = np.array([False, False, True, True, True, False])
GATES_MM = np.array([25.0, 20.0, 15.0, 10.0, 6.0])
CELL_MM, REACH_MM = 6.0, 40.0


@cache
def leg_grid() -> NearestPointGrid:
    return nearest_point_grid(*points_of_leg(0, 20_000), CELL_MM, REACH_MM)


def cell_centres(grid: NearestPointGrid) -> FloatArray:
    return np.stack(np.meshgrid(*map(np.arange, grid.nearest.shape), indexing="ij"), axis=-1) * grid.cell_mm + (
        grid.low + 0.5 * grid.cell_mm
    )


# ----------------------------------------------------------------------------------------------------- the nearest


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_every_cell_knows_a_point_and_those_with_points_one_of_their_own(seed: int, count: int) -> None:
    points = np.random.default_rng(seed).uniform(-60.0, 60.0, (count, 3))
    grid = nearest_point_grid(points, points, CELL_MM, 30.0)
    assert grid.nearest.min() >= 0 and grid.nearest.max() < count
    cells = ((points - grid.low) / CELL_MM).astype(int)
    known = points[grid.nearest[tuple(cells.T)]]
    np.testing.assert_array_equal(((known - grid.low) / CELL_MM).astype(int), cells)


def test_a_cell_knows_about_the_nearest_point_of_a_leg() -> None:
    """To a cell where points are matched; farther away, where only a wide gate looks, less exactly."""
    grid = leg_grid()
    centres = cell_centres(grid)
    known = np.linalg.norm(grid.points[grid.nearest] - centres, axis=-1)
    true, _ = cKDTree(grid.points).query(centres)
    near = true < 2.0 * CELL_MM
    assert (known - true).min() > -1e-9
    assert (known - true)[near].max() < CELL_MM
    assert (known - true)[near].mean() < 0.2 * CELL_MM
    assert ((known - true) < CELL_MM + 0.5 * true).all()
    assert near.sum() > 10_000


def test_the_grid_goes_on_round_the_points() -> None:
    grid = leg_grid()
    points, _ = points_of_leg(0, 20_000)
    high = grid.low + grid.cell_mm * np.array(grid.nearest.shape)
    np.testing.assert_allclose(grid.low, points.min(axis=0) - REACH_MM)
    assert (high >= points.max(axis=0) + REACH_MM).all()
    assert (high < points.max(axis=0) + REACH_MM + grid.cell_mm).all()


# ------------------------------------------------------------------------------------------------------ alignment


def aligned(
    truth: FloatArray, start: FloatArray, free: np.typing.NDArray[np.bool_] = ALL, facing: FloatArray | None = None
) -> FloatArray:
    """Return the pose found for other points of the leg, or of its side that faces a direction, at inverse(truth)."""
    points, normals = points_of_leg(1)
    if facing is not None:
        seen = normals @ facing > 0.3
        points, normals = points[seen], normals[seen]
    T = inverse(truth)
    return grid_icp(transform(T, points), rotate(T, normals), leg_grid(), start, GATES_MM, 12, free)


@pytest.mark.parametrize(("angle_deg", "shift_mm"), [(0.0, 0.0), (4.0, 5.0), (12.0, 10.0)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_known_motion_is_found(angle_deg: float, shift_mm: float, seed: int) -> None:
    truth = motion(angle_deg, shift_mm, seed)
    turn_deg, moved_mm = off(aligned(truth, np.eye(4)), truth)
    assert turn_deg < 0.2
    assert moved_mm < 0.25


def test_half_of_the_points_are_enough() -> None:
    truth = motion(8.0, 8.0, 4)
    turn_deg, moved_mm = off(aligned(truth, np.eye(4), facing=np.array([0.5, 0.6, 0.6])), truth)
    assert turn_deg < 0.4
    assert moved_mm < 0.4


def test_level_motions_stay_level() -> None:
    truth = rigid(rotation_about(UP, np.radians(9.0)), np.array([4.0, -6.0, 0.0]))
    found = aligned(truth, np.eye(4), LEVEL)
    np.testing.assert_allclose(found[2], [0.0, 0.0, 1.0, 0.0], atol=1e-12)
    assert max(off(found, truth)) < 0.25
    tilted = aligned(motion(6.0, 6.0, 3), np.eye(4), LEVEL)  # it cannot follow
    np.testing.assert_allclose(tilted[2], [0.0, 0.0, 1.0, 0.0], atol=1e-12)
    assert off(tilted, motion(6.0, 6.0, 3))[0] > 2.0


def test_points_far_from_the_model_stay_where_they_are() -> None:
    start = rigid(np.eye(3), np.array([900.0, 0.0, 0.0]))
    np.testing.assert_array_equal(aligned(np.eye(4), start), start)
    np.testing.assert_array_equal(aligned(rigid(np.eye(3), MIDDLE), np.eye(4), facing=2.0 * UP), np.eye(4))


def test_points_that_face_the_other_way_find_nothing() -> None:
    points, normals = points_of_leg(1)
    start, gate = motion(0.1, 0.5, 1), np.array([3.0])
    np.testing.assert_array_equal(grid_icp(points, -normals, leg_grid(), start, gate, 12, ALL), start)
    assert off(grid_icp(points, normals, leg_grid(), start, gate, 12, ALL), np.eye(4))[1] < 0.3


@pytest.mark.parametrize("workers", [1, 3])
def test_many_starts_give_what_each_gives_alone(workers: int) -> None:
    points, normals = points_of_leg(1)
    starts = [motion(5.0, 5.0, seed) for seed in range(50)]
    with using_workers(workers):
        found = grid_icp_from_all(points, normals, leg_grid(), starts, GATES_MM, 4, ALL)
    assert len(found) == 50
    for k in (0, 19, 20, 49):
        alone = grid_icp(points, normals, leg_grid(), starts[k], GATES_MM, 4, ALL)
        assert found[k].tobytes() == alone.tobytes()


def test_poses_that_lie_together_count_once() -> None:
    """Turns about the middle move points 100 mm away by sqrt(2/3) of the arc, RMS; about another place, farther."""
    middle = np.array([30.0, -20.0, 300.0])

    def turned(arc_mm: float, shift_mm: float) -> FloatArray:
        turn = rotation_about(np.array([1.0, 2.0, -0.5]), arc_mm / 100.0)
        return rigid(turn, middle - turn @ middle + [0.0, shift_mm, 0.0])

    poses = np.array(
        [turned(arc, shift) for arc, shift in ((0, 0), (4, 0), (0, 4), (20, 0), (20, 4.5), (0, 20), (6, 0))]
    )
    near = distinct_poses(poses, middle, 5.0)
    np.testing.assert_array_equal(near, [0, 3, 5])
    np.testing.assert_array_equal(distinct_poses(poses, middle, 4.5), [0, 3, 4, 5, 6])
    np.testing.assert_array_equal(distinct_poses(poses[:2], 2.0 * middle, 5.0), [0, 1])
