"""Solids, their proof, and the doses measured back: known shapes, planted faults, independent oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.geometry.casts import extend_walls, fill_cells, smoothed
from scanproc.geometry.heightfields import HeightField, smooth_min
from scanproc.geometry.outlines import area_mm2, cut_and_rounded, inside, resampled, smoothed_curve
from scanproc.geometry.plan_crossings import crossing_faces
from scanproc.geometry.proof import Undercut, contact_area_mm2, topology, undercut, welded
from scanproc.geometry.solids import (
    closed_solid,
    hexagonal_points,
    interior_points,
    parallel_below,
    plan_areas,
    pressed_flat,
    triangulated,
)


def ellipse(a: float, b: float, spacing_mm: float = 1.0) -> FloatArray:
    angle = np.linspace(0.0, 2.0 * np.pi, 2000, endpoint=False)
    return resampled(np.column_stack([a * np.cos(angle), b * np.sin(angle)]), spacing_mm, closed=True)


def plate(thickness: float = 3.0, spacing: float = 2.0) -> Mesh:
    """An elliptic plate of 80 x 50 mm."""
    outline = ellipse(40.0, 25.0)
    points = interior_points(
        outline, hexagonal_points(outline.min(0), outline.max(0), spacing), outline[:0], spacing, 1.0
    )
    faces, xy = triangulated(outline, points), np.vstack([outline, points])
    return closed_solid(xy, faces, len(outline), np.full(len(xy), thickness), np.zeros(len(xy)))


def test_a_plate_is_one_closed_body_of_the_volume_of_its_outline() -> None:
    solid = plate()
    form = topology(solid)
    assert (form.open_edges, form.flipped_edges, form.bodies, form.flat_faces) == (0, 0, 1, 0)
    assert form.volume_mm3 == pytest.approx(3.0 * area_mm2(ellipse(40.0, 25.0)), rel=1e-6)
    assert crossing_faces(solid) == 0 and undercut(solid) == Undercut(0.0, 0.0)
    assert contact_area_mm2(solid) == pytest.approx(np.pi * 40.0 * 25.0, rel=2e-3)


def test_the_proof_agrees_with_trimesh() -> None:
    trimesh = pytest.importorskip("trimesh")
    solid = plate()
    other = trimesh.Trimesh(solid.vertices, solid.faces, process=False)
    assert other.is_watertight and other.is_winding_consistent
    assert other.volume == pytest.approx(topology(solid).volume_mm3, rel=1e-9)


def test_a_missing_triangle_is_an_open_edge() -> None:
    solid = plate()
    assert topology(Mesh(solid.vertices, solid.faces[1:].copy())).open_edges == 3


def test_a_flipped_triangle_is_found() -> None:
    solid = plate()
    faces = solid.faces.copy()
    faces[5] = faces[5][::-1]
    assert topology(Mesh(solid.vertices, faces)).flipped_edges == 3


def test_an_inside_out_body_has_a_negative_volume() -> None:
    solid = plate()
    assert topology(Mesh(solid.vertices, solid.faces[:, ::-1].copy())).volume_mm3 < 0.0


def test_two_bodies_are_counted() -> None:
    solid = plate()
    pair = Mesh(
        np.vstack([solid.vertices, solid.vertices + np.array([0.0, 0.0, 9.0])]),
        np.vstack([solid.faces, solid.faces + len(solid.vertices)]).astype(np.int32),
    )
    assert topology(pair).bodies == 2


def test_a_vertex_pushed_through_the_other_side_is_a_crossing() -> None:
    pymeshlab = pytest.importorskip("pymeshlab")
    solid = plate(spacing=4.0)
    vertices = solid.vertices.copy()
    middle = np.argmin(np.linalg.norm(vertices - [0.0, 0.0, 3.0], axis=1))
    for depth, crosses in ((2.5, False), (4.0, True)):
        vertices[middle, 2] = 3.0 - depth
        assert (crossing_faces(Mesh(vertices, solid.faces)) > 0) == crosses
        oracle = pymeshlab.MeshSet()
        oracle.add_mesh(pymeshlab.Mesh(vertices, solid.faces))
        oracle.compute_selection_by_self_intersections_per_face()
        assert (oracle.current_mesh().selected_face_number() > 0) == crosses


def test_a_vertex_exactly_on_another_face_is_a_crossing() -> None:
    solid = plate(spacing=4.0)
    vertices = solid.vertices.copy()
    middle = np.argmin(np.linalg.norm(vertices - [0.0, 0.0, 3.0], axis=1))
    vertices[middle, 2] = 0.0
    below = np.argmin(
        np.linalg.norm(vertices[:, :2] - vertices[middle, :2], axis=1) + (np.arange(len(vertices)) == middle)
    )
    vertices[below, :2] += 0.3  # not just two vertices at one place
    assert crossing_faces(Mesh(vertices, solid.faces)) > 0


def test_what_another_part_hides_is_an_undercut() -> None:
    solid = plate()
    shifted = solid.vertices + np.array([0.0, 0.0, 9.0])
    faces = np.vstack([solid.faces, solid.faces + len(solid.vertices)]).astype(np.int32)
    stack = Mesh(np.vstack([solid.vertices, shifted]), faces)
    # Hidden are the upper side of the lower plate and the lower side of the upper one.
    hidden = area_mm2(ellipse(40.0, 25.0))
    assert undercut(stack) == Undercut(pytest.approx(hidden, rel=1e-3), pytest.approx(hidden, rel=1e-3))


def test_welding_a_triangle_soup_restores_the_body() -> None:
    solid = plate()
    again = welded(solid.vertices[solid.faces])
    assert topology(again).open_edges == 0 and len(again.vertices) == len(solid.vertices)


@settings(max_examples=15, deadline=None)
@given(st.floats(20.0, 60.0), st.floats(12.0, 30.0), st.floats(0.0, 6.0), st.integers(2, 5))
def test_any_wavy_outline_triangulates_to_its_own_area(a: float, b: float, wave: float, lobes: int) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 1000, endpoint=False)
    radius = 1.0 + 0.03 * wave * np.cos(lobes * angle)
    outline = resampled(np.column_stack([a * radius * np.cos(angle), b * radius * np.sin(angle)]), 0.8, closed=True)
    grid = hexagonal_points(outline.min(0), outline.max(0), 1.5)
    interior = interior_points(outline, grid, grid[grid[:, 0] > 5.0] + 0.37, 1.5, 0.8)
    faces = triangulated(outline, interior)
    xy = np.vstack([outline, interior])
    assert plan_areas(xy, faces).sum() == pytest.approx(area_mm2(outline), rel=1e-9)
    edges = np.sort(np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    rim = {tuple(edge) for edge in unique[uses == 1]}
    assert rim == {tuple(sorted((i, (i + 1) % len(outline)))) for i in range(len(outline))}


@pytest.mark.parametrize("slope_deg", [0.0, 30.0, 60.0, 75.0])
def test_the_parallel_of_a_plane_is_a_plane(slope_deg: float) -> None:
    slope = np.tan(np.deg2rad(slope_deg))
    field = HeightField(-30.0, -10.0, 0.5, np.zeros((121, 41)))
    plane = field.replaced(slope * np.broadcast_to(field.x, (121, 41)))
    z = parallel_below(plane.mesh(), np.full(121 * 41, 2.0)).reshape(121, 41)
    # Clear of the border, where the surface ends and the ball rolls round its edge.
    inner = (plane.z - z)[20:-20, 8:-8]
    assert np.abs(inner - 2.0 / np.cos(np.deg2rad(slope_deg))).max() < 2e-3


def test_the_parallel_of_a_bowl_is_a_bowl() -> None:
    field = HeightField(-20.0, -20.0, 0.25, np.zeros((161, 161)))
    r = np.hypot(field.x, field.y)
    bowl = field.replaced(30.0 - np.sqrt(30.0**2 - np.minimum(r, 28.5) ** 2))
    z = parallel_below(bowl.mesh(), np.full(161 * 161, 3.0)).reshape(161, 161)
    truth = 30.0 - np.sqrt(33.0**2 - r**2)
    assert np.abs(z - truth)[r < 18.0].max() < 0.01


def test_pressing_flat_only_lowers_and_gives_the_area() -> None:
    x, y = np.meshgrid(np.arange(-20.0, 20.0, 0.5), np.arange(-20.0, 20.0, 0.5))
    z = (x**2 + y**2).ravel() / 60.0
    pressed = pressed_flat(z, np.full(z.size, 0.25), 100.0)
    assert (pressed.z <= z + 1e-12).all() and pressed.z.min() == z.min()
    assert 100.0 <= 0.25 * (pressed.z == z.min()).sum() <= 150.0
    assert (z - pressed.z).max() == pytest.approx(pressed.depth_mm, abs=0.02)


def test_holes_are_filled_exactly_where_the_surface_is_a_plane() -> None:
    field = HeightField(0.0, 0.0, 1.0, np.zeros((30, 20)))
    plane = field.replaced(0.3 * field.x - 0.2 * field.y + 4.0)
    holes = np.zeros((30, 20), dtype=bool)
    holes[8:15, 5:12] = True
    spoiled = np.where(holes, np.nan, plane.z)
    assert np.abs(fill_cells(field.replaced(spoiled), holes).z - plane.z).max() < 1e-5


def test_walls_keep_to_the_draft_and_go_on_beyond_the_foot() -> None:
    field = HeightField(-20.0, -20.0, 0.5, np.zeros((81, 81)))
    r = np.hypot(field.x, field.y)
    cup = np.where(r < 12.0, 12.0 - np.sqrt(np.maximum(144.0 - r**2, 0.0)), np.nan)
    walls = extend_walls(field.replaced(cup), slope=3.0)
    steepest = np.hypot(*np.gradient(walls.z, 0.5))[r < 17.0]
    assert 2.9 < steepest.max() < 3.0 * 1.08
    gentle = r < 10.0  # slope 3 is reached at r = 11.4 mm
    assert np.abs(walls.z - cup)[gentle].max() < 1e-9
    assert (np.diff(walls.z[40, 41:], 1) > 0.0).all()


def test_smoothing_keeps_parabolas_and_takes_noise() -> None:
    field = HeightField(-20.0, -20.0, 0.5, np.zeros((81, 81)))
    parabola = (field.x**2 + field.y**2) / 60.0
    noise = np.random.default_rng(1).normal(0.0, 0.3, parabola.shape)
    inner = (slice(20, -20), slice(20, -20))
    assert np.abs(smoothed(field.replaced(parabola), 1.0).z - parabola)[inner].max() < 1e-6
    left = (smoothed(field.replaced(parabola + noise), 1.0).z - parabola)[inner].std()
    assert 0.02 < left < 0.3 / 3.0


@given(st.floats(-20.0, 20.0), st.floats(-20.0, 20.0), st.floats(0.1, 5.0))
def test_the_smooth_minimum_is_never_above_either(a: float, b: float, width: float) -> None:
    low = float(smooth_min(np.array([a]), np.array([b]), np.array([width]))[0])
    assert min(a, b) - 0.25 * width - 1e-9 <= low <= min(a, b)


def test_cutting_an_outline_leaves_round_corners_and_no_more_than_the_half_plane() -> None:
    half = np.array([[10.0, -99.0], [10.0, 99.0], [-99.0, 99.0], [-99.0, -99.0]])
    cut = smoothed_curve(cut_and_rounded(ellipse(40.0, 25.0), half, 6.0), 1.0, 0.7, closed=True)
    assert cut[:, 0].max() == pytest.approx(10.0, abs=0.05) and cut[:, 0].min() == pytest.approx(-40.0, abs=0.05)
    edge = np.roll(cut, -1, axis=0) - cut
    following = np.roll(edge, -1, axis=0)
    turn = np.arctan2(edge[:, 0] * following[:, 1] - edge[:, 1] * following[:, 0], (edge * following).sum(axis=1))
    assert np.abs(turn).max() < 0.7 / 6.0 * 1.4 and turn.sum() == pytest.approx(2.0 * np.pi)


def test_inside_agrees_with_the_formula() -> None:
    points = np.random.default_rng(2).uniform(-45.0, 45.0, (5000, 2))
    level = (points[:, 0] / 40.0) ** 2 + (points[:, 1] / 25.0) ** 2
    clear = np.abs(level - 1.0) > 0.01
    assert np.array_equal(inside(ellipse(40.0, 25.0), points)[clear], (level < 1.0)[clear])
