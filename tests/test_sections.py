"""Sections of shapes whose perimeters, widths and holes are known by formula."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from feet import without
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import connected_components, keep_faces, submesh
from scanproc.mesh.sections import Outline, axis_section, plane_section, theil_sen
from scanproc.mesh.smoothing import evened_vertices, smoothed_values, smoothed_vertices


def tube(radius: float = 40.0, height: float = 100.0, around: int = 180, along: int = 60) -> Mesh:
    """An open tube along z from 0 to `height`."""
    turn = np.linspace(0.0, 2.0 * np.pi, around, endpoint=False)
    z = np.repeat(np.linspace(0.0, height, along + 1), around)
    ring = np.tile(np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1), (along + 1, 1))
    index = np.arange((along + 1) * around).reshape(along + 1, around)
    a, b = index[:-1], index[1:]
    a_next, b_next = np.roll(a, -1, axis=1), np.roll(b, -1, axis=1)
    faces = np.concatenate([np.stack([a, a_next, b_next], axis=-1), np.stack([a, b_next, b], axis=-1)]).reshape(-1, 3)
    return Mesh(np.column_stack([ring, z]), faces.astype(np.int32))


def joined(first: Mesh, second: Mesh, shift: tuple[float, float, float]) -> Mesh:
    vertices = np.concatenate([first.vertices, second.vertices + np.array(shift)])
    return Mesh(vertices, np.concatenate([first.faces, second.faces + len(first.vertices)]).astype(np.int32))


@given(tilt_deg=st.floats(-45.0, 45.0), offset=st.floats(-10.0, 10.0))
@settings(max_examples=20)
def test_oblique_section_of_a_tube_is_the_ellipse(tilt_deg: float, offset: float) -> None:
    tilt = np.deg2rad(tilt_deg)
    normal = np.array([0.0, -np.sin(tilt), np.cos(tilt)])
    section = plane_section(tube(), normal, 50.0 * np.cos(tilt) + offset * np.cos(tilt) * 0.1)
    assert np.abs(section.points @ normal - (50.0 + 0.1 * offset) * np.cos(tilt)).max() < 1e-9
    axes = np.stack([np.array([1.0, 0.0, 0.0]), np.cross(normal, [1.0, 0.0, 0.0])], axis=1)
    outline = Outline.of(section.points.reshape(-1, 3) @ axes)
    assert outline.area == pytest.approx(np.pi * 40.0 * 40.0 / np.cos(tilt), rel=1e-3)
    assert len(section.pieces()) == 1


@given(st.integers(0, 10_000), st.integers(3, 60), st.booleans())
def test_an_outline_is_the_convex_hull(seed: int, count: int, repeated: bool) -> None:
    points = np.random.default_rng(seed).normal(size=(count, 2)) * [50.0, 20.0]
    if repeated:
        points = np.vstack([points, points[::2], 0.9 * points + 0.1 * points.mean(axis=0)])
    outline, hull = Outline.of(points), ConvexHull(points)
    np.testing.assert_array_equal(np.unique(outline.points, axis=0), np.unique(points[hull.vertices], axis=0))
    assert outline.area == pytest.approx(hull.volume) and outline.perimeter == pytest.approx(hull.area)


def test_an_outline_of_points_in_one_line_has_no_area() -> None:
    line = np.arange(7.0)[[3, 0, 6, 1, 3, 2, 5], None] * [[2.0, 1.0]]
    outline = Outline.of(line)
    np.testing.assert_array_equal(outline.points, [[0.0, 0.0], [12.0, 6.0]])
    assert outline.area == 0.0 and Outline.of(np.ones((3, 2))).perimeter == 0.0


def test_tape_and_caliper_on_a_circle() -> None:
    section = axis_section(tube(), 2, 33.3)
    outline = Outline.of(section.points.reshape(-1, 3)[:, :2])
    assert outline.perimeter == pytest.approx(2.0 * np.pi * 40.0, abs=0.03)
    assert outline.centroid == pytest.approx([0.0, 0.0], abs=1e-9)
    assert section.extent(0).width == pytest.approx(80.0, abs=1e-9)
    assert section.lengths().sum() == pytest.approx(outline.perimeter, abs=1e-9)


def test_a_plane_through_vertices_still_gives_a_closed_section() -> None:
    section = axis_section(tube(along=10), 2, 50.0)  # a ring of vertices lies exactly there
    assert section.lengths().sum() == pytest.approx(2.0 * np.pi * 40.0, abs=0.03)
    assert len(section.pieces()) == 1


def test_pieces_and_components_tell_two_tubes_apart() -> None:
    pair = joined(tube(), tube(radius=20.0), (200.0, 0.0, 0.0))
    pieces = axis_section(pair, 2, 50.0).pieces()
    assert [len(piece) > 0 for piece in pieces] == [True, True]
    assert pieces[0].lengths().sum() == pytest.approx(2.0 * pieces[1].lengths().sum(), rel=1e-6)
    parts = connected_components(pair)
    assert [len(part) for part in parts] == [len(tube().vertices), len(tube().vertices)]
    assert submesh(pair, parts[0]).vertices[:, 0].max() == pytest.approx(40.0)


def test_components_of_a_triangle_soup() -> None:
    whole = tube(around=30, along=5)
    soup = Mesh(
        whole.vertices[whole.faces].reshape(-1, 3), np.arange(3 * len(whole.faces), dtype=np.int32).reshape(-1, 3)
    )
    assert len(connected_components(soup)) == 1


@given(low=st.floats(-35.0, 30.0), width=st.floats(2.0, 30.0))
@settings(max_examples=20)
def test_where_keeps_what_lies_between(low: float, width: float) -> None:
    part = axis_section(tube(), 2, 50.0).where(0, low, low + width)
    x = part.points[:, :, 0]
    assert x.min() == pytest.approx(low, abs=1e-9)
    assert x.max() == pytest.approx(min(low + width, 40.0), abs=1e-9)
    angle = np.arccos(np.clip(low / 40.0, -1, 1)) - np.arccos(np.clip((low + width) / 40.0, -1, 1))
    assert part.lengths().sum() == pytest.approx(2.0 * 40.0 * angle, rel=2e-3, abs=0.02)


def test_unseen_share_counts_directions() -> None:
    mesh = tube(around=360)
    angle = np.arctan2(mesh.vertices[:, 1], mesh.vertices[:, 0])
    for hidden in (0.0, np.pi / 4.0, np.pi / 2.0):  # half of the opening
        views = np.where(np.abs(angle) < hidden, 0, 5).astype(np.uint8)
        share = axis_section(mesh, 2, 50.0, views).unseen_share((0, 1))
        assert share == pytest.approx(hidden / np.pi, abs=0.06)
    assert without(mesh, high=30.0).faces.shape[0] == pytest.approx(0.7 * len(mesh.faces), rel=0.05)


def test_theil_sen_stands_a_quarter_of_outliers() -> None:
    z = np.arange(15.0, 50.0, 2.0)
    y = 0.1 * z + 3.0
    y[[2, 7, 11, 16]] += 25.0
    line = theil_sen(z, y)
    assert line.slope == pytest.approx(0.1, abs=0.02)
    assert line.at_zero == pytest.approx(3.0, abs=1.0)


def test_quieting_takes_noise_but_not_size() -> None:
    fine = tube(radius=10.0, height=30.0, around=64, along=30)  # edges of 1 mm round a toe
    inner = (fine.vertices[:, 2] > 5.0) & (fine.vertices[:, 2] < 25.0)
    still = np.hypot(*smoothed_vertices(fine, 1.5)[inner, :2].T)
    assert np.abs(still - 10.0).max() < 0.005
    noise = np.random.default_rng(3).normal(scale=0.2, size=fine.vertices.shape)
    loud = Mesh(fine.vertices + noise, fine.faces)
    quiet = np.hypot(*smoothed_vertices(loud, 1.5)[inner, :2].T)
    assert quiet.std() < 0.7 * np.hypot(*loud.vertices[inner, :2].T).std()
    assert np.array_equal(smoothed_vertices(fine, 0.5), fine.vertices)


@pytest.mark.parametrize(("radius", "rounds", "within"), [(8.0, 4, 0.05), (30.0, 4, 0.1), (35.0, 24, 0.04)])
def test_the_extremes_of_noisy_balls_lie_where_balls_end(radius: float, rounds: int, within: float) -> None:
    """As large as a toe, a heel, and the pad under it; the outmost noisy vertex lies 0.2 to 0.5 mm too far out."""
    ball = trimesh.creation.icosphere(subdivisions=3 if radius < 10.0 else 5, radius=radius)
    clean = Mesh(np.array(ball.vertices), np.array(ball.faces, dtype=np.int32))
    assert np.abs(np.linalg.norm(smoothed_vertices(clean, 1.5, rounds), axis=1) - radius).max() < 0.05
    noise = np.random.default_rng(5).normal(scale=0.2, size=(20, *clean.vertices.shape))
    ends = [smoothed_vertices(Mesh(clean.vertices + off, clean.faces), 1.5, rounds)[:, 0].max() for off in noise]
    loud = [(clean.vertices + off)[:, 0].max() for off in noise]
    assert np.mean(loud) > radius + 0.1
    assert np.mean(ends) == pytest.approx(radius, abs=within)


@pytest.mark.parametrize("radius", [10.0, 20.0])
def test_an_evened_wall_reaches_as_far_as_its_shape(radius: float) -> None:
    """Sections across a noisy tube, as a border of a foot is read: the outermost of each lies too far out as it is."""
    fine = tube(radius, height=60.0, around=round(2.0 * np.pi * radius), along=60)
    assert np.abs(np.hypot(*_inner(Mesh(evened_vertices(fine), fine.faces))[:, :2].T) - radius).max() < 0.05
    noise = np.random.default_rng(7).normal(scale=0.3, size=fine.vertices.shape)
    loud = Mesh(fine.vertices + noise, fine.faces)
    even = Mesh(evened_vertices(loud), loud.faces)
    heights = np.linspace(20.0, 40.0, 41)
    reach = {
        name: np.mean([axis_section(mesh, 2, float(z)).points[:, :, 0].max() for z in heights]) - radius
        for name, mesh in (("loud", loud), ("even", even))
    }
    assert reach["loud"] > 0.15
    assert reach["even"] == pytest.approx(0.0, abs=0.08)


def test_values_are_averaged_as_vertices_are_whatever_their_number() -> None:
    fine = tube(radius=10.0, height=30.0, around=64, along=30)
    loud = Mesh(fine.vertices + np.random.default_rng(9).normal(scale=0.1, size=fine.vertices.shape), fine.faces)
    values = np.hstack([loud.vertices, 2.0 * loud.vertices, 3.0 * loud.vertices])  # nine columns: more than eight
    even = smoothed_vertices(loud, 1.5)
    assert np.abs(even - loud.vertices).max() > 0.05
    assert smoothed_values(loud, values, 1.5) == pytest.approx(np.hstack([even, 2.0 * even, 3.0 * even]), abs=1e-12)


def _inner(mesh: Mesh) -> FloatArray:
    height = mesh.vertices[:, 2]
    return np.asarray(mesh.vertices[(height > 15.0) & (height < 45.0)])


def test_one_short_edge_does_not_make_a_mesh_fine() -> None:
    ball = trimesh.creation.icosphere(subdivisions=3, radius=30.0)  # edges of 4 mm
    vertices = np.array(ball.vertices)
    moved = vertices.copy()
    near = ball.vertex_neighbors[100][0]
    moved[100] += 0.8 * (vertices[near] - vertices[100])
    assert np.array_equal(smoothed_vertices(Mesh(moved, np.array(ball.faces, dtype=np.int32)), 1.5), moved)


def test_an_open_border_is_evened_along_itself() -> None:
    """A cap of a ball, as a sole alone ends before it is upright: means with one side alone draw its border in."""
    ball = trimesh.creation.icosphere(subdivisions=5, radius=35.0)
    low = np.asarray(ball.triangles_center[:, 2] < -20.0)
    cap = keep_faces(Mesh(np.array(ball.vertices), np.array(ball.faces, dtype=np.int32)), low).mesh

    def reach(vertices: FloatArray) -> float:
        return float(np.quantile(np.hypot(*vertices[:, :2].T), 0.98))

    assert abs(reach(evened_vertices(cap, along_borders=True)) - reach(cap.vertices)) < 0.15
    assert reach(evened_vertices(cap)) < reach(cap.vertices) - 0.3  # as it would be otherwise
