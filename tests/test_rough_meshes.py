"""Finished meshes that are coarse, torn or noisy, or lie beside floors and walls: right, or refused for what it is."""

from __future__ import annotations

import manifold3d  # type: ignore[import-not-found]
import numpy as np
import pytest
from feet import mirrored
from not_feet import as_mesh, as_solid, kept, sawn
from scipy.spatial.transform import Rotation
from test_invented_soles import decimated, legs, smoothed
from test_part_scans import compact, lying, the_foot
from test_strange_postures import joined

from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import vertex_normals


def seen_from(mesh: Mesh, direction: FloatArray, least: float) -> Mesh:
    """Return the faces that look towards a (3,) direction."""
    faces = mesh.faces[(vertex_normals(mesh) @ direction > least)[mesh.faces].all(axis=1)]
    return compact(Mesh(mesh.vertices, faces))


@pytest.mark.few(2)
@pytest.mark.parametrize(("index", "least"), [(0, -0.25), (1, -0.35), (2, -0.35), (3, -0.3)])
def test_a_coarse_foot_without_its_rear_is_refused(index: int, least: float) -> None:
    """With a rim of edges of 4 mm, lengths came out 16 mm too short: three vertices in 1 mm were asked of a rim."""
    with pytest.raises(ScanError, match="found the heel ending in an open or cut edge"):
        the_foot(seen_from(legs(index), np.array([1.0, 0.0, 0.0]), least))


def test_a_coarse_foot_without_its_lateral_side_has_no_heel_width() -> None:
    """It was 40 mm, and is 58."""
    _, found = the_foot(seen_from(decimated(legs(0), 10_000), np.array([0.0, -1.0, 0.0]), -0.25))
    assert found["heel_width_mm"].reason == "one side of the heel was not seen"
    assert found["foot_length_mm"].value == pytest.approx(the_foot(legs(0))[1]["foot_length_mm"].value, abs=0.5)


@pytest.mark.few(1)
@pytest.mark.parametrize("faces", [12_000, 8_000, 6_000])
def test_a_coarse_heel_is_as_wide_as_it_was(faces: int) -> None:
    """Rows of its wall that hold no vertex were left out, and the next one was taken for a tear, 2 mm inside."""
    whole, coarse = (the_foot(mesh)[1]["heel_width_mm"].value for mesh in (legs(3), decimated(legs(3), faces)))
    assert coarse == pytest.approx(whole, abs=0.5)


def torn(mesh: Mesh, height_mm: float, uneven_mm: float, seed: int) -> Mesh:
    """Return a foot without its underside, whose rim is so uneven."""
    rng = np.random.default_rng(seed)
    waves, phases = rng.normal(size=(2, 10)) / 12.0, rng.uniform(0.0, 2.0 * np.pi, 10)

    def rim(v: FloatArray) -> FloatArray:
        return height_mm + uneven_mm * np.cos(v[:, :2] @ waves + phases).sum(axis=1) / np.sqrt(10.0)

    return compact(kept(mesh, lambda v: v[:, 2] > rim(v)))


@pytest.mark.few(1)
@pytest.mark.parametrize("seed", [91, 42])
def test_a_torn_rim_levels_a_foot_within_what_is_said_of_it(seed: int) -> None:
    """Where it was uneven by 2 mm, feet leaned by 6 to 10 degrees on three of its points, and said half a degree."""
    R = Rotation.from_euler("xyz", (6.0, -8.0, 70.0), degrees=True).as_matrix()
    whole, mesh = the_foot(legs(0))[1], torn(legs(0), 8.0, 3.0, seed)
    foot, found = the_foot(Mesh(mesh.vertices @ R.T, mesh.faces))
    assert np.rad2deg(np.arccos(foot.T_foot_scan[2, :3] @ R[:, 2])) < 3.0
    for name in ("leg_angle_deg", "dorsum_height_mm", "foot_length_mm", "foot_width_mm", "heel_width_mm"):
        sd = found[name].sd
        assert sd is not None
        assert found[name].value == pytest.approx(whole[name].value, abs=2.0 * sd), name
    assert found["foot_length_mm"].value == pytest.approx(whole["foot_length_mm"].value, abs=0.5)


def floor(size: tuple[float, float, float], middle: tuple[float, float, float], noise_mm: float) -> Mesh:
    """Return a plate with noise."""
    mesh = as_mesh(manifold3d.Manifold.cube(list(size), True))
    return noisy(Mesh(mesh.vertices + np.array(middle), mesh.faces), noise_mm)


def noisy(mesh: Mesh, sigma_mm: float) -> Mesh:
    return Mesh(mesh.vertices + np.random.default_rng(0).normal(scale=sigma_mm, size=mesh.vertices.shape), mesh.faces)


