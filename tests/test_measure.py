"""Measures of feet whose lengths, girths, arches and angles are known by formula; and refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot, as_recorded, as_surface, mirrored, moved, noisy, scaled, without
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from scanproc.artifacts import Feet, Foot, Landmark, Measure, Mesh, ScanFacts, Surface
from scanproc.frames import rigid
from scanproc.measures.readings import FootShape
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

DATA = Path(__file__).parents[2] / "shared" / "data" / "feet"
STANDING = ScanFacts(name="test", loading="standing")
RAISED = ScanFacts(name="test", loading="non-weight-bearing")
TABLE = {
    "foot_length_mm", "truncated_foot_length_mm", "outside_ball_length_mm", "foot_width_mm", "ball_girth_mm",
    "heel_width_mm", "dorsum_height_mm", "instep_girth_mm", "arch_height_index", "plantar_arch_height_mm", "arch_index",
    "arch_volume_mm3", "navicular_height_mm", "heel_angle_deg", "leg_angle_deg", "leg_heel_angle_deg",
    "forefoot_angle_deg", "heel_contact_offset_mm", "hallux_angle_deg", "fifth_toe_angle_deg", "ball_angle_deg",
    "mondopoint", "eu_size", "toe_box_height_mm", "malleolus_height_mm",
}  # fmt: skip


@cache
def built(foot: AnalyticFoot) -> Mesh:
    return foot.mesh()


@cache
def leg(number: int) -> Mesh:
    path = DATA / f"leg-{number}.ply"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the project (shared/data/feet)")
    loaded: Any = trimesh.load(path)
    return Mesh(np.array(loaded.vertices, dtype=np.float64), np.array(loaded.faces, dtype=np.int32))


def placed(surface: Surface, facts: ScanFacts = STANDING) -> Foot:
    return align(surface, facts, AlignConfig()).feet[0]


def measured(surface: Surface, facts: ScanFacts = STANDING) -> dict[str, Measure]:
    feet = align(surface, facts, AlignConfig())
    return dict(measure(feet, facts, MeasureConfig()).feet[0].measures)


@cache
def by_formula(foot: AnalyticFoot, floor_seen: bool) -> dict[str, Measure]:
    return measured(as_surface(built(foot), floor_seen))


@cache
def of_leg(number: int) -> dict[str, Measure]:
    return measured(as_surface(leg(number), True))


def value(found: Measure) -> float:
    assert found.value is not None, found.reason
    return found.value


@pytest.mark.parametrize(
    ("share", "status"), [(0.62, "refused"), (0.66, "refused"), (0.69, "measured"), (0.79, "refused")]
)
def test_no_foot_has_its_first_metatarsal_head_there(share: float, status: str) -> None:
    """Depth that is noisy beside a floor made it of what lies at 0.62: a truncated length was 26 mm too short."""
    foot = placed(as_surface(built(AnalyticFoot(step_mm=3.0)), True))
    length = float(foot.landmarks["longest_toe_tip"].xyz_mm[0])
    mark = foot.landmarks["metatarsale_tibiale"]

    def found(method: Any, tip_confidence: float = 0.95) -> dict[str, Measure]:
        put = replace(mark, xyz_mm=np.array([share * length, *mark.xyz_mm[1:]]), method=method)
        tip = replace(foot.landmarks["longest_toe_tip"], confidence=tip_confidence)
        marks = {**foot.landmarks, "metatarsale_tibiale": put, "longest_toe_tip": tip}
        feet = Feet((replace(foot, landmarks=marks),))
        return dict(measure(feet, STANDING, MeasureConfig()).feet[0].measures)

    for name in ("truncated_foot_length_mm", "arch_height_index"):
        assert found("auto")[name].status == status, name
        assert found("edited")[name].status == "measured"
        assert found("auto", tip_confidence=0.0)[name].status == "measured"  # of what length is not known
    assert found("auto")["foot_length_mm"].status == "measured"
    if status == "refused":
        assert f"widest at {100.0 * share:.0f} % of the length" in str(found("auto")["truncated_foot_length_mm"].reason)


@pytest.mark.few(2)
@pytest.mark.parametrize("length", [180.0, 275.0])
@pytest.mark.parametrize("floor_seen", [True, False])
def test_lengths_widths_heights_and_girths_by_formula(length: float, floor_seen: bool) -> None:
    foot = AnalyticFoot(length=length, arch_mm=0.05 * length)
    found = by_formula(foot, floor_seen)
    truth = {
        "foot_length_mm": foot.length,
        "truncated_foot_length_mm": foot.truncated_length,
        "outside_ball_length_mm": foot.outside_ball_length,
        "foot_width_mm": foot.width,
        "heel_width_mm": foot.heel_width,
        "dorsum_height_mm": foot.dorsum_height,
        "instep_girth_mm": foot.instep_girth,
        "plantar_arch_height_mm": foot.arch_mm,
    }
    assert {name: value(found[name]) for name in truth} == pytest.approx(truth, abs=0.3)
    assert value(found["ball_angle_deg"]) == pytest.approx(foot.ball_angle_deg, abs=0.5)
    assert {found[name].status for name in truth} == {"measured"}
    assert value(found["arch_height_index"]) == pytest.approx(foot.dorsum_height / foot.truncated_length, abs=0.002)
    assert value(found["arch_volume_mm3"]) == pytest.approx(foot.arch_volume, rel=0.01)
    assert value(found["mondopoint"]) == length
    assert value(found["eu_size"]) == pytest.approx(1.5 * length / 10.0 + 2.0, abs=0.26)


@pytest.mark.parametrize("arch_mm", [4.0, 8.0, 22.0])
def test_the_arch_by_formula(arch_mm: float) -> None:
    foot = AnalyticFoot(arch_mm=arch_mm)
    found = by_formula(foot, True)
    assert value(found["plantar_arch_height_mm"]) == pytest.approx(arch_mm, abs=0.3)
    assert value(found["arch_volume_mm3"]) == pytest.approx(foot.arch_volume, rel=0.01)


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("heel_deg", "floor_seen"), [(-15.0, True), (-6.0, False), (0.0, True), (7.0, True), (12.0, False), (20.0, True)]
)
def test_heel_and_leg_angles_by_formula(heel_deg: float, floor_seen: bool) -> None:
    foot = AnalyticFoot(heel_deg=heel_deg, leg_deg=-heel_deg / 3.0)
    found = by_formula(foot, floor_seen)
    assert value(found["heel_angle_deg"]) == pytest.approx(heel_deg, abs=0.2)
    assert value(found["leg_angle_deg"]) == pytest.approx(-heel_deg / 3.0, abs=0.2)
    assert value(found["leg_heel_angle_deg"]) == pytest.approx(heel_deg * 4.0 / 3.0, abs=0.3)
    if floor_seen:
        assert found["forefoot_angle_deg"].status == "refused"
    else:  # both heads touch the ground: what the heel leans out, the forefoot leans in
        assert value(found["forefoot_angle_deg"]) == pytest.approx(heel_deg, abs=0.3)


@pytest.mark.few(3)
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("forefoot_deg", "heel_deg"), [(4.0, 0.0), (-5.0, 0.0), (3.0, 5.0), (-4.0, 5.0)])
def test_a_forefoot_in_varus_is_found_of_a_raised_foot(side: str, forefoot_deg: float, heel_deg: float) -> None:
    """The heads hang unequally high: what the medial one is raised by, adds to what the heel leans out by."""
    foot = raised(side, heel_deg)
    assert (foot.side, foot.ground) == (side, "support")
    found = read_as(in_varus(foot, forefoot_deg))
    assert value(found["forefoot_angle_deg"]) == pytest.approx(forefoot_deg + heel_deg, abs=0.3)
    assert value(found["heel_angle_deg"]) == pytest.approx(heel_deg, abs=0.2)


@cache
def raised(side: str, heel_deg: float) -> Foot:
    left = built(AnalyticFoot(heel_deg=heel_deg))
    return placed(as_surface(left if side == "left" else mirrored(left), False), RAISED)


def in_varus(foot: Foot, degrees: float) -> Foot:
    """Return a foot whose forefoot's medial side was raised, from 0.55 of its length on as a whole."""

    def with_rise(xyz: np.ndarray) -> np.ndarray:
        share = np.clip((xyz[..., 0] / 250.0 - 0.38) / 0.17, 0.0, 1.0)
        rise = share * share * (3.0 - 2.0 * share) * np.tan(np.deg2rad(degrees)) * (foot.medial_y * xyz[..., 1] + 32.0)
        return np.asarray(xyz + rise[..., None] * np.array([0.0, 0.0, 1.0]))

    marks = {name: replace(mark, xyz_mm=with_rise(mark.xyz_mm)) for name, mark in foot.landmarks.items()}
    return replace(foot, mesh=Mesh(with_rise(foot.mesh.vertices), foot.mesh.faces), landmarks=marks)


