"""Which way up, which way round and which side: right, or refused as doubtful, never wrong."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import manifold3d  # type: ignore[import-not-found]
import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot, as_surface, mirrored, moved
from not_feet import kept
from scipy.spatial.transform import Rotation

from scanproc.anatomy.cut_ends import cut_ends
from scanproc.artifacts import Foot, Mesh, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.formats.ply import write_ply
from scanproc.formats.solid_files import Body, write_3mf, write_stl
from scanproc.frames import FloatArray, rigid
from scanproc.scan import open_scan, read_mesh
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

DATA = Path(__file__).parents[2] / "shared" / "data" / "feet"
ANKLE_X = 65.0  # mm, of the shared legs
NEAR_DEG = 8.0  # a pose that is right: soles of real feet are not levelled by their lowest points to less


@cache
def leg(name: str) -> Mesh:
    """A left leg of the shared data, x to the toes, z up."""
    if not (DATA / name).exists():
        pytest.skip(f"no {name} beside the project (shared/data/feet)")
    loaded: Any = trimesh.load(DATA / name)
    return Mesh(np.array(loaded.vertices, dtype=np.float64), np.array(loaded.faces, dtype=np.int32))


@cache
def standing(name: str) -> Mesh:
    """A left foot of the shared data on z = 0, x to the toes: legs are so already."""
    if name.startswith("leg"):
        return leg(name)
    T = align(as_surface(leg(name), False), ScanFacts(name="test"), AlignConfig()).feet[0].T_foot_scan
    return moved(leg(name), T)


def tilt(pitch_deg: float, roll_deg: float) -> FloatArray:
    return Rotation.from_euler("xy", [roll_deg, pitch_deg], degrees=True).as_matrix()


def capped(mesh: Mesh, cap_mm: float, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Mesh:
    """Return a closed leg, tilted about its ankle at a height, cut off level at it and closed flat by the cut."""
    R, ankle = tilt(pitch_deg, roll_deg), np.array([ANKLE_X, 0.0, cap_mm])
    tilted = (mesh.vertices - ankle) @ R.T + ankle
    solid = manifold3d.Manifold(manifold3d.Mesh64(tilted, mesh.faces.astype(np.uint64)))
    below = solid.trim_by_plane([0.0, 0.0, -1.0], -cap_mm).decompose()
    cut = max(below, key=lambda part: part.volume()).to_mesh64()
    return Mesh(np.array(cut.vert_properties[:, :3]), np.array(cut.tri_verts, dtype=np.int32))


def verdict(surface: Surface, R_file_foot: FloatArray, side: str, **facts: Any) -> str:
    """Return whether a foot is laid right, wrong, or refused."""
    try:
        foot = align(surface, ScanFacts(name="test", **facts), AlignConfig()).feet[0]
    except ScanError:
        return "refused"
    cosines = (foot.T_foot_scan[:3, :3] * R_file_foot.T).sum(axis=1)[[0, 2]]
    return "right" if cosines.min() > np.cos(np.deg2rad(NEAR_DEG)) and foot.side == side else "wrong"


def sweep_verdict(name: str, cap_mm: float, pitch_deg: float, roll_deg: float, side: str, file: Path) -> str:
    """Return how a capped leg is laid that came as a file."""
    mesh, R = capped(standing(name), cap_mm, pitch_deg, roll_deg), tilt(pitch_deg, roll_deg)
    if side == "right":
        image = np.diag([1.0, -1.0, 1.0])
        mesh, R = mirrored(mesh), image @ R @ image
    file.write_bytes(write_stl(mesh, "leg") if file.suffix == ".stl" else write_3mf((Body(mesh, "leg"),), {}))
    return verdict(read_mesh(open_scan(file)), R, side)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("name", "cap_mm", "pitch_deg", "roll_deg", "side", "suffix"),
    [
        ("leg-2.ply", 80.0, 0.0, 0.0, "left", ".stl"),
        ("leg-2.ply", 90.0, -15.0, 0.0, "right", ".3mf"),
        ("leg-1.ply", 100.0, 0.0, -15.0, "left", ".3mf"),
    ],
)
def test_a_capped_leg_stands_on_its_sole(
    name: str, cap_mm: float, pitch_deg: float, roll_deg: float, side: str, suffix: str, tmp_path: Path
) -> None:
    """These were laid upside down, with the side swapped, while the misfit alone counted."""
    assert sweep_verdict(name, cap_mm, pitch_deg, roll_deg, side, tmp_path / f"leg{suffix}") == "right"


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"leg-{number}.ply" for number in range(4)])
def test_the_sweep_of_capped_legs(name: str, tmp_path: Path) -> None:
    tilts = [
        (0.0, 0.0),
        *((deg, 0.0) for deg in (-15.0, -7.0, 7.0, 15.0)),
        *((0.0, deg) for deg in (-15.0, -7.0, 7.0, 15.0)),
    ]
    cases = [(cap, *tilt, side) for cap in range(60, 131, 10) for tilt in tilts for side in ("left", "right")]
    found = [
        sweep_verdict(name, *case, tmp_path / f"leg{('.stl', '.3mf')[number // 2 % 2]}")
        for number, case in enumerate(cases)
    ]
    assert "wrong" not in found
    assert found.count("right") >= 0.9 * len(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["find-mean.ply", "find-pose07_Medial_Eversion.ply", "find-shape1_+2.ply"])
def test_the_sweep_of_shapes_that_were_learnt_from_scans(name: str, tmp_path: Path) -> None:
    tilts = [(0.0, 0.0), (-12.0, 0.0), (12.0, 0.0), (0.0, -12.0), (0.0, 12.0), (9.0, -9.0)]
    cases = [(cap, *tilt) for cap in (60, 80, 100, 130) for tilt in tilts]
    found = [
        sweep_verdict(name, *case, ("left", "right")[number % 2], tmp_path / f"foot{('.stl', '.3mf')[number // 2 % 2]}")
        for number, case in enumerate(cases)
    ]
    assert "wrong" not in found
    assert found.count("right") >= 0.9 * len(found)


@pytest.mark.parametrize("seed", [1])
def test_a_capped_leg_stands_on_its_sole_however_it_lies(seed: int) -> None:
    R = Rotation.random(random_state=seed).as_matrix()
    mesh = moved(capped(leg("leg-2.ply"), 80.0), rigid(R, np.array([300.0, -200.0, 900.0])))
    assert verdict(as_surface(mesh, False), R, "left") == "right"


@pytest.mark.parametrize(
    ("name", "cap_mm", "pitch_deg", "roll_deg", "scale"),
    [("leg-0.ply", 128.0, -9.0, 5.0, 0.6), ("leg-3.ply", 90.0, 12.0, -13.0, 1.0)],
)
def test_a_child_s_leg_and_one_tilted_both_ways(
    name: str, cap_mm: float, pitch_deg: float, roll_deg: float, scale: float
) -> None:
    """A child's leg is cut through 900 mm², which was no cut while all legs were adults'."""
    mesh = capped(leg(name), cap_mm, pitch_deg, roll_deg)
    child = as_surface(Mesh(scale * mesh.vertices, mesh.faces), False)
    assert verdict(child, tilt(pitch_deg, roll_deg), "left", age_years=4.0 if scale < 1.0 else None) == "right"


def cut_askew(mesh: Mesh, lean_deg: tuple[float, float], height_mm: float, closed: bool) -> Mesh:
    """Return a leg cut off obliquely at a height above its ankle, closed flat or left open."""
    lean_x, lean_y = np.deg2rad(lean_deg)
    normal = -np.array([np.sin(lean_x), np.sin(lean_y), 1.0])
    normal /= np.linalg.norm(normal)
    offset = float(normal @ [ANKLE_X, 0.0, height_mm])
    if not closed:
        return kept(mesh, lambda v: v @ normal > offset)
    solid = manifold3d.Manifold(manifold3d.Mesh64(np.array(mesh.vertices), mesh.faces.astype(np.uint64)))
    below = solid.trim_by_plane(list(normal), offset).decompose()
    cut = max(below, key=lambda part: part.volume()).to_mesh64()
    return Mesh(np.array(cut.vert_properties[:, :3]), np.array(cut.tri_verts, dtype=np.int32))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_neighbours_of_the_sweep(seed: int) -> None:
    """Both tilts at once, cut obliquely, open, with a long shank, a child's, an image: however they lie."""
    rng = np.random.default_rng(seed)
    found = []
    for kind in ("tilted", "askew", "askew open", "long", "child") * 4:
        mesh, R = (
            leg(f"leg-{rng.integers(4)}.ply"),
            Rotation.random(random_state=int(rng.integers(9999))).as_matrix(),
        )
        cap_mm, (pitch_deg, roll_deg), years = float(rng.uniform(60.0, 130.0)), rng.uniform(-15.0, 15.0, 2), None
        if kind in ("tilted", "child"):
            mesh = capped(mesh, cap_mm, pitch_deg, roll_deg)
            R = tilt(pitch_deg, roll_deg) if kind == "tilted" else R @ tilt(pitch_deg, roll_deg)
        elif kind == "long":
            z = mesh.vertices[:, 2]
            mesh = Mesh(np.column_stack([mesh.vertices[:, :2], np.where(z > 150.0, 2.0 * z - 150.0, z)]), mesh.faces)
        else:
            mesh = cut_askew(mesh, (2.0 * pitch_deg, 2.0 * roll_deg), max(cap_mm, 80.0), kind == "askew")
        if kind == "child":
            mesh, years = Mesh(0.6 * mesh.vertices, mesh.faces), 4.0
        if kind != "tilted":
            turn = R @ tilt(pitch_deg, roll_deg).T if kind == "child" else R
            mesh = moved(mesh, rigid(turn, np.array([300.0, -200.0, 900.0])))
        side = "left"
        if rng.random() < 0.5:
            image = np.diag([1.0, -1.0, 1.0])
            mesh, R, side = mirrored(mesh), image @ R @ image, "right"
        found.append(verdict(as_surface(mesh, False), R, side, age_years=years))
    assert "wrong" not in found
    assert found.count("right") >= 0.75 * len(found)  # cuts through a dorsum, or the toes, are doubtful


