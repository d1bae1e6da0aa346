"""The six orthogonal views of a display, and turning by keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanproc.frames import FloatArray, rotation_about
from scanproc.views.camera import Camera
from scanproc.views.display import Display
from scanproc.views.scene import ABOVE, BELOW, FRONT, REAR, lateral, medial

_STEP_DEG = 10.0
_STEP_SHARE = 0.05  # of the window's height


def six_view(display: Display, letter: str) -> tuple[FloatArray, FloatArray]:
    """Return look and up, (3,) each, of the view that a key stands for; where medial is unknown, it is to the right."""
    towards = display.medial_y or -1.0
    views = {"t": ABOVE, "b": BELOW, "r": REAR, "f": FRONT, "m": medial(towards), "l": lateral(towards)}
    look, up = views[letter]
    return display.axes @ look, display.axes @ up


def steered(camera: Camera, key: str, moves: bool) -> Camera:
    """Return the camera after an arrow key: turned round the scene, or moved across it."""
    x, y = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, 1), "Down": (0, -1)}[key]
    if moves:
        step = _STEP_SHARE * camera.height_mm
        return replace(camera, centre=camera.centre - step * (x * camera.right + y * camera.up))
    turn = rotation_about(camera.up, np.radians(-_STEP_DEG * x)) @ rotation_about(
        camera.right, np.radians(_STEP_DEG * y)
    )
    look, up = turn @ camera.look, turn @ camera.up
    up = up - (up @ look) * look
    return replace(camera, look=look / np.linalg.norm(look), up=up / np.linalg.norm(up))
