"""Borders, holes and parts of meshes, on spheres whose every point is known."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from pictures import fused, posed_sphere
from scipy import sparse
from scipy.sparse import csgraph

from scanproc.artifacts import IntArray, Intrinsics, Mesh
from scanproc.frames import FloatArray, rigid
from scanproc.fusion.border_morphology import dilated, opened
from scanproc.fusion.dual_marching_cubes import dual_marching_cubes
from scanproc.fusion.voxel_blocks import DistanceField
from scanproc.mesh.edges import border_edges, edges_of
from scanproc.mesh.facing import faces_by_side
from scanproc.mesh.hole_filling import border_loops, close_holes, perimeter_mm
from scanproc.mesh.meshes import (
    component_labels,
    distinct_places,
    face_areas,
    keep_faces,
    linked_parts,
    vertex_normals,
)
from scanproc.segmentation.joined_feet import faces_between_feet

RADIUS = 40.0


def sphere(subdivisions: int = 5, radius: float = RADIUS) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    return Mesh(np.array(ball.vertices, dtype=np.float64), np.array(ball.faces, dtype=np.int32))


def with_hole(mesh: Mesh, direction: list[float], radius_mm: float) -> Mesh:
    """Return the mesh without the faces near where a direction leaves it."""
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    at = RADIUS * np.array(direction) / np.linalg.norm(direction)
    return keep_faces(mesh, np.linalg.norm(centres - at, axis=1) > radius_mm).mesh


def directed_edges(faces: IntArray) -> IntArray:
    return np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def is_watertight(faces: IntArray) -> bool:
    """Whether every directed edge has exactly one partner."""
    edges = directed_edges(faces)
    forth, back = {tuple(e) for e in edges.tolist()}, {tuple(e) for e in edges[:, ::-1].tolist()}
    return len(forth) == len(edges) and forth == back


def off_sphere(points: FloatArray) -> FloatArray:
    return np.asarray(np.abs(np.linalg.norm(points, axis=1) - RADIUS))


# ------------------------------------------------------------------------------------------------------ normals


def test_normals_of_a_sphere_point_outwards() -> None:
    ball = sphere(4)
    np.testing.assert_allclose(vertex_normals(ball), ball.vertices / RADIUS, atol=6e-3)  # 0.3 deg where five faces meet
    area = face_areas(ball).sum()
    assert area == pytest.approx(4.0 * np.pi * RADIUS**2, rel=2e-3)


# ------------------------------------------------------------------------------------------------------ borders


def test_a_closed_mesh_has_no_border() -> None:
    assert border_loops(sphere(2).faces) == []
    assert border_loops(np.zeros((0, 3), dtype=np.int32)) == []


def test_each_hole_is_one_loop_against_the_faces_beside_it() -> None:
    mesh = with_hole(with_hole(sphere(4), [0, 0, 1], 10.0), [1, 0, 0], 6.0)
    loops = border_loops(mesh.faces)
    sizes = sorted(np.linalg.norm(np.ptp(mesh.vertices[loop], axis=0)) for loop in loops)
    assert len(loops) == 2
    assert sizes[0] == pytest.approx(2.0 * 6.0 * np.sqrt(2.0), rel=0.2)
    assert sizes[1] == pytest.approx(2.0 * 10.0 * np.sqrt(2.0), rel=0.2)
    edges = {tuple(e) for e in directed_edges(mesh.faces).tolist()}
    for loop in loops:
        assert all(
            (b, a) in edges and (a, b) not in edges
            for b, a in zip(loop.tolist(), np.roll(loop, -1).tolist(), strict=True)
        ) or all(
            (a, b) in edges and (b, a) not in edges
            for b, a in zip(loop.tolist(), np.roll(loop, -1).tolist(), strict=True)
        )


def test_holes_that_touch_at_a_vertex_are_two_loops() -> None:
    mesh = sphere(3)
    ring = mesh.faces[(mesh.faces == 0).any(axis=1)]  # of one vertex
    other = int(np.setdiff1d(ring, [0])[0])
    kept = np.ones(len(mesh.faces), dtype=bool)
    # Two opposite corners of the fan round `other`: the holes share that vertex and no edge.
    fan = np.flatnonzero((mesh.faces == other).any(axis=1))
    first = set(mesh.faces[fan[0]].tolist())
    far = next(face for face in fan[1:] if len(first & set(mesh.faces[face].tolist())) == 1)
    kept[[fan[0], far]] = False
    loops = border_loops(mesh.faces[kept])
    assert sorted(sorted(loop.tolist()) for loop in loops) == sorted(
        sorted(mesh.faces[f].tolist()) for f in (fan[0], far)
    )
    filled = close_holes(Mesh(mesh.vertices, mesh.faces[kept]), 100.0, 1.0)
    assert (filled.num_closed, is_watertight(filled.mesh.faces)) == (2, True)


# -------------------------------------------------------------------------------------------------------- holes


@pytest.mark.parametrize("hole_mm", [3.0, 8.0, 14.0])
def test_a_closed_hole_continues_the_sphere(hole_mm: float) -> None:
    mesh = with_hole(sphere(), [1, 2, 3], hole_mm)
    filled = close_holes(mesh, 200.0, 1.5)
    assert (filled.num_original, filled.num_closed, len(filled.open_mm)) == (len(mesh.vertices), 1, 0)
    np.testing.assert_array_equal(filled.mesh.vertices[: len(mesh.vertices)], mesh.vertices)
    np.testing.assert_array_equal(filled.mesh.faces[: len(mesh.faces)], mesh.faces)
    assert is_watertight(filled.mesh.faces)
    new = filled.mesh.vertices[filled.num_original :]
    assert len(new) >= 1
    # A flat lid would lie deeper than the sphere by its height, r^2 / 2R; a thin plate bulges.
    assert off_sphere(new).max() < max(0.15 * hole_mm**2 / (2.0 * RADIUS), 0.05)
    ball = trimesh.Trimesh(filled.mesh.vertices, filled.mesh.faces, process=False)
    assert ball.volume == pytest.approx(4.0 / 3.0 * np.pi * RADIUS**3, rel=3e-3)  # faces of the lid face outwards


@pytest.mark.parametrize("hole_mm", [3.0, 6.0, 9.0])
def test_a_hole_in_a_fused_mesh_is_closed_as_well(hole_mm: float) -> None:
    """The triangles of a fused mesh are of all shapes, and finer than its voxels."""
    mesh = with_hole(fused_cap(), [0.2, 0.1, 1.0], hole_mm)
    filled = close_holes(mesh, 100.0, 1.0)
    assert (filled.num_closed, len(filled.open_mm)) == (1, 1)  # the open one is the border of the cap
    new = filled.mesh.vertices[filled.num_original :]
    assert off_sphere(new).max() < 0.25


def fused_cap() -> Mesh:
    """Return the upper part of the sphere, fused from one perfect image."""
    camera = Intrinsics(300, 300, 700.0, 700.0, 149.3, 150.2)
    T_scan_camera = rigid(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 300.0]))
    mesh = fused([posed_sphere(T_scan_camera, np.zeros(3), RADIUS, camera)], 1.0)
    return keep_faces(mesh, mesh.vertices[mesh.faces, 2].min(axis=1) > 20.0).mesh  # its rim is ragged


def test_a_large_hole_stays_open() -> None:
    mesh = with_hole(with_hole(sphere(), [0, 0, 1], 15.0), [0, 0, -1], 5.0)
    filled = close_holes(mesh, 60.0, 1.0)  # borders of 94 and 31 mm, and their zigzag
    assert (filled.num_closed, len(filled.open_mm)) == (1, 1)
    assert filled.mesh.vertices[filled.num_original :, 2].max() < 0.0
    untouched = close_holes(mesh, 10.0, 1.0)
    assert (untouched.num_closed, len(untouched.open_mm)) == (0, 2)
    np.testing.assert_array_equal(untouched.mesh.faces, mesh.faces)


def test_a_mesh_without_holes_stays_as_it_is() -> None:
    ball = sphere(2)
    filled = close_holes(ball, 1e9, 1.0)
    np.testing.assert_array_equal(filled.mesh.vertices, ball.vertices)
    np.testing.assert_array_equal(filled.mesh.faces, ball.faces)


def test_a_hole_in_noise_is_closed_smoothly() -> None:
    """Noise of 0.2 mm on the border must not be blown up inside the lid."""
    mesh = with_hole(sphere(), [3, 1, 2], 8.0)
    noise = np.random.default_rng(0).normal(scale=0.2, size=mesh.vertices.shape)
    filled = close_holes(Mesh(mesh.vertices + noise, mesh.faces), 200.0, 1.2)
    assert is_watertight(filled.mesh.faces)
    assert off_sphere(filled.mesh.vertices[filled.num_original :]).max() < 1.2


def test_the_border_that_is_left_open_is_told_by_its_length() -> None:
    mesh = with_hole(with_hole(sphere(), [0, 0, 1], 15.0), [0, 0, -1], 20.0)
    open_mm = close_holes(mesh, 10.0, 1.0).open_mm
    # Round a hole of 15 and one of 20 mm across the chord, in a zigzag of triangles.
    assert 1.0 < open_mm[0] / (2.0 * np.pi * 15.0) < 1.5
    assert 1.0 < open_mm[1] / (2.0 * np.pi * 20.0) < 1.5
    assert perimeter_mm(np.array([[0.0, 0, 0], [3, 0, 0], [3, 4, 0]])) == pytest.approx(12.0)


# -------------------------------------------------------------------------------------------------------- rims


def sheet(size: int) -> Mesh:
    """Return a flat square of (size + 1)^2 vertices 1 mm apart, from x = y = 0 on."""
    x, y = np.meshgrid(np.arange(size + 1), np.arange(size + 1), indexing="ij")
    vertices = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)]).astype(np.float64)
    corner = (np.arange(size)[:, None] * (size + 1) + np.arange(size)).ravel()
    one = np.column_stack([corner, corner + size + 1, corner + size + 2])
    two = np.column_stack([corner, corner + size + 2, corner + 1])
    return Mesh(vertices, np.vstack([one, two]).astype(np.int32))


def test_a_core_grows_by_edges() -> None:
    mesh = sheet(20)
    core = mesh.vertices[:, 0] <= 5.0
    for num_edges in (0, 1, 4):
        np.testing.assert_array_equal(dilated(core, mesh, num_edges), mesh.vertices[:, 0] <= 5.0 + num_edges)


def test_tatters_go_and_straight_rims_stay() -> None:
    whole = sheet(40)
    x, y = whole.vertices[:, 0], whole.vertices[:, 1]
    hole = (np.abs(x - 10.0) < 1.5) & (np.abs(y - 20.0) < 1.5)
    for width, stays in ((1.0, False), (7.0, True)):
        tongue = (x > 20.0) & (np.abs(y - 20.0) <= width / 2.0)
        mesh = keep_faces(whole, (((x <= 20.0) & ~hole) | tongue)[whole.faces].all(axis=1)).mesh
        kept = mesh.vertices[opened(mesh, 60.0, 2)]
        assert 0 <= 21 * 41 - 9 - (kept[:, 0] <= 20.0).sum() <= 20  # but at the corners; also round the small hole
        assert kept[:, 1].min() == 0.0
        assert (kept[:, 0] > 24.0).any() == stays


# -------------------------------------------------------------------------------------------------------- feet


def two_boxes(gap_mm: float, bridge_mm: float) -> Mesh:
    """Return the skin of two boxes of 200 x 60 x 40 mm side by side on z = 0, joined by a bar of a given width."""
    x, y, z = np.meshgrid(np.arange(-8, 216, 2), np.arange(-8, 152, 2), np.arange(-8, 56, 2), indexing="ij")
    first = np.maximum.reduce([np.abs(x - 100) - 100, np.abs(y - 30) - 30, np.abs(z - 20) - 20])
    second = np.maximum.reduce([np.abs(x - 100) - 100, np.abs(y - 90 - gap_mm) - 30, np.abs(z - 20) - 20])
    bar = np.maximum.reduce([np.abs(x - 100) - bridge_mm / 2, np.abs(y - 60 - gap_mm / 2) - 20, np.abs(z - 12) - 6])
    values = np.minimum(np.minimum(first, second), bar if bridge_mm else np.inf).astype(np.float64) + 0.11
    blocks = np.argwhere(np.ones(np.array(x.shape) // 8))
    cut = values.reshape(x.shape[0] // 8, 8, x.shape[1] // 8, 8, x.shape[2] // 8, 8).transpose(0, 2, 4, 1, 3, 5)
    field = DistanceField((blocks).astype(np.int32), cut.reshape(-1, 512).astype(np.float32), 2.0)
    mesh = dual_marching_cubes(field)
    return Mesh(mesh.vertices - 8.0, mesh.faces)


@pytest.mark.parametrize("gap_mm", [6.0, 10.0])
def test_a_thin_bridge_between_two_feet_is_cut(gap_mm: float) -> None:
    mesh = two_boxes(gap_mm, 20.0)
    assert component_labels(mesh).max() == 0
    cut = faces_between_feet(mesh, 2.0, 30.0)
    feet = keep_faces(mesh, ~cut).mesh
    assert np.bincount(component_labels(feet)).tolist() == pytest.approx([len(feet.vertices) / 2] * 2, rel=0.02)
    removed = mesh.vertices[mesh.faces[cut]].reshape(-1, 3)
    assert np.abs(removed[:, 1] - 60.0 - gap_mm / 2.0).max() < gap_mm / 2.0 + 8.0  # nothing but what is at the gap


def test_feet_whose_calves_meet_are_parted() -> None:
    """Two boxes, 54 mm apart, with legs on them that lean together and meet above z = 240 mm."""
    x, y, z = np.meshgrid(np.arange(-8, 216, 4), np.arange(-8, 216, 4), np.arange(-8, 312, 4), indexing="ij")
    legs = []
    for middle, lean in ((30.0, 1.0), (144.0, -1.0)):
        foot = np.maximum.reduce([np.abs(x - 100) - 100, np.abs(y - middle) - 30, np.abs(z - 20) - 20])
        axis = middle + lean * 30.0 * z / 300.0
        leg = np.maximum(np.hypot(x - 50, y - axis) - 25.0 - 10.0 * z / 300.0, np.abs(z - 150) - 150)
        legs.append(np.minimum(foot, leg))
    values = np.minimum(*legs) + 0.11
    shape = np.array(x.shape) // 8
    cut = values.reshape(shape[0], 8, shape[1], 8, shape[2], 8).transpose(0, 2, 4, 1, 3, 5)
    field = DistanceField(np.argwhere(np.ones(shape)).astype(np.int32), cut.reshape(-1, 512).astype(np.float32), 4.0)
    mesh = dual_marching_cubes(field)
    assert component_labels(mesh).max() == 0
    feet = keep_faces(mesh, ~faces_between_feet(mesh, 4.0, 30.0)).mesh
    sizes = np.sort(np.bincount(component_labels(feet)))[::-1]
    assert sizes[:2].tolist() == pytest.approx([len(mesh.vertices) / 2] * 2, rel=0.05)
    assert sizes[2:].sum() < 0.01 * len(mesh.vertices)


def test_feet_joined_at_length_single_feet_and_feet_apart_stay_as_they_are() -> None:
    for mesh in (two_boxes(6.0, 50.0), two_boxes(6.0, 120.0), two_boxes(6.0, 0.0), two_boxes(-20.0, 0.0), sphere()):
        assert not faces_between_feet(mesh, 2.0, 30.0).any()
    assert not faces_between_feet(two_boxes(6.0, 20.0), 2.0, 0.0).any()
    assert not faces_between_feet(Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32)), 2.0, 30.0).any()


# ------------------------------------------------------------------------------------------------------- parts


def test_parts_are_numbered_by_their_first_vertex() -> None:
    one, two = sphere(1), sphere(2)
    faces = np.vstack([one.faces, two.faces + len(one.vertices)]).astype(np.int32)
    both = Mesh(np.vstack([one.vertices, two.vertices + 100.0, [[0.0, 0.0, 0.0]]]), faces)
    labels = component_labels(both)
    assert labels.tolist() == [0] * len(one.vertices) + [1] * len(two.vertices) + [2]


def test_kept_faces_know_their_vertices() -> None:
    ball = sphere(2)
    part = keep_faces(ball, ball.vertices[ball.faces, 2].min(axis=1) > 0.0)
    np.testing.assert_array_equal(ball.vertices[part.vertices], part.mesh.vertices)
    assert set(np.unique(part.mesh.faces).tolist()) == set(range(len(part.mesh.vertices)))
    assert part.mesh.vertices[:, 2].min() > 0.0


def test_what_is_linked_is_one_part_as_scipy_counts_them() -> None:
    rng = np.random.default_rng(3)
    for count, links in ((1, 0), (40, 12), (200, 150), (200, 400)):
        ends = rng.integers(0, count, (links, 2)).astype(np.int32)
        matrix = sparse.coo_array((np.ones(links), (ends[:, 0], ends[:, 1])), shape=(count, count))
        np.testing.assert_array_equal(
            linked_parts(count, ends), csgraph.connected_components(matrix, directed=False)[1]
        )


def test_places_are_the_distinct_rows() -> None:
    points = np.random.default_rng(5).integers(0, 4, (200, 3)).astype(np.float64)
    first, place = distinct_places(points)
    rows, inverse = np.unique(points, axis=0, return_inverse=True)
    np.testing.assert_array_equal(points[first], rows)
    np.testing.assert_array_equal(place, inverse.reshape(-1))
    assert [len(each) for each in distinct_places(np.zeros((0, 3)))] == [0, 0]


@pytest.mark.parametrize("share", [1.0, 0.98, 0.5])
def test_border_edges_are_those_that_go_one_way_alone(share: float) -> None:
    """Of a sphere with holes, torn to pieces, and with a face laid twice."""
    faces = sphere(4).faces
    kept = faces[np.random.default_rng(0).random(len(faces)) <= share]
    kept = np.ascontiguousarray(np.vstack([kept, kept[:1]]))
    there = {(int(a), int(b)) for a, b, c in kept for a, b in ((a, b), (b, c), (c, a))}
    alone = {(b, a) for a, b in there if (b, a) not in there}
    found = border_edges(edges_of(kept, int(faces.max()) + 1))
    assert {tuple(edge) for edge in found.tolist()} == alone
    assert (len(alone) == 0) == (share == 1.0)


def test_faces_are_parted_by_the_side_that_an_eye_sees() -> None:
    """Of a ball, an eye far below sees the outer side of what lies below its middle; half of it is above a limit."""
    mesh = sphere()
    right, up, look = np.array([1.0, 0.0, 0.0]), np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    np.testing.assert_allclose(np.cross(up, look), -right)  # as pictures have it: right = look x up
    shown = mesh.vertices[:, 1] <= 0.0
    towards, away = faces_by_side(mesh, right, up, shown)
    corners = mesh.vertices[mesh.faces]
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) @ look
    assert (outward[towards] < 0.0).all() and (outward[away] >= 0.0).all()
    kept = np.flatnonzero(shown[mesh.faces].any(axis=1))
    assert sorted([*towards, *away]) == kept.tolist()
    assert len(mesh.faces) / 2 < len(kept) < 0.55 * len(mesh.faces)
    assert abs(len(towards) - len(away)) < 0.02 * len(kept)
