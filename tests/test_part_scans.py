"""Meshes of other scanners that show less than a foot, or more: what can be had is measured, the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import manifold3d  # type: ignore[import-not-found]
import numpy as np
import pytest
from feet import AnalyticFoot, as_surface, mirrored, moved
from not_feet import kept
from recordings import leg
from scipy.spatial.transform import Rotation

from scanproc.anatomy.lone_soles import in_words
from scanproc.anatomy.plantar_surface import PlantarSurface
from scanproc.artifacts import Feet, Foot, Measure, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid
from scanproc.mesh.meshes import keep_faces, vertex_normals
from scanproc.prescription.fields import InsoleConfig
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.insole import insole
from scanproc.stages.measure import MeasureConfig, measure

FOOT = AnalyticFoot(step_mm=3.5, leg_top_mm=160.0)
FACTS = ScanFacts(name="test", assumed=("object",))
LENGTHS = {
    "foot_length_mm": FOOT.length,
    "truncated_foot_length_mm": FOOT.truncated_length,
    "foot_width_mm": FOOT.width,
    "heel_width_mm": FOOT.heel_width,
}
#: What can be measured on a sole alone, and how near to the whole foot's, mm: a height field ends a step early.
SOLE_MEASURES = {"foot_length_mm": 2.5, "foot_width_mm": 2.5, "heel_width_mm": 2.5, "plantar_arch_height_mm": 0.4}
SOLE_ONLY = ("plantar_arch_height_mm", "arch_volume_mm3", "arch_index")


@cache
def whole() -> Mesh:
    return FOOT.mesh()


def lying(mesh: Mesh, euler: tuple[float, float, float] = (10.0, -20.0, 70.0)) -> Mesh:
    return moved(mesh, rigid(Rotation.from_euler("xyz", euler, degrees=True).as_matrix(), np.array([30.0, 5.0, 400.0])))


def compact(mesh: Mesh) -> Mesh:
    return keep_faces(mesh, np.ones(len(mesh.faces), dtype=np.bool_)).mesh


def the_foot(mesh: Mesh, facts: ScanFacts = FACTS, floor_seen: bool = False) -> tuple[Foot, dict[str, Measure]]:
    feet = align(as_surface(compact(mesh), floor_seen, 1), facts, AlignConfig())
    (foot,) = feet.feet
    return foot, dict(measure(feet, facts, MeasureConfig()).feet[0].measures)


def values(found: dict[str, Measure], names: tuple[str, ...] | dict[str, float]) -> dict[str, float | None]:
    assert {found[name].status for name in names} == {"measured"}
    return {name: found[name].value for name in names}


# ------------------------------------------------------------------------------------------- open undersides


@pytest.mark.parametrize("cut_mm", [4.0, 12.0])
def test_an_open_underside_leaves_lengths_and_the_dorsum(cut_mm: float) -> None:
    foot, found = the_foot(lying(kept(whole(), lambda v: v[:, 2] > cut_mm)))
    assert (foot.side, foot.ground) == ("left", "estimated")
    assert values(found, LENGTHS) == pytest.approx(LENGTHS, abs=0.6)
    dorsum = found["dorsum_height_mm"]
    assert dorsum.status == "measured"
    assert dorsum.sd is not None
    assert 1.0 < dorsum.sd < 5.0
    assert dorsum.value == pytest.approx(FOOT.dorsum_height, abs=2.0 * dorsum.sd)
    assert {found[name].status for name in SOLE_ONLY} == {"refused"}
    with pytest.raises(ScanError, match="neither the floor under the foot nor its sole"):
        insole(Feet((foot,)), FACTS, InsoleConfig())


# ---------------------------------------------------------------------------------------------- floor plates


@pytest.mark.parametrize("euler", [(0.0, 0.0, 0.0), (100.0, 20.0, 40.0)])
def test_a_fused_floor_plate_is_cut_off_and_is_the_floor(euler: tuple[float, float, float]) -> None:
    foot = manifold3d.Manifold(manifold3d.Mesh64(np.array(whole().vertices), np.array(whole().faces, dtype=np.uint64)))
    plate = manifold3d.Manifold.cube([450.0, 300.0, 4.0], True).translate([120.0, 10.0, -1.9])
    fused = (foot + plate).to_mesh64()
    mesh = Mesh(np.array(fused.vert_properties[:, :3]), np.array(fused.tri_verts, dtype=np.int32))
    found_foot, found = the_foot(lying(mesh, euler))
    assert (found_foot.side, found_foot.ground) == ("left", "floor")
    assert values(found, LENGTHS) == pytest.approx(LENGTHS, abs=0.4)
    assert found["dorsum_height_mm"].value == pytest.approx(FOOT.dorsum_height - 0.1, abs=0.2)
    assert np.ptp(found_foot.mesh.vertices[:, 1]) < 0.5 * FOOT.length


# ---------------------------------------------------------------------------------------------- soles alone


@cache
def plantar_scan(miss_mm: float | None = None, step_mm: float = 1.25) -> Mesh:
    """Return the sole of the leg as a height field on a plate, which is at a height where nothing was hit."""
    x, y = np.arange(-10.0, 300.0, step_mm), np.arange(-70.0, 80.0, step_mm)
    plantar = PlantarSurface.of(leg(), np.ones(len(leg().vertices), np.uint8))
    z = plantar.heights(x, np.full(len(x), y[0]), np.full(len(x), step_mm), len(y)).height
    there = np.isfinite(z) & (z < 40.0)
    z = np.where(there, z, 0.0 if miss_mm is None else miss_mm)
    points = np.stack([*np.meshgrid(x, y, indexing="ij"), z], axis=-1).reshape(-1, 3)
    cell = np.arange(z.size).reshape(z.shape)
    a, b, c, d = cell[:-1, :-1], cell[1:, :-1], cell[1:, 1:], cell[:-1, 1:]
    faces = np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    if miss_mm is None:
        faces = faces[there.reshape(-1)[faces].all(axis=1)]
    return compact(Mesh(points, faces.astype(np.int32)))


@cache
def of_whole(mesh_of: Callable[[], Mesh]) -> dict[str, Measure]:
    return the_foot(mesh_of())[1]


def is_a_sole(
    mesh: Mesh, mesh_of: Callable[[], Mesh], facts: ScanFacts = FACTS, what: str = "sole", side: str = "left"
) -> Foot:
    """Assert that a scan is a sole, and that what can be measured on it is as on the whole foot."""
    foot, found = the_foot(mesh, facts)
    assert (foot.object, foot.side, foot.ground) == (what, side, "support")
    for name, within in SOLE_MEASURES.items():
        assert found[name].status == "measured", name
        assert found[name].value == pytest.approx(of_whole(mesh_of)[name].value, abs=within), name
    for name in ("dorsum_height_mm", "arch_height_index", "instep_girth_mm", "leg_angle_deg"):
        assert found[name].reason == f"it lies above the sole, and what was scanned is {in_words(what)}"  # type: ignore[arg-type]
    return foot


@pytest.mark.few(1)
@pytest.mark.parametrize("miss_mm", [None, 0.0, 30.0])
def test_a_plantar_scan_is_a_sole(miss_mm: float | None) -> None:
    is_a_sole(plantar_scan(miss_mm), leg)


def test_a_sole_that_lies_upside_down_is_turned_and_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        is_a_sole(lying(plantar_scan(), (180.0, 0.0, 20.0)), leg)
    assert "taken for a sole; it lay upside down in its file" in caplog.text


def test_a_mirrored_sole_is_of_the_other_side() -> None:
    is_a_sole(mirrored(plantar_scan()), leg, side="right")


@pytest.mark.slow
def test_a_foot_cut_open_below_its_dorsum_is_a_sole_and_gets_an_insole() -> None:
    foot = is_a_sole(lying(kept(whole(), lambda v: v[:, 2] < 45.0)), whole)
    (made,) = insole(Feet((foot,)), FACTS, InsoleConfig()).insoles
    assert made.solid is not None, made.refused


@pytest.mark.parametrize("what", ["cast", "imprint"])
def test_what_a_sole_is_of_may_be_stated(what: str) -> None:
    facts = ScanFacts(name="test", object=what)  # type: ignore[arg-type]
    mesh = kept(whole(), lambda v: v[:, 2] < 45.0)
    if what == "imprint":
        mesh = Mesh(mesh.vertices, mesh.faces[:, ::-1].copy())
    else:  # cast in plaster, and sawn off flat
        solid = manifold3d.Manifold(
            manifold3d.Mesh64(np.array(whole().vertices), np.array(whole().faces, dtype=np.uint64))
        )
        sawn = solid.trim_by_plane([0.0, 0.0, -1.0], -45.0).to_mesh64()
        mesh = Mesh(np.array(sawn.vert_properties[:, :3]), np.array(sawn.tri_verts, dtype=np.int32))
    is_a_sole(mesh, whole, facts, what)


def test_a_stated_foot_that_is_a_sole_alone_is_refused() -> None:
    with pytest.raises(ScanError, match=r'found a sole alone, expected .* object = "foot"'):
        the_foot(kept(whole(), lambda v: v[:, 2] < 45.0), ScanFacts(name="test", object="foot"))


# ---------------------------------------------------------------------------------------------- borders not seen


def test_of_a_foot_seen_from_one_side_nothing_is_measured_to_the_other() -> None:
    """Seen from the medial half of the directions, and from below; the lateral border is an open edge."""
    sideways: FloatArray = vertex_normals(whole())[:, 1]
    half = Mesh(whole().vertices, whole().faces[(sideways < 0.3)[whole().faces].all(axis=1)])
    foot, found = the_foot(half, floor_seen=True)
    for name in ("foot_width_mm", "ball_girth_mm", "heel_width_mm", "ball_angle_deg", *SOLE_ONLY[:2]):
        assert found[name].status == "refused", name
    assert found["foot_length_mm"].value == pytest.approx(FOOT.length, abs=0.5)
    with pytest.raises(ScanError, match=r"lateral border of the ball .*ended in an open edge"):
        insole(Feet((foot,)), FACTS, InsoleConfig())
