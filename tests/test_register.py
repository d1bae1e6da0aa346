"""Poses against the truth of simulated recordings, and bad views and recordings refused by name and number."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from recordings import T_mesh_scan, cleaned, leg, pose_errors, recorded, registered

from scanproc.artifacts import CleanViews, DepthFrame, Mesh, Recording
from scanproc.errors import ScanError
from scanproc.frames import rotation_about, transform
from scanproc.open3d_bridge import RayScene
from scanproc.simulate import SimulationConfig, simulate
from scanproc.simulation.bodies import box, floor
from scanproc.simulation.motions import look_at
from scanproc.simulation.render import Body, render
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.register import RegisterConfig, register


def test_views_of_a_standing_foot_are_where_they_were() -> None:
    registration = registered("standing")
    assert [view.accepted for view in registration.views] == [True] * 12
    assert registration.floor_seen
    errors = pose_errors(registration, recorded("standing"))
    # The foot itself sways by 0.3 mm and 0.1 deg from view to view, which the truth includes.
    assert np.median(errors, axis=0) == pytest.approx([0.08, 0.2], abs=0.08)
    assert errors.max(axis=0)[0] < 0.5
    assert errors.max(axis=0)[1] < 0.6


def test_the_floor_is_at_zero_and_up_is_up() -> None:
    T = T_mesh_scan(registered("standing"), recorded("standing"))
    corners = np.array([[0.0, 0.0, 0.0], [240.0, 0.0, 0.0], [120.0, 80.0, 0.0]])
    assert np.abs(transform(np.linalg.inv(T), corners)[:, 2]).max() < 0.15
    assert T[2, 2] > 0.9999


def test_views_of_a_raised_foot_are_where_they_were() -> None:
    registration = registered("raised")
    assert sum(view.accepted for view in registration.views) >= 13
    assert not registration.floor_seen
    errors = pose_errors(registration, recorded("raised"))
    assert np.median(errors, axis=0) == pytest.approx([0.35, 0.7], abs=0.35)
    assert errors.max(axis=0)[0] < 1.2
    assert errors.max(axis=0)[1] < 2.5


def test_residuals_are_those_of_the_noise() -> None:
    for name in ("standing", "raised"):
        rms = [view.residual_rms_mm for view in registered(name).views if view.residual_rms_mm is not None]
        assert 0.5 < np.median(rms) < 2.0


def test_bad_views_are_rejected_by_name_with_a_number() -> None:
    simulation, registration = recorded("with bad views"), registered("with bad views")
    assert {view.fault for view in simulation.views} == {None, "blank", "bent", "other", "duplicate"}
    for true, view in zip(simulation.views, registration.views, strict=True):
        assert view.name == true.name
        assert view.accepted == (true.fault is None), (view.name, true.fault, view.reason)
        if true.fault == "duplicate":
            assert re.fullmatch(r"the same image as view \d{6}", view.reason or "")
        elif true.fault is not None:
            assert re.search(r"\d (points of a foot )?< register\.min_\w+ \d", view.reason or ""), view.reason
    errors = pose_errors(registration, simulation)
    assert np.median(errors[:, 1]) < 0.5
    assert errors[:, 1].max() < 1.2


def test_a_duplicate_of_a_good_view_names_it() -> None:
    views = cleaned("standing").views[:6]
    doubled = CleanViews((*views, replace(views[2], name="again")))
    registration = register(doubled, RegisterConfig())
    assert registration.views[6].reason == f"the same image as view {views[2].name}"
    assert [view.accepted for view in registration.views] == [True] * 6 + [False]


def test_views_without_a_foot_are_refused_together() -> None:
    views = tuple(replace(view, depth_mm=np.zeros_like(view.depth_mm)) for view in cleaned("standing").views[:5])
    with pytest.raises(ScanError, match=r"view 000000: 0 points of a foot < register.min_points 1000") as caught:
        register(CleanViews(views), RegisterConfig())
    assert "\n" not in str(caught.value)
    assert "and 1 more" in str(caught.value)


@cache
def strangers() -> CleanViews:
    """Return views of a different object each, on a floor: boxes of all shapes and a foot."""
    rng = np.random.default_rng(3)
    camera = recorded("standing").recording.frames[0]
    assert isinstance(camera, DepthFrame)
    frames = []
    for index in range(6):
        size = rng.uniform([50.0, 40.0, 40.0], [260.0, 200.0, 250.0])
        thing = box(np.array([0.0, 0.0, size[2] / 2.0]), size) if index else leg()
        turned = Mesh(thing.vertices @ rotation_about(np.array([0, 0, 1.0]), float(index)).T, thing.faces)
        pose = look_at(np.array([330.0, 60.0 * index - 150.0, 220.0]), np.array([0.0, 0.0, 50.0]))
        image = render([Body(RayScene(turned), pose), Body(RayScene(floor(0.0)), pose)], camera.intrinsics)
        depth = np.where(image.depth_mm < 3000.0, image.depth_mm, 0.0) + rng.normal(scale=0.5, size=camera.depth.shape)
        frames.append(DepthFrame(f"thing{index}", np.rint(depth).clip(0).astype(np.uint16), 1.0, camera.intrinsics))
    return clean(Recording(tuple(frames)), CleanConfig())


def test_views_of_different_things_are_refused() -> None:
    with pytest.raises(ScanError, match=r"only \d of 6 views fit together \(register.min_views = 4\): view thing") as e:
        register(strangers(), RegisterConfig())
    assert "\n" not in str(e.value)
    assert re.search(r"0\.\d\d < register\.min_", str(e.value))


def test_too_few_views_are_refused() -> None:
    with pytest.raises(ScanError, match=r"only 3 of 3 views fit together"):
        register(CleanViews(cleaned("standing").views[:3]), RegisterConfig())


def test_the_same_views_give_the_same_poses_to_the_last_bit() -> None:
    again = register(cleaned("standing"), RegisterConfig())
    for one, two in zip(registered("standing").views, again.views, strict=True):
        assert one.T_scan_camera is not None
        assert two.T_scan_camera is not None
        assert one.T_scan_camera.tobytes() == two.T_scan_camera.tobytes()
        assert one.residual_rms_mm == two.residual_rms_mm


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(
            1, marks=pytest.mark.xfail(strict=True, reason="one view with the ankle bent by 15 deg is let in")
        ),
        2,
    ],
)
def test_bad_views_of_a_raised_foot_are_rejected(seed: int) -> None:
    config = SimulationConfig(path="raised", camera="d405", views=36, bad_views=0.12, seed=seed)
    simulation = simulate(leg(), config)
    registration = register(clean(simulation.recording, CleanConfig()), RegisterConfig())
    for true, view in zip(simulation.views, registration.views, strict=True):
        assert view.accepted == (true.fault is None), (view.name, true.fault, view.reason)
    errors = pose_errors(registration, simulation)
    assert errors.max(axis=0)[0] < 0.3
    assert errors.max(axis=0)[1] < 0.6


@pytest.mark.slow
def test_a_bent_ankle_is_noticed_in_coarse_images() -> None:
    config = SimulationConfig(path="raised", camera="d405", views=20, image_scale=0.5, bad_views=0.2, seed=1)
    simulation = simulate(leg(), config)
    registration = register(clean(simulation.recording, CleanConfig()), RegisterConfig())
    bent = [index for index, view in enumerate(simulation.views) if view.fault == "bent"]
    assert not any(registration.views[index].accepted for index in bent)
