"""The simulator against truth by formula: exact depth, the noise that was asked for, poses that fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import textbook

from scanproc.artifacts import CloudFrame, DepthFrame, Intrinsics, Mesh
from scanproc.errors import ScanError
from scanproc.formats.ply import read_ply
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.open3d_bridge import RayScene
from scanproc.scan import open_scan, read_mesh, read_recording
from scanproc.simulation import bodies, motions
from scanproc.simulation.cameras import CAMERAS, scaled
from scanproc.simulation.noise_models import with_noise_model
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.render import Body, TrueImage, pixel_rays, render
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.stereo_ideal import StereoIdeal, axial_sigma_mm
from scanproc.simulation.truth import Simulation, write_simulation

SCANS = Path(__file__).parents[1] / "scans"
CAMERA = Intrinsics(320, 200, 180.0, 182.0, 157.3, 101.6)
PERFECT: dict[str, Any] = {"noise": 0.0, "artefacts": False, "depth_unit_mm": 0.01, "sway_mm": 0.0, "sway_deg": 0.0}
SMALL: dict[str, Any] = {"image_scale": 0.25, "views": 6}


@pytest.fixture(scope="module")
def leg() -> Mesh:
    """Return leg-1, standing on z = 0, from the demo recording."""
    return read_ply((SCANS / "demo" / "truth" / "mesh.ply").read_bytes())[0]


def points_in_mesh_frame(simulation: Simulation, index: int) -> FloatArray:
    """Unproject one view by hand: u = fx x / z + cx at integer pixel centres."""
    frame = simulation.recording.frames[index]
    if isinstance(frame, CloudFrame):
        return transform(simulation.views[index].T_mesh_camera, frame.points)
    v, u = np.nonzero(frame.depth)
    z = frame.depth[v, u] * frame.depth_unit_mm
    camera = frame.intrinsics
    points = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
    return transform(simulation.views[index].T_mesh_camera, points)


def distances_to_foot(simulation: Simulation, index: int) -> FloatArray:
    """Return how far the points of a view lie from the foot; without the floor and the leg above the mesh."""
    points = points_in_mesh_frame(simulation, index)
    low, high = simulation.mesh.vertices.min(axis=0), simulation.mesh.vertices.max(axis=0)
    near = (points[:, 2] > 3.0) & (points[:, 2] < high[2] - 5.0)
    near &= (points[:, :2] > low[:2] - 20.0).all(axis=1) & (points[:, :2] < high[:2] + 20.0).all(axis=1)
    return RayScene(simulation.mesh).closest(points[near]).distance


# --------------------------------------------------------------------------------------------------- rendering


@pytest.mark.parametrize("tilt_deg", [0.0, 30.0, 60.0])
@pytest.mark.parametrize("axis", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, -1.0, 0.0]])
def test_a_tilted_plane_has_the_depth_of_the_formula(tilt_deg: float, axis: list[float]) -> None:
    tilt = rotation_about(np.array(axis), np.radians(180.0 - tilt_deg))
    T_floor_camera = inverse(rigid(tilt, np.array([5.0, -8.0, 350.0])))
    image = render([Body(RayScene(bodies.floor(0.0)), T_floor_camera)], CAMERA)
    # The plane n . p = n . p0 is met by the ray z (x, y, 1) at z = n . p0 / n . (x, y, 1).
    normal = tilt[:, 2]
    rays = pixel_rays(CAMERA).reshape(CAMERA.height, CAMERA.width, 3)
    depth = float(normal @ [5.0, -8.0, 350.0]) / (rays @ normal)
    seen = np.isfinite(image.depth_mm) & (depth < 1000.0)
    assert seen.mean() > 0.4
    assert np.abs(image.depth_mm - depth)[seen].max() < 0.01
    grazing = np.arccos(np.abs(rays @ normal) / np.linalg.norm(rays, axis=2))
    assert np.abs(image.grazing_rad - grazing)[seen].max() < 1e-3


def test_a_ball_has_the_depth_of_the_formula() -> None:
    center, radius = np.array([12.0, -7.0, 300.0]), 60.0
    ball = trimesh.creation.icosphere(subdivisions=6, radius=radius)  # its faces lie up to 4 um inside
    mesh = Mesh(np.array(ball.vertices) + center, ball.faces.astype(np.int32))
    image = render([Body(RayScene(mesh), np.eye(4))], CAMERA)
    for v, u in ((101, 157), (75, 165), (100, 190), (120, 150), (85, 145)):
        ray = np.array([(u - 157.3) / 180.0, (v - 101.6) / 182.0, 1.0])
        a, b, c = ray @ ray, ray @ center, center @ center - radius**2
        depth = (b - np.sqrt(b * b - a * c)) / a
        assert image.depth_mm[v, u] == pytest.approx(depth, abs=0.01)
    assert np.isinf(image.depth_mm[0, 0])


def test_pixel_centres_lie_at_integers() -> None:
    rays = pixel_rays(CAMERA).reshape(CAMERA.height, CAMERA.width, 3)
    np.testing.assert_allclose(rays[101, 157], [(157 - 157.3) / 180.0, (101 - 101.6) / 182.0, 1.0], atol=1e-15)


@pytest.mark.parametrize("scale", [0.25, 0.5, 0.755, 2.0])
def test_a_smaller_image_shows_the_same_view(scale: float) -> None:
    whole, part = CAMERAS["d435"].intrinsics, scaled(CAMERAS["d435"].intrinsics, scale)
    for large, small, focal, center in (
        (whole.width, part.width, (whole.fx, part.fx), (whole.cx, part.cx)),
        (whole.height, part.height, (whole.fy, part.fy), (whole.cy, part.cy)),
    ):
        assert (-0.5 - center[0]) / focal[0] == pytest.approx((-0.5 - center[1]) / focal[1])
        assert (large - 0.5 - center[0]) / focal[0] == pytest.approx((small - 0.5 - center[1]) / focal[1])


@pytest.mark.parametrize(
    "options",
    [
        {"path": "raised", "camera": "d405"},
        {"path": "hand-held", "camera": "d435", "side": "right"},
        {"path": "hand-held", "camera": "d415", "pair": True},
        {"path": "turntable", "camera": "d415", "background_mm": 1000.0},
        {"path": "hand-held", "camera": "d435", "form": "clouds", "thinning": 2},
    ],
)
def test_the_poses_put_the_points_onto_the_mesh(leg: Mesh, options: dict[str, Any]) -> None:
    simulation = simulate(
        leg,
        textbook(**{**PERFECT, **SMALL, "sway_mm": 1.0, "sway_deg": 0.5, **options}),
    )
    assert len(simulation.views) == len(simulation.recording.frames) == 6
    for i in range(6):
        distances = distances_to_foot(simulation, i)
        assert len(distances) > 200
        # 0.01 mm steps along a ray; where a ray grazes, the surface is still nearer than that.
        assert np.percentile(distances, 99.9) < 0.02


# ------------------------------------------------------------------------------------------------------- noise


def quiet(**changes: Any) -> StereoIdeal:
    silent = StereoIdeal(430.0 * 18.0, 0.0, 0.0, 7.0, 0.0, 5.0, (90.0, 91.0), (0.0, 0.0), has_steps=False)
    return replace(silent, **changes)


def wall(depth_mm: float, grazing_deg: float = 0.0, shape: tuple[int, int] = (480, 640)) -> TrueImage:
    return TrueImage(np.full(shape, depth_mm), np.full(shape, np.radians(grazing_deg)))


@pytest.mark.parametrize(("depth_mm", "sigma_mm"), [(150.0, 0.2326), (300.0, 0.9302), (600.0, 3.7209), (100.0, 0.2)])
def test_axial_noise_is_as_asked(depth_mm: float, sigma_mm: float) -> None:
    noise = quiet(disparity_px=0.08, floor_mm=0.2)
    assert axial_sigma_mm(np.array([depth_mm]), noise)[0] == pytest.approx(sigma_mm, abs=1e-3)
    errors = noise.measure(wall(depth_mm), np.random.default_rng(3)) - depth_mm
    assert np.std(errors) == pytest.approx(sigma_mm, rel=0.1)
    assert abs(np.mean(errors)) < 0.1 * sigma_mm


@pytest.mark.parametrize("width_px", [5.0, 7.0, 9.0])
def test_noise_is_correlated_over_the_width_asked(width_px: float) -> None:
    field = correlated((1000, 1000), width_px, np.random.default_rng(0))
    assert field.std() == pytest.approx(1.0, rel=0.05)
    lags = np.arange(12)
    correlation = np.array([np.mean(field[:, lag:] * field[:, : 1000 - lag]) for lag in lags]) / field.var()
    half_width = np.interp(-0.5, -correlation, lags)
    assert 2.0 * half_width == pytest.approx(width_px, rel=0.1)


def test_disparity_comes_in_steps() -> None:
    true = TrueImage(np.linspace(200.0, 600.0, 10000).reshape(100, 100), np.zeros((100, 100)))
    depth = quiet(has_steps=True).measure(true, np.random.default_rng(0))
    steps = 430.0 * 18.0 / depth * 32.0
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)
    half_step = true.depth_mm**2 / (430.0 * 18.0) / 32.0 / 2.0
    assert 0.9 < (np.abs(depth - true.depth_mm) / half_step).max() < 1.01


def test_flying_pixels_lie_between_front_and_back_of_an_edge() -> None:
    depth = np.full((400, 400), 500.0)
    depth[:, :200] = 300.0
    measured = quiet(flying_share=0.3).measure(TrueImage(depth, np.zeros_like(depth)), np.random.default_rng(0))
    torn = measured != depth
    assert not torn[:, :198].any()
    assert not torn[:, 202:].any()
    assert torn[:, 199:201].mean() == pytest.approx(0.3, abs=0.05)
    assert torn[:, [198, 201]].mean() == pytest.approx(0.15, abs=0.05)
    assert (measured[torn] >= 300.0).all()
    assert (measured[torn] <= 500.0).all()
    assert 370.0 < measured[torn].mean() < 430.0
    shallow = np.where(depth == 300.0, 496.0, 500.0)  # below the jump that is asked for
    np.testing.assert_array_equal(
        quiet(flying_share=0.3).measure(TrueImage(shallow, np.zeros_like(depth)), np.random.default_rng(0)),
        shallow,
    )


@pytest.mark.parametrize(("grazing_deg", "lost"), [(59.0, 0.0), (66.25, 0.25), (72.5, 0.5), (85.0, 1.0)])
def test_grazing_views_drop_out(grazing_deg: float, lost: float) -> None:
    noise = quiet(grazing_deg=(60.0, 85.0))
    measured = noise.measure(wall(300.0, grazing_deg), np.random.default_rng(0))
    assert (measured == 0.0).mean() == pytest.approx(lost, abs=0.04)


def test_holes_cover_the_share_asked() -> None:
    for seed in range(5):
        measured = quiet(hole_share=(0.01, 0.03)).measure(wall(300.0), np.random.default_rng(seed))
        assert 0.006 < (measured == 0.0).mean() < 0.037


def test_a_simulated_wall_has_the_camera_noise_in_all(leg: Mesh) -> None:
    """The floor in a recording, far from the foot: the noise of its camera, settings to file."""
    options: dict[str, Any] = {
        "path": "hand-held",
        "camera": "d435",
        "views": 1,
        "sway_mm": 0.0,
        "sway_deg": 0.0,
        "artefacts": False,
    }
    noisy = simulate(leg, textbook(**options, depth_unit_mm=0.05)).recording.frames[0]
    exact = simulate(leg, textbook(**options, depth_unit_mm=0.05, noise=0.0)).recording.frames[0]
    assert isinstance(noisy, DepthFrame)
    assert isinstance(exact, DepthFrame)
    near = (exact.depth > 0) & (exact.depth * 0.05 < 1000.0) & (noisy.depth > 0)
    true = exact.depth[near] * 0.05
    sigma = np.maximum(true**2 * 0.08 / (425.2 * 50.0), 0.2)
    assert np.std((noisy.depth[near] * 0.05 - true) / sigma) == pytest.approx(1.0, rel=0.1)


# ---------------------------------------------------------------------------------------------------- settings


def files_below(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("form", ["depth", "clouds"])
def test_the_same_seed_gives_the_same_bytes(leg: Mesh, tmp_path: Path, form: Literal["depth", "clouds"]) -> None:
    config = textbook(image_scale=0.25, views=4, bad_views=0.5, seed=5, form=form)
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_simulation(tmp_path / name, simulate(leg, replace(config, seed=seed)))
    first, second, other = (files_below(tmp_path / name) for name in "abc")
    assert first == second
    assert first.keys() == other.keys()
    assert {name for name in first if first[name] == other[name]} <= {
        "scan.toml",
        "camera_intrinsic.json",
        "truth/mesh.ply",
    }


def test_a_right_foot_s_mesh_is_of_a_right_foot(leg: Mesh) -> None:
    """The side asked for is the side that comes, whichever foot the mesh is of."""
    image = bodies.mirrored(leg)
    for mesh in (leg, image):
        simulation = simulate(mesh, textbook(**SMALL, camera="d435", path="hand-held", side="right"))
        np.testing.assert_array_equal(simulation.mesh.vertices, image.vertices)
        assert simulation.facts.side == "right"


def test_what_is_written_is_what_was_simulated(leg: Mesh, tmp_path: Path) -> None:
    simulation = simulate(leg, textbook(**SMALL, camera="d435", path="hand-held", side="right"))
    write_simulation(tmp_path / "made", simulation)
    scan = open_scan(tmp_path / "made")
    assert (scan.facts.side, scan.facts.loading, scan.facts.depth_unit_mm) == ("right", "standing", 1.0)
    for frame, original in zip(read_recording(scan).frames, simulation.recording.frames, strict=True):
        assert isinstance(frame, DepthFrame)
        assert isinstance(original, DepthFrame)
        np.testing.assert_array_equal(frame.depth, original.depth)
    assert not any(name.startswith("truth") for name, _ in scan.contents())
    mesh = read_ply((tmp_path / "made" / "truth" / "mesh.ply").read_bytes())[0]
    np.testing.assert_array_equal(mesh.vertices, leg.vertices * [1.0, -1.0, 1.0])
    poses = json.loads((tmp_path / "made" / "truth" / "poses.json").read_text())["views"]
    for entry, view in zip(poses, simulation.views, strict=True):
        assert (entry["name"], entry["fault"]) == (view.name, view.fault)
        np.testing.assert_array_equal(entry["T_mesh_camera"], view.T_mesh_camera)
    told = json.loads((tmp_path / "made" / "truth" / "simulation.json").read_text())
    assert SimulationConfig(**told["settings"]) == simulation.config


def test_clouds_without_facts_are_found_to_be_in_metres(leg: Mesh, tmp_path: Path) -> None:
    config = textbook(**SMALL, path="hand-held", camera="d435", form="clouds", state_facts=False)
    write_simulation(tmp_path / "made", simulate(leg, config))
    assert not (tmp_path / "made" / "scan.toml").exists()
    scan = open_scan(tmp_path / "made")
    assert (scan.kind, scan.facts.unit, scan.facts.side) == ("clouds", "m", "auto")
    assert len(read_recording(scan).frames) == 6


def test_bad_views_are_bad_and_named(leg: Mesh) -> None:
    config = textbook(**{**PERFECT, **SMALL, "views": 12}, bad_views=0.4, seed=2)
    simulation = simulate(leg, config)
    good = simulate(leg, replace(config, bad_views=0.0))
    faults = [view.fault for view in simulation.views]
    assert faults[0] is None
    assert {fault: faults.count(fault) for fault in set(faults)} == {
        None: 7, "blank": 2, "bent": 1, "other": 1, "duplicate": 1
    }  # fmt: skip
    for i, (fault, frame, right) in enumerate(
        zip(faults, simulation.recording.frames, good.recording.frames, strict=True)
    ):
        assert isinstance(frame, DepthFrame)
        assert isinstance(right, DepthFrame)
        if fault is None:
            np.testing.assert_array_equal(frame.depth, right.depth)
        elif fault == "blank":
            assert not frame.depth.any()
        elif fault == "duplicate":
            before = simulation.recording.frames[i - 1]
            assert isinstance(before, DepthFrame)
            np.testing.assert_array_equal(frame.depth, before.depth)
            np.testing.assert_array_equal(simulation.views[i].T_mesh_camera, simulation.views[i - 1].T_mesh_camera)
        else:
            assert np.percentile(distances_to_foot(simulation, i), 90.0) > 3.0


def test_the_first_fault_can_be_chosen(leg: Mesh) -> None:
    config = textbook(**{**PERFECT, **SMALL, "views": 6}, bad_views=0.5, first_fault="other")
    faults = [view.fault for view in simulate(leg, config).views if view.fault is not None]
    assert faults == ["other", "duplicate", "blank"]


def test_a_scale_error_makes_everything_longer(leg: Mesh) -> None:
    config = textbook(**{**PERFECT, **SMALL, "views": 1})
    true, longer = (simulate(leg, replace(config, scale_error=error)).recording.frames[0] for error in (0.0, 0.02))
    assert isinstance(true, DepthFrame)
    assert isinstance(longer, DepthFrame)
    seen = true.depth > 0
    assert np.median(longer.depth[seen] / true.depth[seen]) == pytest.approx(1.02, abs=1e-4)


def test_sway_is_as_large_as_asked() -> None:
    rng = np.random.default_rng(0)
    raised = [motions.foot_sway("raised", 0.5, 0.002, rng) for _ in range(400)]
    standing = [motions.foot_sway("hand-held", 0.5, 0.002, rng) for _ in range(400)]
    shifts = np.array([T[:3, 3] for T in raised])
    np.testing.assert_allclose(shifts.std(axis=0), 0.5, rtol=0.15)
    assert {float(T[2, 3]) for T in standing} == {0.0}
    np.testing.assert_allclose([T[2, 2] for T in standing], 1.0)  # the sole stays flat on the floor


@settings(max_examples=50)
@given(st.floats(-np.pi, np.pi), st.floats(-1.5, 1.5), st.floats(100.0, 900.0), st.floats(-1.0, 1.0))
def test_a_camera_looks_at_its_target(azimuth: float, elevation: float, distance: float, roll: float) -> None:
    target = np.array([120.0, 5.0, 60.0])
    out = [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)]
    T_room_camera = motions.look_at(target + distance * np.array(out), target, roll)
    np.testing.assert_allclose(transform(inverse(T_room_camera), target[None]), [[0.0, 0.0, distance]], atol=1e-9)
    assert np.linalg.det(T_room_camera[:3, :3]) == pytest.approx(1.0)
    if abs(roll) < 0.5 and abs(elevation) < 1.4:
        assert T_room_camera[2, 1] < 0.0  # the image's y points down


def test_the_wall_behind_a_turntable_stays_where_it_is(leg: Mesh) -> None:
    options = {**PERFECT, **SMALL, "path": "turntable", "camera": "d415", "background_mm": 600.0}
    frames = simulate(leg, textbook(**options)).recording.frames
    for frame in frames:
        assert isinstance(frame, DepthFrame)
        assert frame.depth[0, 0] * frame.depth_unit_mm == pytest.approx(600.0, abs=0.01)


def test_a_mesh_in_the_air_and_exchanged_angles_are_refused(leg: Mesh) -> None:
    with pytest.raises(ScanError, match=r"z = 50\.0 mm; expected"):
        simulate(Mesh(leg.vertices + np.array([0.0, 0.0, 50.0]), leg.faces), textbook())
    with pytest.raises(ScanError, match="grazing_from_deg = 86"):
        simulate(leg, textbook(grazing_from_deg=86.0))


# ------------------------------------------------------------------------------------------------------ bodies


def as_trimesh(mesh: Mesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=True)


def test_bodies_are_closed_and_face_outwards(leg: Mesh) -> None:
    box = as_trimesh(bodies.box(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0])))
    assert box.is_watertight
    assert box.volume == pytest.approx(6000.0)
    plate = as_trimesh(bodies.plate(np.array([100.0, 0.0]), 200.0, 20.0))
    assert plate.is_watertight
    assert plate.volume == pytest.approx(np.pi * 200.0**2 * 20.0, rel=2e-3)
    assert plate.bounds[1, 2] == 0.0
    assert as_trimesh(bodies.mirrored(leg)).volume == pytest.approx(as_trimesh(leg).volume)
    pair = as_trimesh(bodies.joined(*bodies.standing_pair(leg, 80.0, 6.0)))
    assert pair.is_watertight
    assert pair.volume == pytest.approx(2.0 * as_trimesh(leg).volume)
    assert np.abs(pair.vertices[:, 1]).min() == pytest.approx(40.0)


def test_a_longer_leg_is_closed_and_longer(leg: Mesh) -> None:
    longer = as_trimesh(bodies.with_longer_leg(leg, 250.0))
    top = leg.vertices[:, 2].max()
    assert longer.is_watertight
    assert longer.bounds[1, 2] == pytest.approx(top + 250.0)
    a, b, c = (leg.vertices[leg.faces[:, i], :2] for i in range(3))
    is_lid = leg.vertices[leg.faces, 2].min(axis=1) > top - 1.05
    doubled = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    area = float(doubled[is_lid].sum()) / 2.0
    assert area > 3000.0
    assert longer.volume - as_trimesh(leg).volume == pytest.approx(area * 250.0, rel=1e-3)


# ------------------------------------------------------------------------------------------------ demo scans


@pytest.mark.parametrize(
    ("name", "kind", "views", "side"),
    [
        ("demo", "depth", 36, "left"),
        ("demo-loaded", "depth", 18, "left"),
        ("demo-standing", "depth", 28, "right"),
        ("demo-clouds", "clouds", 12, "auto"),
    ],
)
def test_the_demo_recordings_fit_their_truth(name: str, kind: str, views: int, side: str) -> None:
    scan = open_scan(SCANS / name)
    recording = read_recording(scan)
    assert (scan.kind, len(recording.frames), scan.facts.side) == (kind, views, side)
    foot = "demo" if name == "demo-loaded" else name  # one foot, kept once
    mesh = read_mesh(open_scan(SCANS / foot / "truth" / "mesh.ply")).mesh
    entries = json.loads((SCANS / name / "truth" / "poses.json").read_text())["views"]
    frame = recording.frames[views // 2]
    if isinstance(frame, DepthFrame):
        depth = frame.depth.ravel() * frame.depth_unit_mm
        points = (pixel_rays(frame.intrinsics) * depth[:, None])[depth > 0.0]
    else:
        points = frame.points
    points = transform(np.array(entries[views // 2]["T_mesh_camera"]), points)
    foot = points[(points[:, 2] > 15.0) & (points[:, 2] < 250.0) & (np.abs(points[:, 1]) < 100.0)]
    distances = RayScene(mesh).closest(foot).distance
    assert len(foot) > 1000
    assert 0.05 < np.median(distances) < 0.5


def test_the_whole_foot_is_seen_in_the_demo(leg: Mesh) -> None:
    """Every second face below 200 mm is near points of at least two views, the sole among them."""
    frames = read_recording(open_scan(SCANS / "demo")).frames
    entries = json.loads((SCANS / "demo" / "truth" / "poses.json").read_text())["views"]
    from scipy.spatial import KDTree

    centers = leg.vertices[leg.faces[::2]].mean(axis=1)
    centers = centers[centers[:, 2] < 200.0]
    views = np.zeros(len(centers), dtype=int)
    for frame, entry in zip(frames, entries, strict=True):
        assert isinstance(frame, DepthFrame)
        depth = frame.depth.ravel() * frame.depth_unit_mm
        points = transform(
            np.array(entry["T_mesh_camera"]), (pixel_rays(frame.intrinsics) * depth[:, None])[depth > 0.0]
        )
        views += np.isfinite(KDTree(points[::4]).query(centers, distance_upper_bound=3.0)[0])
    assert 0.94 < (views >= 2).mean() < 0.999  # between toes a stereo camera sees nothing
    assert (views[centers[:, 2] < 10.0] >= 2).mean() > 0.98


# ------------------------------------------------------------------------------------------ feet that do not hold still


def flat(simulation: Simulation) -> list[FloatArray]:
    return [view.T_mesh_camera for view in simulation.views]


def test_a_foot_that_slides_half_way_is_elsewhere_from_then_on(leg: Mesh) -> None:
    config = textbook(**{**PERFECT, **SMALL}, path="hand-held", camera="d435")
    still, slid = flat(simulate(leg, config)), flat(simulate(leg, replace(config, shift_mm=3.0)))
    moved = [np.linalg.norm(a[:3, 3] - b[:3, 3]) for a, b in zip(still, slid, strict=True)]
    np.testing.assert_allclose(moved, [0.0] * 3 + [3.0] * 3, atol=1e-9)


def test_toes_rise_in_every_third_view_and_the_heel_in_the_second_half(leg: Mesh) -> None:
    config = textbook(**{**PERFECT, **SMALL}, path="hand-held", camera="d435")
    toes = simulate(leg, replace(config, toes_deg=15.0))
    assert [view.bend.toes_rad > 0.0 for view in toes.views] == [False, True, False] * 2
    heel = simulate(leg, replace(config, heel_rise_deg=4.0))
    far = [float(np.percentile(distances_to_foot(heel, i), 95.0)) for i in range(6)]
    assert max(far[:3]) < 0.05
    assert min(far[3:]) > 1.0


def test_how_many_views_are_late_and_how_many_have_the_toes_raised_is_a_setting(leg: Mesh) -> None:
    config = textbook(**{**PERFECT, **SMALL}, path="hand-held", camera="d435", late_share=1 / 3, toes_every=2)
    moving = simulate(leg, replace(config, toes_deg=5.0, heel_rise_deg=4.0, ankle_deg=2.0))
    assert [view.bend.toes_rad > 0.0 for view in moving.views] == [False, True] * 3
    assert [view.bend.heel_rad > 0.0 for view in moving.views] == [False] * 4 + [True] * 2
    assert [view.bend.ankle_rad > 0.0 for view in moving.views] == [False] * 4 + [True] * 2


def test_a_raised_heel_is_raised_by_the_angle_and_the_toes_stay(leg: Mesh) -> None:
    raised = bodies.with_raised_heel(leg, np.radians(2.0))
    rear, front = int(np.argmin(leg.vertices[:, 0])), int(np.argmax(leg.vertices[:, 0]))
    length = float(np.ptp(leg.vertices[leg.vertices[:, 2] < 60.0][:, 0]))
    assert raised.vertices[rear, 2] - leg.vertices[rear, 2] == pytest.approx(
        np.sin(np.radians(2.0)) * 0.72 * length, rel=0.1
    )
    np.testing.assert_allclose(raised.vertices[front], leg.vertices[front], atol=1e-9)
    lifted = bodies.with_raised_toes(leg, np.radians(10.0))
    assert lifted.vertices[front, 2] - leg.vertices[front, 2] > 0.8 * np.sin(np.radians(10.0)) * 0.28 * length
    np.testing.assert_allclose(lifted.vertices[rear], leg.vertices[rear], atol=1e-9)


def test_the_feet_of_a_pair_move_against_each_other(leg: Mesh, tmp_path: Path) -> None:
    config = textbook(**{**PERFECT, **SMALL}, path="hand-held", camera="d435", pair=True)
    together, apart = simulate(leg, config), simulate(leg, replace(config, pair_sway_mm=2.0))
    for view in together.views:
        assert view.T_right_camera is not None
        np.testing.assert_array_equal(view.T_mesh_camera, view.T_right_camera)
    between = np.array([(view.cameras[0] - view.cameras[1])[:3, 3] for view in apart.views])
    assert 1.0 < np.linalg.norm(between, axis=1).mean() < 6.0
    write_simulation(tmp_path / "made", apart)
    entry = json.loads((tmp_path / "made" / "truth" / "poses.json").read_text())["views"][0]
    np.testing.assert_array_equal(entry["T_right_camera"], apart.views[0].T_right_camera)


@pytest.mark.parametrize("model", ["stereo-real", "structured-light"])
def test_a_noise_model_is_taken_by_name(leg: Mesh, model: Literal["stereo-real", "structured-light"]) -> None:
    config = textbook(**{**SMALL, "views": 1}, path="hand-held", camera="d435")
    ideal, other = (simulate(leg, replace(config, noise_model=name)) for name in ("stereo-ideal", model))
    first, second = ideal.recording.frames[0], other.recording.frames[0]
    assert isinstance(first, DepthFrame) and isinstance(second, DepthFrame)
    assert (first.depth != second.depth).any()


def test_stereo_wants_two_imagers(leg: Mesh) -> None:
    with pytest.raises(ScanError, match="no second imager"):
        simulate(leg, SimulationConfig(camera="azure-kinect", noise_model="stereo-real"))


def test_noise_is_the_camera_s_own_unless_a_setting_of_the_ideal_one_is_changed() -> None:
    names = [with_noise_model(SimulationConfig(camera=camera)).noise_model for camera in ("d435", "truedepth")]
    assert [*names, with_noise_model(SimulationConfig(camera="azure-kinect")).noise_model] == [
        "stereo-real",
        "phone-truedepth",
        "tof",
    ]
    assert with_noise_model(SimulationConfig(noise=3.0)).noise_model == "stereo-real"
    assert with_noise_model(SimulationConfig(noise_width_px=40.0)).noise_model == "stereo-ideal"
    assert with_noise_model(SimulationConfig(noise_model="tof", noise_width_px=40.0)).noise_model == "tof"
