"""Letters, measured back: how far they stand out of the underside, and which side they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, Check
from scanproc.design.marks import Marks
from scanproc.frames import FloatArray
from scanproc.proof.checks import is_so, within
from scanproc.proof.finished import Finished
from scanproc.solid.letters import lettering

_STEP_MM = 0.2
_OFF_STROKE_MM, _IN_STROKE_MM = 0.4, 0.3
_HEIGHT_MM = 0.1  # tolerance


def mark_checks(done: Finished) -> tuple[Check, ...]:
    """The height of the letters, and L or R as read from the solid."""
    rx = done.rx
    marks = done.asked.underside.marks
    if marks is None:
        return ()
    relief = _relief(done, marks)
    # What was flattened for the printer lies lower, around engraved strokes or raised ones themselves.
    deeper = float(np.clip(relief.height_mm - marks.height_mm, 0.0, done.flattened_ahead_mm))
    checks = [within("letters_mm", marks.height_mm + deeper, relief.height_mm, _HEIGHT_MM)]
    if rx.marks.side_mark:
        checks.append(is_so("side_mark", "LR"[done.foot.side == "right"], relief.side(marks.text, marks.letter_mm)))
    return tuple(checks)


@dataclass(frozen=True)
class _Relief:
    """How far the underside lies below the asked one without letters, in the box of the letters.

    Attributes
    ----------
    uv : (N, 2) from the middle of the text, as it is read from below.
    depth_mm : (N,) positive where letters stand out of it.
    on_stroke : (N,) bool, well inside a stroke.
    """

    uv: FloatArray
    depth_mm: FloatArray
    on_stroke: BoolArray

    @property
    def height_mm(self) -> float:
        return abs(float(np.median(self.depth_mm[self.on_stroke]))) if self.on_stroke.any() else 0.0

    def side(self, text: str, capital_mm: float) -> str:
        """Return L or R: whose strokes the relief is most like, at the place of the first letter.

        What was flattened for the printer inclines it there: heights count over the plane of what lies off all strokes.
        """
        left = -0.5 * lettering(text, capital_mm).size_mm[0]
        distances = {}
        for letter in "LR":
            form = lettering(letter, capital_mm)
            at = self.uv - np.array([left + 0.5 * form.size_mm[0], 0.0])
            here = form.covers(at)
            distances[letter] = np.full(len(at), np.nan)
            distances[letter][here] = form.distance_at(at[here])
        off = np.fmin(*distances.values()) > _OFF_STROKE_MM
        columns = np.column_stack([self.uv, np.ones(len(self.uv))])
        depth = np.abs(self.depth_mm - columns @ np.linalg.lstsq(columns[off], self.depth_mm[off])[0])
        likeness = {
            letter: float(depth[distance < 0.0].mean() - depth[distance >= 0.0].mean())
            for letter, distance in distances.items()
        }
        return max(likeness, key=lambda letter: likeness[letter])


def _relief(done: Finished, marks: Marks) -> _Relief:
    length, height = marks.letters.size_mm
    u, v = np.arange(-0.5 * length, 0.5 * length, _STEP_MM), np.arange(-0.5 * height, 0.5 * height, _STEP_MM)
    uv = np.stack(np.meshgrid(u, v, indexing="ij"), axis=-1).reshape(-1, 2)
    xy = marks.centre + uv * [1.0, -1.0]
    z = done.probe.bottom_at(xy)
    there = np.isfinite(z)
    uv, xy, z = uv[there], xy[there], z[there]
    distance = marks.letters.distance_at(uv)
    around, on_stroke = distance > _OFF_STROKE_MM, distance < -_IN_STROKE_MM
    if marks.form == "plate":  # it surrounds the strokes, and falls off at its own border
        around &= (0.5 * marks.letters.size_mm - np.abs(uv)).min(axis=1) > 2.0 * _OFF_STROKE_MM
    depth = done.without_marks(xy) - z
    return _Relief(uv, depth - float(np.median(depth[around])), on_stroke)
