"""The window off-screen: what keys and mouse do, and that the numbers beside the scene are those of the geometry."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image
from test_views import box, brick_foot, brick_measures, one_view, two_views

from scanproc import views
from scanproc.artifacts import (
    DepthFrame,
    Exports,
    Feet,
    Insole,
    Insoles,
    Intrinsics,
    Mesh,
    Plane,
    Recording,
    Registration,
    Surface,
)
from scanproc.errors import ScanError
from scanproc.mesh.plane_profiles import plane_profile
from scanproc.mesh.rays import first_hit
from scanproc.mesh.sections import plane_section
from scanproc.views.camera import Camera
from scanproc.views.colors import RED
from scanproc.views.display import Display, Layer
from scanproc.views.earlier import laid_over
from scanproc.views.hands import Keys
from scanproc.views.scene import ABOVE, Label, Scene
from scanproc.window.actions import ACTIONS
from scanproc.window.glass import nice_length_mm, place_labels
from scanproc.window.keys import KEYS, SIX_VIEWS
from scanproc.window.landmark_edits import LandmarkEdits, Mark
from scanproc.window.layers import LayerList
from scanproc.window.picking import stepped
from scanproc.window.show import drawn, open_viewer
from scanproc.window.viewer import Outside, Viewer

FEET = Feet((brick_foot(),))
PLATE = box((150.0, 70.0, 3.0), (5.0, -35.0, -3.0))
INSOLES = Insoles((Insole("left", PLATE, np.array([[5.0, -35.0], [155.0, -35.0], [155.0, 35.0]]), ()),))


class Held:
    """What a window would have copied, and saved."""

    def __init__(self, refuse: str = "") -> None:
        self.texts: list[str] = []
        self.marks: list[dict[str, Any]] = []
        self.refuse = refuse

    def copy(self, text: str) -> str:
        self.texts.append(text)
        return "copied"

    def save(self, marks: Any) -> str:
        if self.refuse:
            raise ScanError(self.refuse)
        self.marks.append({side: dict(own) for side, own in marks.items()})
        return "saved"


Opens = Callable[..., tuple[Viewer, Held]]


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    """Open viewers off-screen, and close them."""
    viewers: list[Viewer] = []

    def open_one(
        artifact: Any, beside: Sequence[object] = (), refuse: str = "", size: tuple[int, int] = (900, 600)
    ) -> tuple[Viewer, Held]:
        held = Held(refuse)
        outside = Outside(tmp_path, held.copy, held.save, ("navicular",))
        viewers.append(open_viewer("demo: x", views.pages(artifact, beside), outside, size, off_screen=True))
        return viewers[-1], held

    yield open_one
    for viewer in viewers:
        viewer.canvas.close()


def press(viewer: Viewer, *names: str) -> None:
    for name in names:
        held, _, key = name.rpartition("+")
        viewer.key(key or name, Keys(shift=held == "Shift", control=held == "Control"))


def pixel(viewer: Viewer, point: Sequence[float]) -> tuple[float, float]:
    x, y = viewer.canvas.camera.pixels(np.array([point]))[0]
    return float(x), float(y)


def test_what_is_under_the_cursor_is_said_as_the_geometry_has_it(opened: Opens) -> None:
    viewer, held = opened(FEET)
    press(viewer, "t")
    at = pixel(viewer, (83.0, 21.0, 60.0))
    assert not viewer.move(*at, Keys())
    hovered = viewer.state.hovered
    assert hovered is not None and hovered.point == pytest.approx([83.0, 21.0, 60.0], abs=1e-6)
    assert viewer.state.written("demo").status == "foot: x 83.0, y 21.0, z 60.0 mm"
    viewer.move(5.0, 5.0, Keys())
    assert viewer.state.hovered is None and viewer.state.written("demo").status == ""
    press(viewer, "c")
    assert held.texts[-1].startswith("demo: x (foot frame)")


def test_a_distance_clicked_and_one_set_by_keys_are_the_points_apart(opened: Opens) -> None:
    viewer, held = opened(FEET)
    press(viewer, "t", "d")
    for point in ((20.0, 10.0, 60.0), (50.0, -30.0, 60.0)):
        assert viewer.press(*pixel(viewer, point), Keys())
        viewer.release(0.0, 0.0)
    assert viewer.state.results == ["distance 50.00 mm (dx 30.00, dy -40.00, dz 0.00)"]
    press(viewer, "c")
    assert viewer.state.results[0] in held.texts[-1]
    press(viewer, "Escape", "d", "Return", *["Right"] * 5, "Shift+Right", "Return")
    apart = 41.0 * viewer.canvas.camera.mm_per_px
    assert viewer.state.results[-1].startswith(f"distance {apart:.2f} mm")
    press(viewer, "Escape", "a")
    for point in ((20.0, 0.0, 60.0), (50.0, 0.0, 60.0), (50.0, 30.0, 60.0)):
        viewer.press(*pixel(viewer, point), Keys())
    assert viewer.state.results[-1] == "angle 90.00 deg"
    press(viewer, "Escape", "r", "h")
    viewer.press(*pixel(viewer, (0.0, 11.0, 37.0)), Keys())
    assert viewer.state.results[-1] == "height 37.00 mm"
    assert not viewer.press(3.0, 300.0, Keys())  # beside the foot: the scene turns


def test_the_section_beside_the_scene_is_that_of_the_mesh(opened: Opens) -> None:
    viewer, held = opened(FEET)
    press(viewer, "m", "s", "Right", "Right", "Control+Right")
    section = viewer.state.section
    assert section is not None and section.plane.offset_mm == pytest.approx(122.1)
    assert section.point[1:] == pytest.approx([0.0, 30.0])  # the handle is in the middle of the cut
    (body,) = viewer.state.cut
    own = plane_profile(FEET.feet[0].mesh, section.plane)
    assert body.profile.segments == pytest.approx(own.segments)
    assert viewer.state.cut_lines() == pytest.approx(
        plane_section(FEET.feet[0].mesh, section.normal, section.plane.offset_mm).points, abs=1e-9
    )
    press(viewer, "c")
    assert "foot: 90.00 wide, 60.00 mm high\n  thick 60.00 mm (v 0.00 to 60.00)" in held.texts[-1]
    press(viewer, *["Shift+Up"] * 5)
    leaning = 60.0 / np.cos(np.radians(10.0))
    assert f"thick {leaning:.2f} mm" in viewer.state.as_text("x")
    press(viewer, "y")
    assert viewer.state.section is not None and abs(viewer.state.section.normal[1]) == pytest.approx(1.0)
    press(viewer, "s")
    assert viewer.state.section is None and viewer.state.cut == ()


def test_the_section_is_drawn_by_its_handles_and_hides_what_is_before_it(opened: Opens) -> None:
    viewer, _ = opened(FEET)
    press(viewer, "m", "s")
    section = viewer.state.section
    assert section is not None
    viewer.press(*pixel(viewer, section.point), Keys())
    assert viewer.move(*pixel(viewer, (150.0, 0.0, 30.0)), Keys())
    assert viewer.release(0.0, 0.0)
    assert viewer.state.section is not None and viewer.state.section.plane.offset_mm == pytest.approx(150.0)
    at = pixel(viewer, (80.0, -45.0, 30.0))
    assert viewer.state.pick(viewer.canvas.camera, at) is None  # cut away, and so nothing to pick
    before = viewer.canvas.pixels()[int(at[1]), int(at[0])].astype(int)
    press(viewer, "v")
    assert viewer.state.pick(viewer.canvas.camera, at) is not None
    after = viewer.canvas.pixels()[int(at[1]), int(at[0])].astype(int)
    assert before.min() > 250 and after.max() < 250
    press(viewer, "v", "n")
    assert viewer.state.pick(viewer.canvas.camera, at) is not None


def test_a_click_in_the_profile_moves_the_ruler(opened: Opens) -> None:
    viewer, _ = opened(FEET)
    press(viewer, "m", "s")
    panel = viewer._panel
    assert panel is not None and panel.chart is not None
    box_ = panel.chart.box
    x = box_.left + (17.0 - panel.chart.low_u) / panel.chart.mm_per_px
    viewer.press(viewer.canvas.camera.width_px + x, box_.top + 20.0, Keys())
    viewer.release(0.0, 0.0)
    assert viewer.state.ruler_u == pytest.approx(17.0)
    press(viewer, "comma", "Control+period")
    assert viewer.state.ruler_u == pytest.approx(16.1)


def test_layers_answer_keys_and_their_boxes(opened: Opens) -> None:
    viewer, _ = opened(INSOLES, (FEET,))
    names = [row.layer.name for row in viewer.state.layers.rows]
    assert names[:3] == ["insole, by wall thickness", "insole, deviation from the sole", "insole, plain"]
    press(viewer, "2")
    assert [row.shown for row in viewer.state.layers.rows[:3]] == [False, True, False]  # the same body once
    panel = viewer._panel
    assert panel is not None
    foot = names.index("foot, translucent")
    check = next(item for item in panel.boxes if item.kind == "layer" and item.number == foot)
    viewer.press(viewer.canvas.camera.width_px + check.left + 3, check.top + 3, Keys())
    assert not viewer.state.layers.rows[foot].shown
    bar = next(item for item in viewer._panel.boxes if item.kind == "opacity" and item.number == foot)  # type: ignore[union-attr]
    viewer.press(viewer.canvas.camera.width_px + 0.5 * (bar.left + bar.right), bar.top + 3, Keys())
    assert viewer.state.layers.rows[foot].opacity == pytest.approx(0.5, abs=0.02)
    press(viewer, "bracketleft", "space")
    assert viewer.state.layers.rows[foot].opacity == pytest.approx(0.4, abs=0.02)
    assert viewer.state.layers.rows[foot].shown
    press(viewer, "Tab", "Shift+Tab")
    assert viewer.state.layers.chosen == foot


def test_the_wall_under_the_cursor_is_the_wall(opened: Opens) -> None:
    viewer, _ = opened(INSOLES, (FEET,))
    press(viewer, "b")
    viewer.move(*pixel(viewer, (80.0, 3.0, -3.0)), Keys())
    assert viewer.state.hovered is not None
    assert viewer.state.hovered.value == pytest.approx(3.0) and "3.00 mm" in viewer.state.hovered.words


def test_a_landmark_is_drawn_onto_the_skin_undone_and_written(opened: Opens) -> None:
    viewer, held = opened(FEET)
    press(viewer, "t", "e")
    old = FEET.feet[0].landmarks["metatarsale_fibulare"].xyz_mm
    assert viewer.press(*pixel(viewer, old), Keys())
    assert viewer.move(*pixel(viewer, (140.0, 30.0, 60.0)), Keys())
    viewer.release(0.0, 0.0)
    mark = Mark(0, "metatarsale_fibulare")
    edits = viewer.state.edits
    assert edits is not None and edits.chosen == mark
    assert edits.place(mark) == pytest.approx([140.0, 30.0, 60.0])
    assert "metatarsale fibulare" in viewer.state.message and edits.is_unsaved
    labels = {label.name: label for label in viewer.state.written("x").labels}
    assert labels["metatarsale fibulare"].value == "edited"
    press(viewer, "w")
    assert held.marks[-1]["left"]["metatarsale_fibulare"] == pytest.approx([140.0, 30.0, 60.0])
    assert list(held.marks[-1]["left"]) == ["metatarsale_fibulare"] and not edits.is_unsaved
    press(viewer, "u")
    assert edits.place(mark) == pytest.approx(old) and edits.is_unsaved
    press(viewer, "u")
    assert viewer.state.message == "nothing to undo"


def test_a_landmark_moves_by_arrows_and_a_new_one_is_set_by_a_click(opened: Opens) -> None:
    viewer, _ = opened(FEET, refuse="the skin is elsewhere")
    press(viewer, "t", "e", "Tab", "Tab", "Tab")
    edits = viewer.state.edits
    assert edits is not None and edits.chosen == Mark(0, "navicular") and edits.place(edits.chosen) is None
    viewer.press(*pixel(viewer, (90.0, -20.0, 60.0)), Keys())
    viewer.release(0.0, 0.0)
    press(viewer, "Up", "Up", "Shift+Left")  # seen from above, up is x and left is y
    assert edits.place(edits.chosen) == pytest.approx([92.0, -19.8, 60.0], abs=1e-6)
    press(viewer, "w")
    assert viewer.state.message == "the skin is elsewhere" and edits.is_unsaved
    left: list[bool] = []
    viewer.canvas.quit = lambda: left.append(True)  # type: ignore[method-assign]
    press(viewer, "q")
    assert not left and "not written" in viewer.state.message
    press(viewer, "q")
    assert left


def test_landmarks_are_moved_where_they_were_found_only(opened: Opens) -> None:
    viewer, _ = opened(brick_measures(), (FEET,))
    press(viewer, "e")
    assert viewer.state.tool == "" and "view SCAN align" in viewer.state.message


def test_what_was_edited_before_stays_edited() -> None:
    edits = LandmarkEdits(FEET)
    assert list(edits.changed()["left"]) == ["metatarsale_fibulare"]  # as the file has it
    edits.begin(Mark(0, "pternion"))
    edits.move(Mark(0, "pternion"), np.array([0.0, 1.0, 25.0]))
    assert set(edits.changed()["left"]) == {"metatarsale_fibulare", "pternion"}
    edits.undo()
    assert list(edits.changed()["left"]) == ["metatarsale_fibulare"]


def pair() -> Feet:
    left, right = brick_foot("left"), brick_foot("right")
    return Feet((left, right))


def test_left_and_right_stand_side_by_side_and_are_read_each_in_its_own_frame(opened: Opens) -> None:
    viewer, _ = opened(pair())
    parts = viewer.state.display.parts
    assert [part.name for part in parts] == ["left", "right"]
    assert parts[0].shift[1] > 45.0 and parts[1].shift[1] < -45.0  # they do not touch
    press(viewer, "t")
    for part in parts:
        viewer.move(*pixel(viewer, np.array([70.0, 12.0, 60.0]) + part.shift), Keys())
        assert viewer.state.hovered is not None and viewer.state.hovered.part == part.name
        assert viewer.state.hovered.point == pytest.approx([70.0, 12.0, 60.0])
    press(viewer, "e")
    right = np.array([0.0, 0.0, 20.0]) + parts[1].shift
    assert viewer.state.mark_at(viewer.canvas.camera, pixel(viewer, right)) == Mark(1, "pternion")


def test_the_six_views_look_along_the_axes(opened: Opens) -> None:
    viewer, _ = opened(FEET)
    seen = {}
    for letter in SIX_VIEWS:
        press(viewer, letter)
        seen[letter] = viewer.canvas.camera.look.round(9) + 0.0
    assert seen["t"] == pytest.approx([0, 0, -1]) and seen["b"] == pytest.approx([0, 0, 1])
    assert seen["r"] == pytest.approx([1, 0, 0]) and seen["f"] == pytest.approx([-1, 0, 0])
    assert seen["m"] == pytest.approx([0, 1, 0]) and seen["l"] == pytest.approx([0, -1, 0])  # of a left foot
    press(viewer, "t", "Right")
    assert np.degrees(np.arccos(viewer.canvas.camera.look @ seen["t"])) == pytest.approx(10.0)
    height = viewer.canvas.camera.height_mm
    press(viewer, "plus")
    assert viewer.canvas.camera.height_mm == pytest.approx(height / 1.25)


def test_every_key_of_the_list_does_something_and_every_action_is_listed(opened: Opens) -> None:
    spelt = {"comma": ",", "period": ".", "question": "?", "bracketleft": "[", "bracketright": "]", "plus": "+"}
    spelt |= {"minus": "-", "space": "Space", "Prior": "PgUp", "Next": "PgDn"}
    listed = " ".join(f"{key} {words}" for key, words in KEYS)
    twins = {"F1", "ISO_Left_Tab", "equal", "KP_Add", "KP_Subtract", "KP_Enter"}
    assert all(
        spelt.get(name, name) in listed.split() or spelt.get(name, name) in listed for name in ACTIONS.keys() - twins
    )
    viewer, _ = opened(FEET)
    press(viewer, "question")
    assert viewer.state.keys_listed
    press(viewer, "Escape", "nonsense")
    assert not viewer.state.keys_listed
    for name in [*ACTIONS, "1", "2", "3", "4", "5", "9", "Left", "Up"]:
        if name != "q":
            press(viewer, name)  # none of them trips, whatever came before
    viewer.canvas.pixels()


def test_a_picture_is_what_the_window_shows(opened: Opens, tmp_path: Path) -> None:
    viewer, _ = opened(FEET)
    shown = viewer.canvas.pixels()
    press(viewer, "p")
    saved = np.asarray(Image.open(tmp_path / "demo-x-1.png"))
    assert (saved == shown).mean() > 0.999
    press(viewer, "p")
    assert (tmp_path / "demo-x-2.png").is_file()


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768)])
def test_names_do_not_lie_over_each_other_nor_outside(size: tuple[int, int]) -> None:
    """Ten labels lay over each other. Also when all of them are in one place."""
    camera = Camera.round(box((240.0, 90.0, 60.0), (0.0, -45.0, 0.0)).vertices, *ABOVE, (size[0] - 280, size[1]))
    rng = np.random.default_rng(3)
    spread = [Label(f"landmark {i}", rng.uniform((0, -45, 0), (240, 45, 60)), "confidence 0.5") for i in range(18)]
    heap = [Label(f"landmark {i}", np.array([120.0, 0.0, 0.0])) for i in range(12)]
    for labels in (spread, heap):
        placed = place_labels(labels, camera)
        assert len(placed) == len(labels)
        for left in (True, False):
            own = sorted((item.top, item.top + 18.0 * len(item.lines)) for item in placed if item.left is left)
            assert all(low >= 40.0 and high <= size[1] - 40.0 for low, high in own)
            assert all(after[0] >= before[1] for before, after in pairwise(own))


def test_the_scale_bar_has_a_round_length() -> None:
    assert [nice_length_mm(most) for most in (0.99, 1.0, 3.3, 49.0, 50.0, 999.0)] == [0.5, 1.0, 2.0, 20.0, 50.0, 500.0]


def test_of_a_group_one_layer_is_shown() -> None:
    empty = Scene()
    rows = LayerList([Layer("a", empty, group="g"), Layer("b", empty, shown=False, group="g"), Layer("c", empty)])
    rows.toggle(1)
    assert [row.shown for row in rows.rows] == [False, True, True]
    rows.toggle(1)
    rows.toggle(17)
    assert [row.shown for row in rows.rows] == [False, False, True] and rows.chosen == 1
    rows.set_opacity(2, -3.0)
    assert rows.rows[2].opacity == 0.1


# ------------------------------------------------------------------------------------------------ displays


def texts(display: Display) -> list[str]:
    return [text for _, text in display.notes]


def test_a_view_shows_what_was_taken_away_and_why_it_was_not_used() -> None:
    """A floor behind the foot, a pixel of its border, something else; 600 pixels were kept."""
    view = replace(one_view(), floor=Plane(np.array([0.0, 0.0, -1.0]), -500.0))
    near = view.depth_mm > 0
    silhouette = near.copy()
    silhouette[9, 15:45] = True
    view = replace(view, silhouette=silhouette)
    depth = np.full((50, 80), 500, np.uint16)
    depth[15:35, 22:52] = 400
    depth[14, 22:52] = 420  # in the silhouette, not kept
    depth[45:48, 60:70] = 450
    lens = Intrinsics(80, 50, 100.0, 100.0, 29.5 + 7.0, 19.5 + 5.0)
    _, registration = two_views()
    recording = Recording((DepthFrame("000000", depth, 1.0, lens),))
    poses = (replace(registration.views[1], name="000000"),)
    beside = (recording, Registration(poses, False))
    display = views.pages(replace(two_views()[0], views=(view,)), beside)[0]()
    counts = {layer.name: sum(len(cloud.points) for cloud in layer.scene.clouds) for layer in display.layers}
    assert counts["the foot"] == 600
    assert counts["taken: border, grazing, flying"] == 30 and counts["taken: leg, other things"] == 30
    assert counts["taken: floor and below"] == 50 * 80 - 660
    assert (RED, "not used: overlap 0.12 < register.min_overlap 0.30") in display.notes
    assert "foot: 600  (-1,800)" in texts(display)
    other = views.pages(replace(two_views()[0], views=(view,)))[0]()  # without the recording
    assert [layer.name for layer in other.layers] == ["the foot", "camera's axis"]


def test_rejected_views_are_named_in_red_with_their_reason() -> None:
    clean, registration = two_views()
    foot = brick_foot()
    display = views.pages(registration, (clean, Surface(foot.mesh, foot.views, True)))[0]()
    assert (RED, "1: overlap 0.12 < register.min_overlap 0.30") in display.notes
    assert "0: residual 0.40 mm" in texts(display)
    assert [layer.name for layer in display.layers if layer.group == "points"] == [
        "points, by view", "points, by residual of their view", "points, by distance from the surface",
    ]  # fmt: skip


def test_every_measure_is_drawn_from_what_it_was_read_from() -> None:
    measures = brick_measures()
    display = views.pages(measures, (FEET,))[0]()
    drawn_points = {
        tuple(np.round(point, 6))
        for layer in display.layers
        if layer.name != "foot frame and ground"
        for line in layer.scene.lines
        for point in line.points.reshape(-1, 3)
    }
    for measure in measures.feet[0].measures.values():
        for points in (
            () if measure.geometry is None else (*measure.geometry.lines.values(), *measure.geometry.curves.values())
        ):
            assert {tuple(np.round(point, 6)) for point in points} <= drawn_points
    assert any(text.startswith("refused: ") for text in texts(display))


def test_an_unproven_insole_says_why_and_programs_are_told_from_their_lack() -> None:
    failed = Insoles((Insole("left", None, None, (), refused="the side is in doubt"),))
    display = views.pages(failed)[0]()
    assert (RED, "left: the side is in doubt") in display.notes and not display.layers
    stl = trimesh.Trimesh(PLATE.vertices, PLATE.faces, process=False).export(file_type="stl")
    plain = views.pages(Exports({"left.stl": stl}))[0]()
    assert [layer.name for layer in plain.layers] == ["part, left.stl"]
    assert plain.layers[0].mesh is not None and len(plain.layers[0].mesh.vertices) == len(PLATE.vertices)
    assert any("no milling programs" in text for text in texts(plain))
    setup = {
        "side": "top",
        "map": {"x0_mm": 0.0, "y0_mm": 0.0, "step_mm": 1.0, "left_um": [[0, 100], [200, None], [50, 60]]},
    }
    files = {
        "left-milling.json": json.dumps({"setups": [setup], "minutes": {"left-top.nc": 3.2}}).encode(),
        "left.stl": stl,
        "left-bottom.nc": b"(shift_mm = 1.000 20.000 3.000)\n",
        "left-top.nc": b"G21 G90 G17\nG0 X0 Y0 Z10\nG1 X10 Y0 Z0 F100\nG1 X10 Y10\n",
    }
    milled = views.pages(Exports(files))[0]()
    names = [layer.name for layer in milled.layers]
    assert names == ["left top: left over", "left-top.nc (3 min)", "part, left.stl", "part, left.stl, turned over"]
    upside_down = milled.layers[-1].mesh
    assert upside_down is not None
    assert upside_down.vertices.max(axis=0) == pytest.approx([156.0, 55.0, 6.0])  # x + 1, 20 - y, 3 - z
    assert milled.layers[0].values is not None and milled.layers[0].values.max() == pytest.approx(0.2)


def test_an_earlier_visit_lies_on_this_one(opened: Opens) -> None:
    """The other foot is the same, 5 mm ahead: laid on, it lies where this one does."""
    pytest.importorskip("open3d")
    from test_edited_landmarks import feet as analytic

    mine = analytic()
    moved = mine.feet[0].mesh.vertices + np.array([5.0, 0.0, 0.0])
    other = Feet((replace(mine.feet[0], mesh=Mesh(moved, mine.feet[0].mesh.faces)),))
    display = laid_over(views.pages(mine)[0](), mine, "spring", other, None)
    over, off = display.layers[-2:]
    assert over.name == "spring: foot" and over.opacity < 0.5 and off.name == "spring: deviation"
    assert over.mesh is not None and np.abs(over.mesh.vertices - mine.feet[0].mesh.vertices).max() < 0.2
    assert off.values is not None and np.nanmax(np.abs(off.values)) < 0.1
    right = Feet((replace(mine.feet[0], side="right"),))
    with pytest.raises(ScanError, match="spring holds right foot"):
        laid_over(views.pages(mine)[0](), mine, "spring", right, None)


def test_every_stage_opens_and_its_picture_is_of_the_size_asked(tmp_path: Path) -> None:
    clean, registration = two_views()
    foot = FEET.feet[0]
    surface = Surface(foot.mesh, foot.views, True, errors_mm=np.zeros((len(foot.views), 4), np.float16))
    outside = Outside(tmp_path, str)
    for artifact in (clean, registration, surface, FEET, brick_measures(), INSOLES, Exports({})):
        data = drawn("demo", views.pages(artifact, (clean, FEET, INSOLES)), outside, ("t",), (640, 400))
        image = Image.open(io.BytesIO(data))
        assert image.size == (640, 400)
        assert np.asarray(image).std() > 5.0


def test_pages_turn_and_keep_what_is_shown(opened: Opens) -> None:
    viewer, _ = opened(two_views()[0])
    assert viewer.state.display.title == "view 0 (1 of 2)"
    press(viewer, "1", "Next")
    assert viewer.state.display.title == "view 1 (2 of 2)" and not viewer.state.layers.rows[0].shown
    press(viewer, "Prior", "1")
    viewer.move(*pixel(viewer, (2.0, 2.0, 400.0)), Keys())
    assert viewer.state.hovered is not None and viewer.state.hovered.point == pytest.approx([2.0, 2.0, 400.0])


def test_what_turns_is_drawn_with_fewer_faces_and_comes_back_whole(opened: Opens) -> None:
    fine = box((240.0, 90.0, 60.0), (0.0, -45.0, 0.0), cells=130)
    foot = replace(FEET.feet[0], mesh=fine, views=np.full(len(fine.vertices), 5, np.uint8))
    viewer, _ = opened(Feet((foot,)))
    (((actor, body, small), *_),) = [found.skins for name, found in viewer.canvas._layers.items() if name == "0"]
    whole = viewer.canvas.pixels()
    viewer.canvas.coarsen(True)
    assert actor.GetMapper().GetInput().GetNumberOfCells() == small.GetNumberOfCells() < body.GetNumberOfCells()
    turning = viewer.canvas.pixels()
    viewer.canvas.coarsen(False)
    assert actor.GetMapper().GetInput().GetNumberOfCells() == body.GetNumberOfCells()
    assert (np.abs(turning.astype(int) - whole).max(axis=2) > 60).mean() < 0.01  # it hardly shows
    assert first_hit(fine, viewer.canvas.camera.eye, viewer.canvas.camera.look) is not None


def test_a_landmark_on_the_outline_follows_it_by_keys() -> None:
    """Round a disc of 40 mm, seen from above: a step down leads along its rim; one straight off it leads nowhere."""
    disc = trimesh.creation.cylinder(40.0, 10.0, sections=720)
    mesh = Mesh(np.array(disc.vertices), np.array(disc.faces, dtype=np.int32))
    camera = Camera(np.zeros(3), np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0]), 100.0, 1000, 1000)
    point = np.array([39.99, 0.0, 5.0])
    for _ in range(12):
        hit = first_hit(mesh, camera.on_ray(stepped(camera, mesh, point, np.array([0.0, 0.5]))), camera.look)
        assert hit is not None
        point = hit.point
    assert point[1] == pytest.approx(-6.0, abs=0.01)
    assert 39.7 < np.hypot(*point[:2]) <= 40.0
    off = stepped(camera, mesh, np.array([39.99, 0.0, 5.0]), np.array([0.5, 0.0]))
    assert off == pytest.approx([500.0 + 404.9, 500.0])
