"""The small steps of alignment, against numpy and scanproc.frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.registration.point_to_plane import (
    add_rotated,
    add_rows,
    apply_step,
    compose,
    mean_normal,
    point_to_plane_row,
    robust_weight,
    rotate_vector,
    solve_step,
    transform_point,
)
from scanproc.registration.point_to_plane import (
    inverse as inverse_compiled,
)

ALL = np.ones(6, dtype=bool)
SEEDS = st.integers(0, 10_000)


def random_motion(rng: np.random.Generator) -> FloatArray:
    return rigid(Rotation.random(random_state=int(rng.integers(1 << 30))).as_matrix(), rng.uniform(-500.0, 500.0, 3))


@given(SEEDS)
def test_motions_are_those_of_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, B, p = random_motion(rng), random_motion(rng), rng.uniform(-300.0, 300.0, 3)
    np.testing.assert_allclose(transform_point(A, *p), transform(A, p[None])[0], atol=1e-9)
    np.testing.assert_allclose(rotate_vector(A, *p), A[:3, :3] @ p, atol=1e-9)
    np.testing.assert_allclose(inverse_compiled(A), inverse(A), atol=1e-9)
    np.testing.assert_allclose(compose(A, B), A @ B, atol=1e-9)


@given(SEEDS, st.sampled_from([0.0, 1e-12, 1e-7, 1e-3, 0.5, 3.0]))
def test_a_step_turns_about_the_centre_and_shifts(seed: int, angle_rad: float) -> None:
    rng = np.random.default_rng(seed)
    T, centre, shift = random_motion(rng), rng.uniform(-200.0, 200.0, 3), rng.uniform(-20.0, 20.0, 3)
    axis = rng.standard_normal(3)
    axis /= np.linalg.norm(axis)
    turn = rotation_about(axis, angle_rad)
    found = apply_step(T, np.concatenate([angle_rad * axis, shift]), centre)
    np.testing.assert_allclose(found, rigid(turn, centre - turn @ centre + shift) @ T, atol=1e-9)
    np.testing.assert_allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-12)


# -------------------------------------------------------------------------------------------------------- solving


def equations(rng: np.random.Generator, rows: int = 40) -> tuple[FloatArray, FloatArray]:
    """Return H and g of random distances, turns weighing 100 times as much as shifts."""
    J = rng.standard_normal((rows, 6)) * np.array([100.0, 100.0, 100.0, 1.0, 1.0, 1.0])
    return J.T @ J, J.T @ rng.standard_normal(rows)


@given(SEEDS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_step_solves_the_equations_for_what_is_free(seed: int, free: list[bool]) -> None:
    rng = np.random.default_rng(seed)
    H, g = equations(rng)
    lower_half = np.tril(H) + np.triu(rng.standard_normal((6, 6)), 1)  # the rest does not count
    may = np.array(free)
    step = solve_step(lower_half, g, may)
    assert (step[~may] == 0.0).all()
    expected = np.linalg.solve(H[np.ix_(may, may)], -g[may])
    np.testing.assert_allclose(step[may], expected, rtol=1e-3, atol=1e-6 * np.abs(expected).max(initial=1.0))


def test_what_nothing_holds_stays() -> None:
    J = np.zeros((1, 6))
    J[0, 5] = 1.0  # one plane, seen from the front: only its height is known
    step = solve_step(J.T @ J, 0.7 * J[0], ALL)
    np.testing.assert_allclose(step, [0.0, 0.0, 0.0, 0.0, 0.0, -0.7], atol=1e-5)
    assert (solve_step(np.zeros((6, 6)), np.zeros(6), ALL) == 0.0).all()


# ------------------------------------------------------------------------------------------------------ distances


@given(SEEDS)
def test_equations_are_the_derivatives_of_a_distance(seed: int) -> None:
    """A small step changes a point's distance from a plane as H and g say."""
    rng = np.random.default_rng(seed)
    centre, point, normal = rng.uniform(-50.0, 50.0, 3), rng.uniform(-50.0, 50.0, 3), rng.standard_normal(3)
    normal /= np.linalg.norm(normal)
    distance = float(rng.uniform(-3.0, 3.0))
    H, g = np.zeros((6, 6)), np.zeros(6)
    one = np.array([[*point_to_plane_row(tuple(point - centre), tuple(normal)), 0.0, distance]])
    add_rows(H, g, one, np.ones(1))
    row = np.zeros(6)
    for k, size in enumerate([1e-5] * 3 + [1e-2] * 3):
        step = np.zeros(6)
        step[k] = size
        there = apply_step(rigid(np.eye(3), point), step, centre)[:3, 3]
        back = apply_step(rigid(np.eye(3), point), -step, centre)[:3, 3]
        row[k] = normal @ (there - back) / (2.0 * size)
    np.testing.assert_allclose(H, np.tril(np.outer(row, row)), atol=1e-3)
    np.testing.assert_allclose(g, row * distance, atol=1e-4)


