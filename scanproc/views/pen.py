"""Lines, labels and scale bars over one rendered shot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import ImageDraw, ImageFont

from scanproc.fonts import font_file
from scanproc.frames import FloatArray
from scanproc.views.colors import GREY, INK, WHITE
from scanproc.views.scene import Label, Line, Shot

#: What the font lacks, spelt by what it has.
_SPELT = str.maketrans({"÷": "/", "³": "3", "²": "2", "–": "-", "→": "to", "×": "x", "µ": "u", "≤": "<=", "≥": ">="})

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

SMOOTH = 2  # pictures are drawn this much larger and averaged: smooth edges


@dataclass(frozen=True)
class Look:
    """How large pictures are: pixels of a mm, height of a text line in pixels, empty border in mm; and their language.

    `say` returns a text of a picture as it is to be written there; with letters that English has not, if `accented`.
    """

    pixels_per_mm: float = 2.8
    text_px: int = 22
    border_mm: float = 6.0
    say: Callable[[str], str] = str
    accented: bool = False

    def font(self, size: int) -> Font:
        """Return what texts are written in, of a height in pixels."""
        return font_of(size, self.accented)


@dataclass(frozen=True)
class Frame:
    """The window of a shot: its left and top in mm along right and up, its size in (enlarged) pixels."""

    left_mm: float
    top_mm: float
    width_px: int
    height_px: int
    scale: float
    axes: FloatArray

    @staticmethod
    def around(shot: Shot, look: Look) -> Frame:
        axes = np.stack([shot.right, shot.up])
        seen = shot.extent() @ axes.T
        if shot.top_mm is not None:
            low_enough = seen[seen[:, 1] <= shot.top_mm]
            seen = low_enough if len(low_enough) else seen
        low, high = seen.min(axis=0) - look.border_mm, seen.max(axis=0) + look.border_mm
        if shot.top_mm is not None and high[1] > shot.top_mm:
            high[1] = shot.top_mm  # cut, without a border
        scale = SMOOTH * look.pixels_per_mm * shot.scale
        if any(label.inline for label in shot.scene.labels):
            low, high = low - SMOOTH * look.text_px / scale, high + SMOOTH * look.text_px / scale
        bar_mm = shot.scale_bar + 5.0 * SMOOTH * look.text_px / scale + 6.0 if shot.scale_bar else 0.0
        spare = max(0.0, bar_mm - float(high[0] - low[0])) / 2.0  # a slender body still needs its scale bar
        low[0], high[0] = low[0] - spare, high[0] + spare
        width, height = (np.ceil((high - low) * scale / SMOOTH).astype(int) * SMOOTH).tolist()
        return Frame(float(low[0]), float(high[1]), width, height, scale, axes)

    def centre(self, shot: Shot) -> FloatArray:
        """Return the (3,) point in the middle of the picture, at the depth of the scene's middle."""
        points = shot.extent() @ shot.look
        across = self.left_mm + self.width_px / self.scale / 2.0
        upwards = self.top_mm - self.height_px / self.scale / 2.0
        depth = 0.5 * float(points.min() + points.max())
        return np.asarray(across * shot.right + upwards * shot.up + depth * shot.look)

    def pixel(self, points: FloatArray) -> FloatArray:
        """Return (N, 2) pixels of (N, 3) points."""
        flat = points @ self.axes.T
        return np.stack([(flat[:, 0] - self.left_mm) * self.scale, (self.top_mm - flat[:, 1]) * self.scale], axis=1)


@cache
def rows_of(text: str, width_px: float, font: Font) -> list[str]:
    """Return a text in rows that are no wider than asked; a word is never parted."""
    rows: list[str] = []
    for word in printable(text).split():
        longer = f"{rows[-1]} {word}" if rows else word
        if rows and font.getlength(longer) <= width_px:
            rows[-1] = longer
        else:
            rows.append(word)
    return rows


@cache
def font_of(size: int, accented: bool = False) -> Font:
    """Return Pillow's own font (Aileron, CC0), which has the letters of English alone; or one of all Europe."""
    return ImageFont.truetype(font_file(), size) if accented else ImageFont.load_default(size=size)


def printable(text: str) -> str:
    """Return a text in letters that the font has."""
    return text.translate(_SPELT)


def _is_left(label: Label, frame: Frame) -> bool:
    return bool(frame.pixel(label.point[None])[0, 0] < frame.width_px / 2.0)


def _in_margins(labels: Sequence[Label]) -> list[Label]:
    return [label for label in labels if not label.inline]


def _lines_of(label: Label) -> int:
    return 2 if label.value else 1


def margins_of(labels: Sequence[Label], frame: Frame, look: Look) -> tuple[int, int]:
    """Return the pixels left and right of the body that the labels there need."""
    font = look.font(SMOOTH * look.text_px)
    widths = {True: [0.0], False: [0.0]}
    for label in _in_margins(labels):
        text_width = max(font.getlength(label.name), font.getlength(label.value))
        widths[_is_left(label, frame)].append(text_width + SMOOTH * look.text_px)
    left, right = (int(np.ceil(max(widths[side]) / SMOOTH)) * SMOOTH for side in (True, False))
    return left, right


