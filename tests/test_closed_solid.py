"""Solids, their proof, and the doses measured back: known shapes, planted faults, independent oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanproc.artifacts import IntArray, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import area_mm2, cut_and_rounded, resampled, smoothed_curve
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.open3d_bridge import RayScene
from scanproc.solid.adaptive_samples import adaptive_samples
from scanproc.solid.blending import smooth_min
from scanproc.solid.closed_solid import closed_solid, coarse_plan, flattened
from scanproc.solid.delaunay import neighbours
from scanproc.solid.denoising import smoothed
from scanproc.solid.edge_rounding import inwards, rounded_edge
from scanproc.solid.greedy_insertion import Samples, Sheet, greedy_insertion, snapped_plan
from scanproc.solid.height_fields import HeightField
from scanproc.solid.plantar_height_field import extend_walls, fill_cells
from scanproc.solid.self_intersection import count_self_intersections
from scanproc.solid.topology import Undercut, contact_area_mm2, topology, undercut, welded


def ellipse(a: float, b: float, spacing_mm: float = 1.0) -> FloatArray:
    angle = np.linspace(0.0, 2.0 * np.pi, 2000, endpoint=False)
    return resampled(np.column_stack([a * np.cos(angle), b * np.sin(angle)]), spacing_mm, closed=True)


def flat(outline: FloatArray, z: float, spacing: float) -> Sheet:
    plan = coarse_plan(snapped_plan(outline), spacing)
    return Sheet(np.column_stack([plan.xy, np.full(len(plan.xy), z)]), plan.faces)


def plate(thickness: float = 3.0, spacing: float = 2.0) -> Mesh:
    """An elliptic plate of 80 x 50 mm."""
    outline = ellipse(40.0, 25.0)
    return closed_solid(flat(outline, thickness, spacing), flat(outline, 0.0, spacing), len(outline))


def test_a_plate_is_one_closed_body_of_the_volume_of_its_outline() -> None:
    solid = plate()
    form = topology(solid)
    assert (form.open_edges, form.flipped_edges, form.bodies, form.flat_faces) == (0, 0, 1, 0)
    assert form.volume_mm3 == pytest.approx(3.0 * area_mm2(ellipse(40.0, 25.0)), rel=1e-6)
    assert count_self_intersections(solid) == 0 and undercut(solid) == Undercut(0.0, 0.0)
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
        assert (count_self_intersections(Mesh(vertices, solid.faces)) > 0) == crosses
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
    assert count_self_intersections(Mesh(vertices, solid.faces)) > 0


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


def border(faces: IntArray) -> set[tuple[int, int]]:
    """Return the edges that belong to one triangle alone, in its direction."""
    alone = neighbours(faces) < 0
    return set(zip(np.roll(faces, -1, axis=1)[alone], np.roll(faces, -2, axis=1)[alone], strict=True))


@settings(max_examples=15)
@given(st.floats(20.0, 60.0), st.floats(12.0, 30.0), st.floats(0.0, 6.0), st.integers(2, 5))
def test_any_wavy_outline_triangulates_to_its_own_area(a: float, b: float, wave: float, lobes: int) -> None:
    outline = wavy(a, b, wave, lobes)
    plan = coarse_plan(outline, 4.0)
    assert plan_areas(plan.xy, plan.faces).sum() == pytest.approx(area_mm2(outline), rel=1e-9)
    assert plan_areas(plan.xy, plan.faces).min() > 0.0
    count = len(outline)
    assert np.array_equal(plan.xy[:count], outline)
    assert border(plan.faces) == {(i, (i + 1) % count) for i in range(count)}


def wavy(a: float, b: float, wave: float, lobes: int) -> FloatArray:
    angle = np.linspace(0.0, 2.0 * np.pi, 1000, endpoint=False)
    radius = 1.0 + 0.03 * wave * np.cos(lobes * angle)
    curve = np.column_stack([a * radius * np.cos(angle), b * radius * np.sin(angle)])
    return snapped_plan(resampled(curve, 0.8, closed=True))


def plan_areas(xy: FloatArray, faces: IntArray) -> FloatArray:
    a, b, c = (xy[faces[:, corner], :2] for corner in range(3))
    return np.asarray(0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]))


def test_an_outline_that_touches_itself_is_refused() -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 400, endpoint=False)
    eight = np.column_stack([40.0 * np.cos(angle), 20.0 * np.sin(2.0 * angle)])
    with pytest.raises(ScanError, match="found an outline that touches itself or turns back"):
        coarse_plan(snapped_plan(eight), 5.0)


# ------------------------------------------------------------------------------------------- triangles as asked


def bumps(seed: int, height: float) -> FloatArray:
    return np.random.default_rng(seed).normal(0.0, 1.0, (5, 4)) * [height, 1.0, 1.0, 1.0]


def height_of(waves: FloatArray, xy: FloatArray) -> FloatArray:
    return np.asarray(sum(a * np.sin(0.12 * b * xy[:, 0] + 0.12 * c * xy[:, 1] + d) for a, b, c, d in waves))


def sheet_of(outline: FloatArray, waves: FloatArray, lift: float, tolerance: float) -> Sheet:
    low, high = np.floor(outline.min(axis=0)) - 2.0, outline.max(axis=0) + 2.0
    grid = HeightField(float(low[0]), float(low[1]), 0.5, np.zeros(np.ceil((high - low) / 0.5).astype(int)))
    field = grid.replaced(height_of(waves, grid.nodes()).reshape(grid.z.shape))
    within = inside(outline, grid.nodes()) & (nearest_on_curve(outline, grid.nodes(), 0.1, closed=True).distance_mm > 1)
    lattice = adaptive_samples(field, within, np.zeros_like(within), outline[:0], 0.25 * tolerance)
    off = nearest_on_curve(outline, lattice.finer_xy, 0.1, closed=True).distance_mm > 1.0
    finer = lattice.finer_xy[off & inside(outline, lattice.finer_xy)]
    xy = np.vstack([lattice.node_xy, finer])
    share = np.concatenate([lattice.node_share, lattice.finer_share[off & inside(outline, lattice.finer_xy)]])
    plan = coarse_plan(outline, 5.0)
    start = Sheet(np.column_stack([plan.xy, lift + height_of(waves, plan.xy)]), plan.faces)
    samples = Samples(np.column_stack([xy, lift + height_of(waves, xy)]), share)
    *coarser, finest = greedy_insertion(start, samples, (2.0 * tolerance, 1.5 * tolerance, tolerance))
    counts = [len(sheet.faces) for sheet in (*coarser, finest)]
    assert counts == sorted(set(counts)) and np.array_equal(coarser[0].points, finest.points[: len(coarser[0].points)])
    return finest


def heights(sheet: Sheet, xy: FloatArray) -> FloatArray:
    """Return the heights of a sheet at (N, 2) points by rays of Open3D."""
    origins = np.column_stack([xy, np.full(len(xy), 100.0)])
    return (
        100.0
        - RayScene(Mesh(sheet.points, sheet.faces)).cast(origins, np.tile([0.0, 0.0, -1.0], (len(xy), 1))).distance
    )


@settings(max_examples=6)
@given(st.integers(0, 10_000), st.floats(0.3, 3.0), st.sampled_from([0.02, 0.05]))
def test_triangles_keep_to_any_smooth_surface_and_are_no_more_than_it_needs(
    seed: int, height: float, tolerance: float
) -> None:
    outline, waves = wavy(35.0, 20.0, 3.0, 3), bumps(seed, height)
    sheet = sheet_of(outline, waves, 0.0, tolerance)
    at = np.random.default_rng(1).uniform([-35.0, -20.0], [35.0, 20.0], (1500, 2))
    at = at[inside(outline, at) & (nearest_on_curve(outline, at, 0.5, closed=True).distance_mm > 1.0)]
    rises = [height_of(waves, at + step) - height_of(waves, at - step) for step in np.array([[0.01, 0.0], [0.0, 0.01]])]
    miss = (heights(sheet, at) - height_of(waves, at)) / np.hypot(1.0, np.hypot(*rises) / 0.02)
    assert np.abs(miss).max() < 1.5 * tolerance  # between the samples it may be missed by half as much again
    # A surface that bends by k (1/mm) at most needs triangles of no less than a share of tolerance / k (mm2).
    bend = (0.12**2 * np.abs(waves[:, 0]) * (waves[:, 1] ** 2 + waves[:, 2] ** 2)).sum()
    needed = area_mm2(outline) * bend / tolerance
    assert len(sheet.faces) < 3.0 * len(outline) + 2.0 * needed + area_mm2(outline) / 4.0
    assert border(sheet.faces) == {(i, (i + 1) % len(outline)) for i in range(len(outline))}
    areas = plan_areas(sheet.points, sheet.faces)
    assert areas.min() > 1e-3 and areas.sum() == pytest.approx(area_mm2(outline), rel=1e-9)


def test_triangles_are_large_where_it_is_flat_and_small_where_it_bends() -> None:
    outline = wavy(35.0, 20.0, 0.0, 2)

    def wall(xy: FloatArray) -> FloatArray:
        return np.asarray(6.0 * np.tanh(xy[:, 0] / 2.0))

    plan = coarse_plan(outline, 5.0)
    x, y = np.meshgrid(np.arange(-34.0, 34.0, 0.5), np.arange(-19.0, 19.0, 0.5), indexing="ij")
    xy = np.column_stack([x.ravel(), y.ravel()])
    xy = xy[inside(outline, xy) & (nearest_on_curve(outline, xy, 0.3, closed=True).distance_mm > 1.0)]
    start = Sheet(np.column_stack([plan.xy, wall(plan.xy)]), plan.faces)
    (sheet,) = greedy_insertion(start, Samples(np.column_stack([xy, wall(xy)]), np.ones(len(xy))), (0.02,))
    middles = sheet.points[sheet.faces].mean(axis=1)
    areas = plan_areas(sheet.points, sheet.faces)
    inner = (np.abs(middles[:, 1]) < 12.0) & (np.abs(middles[:, 0]) < 28.0)
    bent = inner & (np.abs(np.abs(middles[:, 0]) - 2.0) < 1.0)
    even = inner & (np.abs(middles[:, 0]) > 14.0)
    assert np.median(areas[bent]) < 0.5 and np.median(areas[even]) > 5.0


@settings(max_examples=5)
@given(st.integers(0, 10_000), st.floats(0.3, 2.0), st.floats(0.5, 4.0))
def test_any_two_surfaces_over_one_outline_make_one_body_without_crossings(
    seed: int, height: float, thickness: float
) -> None:
    pymeshlab = pytest.importorskip("pymeshlab")
    outline, waves = wavy(35.0, 20.0, 4.0, 3), bumps(seed, height)
    top, bottom = sheet_of(outline, waves, thickness, 0.02), sheet_of(outline, waves, 0.0, 0.05)
    assert len(bottom.faces) < len(top.faces)  # each for itself
    solid = closed_solid(top, bottom, len(outline))
    form = topology(solid)
    assert (form.open_edges, form.flipped_edges, form.bodies, form.flat_faces) == (0, 0, 1, 0)
    assert form.volume_mm3 == pytest.approx(thickness * area_mm2(outline), rel=0.05)
    assert np.array_equal(solid.vertices, solid.vertices.astype(np.float32))
    edges = 3 * len(solid.faces) // 2
    assert len(solid.vertices) - edges + len(solid.faces) == 2  # Euler: a ball, no tunnels
    oracle = pymeshlab.MeshSet()
    oracle.add_mesh(pymeshlab.Mesh(solid.vertices, solid.faces))
    oracle.compute_selection_by_self_intersections_per_face()
    assert oracle.current_mesh().selected_face_number() == 0


# ------------------------------------------------------------------------------------------------- the lower edge


@pytest.mark.parametrize("descent", [0.0, 0.6, -0.4])
def test_the_lower_edge_is_an_arc_that_touches_side_and_underside(descent: float) -> None:
    outline = ellipse(40.0, 25.0, 0.5)
    edge = rounded_edge(outline, np.full(len(outline), 10.0), np.full(len(outline), descent), 2.0)
    start, inward = outline[10], inwards(outline)[10]
    off = np.linspace(0.0, 1.2 * float(edge.reach_mm[0]), 200)
    profile = np.column_stack([off, edge.raised(start + off[:, None] * inward) - descent * off])
    # Where the edge is sharper than square, the circle is so much smaller that no more than 2 mm of the side is lost.
    radius = 2.0 / (max(-descent, 0.0) + np.hypot(1.0, max(-descent, 0.0)))
    assert profile[0, 1] <= 2.0 + 1e-9
    reach = radius * (1.0 - np.sin(np.arctan(descent)))
    assert edge.reach_mm[10] == pytest.approx(reach)
    arc = profile[(off > 0.02) & (off < reach - 0.02)]
    height = radius * np.cos(np.arctan(descent)) - descent * reach  # of the middle of the circle
    assert np.abs(np.hypot(arc[:, 0] - radius, arc[:, 1] - height) - radius).max() < 0.01
    assert np.abs(profile[off > reach + 0.05, 1] + descent * off[off > reach + 0.05]).max() < 1e-9


def test_a_low_side_is_rounded_less_and_a_steep_underside_hardly() -> None:
    outline = ellipse(40.0, 25.0, 0.5)
    none = np.zeros(len(outline))
    assert rounded_edge(outline, none + 1.0, none, 2.0).radius_mm.max() == pytest.approx(0.4)
    assert rounded_edge(outline, none + 9.0, none + 3.7, 0.5).reach_mm.max() < 0.02
    assert not rounded_edge(outline, none + 9.0, none, 0.0).rounds


def test_pressing_flat_only_lowers_and_gives_the_area() -> None:
    x, y = np.meshgrid(np.arange(-20.0, 20.0, 0.5), np.arange(-20.0, 20.0, 0.5))
    z = (x**2 + y**2).ravel() / 60.0
    pressed = flattened(z, 0.25, 100.0)
    pressed_z = pressed.applied(z)
    assert (pressed_z <= z + 1e-12).all() and pressed_z.min() == z.min()
    assert 100.0 <= 0.25 * (pressed_z == z.min()).sum() <= 170.0
    assert (z - pressed_z).max() == pytest.approx(pressed.depth_mm, abs=0.02)
    assert (np.diff(pressed.applied(np.sort(z))) >= 0.0).all()
    none = flattened(z, 0.25, 0.0)
    assert none.depth_mm == 0.0 and none.applied(z) is z


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