def read_as(foot: Foot) -> dict[str, Measure]:
    return dict(measure(Feet((foot,)), RAISED, MeasureConfig()).feet[0].measures)


@pytest.mark.parametrize("wider_per_mm", [0.02, -0.02])
def test_the_heel_s_width_is_read_at_its_own_place(wider_per_mm: float) -> None:
    """At 0.16 of the length: a heel that widens there like a wedge is 3 mm wider, or narrower, 0.01 further on."""
    foot = AnalyticFoot()
    mesh = built(foot)
    off = mesh.vertices[:, 0] - 0.16 * foot.length
    wedge = 1.0 + wider_per_mm * off * np.exp(-((off / 12.0) ** 2))
    y = np.where(mesh.vertices[:, 2] < 45.0, wedge, 1.0) * mesh.vertices[:, 1]
    found = measured(as_surface(Mesh(np.column_stack([mesh.vertices[:, 0], y, mesh.vertices[:, 2]]), mesh.faces), True))
    assert value(found["heel_width_mm"]) == pytest.approx(foot.heel_width, abs=0.3)


def test_the_contact_of_the_heel_lies_where_it_was_built() -> None:
    upright = by_formula(AnalyticFoot(), True)
    assert value(upright["heel_contact_offset_mm"]) == pytest.approx(0.0, abs=0.3)
    foot = AnalyticFoot(heel_deg=10.0, leg_deg=4.0)
    found = by_formula(foot, True)
    pivot, leg_low = 0.07 * foot.length, 0.26 * foot.length  # the heights that heel and leg lean about
    heel = np.tan(np.deg2rad(10.0)) * pivot  # lateral, below the pivot
    axis = np.tan(np.deg2rad(4.0)) * leg_low
    assert value(found["heel_contact_offset_mm"]) == pytest.approx(heel - axis, abs=0.5)