def test_the_plane_that_closes_a_leg_is_no_skin() -> None:
    """A dorsum that it cuts off has no height, as where the cut is open."""
    feet = align(as_surface(capped(leg("leg-2.ply"), 60.0), False), ScanFacts(name="test"), AlignConfig())
    (measured,) = measure(feet, ScanFacts(name="test"), MeasureConfig()).feet
    assert measured.measures["dorsum_height_mm"].status == "refused"
    assert measured.measures["foot_length_mm"].value == pytest.approx(270.0, abs=0.5)


# --------------------------------------------------------------------------------------------------------- evidence


@cache
def analytic() -> Mesh:
    return AnalyticFoot(step_mm=3.0, leg_top_mm=120.0).mesh()


def test_a_cut_is_found_with_its_way_and_area_closed_or_open() -> None:
    """The leg is a tube of radius 0.115 of 250 mm, cut at 100 mm; its sole is flat, too."""
    closed, opened = capped(analytic(), 100.0), kept(analytic(), lambda v: v[:, 2] < 100.0)
    for mesh, slack_mm in ((closed, 1.0), (opened, 6.0)):
        ends = cut_ends(mesh)
        (up,) = np.flatnonzero(ends.normals[:, 2] > 0.0)
        assert ends.normals[up] == pytest.approx([0.0, 0.0, 1.0], abs=0.02)
        assert ends.areas[up] == pytest.approx(np.pi * (0.115 * 250.0) ** 2, rel=0.02)
        assert ends.middles[up] == pytest.approx([0.22 * 250.0, 0.0, 100.0], abs=slack_mm)
        assert (np.abs(ends.rims[:, 2] - 100.0) < 2.0 * slack_mm).sum() >= 60
    assert not len(cut_ends(leg("leg-0.ply")).areas)  # closed, but not flat


