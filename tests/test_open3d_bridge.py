"""The bridge against formulas: rays, distances, clouds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from scanproc.open3d_bridge import RayScene, read_cloud
from scanproc.simulation.bodies import box

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
