"""Rigid transforms against scipy's rotations and against what they are for: points that land where they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from truth import best_fit

from scanproc.frames import (
    FloatArray,
    inverse,
    rigid,
    rotate,
    rotation_about,
    rotation_angle_rad,
    rotation_between,
    transform,
)

seeds = st.integers(0, 2**32 - 1)


def random_transform(rng: np.random.Generator) -> FloatArray:
    return rigid(Rotation.random(rng=rng).as_matrix(), rng.uniform(-500.0, 500.0, 3))


@given(seeds)
def test_inverse_undoes_a_transform(seed: int) -> None:
    rng = np.random.default_rng(seed)
    T_a_b, points = random_transform(rng), rng.normal(scale=100.0, size=(20, 3))
    assert np.allclose(transform(inverse(T_a_b), transform(T_a_b, points)), points, atol=1e-9)
    assert np.allclose(inverse(T_a_b) @ T_a_b, np.eye(4), atol=1e-12)


@given(seeds)
def test_transforms_chain_from_right_to_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    T_a_b, T_b_c, points = random_transform(rng), random_transform(rng), rng.normal(size=(5, 3))
    assert np.allclose(transform(T_a_b, transform(T_b_c, points)), transform(T_a_b @ T_b_c, points), atol=1e-9)


@given(seeds)
def test_directions_turn_but_do_not_move(seed: int) -> None:
    rng = np.random.default_rng(seed)
    T, p, d = random_transform(rng), rng.normal(size=(1, 3)), rng.normal(size=(1, 3))
    assert np.allclose(rotate(T, d), transform(T, p + d) - transform(T, p), atol=1e-9)


@given(seeds, st.floats(-10.0, 10.0))
def test_rotation_about_an_axis_is_scipys(seed: int, angle: float) -> None:
    axis = np.random.default_rng(seed).normal(size=3)
    unit = axis / np.linalg.norm(axis)
    assert np.allclose(rotation_about(axis, angle), Rotation.from_rotvec(unit * angle).as_matrix(), atol=1e-12)


def test_a_quarter_turn_about_z_takes_x_to_y() -> None:
    assert np.allclose(rotation_about(np.array([0.0, 0.0, 2.0]), np.pi / 2) @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])


@given(seeds)
def test_rotation_between_is_the_smallest_that_does_it(seed: int) -> None:
    a, b = np.random.default_rng(seed).normal(size=(2, 3))
    turn = rotation_between(a, b)
    angle = np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1.0, 1.0))
    assert np.allclose(turn @ a / np.linalg.norm(a), b / np.linalg.norm(b), atol=1e-9)
    assert rotation_angle_rad(turn) == pytest.approx(angle, abs=1e-6)
    assert np.linalg.det(turn) == pytest.approx(1.0)


@pytest.mark.parametrize("axis", [*np.eye(3), np.array([1.0, 1.0, 1.0]), np.array([1e-9, 0.0, 1.0])])
def test_rotation_between_opposite_and_equal_directions(axis: FloatArray) -> None:
    half_turn = rotation_between(axis, -2.0 * axis)
    assert np.allclose(half_turn @ axis, -axis)
    assert np.linalg.det(half_turn) == pytest.approx(1.0)
    assert np.allclose(rotation_between(axis, 3.0 * axis), np.eye(3), atol=1e-9)


@given(st.floats(0.0, np.pi), seeds)
def test_rotation_angle_is_the_angle_that_was_turned(angle: float, seed: int) -> None:
    axis = np.random.default_rng(seed).normal(size=3)
    assert rotation_angle_rad(rotation_about(axis, angle)) == pytest.approx(angle, abs=1e-7)


@given(seeds)
def test_best_fit_finds_the_transform_and_never_mirrors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    T, points = random_transform(rng), rng.normal(scale=50.0, size=(12, 3))
    assert np.allclose(best_fit(points, transform(T, points)), T, atol=1e-8)
    mirrored = points * [1.0, -1.0, 1.0]
    assert np.linalg.det(best_fit(points, mirrored)[:3, :3]) == pytest.approx(1.0)


def test_best_fit_leaves_no_better_transform_nearby() -> None:
    rng = np.random.default_rng(3)
    source = rng.normal(scale=50.0, size=(40, 3))
    target = transform(random_transform(rng), source) + rng.normal(scale=2.0, size=source.shape)
    T = best_fit(source, target)

    def misfit(T_target_source: FloatArray) -> float:
        return float(((transform(T_target_source, source) - target) ** 2).sum())

    for axis in np.eye(3):
        for step in (-1e-3, 1e-3):
            assert misfit(T @ rigid(rotation_about(axis, step), np.zeros(3))) > misfit(T)
            assert misfit(T @ rigid(np.eye(3), 10.0 * step * axis)) > misfit(T)