@pytest.mark.parametrize("name", ["leg-0.ply", "leg-2.ply"])
@pytest.mark.parametrize("slope_deg", [-55.0, 0.0, 55.0])
def test_a_leg_of_which_one_side_was_seen_farther_up_goes_on_along_itself(name: str, slope_deg: float) -> None:
    """The opening looks ahead or back; the leg goes on upwards all the same, and tells which way up the foot is."""
    slope = np.tan(np.radians(slope_deg))
    cut = kept(leg(name), lambda v: v[:, 2] < 170.0 + slope * np.clip(v[:, 0] - ANKLE_X, -60.0, 60.0))
    ends = cut_ends(cut)
    largest = int(np.argmax(ends.areas))
    assert np.degrees(np.arccos(ends.normals[largest, 2])) < 20.0
    assert verdict(as_surface(cut, False), np.eye(3), "left") == "right"


def test_what_lies_in_doubt_is_refused_and_settled_by_what_is_stated() -> None:
    """A leg that is cut off obliquely through its dorsum is a wedge of two flat sides."""
    mesh = capped(leg("leg-3.ply"), 70.0, -15.0)
    sure = AlignConfig(min_pose_confidence=0.999)
    with pytest.raises(ScanError, match=r'more than one way that the foot may lie.*up = "z"'):
        align(as_surface(mesh, False), ScanFacts(name="test"), sure)
    foot = align(as_surface(mesh, False), ScanFacts(name="test", up="z"), sure).feet[0]
    assert (foot.T_foot_scan[:3, :3] * tilt(-15.0, 0.0).T).sum(axis=1).min() > np.cos(np.deg2rad(NEAR_DEG))


def test_up_that_the_shape_contradicts_is_refused() -> None:
    with pytest.raises(ScanError, match="whose up is nearest to z of the file"):
        align(as_surface(capped(leg("leg-2.ply"), 100.0), False), ScanFacts(name="test", up="-z"), AlignConfig())