def labels_height(labels: Sequence[Label], frame: Frame, look: Look) -> int:
    """Return the pixels of height that the fuller margin needs."""
    rows = {True: 0.0, False: 0.0}
    for label in _in_margins(labels):
        rows[_is_left(label, frame)] += _lines_of(label) + 0.5
    return int(max(rows.values()) * 1.15 * SMOOTH * look.text_px) // SMOOTH * SMOOTH


def spread_texts(wanted: Sequence[float], heights: Sequence[float], gap: float, bottom: float) -> list[float]:
    """Return the y where each text begins: where it wants to, but never over another text; all above `bottom`."""
    tops: list[float] = []
    floor = 0.0
    for place, own in zip(wanted, heights, strict=True):
        tops.append(max(place, floor))
        floor = tops[-1] + own + gap
    ceiling = bottom
    for index in reversed(range(len(tops))):
        tops[index] = max(0.0, min(tops[index], ceiling - heights[index]))
        ceiling = tops[index] - gap
    return tops


@dataclass(frozen=True)
class Pen:
    """Draws on one enlarged picture whose bodies begin at `left_px`."""

    draw: ImageDraw.ImageDraw
    frame: Frame
    left_px: int
    text_px: int
    font: Font

    def place(self, points: FloatArray) -> FloatArray:
        return np.asarray(self.frame.pixel(points) + np.array([self.left_px, 0.0]))

    def line(self, line: Line) -> None:
        pixels = self.place(line.points.reshape(-1, 3))
        width = round(line.width * SMOOTH)
        for part in pixels.reshape(-1, 2, 2) if line.points.ndim == 3 else pixels[None]:
            self.draw.line([(float(x), float(y)) for x, y in part], fill=line.color, width=width, joint="curve")
        if not line.ticks:
            return
        along = pixels[-1] - pixels[0]
        across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-9) * self.text_px * 0.35
        for end in (pixels[0], pixels[-1]):
            self.draw.line([tuple(end - across), tuple(end + across)], fill=line.color, width=width)

    def labels(self, labels: Sequence[Label], height: int) -> None:
        """Write texts at their points, or in the two margins beside them in the order of their heights."""
        for label in labels:
            if label.inline:
                x, y = (float(value) for value in self.place(label.point[None])[0])
                self.draw.text((x, y), label.name, fill=label.color, font=self.font, anchor="mm")
        for left in (True, False):
            chosen = [label for label in _in_margins(labels) if _is_left(label, self.frame) is left]
            chosen.sort(key=lambda label: float(self.place(label.point[None])[0, 1]))
            for label, top in zip(chosen, self._tops(chosen, height), strict=True):
                self._label(label, top, left)

    def _tops(self, labels: Sequence[Label], height: int) -> list[float]:
        """Return the y where each text begins: beside its point, but never over another text."""
        heights = [_lines_of(label) * 1.15 * self.text_px for label in labels]
        middles = [float(self.place(label.point[None])[0, 1]) for label in labels]
        wanted = [middle - own / 2.0 for middle, own in zip(middles, heights, strict=True)]
        return spread_texts(wanted, heights, 0.4 * self.text_px, float(height))

    def _label(self, label: Label, top: float, left: bool) -> None:
        x, y = (float(value) for value in self.place(label.point[None])[0])
        middle = top + _lines_of(label) * 1.15 * self.text_px / 2.0
        edge = self.left_px - 0.5 * self.text_px if left else self.left_px + self.frame.width_px + 0.5 * self.text_px
        self.draw.line([(x, y), (edge, middle)], fill=label.color, width=SMOOTH)
        if label.dot:
            r = 0.2 * self.text_px
            self.draw.ellipse([x - r, y - r, x + r, y + r], fill=label.color, outline=WHITE, width=SMOOTH)
        anchor = "ra" if left else "la"
        at = edge - 0.2 * self.text_px if left else edge + 0.2 * self.text_px
        self.draw.text(
            (at, top), printable(label.name), fill=GREY if label.value else INK, font=self.font, anchor=anchor
        )
        if label.value:
            self.draw.text(
                (at, top + 1.15 * self.text_px), printable(label.value), fill=INK, font=self.font, anchor=anchor
            )

    def scale_bar(self, length_mm: float, y: float) -> None:
        start, length = self.left_px + self.frame.scale * 6.0, length_mm * self.frame.scale
        tick = 0.25 * self.text_px
        self.draw.line([(start, y), (start + length, y)], fill=INK, width=2 * SMOOTH)
        for x in (start, start + length):
            self.draw.line([(x, y - tick), (x, y + tick)], fill=INK, width=2 * SMOOTH)
        self.draw.text(
            (start + length + 0.6 * self.text_px, y), f"{length_mm:g} mm", fill=INK, font=self.font, anchor="lm"
        )
