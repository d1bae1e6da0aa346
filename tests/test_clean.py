"""Cutting the foot out of simulated recordings: the floor, the foot, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from clutter import Shown, kept_depth, show
from recordings import cleaned, leg, recorded, textbook, true_points, with_frames
from scipy import ndimage

from scanproc.artifacts import CloudFrame, DepthFrame, Mesh, Recording
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, inverse, rotate, transform
from scanproc.open3d_bridge import RayScene
from scanproc.simulation import bodies
from scanproc.simulation.simulate import simulate
from scanproc.stages.clean import CleanConfig, clean

UNDER_THE_FOOT = np.array([[0.0, 0.0, 0.0], [240.0, 0.0, 0.0], [120.0, 50.0, 0.0], [120.0, -50.0, 0.0]])


def points_of(frame: DepthFrame) -> FloatArray:
    """Return the measured points of a frame, (N, 3) mm, camera frame."""
    v, u = np.nonzero(frame.depth)
    z = frame.depth[v, u] * frame.depth_unit_mm
    lens = frame.intrinsics
    return np.column_stack([(u - lens.cx) / lens.fx * z, (v - lens.cy) / lens.fy * z, z])


def judged(name: str, index: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return of all measured pixels: whether they were kept, their points in the mesh frame, their distance from it."""
    frame = recorded(name).recording.frames[index]
    assert isinstance(frame, DepthFrame)
    pixels, points = true_points(name, index)
    kept = kept_depth(cleaned(name).views[index], frame)[pixels[:, 0], pixels[:, 1]] > 0
    return kept, points, RayScene(leg()).closest(points).distance


@pytest.mark.parametrize("name", ["standing", "turntable"])
def test_the_floor_is_found_in_every_view(name: str) -> None:
    for view, true in zip(cleaned(name).views, recorded(name).views, strict=True):
        assert view.floor is not None, view.name
        normal = rotate(true.T_mesh_camera, view.floor.normal[None])[0]
        assert np.degrees(np.arccos(min(normal[2], 1.0))) < 0.1, view.name
        heights = view.floor.heights(transform(inverse(true.T_mesh_camera), UNDER_THE_FOOT))
        assert np.abs(heights).max() < 0.3, view.name


@pytest.mark.few(2)
@pytest.mark.parametrize("unit_mm", [0.1, 1.0])
@pytest.mark.parametrize("camera", ["d405", "d415", "d435"])
def test_the_tilt_of_the_floor_is_as_uncertain_as_it_says(camera: str, unit_mm: float) -> None:
    """Its noise is alike over 7 pixels, and comes in steps of the disparity and of the depth unit."""
    settings = {"path": "hand-held", "camera": camera, "views": 6, "depth_unit_mm": unit_mm, "image_scale": 0.5}
    simulation = simulate(leg(), textbook(**settings))
    ratios = []
    for view, true in zip(clean(simulation.recording, CleanConfig()).views, simulation.views, strict=True):
        assert view.floor is not None
        assert view.floor_tilt_sd_deg is not None
        normal = rotate(true.T_mesh_camera, view.floor.normal[None])[0]
        ratios.append(np.degrees(np.arccos(min(normal[2], 1.0))) / view.floor_tilt_sd_deg)
        assert view.floor_tilt_sd_deg < 0.06
    assert max(ratios) < 3.0
    assert np.sqrt(np.mean(np.square(ratios))) > 0.4  # not padded either


@pytest.mark.parametrize("name", ["standing", "turntable"])
def test_the_foot_is_kept_and_the_floor_is_not(name: str) -> None:
    shares = []
    for index, view in enumerate(cleaned(name).views):
        kept, points, distance = judged(name, index)
        foot = (distance < 2.0) & (points[:, 2] > 6.0) & (points[:, 2] < 250.0)
        shares.append(kept[foot].mean())
        floor = (np.abs(points[:, 2]) < 4.0) & (distance > 4.0)
        assert kept[floor].mean() < 1e-3, view.name
        stray = kept & (distance > 8.0) & (points[:, 2] < 290.0)
        assert stray.sum() < 0.002 * kept.sum(), view.name
        assert view.floor is not None
        v, u = np.nonzero(view.depth_mm)
        z = view.depth_mm[v, u]
        camera = view.intrinsics
        seen = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
        assert view.floor.heights(seen).min() > 0.0
        assert view.floor.heights(seen).max() < 350.0
    # A turntable's camera looks flatter, at pixels of 1.7 mm: more of them hang at an edge.
    assert np.median(shares) > (0.97 if name == "standing" else 0.94)
    assert min(shares) > (0.95 if name == "standing" else 0.92)