def test_up_is_of_finished_meshes(tmp_path: Path) -> None:
    (tmp_path / "clouds").mkdir()
    for number in range(2):
        points = np.random.default_rng(number).uniform([-100.0, -40.0, 400.0], [100.0, 40.0, 500.0], (500, 3))
        (tmp_path / "clouds" / f"{number}.ply").write_bytes(write_ply(Mesh(points, np.zeros((0, 3), dtype=np.int32))))
    (tmp_path / "scan.toml").write_text('up = "z"')
    with pytest.raises(ScanError, match="finished meshes alone"):
        open_scan(tmp_path)


# ------------------------------------------------------------------------------------------------------ inside out


def aligned(file: Path) -> Foot:
    scan = open_scan(file)
    return align(read_mesh(scan), scan.facts, AlignConfig()).feet[0]


def test_an_inside_out_foot_may_be_an_image_unless_its_side_is_stated(tmp_path: Path) -> None:
    file = tmp_path / "foot.ply"
    file.write_bytes(write_ply(Mesh(analytic().vertices, analytic().faces[:, ::-1].copy())))
    assert aligned(file).side_confidence == 0.5
    assert any("in doubt unless scan.toml states side" in remark for remark in open_scan(file).facts.remarks)
    (tmp_path / "scan.toml").write_text('side = "left"')
    assert aligned(file).side_confidence > 0.99


@pytest.mark.parametrize("part", ["ahead of 40 mm", "half at random"])
def test_a_part_of_the_winding_is_repaired_and_said(part: str, tmp_path: Path) -> None:
    mesh = analytic()
    ahead = mesh.vertices[mesh.faces].mean(axis=1)[:, 0] > 40.0
    turned = ahead if part == "ahead of 40 mm" else np.random.default_rng(0).random(len(mesh.faces)) < 0.5
    faces = np.where(turned[:, None], mesh.faces[:, ::-1], mesh.faces)
    (tmp_path / "foot.stl").write_bytes(write_stl(Mesh(mesh.vertices, faces), "foot"))
    scan = open_scan(tmp_path / "foot.stl")
    read = read_mesh(scan).mesh
    assert trimesh.Trimesh(read.vertices, read.faces, process=False).is_winding_consistent
    assert trimesh.Trimesh(read.vertices, read.faces, process=False).volume > 0.0
    assert any("faced inward, and its faces were turned" in remark for remark in scan.facts.remarks)
    assert aligned(tmp_path / "foot.stl").side_confidence > 0.99


# ------------------------------------------------------------------------------------------------------ lifted toes


def toes_up(mesh: Mesh, angle_deg: float, only_hallux: bool) -> Mesh:
    """Return a foot whose last 70 mm are bent upward over 20 mm, about a line 8 mm above the ground."""
    start, over, height = mesh.vertices[mesh.vertices[:, 2] < 60.0, 0].max() - 70.0, 20.0, 8.0
    x, z = mesh.vertices[:, 0] - start, mesh.vertices[:, 2] - height
    curve = np.deg2rad(angle_deg) / over
    turn, beyond = curve * np.clip(x, 0.0, over), np.maximum(x - over, 0.0)
    along = np.sin(turn) / curve + beyond * np.cos(turn) - z * np.sin(turn)
    above = (1.0 - np.cos(turn)) / curve + beyond * np.sin(turn) + z * np.cos(turn)
    bent = np.stack([start + along, mesh.vertices[:, 1], height + above], axis=1)
    is_bent = (x > 0.0) & (~np.bool_(only_hallux) | (mesh.vertices[:, 1] < -8.0))
    return Mesh(np.where(is_bent[:, None], bent, mesh.vertices), mesh.faces)


@pytest.mark.parametrize(("angle_deg", "only_hallux"), [(30.0, False), (30.0, True)])
def test_toes_may_be_held_up(angle_deg: float, only_hallux: bool) -> None:
    assert (
        verdict(as_surface(toes_up(standing("find-mean.ply"), angle_deg, only_hallux), False), np.eye(3), "left")
        == "right"
    )


# -------------------------------------------------------------------------------------------- reasons that hold


@pytest.mark.parametrize("floor_seen", [True, False])
def test_half_a_foot_is_refused_as_such(floor_seen: bool) -> None:
    half = kept(leg("leg-0.ply"), lambda v: v[:, 1] < -15.0)
    with pytest.raises(ScanError, match="one side") as refusal:
        align(as_surface(half, floor_seen), ScanFacts(name="test"), AlignConfig())
    assert "unit" not in str(refusal.value)
