"""The panel beside the scene: layers with check boxes, legends, the section's profile, and what was read. Pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from scanproc.artifacts import ByteArray
from scanproc.views.colors import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, RED, SHELL, WHITE, Rgb
from scanproc.views.pen import SMOOTH, font_of, printable, rows_of
from scanproc.views.scene import Legend
from scanproc.window.layers import LayerList
from scanproc.window.section_plane import CutBody

_PAPER: Rgb = (246, 247, 249)
_TEXT_PX = 13
_ROW_PX = 20
_EDGE_PX = 12
_BAR_PX = 44  # of a layer's opacity
_CHART_PX = 190
PROFILE_COLORS: tuple[Rgb, ...] = (BLUE, ORANGE, GREEN, PURPLE)


@dataclass(frozen=True)
class Box:
    """A part of the panel that answers a click: a layer's check box, its opacity, or the profile."""

    kind: str
    left: float
    top: float
    right: float
    bottom: float
    number: int = 0

    def share(self, x: float) -> float:
        """Return how far to the right of the box an x lies, 0 to 1."""
        return min(1.0, max(0.0, (x - self.left) / (self.right - self.left)))


@dataclass(frozen=True)
class Chart:
    """How a profile is drawn: `u` in mm of its left border, mm a pixel, and its box."""

    low_u: float
    mm_per_px: float
    box: Box

    def u_at(self, x: float) -> float:
        return self.low_u + (x - self.box.left) * self.mm_per_px


@dataclass
class Panel:
    """The pixels of a panel, (H, W, 4) uint8, and what of it answers a click."""

    pixels: ByteArray
    boxes: list[Box] = field(default_factory=list)
    chart: Chart | None = None

    def box_at(self, x: float, y: float) -> Box | None:
        """Return what answers a click at a pixel of the panel."""
        return next((box for box in self.boxes if box.left <= x <= box.right and box.top <= y <= box.bottom), None)


@dataclass(frozen=True)
class Contents:
    """What a panel holds.

    Attributes
    ----------
    cut : the bodies that the section plane cuts; empty without a section.
    ruler_u : mm, where the ruler stands in the profile.
    read : lines of figures: what the tools found.
    notes : lines in colours that the stage has to say.
    """

    layers: LayerList
    cut: Sequence[CutBody] = ()
    ruler_u: float = 0.0
    read: Sequence[str] = ()
    notes: Sequence[tuple[Rgb, str]] = ()


def paint_panel(contents: Contents, width: int, height: int) -> Panel:
    """Return the panel: layers, legends, section, figures, notes, from above; what does not fit is cut off."""
    pen = PanelPen(width, height)
    pen.layers(contents.layers)
    for legend in _legends(contents.layers):
        pen.legend(legend)
    if contents.cut:
        pen.profile(contents.cut, contents.ruler_u)
    for line in contents.read:
        pen.text(line, INK)
    if contents.read:
        pen.y += 6
    for color, note in contents.notes:
        pen.text(note, color)
    return Panel(np.asarray(pen.canvas), pen.boxes, pen.chart)


def _legends(layers: LayerList) -> list[Legend]:
    """Return the legends of what is shown, each once."""
    found: dict[tuple[str, float, float], Legend] = {}
    for row in layers.visible:
        if row.layer.legend is not None:
            found.setdefault((row.layer.legend.title, row.layer.legend.low, row.layer.legend.high), row.layer.legend)
    return list(found.values())


