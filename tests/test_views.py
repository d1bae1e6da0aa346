"""Pictures: what is drawn lies where the geometry says, in the colours of the legend, the same bytes each time."""

from __future__ import annotations

import ctypes
import io
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from scanproc import views
from scanproc.artifacts import (
    ByteArray,
    CleanView,
    CleanViews,
    Feet,
    Foot,
    FootMeasures,
    Insole,
    Insoles,
    Intrinsics,
    Landmark,
    Measure,
    Measures,
    Mesh,
    ReadGeometry,
    Registration,
    Surface,
    ViewPose,
)
from scanproc.errors import ScanError
from scanproc.frames import rigid, rotation_about
from scanproc.views.canvas import Canvas
from scanproc.views.colors import BLUES, CLAY, GREY, ORANGE, VIRIDIS, colors_of
from scanproc.views.render import Studio
from scanproc.views.scene import ABOVE, BELOW, REAR, Label, Scene, Shot, Skin, lateral, medial, vertex_normals
from scanproc.views.sheet import Panel, develop
from scanproc.views.shell import wall_thickness

try:
    ctypes.CDLL("libEGL.so.1")
except OSError:  # other systems have a display
    if sys.platform == "linux":
        pytest.skip("libEGL.so.1 is not installed: no pictures can be drawn here", allow_module_level=True)

LOOK = views.Look(pixels_per_mm=2.0, text_px=16)


def drawn(shot: Shot) -> Panel:
    with Studio() as studio:
        return develop(shot, LOOK, studio)


def box(size: tuple[float, float, float], low: tuple[float, float, float], cells: int = 8) -> Mesh:
    """A closed box of `size` mm whose least corner is `low`; its upper and lower sides are grids of cells."""
    x, y = np.meshgrid(np.linspace(0, 1, cells + 1), np.linspace(0, 1, cells + 1), indexing="ij")
    flat = np.stack([x.ravel(), y.ravel()], axis=1)
    unit = np.concatenate([np.column_stack([flat, np.full(len(flat), z)]) for z in (1.0, 0.0)])
    index = np.arange(len(flat)).reshape(cells + 1, cells + 1)
    a, b, c, d = (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:])
    top = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    rim = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    after, below = np.roll(rim, -1), len(flat)
    side = np.concatenate([np.stack([rim, rim + below, after + below], 1), np.stack([rim, after + below, after], 1)])
    faces = np.concatenate([top, top[:, ::-1] + below, side]).astype(np.int32)
    return Mesh(unit * size + np.array(low), faces)


def brick_foot(side: str = "left", seen: bool = True) -> Foot:
    """A foot of 240 x 90 x 60 mm; unseen from below if not `seen`."""
    mesh = box((240.0, 90.0, 60.0), (0.0, -45.0, 0.0))
    counts = np.full(len(mesh.vertices), 5, dtype=np.uint8)
    if not seen:
        counts[mesh.vertices[:, 2] == 0.0] = 0
    landmarks = {
        "pternion": Landmark(np.array([0.0, 0.0, 20.0]), "auto", 0.99),
        "metatarsale_tibiale": Landmark(np.array([170.0, -45.0, 20.0]), "auto", 0.95),
        "metatarsale_fibulare": Landmark(np.array([150.0, 45.0, 20.0]), "edited", 0.95),
    }
    return Foot(side, 0.98, "floor", np.eye(4), mesh, counts, landmarks)  # type: ignore[arg-type]


