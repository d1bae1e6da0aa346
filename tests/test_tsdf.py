"""Fusion and its surface against planes and spheres, to the half pixel; and an independent library on the mesh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from pictures import fused, posed_plane, posed_sphere

from scanproc.artifacts import Intrinsics, Mesh
from scanproc.frames import FloatArray, rigid, rotation_about
from scanproc.fusion.dual_marching_cubes import dual_marching_cubes
from scanproc.fusion.posed_views import PosedView
from scanproc.fusion.tsdf import TsdfLimits, integrate
from scanproc.fusion.voxel_blocks import BLOCK, DistanceField, block_coordinates, block_keys
from scanproc.mesh.meshes import component_labels, face_normals
from scanproc.simulation.motions import look_at

CAMERA = Intrinsics(640, 480, 600.0, 604.0, 312.6, 243.6)
CENTRE, RADIUS = np.array([12.0, -7.0, 30.0]), 50.0


def cameras() -> list[FloatArray]:
    """Return poses round the sphere, some of them rolled: an error along u is then not one along the same direction."""
    eyes = [[300.0, 60.0, 150.0], [120.0, 280.0, 120.0], [-100.0, 200.0, 250.0], [200.0, -150.0, 200.0]]
    return [look_at(np.array(eye), CENTRE, roll) for eye, roll in zip(eyes, (0.0, 0.5, -0.7, 0.2), strict=True)]


def sphere_views(camera: Intrinsics = CAMERA) -> list[PosedView]:
    return [replace(posed_sphere(T, CENTRE, RADIUS, CAMERA), intrinsics=camera) for T in cameras()]


def fitted_centre(points: FloatArray) -> FloatArray:
    """Return the centre of the least-squares sphere: |p|^2 = 2 p . c + (r^2 - |c|^2) is linear."""
    A = np.column_stack([2.0 * points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(A, (points**2).sum(axis=1), rcond=None)[0][:3])


def field_of(values: FloatArray, first_block: Sequence[int] = (0, 0, 0)) -> DistanceField:
    """Return the field of (X, Y, Z) distances at voxels from a block's corner on; every edge a multiple of 8 voxels."""
    counts = np.array(values.shape) // BLOCK
    blocks = np.argwhere(np.ones(counts))
    cut = values.reshape(counts[0], BLOCK, counts[1], BLOCK, counts[2], BLOCK).transpose(0, 2, 4, 1, 3, 5)
    return DistanceField((blocks + first_block).astype(np.int32), cut.reshape(-1, BLOCK**3).astype(np.float32), 1.0)


def as_trimesh(mesh: Mesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


# ---------------------------------------------------------------------------------------------------- integration


def test_a_fused_sphere_is_where_it_was_and_as_large() -> None:
    mesh = fused(sphere_views(), 1.0, min_views=2)
    assert len(mesh.vertices) > 5000
    off = np.linalg.norm(mesh.vertices - CENTRE, axis=1) - RADIUS
    assert abs(np.median(off)) < 0.01
    assert np.percentile(np.abs(off), 95.0) < 0.03
    assert np.abs(off).max() < 0.3
    np.testing.assert_allclose(fitted_centre(mesh.vertices), CENTRE, atol=0.01)
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    assert (np.einsum("ij,ij->i", face_normals(mesh), centres - CENTRE) > 0.0).all()


@pytest.mark.parametrize("shift", [(0.5, 0.0), (0.0, 0.5), (-0.5, -0.5)])
def test_half_a_pixel_would_be_noticed(shift: tuple[float, float]) -> None:
    """One camera: with the principal point half a pixel off, the sphere lands half a pixel, 0.2 mm, aside."""
    T = rigid(np.diag([1.0, -1.0, -1.0]), CENTRE + np.array([0.0, 0.0, 300.0]))
    view = posed_sphere(T, CENTRE, RADIUS, CAMERA)
    wrong_camera = replace(CAMERA, cx=CAMERA.cx + shift[0], cy=CAMERA.cy + shift[1])
    right, wrong = (fused([replace(view, intrinsics=camera)], 1.0).vertices for camera in (CAMERA, wrong_camera))
    top = CENTRE[2] + 15.0
    at, aside = (fitted_centre(v[v[:, 2] > top]) for v in (right, wrong))
    np.testing.assert_allclose(at[:2], CENTRE[:2], atol=0.01)
    # Towards -u and -v; the image's v points to the scan's -y here. The front of the sphere is 250 mm away and more.
    assert -shift[0] * 250.0 / 600.0 == pytest.approx(aside[0] - CENTRE[0], abs=0.03)
    assert shift[1] * 250.0 / 604.0 == pytest.approx(aside[1] - CENTRE[1], abs=0.03)


def test_a_pixel_reaches_half_a_pixel_to_either_side() -> None:
    """A plane in 40 by 30 pixels of 2 mm, in voxels of 0.5 mm: its borders lie at the outer edges of the pixels."""
    coarse = Intrinsics(60, 50, 150.0, 150.0, 31.3, 22.7)
    T = rigid(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 300.2]))
    view = posed_plane(T, np.array([0.0, 0.0, 1.0]), 0.2, coarse)
    depth = np.zeros_like(view.depth_mm)
    depth[10:40, 10:50] = view.depth_mm[10:40, 10:50]
    mesh = fused([replace(view, depth_mm=depth)], 0.5)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    left, right = (9.5 - 31.3) * 2.0, (49.5 - 31.3) * 2.0
    front, back = -(39.5 - 22.7) * 2.0, -(9.5 - 22.7) * 2.0  # v points to the scan's -y
    for inner, outer in ((low[0] - left, high[0] - right), (low[1] - front, high[1] - back)):
        assert 0.0 < inner < 0.9 and -1.4 < outer < 0.0  # whole cells of 0.5 mm are inside, in blocks that are there


