"""Conjugate gradients over pairs against a dense solution."""

from __future__ import annotations

import numpy as np
import pytest

from scanproc.registration.normal_equations import solve_normal_equations


def chain(count: int, seed: int) -> tuple[np.ndarray, ...]:
    """Return the equations of a ring of views, each tied to the next two, and a little of its own."""
    rng = np.random.default_rng(seed)
    a = np.concatenate([np.arange(count), np.arange(count)])
    b = np.concatenate([(np.arange(count) + 1) % count, (np.arange(count) + 2) % count])
    J = rng.normal(size=(len(a), 40, 6)) * np.array([50.0, 50.0, 50.0, 1.0, 1.0, 1.0])  # turns, and shifts in mm
    own = np.tile(np.diag([10.0, 10.0, 10.0, 0.01, 0.01, 0.01]), (count, 1, 1))
    return J.transpose(0, 2, 1) @ J, a, b, own, rng.normal(size=(count, 6))


@pytest.mark.parametrize("count", [2, 3, 12, 60])
def test_it_solves_what_a_dense_solver_solves(count: int) -> None:
    H, a, b, own, g = chain(count, count)
    dense = np.zeros((count, 6, count, 6))
    for e in range(len(a)):
        for i, j, sign in ((a[e], a[e], 1), (b[e], b[e], 1), (a[e], b[e], -1), (b[e], a[e], -1)):
            dense[i, :, j] += sign * H[e]
    for v in range(count):
        dense[v, :, v] += own[v]
    expected = np.linalg.solve(dense.reshape(count * 6, -1), -g.ravel()).reshape(-1, 6)
    found = solve_normal_equations(H, a, b, own, g)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    assert np.abs(found).max() > 0.5 * np.abs(expected).max()


def test_nothing_to_do_moves_nothing() -> None:
    H, a, b, own, g = chain(5, 0)
    assert (solve_normal_equations(H, a, b, own, 0.0 * g) == 0.0).all()
