"""Two feet that move against each other from view to view: told apart, and registered each by itself."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from not_feet import pot
from objects import torus
from recordings import leg
from rings import of_length
from truth import best_fit, surface_errors

from scanproc.artifacts import CleanViews, Mesh, Plane, Registration, Side, Surface
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.mesh.meshes import all_corners, keep_faces
from scanproc.open3d_bridge import RayScene
from scanproc.pages.provenance import feet_apart_text
from scanproc.pages.words import Words
from scanproc.registration import feet_apart, still_views
from scanproc.registration.dividing_planes import parted, plane_between_feet
from scanproc.registration.pair_statistics import RejectedView
from scanproc.registration.settling import SettledViews
from scanproc.simulation.bodies import standing_pair
from scanproc.simulation.cameras import CameraName
from scanproc.simulation.noise_models import NoiseName
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import Simulation
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.register import RegisterConfig, register
from scanproc.stages.surface import SurfaceConfig, surface
from scanproc.views.recording import place_views

CAMERA_OF: dict[NoiseName, CameraName] = {
    "stereo-real": "d435",
    "tof": "azure-kinect",
    "structured-light": "d435",
    "phone-truedepth": "truedepth",
}
SIDES: tuple[Side, Side] = ("left", "right")
WALL = np.stack(np.meshgrid(np.arange(300.0), np.arange(200.0), [500.0]), axis=-1).reshape(-1, 3)  # quite flat
SWAY_MM = 1.5  # of each foot, along and across
APART_MM = 2.0 * SWAY_MM  # of the one against the other, both ways together


# -------------------------------------------------------------------------------------------- the plane between


@pytest.mark.parametrize("gap_mm", [4.0, 25.0, 60.0, 150.0])
@pytest.mark.parametrize("top_mm", [60.0, 130.0, 250.0])
@pytest.mark.parametrize("seed", range(2))
def test_a_plane_parts_two_feet(gap_mm: float, top_mm: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = rigid(rotation_about(rng.standard_normal(3), 2.0), 300.0 * rng.standard_normal(3))
    feet = [low(foot, top_mm) for foot in standing_pair(of_length(leg(), 250.0), gap_mm, 8.0)]
    feet[0] = feet[0] + [40.0, 0.0, 0.0]  # one stands a little before the other
    left, right = (transform(frame, foot) for foot in feet)
    plane = plane_between_feet(np.vstack([left, right]))
    assert plane is not None
    sides = [np.mean(plane.heights(foot) > 0.0) for foot in (left, right)]
    assert sorted(sides) == [0.0, 1.0]


@pytest.mark.parametrize("name", ["a foot", "a foot and its leg", "a ring", "a pot", "a wall", "a point"])
def test_one_body_is_not_parted(name: str) -> None:
    bodies = {"a foot": low(leg(), 100.0), "a foot and its leg": low(leg(), 300.0)}
    bodies |= {"a ring": torus(2).vertices, "a pot": pot(6.0).vertices, "a wall": WALL, "a point": np.zeros((9, 3))}
    assert plane_between_feet(bodies[name]) is None


def low(mesh: Mesh, top_mm: float) -> FloatArray:
    return np.asarray(mesh.vertices[mesh.vertices[:, 2] < top_mm])


# --------------------------------------------------------------------------------------------------- recordings


@cache
def recorded(sway_mm: float, noise_model: NoiseName, seed: int = 11, views: int = 16) -> tuple[Simulation, CleanViews]:
    config = SimulationConfig(
        path="hand-held",
        pair=True,
        pair_sway_mm=sway_mm,
        views=views,
        seed=seed,
        noise_model=noise_model,
        image_scale=0.5 if noise_model == "stereo-real" else 1.0,
    )
    made = simulate(leg(), replace(config, camera=CAMERA_OF[noise_model]))
    return made, clean(made.recording, CleanConfig())


@cache
def registered(sway_mm: float, noise_model: NoiseName, seed: int = 11, views: int = 16) -> Registration:
    made, seen = recorded(sway_mm, noise_model, seed, views)
    return register(seen, made.facts, RegisterConfig())


def poses_of_feet(found: Registration, made: Simulation) -> list[dict[str, FloatArray]]:
    """Return the T_scan_camera of the left foot and of the right one, by view, of a recording of two bodies."""
    assert found.other_foot is not None
    pairs = {view.name: found.other_foot.poses_of(view) for view in found.views if view.accepted}
    one = {name: pose for name, (pose, _) in pairs.items() if pose is not None}
    other = {name: pose for name, (_, pose) in pairs.items() if pose is not None}
    true = next(true for true in made.views if true.name in one)
    left = made.mesh.vertices[made.mesh.vertices[:, 1] > 0.0].mean(axis=0)
    height = found.other_foot.divide.heights(transform(one[true.name] @ inverse(true.T_mesh_camera), left[None]))[0]
    return [one, other] if height < 0.0 else [other, one]


def pose_rms_mm(poses: dict[str, FloatArray], made: Simulation, side: Side) -> float:
    """Return by how much, RMS, poses move the points of a foot after the best fit of that foot."""
    y, z = made.mesh.vertices[:, 1:].T
    foot = made.mesh.vertices[((y > 0.0) == (side == "left")) & (z < 100.0)][::50]
    places = []
    for view in made.views:
        true = view.T_mesh_camera if side == "left" else view.T_right_camera
        if view.name in poses and true is not None:
            places.append(transform(poses[view.name] @ inverse(true), foot))
    there, truth = np.vstack(places), np.tile(foot, (len(places), 1))
    off = transform(best_fit(there, truth), there) - truth
    return float(np.sqrt((off**2).sum(axis=1).mean()))


def surface_p95_mm(fused: Surface, made: Simulation, T_mesh_scan: FloatArray, side: Side) -> float:
    """Return the 95th percentile of how far what was seen of one foot lies from that foot after its best fit."""
    is_left = transform(T_mesh_scan, fused.mesh.vertices)[:, 1] > 0.0
    foot = keep_faces(fused.mesh, all_corners(is_left == (side == "left"), fused.mesh.faces))
    y = made.mesh.vertices[:, 1]
    truth = keep_faces(made.mesh, all_corners((y > 0.0) == (side == "left"), made.mesh.faces)).mesh
    return surface_errors(replace(fused, mesh=foot.mesh, views=fused.views[foot.vertices]), truth, T_mesh_scan).p95


def test_each_of_two_feet_that_moved_has_poses_and_a_surface_of_its_own() -> None:
    made, seen = recorded(SWAY_MM, "stereo-real")
    found = registered(SWAY_MM, "stereo-real")
    assert found.other_foot is not None
    assert APART_MM - 1.0 < found.other_foot.apart_mm < APART_MM + 1.0
    assert sum(view.accepted for view in found.views) >= 13
    poses = poses_of_feet(found, made)
    errors = [pose_rms_mm(own, made, side) for own, side in zip(poses, SIDES, strict=True)]
    assert min(errors) > 0.1 and max(errors) < 1.0
    fused = surface(seen, found, SurfaceConfig())
    true = next(true for true in made.views if true.name in poses[0])
    T_mesh_scan = true.T_mesh_camera @ inverse(poses[0][true.name])
    p95_mm = [surface_p95_mm(fused, made, T_mesh_scan, side) for side in SIDES]
    assert min(p95_mm) > 0.4 and max(p95_mm) < 1.2  # 2.1 with the poses of one of them
    shown = RayScene(fused.mesh).closest(place_views(found, seen, np.eye(4))[0].points).distance
    assert 0.1 < np.median(shown) < 0.5
    assert np.quantile(shown, 0.95) < 1.2
    assert Words("en").number(found.other_foot.apart_mm, 1) in feet_apart_text(Words("en"), found)


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [4, 16])
@pytest.mark.parametrize("side", SIDES)
def test_a_foot_that_many_views_hide_costs_no_view(hidden: int, side: Side) -> None:
    """A foot of fewer than ten views has no poses of its own."""
    made, seen = recorded(SWAY_MM, "stereo-real", views=24)
    between = Plane(np.array([0.0, -1.0, 0.0]), 0.0)
    views = list(seen.views)
    for k in range(hidden):
        views[k] = parted(views[k], made.views[k].T_mesh_camera, between)[side == "left"]
    found = register(CleanViews(tuple(views)), made.facts, RegisterConfig())
    assert sum(view.accepted for view in found.views) >= 20
    assert (found.other_foot is None) == (hidden == 16)
    if found.other_foot is not None:
        [left, right] = poses_of_feet(found, made)
        unseen = left if side == "left" else right
        assert not unseen.keys() & {view.name for view in views[:hidden]}


@pytest.mark.slow
def test_a_view_that_one_foot_loses_serves_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """One as a misfit, another to a movement: neither is without a pose or a reason."""
    settle, times = feet_apart.settle, iter(range(99))

    def with_a_misfit(*arguments: Any) -> SettledViews:
        found = settle(*arguments)
        if next(times) > 0:
            return found
        poses = {k: pose for k, pose in found.judged.poses.items() if k != 2}
        rms_mm = {k: rms for k, rms in found.judged.rms_mm.items() if k != 2}
        misfit = RejectedView(overlap=0.1, consistency=0.5, rms_mm=3.0, limit_mm=2.5)
        return replace(found, judged=replace(found.judged, poses=poses, rms_mm=rms_mm), misfits={2: misfit})

    moved = iter([still_views._Unrest((4,), "the foot moved")])
    monkeypatch.setattr(feet_apart, "settle", with_a_misfit)
    monkeypatch.setattr(still_views, "_unrest", lambda *_: next(moved, None))
    made, seen = recorded(SWAY_MM, "stereo-real")
    found = register(seen, made.facts, RegisterConfig())
    assert found.other_foot is not None
    named = {view.name for view in found.views if view.reason == "the foot moved"}
    assert len({*found.other_foot.alone} | named) == 3  # and one that hardly shows that foot
    assert set(found.other_foot.alone) <= found.other_foot.T_scan_camera.keys()
    assert sum(view.accepted for view in found.views) >= 13


@pytest.mark.parametrize(
    "noise_model",
    [
        "stereo-real",
        pytest.param("tof", marks=pytest.mark.slow),
        pytest.param("structured-light", marks=pytest.mark.slow),
        pytest.param("phone-truedepth", marks=pytest.mark.slow),
    ],
)
def test_two_feet_that_stand_still_are_one_body(noise_model: NoiseName) -> None:
    views = 16 if noise_model == "stereo-real" else 30
    found = registered(0.0, noise_model, views=views)
    assert found.other_foot is None
    assert feet_apart_text(Words("en"), found) == ""
    assert sum(view.accepted for view in found.views) >= 0.85 * views