def test_a_floor_far_below_a_raised_foot_is_removed() -> None:
    """It is 300 mm below the sole; the leg goes on to where the image ends."""
    for index, view in enumerate(cleaned("over a floor").views):
        assert view.floor is None
        kept, points, distance = judged("over a floor", index)
        assert not kept[points[:, 2] < -100.0].any()
        assert kept[(distance < 2.0) & (points[:, 2] < 100.0)].mean() > 0.9
        assert (kept & (distance > 10.0) & (points[:, 2] < 290.0)).sum() < 0.005 * kept.sum()


def test_normals_are_those_of_the_foot() -> None:
    scene = RayScene(leg())
    for view, true in zip(cleaned("standing").views, recorded("standing").views, strict=True):
        v, u = np.nonzero(view.depth_mm)
        z = view.depth_mm[v, u]
        camera = view.intrinsics
        points = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
        closest = scene.closest(transform(true.T_mesh_camera, points))
        a, b, c = (leg().vertices[leg().faces[closest.face][:, i]] for i in range(3))
        truth = rotate(inverse(true.T_mesh_camera), np.cross(b - a, c - a))
        truth /= np.linalg.norm(truth, axis=1)[:, None]
        normals = view.normals[v, u].astype(np.float64)
        known = (np.linalg.norm(normals, axis=1) > 0.5) & (closest.distance < 3.0)
        angles = np.degrees(np.arccos(np.clip(np.einsum("ij,ij->i", normals, truth)[known], -1.0, 1.0)))
        assert known.mean() > 0.6
        assert np.median(angles) < 15.0  # at half the pixels, 1 mm of noise in a window of 9 mm


def test_the_silhouette_holds_the_foot_and_ends_soon_after_it() -> None:
    """Beside the foot it ends where floor was measured; where nothing was measured beside the foot it goes on."""
    for view, frame in zip(cleaned("standing").views, recorded("standing").recording.frames, strict=True):
        assert isinstance(frame, DepthFrame)
        assert view.silhouette[view.depth_mm > 0].all()
        around = ~ndimage.binary_dilation(view.depth_mm > 0, iterations=12)
        row, column = round(frame.intrinsics.cy - view.intrinsics.cy), round(frame.intrinsics.cx - view.intrinsics.cx)
        height, width = view.depth_mm.shape
        depth_mm = frame.depth[row : row + height, column : column + width] * frame.depth_unit_mm
        measured = (depth_mm > 70.0) & (depth_mm < 900.0)
        solid_floor = around & ndimage.binary_erosion(measured, iterations=9, border_value=1)
        assert view.silhouette[solid_floor].mean() < 0.05  # but for what was taken for flying


def test_the_camera_did_not_look_past_a_foot_where_something_else_is() -> None:
    """What lies beyond the toes of a raised foot may be its shin, though nothing is measured between the two."""
    room = [
        ndimage.distance_transform_edt(view.depth_mm == 0)[16:-16, 16:-16].max() for view in cleaned("raised").views
    ]
    index = int(np.argmax(room))
    far, frame = cleaned("raised").views[index], recorded("raised").recording.frames[index]
    assert isinstance(frame, DepthFrame)
    row, column = round(frame.intrinsics.cy - far.intrinsics.cy), round(frame.intrinsics.cx - far.intrinsics.cx)
    from_foot = ndimage.distance_transform_edt(far.depth_mm == 0)
    v, u = np.unravel_index(np.argmax(from_foot[16:-16, 16:-16]), np.subtract(from_foot.shape, 32))
    patch = np.zeros(from_foot.shape, np.bool_)
    patch[v : v + 33, u : u + 33] = True
    assert patch.sum() > 0.06 * np.count_nonzero(far.depth_mm)  # no crumb
    assert from_foot[patch].min() > 12.0  # of which the margin round the foot reaches over 8

    depth = frame.depth.astype(np.float64)
    height, width = patch.shape
    depth[row : row + height, column : column + width][patch] = (far.depth_mm.max() + 150.0) / frame.depth_unit_mm
    view = clean(with_frames("raised", {index: depth}), CleanConfig()).views[index]
    assert not view.depth_mm[patch].any()
    assert view.silhouette[patch].all()
    assert not far.silhouette[patch].any()
    beside = ndimage.binary_dilation(patch, iterations=12) | (from_foot <= 12.0)
    np.testing.assert_array_equal(view.silhouette[~beside], far.silhouette[~beside])


def test_counts_go_down_filter_by_filter() -> None:
    for view in cleaned("standing").views:
        counts = list(view.counts.values())
        assert counts == sorted(counts, reverse=True)
        assert list(view.counts)[-1] == "not grazing"
        assert counts[-1] == (view.depth_mm > 0).sum()