def test_the_tape_round_the_ball_is_the_shortest_through_both_points() -> None:
    foot = placed(as_surface(built(AnalyticFoot()), True))
    found = value(by_formula(AnalyticFoot(), True)["ball_girth_mm"])
    tibiale, fibulare = (foot.landmarks[f"metatarsale_{name}"].xyz_mm for name in ("tibiale", "fibulare"))
    solid = trimesh.Trimesh(foot.mesh.vertices, foot.mesh.faces, process=False)
    across = fibulare - tibiale

    def tape(tilt_deg: float) -> float:  # by a second library, in planes that lean by a known angle
        upright = np.cross(across, [0.0, 0.0, 1.0])
        turn = Rotation.from_rotvec(np.deg2rad(tilt_deg) * across / np.linalg.norm(across))
        segments: Any = trimesh.intersections.mesh_plane(solid, turn.apply(upright), tibiale)  # type: ignore[no-untyped-call]
        points = segments.reshape(-1, 3)
        points = points[points[:, 2] < 60.0]  # the leg above is cut too
        flat = points @ np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][:2].T
        return float(ConvexHull(flat).area)

    tapes = [tape(tilt) for tilt in np.arange(-28.0, 29.0, 4.0)]
    assert found == pytest.approx(min(tapes), abs=0.3)
    assert found < tape(0.0) + 1e-6
    assert 2.0 * AnalyticFoot().width < found


