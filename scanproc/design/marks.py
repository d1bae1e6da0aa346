"""What is written under an insole: L or R, and the prescription's own text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.artifacts import BoolArray, Side
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside
from scanproc.prescription.device import Marks as AskedMarks
from scanproc.prescription.making_rules import written
from scanproc.solid.blending import smooth_step
from scanproc.solid.height_fields import HeightField
from scanproc.solid.letters import Lettering, lettering

Form = Literal["raised", "engraved", "plate"]

_SOFT_MM = 0.2  # half the width of a stroke's slope
_OFF_EDGE_MM = 5.0  # letters keep so far off the outline
_CLEAR_MM = 0.3  # and so far off the ground
_PLACES_X = np.arange(0.36, 0.56, 0.02)  # of their middle, as shares of the foot's length: under the arch


@dataclass(frozen=True)
class Marks:
    """A line of text on the underside, to be read from below.

    Attributes
    ----------
    centre : (2,) its middle.
    height_mm : how far strokes stand out of the underside, or lie in it.
    form : raised strokes; strokes engraved where a platform is thick enough; where raised strokes would touch the
        ground, a plate that leaves them out.
    """

    text: str
    letters: Lettering
    centre: FloatArray
    height_mm: float
    form: Form

    def lowering(self, xy: FloatArray) -> FloatArray:
        """Return how far the underside is lowered at (N, 2) points, (N,) mm."""
        uv = self._seen_from_below(xy)
        here = self.letters.covers(uv)
        ink = 1.0 - smooth_step(self.letters.distance_at(uv[here]), -_SOFT_MM, _SOFT_MM)
        answer = np.zeros(len(xy))
        if self.form == "engraved":
            ink = -ink
        elif self.form == "plate":
            ink = self._plate(uv[here]) - ink
        answer[here] = self.height_mm * ink
        return answer

    def near(self, xy: FloatArray) -> BoolArray:
        """Tell which of (N, 2) points lie on a stroke or its slope, (N,) bool."""
        uv = self._seen_from_below(xy)
        answer = self.letters.covers(uv)
        if self.form != "plate":
            answer[answer] = self.letters.distance_at(uv[answer]) < 2.0 * _SOFT_MM
        return answer

    def _seen_from_below(self, xy: FloatArray) -> FloatArray:
        return np.asarray((xy - self.centre) * [1.0, -1.0])

    def _plate(self, uv: FloatArray) -> FloatArray:
        """Return 1 on the plate, falling to 0 at its border."""
        off_border = (0.5 * self.letters.size_mm - np.abs(uv)).min(axis=1)
        return smooth_step(off_border, 0.0, 2.0 * _SOFT_MM)


def marks_of(
    side: Side,
    plan: FootPlan,
    outline: FloatArray,
    even: HeightField,
    underside: HeightField,
    ground_z: float,
    asked: AskedMarks,
) -> Marks | None:
    """Return what is written, placed where the underside is highest over the ground; None if nothing is.

    Parameters
    ----------
    even, underside : the underside of the even wall, and with the platforms below it.
    ground_z : what it stands on.

    Raises
    ------
    ScanError
        If the text is longer than the room under the arch.
    """
    text = " ".join(word for word in ("LR"[side == "right"] if asked.side_mark else "", written(asked)) if word)
    if not text:
        return None
    letters = lettering(text, asked.letter_mm)
    half = 0.5 * letters.size_mm
    y = np.arange(outline[:, 1].min(), outline[:, 1].max(), 1.0)
    centres = np.stack(np.meshgrid(_PLACES_X * plan.length_mm, y, indexing="ij"), axis=-1).reshape(-1, 2)
    corners = np.array([[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 0], [0, 1], [1, -1], [1, 0], [1, 1]])
    around = (centres[:, None] + corners * (half + _OFF_EDGE_MM)).reshape(-1, 2)
    fits = inside(outline, around).reshape(len(centres), -1).all(axis=1)
    if not fits.any():
        raise ScanError(
            f"insole.text: {text!r} is {2 * half[0]:.0f} mm long in letters of {asked.letter_mm:g} mm and finds no room"
            " under the arch (rule text-fits). Shorten insole.text or lower insole.letter_mm."
        )
    boxes = (centres[fits][:, None] + corners * half).reshape(-1, 2)
    z = underside.at(boxes).reshape(-1, len(corners))
    room = z.min(axis=1) - ground_z
    thick = (even.at(boxes).reshape(z.shape) - z).min(axis=1)
    best = int(np.argmax(room))
    form: Form = "raised"
    if room[best] < asked.mark_height_mm + _CLEAR_MM:
        form = "engraved" if thick[best] > 2.0 * asked.mark_height_mm else "plate"
    return Marks(text, letters, centres[fits][best], asked.mark_height_mm, form)
