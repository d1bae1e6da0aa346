"""Three-point set-up: heel, first and fifth metatarsal head are moved over the foot's skin, and the insole follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Side
from scanproc.editing.session import EditSession
from scanproc.frames import FloatArray
from scanproc.mesh.rays import first_hit
from scanproc.views.camera import Camera
from scanproc.views.colors import BLUE, ORANGE
from scanproc.window.glass import Pointer
from scanproc.window.inline_labels import are_hidden
from scanproc.window.picking import stepped

POINTS = {"pternion": "heel", "metatarsale_tibiale": "1st head", "metatarsale_fibulare": "5th head"}
_NAMES = tuple(POINTS)
_REACH_PX = 14.0


@dataclass
class ThreePoints:
    """The points of one foot at a time: which one is held, and where they are.

    Attributes
    ----------
    is_on : whether they are shown, and keys move them.
    chosen : which of them keys move.
    """

    session: EditSession
    is_on: bool = False
    chosen: int = 0

    def place(self, name: str, side: Side) -> FloatArray:
        """Return where a point is, (3,) mm."""
        return np.asarray(self.session.foot(side).landmarks[name].xyz_mm)

    def choose_next(self, step: int) -> None:
        """Choose the next point, or the one before."""
        self.chosen = (self.chosen + step) % len(_NAMES)

    def take(self, camera: Camera, pixel: Sequence[float], side: Side) -> bool:
        """Choose the point under a pixel; tell whether there is one."""
        places = camera.pixels(np.array([self.place(name, side) for name in _NAMES]))
        away = np.linalg.norm(places - np.asarray(pixel), axis=1)
        if not self.is_on or away.min() > _REACH_PX:
            return False
        self.chosen = int(away.argmin())
        return True

    def lay(self, camera: Camera, pixel: Sequence[float] | FloatArray, side: Side) -> None:
        """Lay the chosen point onto the skin that is seen at a pixel; beside the foot it stays where it is.

        Raises
        ------
        ScanError
            If it may not lie there.
        """
        hit = first_hit(self.session.foot(side).mesh, camera.on_ray(pixel), camera.look)
        if hit is not None:
            self.session.move(_NAMES[self.chosen], hit.point, side)

    def nudge(self, camera: Camera, way: FloatArray, step_mm: float, side: Side) -> None:
        """Move the chosen point across the window, by (2,) pixels of unit length times a step.

        Raises
        ------
        ScanError
            If it may not lie there.
        """
        place, mesh = self.place(_NAMES[self.chosen], side), self.session.foot(side).mesh
        self.lay(camera, stepped(camera, mesh, place, step_mm * way), side)

    def words(self, side: Side) -> str:
        """Return the chosen point and its coordinates, in words."""
        x, y, z = self.place(_NAMES[self.chosen], side)
        return f"{POINTS[_NAMES[self.chosen]]}: x {x:.1f}, y {y:.1f}, z {z:.1f} mm"

    def pointers(self, camera: Camera, side: Side) -> list[Pointer]:
        """Return the dots to be drawn; a ring is behind the foot."""
        if not self.is_on:
            return []
        places = np.array([self.place(name, side) for name in _NAMES])
        hidden = are_hidden(places, camera, [self.session.foot(side).mesh])
        colors = [ORANGE if number == self.chosen else BLUE for number in range(len(_NAMES))]
        return [
            Pointer(place, POINTS[name], color, True, behind)
            for name, place, color, behind in zip(_NAMES, places, colors, hidden, strict=True)
        ]
