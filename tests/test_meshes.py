"""Borders, holes and order of meshes, on spheres whose every point is known."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import fused, sphere_seen_from

from scanproc.artifacts import IntArray, Intrinsics, Mesh
from scanproc.frames import FloatArray, rigid
from scanproc.geometry.holes import border_loops, close_holes
from scanproc.geometry.meshes import (
    canonical_order,
    directed_edges,
    face_areas,
    face_normals,
    keep_faces,
    part_labels,
    vertex_normals,
)
from scanproc.open3d_bridge import PosedImage

RADIUS = 40.0


def sphere(subdivisions: int = 5, radius: float = RADIUS) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    return Mesh(np.array(ball.vertices, dtype=np.float64), np.array(ball.faces, dtype=np.int32))


def with_hole(mesh: Mesh, direction: list[float], radius_mm: float) -> Mesh:
    """Return the mesh without the faces near where a direction leaves it."""
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    at = RADIUS * np.array(direction) / np.linalg.norm(direction)
    return keep_faces(mesh, np.linalg.norm(centres - at, axis=1) > radius_mm).mesh


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


def test_a_border_that_touches_itself_is_left_out() -> None:
    mesh = sphere(3)
    ring = mesh.faces[(mesh.faces == 0).any(axis=1)]  # of one vertex
    other = int(np.setdiff1d(ring, [0])[0])
    kept = np.ones(len(mesh.faces), dtype=bool)
    # Two opposite corners of the fan round `other`: the holes share that vertex and no edge.
    fan = np.flatnonzero((mesh.faces == other).any(axis=1))
    first = set(mesh.faces[fan[0]].tolist())
    far = next(face for face in fan[1:] if len(first & set(mesh.faces[face].tolist())) == 1)
    kept[[fan[0], far]] = False
    assert border_loops(mesh.faces[kept]) == []


# -------------------------------------------------------------------------------------------------------- holes


@pytest.mark.parametrize("hole_mm", [3.0, 8.0, 14.0])
def test_a_closed_hole_continues_the_sphere(hole_mm: float) -> None:
    mesh = with_hole(sphere(), [1, 2, 3], hole_mm)
    filled = close_holes(mesh, 200.0, 1.5)
    assert (filled.num_original, filled.num_closed, filled.num_open) == (len(mesh.vertices), 1, 0)
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
    assert (filled.num_closed, filled.num_open) == (1, 1)  # the open one is the border of the cap
    new = filled.mesh.vertices[filled.num_original :]
    assert off_sphere(new).max() < 0.25


def fused_cap() -> Mesh:
    """Return the upper part of the sphere, fused from one perfect image."""
    camera = Intrinsics(300, 300, 700.0, 700.0, 149.3, 150.2)
    T_scan_camera = rigid(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 300.0]))
    depth = sphere_seen_from(T_scan_camera, np.zeros(3), RADIUS, camera).astype(np.float32)
    mesh = fused([PosedImage(depth, camera, T_scan_camera)], 1.0, 4.0, 0.5).mesh
    cap = keep_faces(mesh, mesh.vertices[mesh.faces, 2].min(axis=1) > 20.0).mesh  # its rim is ragged
    return close_holes(cap, 5.0, 1.0).mesh  # open3d leaves out a triangle where blocks of voxels meet at a corner


def test_a_large_hole_stays_open() -> None:
    mesh = with_hole(with_hole(sphere(), [0, 0, 1], 15.0), [0, 0, -1], 5.0)
    filled = close_holes(mesh, 60.0, 1.0)  # borders of 94 and 31 mm, and their zigzag
    assert (filled.num_closed, filled.num_open) == (1, 1)
    assert filled.mesh.vertices[filled.num_original :, 2].max() < 0.0
    untouched = close_holes(mesh, 10.0, 1.0)
    assert (untouched.num_closed, untouched.num_open) == (0, 2)
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


# -------------------------------------------------------------------------------------------- order and parts


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_the_canonical_order_does_not_depend_on_the_order_given(seed: int) -> None:
    mesh = with_hole(sphere(2), [1, 1, 0], 10.0)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(mesh.vertices))
    rank = np.argsort(order).astype(np.int32)
    faces = rank[mesh.faces][rng.permutation(len(mesh.faces))]
    faces = np.take_along_axis(faces, (rng.integers(0, 3, len(faces))[:, None] + np.arange(3)) % 3, axis=1)
    shuffled = Mesh(mesh.vertices[order], faces)
    a, b = canonical_order(mesh), canonical_order(shuffled)
    assert a.mesh.vertices.tobytes() == b.mesh.vertices.tobytes()
    assert a.mesh.faces.tobytes() == b.mesh.faces.tobytes()
    np.testing.assert_array_equal(shuffled.vertices[b.vertices], b.mesh.vertices)
    centres = b.mesh.vertices[b.mesh.faces].mean(axis=1)
    assert (np.einsum("ij,ij->i", face_normals(b.mesh), centres) > 0.0).all()  # still outwards


def test_parts_are_numbered_by_their_first_vertex() -> None:
    one, two = sphere(1), sphere(2)
    faces = np.vstack([one.faces, two.faces + len(one.vertices)]).astype(np.int32)
    both = Mesh(np.vstack([one.vertices, two.vertices + 100.0, [[0.0, 0.0, 0.0]]]), faces)
    labels = part_labels(both)
    assert labels.tolist() == [0] * len(one.vertices) + [1] * len(two.vertices) + [2]


def test_kept_faces_know_their_vertices() -> None:
    ball = sphere(2)
    part = keep_faces(ball, ball.vertices[ball.faces, 2].min(axis=1) > 0.0)
    np.testing.assert_array_equal(ball.vertices[part.vertices], part.mesh.vertices)
    assert set(np.unique(part.mesh.faces).tolist()) == set(range(len(part.mesh.vertices)))
    assert part.mesh.vertices[:, 2].min() > 0.0
