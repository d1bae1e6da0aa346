"""Draws of a surface's error, and the uncertainty of measures taken from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from pictures import fused, posed_plane

from scanproc.anatomy.foot_replicates import replicate_of
from scanproc.artifacts import Foot, Intrinsics, Landmark, Mesh, Replicates
from scanproc.frames import FloatArray, rigid, rotation_about, transform
from scanproc.fusion.jackknife import (
    common_errors,
    extrapolate_errors,
    jackknife_errors,
    regional_spread,
    stretch_errors,
)
from scanproc.fusion.posed_views import PosedView, pixel_weight
from scanproc.fusion.visibility import VisibilityLimits, visibility
from scanproc.measures.table import ROWS
from scanproc.measures.uncertainty import ErrorSources, sd_parts
from scanproc.mesh.meshes import vertex_normals
from scanproc.simulation.motions import look_at

NO_MORE = ErrorSources(scale_sd=0.0, surface_sd_mm=0.0)


def distances(values: FloatArray, weight: float = 1.0) -> FloatArray:
    """Return (K, V, 2) sums of groups of one view each."""
    return np.stack([weight * values, np.full(values.shape, weight)], axis=-1)


def test_draws_have_the_spread_of_the_mean() -> None:
    """Eight independent groups of sd 0.8 mm: their mean has 0.8 / sqrt(8) = 0.283 mm, by Student 0.335 mm."""
    values = np.random.default_rng(0).normal(0.0, 0.8, (8, 4000))
    errors = jackknife_errors(distances(values)).astype(np.float64)
    assert errors.shape == (4000, 8)
    rms = np.sqrt(np.mean(errors**2))
    assert 0.32 < rms < 0.35
    assert np.abs(errors.mean(axis=1)).max() < 2e-3  # half precision


@pytest.mark.parametrize("groups", [2, 3, 5])
def test_places_that_few_groups_saw_have_the_spread_of_their_mean(groups: int) -> None:
    """Who saw nothing of a place adds nothing to its spread: the mean of n groups of sd 0.8 mm has 0.8 / sqrt(n)."""
    seen = distances(np.random.default_rng(0).normal(0.0, 0.8, (8, 4000)))
    seen[groups:] = 0.0
    rms = np.sqrt(np.mean(jackknife_errors(seen).astype(np.float64) ** 2))
    assert rms == pytest.approx(np.sqrt(7.0 / 5.0) * 0.8 / np.sqrt(groups), rel=0.04)


def test_two_sd_hold_the_truth_as_often_as_they_should() -> None:
    """95 % of the means of eight groups lie within twice the RMS of their replicates."""
    values = np.random.default_rng(1).normal(0.0, 1.0, (8, 4000))
    sds = np.sqrt(np.mean(jackknife_errors(distances(values)).astype(np.float64) ** 2, axis=1))
    assert 0.94 < np.mean(np.abs(values.mean(axis=0)) <= 2.0 * sds) < 0.96


def test_a_weightier_group_moves_the_surface_more() -> None:
    values = np.array([[1.0], [0.0], [0.0], [0.0]])
    even = jackknife_errors(distances(values)).astype(float)
    heavy = distances(values)
    heavy[0] *= 5.0
    assert np.abs(jackknife_errors(heavy).astype(float)).max() > 1.5 * np.abs(even).max()


def test_what_goes_by_region_is_told_from_noise() -> None:
    """Groups that lie 0.4 mm apart over a whole plate, and noise of as much in each vertex."""
    x, y = np.meshgrid(np.arange(60.0), np.arange(60.0))
    index = np.arange(3600).reshape(60, 60)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]))
    faces = np.concatenate([np.column_stack([a, b, d]), np.column_stack([a, d, c])]).astype(np.int32)
    plate = Mesh(np.column_stack([x.ravel(), y.ravel(), np.zeros(3600)]), faces)
    rng = np.random.default_rng(4)
    by_group, by_vertex = rng.normal(0.0, 0.4, (8, 1)), rng.normal(0.0, 0.4, (8, 3600))
    shifts = by_group - by_group.mean()
    expected = np.sqrt(7.0 / 5.0 * (shifts**2).sum() / 7.0)  # of a group, by Student
    alone = regional_spread(plate, jackknife_errors(distances(by_group + np.zeros((1, 3600)))))
    assert alone == pytest.approx(np.full(3600, expected), rel=0.01)
    assert np.median(regional_spread(plate, jackknife_errors(distances(by_vertex)))) < 0.1
    both = regional_spread(plate, jackknife_errors(distances(by_group + by_vertex)))
    assert np.median(both) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("count", [2, 3, 5, 8, 11])
def test_what_all_views_share_has_the_stated_spread_everywhere(count: int) -> None:
    points = np.random.default_rng(3).uniform(-200.0, 200.0, (50, 3))
    doubt_mm = np.linspace(0.1, 0.4, 50)
    errors = common_errors(points, doubt_mm, count)
    assert np.sqrt(np.mean(errors**2, axis=1)) == pytest.approx(doubt_mm)
    assert not common_errors(points, doubt_mm, 1).any()


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("count", [8, 9, 11])
def test_what_all_views_share_is_alike_in_a_region(count: int, axis: int) -> None:
    """Along each axis: almost the same 10 mm on, half the same 60 mm on, but never of opposite sign all over."""
    x = np.array([0.0, 10.0, 60.0])
    errors = common_errors(np.outer(x, np.eye(3)[axis]), np.ones(3), count)
    alike = errors @ errors[0] / count
    assert alike == pytest.approx([1.0, 0.97, 0.46], abs=0.02)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_a_stretch_lengthens_what_is_long_most(count: int) -> None:
    """A ball of 250 mm becomes one of 250 mm times 1 plus or minus the stretch, wherever it lies."""
    ball = trimesh.creation.icosphere(subdivisions=3, radius=125.0)
    mesh = Mesh(np.asarray(ball.vertices) + 700.0, np.asarray(ball.faces, np.int32))
    errors = stretch_errors(mesh, 0.002, count)
    assert np.sqrt(np.mean(errors**2, axis=1)) == pytest.approx(np.full(len(errors), 0.25), rel=0.01)
    assert np.ptp(errors, axis=0).max() < 0.005  # all of it outwards at once
    assert not stretch_errors(mesh, 0.002, 1).any()


def test_what_one_group_alone_saw_is_not_drawn() -> None:
    values = distances(np.array([[0.5], [0.0], [0.0]]))
    values[1:] = 0.0
    assert np.isnan(jackknife_errors(values)).all()


def test_the_unknown_moves_with_its_neighbours() -> None:
    """A strip of squares: known at its two ends, unknown between; one loose triangle beyond reach."""
    x = np.arange(10.0)
    vertices = np.vstack([np.column_stack([x, 0 * x, 0 * x]), np.column_stack([x, 0 * x + 1, 0 * x])])
    vertices = np.vstack([vertices, vertices[:3] + 100.0])
    squares = [(i, i + 1, 10 + i) for i in range(9)] + [(i + 1, 11 + i, 10 + i) for i in range(9)]
    mesh = Mesh(vertices, np.array([*squares, (20, 21, 22)], dtype=np.int32))
    errors = np.full((23, 2), np.nan, dtype=np.float16)
    errors[[0, 10]], errors[[9, 19]] = (1.0, -1.0), (0.0, 0.5)
    known = ~np.isnan(errors[:, 0])
    found = extrapolate_errors(mesh, errors, known).astype(float)
    assert found[known] == pytest.approx(errors[known].astype(float))
    assert found[2] == pytest.approx((1.0, -1.0)) and found[7] == pytest.approx((0.0, 0.5))
    assert found[20] == pytest.approx((0.5, -0.25))
    assert not np.isnan(found).any()


def test_an_absurd_draw_is_bounded() -> None:
    errors = jackknife_errors(distances(np.array([[3.0], [-3.0], [3.0], [-300.0]])))
    assert np.abs(errors).max() == 3.0


@pytest.mark.few(1)
@pytest.mark.parametrize("cosine_power", [0.0, 0.5, 4.0])
def test_draws_go_where_the_surface_goes_that_lacks_a_group(cosine_power: float) -> None:
    """Three views of a plane, from above, aslant and far, that saw it elsewhere; fused without each in turn."""
    camera, up = Intrinsics(320, 240, 500.0, 500.0, 159.5, 119.5), np.array([0.0, 0.0, 1.0])
    eyes, offsets = np.array([[0.0, 0.0, 300.0], [260.0, 0.0, 150.0], [0.0, 100.0, 380.0]]), (0.6, -0.6, 0.1)
    views = [posed_plane(look_at(eye, np.zeros(3)), up, z, camera) for eye, z in zip(eyes, offsets, strict=True)]

    def height(some: list[PosedView]) -> float:
        vertices = fused(some, 1.0, cosine_power=cosine_power).vertices
        return float(np.median(vertices[np.linalg.norm(vertices[:, :2], axis=1) < 10.0, 2]))

    without = np.array([height(views[:k] + views[k + 1 :]) for k in range(3)])
    mesh = fused(views, 1.0, cosine_power=cosine_power)
    seen = visibility(mesh, views, VisibilityLimits(3.0, 0.15, cosine_power), num_groups=3)
    middle = np.linalg.norm(mesh.vertices[:, :2], axis=1) < 10.0
    errors = np.median(jackknife_errors(seen.distances)[middle].astype(np.float64), axis=0)
    assert np.ptp(without) > 0.3
    away = np.linalg.norm(eyes, axis=1)
    weights = np.array([pixel_weight(eye[2] / far, far, cosine_power) for eye, far in zip(eyes, away, strict=True)])
    factor = np.sqrt(3.0 * 3.0 / (weights / (weights.sum() - weights)).sum())  # sqrt(2 * 3) where they weigh alike
    np.testing.assert_allclose(errors, factor * (without - without.mean()), atol=0.035)


def foot_with_draws() -> Foot:
    vertices = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0], [10, 10, 0]])
    mesh = Mesh(vertices, np.array([[0, 1, 2], [1, 3, 2]], dtype=np.int32))
    turn = rigid(rotation_about(np.array([0.0, 0.0, 1.0]), 0.1), np.array([1.0, 2.0, 0.0]))
    replicates = Replicates(
        errors_mm=np.array([[0.5, -0.25]] * 4, dtype=np.float16),
        T_replicate_foot=np.array([np.eye(4), turn]),
        landmarks={"pternion": np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])},
    )
    landmarks = {
        "pternion": Landmark(np.zeros(3), "auto", 0.9),
        "navicular": Landmark(np.array([5.0, 5.0, 0.0]), "edited", 1.0),
    }
    return Foot("left", 0.9, "floor", np.eye(4), mesh, np.full(4, 3, np.uint8), landmarks, replicates=replicates)


@pytest.mark.parametrize("k", [0, 1])
def test_a_draw_is_moved_along_its_normals_and_into_its_own_frame(k: int) -> None:
    foot = foot_with_draws()
    assert foot.replicates is not None
    other = replicate_of(foot, k)
    T = foot.replicates.T_replicate_foot[k]
    expected = foot.mesh.vertices + vertex_normals(foot.mesh) * (0.5, -0.25)[k]
    assert other.mesh.vertices == pytest.approx(transform(T, expected))
    assert other.landmarks["pternion"].xyz_mm == pytest.approx([1.0 + k] * 3)
    # Set by hand: on the foot, where a person may have set it as well.
    navicular = other.landmarks["navicular"].xyz_mm
    assert navicular[2] == pytest.approx((0.5, -0.25)[k])
    apart = np.linalg.norm(navicular[:2] - transform(T, np.array([[5.0, 5.0, 0.0]]))[0, :2])
    assert apart == pytest.approx(5.0, abs=0.1)  # 5.8 mm off would be beyond the border
    assert other.replicates is None


def test_a_foot_without_draws_has_none() -> None:
    with pytest.raises(ValueError, match="without replicates"):
        replicate_of(replace(foot_with_draws(), replicates=None), 0)


def combined_sd(name: str, value: float, replicates: list[float | None], sources: ErrorSources) -> float | None:
    parts = sd_parts(ROWS[name].dimension, value, replicates, sources)
    return None if parts is None else parts.combined


def test_the_repeat_is_the_rms_of_the_draws() -> None:
    assert combined_sd("heel_angle_deg", 5.0, [5.3, 4.7, 5.3, 4.7], NO_MORE) == pytest.approx(0.3)


def test_scale_counts_by_the_power_of_the_unit() -> None:
    scale = ErrorSources(scale_sd=0.004, surface_sd_mm=0.0)
    assert combined_sd("foot_length_mm", 250.0, [250.0] * 4, scale) == pytest.approx(1.0)
    assert combined_sd("arch_volume_mm3", 50_000.0, [50_000.0] * 4, scale) == pytest.approx(600.0)
    assert combined_sd("arch_height_index", 0.34, [0.34] * 4, scale) == 0.0
    assert combined_sd("heel_angle_deg", 5.0, [5.0] * 4, scale) == 0.0


def test_sources_add_in_squares() -> None:
    sources = ErrorSources(scale_sd=0.004, surface_sd_mm=0.1)
    found = sd_parts(ROWS["foot_length_mm"].dimension, 250.0, [250.3, 249.7], sources)
    assert found is not None
    assert (found.repeat, found.surface, found.scale) == pytest.approx((0.3, np.sqrt(2) * 0.1, 1.0))
    assert found.combined == pytest.approx(np.sqrt(0.3**2 + 1.0**2 + 2 * 0.1**2))


def test_what_most_draws_refuse_has_no_uncertainty() -> None:
    assert combined_sd("foot_length_mm", 250.0, [250.1, None, None, None], NO_MORE) is None
    assert combined_sd("foot_length_mm", 250.0, [250.1, 250.1, None, None], NO_MORE) == pytest.approx(0.1)
