"""Who saw a vertex, and in which colour: spheres before spheres, and a pen line on a sphere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from pictures import fused, posed_plane, posed_sphere, rays

from scanproc.artifacts import Intrinsics, Mesh
from scanproc.frames import FloatArray, rigid, rotation_about, transform
from scanproc.fusion.posed_views import PosedView
from scanproc.fusion.visibility import VisibilityLimits, visibility
from scanproc.simulation.motions import look_at

SEEN = VisibilityLimits(tolerance_mm=3.0, min_cosine=0.15, cosine_power=0.5)
CAMERA = Intrinsics(640, 480, 425.0, 427.0, 322.6, 241.6)
FRONT, BACK, RADIUS = np.array([0.0, 0.0, 60.0]), np.array([20.0, 0.0, -60.0]), 40.0


def ball(centre: FloatArray) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=5, radius=RADIUS)
    return Mesh(np.asarray(shape.vertices) + centre, np.array(shape.faces, dtype=np.int32))


def both_spheres(T_scan_camera: FloatArray) -> PosedView:
    """Return the view of two spheres, the nearer of which hides the other where it does."""
    front, back = (posed_sphere(T_scan_camera, centre, RADIUS, CAMERA) for centre in (FRONT, BACK))
    hidden = (front.depth_mm > 0.0) & ((front.depth_mm < back.depth_mm) | (back.depth_mm == 0.0))
    depth = np.where(hidden, front.depth_mm, back.depth_mm)
    return replace(back, depth_mm=depth, normals=np.where(hidden[..., None], front.normals, back.normals))


def clearance(eye: FloatArray, points: FloatArray, centre: FloatArray) -> FloatArray:
    """Return by how much the lines of sight to (N, 3) points miss the sphere round a centre, (N,) mm."""
    direction = (points - eye) / np.linalg.norm(points - eye, axis=1, keepdims=True)
    return np.asarray(np.linalg.norm(np.cross(centre - eye, direction), axis=1) - RADIUS)


def test_what_another_surface_hides_was_not_seen() -> None:
    eyes = np.array([[0.0, 0.0, 400.0], [150.0, 30.0, 350.0], [-250.0, 80.0, 250.0], [330.0, 20.0, 100.0]])
    views = [both_spheres(look_at(eye, np.zeros(3))) for eye in eyes]
    mesh = ball(BACK)
    expected, sure = np.zeros(len(mesh.vertices), dtype=int), np.ones(len(mesh.vertices), dtype=bool)
    hidden = 0
    for eye in eyes:
        towards = eye - mesh.vertices
        normals = (mesh.vertices - BACK) / RADIUS
        cosine = np.einsum("ij,ij->i", towards, normals) / np.linalg.norm(towards, axis=1)
        free = clearance(eye, mesh.vertices, FRONT)
        expected += (cosine > 0.15) & (free > 0.0)
        hidden += ((cosine > 0.3) & (free < -2.0)).sum()
        sure &= (np.abs(cosine - 0.15) > 0.05) & (np.abs(free) > 2.0)
    seen = visibility(mesh, views, SEEN)
    assert seen.views.dtype == np.uint8 and seen.color is None
    assert hidden > 1000 and sure.mean() > 0.6
    np.testing.assert_array_equal(seen.views[sure], expected[sure])


def test_a_view_does_not_see_what_lies_off_its_surface() -> None:
    view = posed_sphere(look_at(np.array([0.0, 0.0, 400.0]), np.zeros(3)), np.zeros(3), RADIUS, CAMERA)
    facing = ball(np.zeros(3)).vertices[:, 2] > 0.8 * RADIUS
    for off, sees in ((0.0, True), (2.0, True), (-2.0, True), (4.0, False), (-4.0, False)):
        shape = ball(np.zeros(3))
        mesh = Mesh(shape.vertices * (1.0 + off / RADIUS), shape.faces)
        assert (visibility(mesh, [view], SEEN).views[facing] == sees).all()


def test_counts_stop_at_255() -> None:
    view = posed_sphere(look_at(np.array([0.0, 0.0, 400.0]), np.zeros(3)), np.zeros(3), RADIUS, CAMERA)
    mesh = ball(np.zeros(3))
    few, many = visibility(mesh, [view] * 3, SEEN).views, visibility(mesh, [view] * 300, SEEN).views
    np.testing.assert_array_equal(np.where(few > 0, 255, 0), many)


# -------------------------------------------------------------------------------------------------------- colours

_SKIN, _PEN, _LINE_MM = 200.0, 20.0, 2.5
_NARROW = replace(CAMERA, width=160, height=140, cx=81.6, cy=70.6)


def painted(T_scan_camera: FloatArray) -> FloatArray:
    """Return (H, W) what a camera sees of a sphere with a line of pen round its equator: 5 x 5 samples in a pixel."""
    fine = replace(
        _NARROW, width=5 * _NARROW.width, height=5 * _NARROW.height, fx=5 * _NARROW.fx, fy=5 * _NARROW.fy,
        cx=5 * _NARROW.cx + 2.0, cy=5 * _NARROW.cy + 2.0,
    )  # fmt: skip
    depth = posed_sphere(T_scan_camera, np.zeros(3), RADIUS, fine).depth_mm
    points = transform(T_scan_camera, (rays(fine) * depth[..., None]).reshape(-1, 3))
    shade = np.where(np.abs(points[:, 2]) < _LINE_MM / 2.0, _PEN, _SKIN)
    return np.asarray(shade.reshape(_NARROW.height, 5, _NARROW.width, 5).mean(axis=(1, 3)))


def test_a_line_of_pen_stays_readable() -> None:
    """Six hand-held views from 380 mm, some of them slanting; poses off by 0.4 mm, depth by 0.5 mm."""
    rng = np.random.default_rng(0)
    views = []
    for azimuth, height in zip(np.radians([-50, -30, -10, 10, 30, 50]), (40, 250, 120, 20, 300, 180), strict=True):
        eye = 380.0 * np.array([np.cos(azimuth), np.sin(azimuth), height / 380.0])
        true = look_at(eye, np.zeros(3), 0.3 * float(rng.normal()))
        view = posed_sphere(true, np.zeros(3), RADIUS, _NARROW)
        noisy = np.where(view.depth_mm > 0.0, view.depth_mm + 0.5 * rng.normal(size=view.depth_mm.shape), 0.0)
        color = np.repeat(painted(true)[..., None], 3, axis=2).astype(np.uint8)
        wrong = rigid(rotation_about(rng.normal(size=3), 0.001), 0.4 * rng.normal(size=3)) @ true
        views.append(PosedView(noisy.astype(np.float32), view.normals, _NARROW, wrong, color))
    mesh = fused(views, 1.0, min_views=2)
    color = visibility(mesh, views, SEEN).color
    assert color is not None and color.dtype == np.uint8
    front = mesh.vertices[:, 0] > 0.7 * RADIUS
    line = front & (np.abs(mesh.vertices[:, 2]) < 0.5)
    beside = front & (np.abs(mesh.vertices[:, 2]) > 6.0)
    contrast = (np.median(color[beside]) - np.median(color[line])) / (_SKIN - _PEN)
    assert 0.5 < contrast < 1.05
    assert np.median(color[beside]) == pytest.approx(_SKIN, abs=2.0)
    np.testing.assert_array_equal(color[:, 0], color[:, 2])


def test_near_and_frontal_views_decide_the_colour() -> None:
    """A red view from the front at 250 mm, a blue one from the front at 500 mm, a blue one from the side."""
    red, blue = np.zeros((480, 640, 3), dtype=np.uint8), np.zeros((480, 640, 3), dtype=np.uint8)
    red[..., 0], blue[..., 2] = 250, 250
    eyes = [np.array([250.0, 0.0, 0.0]), np.array([500.0, 0.0, 0.0]), np.array([120.0, 220.0, 0.0])]
    views = [
        replace(posed_sphere(look_at(eye, np.zeros(3)), np.zeros(3), RADIUS, CAMERA), color=color)
        for eye, color in zip(eyes, (red, blue, blue), strict=True)
    ]
    mesh = ball(np.zeros(3))
    color = visibility(mesh, views, SEEN).color
    assert color is not None
    frontal = mesh.vertices[:, 0] > 0.95 * RADIUS
    assert color[frontal, 0].min() > 200
    assert (color[(mesh.vertices[:, 0] < -0.5 * RADIUS) & (mesh.vertices[:, 1] < 0.0)] == 128).all()  # nobody saw it
    assert visibility(mesh, [views[0], replace(views[1], color=None)], SEEN).color is None


@pytest.mark.parametrize("axis", [0, 1])
def test_a_colour_is_that_of_the_pixel_a_vertex_falls_into(axis: int) -> None:
    coarse = Intrinsics(60, 50, 150.0, 150.0, 31.3, 22.7)  # pixels of 2 mm
    T = rigid(np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 300.2]))
    color = np.zeros((50, 60, 3), dtype=np.uint8)
    color[(slice(None), slice(30, None)) if axis == 0 else slice(20, None)] = 250
    view = replace(posed_plane(T, np.array([0.0, 0.0, 1.0]), 0.2, coarse), color=color)
    mesh = fused([view], 0.5)
    found = visibility(mesh, [view], SEEN).color
    assert found is not None
    border = (29.5 - 31.3) * 2.0 if axis == 0 else -(19.5 - 22.7) * 2.0
    beyond = (mesh.vertices[:, axis] > border) == (axis == 0)
    np.testing.assert_array_equal(found[:, 0], np.where(beyond, 250, 0))
