"""The helpers that compare results with the truth: each finds a planted error, and none where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from recordings import leg, recorded
from seen_truth import good_views_that_see, lacking_share, sample_truth
from truth import (
    Truth,
    pose_errors_of,
    surface_errors,
    true_measures,
    true_measures_by_side,
    true_registration,
)

from scanproc.artifacts import Mesh, Registration, Surface, ViewPose
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.readers.facts import facts_stating
from scanproc.simulation.bodies import joined, standing_pair

X, Z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


@pytest.fixture(scope="module")
def truth() -> Truth:
    """A standing leg seen by 14 views, four of them bad."""
    simulation = recorded("with bad views")
    return Truth(simulation.mesh, simulation.views, simulation.config)


def moved(registration: Registration, T: FloatArray, only: int | None = None) -> Registration:
    """Move all poses by T, or one of them."""
    views = [
        replace(view, T_scan_camera=T @ view.T_scan_camera)
        if view.T_scan_camera is not None and only in (None, index)
        else view
        for index, view in enumerate(registration.views)
    ]
    return replace(registration, views=tuple(views))


def test_true_poses_have_no_error(truth: Truth) -> None:
    errors = pose_errors_of(true_registration(truth), truth)
    assert errors is not None
    assert len(errors.mm) == len(truth.good_views) < len(truth.views)
    assert max(errors.deg.max(), errors.mm.max(), errors.tilt_deg, abs(errors.floor_mm)) < 1e-5
    assert np.allclose(errors.T_mesh_scan, np.eye(4), atol=1e-6)


def test_another_scan_frame_is_no_error_but_a_tilted_floor_is(truth: Truth) -> None:
    turned = rigid(rotation_about(Z, 2.0), np.array([30.0, -200.0, 0.0]))
    tilted = rigid(rotation_about(X, np.radians(0.5)), np.array([0.0, 0.0, 2.0]))
    errors = pose_errors_of(moved(true_registration(truth), tilted @ turned), truth)
    assert errors is not None
    assert max(errors.deg.max(), errors.mm.max()) < 1e-5
    assert errors.tilt_deg == pytest.approx(0.5, abs=1e-4)
    # The scan frame's z = 0 lies lower where the true floor was raised by 2 mm, and by the tilt at the foot.
    foot_z = transform(tilted @ turned, np.array([[120.0, 0.0, 0.0]]))[0, 2]
    assert errors.floor_mm == pytest.approx(-foot_z, abs=0.3)


def test_one_wrong_view_moves_no_other(truth: Truth) -> None:
    good = [index for index, view in enumerate(truth.views) if view.fault is None]
    off = rigid(rotation_about(Z, np.radians(20.0)), np.array([15.0, 0.0, 0.0]))
    errors = pose_errors_of(moved(true_registration(truth), off, only=good[3]), truth)
    assert errors is not None
    assert errors.deg[3] == pytest.approx(20.0, abs=1e-3)
    assert np.delete(errors.mm, 3).max() < 1e-5


def test_bad_views_do_not_count(truth: Truth) -> None:
    views = [ViewPose(view.name, True, residual_rms_mm=0.0, T_scan_camera=np.eye(4)) for view in truth.views]
    kept = [view if true.fault else pose for view, pose, true in zip(
        views, true_registration(truth).views, truth.views, strict=True)]  # fmt: skip
    errors = pose_errors_of(Registration(tuple(kept), floor_seen=True), truth)
    assert errors is not None
    assert errors.mm.max() < 1e-5
    assert pose_errors_of(Registration((), floor_seen=True), replace(truth, views=())) is None


def seen(mesh: Mesh) -> Surface:
    return Surface(mesh, np.ones(len(mesh.vertices), dtype=np.uint8), floor_seen=True)


def test_a_surface_is_brought_onto_the_truth_before_it_is_judged() -> None:
    off = rigid(rotation_about(np.array([1.0, 2.0, 3.0]), np.radians(1.0)), np.array([1.0, -2.0, 1.5]))
    shifted = Mesh(transform(off, leg().vertices), leg().faces)
    errors = surface_errors(seen(shifted), leg(), np.eye(4), num_points=20_000)
    assert errors.p95 < 0.01
    assert np.allclose(errors.T_truth_scan, inverse(off), atol=0.01)


def test_noise_of_a_surface_is_its_error() -> None:
    rng = np.random.default_rng(0)
    grown = leg().vertices + 0.5 * rng.standard_normal(leg().vertices.shape)
    errors = surface_errors(seen(Mesh(grown, leg().faces)), leg(), np.eye(4), num_points=20_000)
    # Along the normal |N(0, 0.5)| has its median at 0.337 and its p95 at 0.98; a bent surface is a little nearer.
    assert 0.30 < errors.median < 0.34
    assert 0.90 < errors.p95 < 0.99


def test_what_is_cut_off_is_lacking(truth: Truth) -> None:
    sample = sample_truth(truth, 20_000)
    counts = good_views_that_see(truth, sample, min_cosine=0.25)
    points = sample.points[counts >= 2]
    assert lacking_share(truth.mesh, np.eye(4), points, within_mm=2.0) == 0.0
    forefoot = truth.mesh.vertices[truth.mesh.faces].mean(axis=1)[:, 0] > 150.0
    cut = Mesh(truth.mesh.vertices, truth.mesh.faces[~forefoot])
    expected = float(np.mean(points[:, 0] > 150.0))
    assert 0.1 < expected < 0.9
    assert lacking_share(cut, np.eye(4), points, within_mm=2.0) == pytest.approx(expected, abs=0.03)


def test_where_points_were_cut_away_nothing_can_lack(truth: Truth) -> None:
    cropped = replace(truth, kept_mm=(10.0, 130.0))
    height = sample_truth(cropped, 20_000).points[:, 2]
    assert 15.0 < height.min() < 16.0 and 124.0 < height.max() < 125.0
    assert truth.shows_floor and cropped.stands and not cropped.shows_floor


def test_the_true_measures_of_a_pair_are_those_of_its_feet() -> None:
    left = true_measures(leg(), facts_stating("one", side="left"), on_floor=True)
    pair = joined(*standing_pair(leg(), 80.0, 0.0))
    both = true_measures_by_side(pair, facts_stating("two", side="both"), on_floor=True)
    assert set(both) == {"left", "right"}
    for foot in both.values():
        assert foot["foot_length_mm"] == pytest.approx(left["foot_length_mm"], abs=0.1)


def test_views_see_what_faces_them_and_no_sole(truth: Truth) -> None:
    sample = sample_truth(truth, 5_000)
    counts = good_views_that_see(truth, sample, min_cosine=0.25)
    sole = (sample.points[:, 2] < 3.0) & (sample.normals[:, 2] < -0.9)
    shin = (sample.points[:, 2] > 150.0) & (sample.points[:, 2] < 200.0)
    assert sole.sum() > 100 and shin.sum() > 100
    assert counts[sole].max() == 0
    assert counts[shin].min() >= 1
    assert counts.max() < len(truth.good_views)  # none sees all round
