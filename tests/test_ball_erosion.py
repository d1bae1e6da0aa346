"""The parallel surface against formulas, and against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.parallel import using_workers
from scanproc.solid.ball_erosion import erode_with_ball
from scanproc.solid.height_fields import HeightField


def grid(rows: int = 161, columns: int = 161, step: float = 0.5) -> HeightField:
    return HeightField(-0.5 * step * (rows - 1), -0.5 * step * (columns - 1), step, np.zeros((rows, columns)))


def off_border(field: HeightField, by_mm: float) -> BoolArray:
    x, y = np.broadcast_arrays(field.x, field.y)
    return np.asarray((np.abs(x) < field.x.max() - by_mm) & (np.abs(y) < field.y.max() - by_mm))


def turned(field: HeightField, degrees: float) -> FloatArray:
    angle = np.deg2rad(degrees)
    return np.asarray(field.x * np.cos(angle) + field.y * np.sin(angle))


@pytest.mark.parametrize("steepness", [0.0, 30.0, 60.0, 75.0, 80.0])
@pytest.mark.parametrize("direction", [0.0, 17.0, 45.0])
def test_the_parallel_of_a_plane_is_a_plane(steepness: float, direction: float) -> None:
    field, cosine = grid(), np.cos(np.deg2rad(steepness))
    z = np.tan(np.deg2rad(steepness)) * turned(field, direction)
    miss = (erode_with_ball(field.replaced(z), 3.0).z - (z - 3.0 / cosine)) * cosine
    assert np.abs(miss[off_border(field, 6.0)]).max() < 5e-4  # the spline bends at its border


@pytest.mark.parametrize(("radius", "wall"), [(20.0, 3.0), (30.0, 1.5), (30.0, 8.0), (60.0, 3.0)])
def test_the_parallel_of_a_bowl_is_a_bowl_up_to_steep_walls(radius: float, wall: float) -> None:
    field = grid()
    r = np.hypot(field.x, field.y)
    steep = np.sin(np.deg2rad(78.0)) * radius  # further out a straight wall goes on
    bowl = radius - np.sqrt(radius**2 - np.minimum(r, steep) ** 2)
    bowl += np.tan(np.deg2rad(78.0)) * np.maximum(r - steep, 0.0)
    got = erode_with_ball(field.replaced(bowl), wall).z
    outer = radius + wall
    known = (r < outer * np.sin(np.deg2rad(77.0))) & off_border(field, wall + 1.0)
    height = np.sqrt(outer**2 - r[known] ** 2)
    assert np.abs((got[known] - (radius - height)) * height / outer).max() < 0.01


@pytest.mark.parametrize("steepness", [45.0, 75.0])
def test_the_parallel_of_a_peak_is_a_sharp_peak(steepness: float) -> None:
    field, cosine = grid(), np.cos(np.deg2rad(steepness))
    z = -np.tan(np.deg2rad(steepness)) * np.hypot(field.x, field.y)
    miss = (erode_with_ball(field.replaced(z), 3.0).z - (z - 3.0 / cosine)) * cosine
    assert np.abs(miss[off_border(field, 6.0)]).max() < 0.002


@pytest.mark.parametrize("bend", [1.0, 2.0, 5.0])
def test_a_ridge_rounder_or_sharper_than_the_ball_is_followed_to_its_crease(bend: float) -> None:
    """`bend` is the radius of the ridge's back: below 3 mm the parallel surface has a crease below it."""
    field, slope = grid(), np.tan(np.deg2rad(70.0))
    across = turned(field, 17.0)
    got = erode_with_ball(field.replaced(-slope * np.hypot(across, bend * slope)), 3.0).z
    stations, q = np.linspace(-30.0, 30.0, 1201), np.linspace(-3.0, 3.0, 20001)
    ball = np.sqrt(9.0 - q**2)
    truth = np.array([(-slope * np.hypot(s + q, bend * slope) - ball).min() for s in stations])
    miss = (got - np.interp(across, stations, truth)) / np.hypot(1.0, np.gradient(truth, stations).max())
    assert np.abs(miss[off_border(field, 6.0) & (np.abs(across) < 29.0)]).max() < 0.01


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.floats(0.8, 6.0), st.floats(0.0, 0.5))
def test_no_ball_of_any_radius_cuts_the_surface_and_each_touches_it(seed: int, wall: float, varying: float) -> None:
    """The definition itself, on a surface of waves as bent as an insole: distances to a ten times finer grid."""
    random, field = np.random.default_rng(seed), grid(61, 41)
    waves = random.normal(0.0, 1.0, (6, 4))

    def surface(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray(sum(1.2 * a * np.sin(0.25 * b * x + 0.25 * c * y + d) for a, b, c, d in waves))

    radius = wall * (1.0 + varying * np.sin(0.1 * field.x) * np.cos(0.1 * field.y))
    below = erode_with_ball(field.replaced(surface(*np.broadcast_arrays(field.x, field.y))), radius)
    fine = np.arange(-14.999, 15.0, 0.05), np.arange(-9.999, 10.0, 0.05)
    x, y = np.meshgrid(*fine, indexing="ij")
    from scipy.spatial import cKDTree

    tree = cKDTree(np.column_stack([x.ravel(), y.ravel(), surface(x, y).ravel()]))
    inner = off_border(field, 9.0) if wall > 4.0 else off_border(field, 6.5)
    points = np.column_stack([field.nodes(), below.z.ravel()])[inner.ravel()]
    distance = np.asarray(tree.query(points)[0])
    miss = distance - radius[inner]
    assert miss.min() > -0.01
    # The nearest point of the grid may lie 0.035 mm beside the nearest of a surface as steep as 4 in 1.
    assert miss.max() < 0.03


def test_without_a_radius_nothing_is_lowered() -> None:
    field = grid(31, 21)
    wavy = field.replaced(np.sin(0.3 * field.x) + np.cos(0.2 * field.y))
    assert erode_with_ball(wavy, 0.0) is wavy
    half = np.where(np.broadcast_to(field.x, wavy.z.shape) < 0.0, 0.0, 2.0)
    some = erode_with_ball(wavy, half)
    assert np.abs(some.z - wavy.z)[half == 0.0].max() < 1e-12
    assert ((wavy.z - some.z)[half > 0.0] > 1.9).all()


def test_the_number_of_threads_changes_no_bit() -> None:
    field = grid(230, 90)
    wavy = field.replaced(3.0 * np.sin(0.2 * field.x) * np.cos(0.3 * field.y))
    with using_workers(1):
        one = erode_with_ball(wavy, 3.0).z
    with using_workers(4):
        assert np.array_equal(erode_with_ball(wavy, 3.0).z, one)


def test_a_mirrored_field_has_the_mirrored_parallel() -> None:
    field = grid(81, 61)
    z = 2.0 * np.sin(0.2 * field.x + 0.3 * field.y) + 0.02 * field.y**2
    left, right = erode_with_ball(field.replaced(z), 3.0).z, erode_with_ball(field.replaced(z[:, ::-1].copy()), 3.0).z
    assert np.abs(left - right[:, ::-1])[off_border(field, 4.0)].max() < 1e-3