@given(SEEDS, st.sampled_from([6, 7]))
def test_many_distances_are_added_up_with_their_weights(seed: int, unknowns: int) -> None:
    rng = np.random.default_rng(seed)
    rows, weights = rng.standard_normal((9, 8)), rng.uniform(0.0, 2.0, 9)
    H, g = np.ones((unknowns, unknowns)), np.ones(unknowns)
    add_rows(H, g, rows, weights)
    J = rows[:, :unknowns]
    np.testing.assert_allclose(np.tril(H), np.tril(1.0 + J.T @ (weights[:, None] * J)), atol=1e-12)
    np.testing.assert_allclose(g, 1.0 + J.T @ (weights * rows[:, 7]), atol=1e-12)


@pytest.mark.parametrize(("share_of_gate", "weight"), [(0.0, 1.0), (1.0 / 1.5, 0.25), (2.0, 0.01)])
def test_large_distances_weigh_less(share_of_gate: float, weight: float) -> None:
    """Geman & McClure's weight 1 / (1 + r²)², r in units of the gate / 1.5."""
    assert robust_weight(6.0 * share_of_gate, 6.0) == pytest.approx(weight)


@pytest.mark.parametrize(("apart_deg", "agree"), [(0.0, True), (44.0, True), (46.0, False), (180.0, False)])
def test_normals_agree_up_to_45_deg(apart_deg: float, agree: bool) -> None:
    a = np.array([0.6, 0.0, 0.8])
    b = rotation_about(np.array([0.0, 1.0, 0.0]), np.radians(apart_deg)) @ a
    *mean, found = mean_normal(*a, *b)
    assert found == agree
    if apart_deg < 180.0:
        np.testing.assert_allclose(mean, (a + b) / np.linalg.norm(a + b), atol=1e-9)


@pytest.mark.parametrize("size", [6, 7])
def test_equations_of_another_frame_are_those_of_the_common_one(size: int) -> None:
    """Rows of points in their own frame and in the common one, about the same point: the sums say the same."""
    rng = np.random.default_rng(size)
    own, normals, distances = rng.normal(0.0, 80.0, (200, 3)), rng.normal(size=(200, 3)), rng.normal(size=200)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    T_common_own = rigid(Rotation.random(random_state=3).as_matrix(), np.array([40.0, -300.0, 120.0]))
    shared, weights = rng.normal(size=200), rng.uniform(0.1, 1.0, 200)

    def summed(points: FloatArray, directions: FloatArray, centre: FloatArray) -> tuple[FloatArray, FloatArray]:
        rows = np.column_stack([np.cross(points - centre, directions), directions, shared, distances])
        H, g = np.zeros((size, size)), np.zeros(size)
        add_rows(H, g, rows, weights)
        return H, g

    centre = np.array([10.0, -20.0, 30.0])
    wanted_H, wanted_g = summed(transform(T_common_own, own), normals @ T_common_own[:3, :3].T, centre)
    H, g = np.zeros((size, size)), np.zeros(size)
    add_rotated(H, g, *summed(own, normals, transform(inverse(T_common_own), centre[None])[0]), T_common_own)
    np.testing.assert_allclose(H, np.tril(wanted_H) + np.tril(wanted_H, -1).T, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(g, wanted_g, rtol=1e-9, atol=1e-6)
