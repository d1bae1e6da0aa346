"""Feet of other scanners in postures that mislead: reflected, touching, with calves that meet, pointed."""

from __future__ import annotations

from functools import cache
from typing import Any

import manifold3d  # type: ignore[import-not-found]
import numpy as np
import pytest
from feet import as_surface, mirrored
from insole_feet import FEET
from scipy.spatial.transform import Rotation

from scanproc.artifacts import BoolArray, Feet, Mesh, ScanFacts, Side
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import face_normals, vertex_normals
from scanproc.readers.meshes import read_finished_mesh
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

FACTS = ScanFacts(name="pair")


def slowly(value: Any) -> Any:
    return pytest.param(value, marks=pytest.mark.slow)


@cache
def leg() -> Mesh:
    """Return a left leg, cut and closed at 300 mm, whose calf reaches 26 mm farther medially than its foot."""
    path = FEET / "leg-0.ply"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the project (shared/data/feet)")
    return read_finished_mesh(path, ScanFacts(name="leg", unit="mm")).surface.mesh


def solid(mesh: Mesh) -> manifold3d.Manifold:
    return manifold3d.Manifold(manifold3d.Mesh64(np.array(mesh.vertices), np.array(mesh.faces, dtype=np.uint64)))


def as_mesh(body: manifold3d.Manifold) -> Mesh:
    mesh = body.to_mesh64()
    return Mesh(np.array(mesh.vert_properties[:, :3]), np.array(mesh.tri_verts, dtype=np.int32))


def pair(gap_mm: float, top_mm: float = 300.0) -> Mesh:
    """Return two legs in one body that stand so far apart at their balls, cut at a height."""
    low = float(leg().vertices[leg().vertices[:, 2] < 60.0, 1].min())
    both = solid(leg()) + solid(mirrored(leg())).translate([0.0, 2.0 * low - gap_mm, 0.0])
    return as_mesh(both.trim_by_plane([0.0, 0.0, -1.0], -top_mm))


def turned(mesh: Mesh, degrees: tuple[float, float, float]) -> Mesh:
    return Mesh(mesh.vertices @ Rotation.from_euler("xyz", degrees, degrees=True).as_matrix().T, mesh.faces)


def joined(*meshes: Mesh) -> Mesh:
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=True)]
    return Mesh(np.vstack([mesh.vertices for mesh in meshes]), np.vstack(faces).astype(np.int32))


def feet_of(mesh: Mesh, facts: ScanFacts = FACTS) -> Feet:
    return align(as_surface(mesh, False, 1), facts, AlignConfig())


@pytest.mark.parametrize("degrees", [slowly((0.0, 0.0, 0.0)), slowly((90.0, 0.0, 30.0)), (5.0, 4.0, 77.0)])
def test_a_pair_whose_calves_meet_is_parted_whatever_is_up(degrees: tuple[float, float, float]) -> None:
    alone = feet_of(leg()).feet[0]
    found = feet_of(turned(pair(40.0), degrees)).feet
    assert [foot.side for foot in found] == ["left", "right"]
    for foot in found:
        for name in ("longest_toe_tip", "metatarsale_tibiale", "metatarsale_fibulare"):
            here, there = foot.landmarks[name].xyz_mm, alone.landmarks[name].xyz_mm
            assert np.abs(here) == pytest.approx(np.abs(there), abs=0.1)


@pytest.mark.parametrize("top_mm", [slowly(300.0), 120.0])
def test_feet_that_touch_are_not_cut_where_they_are_measured(top_mm: float) -> None:
    with pytest.raises(ScanError, match=r"two feet that touch, \d+ mm above the ground"):
        feet_of(pair(-1.0, top_mm))


def reflection(part_mm: float) -> Mesh:
    """Return what a scanner sees of a leg 6 mm below its sole, in a glass plate, down to a depth."""
    image = Mesh(leg().vertices * [1.0, 1.0, -1.0] - [0.0, 0.0, 12.0], leg().faces[:, ::-1].copy())
    return Mesh(image.vertices, image.faces[(image.vertices[image.faces, 2] > -part_mm).all(axis=1)])


@pytest.mark.parametrize("side", ["auto", "left", "both"])
@pytest.mark.parametrize("part_mm", [120.0, 400.0])
def test_a_reflection_in_the_glass_below_is_no_second_foot(part_mm: float, side: Side) -> None:
    both = turned(joined(leg(), reflection(part_mm)), (90.0, 0.0, 20.0))
    with pytest.raises(ScanError, match="reflection"):
        feet_of(both, ScanFacts(name="pair", side=side))


def test_a_strip_of_a_reflection_is_nothing() -> None:
    assert [foot.side for foot in feet_of(joined(leg(), reflection(60.0))).feet] == ["left"]


def test_feet_that_hang_in_the_air_a_little_apart_are_a_pair() -> None:
    other = turned(mirrored(leg()), (10.0, 35.0, 15.0))
    found = feet_of(joined(leg(), Mesh(other.vertices - [0.0, 400.0, 0.0], other.faces))).feet
    assert [foot.side for foot in found] == ["left", "right"]


