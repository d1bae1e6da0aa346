"""The proof: kernels against other libraries, doses of planted faults found, checks read back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from insole_feet import analytic_foot, leg, mirrored
from test_insole import COARSE, FACTS, bowl_sole, got, made

from scanproc.artifacts import Check, Foot, Mesh, ScanFacts
from scanproc.design.shape import Design, design
from scanproc.design.solid import Built, build
from scanproc.open3d_bridge import RayScene
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.resolve import resolved
from scanproc.proof.advice import advice
from scanproc.proof.prove import prove
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.height_fields import HeightField
from scanproc.solid.probes import Probe, cup_depth
from scanproc.solid.self_intersection import count_self_intersections

RICH = replace(
    COARSE,
    heel_cup_depth_mm=20.0,
    medial_skive_mm=4.0,
    heel_lift_mm=5.0,
    rearfoot_post_deg=4.0,
    rearfoot_motion_deg=3.0,
    met_pad_mm=4.8,
    met_pad_width_mm=36.0,
    groove_mm=2.0,
    cuboid_relief_mm=1.5,
    text="A-7",
)


@pytest.fixture(scope="module")
def bowl() -> Foot:
    return analytic_foot(bowl_sole)


@pytest.fixture(scope="module")
def asked(bowl: Foot) -> Design:
    return design(bowl, resolved(COARSE, bowl, FACTS))


@pytest.fixture(scope="module")
def built(asked: Design) -> Built:
    return build(asked)


def wavy(seed: int) -> Mesh:
    rng = np.random.default_rng(seed)
    field = HeightField(-10.0, -8.0, 0.7, rng.normal(0.0, 0.4, (30, 25)).cumsum(axis=0))
    return field.mesh()


def failed(checks: tuple[Check, ...]) -> set[str]:
    return {check.name for check in checks if not check.passed}


# ---------------------------------------------------------------------------------------------------------- kernels


@pytest.mark.parametrize("seed", range(3))
def test_nearest_and_touched_agree_with_open3d(seed: int) -> None:
    mesh, rng = wavy(seed), np.random.default_rng(seed)
    points = rng.uniform([-14.0, -12.0, -9.0], [14.0, 13.0, 9.0], (3000, 3))
    bins, scene = FaceGrid.of(mesh, cell_mm=1.3), RayScene(mesh)
    near = bins.nearest(points, 50.0)
    assert near.distance == pytest.approx(scene.closest(points).distance, abs=1e-4)
    assert near.distance == pytest.approx(np.linalg.norm(near.point - points, axis=1), abs=1e-9)
    down = np.broadcast_to([0.0, 0.0, -1.0], points.shape)
    above = points * [1.0, 1.0, 0.0] + [0.0, 0.0, 50.0]
    z = 50.0 - scene.cast(above, down).distance
    touched = bins.touched(points[:, :2], from_above=True)
    agree = np.isclose(touched.z, z, atol=1e-4) | (np.isinf(touched.z) & np.isinf(z))
    assert agree.mean() > 0.999 and ((touched.face >= 0) == np.isfinite(touched.z)).all()


def test_a_place_on_an_edge_or_a_corner_is_touched() -> None:
    mesh = wavy(5)
    edges = 0.5 * (mesh.vertices[mesh.faces[:, 0]] + mesh.vertices[mesh.faces[:, 1]])
    for points in (mesh.vertices, edges):
        hit = FaceGrid.of(mesh).touched(points[:, :2], from_above=True)
        assert hit.z == pytest.approx(points[:, 2], abs=1e-9)


def test_out_of_reach_is_not_found() -> None:
    near = FaceGrid.of(wavy(1)).nearest(np.array([[0.0, 0.0, 40.0], [300.0, 0.0, 0.0]]), 5.0)
    assert np.isinf(near.distance).all() and np.isnan(near.point).all()


@pytest.mark.parametrize("seed", range(6))
def test_crossings_agree_with_pymeshlab(seed: int, built: Built) -> None:
    pymeshlab = pytest.importorskip("pymeshlab")
    rng = np.random.default_rng(seed)
    vertices = built.solid.vertices.copy()
    vertices[rng.integers(0, len(vertices), 3)] += rng.normal(0.0, 0.2 + seed, 3)
    oracle = pymeshlab.MeshSet()
    oracle.add_mesh(pymeshlab.Mesh(vertices, built.solid.faces))
    oracle.compute_selection_by_self_intersections_per_face()
    crosses = oracle.current_mesh().selected_face_number() > 0
    assert (count_self_intersections(Mesh(vertices, built.solid.faces)) > 0) == crosses


# ------------------------------------------------------------------------------------------------------------ doses


def test_all_doses_of_a_rich_prescription_are_measured_back(bowl: Foot) -> None:
    for foot, side in ((bowl, "left"), (mirrored(bowl), "right")):
        one = made(foot, replace(RICH, mesh_deviation_mm=0.02), ScanFacts("test", side=side))
        assert failed(one.checks) == set()
        assert got(one, "medial_skive_mm") == pytest.approx(4.0, abs=0.2)
        assert got(one, "medial_skive_angle_deg") == pytest.approx(15.0, abs=0.5)
        assert got(one, "heel_lift_mm") == pytest.approx(5.0, abs=0.1)
        assert got(one, "rearfoot_post_deg") == pytest.approx(4.0, abs=0.1)
        assert got(one, "rearfoot_motion_deg") == pytest.approx(3.0, abs=0.2)
        assert got(one, "met_pad_mm") == pytest.approx(4.8, abs=0.2)
        assert got(one, "groove_mm") == pytest.approx(2.0, abs=0.2)
        words = {check.name: check.got for check in one.checks}
        assert words["rearfoot_post"] == "varus" and words["side_mark"] == side[0].upper()


def test_without_a_dose_there_is_no_check_of_it(bowl: Foot) -> None:
    names = {check.name for check in made(bowl, COARSE).checks}
    assert not [name for name in names if "skive" in name or "lift" in name or "post" in name or "pad" in name]
    assert {"fit_p99_mm", "top_roughness_mm", "wall_min_at_mm", "outline_deviation_mm"} <= names


# --------------------------------------------------------------------------------------------------- planted faults


def spoiled(asked: Design, built: Built, shift: np.ndarray) -> set[str]:
    """Return what fails after each vertex was moved by `shift`, (V, 3) mm."""
    return failed(prove(replace(built, solid=Mesh(built.solid.vertices + shift, built.solid.faces)), asked))


def bump(built: Built, at: tuple[float, float], radius: float, *, upper: bool) -> np.ndarray:
    """Return a bump of height 1, (V,), on the upper or the lower side."""
    middle = built.solid.vertices
    away = np.hypot(middle[:, 0] - at[0], middle[:, 1] - at[1])
    half = FaceGrid.of(built.solid)
    top, bottom = (half.touched(middle[:, :2], from_above=above).z for above in (True, False))
    nearer_top = np.abs(middle[:, 2] - top) < np.abs(middle[:, 2] - bottom)
    return np.exp(-((away / radius) ** 2)) * (nearer_top == upper)


def test_the_solid_as_it_is_passes(bowl: Foot, asked: Design, built: Built) -> None:
    assert spoiled(asked, built, np.zeros((len(built.solid.vertices), 3))) == set()


@pytest.mark.parametrize(
    ("upper", "depth_mm", "found"),
    [(False, 0.5, {"wall_min_mm"}), (True, -0.5, {"wall_min_mm", "top_deviation_max_mm"})],
)
def test_a_thin_spot_is_found(
    bowl: Foot, asked: Design, built: Built, upper: bool, depth_mm: float, found: set[str]
) -> None:
    dent = depth_mm * bump(built, (60.0, 5.0), 6.0, upper=upper)
    shift = dent[:, None] * np.array([0.0, 0.0, 1.0])
    assert found <= spoiled(asked, built, shift)
    moved = replace(built, solid=Mesh(built.solid.vertices + shift, built.solid.faces))
    where = {check.name: check.got for check in prove(moved, asked)}["wall_min_at_mm"]
    _, x, _, y = str(where).split()
    assert np.hypot(float(x) - 60.0, float(y) - 5.0) < 6.0


def test_a_tilted_underside_a_shrunk_and_a_shifted_solid_are_found(bowl: Foot) -> None:
    asked = design(bowl, resolved(RICH, bowl, FACTS))
    built = build(asked)
    v = built.solid.vertices
    under_heel = bump(built, (35.0, 0.0), 60.0, upper=False) > 0.0
    tilt = np.where(under_heel, np.deg2rad(0.3) * v[:, 1], 0.0)[:, None] * np.array([0.0, 0.0, 1.0])
    assert "rearfoot_post_deg" in spoiled(asked, built, tilt)
    assert "length_mm" in spoiled(asked, built, v * [-0.002, 0.0, 0.0])


def test_a_top_that_lies_too_low_does_not_fit(bowl: Foot, asked: Design, built: Built) -> None:
    lowered = np.broadcast_to([0.0, 0.0, -0.3], built.solid.vertices.shape)
    assert {"fit_p99_mm", "clearance_mm", "top_deviation_max_mm"} <= spoiled(asked, built, lowered)


def test_noise_on_the_top_is_rough(bowl: Foot, asked: Design, built: Built) -> None:
    noise = np.random.default_rng(0).normal(0.0, 0.3, len(built.solid.vertices)) * (
        bump(built, (0, 0), 1e6, upper=True)
    )
    assert "top_roughness_mm" in spoiled(asked, built, noise[:, None] * np.array([0.0, 0.0, 1.0]))


def test_the_wrong_letter_is_read(bowl: Foot, asked: Design, built: Built) -> None:
    assert asked.underside.marks is not None
    right = mirrored(bowl)
    other = design(right, resolved(COARSE, right, ScanFacts("test", side="right")))
    flip = np.array([1.0, -1.0, 1.0])
    checks = prove(replace(built, solid=Mesh(built.solid.vertices * flip, built.solid.faces[:, ::-1].copy())), other)
    assert {check.name: check.got for check in checks}["side_mark"] != "R"


# ------------------------------------------------------------------------------------------------- fit, fix, advice


@pytest.mark.parametrize("index", [1, 2])
def test_without_doses_the_top_is_the_scanned_sole(index: int) -> None:
    one = made(leg(index), InsoleConfig(thickness_mm=3.0, arch_fill_mm=0.0, clearance_mm=1.0))
    assert failed(one.checks) == set()
    assert 0.0 < got(one, "fit_p99_mm") <= 0.10
    assert got(one, "clearance_mm") == pytest.approx(1.0, abs=0.05)


def test_a_wall_that_is_too_thin_is_thickened_if_asked(bowl: Foot) -> None:
    strict = replace(COARSE, mesh_deviation_mm=0.1, wall_tolerance_mm=0.01, smoothing_mm=0.5)
    thin = made(bowl, strict)
    assert "wall_min_mm" in failed(thin.checks)
    fixed = made(bowl, replace(strict, fix=True))
    assert not [name for name in failed(fixed.checks) if name.startswith("wall_min")]
    assert 0.0 < got(fixed, "wall_thickened_mm") <= 0.3 and "insole.fix" in fixed.notes[0]


def test_a_block_that_a_lift_makes_thick_everywhere_has_its_wall_measured(bowl: Foot) -> None:
    rx = replace(COARSE, style="block", heel_lift_mm=25.0, arch_support=True, distal_taper_mm=12.0)
    asked = design(bowl, resolved(rx, bowl, FACTS))
    checks = {check.name: check for check in prove(build(asked), asked)}
    assert isinstance(got := checks["wall_min_mm"].got, float) and 3.0 < got < 40.0


def test_every_advice_names_what_exists() -> None:
    import dataclasses
    import re

    names = {item.name for item in dataclasses.fields(InsoleConfig)}
    for start in ("wall_min_mm", "met_pad_mm", "watertight", "rearfoot_post_deg", "groove_mm", "waist_share"):
        text = advice(Check(start, 1.0, 0.0, False))
        assert set(re.findall(r"insole\.(\w+)", text)) <= names


def test_a_cup_is_measured_where_its_rim_is_whole() -> None:
    """Its lowest point lies where the rim has come down by 3 mm: from there no side is walked to."""
    grid = HeightField(0.0, -30.0, 0.5, np.zeros((61, 121)))
    rim = 20.0 - np.maximum(grid.x - 20.0, 0.0)  # whole up to x = 20 mm
    floor = 1.0 - 0.04 * grid.x  # 0.08 mm at x = 23, where the heel ends
    wall = (np.abs(grid.y) > 20.0) | (grid.x < 4.0)
    probe = Probe(grid.replaced(np.where(wall, rim, floor)).mesh())
    depth, forward = cup_depth(probe, 23.0, 20.0, 1.0), cup_depth(probe, 23.0, 23.0, 1.0)
    assert (depth.rear, depth.medial, depth.lateral) == pytest.approx((19.92, 19.92, 19.92), abs=0.05)
    assert forward.medial < 19.0 and forward.lateral < 19.0
