"""Feet by formula and real feet, turned anyhow, must land in one frame; what is not a foot must not."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot, as_recorded, as_surface, mirrored, moved, noisy, scaled, without
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from scanproc.artifacts import Foot, Mesh, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid, transform
from scanproc.mesh.meshes import connected_components, submesh
from scanproc.stages.align import AlignConfig, align

DATA = Path(__file__).parents[2] / "shared" / "data" / "feet"
REAL_FEET = {
    "leg-0.ply": 1.0,
    "leg-3.ply": 1.0,
    "dupont-left.stl": 1000.0,
    "find-mean.ply": 1.0,
    "focus-template.obj": 1000.0,
}


@cache
def analytic() -> Mesh:
    return AnalyticFoot(heel_deg=4.0, step_mm=3.0).mesh()


@cache
def real(name: str) -> Mesh:
    """A foot of the shared data, in mm; all of them are left feet."""
    if not (DATA / name).exists():
        pytest.skip(f"no {name} beside the project (shared/data/feet)")
    loaded: Any = trimesh.load(DATA / name)
    return Mesh(
        np.array(loaded.vertices, dtype=np.float64) * REAL_FEET.get(name, 1.0), np.array(loaded.faces, dtype=np.int32)
    )


def turned(mesh: Mesh, seed: int) -> Mesh:
    pose = rigid(Rotation.random(random_state=seed).as_matrix(), np.array([300.0, -700.0, 900.0]))
    return moved(mesh, pose)


def yawed(mesh: Mesh, yaw_deg: float) -> Mesh:
    return moved(mesh, rigid(Rotation.from_euler("z", yaw_deg, degrees=True).as_matrix(), np.array([40.0, -90.0, 0.0])))


def aligned(surface: Surface, side: str = "auto") -> Foot:
    feet = align(surface, ScanFacts(name="test", side=side), AlignConfig()).feet  # type: ignore[arg-type]
    assert len(feet) == 1
    return feet[0]


@cache
def upright(*, floor_seen: bool) -> Foot:
    """Return the foot as it was built, aligned."""
    return aligned(as_surface(analytic(), floor_seen=floor_seen))


def landmarks(foot: Foot) -> FloatArray:
    return np.array([foot.landmarks[name].xyz_mm for name in sorted(foot.landmarks)])


def test_a_foot_on_the_floor_lands_where_it_was_built() -> None:
    foot = upright(floor_seen=True)
    assert (foot.side, foot.ground) == ("left", "floor")
    assert foot.T_foot_scan == pytest.approx(np.eye(4), abs=0.1)
    assert foot.landmarks["pternion"].xyz_mm == pytest.approx([0.0, 0.0, 17.5], abs=1.0)
    assert foot.landmarks["second_toe_tip"].xyz_mm == pytest.approx([0.985 * 250.0, 0.0, 11.0], abs=0.5)
    assert foot.landmarks["longest_toe_tip"].xyz_mm == pytest.approx([250.0, -22.5, 12.2], abs=0.5)
    assert foot.landmarks["metatarsale_tibiale"].xyz_mm[:2] == pytest.approx([180.0, -41.0], abs=0.5)
    assert foot.landmarks["metatarsale_fibulare"].xyz_mm[:2] == pytest.approx([157.5, 47.5], abs=0.5)
    assert foot.landmarks["arch_apex"].xyz_mm[[0, 2]] == pytest.approx([106.25, 12.0], abs=0.8)
    assert all(0.3 < mark.confidence < 1.0 and mark.method == "auto" for mark in foot.landmarks.values())


@pytest.mark.slow
@given(seed=st.integers(0, 10_000))
@settings(max_examples=8)
def test_a_raised_foot_lands_in_one_frame_however_it_lies(seed: int) -> None:
    as_built = upright(floor_seen=False)
    foot = aligned(as_surface(turned(analytic(), seed), floor_seen=False))
    assert (foot.side, foot.ground) == ("left", "support")
    assert np.abs(foot.mesh.vertices - as_built.mesh.vertices).max() < 1e-6
    assert np.abs(landmarks(foot) - landmarks(as_built)).max() < 1e-6
    assert np.linalg.det(foot.T_foot_scan[:3, :3]) == pytest.approx(1.0, abs=1e-9)


@given(yaw_deg=st.floats(-180.0, 180.0))
@settings(max_examples=5)
def test_a_standing_foot_lands_in_one_frame_and_keeps_the_floor(yaw_deg: float) -> None:
    foot = aligned(as_surface(yawed(analytic(), yaw_deg), floor_seen=True))
    assert np.abs(foot.mesh.vertices - upright(floor_seen=True).mesh.vertices).max() < 1e-6
    assert foot.T_foot_scan[2] == pytest.approx([0.0, 0.0, 1.0, 0.0], abs=1e-12)


@pytest.mark.few(2)
@pytest.mark.parametrize("name", REAL_FEET)
def test_real_feet_land_in_one_frame_however_they_lie(name: str) -> None:
    first = aligned(as_surface(turned(real(name), 1), floor_seen=False))
    assert first.side == "left"
    assert first.side_confidence > 0.99
    for seed in range(2, 4):
        again = aligned(as_surface(turned(real(name), seed), floor_seen=False))
        assert again.side == "left"
        assert np.abs(again.mesh.vertices - first.mesh.vertices).max() < 1e-6
    if name.startswith("leg"):  # built standing on z = 0, toes along x: the support plane is within 2 degrees of it
        up = first.mesh.vertices - first.mesh.vertices.mean(axis=0)
        built = real(name).vertices - real(name).vertices.mean(axis=0)
        R = np.linalg.lstsq(built, up, rcond=None)[0].T
        assert np.rad2deg(np.arccos(min(R[2, 2], 1.0))) < 2.0
        assert R[0, 0] > np.cos(np.deg2rad(6.0))


@pytest.mark.few(2)
@pytest.mark.parametrize("name", ["leg-0.ply", "leg-2.ply"])
@pytest.mark.parametrize("cut_mm", [120.0, 200.0])
def test_where_the_leg_is_cut_does_not_matter(name: str, cut_mm: float) -> None:
    whole = aligned(as_surface(turned(real(name), 3), floor_seen=False))
    cut = aligned(as_surface(turned(without(real(name), low=cut_mm), 4), floor_seen=False))
    for mark in ("pternion", "second_toe_tip", "metatarsale_tibiale", "metatarsale_fibulare"):
        assert cut.landmarks[mark].xyz_mm == pytest.approx(whole.landmarks[mark].xyz_mm, abs=1e-6)


def test_the_mirrored_foot_is_the_other_foot() -> None:
    left = aligned(as_surface(turned(analytic(), 8), floor_seen=False))
    right = aligned(as_surface(turned(mirrored(analytic()), 9), floor_seen=False))
    assert (left.side, right.side) == ("left", "right")
    assert right.side_confidence == pytest.approx(left.side_confidence, abs=1e-6)  # hulls are not mirrored to the bit
    assert np.abs(landmarks(right) * [1.0, -1.0, 1.0] - landmarks(left)).max() < 1e-6
    assert np.linalg.det(right.T_foot_scan[:3, :3]) == pytest.approx(1.0, abs=1e-9)


def test_noise_a_missing_rim_and_debris_move_it_little() -> None:
    clean = real("leg-0.ply")
    truth = aligned(as_surface(clean, floor_seen=True))
    scan = noisy(without(clean, high=3.0), 0.15)
    debris = np.array([[-60.0, 0.0, 1.0], [-60.0, 4.0, 1.0], [-60.0, 0.0, 5.0]])  # behind the heel, off the foot
    scan = Mesh(
        np.concatenate([scan.vertices, debris]), np.concatenate([scan.faces, [np.arange(3) + len(scan.vertices)]])
    )
    foot = aligned(as_surface(Mesh(scan.vertices, scan.faces.astype(np.int32)), floor_seen=True))
    assert foot.ground == "floor"
    assert foot.mesh.vertices[:, 0].min() > -2.0
    for mark in ("pternion", "second_toe_tip", "longest_toe_tip"):
        assert foot.landmarks[mark].xyz_mm[0] == pytest.approx(truth.landmarks[mark].xyz_mm[0], abs=0.8)
    for mark in ("metatarsale_tibiale", "metatarsale_fibulare"):
        assert foot.landmarks[mark].xyz_mm[0] == pytest.approx(truth.landmarks[mark].xyz_mm[0], abs=3.0)
        assert foot.landmarks[mark].xyz_mm[1] == pytest.approx(truth.landmarks[mark].xyz_mm[1], abs=0.8)
    yaw = np.rad2deg(np.arctan2(*foot.T_foot_scan[[1, 0], 0]) - np.arctan2(*truth.T_foot_scan[[1, 0], 0]))
    assert abs(yaw) < 0.5


def test_a_raised_foot_over_a_far_floor_stands_on_its_own_plane() -> None:
    raised = moved(analytic(), rigid(np.eye(3), np.array([0.0, 0.0, 120.0])))
    assert aligned(as_surface(raised, floor_seen=True)).ground == "support"


def test_the_support_plane_holds_heel_and_metatarsal_heads() -> None:
    foot = aligned(as_surface(turned(real("find-mean.ply"), 5), floor_seen=False))
    v, length = foot.mesh.vertices, foot.landmarks["longest_toe_tip"].xyz_mm[0]
    tibiale, fibulare = (foot.landmarks[f"metatarsale_{name}"].xyz_mm for name in ("tibiale", "fibulare"))
    across = (v[:, 1] - tibiale[1]) / (fibulare[1] - tibiale[1])
    heel = v[v[:, 0] < 0.25 * length, 2].min()
    first = v[(np.abs(v[:, 0] - tibiale[0]) <= 15.0) & (across <= 0.35), 2].min()
    fifth = v[(np.abs(v[:, 0] - fibulare[0]) <= 15.0) & (across >= 0.65), 2].min()
    assert [heel, first, fifth] == pytest.approx([0.0, 0.0, 0.0], abs=0.05)


# ------------------------------------------------------------------------------------------------------------ sides


def test_what_scan_toml_says_counts_unless_the_shape_contradicts_it() -> None:
    surface = as_surface(analytic(), floor_seen=True)
    assert aligned(surface, side="left").side_confidence > aligned(surface).side_confidence
    with pytest.raises(ScanError, match=r"left foot.*scan\.toml.*right"):
        aligned(surface, side="right")
    with pytest.raises(ScanError, match=r"one foot.*both"):
        aligned(surface, side="both")


def pair(left: Mesh, right: Mesh) -> Mesh:
    apart = np.array([0.0, 90.0, 0.0])
    vertices = np.concatenate([left.vertices + apart, right.vertices - apart])
    return Mesh(vertices, np.concatenate([left.faces, right.faces + len(left.vertices)]).astype(np.int32))


def test_a_pair_is_told_apart() -> None:
    both = yawed(pair(analytic(), mirrored(scaled(analytic(), 1.02))), 130.0)
    surface = Surface(both, np.arange(len(both.vertices)).astype(np.uint8), True)
    feet = align(surface, ScanFacts(name="pair", side="both"), AlignConfig()).feet
    assert [foot.side for foot in feet] == ["left", "right"]
    assert feet[1].landmarks["longest_toe_tip"].xyz_mm[0] == pytest.approx(255.0, abs=0.1)
    for foot in feet:  # the views stay with their vertices
        index = np.argmin(np.linalg.norm(transform(foot.T_foot_scan, both.vertices) - foot.mesh.vertices[17], axis=1))
        assert foot.views[17] == surface.views[index]
    with pytest.raises(ScanError, match="two feet"):
        align(surface, ScanFacts(name="pair", side="left"), AlignConfig())
    with pytest.raises(ScanError, match="two left feet"):
        align(as_surface(pair(analytic(), analytic()), True), ScanFacts(name="pair", side="both"), AlignConfig())


# ------------------------------------------------------------------------------------------------------- refusals

NOT_FEET = {
    "box": lambda: trimesh.creation.box((250.0, 100.0, 80.0)),
    "low box": lambda: trimesh.creation.box((250.0, 90.0, 60.0)),
    "sphere": lambda: trimesh.creation.icosphere(4, 120.0),
    "lying tube": lambda: trimesh.creation.cylinder(40.0, 250.0),
    "post": lambda: trimesh.creation.cylinder(50.0, 300.0),
    "cone": lambda: trimesh.creation.cone(50.0, 250.0),
    "plate": lambda: trimesh.creation.box((250.0, 100.0, 4.0)),
}


@pytest.mark.few(6)
@pytest.mark.parametrize("name", NOT_FEET)
@pytest.mark.parametrize("floor_seen", [True, False])
def test_what_is_not_a_foot_is_refused(name: str, floor_seen: bool) -> None:
    shape: Any = NOT_FEET[name]().subdivide_to_size(6.0)  # type: ignore[no-untyped-call]
    vertices = np.array(shape.vertices) - [0.0, 0.0, shape.bounds[0, 2]]
    surface = as_surface(Mesh(vertices, np.array(shape.faces, dtype=np.int32)), floor_seen)
    with pytest.raises(ScanError, match=r"does not look like a foot: found .*, expected .*"):
        aligned(surface)


@pytest.mark.parametrize("factor", [0.12, 0.35, 1.6, 3.2, 1000.0])
def test_a_foot_of_impossible_size_is_refused(factor: float) -> None:
    with pytest.raises(ScanError, match=r"does not look like a foot.*unit"):
        aligned(as_surface(scaled(analytic(), factor), floor_seen=False))


@pytest.mark.parametrize("factor", [0.5, 0.75, 1.3])
def test_small_and_large_feet_are_feet(factor: float) -> None:
    surface = as_surface(turned(scaled(analytic(), factor), 2), floor_seen=False)
    facts = ScanFacts(name="test", age_years=3.0 if factor < 0.6 else None)  # so short a foot is asked about else
    (foot,) = align(surface, facts, AlignConfig()).feet
    assert foot.landmarks["longest_toe_tip"].xyz_mm[0] == pytest.approx(250.0 * factor, abs=0.1)


def test_nothing_to_level_the_foot_is_refused() -> None:
    open_below = without(analytic(), high=8.0)
    with pytest.raises(
        ScanError, match=r"open edge under the .* without a floor the foot is levelled by it\. Scan the floor"
    ):
        aligned(as_recorded(turned(open_below, 2), floor_seen=False))


def test_a_floor_through_the_foot_is_refused() -> None:
    sunk = moved(analytic(), rigid(np.eye(3), np.array([0.0, 0.0, -20.0])))
    with pytest.raises(ScanError, match="below the floor"):
        aligned(as_surface(sunk, floor_seen=True))


def test_an_empty_surface_is_refused() -> None:
    empty = Mesh(np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int32))
    with pytest.raises(ScanError, match="empty"):
        aligned(as_surface(empty, floor_seen=True))


def test_parts_of_a_scan_are_split_by_what_hangs_together() -> None:
    both = pair(analytic(), analytic())
    parts = connected_components(both)
    assert [len(part) for part in parts] == [len(analytic().vertices)] * 2
    assert len(submesh(both, parts[1]).faces) == len(analytic().faces)
