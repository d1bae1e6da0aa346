"""Landmarks that are being moved by hand, with undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Feet, Landmark, Side
from scanproc.frames import FloatArray
from scanproc.mesh.rays import first_hit
from scanproc.views.camera import Camera


@dataclass(frozen=True)
class Mark:
    """A landmark of one foot, by its name; `number` is that of the foot."""

    number: int
    name: str


class LandmarkEdits:
    """Where each landmark is now, and what was done to it, step by step.

    Parameters
    ----------
    by_hand : names of landmarks that no shape gives away: they may be added.
    """

    def __init__(self, feet: Feet, by_hand: Sequence[str] = ()) -> None:
        self.feet = feet
        self._found = {
            Mark(number, name): mark for number, foot in enumerate(feet.feet) for name, mark in foot.landmarks.items()
        }
        self._now: dict[Mark, FloatArray] = {mark: landmark.xyz_mm for mark, landmark in self._found.items()}
        self._steps: list[tuple[Mark, FloatArray | None]] = []
        self._saved = 0
        added = [Mark(number, name) for number in range(len(feet.feet)) for name in by_hand]
        self.marks = tuple(dict.fromkeys((*self._found, *added)))
        self.chosen = self.marks[0] if self.marks else None

    def place(self, mark: Mark) -> FloatArray | None:
        """Return where a landmark is, (3,) mm in the foot frame; None of one that was not set."""
        return self._now.get(mark)

    def choose_next(self, step: int) -> None:
        """Choose the landmark after the chosen one, or before it."""
        if self.chosen is not None:
            self.chosen = self.marks[(self.marks.index(self.chosen) + step) % len(self.marks)]

    def begin(self, mark: Mark) -> None:
        """Remember where a landmark is: all moves up to the next beginning are one step."""
        self._steps.append((mark, self._now.get(mark)))
        self.chosen = mark

    def move(self, mark: Mark, point: FloatArray) -> None:
        """Move a landmark to a (3,) point of the skin."""
        self._now[mark] = np.asarray(point)

    def undo(self) -> str:
        """Take the last step back; say what it was, or that there is none."""
        if not self._steps:
            return "nothing to undo"
        mark, before = self._steps.pop()
        if before is None:
            self._now.pop(mark, None)
        else:
            self._now[mark] = before
        self.chosen = mark
        return f"undone: {mark.name.replace('_', ' ')}"

    @property
    def is_unsaved(self) -> bool:
        """Whether anything differs from what was saved last."""
        return len(self._steps) != self._saved

    def saved(self) -> None:
        """Note that all is saved as it is now."""
        self._saved = len(self._steps)

    def changed(self) -> Mapping[Side, Mapping[str, FloatArray]]:
        """Return by side and name where those landmarks are that differ from what they were, or were edited before."""
        found: dict[Side, dict[str, FloatArray]] = {foot.side: {} for foot in self.feet.feet}
        for mark, point in self._now.items():
            before = self._found.get(mark)
            if before is None or before.method == "edited" or not np.array_equal(before.xyz_mm, point):
                found[self.feet.feet[mark.number].side][mark.name] = point
        return found

    def landmark(self, mark: Mark) -> Landmark | None:
        """Return a landmark as it is now: edited, if it was moved."""
        before, point = self._found.get(mark), self._now.get(mark)
        if point is None or (before is not None and np.array_equal(before.xyz_mm, point)):
            return before if point is not None else None
        return Landmark(point, "edited", 1.0)


def on_skin(edits: LandmarkEdits, number: int, shift: FloatArray, camera: Camera, pixel: Sequence[float]) -> FloatArray:
    """Return the (3,) point of a foot's skin under a pixel, foot frame; empty (0,) where the foot is not there."""
    hit = first_hit(edits.feet.feet[number].mesh, camera.on_ray(pixel) - shift, camera.look)
    return np.zeros(0) if hit is None else hit.point
