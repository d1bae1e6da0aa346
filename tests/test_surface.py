"""The fused surface against the foot it was simulated from."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from recordings import T_mesh_scan, cleaned, leg, recorded, registered
from scipy.spatial import KDTree

from scanproc.artifacts import CleanViews, Registration, Surface, ViewPose
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rotate, transform
from scanproc.geometry.holes import border_loops
from scanproc.geometry.meshes import part_labels, vertex_normals
from scanproc.open3d_bridge import RayScene
from scanproc.stages.surface import SurfaceConfig, surface


@cache
def fused() -> Surface:
    return surface(cleaned("standing"), registered("standing"), SurfaceConfig())


@cache
def in_mesh_frame() -> tuple[FloatArray, FloatArray]:
    """Return the vertices of the surface, and their distance from the true leg where that has not been cut off."""
    points = transform(T_mesh_scan(registered("standing"), recorded("standing")), fused().mesh.vertices)
    return points, RayScene(leg()).closest(points).distance


def test_the_surface_is_the_foot() -> None:
    points, distance = in_mesh_frame()
    near = (points[:, 2] < 250.0) & (fused().views > 0)
    # Half the camera's pixels and a D435: two to three times the error of a usual recording.
    assert 0.1 < np.median(distance[near]) < 0.4
    assert np.percentile(distance[near], 95.0) < 1.3
    assert distance[near].max() < 5.0


def test_the_surface_is_neither_inflated_nor_shrunk() -> None:
    points, distance = in_mesh_frame()
    near = (points[:, 2] < 250.0) & (points[:, 2] > 10.0) & (fused().views > 2)
    inside = RayScene(leg()).count_crossings(points[near], np.tile([0.1, 0.2, 1.0], (near.sum(), 1))) % 2 == 1
    signed = np.where(inside, -distance[near], distance[near])
    assert abs(np.median(signed)) < 0.15


def test_what_faces_a_camera_is_there() -> None:
    """All faces that do not look down, from 8 to 200 mm above the floor; the sole was never seen."""
    points, _ = in_mesh_frame()
    a, b, c = (leg().vertices[leg().faces[:, i]] for i in range(3))
    normals, middle = np.cross(b - a, c - a), (a + b + c) / 3.0
    areas = np.linalg.norm(normals, axis=1)
    chosen = (normals[:, 2] > -0.1 * areas) & (middle[:, 2] > 8.0) & (middle[:, 2] < 200.0)
    found = KDTree(points).query(middle[chosen])[0] < 3.0
    assert np.average(found, weights=areas[chosen]) > 0.97
    assert points[:, 2].min() > -1.0


def test_views_are_counted_as_they_saw() -> None:
    views, mesh = fused().views, fused().mesh
    assert views.dtype == np.uint8
    assert views.max() <= len(cleaned("standing").views)
    invented = views == 0
    assert 0 < invented.mean() < 0.03
    first = int(np.flatnonzero(invented)[0])
    assert invented[first:].all()  # invented vertices come last, and no other has 0
    # By geometry alone: a vertex can only have been seen by views whose camera is before it.
    normals = vertex_normals(mesh)
    facing = np.zeros(len(views), dtype=int)
    for pose in registered("standing").views:
        assert pose.T_scan_camera is not None
        facing += np.einsum("ij,ij->i", pose.T_scan_camera[:3, 3] - mesh.vertices, normals) > 0.0
    assert (views <= facing).mean() > 0.999  # but for normals at rims, which lost faces after they were counted
    assert np.median(views[~invented]) >= 2


def test_normals_point_out_of_the_foot() -> None:
    points, distance = in_mesh_frame()
    T = T_mesh_scan(registered("standing"), recorded("standing"))
    out = rotate(T, vertex_normals(fused().mesh))
    near = (distance < 2.0) & (points[:, 2] < 250.0)
    closest = RayScene(leg()).closest(points[near])
    a, b, c = (leg().vertices[leg().faces[closest.face][:, i]] for i in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), out[near]) > 0.0).mean() > 0.98


def test_there_is_one_part_and_small_holes_are_closed() -> None:
    mesh = fused().mesh
    assert np.bincount(part_labels(mesh)).max() > 0.9 * len(mesh.vertices)
    lengths = []
    for loop in border_loops(mesh.faces):
        ring = mesh.vertices[loop]
        lengths.append(np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1).sum())
    assert all(length > SurfaceConfig().max_hole_mm for length in lengths)
    assert fused().floor_seen


def test_nothing_seen_by_enough_views_is_refused() -> None:
    poses = registered("standing").views
    alone = (poses[0], *(ViewPose(pose.name, False, reason="left out") for pose in poses[1:]))
    with pytest.raises(ScanError, match=r"no point was seen by 2 views \(surface.min_views\)"):
        surface(cleaned("standing"), Registration(alone, floor_seen=True), SurfaceConfig())


def test_the_same_views_give_the_same_bytes() -> None:
    few = CleanViews(cleaned("standing").views[:4])
    poses = Registration(registered("standing").views[:4], floor_seen=True)
    config = SurfaceConfig(voxel_mm=2.0)
    one, two = (surface(few, poses, config) for _ in range(2))
    assert one.mesh.vertices.tobytes() == two.mesh.vertices.tobytes()
    assert one.mesh.faces.tobytes() == two.mesh.faces.tobytes()
    assert one.views.tobytes() == two.views.tobytes()