def brick_measures() -> Measures:
    """Measures of the brick foot, with what they were read from."""

    def line(*ends: tuple[float, float, float]) -> ReadGeometry:
        return ReadGeometry(lines={"dimension": np.array(ends)})

    arch = np.array([[80.0, -20.0, 0.0], [100.0, -20.0, 0.0], [140.0, -20.0, 0.0]])
    width = {
        "dimension": np.array([[160.0, 45.0, 0.0], [160.0, -45.0, 0.0]]),
        "to the metatarsale_tibiale": np.array([[160.0, -45.0, 0.0], [170.0, -45.0, 20.0]]),
    }
    heel = {"heel line": np.array([[20.0, 0.0, 3.0], [20.0, 0.0, 62.0]])}
    tape = {"over the foot": np.array([[120.0, 45.0, 0.0], [120.0, 0.0, 60.0], [120.0, -45.0, 0.0]])}
    below = line((170.0, 0.0, -7.0), (0.0, 0.0, -7.0))
    apex = replace(line((100.0, -20.0, 0.0), (100.0, -20.0, 0.0)), curves={"arch line": arch})
    found = {
        "foot_length_mm": Measure(240.0, 0.4, "measured", geometry=line((240.0, 53.0, 0.0), (0.0, 53.0, 0.0))),
        "foot_width_mm": Measure(90.0, 0.3, "measured", geometry=ReadGeometry(lines=width)),
        "heel_width_mm": Measure(90.0, 0.3, "measured", geometry=line((38.4, 45.0, 0.0), (38.4, -45.0, 0.0))),
        "instep_girth_mm": Measure(240.0, 0.3, "measured", geometry=ReadGeometry(curves=tape)),
        "dorsum_height_mm": Measure(60.0, None, "measured", geometry=line((120.0, 0.0, 0.0), (120.0, 0.0, 60.0))),
        "truncated_foot_length_mm": Measure(170.0, 0.5, "measured", geometry=below),
        "plantar_arch_height_mm": Measure(0.0, 0.5, "inferred", "the sole was invented", geometry=apex),
        "heel_angle_deg": Measure(0.0, 1.0, "measured", geometry=ReadGeometry(lines=heel)),
        "leg_angle_deg": Measure(None, None, "refused", "no leg was scanned"),
        "ball_girth_mm": Measure(230.0, 1.0, "measured"),  # of an older version, which kept no geometry
    }
    return Measures((FootMeasures("left", "standing", "floor", found),))


def one_view(name: str = "000000", blank: bool = False) -> CleanView:
    depth = np.zeros((40, 60), dtype=np.float32)
    normals = np.zeros((40, 60, 3), dtype=np.float16)
    if not blank:
        depth[10:30, 15:45] = 400.0
        normals[10:30, 15:45, 2] = -1.0
    lens = Intrinsics(60, 40, 100.0, 100.0, 29.5, 19.5)
    return CleanView(name, depth, normals, depth > 0, lens, None, {"recorded": 2400, "foot": 600})


def two_views() -> tuple[CleanViews, Registration]:
    poses = (
        ViewPose("000000", True, None, 0.4, rigid(np.eye(3), np.zeros(3))),
        ViewPose("000001", False, "overlap 0.12 < register.min_overlap 0.30"),
    )
    return CleanViews((one_view(), one_view("000001", blank=True))), Registration(poses, False)


def inked(pixels: ByteArray) -> ByteArray:
    """Return the least rectangle (top, bottom, left, right) that holds all that is not white."""
    dark = pixels.min(axis=2) < 200
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return np.array([rows[0], rows[-1] + 1, columns[0], columns[-1] + 1])


@pytest.mark.parametrize(
    ("look", "up", "width_mm", "height_mm"),
    [
        (*ABOVE, 90.0, 240.0),
        (*BELOW, 90.0, 240.0),
        (*REAR, 90.0, 60.0),
        (*medial(-1.0), 240.0, 60.0),
        (*lateral(1.0), 240.0, 60.0),
    ],
)
def test_a_body_has_its_size_in_pixels(look: np.ndarray, up: np.ndarray, width_mm: float, height_mm: float) -> None:
    mesh = box((240.0, 90.0, 60.0), (0.0, -45.0, 0.0))
    scene = Scene((Skin(mesh, np.tile(np.array([90, 60, 60], np.uint8), (len(mesh.vertices), 1))),))
    pixels = drawn(Shot("", scene, look, up, scale_bar=0.0)).pixels
    top, bottom, left, right = inked(pixels)
    assert bottom - top == pytest.approx(2.0 * height_mm, abs=2.0)
    assert right - left == pytest.approx(2.0 * width_mm, abs=2.0)
    assert top == pytest.approx(12, abs=2) and left == pytest.approx(12, abs=2)  # the border of 6 mm


def test_scale_bar_is_as_long_as_it_says() -> None:
    mesh = box((240.0, 90.0, 60.0), (0.0, -45.0, 0.0))
    scene = Scene((Skin(mesh, np.full((len(mesh.vertices), 3), 255, np.uint8)),))
    pixels = drawn(Shot("", scene, *medial(-1.0), scale_bar=50.0)).pixels
    line = pixels[-LOOK.text_px]  # the bar is in the middle of the two text lines at the bottom
    dark = np.flatnonzero(line.max(axis=1) < 120)
    run = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)[0]  # the bar; its text comes after a gap
    assert len(run) == pytest.approx(100, abs=3)