@pytest.mark.few(1)
@pytest.mark.parametrize("noise_mm", [0.15, 0.3])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_noisy_floor_that_was_scanned_with_the_foot_is_the_floor(noise_mm: float, side: str) -> None:
    """Planes were looked for within 0.2 mm and 0.8 degrees alone."""
    plate = as_solid(floor((450.0, 300.0, 4.0), (110.0, 0.0, -1.9), 0.0))
    fused = noisy(as_mesh(as_solid(legs(2)) + plate), noise_mm)
    foot, found = the_foot(lying(fused if side == "left" else mirrored(fused), (100.0, 20.0, 40.0)))
    assert (foot.ground, foot.side) == ("floor", side)
    whole = the_foot(legs(2))[1]
    for name, within in {
        "foot_length_mm": 1.0,
        "foot_width_mm": 1.0,
        "heel_width_mm": 1.0,
        "dorsum_height_mm": 1.0,
    }.items():
        assert found[name].value == pytest.approx(whole[name].value, abs=within), name


@pytest.mark.few(1)
@pytest.mark.parametrize(("below_mm", "noise_mm"), [(8.0, 0.0), (15.0, 0.0), (8.0, 0.2)])
def test_a_floor_below_a_raised_foot_is_not_what_it_stands_on(below_mm: float, noise_mm: float) -> None:
    """Heights were taken from it: a dorsum 8 and 15 mm too high, measured."""
    plate = floor((450.0, 300.0, 4.0), (110.0, 0.0, -2.0 - below_mm), noise_mm)
    foot, found = the_foot(lying(joined(legs(0), plate)))
    assert foot.ground == "support"
    whole = the_foot(legs(0))[1]
    for name in ("dorsum_height_mm", "plantar_arch_height_mm"):
        assert found[name].value == pytest.approx(whole[name].value, abs=0.2), name


def test_a_wall_that_is_larger_than_the_foot_is_not_taken_for_it() -> None:
    """Parts of less than a quarter of the wall's area were not looked at."""
    wall = floor((4.0, 700.0, 500.0), (-120.0, 0.0, 200.0), 0.2)
    foot, found = the_foot(joined(legs(0), wall))
    assert foot.side == "left"
    assert found["foot_length_mm"].value == pytest.approx(the_foot(legs(0))[1]["foot_length_mm"].value, abs=0.2)


@pytest.mark.parametrize(
    ("normal", "through", "ends"),
    [
        ((-0.39, 0.0, -0.92), (262.0, -25.0, 15.0), "toes"),  # leans by 23 degrees, and takes 8 mm of the toes with it
        ((0.74, 0.0, -0.67), (4.0, 0.0, 35.0), "heel"),  # rises forward from the heel
    ],
)
def test_a_closed_cut_that_runs_through_an_end_is_told(
    normal: tuple[float, float, float], through: tuple[float, float, float], ends: str
) -> None:
    """Below the cut, a toe or a heel is round as ever: lengths came out up to 8 mm too short."""
    mesh = sawn(sawn(legs(2), (0.0, 0.0, -1.0), -118.0), normal, float(np.dot(normal, through)))
    with pytest.raises(ScanError, match=f"found the {ends} ending in an open or cut edge"):
        the_foot(lying(mesh))


@pytest.mark.few(1)
@pytest.mark.parametrize("cap_mm", [70.0, 118.0])
def test_a_closed_cut_through_the_leg_alone_leaves_the_ends(cap_mm: float) -> None:
    whole, found = (the_foot(mesh)[1] for mesh in (legs(2), sawn(legs(2), (0.1, 0.2, -0.97), -0.97 * cap_mm + 6.0)))
    assert found["foot_length_mm"].value == pytest.approx(whole["foot_length_mm"].value, abs=0.3)


@pytest.mark.few(2)
@pytest.mark.parametrize(("index", "cap_mm"), [(1, 83.0), (3, 74.0), (0, 67.0)])
@pytest.mark.parametrize("kind", ["smoothed", "noisy"])
def test_a_dorsum_that_a_rough_cap_took_away_is_not_measured(index: int, cap_mm: float, kind: str) -> None:
    """Three to four mm lower than it was, it was measured: such a cap is no plane."""
    mesh = sawn(legs(index), (0.0, 0.0, -1.0), -cap_mm)
    rough = noisy(mesh, 0.15) if kind == "noisy" else smoothed(mesh, 6, mesh.vertices[:, 2] > cap_mm - 12.0)
    try:
        found = the_foot(rough)[1]
    except ScanError as refusal:
        assert "more than one way that the foot may lie" in str(refusal)
        return
    for name in ("dorsum_height_mm", "instep_girth_mm"):
        assert found[name].reason == "the dorsum was not seen: the surface ends below it, at half the length"
    assert found["arch_height_index"].status == "refused"


def test_a_dorsum_just_below_a_rough_cap_is_measured() -> None:
    whole, found = (the_foot(mesh)[1] for mesh in (legs(3), noisy(sawn(legs(3), (0.0, 0.0, -1.0), -81.0), 0.1)))
    assert found["dorsum_height_mm"].value == pytest.approx(whole["dorsum_height_mm"].value, abs=0.7)