def test_moved_scaled_and_mirrored_feet() -> None:
    mesh = built(AnalyticFoot(heel_deg=5.0, leg_deg=-3.0))
    here = measured(as_surface(mesh, False), RAISED)
    pose = rigid(Rotation.random(random_state=5).as_matrix(), np.array([100.0, 20.0, -700.0]))
    there = measured(as_surface(moved(mesh, pose), False), RAISED)
    other = measured(as_surface(mirrored(mesh), False), RAISED)
    larger = measured(as_surface(scaled(mesh, 1.01), False), RAISED)
    for name, found in here.items():
        if found.value is None:
            assert there[name].status == other[name].status == "refused"
            continue
        assert value(there[name]) == pytest.approx(found.value, abs=1e-6), name
        grain = 2e-3 * abs(found.value) if name == "arch_volume_mm3" else 1e-2 if "contact" in name else 1e-5
        assert value(other[name]) == pytest.approx(found.value, abs=grain), name
        if name.endswith("_mm") and abs(found.value) > 20.0:
            assert value(larger[name]) == pytest.approx(1.01 * found.value, rel=5e-4), name
        if name.endswith("_deg") and "leg" not in name:
            assert value(larger[name]) == pytest.approx(found.value, abs=0.2), name


def test_heel_shear_of_the_planted_legs_shows_in_order() -> None:
    angles = [value(of_leg(number)["heel_angle_deg"]) for number in (1, 2, 3)]
    assert angles[0] < angles[1] - 2.0 < angles[2] - 8.0  # planted: -5.6, -1.8, +9.5


@pytest.mark.parametrize("shear_deg", [-8.0, 6.0])
def test_a_planted_heel_shear_is_found_on_a_leg(shear_deg: float) -> None:
    mesh = leg(0)
    before = value(of_leg(0)["heel_angle_deg"])
    fade = np.clip((150.0 - mesh.vertices[:, 0]) / 50.0, 0.0, 1.0)
    low = np.minimum(mesh.vertices[:, 2], 70.0) - 29.0  # about the pternion's height, up to the ankle
    y = mesh.vertices[:, 1] - np.tan(np.deg2rad(shear_deg)) * low * fade
    after = value(
        measured(as_surface(Mesh(np.column_stack([mesh.vertices[:, 0], y, mesh.vertices[:, 2]]), mesh.faces), True))[
            "heel_angle_deg"
        ]
    )
    assert after - before == pytest.approx(shear_deg, abs=0.4)


def test_a_planted_arch_is_found_on_a_leg() -> None:
    mesh = leg(0)
    before = of_leg(0)
    x, z = mesh.vertices[:, 0] / 245.0, mesh.vertices[:, 2]
    bump = np.where(np.abs(x - 0.44) < 0.2, np.cos((x - 0.44) / 0.4 * np.pi) ** 2, 0.0)
    raised = z + 5.0 * bump * np.clip(1.0 - z / 60.0, 0.0, 1.0)
    after = measured(as_surface(Mesh(np.column_stack([mesh.vertices[:, :2], raised]), mesh.faces), True))
    lift = value(after["plantar_arch_height_mm"]) - value(before["plantar_arch_height_mm"])
    assert lift == pytest.approx(5.0 * (1.0 - value(before["plantar_arch_height_mm"]) / 60.0), abs=0.3)
    assert value(after["foot_length_mm"]) == pytest.approx(value(before["foot_length_mm"]), abs=1e-6)