def test_a_fused_tilted_plane_is_exact() -> None:
    normal = rotation_about(np.array([1.0, 1.0, 0.0]), 0.3) @ np.array([0.0, 0.0, 1.0])
    offset = float(normal @ CENTRE)
    poses = [look_at(np.array(eye), CENTRE) for eye in ([80.0, 40.0, 330.0], [-90.0, 30.0, 300.0])]
    mesh = fused([posed_plane(T, normal, offset, CAMERA) for T in poses], 2.0)
    heights = mesh.vertices @ normal - offset
    assert len(heights) > 5000
    assert np.abs(heights).max() < 0.01


def test_a_thin_plate_keeps_both_sides() -> None:
    """What one side's views say of the space behind their surface must not erase the other side."""
    up = np.array([0.0, 0.0, 1.0])
    above = [look_at(np.array([x, 30.0, 300.0]), np.zeros(3)) for x in (-80.0, 80.0)]
    below = [look_at(np.array([x, 30.0, -300.0]), np.zeros(3)) for x in (-80.0, 80.0)]
    views = [posed_plane(T, up, 5.3, CAMERA) for T in above] + [posed_plane(T, -up, 5.3, CAMERA) for T in below]
    mesh = fused(views, 1.0)
    near = mesh.vertices[(np.abs(mesh.vertices[:, :2]) < 60.0).all(axis=1)]
    np.testing.assert_allclose(np.abs(near[:, 2]), 5.3, atol=0.02)
    assert (near[:, 2] > 0.0).mean() == pytest.approx(0.5, abs=0.01)
    assert len(near) == pytest.approx(2 * 120.0**2, rel=0.03)


def test_noise_is_weighed_by_the_distance_squared() -> None:
    """A plane measured at 200 mm and, 1 mm too high, at 400 mm: variances as 1 to 16, so it lies 1 / 17 mm too high."""
    up = np.array([0.0, 0.0, 1.0])
    near, far = (rigid(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, z])) for z in (200.0, 400.0))
    narrow = replace(CAMERA, width=200, height=200, cx=99.6, cy=99.2)
    mesh = fused([posed_plane(near, up, 0.0, narrow), posed_plane(far, up, 1.0, narrow)], 1.0, min_views=2)
    assert np.median(mesh.vertices[:, 2]) == pytest.approx(1.0 / (1.0 + (399.0 / 200.0) ** 4), abs=2e-3)


def test_fewer_views_than_asked_leave_nothing() -> None:
    nothing = fused(sphere_views()[:1], 2.0, min_views=2)
    assert (len(nothing.vertices), len(nothing.faces)) == (0, 0)
    empty = replace(sphere_views()[0], depth_mm=np.zeros((480, 640), np.float32))
    assert len(fused([empty, empty], 2.0).vertices) == 0
    assert len(fused([], 2.0).vertices) == 0


