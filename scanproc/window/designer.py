"""What the keys and the mouse do in the design window: fields are changed, and the proven preview follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scanproc.artifacts import ByteArray, Check, Side
from scanproc.editing.form import Field, form
from scanproc.editing.session import EditSession, Preview
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.views.camera import Camera
from scanproc.views.canvas import Canvas
from scanproc.views.colors import BLUE, GREY, INK, RED
from scanproc.views.display import Layer
from scanproc.views.hands import Keys
from scanproc.views.preview_display import COLORINGS, preview_layers
from scanproc.views.scene import ABOVE, BELOW, FRONT, REAR, lateral, medial
from scanproc.window.form_panel import FieldRow, FormContents, paint_form
from scanproc.window.glass import Pointer, Written, paint
from scanproc.window.panel import Box, Panel

#: Writes a prescription; returns what was done, in words.
Save = Callable[[Mapping[str, Any]], str]
#: Puts a text where it can be pasted; returns what was done, in words.
Copy = Callable[[str], str]

KEYS: tuple[tuple[str, str], ...] = (
    ("?", "this list; Escape leaves it"),
    ("Tab", "next section (Shift: the one before; click it)"),
    ("Up Down", "choose a field (click it)"),
    ("Left Right", "change it by a step (Shift: by five; drag its bar)"),
    ("Return", "type a value, Return takes it (click the value)"),
    ("Delete", "leave it to the rules, or to the default"),
    ("i", "change this foot alone, or both"),
    ("o g", "other foot; give it what this one alone has"),
    ("u y", "undo; redo"),
    ("1 2 3", "insole plain, by its wall, by what changed since it was saved"),
    ("4 [ ]", "foot on or off; more or less opaque"),
    ("t b r f m l", "top, below, rear, front, medial, lateral"),
    ("mouse", "drag turns, Shift moves, wheel zooms; a light shows its place"),
    ("+ - 0", "nearer, farther, all"),
    ("c s", "copy the proof as text; save the prescription; q: leave"),
)
#: From where a check is seen, by how its name begins.
_SEEN_FROM = (
    ("wall", "b"),
    ("heel", "r"),
    ("cup", "r"),
    ("rearfoot", "r"),
    ("forefoot", "f"),
    ("arch", "m"),
    ("contact", "b"),
)
_PASSED = {True: "passed", False: "FAILED"}
_PALE = 0.35  # of the last insole, where nothing comes out


class Designer:
    """The handler of a canvas: the form of a prescription beside what it makes of a foot."""

    def __init__(self, canvas: Canvas, title: str, session: EditSession, save: Save, copy: Copy) -> None:
        self.canvas, self.title, self.session, self._save, self.copy = canvas, title, session, save, copy
        self.sections = form()
        self.section, self.chosen, self.side_number = 0, 0, 0
        self.coloring, self.foot_opacity, self.foot_shown = 0, 0.3, True
        self.alone, self.keys_listed, self.is_warned = False, False, False
        self.message = ""
        self.typed: str | None = None  # of a value, while it is typed
        self.pointer: Pointer | None = None
        self._panel: Panel | None = None
        self._layers: tuple[Layer, ...] = ()
        self._held: Box | None = None
        self._held_changed = False
        self._drawn: tuple[object, ...] | None = None
        canvas.attach(self)
        self.refresh(looks_anew=True)

    # ------------------------------------------------------------------------------------------ what is shown

    @property
    def side(self) -> Side:
        """The foot that is shown."""
        sides = self.session.sides
        return sides[self.side_number % len(sides)]

    @property
    def field(self) -> Field:
        """The field that keys change."""
        return self.sections[self.section].fields[self.chosen]

    @property
    def preview(self) -> Preview:
        """What the prescription makes of the foot."""
        return self.session.preview(self.side)

    @property
    def lights(self) -> list[Check]:
        """The checks: failed ones, doses and sizes, then what is told or holds of every insole."""
        return sorted(self.preview.checks, key=lambda each: (each.passed, type(each.asked) in (str, bool, int)))

    def refresh(self, looks_anew: bool = False) -> None:
        """Bring the window up to date; where nothing comes out, the last insole stays, pale."""
        wanted = (self.preview, self.session.saved_preview(self.side), self.coloring, self.foot_opacity)
        if self._drawn is None or any(now is not before for now, before in zip(wanted, self._drawn, strict=True)):
            self._drawn = wanted
            self._draw(self.preview)
        if self._layers:
            self.canvas.show("foot", self.foot_shown)
        if looks_anew:
            self.look_from(*ABOVE)
        self.resized()
        self.canvas.render()

    def _draw(self, preview: Preview) -> None:
        for layer in self._layers:
            self.canvas.drop(layer.name)
        if preview.solid is not None:
            raised = self.session.raised_mm(self.side) if COLORINGS[self.coloring] == "changed" else None
            foot = self.session.foot(self.side)
            self._layers = preview_layers(preview.solid, foot, COLORINGS[self.coloring], raised, self.foot_opacity)
        pale = _PALE if preview.solid is None else 1.0
        for layer in self._layers:
            self.canvas.put(layer.name, layer.scene, layer.opacity * pale)

    def look_from(self, look: FloatArray, up: FloatArray) -> None:
        """Look at insole and foot along a direction."""
        camera = self.canvas.camera
        points = [layer.scene.extent() for layer in self._layers] or [np.zeros((1, 3))]
        self.canvas.camera = Camera.round(np.concatenate(points), look, up, (camera.width_px, camera.height_px))

    def resized(self) -> None:
        """Paint the panel anew."""
        self._panel = paint_form(self.contents(), self.canvas.panel_px, max(self.canvas.size_px[1], 1))
        self.canvas.panel(self._panel.pixels)

    def contents(self) -> FormContents:
        """Return what the panel holds."""
        section = self.sections[self.section]
        whose = f"{self.side} foot alone" if self.alone else "both feet" if len(self.session.sides) > 1 else "the foot"
        head = [(INK, f"{self.side} insole; changes hold for {whose}")]
        head.append((GREY, "as saved") if self.session.is_saved else (BLUE, "changed, not saved: s saves"))
        shown = [layer.legend for layer in self._layers if layer.legend is not None]
        return FormContents(
            head, [each.title for each in self.sections], self.section, [self._row(each) for each in section.fields],
            self.chosen, self.preview.refused, self.lights, shown[0] if shown else None,
        )  # fmt: skip

    def _row(self, field: Field) -> FieldRow:
        value = self.session.value(field.name, self.side)
        text = "by rule" if value is None else ("on" if value else "off") if field.kind == "switch" else str(value)
        if isinstance(value, float):
            text = f"{value:g}"
        if self.typed is not None and field is self.field:
            text = f"{self.typed}_"
        return FieldRow(field, value, text, value != field.default)

    def as_text(self) -> str:
        """Return what was asked and what came out, to be copied."""
        asked = [f"{name} = {value}" for name, value in self.session.values.items()]
        got = [f"{each.name}: {each.got} (asked {each.asked}), {_PASSED[each.passed]}" for each in self.lights]
        return "\n".join([f"{self.title}, {self.side} insole", *asked, self.preview.refused, *got]) + "\n"

    def glass(self) -> ByteArray:
        """Return what is written over the scene."""
        pointers = [self.pointer] if self.pointer is not None else []
        written = Written(self.title, "", self.message, (), pointers, (), None, self.keys_listed, KEYS)
        return paint(written, self.canvas.camera)

    # --------------------------------------------------------------------------------------------- changes

    def change(self, field: Field, value: Any) -> None:
        """Set a field; what it may not be is said, and changes nothing."""
        self.is_warned = False
        try:
            self.session.change(field.name, value, self.side if self.alone and not field.of_both else None)
        except ScanError as error:
            self.message = str(error)

    def save(self) -> None:
        """Write the prescription."""
        try:
            self.message = self._save(self.session.values)
            refused = [side for side in self.session.sides if not self.session.preview(side).passed]
            self.message += f"; not yet: the {' and the '.join(refused)} insole is refused" if refused else ""
        except ScanError as error:
            self.message = str(error)
        else:
            self.session.note_saved()

    def show_check(self, check: Check) -> None:
        """Say what a check asked and found, and look where it is seen."""
        checks = {each.name: each for each in self.preview.checks}
        remedy = self.preview.remedies.get(check.name, "")
        self.message = f"{check.name}: {check.got} (asked {check.asked})" + (f"; {remedy}" if remedy else "")
        letter = next((letter for start, letter in _SEEN_FROM if check.name.startswith(start)), "t")
        self.look_from(*self.six_view(letter))
        self.pointer = None
        if check.name == "wall_min_mm" and self.preview.solid is not None:
            x, y = (float(part) for part in str(checks["wall_min_at_mm"].got).split()[1::2])
            low = float(self.preview.solid.vertices[:, 2].min())
            self.pointer = Pointer(np.array([x, y, low]), "thinnest", RED, large=True)

    def six_view(self, letter: str) -> tuple[FloatArray, FloatArray]:
        """Return look and up of one of the six orthogonal views."""
        y = self.session.foot(self.side).medial_y
        return {"t": ABOVE, "b": BELOW, "r": REAR, "f": FRONT, "m": medial(y), "l": lateral(y)}[letter]

    # ----------------------------------------------------------------------------------------------- mouse

    def press(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the left button: True in the panel."""
        if x < self.canvas.camera.width_px:
            return False
        self.message, self.typed = "", None
        box = self._panel.box_at(x - self.canvas.camera.width_px, y) if self._panel is not None else None
        if box is None:
            return True
        if box.kind == "section":
            self.section, self.chosen = box.number, 0
        elif box.kind == "light":
            self.show_check(self.lights[box.number])
        else:
            self.chosen = box.number
            if box.kind == "slider":
                self._held, self._held_changed = box, False
                return self.move(x, y, keys)
            if box.kind == "value" and self.field.kind in ("choice", "switch"):
                self.change(self.field, self.field.next(self.session.value(self.field.name, self.side), 1))
            elif box.kind == "value":
                self.typed = ""
        self.refresh()
        return True

    def move(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the mouse: a bar that is held is drawn, and counts as one change."""
        if self._held is None:
            return False
        field = self.field
        share = self._held.share(x - self.canvas.camera.width_px)
        value = field.next(field.low + share * (field.high - field.low), 0)
        if value != self.session.value(field.name, self.side):
            if self._held_changed:
                self.session.undo()
            before = self.session.values
            self.change(field, value)
            self._held_changed = self.session.values is not before
            self.refresh()
        return True

    def release(self, x: float, y: float) -> bool:
        """Let go of a bar."""
        was_held, self._held = self._held is not None, None
        return was_held

    # ------------------------------------------------------------------------------------------------ keys

    def key(self, name: str, keys: Keys) -> None:
        """Answer a key by the name that X gives it."""
        from scanproc.window.design_keys import press_design_key

        self.pointer = None
        if press_design_key(self, name, keys):
            self.refresh()
