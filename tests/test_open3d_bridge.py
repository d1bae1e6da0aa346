"""The bridge against formulas: rays, distances, planes, clouds, and fusion to the half pixel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from pictures import fused, plane_seen_from, sphere_seen_from

from scanproc.artifacts import Intrinsics
from scanproc.frames import FloatArray, rigid, rotation_about
from scanproc.geometry.meshes import canonical_order, face_normals
from scanproc.open3d_bridge import PosedImage, RayScene, read_cloud
from scanproc.simulation.bodies import box
from scanproc.simulation.motions import look_at

CAMERA = Intrinsics(640, 480, 600.0, 604.0, 312.6, 243.6)
CENTRE, RADIUS = np.array([12.0, -7.0, 30.0]), 50.0


# --------------------------------------------------------------------------------------------------------- rays


def test_rays_hit_a_box_where_the_formula_says() -> None:
    rng = np.random.default_rng(0)
    scene = RayScene(box(np.zeros(3), np.array([20.0, 30.0, 40.0])))
    origins = np.column_stack([rng.uniform(-15, 15, 500), rng.uniform(-20, 20, 500), np.full(500, 100.0)])
    hits = scene.cast(origins, np.tile([0.0, 0.0, -2.0], (500, 1)))
    inside = (np.abs(origins[:, 0]) < 10.0) & (np.abs(origins[:, 1]) < 15.0)
    np.testing.assert_array_equal(hits.face >= 0, inside)
    np.testing.assert_allclose(hits.distance[inside], 40.0, atol=1e-4)  # 80 mm at 2 mm a length
    assert np.isinf(hits.distance[~inside]).all()
    np.testing.assert_allclose(hits.normal[inside], np.tile([0.0, 0.0, 1.0], (inside.sum(), 1)), atol=1e-6)
    assert not hits.normal[~inside].any()
    np.testing.assert_array_equal(
        scene.count_crossings(origins, np.tile([0.0, 0.0, -1.0], (500, 1)))[inside], np.full(inside.sum(), 2)
    )
    crossings = scene.all_hits(origins[:1] * [0.1, 0.1, 1.0], np.array([[0.0, 0.0, -1.0]]))
    np.testing.assert_allclose(np.sort(crossings.distance), [80.0, 120.0], atol=1e-4)


def test_closest_points_of_a_box() -> None:
    points = np.random.default_rng(0).uniform(-40.0, 40.0, (500, 3))
    half = np.array([10.0, 15.0, 20.0])
    closest = RayScene(box(np.zeros(3), 2.0 * half)).closest(points)
    clamped = np.clip(points, -half, half)
    outside = (np.abs(points) > half).any(axis=1)
    np.testing.assert_allclose(closest.point[outside], clamped[outside], atol=1e-4)
    expected = np.where(outside, np.linalg.norm(points - clamped, axis=1), (half - np.abs(points)).min(axis=1))
    np.testing.assert_allclose(closest.distance, expected, atol=1e-4)


def test_clouds_are_read_with_their_colours(tmp_path: Path) -> None:
    cloud = trimesh.PointCloud([[0.5, -1.25, 3.0], [1.0, 2.0, 4.0]], colors=[[10, 20, 30, 255], [255, 0, 127, 255]])
    cloud.export(tmp_path / "a.ply")
    read = read_cloud(tmp_path / "a.ply")
    np.testing.assert_array_equal(read.points, [[0.5, -1.25, 3.0], [1.0, 2.0, 4.0]])
    assert read.color is not None
    np.testing.assert_array_equal(read.color, [[10, 20, 30], [255, 0, 127]])
    (tmp_path / "broken.ply").write_bytes(b"ply\nformat ascii 1.0\nelement vertex 9\n")
    assert len(read_cloud(tmp_path / "broken.ply").points) == 0


# ------------------------------------------------------------------------------------------------------- fusion


def cameras() -> list[FloatArray]:
    """Return poses round the sphere, some of them rolled: an error along u is then not one along the same direction."""
    eyes = [[300.0, 60.0, 150.0], [120.0, 280.0, 120.0], [-100.0, 200.0, 250.0], [200.0, -150.0, 200.0]]
    return [look_at(np.array(eye), CENTRE, roll) for eye, roll in zip(eyes, (0.0, 0.5, -0.7, 0.2), strict=True)]


def sphere_images(camera: Intrinsics = CAMERA) -> list[PosedImage]:
    return [PosedImage(sphere_seen_from(T, CENTRE, RADIUS, CAMERA).astype(np.float32), camera, T) for T in cameras()]


def fitted_centre(points: FloatArray) -> FloatArray:
    """Return the centre of the least-squares sphere: |p|^2 = 2 p . c + (r^2 - |c|^2) is linear."""
    A = np.column_stack([2.0 * points, np.ones(len(points))])
    return np.asarray(np.linalg.lstsq(A, (points**2).sum(axis=1), rcond=None)[0][:3])


def test_a_fused_sphere_is_where_it_was_and_as_large() -> None:
    mesh = fused(sphere_images(), 1.0, 4.0, 1.5).mesh
    assert len(mesh.vertices) > 5000
    off = np.linalg.norm(mesh.vertices - CENTRE, axis=1) - RADIUS
    # Rims, where a truncated distance along the ray is none to the surface, are not the point here.
    assert abs(np.median(off)) < 0.05
    assert np.percentile(np.abs(off), 80.0) < 0.12  # a voxel takes the nearest pixel: half of it, 0.2 mm, on a slope
    np.testing.assert_allclose(fitted_centre(mesh.vertices[np.abs(off) < 1.0]), CENTRE, atol=0.05)
    centres = mesh.vertices[mesh.faces].mean(axis=1)
    assert (np.einsum("ij,ij->i", face_normals(mesh), centres - CENTRE) > 0.0).mean() > 0.99


@pytest.mark.parametrize("shift", [(0.5, 0.0), (0.0, 0.5), (-0.5, -0.5)])
def test_half_a_pixel_would_be_noticed(shift: tuple[float, float]) -> None:
    """One camera: with the principal point half a pixel off, the sphere lands half a pixel, 0.2 mm, aside."""
    T = rigid(np.diag([1.0, -1.0, -1.0]), CENTRE + np.array([0.0, 0.0, 300.0]))
    depth = sphere_seen_from(T, CENTRE, RADIUS, CAMERA).astype(np.float32)
    right = fused([PosedImage(depth, CAMERA, T)], 1.0, 4.0, 0.5).mesh.vertices
    wrong_camera = replace(CAMERA, cx=CAMERA.cx + shift[0], cy=CAMERA.cy + shift[1])
    wrong = fused([PosedImage(depth, wrong_camera, T)], 1.0, 4.0, 0.5).mesh.vertices
    top = CENTRE[2] + 15.0
    at, aside = (fitted_centre(v[v[:, 2] > top]) for v in (right, wrong))
    np.testing.assert_allclose(at[:2], CENTRE[:2], atol=0.05)
    # Towards -u and -v; the image's v points to the scan's -y here. The front of the sphere is 250 mm away and more.
    assert -shift[0] * 250.0 / 600.0 == pytest.approx(aside[0] - CENTRE[0], abs=0.06)
    assert shift[1] * 250.0 / 604.0 == pytest.approx(aside[1] - CENTRE[1], abs=0.06)


def test_a_fused_tilted_plane_is_exact() -> None:
    normal = rotation_about(np.array([1.0, 1.0, 0.0]), 0.3) @ np.array([0.0, 0.0, 1.0])
    offset = float(normal @ CENTRE)
    poses = [look_at(np.array(eye), CENTRE) for eye in ([80.0, 40.0, 330.0], [-90.0, 30.0, 300.0])]
    images = [PosedImage(plane_seen_from(T, normal, offset, CAMERA).astype(np.float32), CAMERA, T, None) for T in poses]
    mesh = fused(images, 2.0, 4.0, 1.5).mesh
    heights = mesh.vertices @ normal - offset
    assert len(heights) > 5000
    assert abs(np.median(heights)) < 0.02
    assert np.percentile(np.abs(heights), 95.0) < 0.12


def test_colours_go_with_the_surface_and_one_image_without_takes_them_away() -> None:
    red = np.zeros((480, 640, 3), dtype=np.uint8)
    red[..., 0] = 200
    images = [replace(image, color=red) for image in sphere_images()]
    color = fused(images, 2.0, 4.0, 0.5).color
    assert color is not None
    assert np.percentile(np.abs(color.astype(int) - [200, 0, 0]), 99.0) <= 1.0
    assert fused([*images[:-1], replace(images[-1], color=None)], 2.0, 4.0, 0.5).color is None


def test_fewer_views_than_asked_leave_nothing() -> None:
    plain = sphere_images()[:1]
    colored = [replace(image, color=np.full((480, 640, 3), 90, dtype=np.uint8)) for image in plain]
    for images in (plain, colored):
        nothing = fused(images, 2.0, 4.0, 1.5)
        assert (len(nothing.mesh.vertices), len(nothing.mesh.faces)) == (0, 0)
        assert (nothing.color is None) == (images is plain)


def test_the_same_images_give_the_same_bytes_once_ordered() -> None:
    one, two = (canonical_order(fused(sphere_images(), 1.0, 4.0, 1.5).mesh).mesh for _ in range(2))
    assert one.vertices.tobytes() == two.vertices.tobytes()
    assert one.faces.tobytes() == two.faces.tobytes()