def test_views_are_counted_not_their_weights() -> None:
    """Two views from afar weigh less together than one at the reference distance, and are two."""
    up = np.array([0.0, 0.0, 1.0])
    poses = [look_at(np.array([x, 10.0, 700.0]), np.zeros(3)) for x in (-200.0, 200.0)]
    assert len(fused([posed_plane(T, up, 0.0, CAMERA) for T in poses], 4.0, min_views=2).faces) > 100


@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_same_views_give_the_same_bytes(workers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fused(sphere_views(), 2.0)
    monkeypatch.setenv("SCANPROC_WORKERS", workers)
    again = fused(sphere_views(), 2.0)
    assert again.vertices.tobytes() == expected.vertices.tobytes()
    assert again.faces.tobytes() == expected.faces.tobytes()


def test_more_views_than_are_held_at_a_time_all_count() -> None:
    views = sphere_views() * 9
    limits = TsdfLimits(2.0, truncation_mm=8.0, reach_mm=16.0, cosine_power=1.0)
    few, many = integrate(views[:4], limits), integrate(views, limits)
    np.testing.assert_allclose(many.distance, few.distance, atol=1e-4)


def test_block_keys_are_ordered_and_reversible() -> None:
    blocks = np.random.default_rng(0).integers(-300, 300, (1000, 3)).astype(np.int32)
    ordered = blocks[np.lexsort(blocks.T[::-1])]
    keys = block_keys(ordered)
    assert (np.diff(keys) >= 0).all()
    np.testing.assert_array_equal(block_coordinates(keys), ordered)


# -------------------------------------------------------------------------------------------------------- surface


def test_the_surface_of_a_field_of_spheres_is_closed_and_as_large() -> None:
    """Two spheres, one of them across blocks with negative coordinates."""
    grid = np.stack(np.meshgrid(*(np.arange(-32, 32),) * 3, indexing="ij"), axis=-1).astype(float)
    one = np.linalg.norm(grid - [-14.3, -12.2, -11.1], axis=-1) - 12.4
    two = np.linalg.norm(grid - [13.2, 14.8, 12.9], axis=-1) - 9.7
    mesh = dual_marching_cubes(field_of(np.minimum(one, two), (-4, -4, -4)))
    shape = as_trimesh(mesh)
    assert shape.is_watertight and shape.is_winding_consistent
    assert len(np.unique(component_labels(mesh))) == 2
    assert shape.volume == pytest.approx(4.0 / 3.0 * np.pi * (12.4**3 + 9.7**3), rel=0.01)
    off = np.minimum(
        np.abs(np.linalg.norm(mesh.vertices - [-14.3, -12.2, -11.1], axis=1) - 12.4),
        np.abs(np.linalg.norm(mesh.vertices - [13.2, 14.8, 12.9], axis=1) - 9.7),
    )
    assert off.max() < 0.08  # a chord of a voxel lies 1 / 8 R deep, and trilinear distances are a little off
    lengths = shape.edges_unique_length
    assert lengths.max() < 2.0


@pytest.mark.parametrize("seed", range(4))
def test_no_edge_has_more_than_two_faces_even_in_noise(seed: int) -> None:
    """Random signs hold every case, and every ambiguous pair of neighbours."""
    values = np.random.default_rng(seed).normal(size=(24, 24, 24))
    values[[0, -1]], values[:, [0, -1]], values[:, :, [0, -1]] = 1.0, 1.0, 1.0
    mesh = dual_marching_cubes(field_of(values))
    edges = np.sort(as_trimesh(mesh).edges, axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert counts.max() == 2
    assert as_trimesh(mesh).is_winding_consistent


def test_unseen_voxels_have_no_surface() -> None:
    values = np.broadcast_to(np.arange(16.0)[None, None] - 7.4, (16, 16, 16)).copy()
    values[5:9, 5:9, 7] = np.nan
    mesh = dual_marching_cubes(field_of(values))
    assert mesh.vertices[:, 2] == pytest.approx(7.4, abs=1e-6)
    inside = ((mesh.vertices[:, :2] > 4.0) & (mesh.vertices[:, :2] < 9.0)).all(axis=1)
    assert not inside.any()
    assert len(mesh.vertices) == 15**2 - 5**2  # cells of 16 voxels, without those that have an unseen corner
