"""What is written over the scene: names with leaders, scale bar, tools, messages, the list of keys. (H, W, 4) uint8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from scanproc.artifacts import ByteArray
from scanproc.frames import FloatArray
from scanproc.views.camera import Camera
from scanproc.views.colors import BLUE, GREY, INK, RED, WHITE, Rgb
from scanproc.views.pen import font_of, printable, rows_of, spread_texts
from scanproc.views.scene import Label
from scanproc.window.inline_labels import beside_each_other
from scanproc.window.keys import KEYS
from scanproc.window.toolbar import BUTTON_TEXT_PX, Button, laid_out, more_rows_px

TEXT_PX = 14
_ROW_PX = 18
_BAR_PX = 140
_BUTTON: Rgb = (236, 239, 243)


@dataclass(frozen=True)
class Pointer:
    """A dot at a (3,) point in mm with a word beside it; a ring where the point lies behind a body."""

    point: FloatArray
    word: str = ""
    color: Rgb = BLUE
    large: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Written:
    """All that is written over the scene.

    Attributes
    ----------
    heading : at the upper left.
    status : what lies under the cursor, at the bottom.
    message : what was just done, or is to be done.
    labels : names of places in mm.
    pointers : dots of tools.
    links : (2, 3) lines in mm between them.
    cross : pixel of the cursor that the keyboard moves; None without one.
    keys_listed : whether the list of keys lies over all.
    keys : each key and what it does, for that list.
    buttons : above the status line.
    """

    heading: str
    status: str = ""
    message: str = ""
    labels: Sequence[Label] = ()
    pointers: Sequence[Pointer] = ()
    links: Sequence[FloatArray] = ()
    cross: tuple[float, float] | None = None
    keys_listed: bool = False
    keys: Sequence[tuple[str, str]] = KEYS
    buttons: Sequence[Button] = ()


@dataclass(frozen=True)
class _LabelPlace:
    label: Label
    at: FloatArray
    top: float
    left: bool
    width: float
    lines: tuple[str, ...] = field(default=())


def paint(written: Written, camera: Camera) -> ByteArray:
    """Return the glass over a scene that a camera looks at."""
    canvas = Image.new("RGBA", (camera.width_px, camera.height_px), (255, 255, 255, 0))
    draw = ImageDraw.Draw(canvas)
    for placed in place_labels(written.labels, camera, more_rows_px(written.buttons, camera.width_px)):
        _draw_label(draw, placed, camera.width_px)
    inline = [label for label in written.labels if label.inline]
    if inline:
        widths = [font_of(TEXT_PX).getlength(label.name) for label in inline]
        places = beside_each_other(camera.pixels(np.array([label.point for label in inline])), widths)
        for label, (x, y) in zip(inline, places, strict=True):
            _text(draw, (float(x), float(y)), label.name, label.color, anchor="mm")
    for link in written.links:
        draw.line([tuple(pixel) for pixel in camera.pixels(link)], fill=RED, width=2)
    for pointer in written.pointers:
        _draw_pointer(draw, pointer, camera)
    if written.cross is not None:
        x, y = written.cross
        draw.line([(x - 12, y), (x + 12, y)], fill=RED, width=1)
        draw.line([(x, y - 12), (x, y + 12)], fill=RED, width=1)
    _text(draw, (12, 10), written.heading, INK, size=16)
    for number, row in enumerate(rows_of(written.message, camera.width_px - 24.0, font_of(TEXT_PX))):
        _text(draw, (12, 34 + _ROW_PX * number), row, BLUE)
    _draw_buttons(draw, written.buttons, camera)
    _draw_scale_bar(draw, camera)
    _text(draw, (12, camera.height_px - 24), written.status or "?: keys", INK if written.status else GREY)
    if written.keys_listed:
        _draw_keys(draw, camera, written.keys)
    return np.asarray(canvas)


def _text(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, color: Rgb, size: int = TEXT_PX, anchor: str = "la"
) -> None:
    """Write with a rim of paper: it is read on a body as well."""
    options = {"font": font_of(size), "anchor": anchor, "stroke_width": 2, "stroke_fill": WHITE}
    draw.text(at, printable(text), fill=color, **options)  # type: ignore[arg-type]


def place_labels(labels: Sequence[Label], camera: Camera, below_px: float = 0.0) -> list[_LabelPlace]:
    """Put the names of places into the margins left and right, none over another; those out of sight are left out.

    So many pixels more than usual stay free below them.
    """
    found: list[_LabelPlace] = []
    margins = [label for label in labels if not label.inline]
    if not margins:
        return found
    pixels = camera.pixels(np.array([label.point for label in margins]))
    inside = (pixels > 0.0).all(axis=1) & (pixels < (camera.width_px, camera.height_px)).all(axis=1)
    middle = float(np.median(pixels[inside, 0])) if inside.any() else 0.0
    font = font_of(TEXT_PX)
    for left in (True, False):
        rows = [row for row in np.flatnonzero(inside) if (pixels[row, 0] < middle) is np.bool_(left)]
        rows.sort(key=lambda row: float(pixels[row, 1]))
        texts = [tuple(printable(text) for text in (margins[row].name, margins[row].value) if text) for row in rows]
        heights = [float(_ROW_PX * len(lines)) for lines in texts]
        room = camera.height_px - 120.0 - below_px
        while rows and sum(heights) + 4.0 * len(heights) > room:  # those that do not fit are left out, the last ones
            rows, texts, heights = rows[:-1], texts[:-1], heights[:-1]
        wanted = [float(pixels[row, 1]) - own / 2.0 - 60.0 for row, own in zip(rows, heights, strict=True)]
        for row, top, lines in zip(rows, spread_texts(wanted, heights, 4.0, room), texts, strict=True):
            width = max(font.getlength(line) for line in lines)
            found.append(_LabelPlace(margins[row], pixels[row], top + 60.0, left, width, lines))
    return found


def _draw_label(draw: ImageDraw.ImageDraw, placed: _LabelPlace, width_px: int) -> None:
    x, y = placed.at
    edge = 12.0 + placed.width if placed.left else width_px - 12.0 - placed.width
    middle = placed.top + _ROW_PX * len(placed.lines) / 2.0
    start = edge + 4.0 if placed.left else edge - 4.0
    draw.line([(start, middle), (x, y)], fill=placed.label.color, width=1)
    if placed.label.hidden:  # it lies behind what is seen there
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], outline=placed.label.color, width=2)
    elif placed.label.dot:
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill=placed.label.color, outline=WHITE)
    for number, line in enumerate(placed.lines):
        at = (12.0 if placed.left else edge, placed.top + number * _ROW_PX)
        _text(draw, at, line, INK if number or len(placed.lines) == 1 else placed.label.color)


def _draw_pointer(draw: ImageDraw.ImageDraw, pointer: Pointer, camera: Camera) -> None:
    x, y = camera.pixels(pointer.point[None])[0]
    r = 8.0 if pointer.large else 5.0
    fill, rim = (None, pointer.color) if pointer.hidden else (pointer.color, WHITE)
    draw.ellipse([x - r, y - r, x + r, y + r], fill=fill, outline=rim, width=2)
    if pointer.word:
        place = (x - r - 4, y + 12) if pointer.hidden else (x + r + 4, y)
        _text(draw, place, pointer.word, pointer.color, anchor="rm" if pointer.hidden else "lm")


def nice_length_mm(most_mm: float) -> float:
    """Return the longest of 1, 2, 5, 10, 20, 50 … mm that is not longer."""
    power = 10.0 ** np.floor(np.log10(max(most_mm, 1e-6)))
    return float(max(step for step in (power, 2.0 * power, 5.0 * power) if step <= most_mm * (1.0 + 1e-9)))


def _draw_scale_bar(draw: ImageDraw.ImageDraw, camera: Camera) -> None:
    length_mm = nice_length_mm(_BAR_PX * camera.mm_per_px)
    length = length_mm / camera.mm_per_px
    right, y = camera.width_px - 80.0, camera.height_px - 18.0
    draw.line([(right - length, y), (right, y)], fill=INK, width=3)
    for x in (right - length, right):
        draw.line([(x, y - 5), (x, y + 5)], fill=INK, width=3)
    _text(draw, (right + 8, y), f"{length_mm:g} mm", INK, anchor="lm")


def _draw_buttons(draw: ImageDraw.ImageDraw, buttons: Sequence[Button], camera: Camera) -> None:
    font = font_of(BUTTON_TEXT_PX)
    for button, box in zip(buttons, laid_out(buttons, camera.width_px, camera.height_px), strict=True):
        paper, ink = (BLUE, WHITE) if button.is_on else (_BUTTON, INK)
        draw.rounded_rectangle([box.left, box.top, box.right, box.bottom], 4, fill=(*paper, 235), outline=GREY)
        middle = (0.5 * (box.left + box.right), 0.5 * (box.top + box.bottom))
        draw.text(middle, button.word, fill=ink, font=font, anchor="mm")


def _draw_keys(draw: ImageDraw.ImageDraw, camera: Camera, keys: Sequence[tuple[str, str]]) -> None:
    font = font_of(TEXT_PX)
    first = max(font.getlength(key) for key, _ in keys) + 24.0
    width = first + max(font.getlength(words) for _, words in keys) + 32.0
    height = 22.0 * len(keys) + 32.0
    left, top = max(8.0, (camera.width_px - width) / 2.0), max(8.0, (camera.height_px - height) / 2.0)
    draw.rectangle([left, top, left + width, top + height], fill=(*WHITE, 240), outline=GREY)
    for number, (key, words) in enumerate(keys):
        y = top + 16.0 + 22.0 * number
        draw.text((left + 16.0, y), key, fill=BLUE, font=font)
        draw.text((left + first, y), words, fill=INK, font=font)
