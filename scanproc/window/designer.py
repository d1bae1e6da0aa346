"""What the keys and the mouse do in the design window: fields are changed, and the proven preview follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from scanproc.artifacts import ByteArray, Check, Side
from scanproc.editing.form import Field, form
from scanproc.editing.preview import Preview
from scanproc.editing.session import EditSession
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.views.camera import Camera
from scanproc.views.canvas import Canvas
from scanproc.views.display import Layer
from scanproc.views.hands import Keys
from scanproc.views.preview_display import COLORINGS, preview_layers
from scanproc.views.scene import ABOVE, BELOW, FRONT, REAR, lateral, medial
from scanproc.window.check_places import seen_from, thinnest
from scanproc.window.design_contents import KEYS, buttons, form_contents, proof_text
from scanproc.window.design_outside import DesignOutside, now_and_then
from scanproc.window.form_panel import paint_form
from scanproc.window.glass import Pointer, Written, paint
from scanproc.window.panel import Box, Panel
from scanproc.window.three_points import ThreePoints
from scanproc.window.toolbar import key_at, more_rows_px

_PALE = 0.35  # of the last insole, where nothing comes out


class Designer:
    """The handler of a canvas: the form of a prescription beside what it makes of a foot."""

    def __init__(self, canvas: Canvas, title: str, session: EditSession, outside: DesignOutside) -> None:
        self.canvas, self.title, self.session, self.outside = canvas, title, session, outside
        self.points = ThreePoints(session)
        self.sections = form()
        self.section, self.chosen, self.side_number = 0, 0, 0
        self.coloring, self.foot_opacity, self.foot_shown = 0, 0.3, True
        self.alone, self.keys_listed, self.is_warned = False, False, False
        self.message = ""
        self.typed: str | None = None  # of a value, while it is typed
        self.pointer: Pointer | None = None
        self._panel: Panel | None = None
        self._layers: tuple[Layer, ...] = ()
        self._held: Box | Literal["point"] | None = None
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
        foot = self.session.foot(self.side)
        wanted = (self.preview, self.session.saved_preview(self.side), foot.mesh, self.coloring, self.foot_opacity)
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
            coloring, raised, than = COLORINGS[self.coloring], None, "as saved"
            if coloring == "changed":
                raised = self.session.raised_mm(self.side)
            elif coloring == "earlier":
                raised, than = self.session.over_earlier_mm(self.side), self.outside.earlier
            foot = self.session.foot(self.side)
            self._layers = preview_layers(preview.solid, foot, coloring, raised, self.foot_opacity, than)
        pale = _PALE if preview.solid is None else 1.0
        for layer in self._layers:
            self.canvas.put(layer.name, layer.scene, layer.opacity * pale)

    def look_from(self, look: FloatArray, up: FloatArray) -> None:
        """Look at insole and foot along a direction."""
        camera = self.canvas.camera
        points = np.concatenate([np.zeros((0, 3)), *(layer.scene.extent() for layer in self._layers)])
        below_px, size = more_rows_px(buttons(self), camera.width_px), (camera.width_px, camera.height_px)
        self.canvas.camera = Camera.round(points if len(points) else np.zeros((1, 3)), look, up, size, below_px)

    def resized(self) -> None:
        """Paint the panel anew."""
        contents = form_contents(self, self._layers)
        self._panel = paint_form(contents, self.canvas.panel_px, max(self.canvas.size_px[1], 1))
        self.canvas.panel(self._panel.pixels)

    def as_text(self) -> str:
        """Return what was asked and what came out, to be copied."""
        return proof_text(self)

    def glass(self) -> ByteArray:
        """Return what is written over the scene."""
        pointers = self.points.pointers(self.canvas.camera, self.side)
        pointers += [self.pointer] if self.pointer is not None else []
        status = self.points.words(self.side) if self.points.is_on else ""
        written = Written(
            self.title, status, self.message, (), pointers, (), None, self.keys_listed, KEYS, buttons(self)
        )
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
            self.message = self.outside.save(self.session.values)
            if not self.session.are_marks_saved and self.outside.save_marks is not None:
                self.message += f"; {self.outside.save_marks(self.session.now.marks)}"
            refused = [side for side in self.session.sides if not self.session.preview(side).passed]
            self.message += f"; not yet: the {' and the '.join(refused)} insole is refused" if refused else ""
        except ScanError as error:
            self.message = str(error)
        else:
            self.session.note_saved()

    def make(self) -> None:
        """Save, and run the scan as far as its report; the window says how far it is."""
        if self.outside.make is None:
            self.message = "nothing is made from here: scanproc run makes it"
            return
        self.save()
        if not self.session.is_saved:
            return
        try:
            self.message = self.outside.make(now_and_then(self._say_now))
        except ScanError as error:
            self.message = str(error)

    def _say_now(self, words: str) -> None:
        self.message = f"making: {words}"
        self.canvas.render()

    def nudge(self, way: FloatArray, step_mm: float) -> None:
        """Move the chosen point; where it may not lie is said."""
        try:
            self.points.nudge(self.canvas.camera, way, step_mm, self.side)
        except ScanError as error:
            self.message = str(error)

    def list_keys(self) -> None:
        """Show the list of keys, or hide it."""
        self.keys_listed = not self.keys_listed

    def show_check(self, check: Check) -> None:
        """Say what a check asked and found, and look where it is seen."""
        remedy = self.preview.remedies.get(check.name, "")
        self.message = f"{check.name}: {check.got} (asked {check.asked})" + (f"; {remedy}" if remedy else "")
        self.look_from(*self.six_view(seen_from(check)))
        self.pointer = thinnest(self.preview) if check.name == "wall_min_mm" else None

    def six_view(self, letter: str) -> tuple[FloatArray, FloatArray]:
        """Return look and up of one of the six orthogonal views."""
        y = self.session.foot(self.side).medial_y
        return {"t": ABOVE, "b": BELOW, "r": REAR, "f": FRONT, "m": medial(y), "l": lateral(y)}[letter]

    # ----------------------------------------------------------------------------------------------- mouse

    def press(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the left button: True in the panel."""
        if x < self.canvas.camera.width_px:
            return self._press_scene(x, y, keys)
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

    def _press_scene(self, x: float, y: float, keys: Keys) -> bool:
        camera = self.canvas.camera
        key = key_at(buttons(self), (camera.width_px, camera.height_px), x, y)
        if key is not None:
            self.typed = None
            self.key(key, keys)
        elif self.points.take(camera, (x, y), self.side):
            self._held, self._held_changed = "point", False
            self.refresh()
        else:
            return False
        return True

    def move(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the mouse: a bar or a point that is held is drawn, and counts as one change."""
        if self._held is None:
            return False
        if self._held == "point":
            self._change_held(lambda: self.points.lay(self.canvas.camera, (x, y), self.side))
            return True
        field = self.field
        share = self._held.share(x - self.canvas.camera.width_px)
        value = field.next(field.low + share * (field.high - field.low), 0)
        if value != self.session.value(field.name, self.side):
            self._change_held(lambda: self.change(field, value))
        return True

    def _change_held(self, change: Callable[[], None]) -> None:
        """Change what is held; all changes of one stroke are one."""
        if self._held_changed:
            self.session.undo()
        before = self.session.now
        try:
            change()
        except ScanError as error:
            self.message = str(error)
        self._held_changed = self.session.now is not before
        self.refresh()

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