class PanelPen:
    """Draws a panel from above; `y` is where the next thing begins."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.canvas = Image.new("RGBA", (width, height), (*_PAPER, 255))
        self.draw = ImageDraw.Draw(self.canvas)
        self.font = font_of(_TEXT_PX)
        self.boxes: list[Box] = []
        self.chart: Chart | None = None
        self.y = 10

    def text(self, text: str, color: Rgb) -> None:
        """Write a line, in as many rows as it takes."""
        for row in rows_of(text, self.width - 2.0 * _EDGE_PX, self.font):
            self.draw.text((_EDGE_PX, self.y), row, fill=color, font=self.font)
            self.y += 17

    def fitted(self, text: str, width: float) -> str:
        """Return as much of a text as fits into a width in pixels."""
        text = printable(text)
        while text and self.font.getlength(text) > width:
            text = text[:-2].rstrip(".") + "."
        return text

    def layers(self, layers: LayerList) -> None:
        for number, row in enumerate(layers.rows):
            y, right = self.y, self.width - _EDGE_PX
            if number == layers.chosen:
                self.draw.rectangle([4, y - 2, self.width - 4, y + _ROW_PX - 3], fill=(225, 230, 236))
            self.draw.rectangle([_EDGE_PX, y + 1, _EDGE_PX + 13, y + 14], fill=WHITE, outline=INK)
            if row.shown:
                tick = [(_EDGE_PX + 3, y + 8), (_EDGE_PX + 6, y + 11), (_EDGE_PX + 11, y + 4)]
                self.draw.line(tick, fill=INK, width=2)
            key = f"{number + 1} " if number < 9 else "   "
            name = self.fitted(key + row.layer.name, right - _BAR_PX - 8 - 34)
            self.draw.text((34, y), name, fill=INK if row.shown else GREY, font=self.font)
            left = right - _BAR_PX
            self.draw.rectangle([left, y + 5, right, y + 10], fill=(214, 218, 223))
            self.draw.rectangle([left, y + 5, left + round(_BAR_PX * row.opacity), y + 10], fill=BLUE)
            self.boxes += [
                Box("layer", 4, y - 2, left - 4, y + _ROW_PX - 3, number),
                Box("opacity", left - 2, y - 2, right + 2, y + _ROW_PX - 3, number),
            ]
            self.y += _ROW_PX
        self.y += 8

    def legend(self, legend: Legend) -> None:
        self.text(legend.title + (f", {legend.unit}" if legend.unit else ""), INK)
        if legend.bar:
            width = self.width - 2 * _EDGE_PX
            self.canvas.paste(Image.fromarray(np.tile(legend.ramp(width), (14, 1, 1))), (_EDGE_PX, self.y))
            for place, figure in legend.ticks:
                anchor = "la" if place == 0.0 else "ra" if place == 1.0 else "ma"
                self.draw.text((_EDGE_PX + place * width, self.y + 17), figure, fill=INK, font=self.font, anchor=anchor)
            self.y += 36
        for color, word in legend.marks:
            self.draw.rectangle([_EDGE_PX, self.y + 2, _EDGE_PX + 18, self.y + 13], fill=color)
            self.draw.text((_EDGE_PX + 24, self.y), self.fitted(word, self.width - 48), fill=INK, font=self.font)
            self.y += 18
        self.y += 6

    def profile(self, cut: Sequence[CutBody], ruler_u: float) -> None:
        """Draw the profiles at one scale with the ruler, and what is read on it."""
        corners = [body.profile.corners() for body in cut]
        low, high = np.min([pair[0] for pair in corners], axis=0), np.max([pair[1] for pair in corners], axis=0)
        width = self.width - 2 * _EDGE_PX
        scale = float(max((high[0] - low[0]) / width, (high[1] - low[1]) / _CHART_PX, 1e-6)) * 1.06
        middle = 0.5 * (low + high)
        low_u, high_v = middle[0] - 0.5 * width * scale, middle[1] + 0.5 * _CHART_PX * scale
        box = Box("profile", _EDGE_PX, self.y, _EDGE_PX + width, self.y + _CHART_PX)
        self.chart = Chart(float(low_u), scale, box)
        self.boxes.append(box)
        chart = Image.new("RGB", (SMOOTH * width, SMOOTH * _CHART_PX), WHITE)
        fine = ImageDraw.Draw(chart)
        for body, color in zip(cut, PROFILE_COLORS * len(cut), strict=False):
            for start, end in SMOOTH * (body.profile.segments - (low_u, high_v)) / (scale, -scale):
                fine.line([tuple(start), tuple(end)], fill=color, width=2 * SMOOTH)
        x = SMOOTH * (ruler_u - low_u) / scale
        fine.line([(x, 0), (x, chart.height)], fill=RED, width=SMOOTH)
        self.canvas.paste(chart.resize((width, _CHART_PX), Image.Resampling.BOX), (_EDGE_PX, self.y))
        self.draw.rectangle([box.left, box.top, box.right, box.bottom], outline=SHELL)
        self.y += _CHART_PX + 4
        self.text(f"ruler at u = {ruler_u:.2f} mm", RED)
        for body, color in zip(cut, PROFILE_COLORS * len(cut), strict=False):
            for line in body.words_at(ruler_u):
                self.text(line, color)
        self.y += 6
