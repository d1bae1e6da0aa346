"""The design window, off-screen: by keys alone, by the mouse alone, and what is saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from insole_feet import leg

from scanproc.artifacts import Feet, ScanFacts
from scanproc.designing import save_design
from scanproc.editing.session import EditSession
from scanproc.prescription.files import read_prescription
from scanproc.views.hands import Keys
from scanproc.window.design_contents import buttons
from scanproc.window.design_outside import DesignOutside
from scanproc.window.designer import Designer
from scanproc.window.panel import Box
from scanproc.window.show import design_window
from scanproc.window.toolbar import laid_out

pytest.importorskip("vtk")


@pytest.fixture(scope="module")
def feet() -> Feet:
    return Feet((leg(1),))


@pytest.fixture
def saved() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def designer(feet: Feet, saved: list[dict[str, Any]]) -> Iterator[Designer]:
    def save(values: Mapping[str, Any]) -> str:
        saved.append(dict(values))
        return "saved"

    window = design_window(
        "leg", EditSession(feet, ScanFacts("leg"), {}), DesignOutside(save, str.upper), off_screen=True
    )
    yield window
    window.canvas.close()


def press(designer: Designer, *names: str) -> None:
    for name in names:
        designer.key(name.rpartition("+")[2], Keys(shift=name.startswith("Shift+")))


def click(designer: Designer, kind: str, number: int, share: float = 0.5) -> None:
    """Click a box of the panel, so far to its right, and let go."""
    box = box_of(designer, kind, number)
    x = designer.canvas.camera.width_px + box.left + share * (box.right - box.left)
    assert designer.press(x, 0.5 * (box.top + box.bottom), Keys())
    designer.release(x, box.top)


def box_of(designer: Designer, kind: str, number: int) -> Box:
    assert designer._panel is not None
    return next(box for box in designer._panel.boxes if (box.kind, box.number) == (kind, number))


def field_number(designer: Designer, name: str) -> tuple[int, int]:
    return next(
        (section, row)
        for section, each in enumerate(designer.sections)
        for row, field in enumerate(each.fields)
        if field.name == name
    )


def test_by_keys_alone_a_dose_is_found_changed_undone_typed_and_saved(
    designer: Designer, saved: list[dict[str, Any]]
) -> None:
    section, row = field_number(designer, "heel_cup_depth_mm")
    press(designer, *["Tab"] * section, *["Down"] * row)
    assert designer.field.name == "heel_cup_depth_mm"
    press(designer, "Right", "Shift+Right")
    assert designer.session.value("heel_cup_depth_mm") == pytest.approx(12.0 + 6 * designer.field.step)
    press(designer, "u", "u")
    assert designer.session.is_saved
    press(designer, "Return", "1", "4", "period", "5", "Return")
    assert designer.session.values == {"heel_cup_depth_mm": 14.5}
    got = next(check.got for check in designer.preview.checks if check.name == "cup_depth_rear_mm")
    assert got == pytest.approx(14.5, abs=0.2)
    press(designer, "c")
    assert "HEEL_CUP_DEPTH_MM = 14.5" in designer.message and "CUP_DEPTH_REAR_MM" in designer.message
    press(designer, "q")
    assert "not saved" in designer.message
    press(designer, "s")
    assert saved == [{"heel_cup_depth_mm": 14.5}] and designer.session.is_saved


def test_by_the_mouse_alone_a_bar_is_drawn_as_one_change_and_a_choice_clicked(designer: Designer) -> None:
    section, row = field_number(designer, "heel_cup_depth_mm")
    click(designer, "section", section)
    box, edge = box_of(designer, "slider", row), designer.canvas.camera.width_px
    y = 0.5 * (box.top + box.bottom)
    designer.press(edge + box.left + 20.0, y, Keys())
    for x in (22.0, 26.0, 30.0):
        designer.move(edge + box.left + x, y, Keys())
    designer.release(edge + box.left + 30.0, y)
    depth = designer.session.value("heel_cup_depth_mm")
    assert depth == pytest.approx(4.0 + 26.0 * 30.0 / (box.right - box.left), abs=designer.field.step)
    press(designer, "u")
    assert designer.session.is_saved  # however long the bar was drawn
    section, row = field_number(designer, "length")
    click(designer, "section", section)
    click(designer, "value", row)
    assert designer.session.value("length") == "sulcus"


def test_what_a_rule_refuses_is_told_in_words_and_the_last_insole_stays_pale(designer: Designer) -> None:
    before = designer.canvas.pixels()
    designer.change(next(f for s in designer.sections for f in s.fields if f.name == "medial_skive_mm"), 4.0)
    designer.refresh()
    assert "skive-needs-cup" in designer.preview.refused and not designer.lights
    pale = designer.canvas.pixels()
    scene = np.s_[:, : designer.canvas.camera.width_px]
    assert 5.0 < pale[scene].astype(float).mean() - before[scene].astype(float).mean() < 120.0


def test_a_value_that_cannot_be_is_said_and_changes_nothing(designer: Designer) -> None:
    section, row = field_number(designer, "heel_lift_mm")
    press(designer, *["Tab"] * section, *["Down"] * row, "Return", "9", "9", "Return")
    assert "heel_lift_mm" in designer.message and designer.session.is_saved
    press(designer, "Return", "a", "Return")
    assert "number" in designer.message and designer.session.is_saved


def test_a_light_shows_its_figures_and_its_place(designer: Designer) -> None:
    names = [check.name for check in designer.lights]
    number = names.index("wall_min_mm")
    click(designer, "light", number)
    check = designer.lights[number]
    assert f"{check.got}" in designer.message and f"{check.asked}" in designer.message
    assert designer.pointer is not None
    x, y = designer.canvas.camera.pixels(designer.pointer.point[None])[0]
    assert 0.0 < x < designer.canvas.camera.width_px and 0.0 < y < designer.canvas.camera.height_px


@pytest.mark.few(1)
@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_each_colouring_and_view_is_drawn(designer: Designer, key: str) -> None:
    designer.change(next(f for s in designer.sections for f in s.fields if f.name == "arch_fill_mm"), 5.0)
    press(designer, "4", key, "m", "question")
    assert designer.keys_listed
    press(designer, "Escape", "t")
    pixels = designer.canvas.pixels()[:, : designer.canvas.camera.width_px].reshape(-1, 3).astype(int)
    colourful = (np.ptp(pixels, axis=1) > 30).mean()
    assert 0.02 < colourful < 0.7


def test_what_is_saved_is_read_back_as_it_was(tmp_path: Path) -> None:
    values = {"heel_cup_depth_mm": 14.5, "length": "full", "left": {"heel_lift_mm": 3.0}, "text": "A 1"}
    words = save_design(tmp_path / "scan", tmp_path, tmp_path / "rx.toml", values)
    assert "--prescription" in words
    assert read_prescription(tmp_path / "rx.toml")["insole"] == values


def button(designer: Designer, word: str) -> None:
    camera, shown = designer.canvas.camera, buttons(designer)
    number = [each.word for each in shown].index(word)
    box = laid_out(shown, camera.width_px, camera.height_px)[number]
    assert designer.press(box.left + 3.0, box.top + 3.0, Keys())
    designer.release(box.left + 3.0, box.top + 3.0)


def test_three_points_are_moved_by_mouse_and_keys_as_one_change_each(designer: Designer) -> None:
    camera = designer.canvas.camera
    place = designer.points.place("metatarsale_tibiale", "left").copy()
    x, y = camera.pixels(place[None])[0]
    assert not designer.press(x, y, Keys())  # the tool is not in hand
    button(designer, "3 points")
    assert designer.press(x, y, Keys())
    for step in (4.0, 8.0, 12.0):
        designer.move(x + (step if x < camera.width_px / 2 else -step), y + step, Keys())
    designer.release(x, y)
    dragged = designer.points.place("metatarsale_tibiale", "left")
    assert 8.0 * camera.mm_per_px < np.linalg.norm((dragged - place)[:2]) < 30.0 * camera.mm_per_px
    press(designer, "u")
    assert designer.session.is_saved  # however long it was dragged
    press(designer, "Down", "Shift+Left")  # the 1st head is still chosen
    assert designer.session.now.marks["left"].keys() == {"metatarsale_tibiale"}
    press(designer, "Tab", "Up")
    assert designer.session.now.marks["left"].keys() == {"metatarsale_tibiale", "metatarsale_fibulare"}
    button(designer, "undo")
    button(designer, "3 points")
    press(designer, "Down")
    assert designer.chosen == 1  # keys are the form's again


def test_buttons_do_what_keys_do_and_make_saves_first(feet: Feet) -> None:
    done: list[object] = []

    def make(tell: Callable[[str], None]) -> str:
        tell("insole 1 / 2")
        assert window.message == "making: insole 1 / 2"
        return "made"

    outside = DesignOutside(
        lambda values: f"saved {done.append(dict(values))}", str, lambda marks: f"marks {done.append(marks)}", make,
        lambda: "opened",
    )  # fmt: skip
    window = design_window("leg", EditSession(feet, ScanFacts("leg"), {}), outside, off_screen=True)
    section, row = field_number(window, "heel_cup_depth_mm")
    press(window, *["Tab"] * section, *["Down"] * row, "Right", "e", "Up", "e")
    button(window, "make")
    assert window.message == "made" and window.session.is_saved
    values, marks = done
    assert values == window.session.values and marks == window.session.now.marks
    button(window, "report")
    assert window.message == "opened"
    button(window, "wall")
    assert [each.word for each in buttons(window) if each.is_on] == ["wall", "foot"]
    press(window, "5")
    assert "--with" in window.message
    window.canvas.close()
