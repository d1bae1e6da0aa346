"""Shots as panels of pixels, panels side by side on a sheet, and both as files."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from scanproc.artifacts import ByteArray
from scanproc.views.colors import GREY, INK, WHITE
from scanproc.views.pen import SMOOTH, Frame, Look, Pen, labels_height, margins_of, printable
from scanproc.views.render import Studio
from scanproc.views.scene import Legend, Shot


@dataclass(frozen=True)
class Panel:
    """One picture and what it shows: (H, W, 3) uint8."""

    title: str
    pixels: ByteArray


def develop(shot: Shot | Legend, look: Look, studio: Studio) -> Panel:
    """Return the picture of a shot: bodies, then lines, labels in the margins and the scale bar; or of a legend."""
    if isinstance(shot, Legend):
        return _legend(shot, look)
    shot = _spoken(shot, look.say)
    frame = Frame.around(shot, look)
    labels = shot.scene.labels
    body = studio.still(shot, frame.centre(shot), (frame.width_px, frame.height_px), frame.height_px / frame.scale)
    left_px, right_px = margins_of(labels, frame, look)
    text_px = SMOOTH * look.text_px
    foot_px = 2 * text_px if shot.scale_bar else 0
    body_px = max(frame.height_px, labels_height(labels, frame, look))
    canvas = Image.new("RGB", (left_px + frame.width_px + right_px, body_px + foot_px), WHITE)
    canvas.paste(Image.fromarray(body), (left_px, 0))
    pen = Pen(ImageDraw.Draw(canvas), frame, left_px, text_px, look.font(text_px))
    for line in shot.scene.lines:
        pen.line(line)
    pen.labels(labels, body_px)
    if shot.scale_bar:
        pen.scale_bar(shot.scale_bar, body_px + 0.5 * foot_px)
    return Panel(shot.title, _shrink(canvas))


def _spoken(shot: Shot, say: Callable[[str], str]) -> Shot:
    """Return a shot with its title and labels in the language of a look."""
    labels = tuple(replace(label, name=say(label.name), value=say(label.value)) for label in shot.scene.labels)
    return replace(shot, title=say(shot.title), scene=replace(shot.scene, labels=labels))


def _legend(legend: Legend, look: Look) -> Panel:
    """Draw a bar from low to high with its figures, then the single colours with their words."""
    text = SMOOTH * look.text_px
    font = look.font(text)
    bar_width = 14 * text
    marks = [(color, printable(look.say(word))) for color, word in legend.marks]
    width = max([bar_width + 2 * text, *(2.5 * text + font.getlength(word) for _, word in marks)])
    height = (3.0 * legend.bar + 1.6 * len(legend.marks)) * text
    canvas = Image.new("RGB", (int(width // SMOOTH + 1) * SMOOTH, int(height // SMOOTH) * SMOOTH), WHITE)
    draw = ImageDraw.Draw(canvas)
    y = 0.0
    if legend.bar:
        canvas.paste(Image.fromarray(np.tile(legend.ramp(bar_width), (text, 1, 1))), (0, 0))
        for place, figure in legend.ticks[:: 2 if len(legend.ticks) == 5 else 1]:
            unit = f" {legend.unit}" if place == legend.ticks[-1][0] and legend.unit else ""
            told = look.say(figure) + unit
            room = 0.5 * font.getlength(told)  # figures stand below their places, but not beyond the bar's ends
            at = min(max(place * bar_width, room), bar_width - room)
            draw.text((at, 1.3 * text), told, fill=INK, font=font, anchor="ma")
        y = 3.0 * text
    for color, word in marks:
        draw.rectangle([0, y, 1.6 * text, y + text], fill=color)
        draw.text((2.2 * text, y + 0.5 * text), word, fill=INK, font=font, anchor="lm")
        y += 1.6 * text
    return Panel(look.say(legend.title), _shrink(canvas))


def _shrink(canvas: Image.Image) -> ByteArray:
    small = canvas.resize((canvas.width // SMOOTH, canvas.height // SMOOTH), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.uint8)


def compose(panels: Sequence[Panel], look: Look, max_width: int = 1900) -> ByteArray:
    """Set panels in rows under their titles, (H, W, 3) uint8."""
    gap, title_px = 2 * look.text_px, 2 * look.text_px
    font = look.font(look.text_px)
    places, x, y, row_height, sheet_width = [], gap, gap, 0, 0
    for panel in panels:
        height, width = panel.pixels.shape[:2]
        width = max(width, int(font.getlength(panel.title)))
        if x > gap and x + width + gap > max_width:
            x, y, row_height = gap, y + row_height + gap, 0
        places.append((x, y))
        x += width + gap
        sheet_width, row_height = max(sheet_width, x), max(row_height, height + title_px)
    canvas = Image.new("RGB", (sheet_width, y + row_height + gap), WHITE)
    draw = ImageDraw.Draw(canvas)
    for panel, (left, top) in zip(panels, places, strict=True):
        draw.text((left, top), panel.title, fill=GREY, font=font)
        canvas.paste(Image.fromarray(np.array(panel.pixels)), (left, top + title_px))
    return np.asarray(canvas, dtype=np.uint8)


def encode_png(pixels: ByteArray) -> bytes:
    """Return a picture as a PNG file, the same bytes for the same pixels."""
    file = io.BytesIO()
    Image.fromarray(np.array(pixels)).save(file, format="PNG", optimize=True)
    return file.getvalue()


def encode_jpeg(pixels: ByteArray, quality: int) -> bytes:
    """Return a picture as a JPEG file without chroma subsampling, which would blur coloured lines."""
    file = io.BytesIO()
    Image.fromarray(np.array(pixels)).save(file, format="JPEG", quality=quality, subsampling=0, optimize=True)
    return file.getvalue()