@pytest.mark.parametrize(("side", "medial_is_right"), [("left", True), ("right", False)])
def test_from_above_medial_is_on_the_other_feet_side(side: str, medial_is_right: bool) -> None:
    foot = brick_foot(side)
    toward = foot.mesh.vertices[:, 1] * foot.medial_y > 40.0
    color = np.where(toward[:, None], np.array([[200, 0, 0]]), np.array([[0, 0, 200]])).astype(np.uint8)
    pixels = drawn(Shot("", Scene((Skin(foot.mesh, color),)), *ABOVE, scale_bar=0.0)).pixels.astype(int)
    red = np.flatnonzero((pixels[..., 0] > pixels[..., 2] + 50).any(axis=0)).mean()
    assert bool(red > pixels.shape[1] / 2) is medial_is_right


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("towards", ["medial", "lateral"])
def test_from_the_side_the_foot_stands_and_the_right_side_faces_us(side: str, towards: str) -> None:
    foot = brick_foot(side)
    ours = foot.medial_y if towards == "medial" else -foot.medial_y
    parts = foot.mesh.vertices[:, 1] * ours > 0, foot.mesh.vertices[:, 2] > 30.0, foot.mesh.vertices[:, 0] > 120.0
    color = (np.stack(parts, axis=1) * 255).astype(np.uint8)  # red: our side, green: the upper half, blue: the toes
    shown = medial(foot.medial_y) if towards == "medial" else lateral(foot.medial_y)
    pixels = drawn(Shot("", Scene((Skin(foot.mesh, color),)), *shown, scale_bar=0.0)).pixels.astype(int)
    inner = pixels[20:-20, 20:-20]
    rows, columns = len(inner), inner.shape[1]
    assert inner[..., 0].min() > 100  # all of it is our side
    assert inner[: rows // 4, :, 1].min() > 100 and inner[-rows // 4 :, :, 1].max() < 100
    toes_right = (side == "left") == (towards == "medial")
    right = inner[:, -columns // 4 :, 2].mean() > inner[:, : columns // 4, 2].mean()
    assert bool(right) is toes_right


def test_labels_lead_to_their_points_and_texts_do_not_overlap() -> None:
    mesh = box((240.0, 90.0, 60.0), (0.0, -45.0, 0.0))
    skin = Skin(mesh, np.full((len(mesh.vertices), 3), 255, np.uint8))
    plain = drawn(Shot("", Scene((skin,)), *ABOVE, scale_bar=0.0)).pixels
    labels = tuple(Label(f"point {i}", np.array([200.0 + i, 30.0, 60.0]), "12.3 mm") for i in range(4))
    labelled = drawn(Shot("", Scene((skin,), labels=labels), *ABOVE, scale_bar=0.0)).pixels
    assert labelled.shape[1] > plain.shape[1] + 4 * LOOK.text_px  # a margin for them, on one side only
    margin = labelled[:, : labelled.shape[1] - plain.shape[1]]
    rows = (margin.min(axis=2) < 120).any(axis=1)
    blocks = np.count_nonzero(np.diff(rows.astype(int)) == 1)
    assert 4 <= blocks <= 12  # eight lines of text at four places; all in one place would be one or two


def test_unseen_parts_are_orange_and_the_sole_shows_them() -> None:
    def share(foot: Foot) -> float:
        sole = {panel.title: panel for panel in views.panels(Feet((foot,)), look=LOOK)}["Sole"].pixels.astype(int)
        return float(((sole[..., 0] - sole[..., 2] > 60) & (sole[..., 0] > 120)).mean())

    assert share(brick_foot(seen=False)) > 0.25
    assert share(brick_foot(seen=True)) < 0.01


def test_a_leg_is_cut_away_in_the_view_from_above() -> None:
    foot, leg = brick_foot(), box((40.0, 40.0, 300.0), (0.0, -20.0, 0.0))
    joined = Mesh(
        np.concatenate([foot.mesh.vertices, leg.vertices]),
        np.concatenate([foot.mesh.faces, leg.faces + len(foot.mesh.vertices)]).astype(np.int32),
    )
    color = np.full((len(joined.vertices), 3), 128, np.uint8)
    color[joined.vertices[:, 2] > 90.0] = (255, 0, 0)
    shot = Shot("", Scene((Skin(joined, color),)), *ABOVE, below_mm=90.0, scale_bar=0.0)
    pixels = drawn(shot).pixels.astype(int)
    assert not (pixels[..., 0] - pixels[..., 1] > 150).any()  # the red end of the leg is gone


def test_colours_follow_the_map_and_stop_at_its_ends() -> None:
    ends = colors_of(np.array([-5.0, 0.0, 10.0, 99.0]), 0.0, 10.0)
    dark, bright = (tuple(int(step[i : i + 2], 16) for i in (0, 2, 4)) for step in (VIRIDIS[0], VIRIDIS[-1]))
    assert [tuple(color) for color in ends.tolist()] == [dark, dark, bright, bright]
    for steps in (VIRIDIS, BLUES):
        ramp = colors_of(np.linspace(0, 1, 50), 0, 1, steps).astype(float) @ [0.299, 0.587, 0.114]
        rising = np.diff(ramp) * np.sign(ramp[-1] - ramp[0])
        assert (rising > 0).all()  # also readable in grey


def test_normals_of_a_box_point_outwards() -> None:
    mesh = box((2.0, 2.0, 2.0), (-1.0, -1.0, -1.0))
    normals = vertex_normals(mesh)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0)
    assert ((normals * mesh.vertices).sum(axis=1) > 0.5).all()


@pytest.mark.parametrize("thickness_mm", [1.5, 3.0])
def test_wall_of_a_plate_is_its_thickness(thickness_mm: float) -> None:
    plate = box((150.0, 70.0, thickness_mm), (5.0, -35.0, 0.0))
    np.testing.assert_allclose(wall_thickness(plate), thickness_mm, atol=1e-4)


def test_every_artifact_has_a_picture_and_the_same_bytes_twice() -> None:
    clean, registration = two_views()
    foot = brick_foot()
    plate = box((150.0, 70.0, 3.0), (5.0, -35.0, -3.0))
    outline = np.array([[5.0, -35.0], [155.0, -35.0], [155.0, 35.0], [5.0, 35.0]])
    surface = Surface(foot.mesh, foot.views, True, np.tile(np.array(CLAY, np.uint8), (len(foot.views), 1)))
    insoles = Insoles((Insole("left", plate, outline, ()),))
    feet = Feet((foot,))
    for artifact in (clean, registration, surface, feet, brick_measures(), insoles):
        first = views.picture(artifact, (clean, feet), LOOK)
        image = Image.open(io.BytesIO(first))
        assert image.format == "PNG" and image.width > 200 and image.height > 100
        assert np.asarray(image).std() > 5.0
        assert first == views.picture(artifact, (clean, feet), LOOK)


def test_refused_measures_are_not_drawn_and_inferred_ones_say_so() -> None:
    shots = views.PICTURES[Measures](brick_measures(), views.Beside(feet=Feet((brick_foot(),))))
    labels = {label.name: label.value for shot in shots if isinstance(shot, Shot) for label in shot.scene.labels}
    assert labels["foot length"] == "240.0 ± 0.4 mm" and labels["dorsum height"] == "60.0 mm"
    assert labels["plantar arch height"].endswith("(inferred)")
    assert labels["heel line"] == "0.0 ± 1.0° valgus" and "leg line" not in labels
    assert "instep girth" in labels and "ball girth" not in labels


def test_dimension_lines_are_as_long_as_their_values() -> None:
    shots = views.PICTURES[Measures](brick_measures(), views.Beside(feet=Feet((brick_foot(),))))
    lines = [line for shot in shots if isinstance(shot, Shot) for line in shot.scene.lines if line.ticks]
    lengths = sorted(float(np.linalg.norm(line.points[1] - line.points[0])) for line in lines)
    assert lengths == pytest.approx([0.0, 60.0, 90.0, 90.0, 170.0, 240.0], abs=1e-3)


def drawn_lines(measures: Measures) -> list[tuple[str, list[Any]]]:
    """Return the points of all lines of the pictures of measures, by picture, but for the ground's."""
    shots = views.PICTURES[Measures](measures, views.Beside(feet=Feet((brick_foot(),))))
    return [
        (shot.title, line.points.tolist())
        for shot in shots
        if isinstance(shot, Shot)
        for line in shot.scene.lines
        if line.color != GREY
    ]


def test_pictures_draw_what_was_read_where_it_was_read() -> None:
    """Every line comes from a measure's geometry, to the last digit: moved there, it moves in the picture."""
    whole = brick_measures()
    shift = np.array([3.0, -2.0, 1.0])
    for name, measure in whole.feet[0].measures.items():
        if measure.geometry is None:
            continue
        moved = ReadGeometry(
            *({key: at + shift for key, at in getattr(measure.geometry, kind).items()} for kind in ("points", "lines")),
            curves={key: at + shift for key, at in measure.geometry.curves.items()},
        )
        found = {**whole.feet[0].measures, name: replace(measure, geometry=moved)}
        before, after = drawn_lines(whole), drawn_lines(Measures((replace(whole.feet[0], measures=found),)))
        other = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert other, name
        for (title, old), (same_title, new) in other:
            assert title == same_title
            assert np.array(new) == pytest.approx(np.array(old) + shift, abs=1e-9)
        known = [at.tolist() for kind in (moved.lines, moved.curves) for at in kind.values()]
        for _, (_, new) in other:
            assert new in known or all(part in known for part in new)


def test_views_without_points_have_a_blank_thumbnail_and_no_scan_has_no_picture() -> None:
    clean, _ = two_views()
    first, second, legend = views.panels(clean, look=LOOK)
    assert first.title == "000000: 600 px" and first.pixels.std() > 20.0
    assert second.title == "000001: 0 px" and (second.pixels == 255).all()
    assert "camera" in legend.title
    rejected = Registration((ViewPose("000000", False, "too few points"),), False)
    with pytest.raises(ScanError, match="nothing to draw of registration"):
        views.picture(rejected)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is a display")
def test_a_window_needs_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(ScanError, match=r"no display .* --screenshot"):
        Canvas("demo", (400, 300), 100)


def test_where_nobody_knows_what_is_up_nothing_is_cut_off() -> None:
    """A raised foot lies anyhow in its scan frame: cut "above the ankle", dorsum and toes were gone."""
    foot, (clean, registration) = brick_foot(), two_views()
    lying, standing = (Surface(foot.mesh, foot.views, floor) for floor in (False, True))

    def shots(artifact: Surface | Registration, **beside: Any) -> list[Shot]:
        found = views.PICTURES[type(artifact)](artifact, views.Beside(**beside))
        return [shot for shot in found if isinstance(shot, Shot)]

    assert all(shot.below_mm is None and shot.top_mm is None for shot in shots(lying))
    assert all(shot.below_mm is not None or shot.top_mm is not None for shot in shots(standing))
    assert all(shot.below_mm is not None or shot.top_mm is not None for shot in shots(lying, feet=Feet((foot,))))
    titles = {shot.title for shot in shots(registration, views=clean)}
    assert not any("ground" in title for title in titles) and "Slice through the middle, from above" in titles
    upright = replace(
        registration.views[0], T_scan_camera=rigid(rotation_about(np.array([1.0, 0.2, 0.0]), np.pi / 2), np.zeros(3))
    )
    standing_views = Registration((upright,), True)  # its points reach from z = -38 to 38 mm
    on_floor = {shot.title for shot in shots(standing_views, views=clean)}
    assert any("above the ground" in title for title in on_floor)


def test_one_looks_into_a_leg_that_is_cut_down_to_the_sole() -> None:
    """It was a flat disc, white as the paper. What lies below shows by its shading."""
    tube = trimesh.creation.cylinder(radius=30.0, height=200.0, sections=64)
    slanting = np.array(tube.vertices) + np.array([0.0, 0.0, 100.0])
    low = slanting[:, 2] < 1.0
    slanting[low, 2] = 20.0 + 0.6 * slanting[low, 0]
    mesh = Mesh(slanting, np.array(tube.faces, dtype=np.int32))
    scene = Scene((Skin(mesh, np.full((len(slanting), 3), 200, np.uint8)),))
    pixels = drawn(Shot("", scene, *ABOVE, below_mm=90.0, scale_bar=0.0)).pixels.astype(int)
    middle = pixels[pixels.shape[0] // 2 - 20 : pixels.shape[0] // 2 + 20, pixels.shape[1] // 2 - 20 :][:, :40]
    assert 60 < middle.mean() < 225


def test_no_display_and_no_egl_is_a_refusal() -> None:
    code = (
        "from scanproc.errors import ScanError\n"
        "from scanproc.views.render import prepare_vtk\n"
        "import ctypes\n"
        "def missing(name, *rest): raise OSError(name)\n"
        "ctypes.CDLL = missing\n"
        "try: prepare_vtk()\n"
        "except ScanError as error: print(error)\n"
    )
    if sys.platform != "linux":
        pytest.skip("only a Linux without a display needs EGL")
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, env={"PATH": ""}
    )
    assert "apt-get install libegl1 libgl1" in found.stdout


def test_the_word_for_unseen_is_in_the_legend() -> None:
    foot = brick_foot(seen=False)
    legend = views.panels(Surface(foot.mesh, foot.views, True), look=LOOK)[-1]
    orange = np.abs(legend.pixels.astype(int) - np.array(ORANGE)).sum(axis=2) < 20
    assert legend.title == "Views that saw the point" and orange.sum() > 100
