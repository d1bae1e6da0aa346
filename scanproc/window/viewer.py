"""What the keys and the mouse do in the window of a scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from scanproc.artifacts import ByteArray, Side
from scanproc.frames import FloatArray
from scanproc.views.camera import Camera
from scanproc.views.canvas import Canvas
from scanproc.views.colors import RED
from scanproc.views.display import Display
from scanproc.views.hands import Keys
from scanproc.views.scene import Label, Line, Scene
from scanproc.window.actions import press_key
from scanproc.window.camera_keys import CAMERA_BUTTONS
from scanproc.window.glass import paint
from scanproc.window.inline_labels import are_hidden
from scanproc.window.landmark_edits import LandmarkEdits, Mark, on_skin
from scanproc.window.layers import LayerList
from scanproc.window.panel import Panel, paint_panel
from scanproc.window.picking import SOLID, TOOLS
from scanproc.window.section_plane import Grip
from scanproc.window.six_views import six_view
from scanproc.window.state import State
from scanproc.window.toolbar import Button, key_at, more_rows_px

_CUT = "section lines"

#: Saves landmarks by side and name, foot frame; returns what was done, in words.
SaveLandmarks = Callable[[Mapping[Side, Mapping[str, FloatArray]]], str]


@dataclass(frozen=True)
class Outside:
    """What a window may do beside showing.

    Attributes
    ----------
    folder : where pictures are saved.
    copy : puts a text where it can be pasted; returns what was done, in words.
    save_landmarks : None where landmarks cannot be kept.
    by_hand : names of landmarks that no shape gives away.
    can_design : whether the window leads on to the design window.
    """

    folder: Path
    copy: Callable[[str], str]
    save_landmarks: SaveLandmarks | None = None
    by_hand: tuple[str, ...] = ()
    can_design: bool = False


class Viewer:
    """The handler of a canvas: it shows pages of one stage, and answers."""

    def __init__(self, canvas: Canvas, title: str, pages: Sequence[Callable[[], Display]], outside: Outside) -> None:
        self.canvas, self.title, self.outside = canvas, title, outside
        self._pages, self._page = pages, 0
        self._panel: Panel | None = None
        self._drag: tuple[Literal["section"], Grip] | tuple[Literal["landmark"], Mark] | Literal["ruler"] | None = None
        self._there: set[str] = set()
        self.is_warned, self.leads_to_design = False, False
        self.state = self._opened(0)
        canvas.attach(self)
        self.look_from(self.state.display.look, self.state.display.up)
        self.refresh()

    def _opened(self, number: int) -> State:
        display = self._pages[number]()
        edits = None if display.feet is None else LandmarkEdits(display.feet, self.outside.by_hand)
        return State(display, LayerList(display.layers), edits)

    def turn_page(self, step: int) -> None:
        """Show the view after this one, or before it; what is shown of each layer stays."""
        if len(self._pages) < 2:
            return
        for name in self._there:
            self.canvas.drop(name)
        self._there = set()
        self._page = (self._page + step) % len(self._pages)
        before, self.state = self.state, self._opened(self._page)
        shown = {row.layer.name: row.shown for row in before.layers.rows}
        for row in self.state.layers.rows:
            row.shown = shown.get(row.layer.name, row.shown)

    # ------------------------------------------------------------------------------------------- pictures

    def refresh(self) -> None:
        """Bring the window up to date with the state."""
        state = self.state
        state.cut_again()
        for number, row in enumerate(state.layers.rows):
            name = f"{number}"
            if row.shown and name not in self._there:  # what is never looked at is never built
                self.canvas.put(name, row.layer.scene, row.opacity)
                self._there.add(name)
            if name in self._there:
                self.canvas.show(name, row.shown)
                self.canvas.fade(name, row.opacity)
        self.canvas.drop(_CUT)
        lines = state.cut_lines()
        if len(lines):
            self.canvas.put(_CUT, Scene(lines=(Line(lines, RED, 2.5),)), 1.0)
        self.canvas.clip(state.clip_plane)
        self.resized()
        self.canvas.render()

    def resized(self) -> None:
        """Paint the panel anew."""
        self._panel = paint_panel(self.state.contents(), self.canvas.panel_px, max(self.canvas.size_px[1], 1))
        self.canvas.panel(self._panel.pixels)

    def glass(self) -> ByteArray:
        """Return what is written over the scene."""
        written, camera = self.state.written(self.title), self.canvas.camera
        labels = written.labels if self.canvas.is_turning else self._with_hidden(written.labels)
        return paint(replace(written, labels=labels, buttons=self.buttons), camera)

    def _with_hidden(self, labels: Sequence[Label]) -> list[Label]:
        """Tell of each name beside the scene whether its place lies behind what is shown and can't be seen through."""
        state = self.state
        bodies = [row.layer.mesh for row in state.layers.visible if row.layer.mesh is not None and row.opacity >= SOLID]
        marked = [label for label in labels if label.dot and not label.inline]
        if not marked or not bodies or state.section is not None:
            return list(labels)
        hidden = are_hidden(np.array([label.point for label in marked]), self.canvas.camera, bodies)
        by_name = {id(label): behind for label, behind in zip(marked, hidden, strict=True)}
        return [replace(label, hidden=by_name.get(id(label), False)) for label in labels]

    @property
    def buttons(self) -> tuple[Button, ...]:
        """The buttons over the scene: tools, and what keys do that no box of the panel does."""
        state = self.state
        tools = tuple(
            Button(word, key, state.tool == word)
            for key, word in (("d", "distance"), ("a", "angle"), ("h", "height"), ("e", "landmarks"))
        )
        edits = () if state.edits is None else (Button("undo", "u"), Button("write", "w"))
        pages = (Button("before", "Prior"), Button("next", "Next")) if len(self._pages) > 1 else ()
        design = (Button("design", "g"),) if self.outside.can_design else ()
        return (
            Button("section", "s", state.section is not None), *tools, *edits, Button("copy", "c"),
            Button("picture", "p"), *design, *pages, *CAMERA_BUTTONS,
        )  # fmt: skip

    def six_view(self, letter: str) -> tuple[FloatArray, FloatArray]:
        """Return look and up of one of the six orthogonal views."""
        return six_view(self.state.display, letter)

    def list_keys(self) -> None:
        """Show the list of keys, or hide it."""
        self.state.keys_listed = not self.state.keys_listed

    def as_text(self) -> str:
        """Return what is read in the window, to be copied."""
        return self.state.as_text(self.title)

    def look_from(self, look: FloatArray, up: FloatArray) -> None:
        """Look at all that is shown along a direction."""
        camera = self.canvas.camera
        points = np.concatenate([np.zeros((0, 3)), *(row.layer.scene.extent() for row in self.state.layers.visible)])
        kept = points if self.state.clip_plane is None else points[self.state.clip_plane.heights(points) >= 0.0]
        at = kept if len(kept) else points if len(points) else np.zeros((1, 3))
        below_px = more_rows_px(self.buttons, camera.width_px)
        self.canvas.camera = Camera.round(at, look, up, (camera.width_px, camera.height_px), below_px)

    # --------------------------------------------------------------------------------------------- mouse

    def press(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the left button: True if it was for a box, a handle, a landmark or a tool."""
        state, camera = self.state, self.canvas.camera
        state.message, self._drag = "", None
        if x >= camera.width_px:
            return self._press_panel(x - camera.width_px, y)
        button = key_at(self.buttons, (camera.width_px, camera.height_px), x, y)
        if button is not None:
            self.key(button, keys)
            return True
        if state.section is not None:
            grip = state.section.grip_at(camera, (x, y))
            if grip is not None:
                self._drag = ("section", grip)
                return True
        if state.tool == "landmarks" and state.edits is not None:
            mark = state.mark_at(camera, (x, y))
            if mark is None and state.edits.chosen is not None and state.edits.place(state.edits.chosen) is None:
                mark = state.edits.chosen  # one that was not set yet is set by a click
            if mark is not None:
                state.edits.begin(mark)
                self._drag = ("landmark", mark)
                return self.move(x, y, keys)
        if state.tool in TOOLS:
            return self._pick_at(x, y)
        return False

    def _press_panel(self, x: float, y: float) -> bool:
        box = self._panel.box_at(x, y) if self._panel is not None else None
        if box is None:
            return True
        if box.kind == "layer":
            self.state.layers.toggle(box.number)
        elif box.kind == "opacity":
            self.state.layers.chosen = box.number
            self.state.layers.set_opacity(box.number, box.share(x))
        else:
            self._drag = "ruler"
            return self.move(x + self.canvas.camera.width_px, y, Keys())
        self.refresh()
        return True

    def _pick_at(self, x: float, y: float) -> bool:
        picked = self.state.pick(self.canvas.camera, (x, y))
        if picked is None:
            return False
        self.state.add_pick(picked)
        self.refresh()
        return True

    def move(self, x: float, y: float, keys: Keys) -> bool:
        """Answer the mouse: draw what is held, or say what is under it."""
        state, camera = self.state, self.canvas.camera
        if self._drag is None:
            inside = x < camera.width_px
            if not self.canvas.is_turning:
                before, state.hovered = state.hovered, state.pick(camera, (x, y)) if inside else None
                if before is not None or state.hovered is not None:
                    self.canvas.render()
            return False
        if self._drag == "ruler":
            if self._panel is not None and self._panel.chart is not None:
                state.ruler_u = self._panel.chart.u_at(x - camera.width_px)
        elif self._drag[0] == "section" and state.section is not None:
            state.section = state.section.dragged(self._drag[1], camera, (x, y))
        elif self._drag[0] == "landmark":
            self.set_landmark(self._drag[1], (x, y))
        self.refresh()
        return True

    def release(self, x: float, y: float) -> bool:
        """End what was drawn."""
        was_held, self._drag = self._drag is not None, None
        return was_held

    def set_landmark(self, mark: Mark, pixel: tuple[float, float]) -> None:
        """Lay a landmark onto the skin of its foot that is seen at a pixel; beside the foot it stays where it is."""
        edits = self.state.edits
        if edits is None:
            return
        point = on_skin(edits, mark.number, self.state.shift_of(mark), self.canvas.camera, pixel)
        if len(point):
            edits.move(mark, point)
            self.state.message = f"{mark.name.replace('_', ' ')}: not written yet (w writes, u takes back)"

    # ---------------------------------------------------------------------------------------------- keys

    def key(self, name: str, keys: Keys) -> None:
        """Answer a key by the name that X gives it."""
        self.state.message = ""
        if press_key(self, name, keys):
            self.refresh()
