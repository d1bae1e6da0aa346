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
from scanproc.prescription.making_rules import LEAST_LETTER_MM, written
from scanproc.solid.blending import smooth_step
from scanproc.solid.height_fields import HeightField
from scanproc.solid.letters import Lettering, lettering

Form = Literal["raised", "engraved", "plate"]

_SOFT_MM = 0.2  # half the width of a stroke's slope
_SMALLER_MM = 1.0  # letters are tried smaller in such steps
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
    letter_mm : height of its capitals.
    """

    text: str
    letters: Lettering
    centre: FloatArray
    height_mm: float
    form: Form
    letter_mm: float

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
    # Where letters of the asked height find no room, smaller ones may: as small as can be printed.
    smaller = np.arange(asked.letter_mm - _SMALLER_MM, LEAST_LETTER_MM - 1e-9, -_SMALLER_MM)
    fitting = []
    for letter_mm in (asked.letter_mm, *smaller.tolist()):
        place = _roomiest(lettering(text, letter_mm), plan, outline, even, underside)
        if place is None:
            continue
        fitting.append((letter_mm, place))
        if place.lowest_z - ground_z >= asked.mark_height_mm + _CLEAR_MM:
            return Marks(text, lettering(text, letter_mm), place.centre, asked.mark_height_mm, "raised", letter_mm)
    if not fitting:
        length_mm = lettering(text, asked.letter_mm).size_mm[0]
        raise ScanError(
            f"insole.text: {text!r} is {length_mm:.0f} mm long in letters of {asked.letter_mm:g} mm and finds no room"
            f' under the arch (rule text-fits), nor in smaller ones. Shorten it, or leave it out: insole.text = "".'
        )
    letter_mm, place = fitting[0] if fitting[0][1].thick_mm > 2.0 * asked.mark_height_mm else fitting[-1]
    form: Form = "engraved" if place.thick_mm > 2.0 * asked.mark_height_mm else "plate"
    return Marks(text, lettering(text, letter_mm), place.centre, asked.mark_height_mm, form, letter_mm)


@dataclass(frozen=True)
class _Place:
    """A place for a text, (2,) its middle: the lowest of the underside there, and what lies below the wall at least."""

    centre: FloatArray
    lowest_z: float
    thick_mm: float


def _roomiest(
    letters: Lettering, plan: FootPlan, outline: FloatArray, even: HeightField, underside: HeightField
) -> _Place | None:
    """Return where a text fits within the outline and the underside is highest; None where it fits nowhere."""
    half = 0.5 * letters.size_mm
    y = np.arange(outline[:, 1].min(), outline[:, 1].max(), 1.0)
    centres = np.stack(np.meshgrid(_PLACES_X * plan.length_mm, y, indexing="ij"), axis=-1).reshape(-1, 2)
    corners = np.array([[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 0], [0, 1], [1, -1], [1, 0], [1, 1]])
    around = (centres[:, None] + corners * (half + _OFF_EDGE_MM)).reshape(-1, 2)
    fits = inside(outline, around).reshape(len(centres), -1).all(axis=1)
    if not fits.any():
        return None
    boxes = (centres[fits][:, None] + corners * half).reshape(-1, 2)
    z = underside.at(boxes).reshape(-1, len(corners))
    best = int(np.argmax(z.min(axis=1)))
    thick = even.at(boxes).reshape(z.shape) - z
    return _Place(centres[fits][best], float(z[best].min()), float(thick[best].min()))
