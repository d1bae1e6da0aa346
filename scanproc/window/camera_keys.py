"""The keys that every window has: the six views, nearer and farther, and the list of keys. A row a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from scanproc.frames import FloatArray
from scanproc.views.canvas import Canvas
from scanproc.window.keys import SIX_VIEWS
from scanproc.window.toolbar import Button


class Looks(Protocol):
    """A window that is looked into."""

    canvas: Canvas

    def six_view(self, letter: str) -> tuple[FloatArray, FloatArray]:
        """Return look and up of one of the six orthogonal views."""

    def look_from(self, look: FloatArray, up: FloatArray) -> None:
        """Look at all that is shown along a direction."""

    def list_keys(self) -> None:
        """Show the list of keys, or hide it."""


Action = Callable[[Looks], None]


def _view(letter: str) -> Action:
    return lambda window: window.look_from(*window.six_view(letter))


def _zoom(factor: float) -> Action:
    def act(window: Looks) -> None:
        window.canvas.camera = window.canvas.camera.zoomed(factor)

    return act


def _all(window: Looks) -> None:
    window.look_from(window.canvas.camera.look, window.canvas.camera.up)


def _list_keys(window: Looks) -> None:
    window.list_keys()


CAMERA_KEYS: Mapping[str, Action] = {
    "question": _list_keys,
    "F1": _list_keys,
    **{letter: _view(letter) for letter in SIX_VIEWS},
    **dict.fromkeys(("plus", "equal", "KP_Add"), _zoom(1.25)),
    **dict.fromkeys(("minus", "KP_Subtract"), _zoom(0.8)),
    "0": _all,
}

#: The same for the mouse.
CAMERA_BUTTONS = (*(Button(name, letter) for letter, name in SIX_VIEWS.items()), Button("all", "0"), Button("?", "F1"))