def pointed(mesh: Mesh, degrees: float) -> Mesh:
    """Return a leg bent backwards about its ankle, over 45 to 105 mm of height."""
    share = np.clip((mesh.vertices[:, 2] - 45.0) / 60.0, 0.0, 1.0)
    angle = np.deg2rad(degrees) * share * share * (3.0 - 2.0 * share)
    ahead, up = mesh.vertices[:, 0] - 55.0, mesh.vertices[:, 2] - 75.0
    x = 55.0 + np.cos(angle) * ahead - np.sin(angle) * up
    z = 75.0 + np.sin(angle) * ahead + np.cos(angle) * up
    return Mesh(np.column_stack([x, mesh.vertices[:, 1], z]), mesh.faces)


@pytest.mark.parametrize("degrees", [-15.0, 20.0, 40.0, 50.0])
def test_a_foot_may_be_pointed(degrees: float) -> None:
    found = feet_of(pointed(leg(), degrees)).feet[0].landmarks
    for name, mark in feet_of(leg()).feet[0].landmarks.items():
        if name in ("pternion", "longest_toe_tip", "metatarsale_tibiale", "metatarsale_fibulare"):
            assert found[name].xyz_mm == pytest.approx(mark.xyz_mm, abs=0.5)


@pytest.mark.parametrize("degrees", [60.0, 68.0])
def test_a_leg_that_leans_over_the_heel_is_not_taken_for_it(degrees: float) -> None:
    with pytest.raises(ScanError, match=r"rear of the foot \d+ mm above the ground"):
        feet_of(pointed(leg(), degrees))


def without(mesh: Mesh, gone: BoolArray) -> Mesh:
    return Mesh(mesh.vertices, mesh.faces[~gone])


def middles() -> FloatArray:
    return np.asarray(leg().vertices[leg().faces].mean(axis=1))


def test_a_heel_without_its_rear_wall_is_not_measured_from_the_leg() -> None:
    gone = (face_normals(leg())[:, 0] < -0.6) & (middles()[:, 2] < 60.0)
    with pytest.raises(ScanError, match="expected a heel: it was not covered"):
        feet_of(without(leg(), gone))


@pytest.mark.parametrize(("x", "half_mm", "medial"), [(175.0, 12.0, True), (182.0, 5.0, True), (150.0, 10.0, False)])
def test_a_gap_where_a_border_is_widest_leaves_neither_its_point_nor_a_width(
    x: float, half_mm: float, medial: bool
) -> None:
    """On what is left, the metatarsale tibiale lay 11 mm ahead of its place, without a word."""
    y = middles()[:, 1]
    gone = (np.abs(middles()[:, 0] - x) < half_mm) & ((y < -35.0) if medial else (y > 30.0))
    (found,) = measure(feet_of(without(leg(), gone)), FACTS, MeasureConfig()).feet
    (whole,) = measure(feet_of(leg()), FACTS, MeasureConfig()).feet
    touched = ["foot_width_mm", "ball_angle_deg", "truncated_foot_length_mm" if medial else "outside_ball_length_mm"]
    for name in touched:
        assert found.measures[name].status == "refused", name
    for name in ("foot_length_mm", "heel_width_mm", "outside_ball_length_mm" if medial else "truncated_foot_length_mm"):
        assert found.measures[name].value == pytest.approx(whole.measures[name].value, abs=0.2)


@pytest.mark.parametrize(("x", "medial"), [(120.0, True), (225.0, True), (90.0, False)])
def test_a_gap_elsewhere_in_a_border_leaves_them_alone(x: float, medial: bool) -> None:
    y = middles()[:, 1]
    gone = (np.abs(middles()[:, 0] - x) < 6.0) & ((y < -20.0) if medial else (y > 20.0)) & (middles()[:, 2] < 30.0)
    (found,) = measure(feet_of(without(leg(), gone)), FACTS, MeasureConfig()).feet
    (whole,) = measure(feet_of(leg()), FACTS, MeasureConfig()).feet
    for name in ("foot_width_mm", "truncated_foot_length_mm", "outside_ball_length_mm"):
        assert found.measures[name].value == pytest.approx(whole.measures[name].value, abs=0.3)


def test_layers_of_one_foot_and_hollow_models_are_no_pair() -> None:
    """The reader turns the inside of a hollow model outward."""
    shifted = Mesh(leg().vertices + np.array([2.0, 0.5, 0.0]), leg().faces)
    inside = Mesh(leg().vertices - 2.0 * vertex_normals(leg()), leg().faces)
    for other in (shifted, inside):
        with pytest.raises(ScanError, match="two feet in one place"):
            feet_of(joined(leg(), other))


def test_a_rim_along_the_border_of_a_foot_seen_from_above_is_no_gap() -> None:
    """Of a foot whose underside is hidden, the surface ends 12 to 16 mm up, before it has turned all the way."""
    x, _, z = middles().T
    wavy = 14.0 + 2.0 * np.sin(x / 4.0)
    (found,) = measure(feet_of(without(leg(), z < wavy)), FACTS, MeasureConfig()).feet
    (whole,) = measure(feet_of(leg()), FACTS, MeasureConfig()).feet
    for name in ("foot_width_mm", "outside_ball_length_mm"):
        assert found.measures[name].value == pytest.approx(whole.measures[name].value, abs=3.0)