def test_noise_moves_measures_little() -> None:
    mesh = leg(0)
    clean, loud = of_leg(0), measured(as_surface(noisy(mesh, 0.1, seed=2), True))
    allowed = {
        "foot_length_mm": 0.5,
        "foot_width_mm": 0.5,
        "heel_width_mm": 0.6,
        "ball_girth_mm": 1.5,
        "dorsum_height_mm": 0.4,
        "plantar_arch_height_mm": 0.4,
        "heel_angle_deg": 0.5,
        "leg_angle_deg": 0.2,
        "truncated_foot_length_mm": 2.0,
    }
    for name, within in allowed.items():
        assert value(loud[name]) == pytest.approx(value(clean[name]), abs=within), name


# ----------------------------------------------------------------------------------------- what cannot be measured


def test_every_measure_of_the_table_is_there() -> None:
    found = by_formula(AnalyticFoot(), True)
    assert set(found) == TABLE
    assert all(measure.sd is None for measure in found.values())


def test_a_standing_scan_without_a_sole() -> None:
    whole = built(AnalyticFoot())
    truth = measured(as_surface(whole, True))
    found = measured(as_surface(without(whole, high=3.0), True))
    for name in (
        "foot_length_mm",
        "foot_width_mm",
        "heel_width_mm",
        "dorsum_height_mm",
        "heel_angle_deg",
        "leg_angle_deg",
    ):
        assert found[name].status == "measured"
        assert value(found[name]) == pytest.approx(value(truth[name]), abs=0.3)
    assert found["arch_index"].status == "refused"
    assert found["heel_contact_offset_mm"].status == "refused"
    assert found["ball_girth_mm"].status == "inferred"  # closed along the floor, which the foot touches
    assert value(found["ball_girth_mm"]) == pytest.approx(value(truth["ball_girth_mm"]), abs=3.0)


@pytest.mark.parametrize("invented", [True, False])
def test_an_unseen_arch_is_never_measured(invented: bool) -> None:
    mesh = built(AnalyticFoot())
    sole = mesh.vertices[:, 2] < 16.0
    if invented:
        surface = Surface(mesh, np.where(sole, 0, 7).astype(np.uint8), True)
    else:  # all but the toes: those end truly
        dropped = (sole & (mesh.vertices[:, 0] < 190.0))[mesh.faces].all(axis=1)
        surface = as_surface(Mesh(mesh.vertices, mesh.faces[~dropped]), True)
    found = measured(surface)
    for name in ("plantar_arch_height_mm", "arch_volume_mm3", "arch_index"):
        assert found[name].status == "refused"
        assert re.search(r"sole was not seen \(\d+ %", str(found[name].reason))


def test_a_partly_invented_arch_is_inferred() -> None:
    mesh = built(AnalyticFoot())
    x, z = mesh.vertices[:, 0] / 250.0, mesh.vertices[:, 2]
    views = np.where((x > 0.30) & (x < 0.38) & (z < 16.0), 0, 7).astype(np.uint8)
    found = measured(Surface(mesh, views, True))["plantar_arch_height_mm"]
    assert found.status == "inferred"
    assert "not seen" in str(found.reason)


def test_a_heel_cut_low_has_no_angle() -> None:
    feet = align(as_surface(built(AnalyticFoot()), True), STANDING, AlignConfig())
    foot = feet.feet[0]
    low = replace(foot, mesh=without(foot.mesh, low=38.0))
    found = measure(Feet((low,)), STANDING, MeasureConfig()).feet[0].measures
    assert found["heel_angle_deg"].status == found["leg_heel_angle_deg"].status == "refused"
    assert "25 mm needed" in str(found["heel_angle_deg"].reason)
    assert found["leg_angle_deg"].status == "refused"
    assert found["foot_length_mm"].status == "measured"