def test_clouds_are_cut_like_images() -> None:
    """The same views as loose points, shuffled: as much foot and the same floor."""
    rng = np.random.default_rng(0)
    frames = []
    for frame in recorded("standing").recording.frames[:1]:
        assert isinstance(frame, DepthFrame)
        v, u = np.nonzero(frame.depth)
        z = frame.depth[v, u] * frame.depth_unit_mm
        camera = frame.intrinsics
        points = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
        order = rng.permutation(len(points))
        colors = np.column_stack([u, v, np.zeros(len(u))]).astype(np.uint8)
        frames.append(CloudFrame(frame.name, points[order], colors[order]))
    for view, image in zip(
        clean(Recording(tuple(frames)), CleanConfig()).views, cleaned("standing").views, strict=False
    ):
        assert view.floor is not None
        assert image.floor is not None
        assert np.degrees(np.arccos(min(view.floor.normal @ image.floor.normal, 1.0))) < 0.1
        area = [(one.depth_mm**2).sum() / one.intrinsics.fx**2 for one in (view, image)]
        assert area[0] == pytest.approx(area[1], rel=0.1)
        assert view.color is not None
        assert view.color.shape == (*view.depth_mm.shape, 3)


@cache
def pair_on_a_turntable() -> Shown:
    both = bodies.joined(*bodies.standing_pair(leg(), 80.0, 6.0))
    feet = Mesh(both.vertices - [0.0, both.vertices[:, 1].mean(), 0.0], both.faces)
    return show({"foot": feet}, {}, "turntable", "d435", 470.0, scale=0.6)


@pytest.mark.parametrize("arrangement", ["pixels", "loose", "thinned"])
def test_clouds_of_a_pair_without_a_floor_are_kept_whole(arrangement: str) -> None:
    """A turntable with steps of 45 deg, the floor already cut away by a program: nothing is mistaken for one."""
    shown = pair_on_a_turntable()
    rng = np.random.default_rng(0)
    frames, areas = [], []
    for frame, T in zip(shown.recording.frames, shown.T_room_camera, strict=True):
        assert isinstance(frame, DepthFrame)
        points = points_of(frame)
        height = transform(T, points)[:, 2]
        points = points[(height > 3.0) & (height < 280.0)]
        areas.append((points[:, 2] ** 2).sum() / frame.intrinsics.fx**2)
        if arrangement != "pixels":
            points = points + rng.normal(scale=0.3, size=points.shape)
        if arrangement == "thinned":
            points = points[np.unique((points / 2.0).astype(int), axis=0, return_index=True)[1]]
        frames.append(CloudFrame(frame.name, rng.permutation(points)))
    for view, area in zip(clean(Recording(tuple(frames)), CleanConfig()).views, areas, strict=True):
        assert view.floor is None
        kept = (view.depth_mm.astype(float) ** 2).sum() / view.intrinsics.fx**2
        assert 0.86 * area < kept < 1.05 * area  # the rest is flying or grazing


def test_the_counts_of_every_view_are_told_to_who_asks(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="scanproc"):
        clean(Recording(recorded("standing").recording.frames[:2]), CleanConfig())
    lines = [record.getMessage() for record in caplog.records if record.name == "scanproc.stages.clean"]
    assert [line.split(":")[1] for line in lines] == [" view 000000", " view 000001", " 2 views, points"]
    for line in lines:
        assert re.search(r"recorded [\d,]+ → in range [\d,]+ → no flying pixels [\d,]+ → .* → not grazing [\d,]+", line)


def test_a_blank_view_is_left_blank_and_the_others_as_they_are() -> None:
    frame = recorded("standing").recording.frames[1]
    assert isinstance(frame, DepthFrame)
    views = clean(with_frames("standing", {1: np.zeros(frame.depth.shape)}), CleanConfig()).views
    assert not views[1].depth_mm.any()
    assert views[1].name == frame.name
    np.testing.assert_array_equal(views[2].depth_mm, cleaned("standing").views[2].depth_mm)


@pytest.mark.parametrize("factor", [0.0, 0.01, 100.0])
def test_a_recording_without_anything_in_range_is_refused(factor: float) -> None:
    frames = []
    for frame in recorded("standing").recording.frames[:2]:
        assert isinstance(frame, DepthFrame)
        frames.append(replace(frame, depth_unit_mm=frame.depth_unit_mm * factor))
    with pytest.raises(ScanError, match=r"no view holds a point between 70 and 900 mm; expected .* depth_unit_mm"):
        clean(Recording(tuple(frames)), CleanConfig())


@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_same_recording_gives_the_same_bytes_with_any_number_of_workers(
    workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cleaned("standing")
    monkeypatch.setenv("SCANPROC_WORKERS", workers)
    again = clean(recorded("standing").recording, CleanConfig())
    for one, two in zip(first.views, again.views, strict=True):
        assert one.depth_mm.tobytes() == two.depth_mm.tobytes()
        assert one.normals.tobytes() == two.normals.tobytes()
        assert one.silhouette.tobytes() == two.silhouette.tobytes()
        assert one.floor_tilt_sd_deg == two.floor_tilt_sd_deg
        assert one.floor is not None
        assert two.floor is not None
        assert one.floor.normal.tobytes() == two.floor.normal.tobytes()
        assert one.floor.offset_mm == two.floor.offset_mm