def test_the_print_needs_a_load_and_the_navicular_a_landmark() -> None:
    feet = align(as_recorded(built(AnalyticFoot(arch_mm=0.5)), True), STANDING, AlignConfig())
    raised = measure(feet, RAISED, MeasureConfig()).feet[0].measures
    standing = measure(feet, STANDING, MeasureConfig()).feet[0].measures
    assert raised["arch_index"].status == "refused"
    assert 0.2 < value(standing["arch_index"]) < 0.4  # a flat sole: about a third
    assert standing["navicular_height_mm"].status == "refused"
    foot = feet.feet[0]
    mark = Landmark(np.array([90.0, -20.0, 41.5]), "edited", 1.0)
    marked = Feet((replace(foot, landmarks={**foot.landmarks, "navicular": mark}),))
    assert value(measure(marked, STANDING, MeasureConfig()).feet[0].measures["navicular_height_mm"]) == 41.5


def test_an_edited_landmark_is_what_counts() -> None:
    feet = align(as_surface(built(AnalyticFoot()), True), STANDING, AlignConfig())
    foot = feet.feet[0]
    toe = Landmark(foot.landmarks["longest_toe_tip"].xyz_mm + np.array([4.0, 0.0, 0.0]), "edited", 1.0)
    edited = Feet((replace(foot, landmarks={**foot.landmarks, "longest_toe_tip": toe}),))
    before = measure(feet, STANDING, MeasureConfig()).feet[0].measures["foot_length_mm"]
    after = measure(edited, STANDING, MeasureConfig()).feet[0].measures["foot_length_mm"]
    assert value(after) - value(before) == pytest.approx(4.0, abs=1e-9)


def test_the_settings_decide_what_is_inferred() -> None:
    mesh = built(AnalyticFoot())
    views = np.where(mesh.vertices[:, 2] < 3.0, 0, 7).astype(np.uint8)
    feet = align(Surface(mesh, views, True), STANDING, AlignConfig())
    statuses = [
        measure(feet, STANDING, MeasureConfig(max_unseen_share=low, max_inferred_share=high))
        .feet[0]
        .measures["ball_girth_mm"]
        .status
        for low, high in ((0.1, 0.6), (0.6, 0.6), (0.01, 0.02))
    ]
    assert statuses == ["inferred", "measured", "refused"]
    assert FootShape(feet.feet[0]).arch.seen_share > 0.0


def test_a_heel_of_which_one_side_is_missing_has_no_width() -> None:
    mesh = built(AnalyticFoot(length=250.0))
    centre = mesh.vertices[mesh.faces].mean(axis=1)
    gone = (centre[:, 0] < 70.0) & (centre[:, 1] > 0.0) & (centre[:, 2] < 60.0)
    half = Mesh(mesh.vertices, mesh.faces[~gone])
    whole, found = measured(as_surface(mesh, True)), measured(as_surface(half, True))
    assert whole["heel_width_mm"].status == "measured"
    assert found["heel_width_mm"].value is None
    assert found["heel_angle_deg"].value is None


def test_a_size_is_that_next_to_the_length() -> None:
    found = measured(as_surface(built(AnalyticFoot(length=252.0, arch_mm=12.0)), True))
    assert (value(found["mondopoint"]), value(found["eu_size"])) == (250.0, 40.0)  # 252 · 0.15 + 2 = 39.8


def test_noise_does_not_choose_the_height_of_a_malleolus() -> None:
    """It is flat over a centimetre: the outmost place of a noisy border lies 5 mm off."""

    def height(surface: Surface) -> float:
        return float(placed(surface).landmarks["lateral_malleolus"].xyz_mm[2])

    clean = height(as_surface(leg(1), True))
    off = [height(as_surface(noisy(leg(1), 0.25, seed=seed), True)) - clean for seed in range(5)]
    assert abs(float(np.mean(off))) < 2.0
    assert max(abs(one) for one in off) < 5.0
