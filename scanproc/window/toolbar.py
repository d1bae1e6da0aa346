"""The buttons over the scene: each stands for a key, so that the mouse alone leads everywhere that keys do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scanproc.views.pen import font_of
from scanproc.window.panel import Box

BUTTON_TEXT_PX = 13
_HEIGHT_PX, _PAD_PX, _GAP_PX = 22, 7, 4
_EDGE_PX = 10
_BELOW_PX = 34  # the status line and the scale bar stand there


@dataclass(frozen=True)
class Button:
    """A word that is clicked, the key that it stands for, and whether what it turns on is on."""

    word: str
    key: str
    is_on: bool = False


def laid_out(buttons: Sequence[Button], width_px: int, height_px: int) -> list[Box]:
    """Return where each button lies: in rows above the status line, as many as they take."""
    font, rows, x = font_of(BUTTON_TEXT_PX), 0, float(_EDGE_PX)
    places: list[tuple[int, float, float]] = []
    for button in buttons:
        width = font.getlength(button.word) + 2 * _PAD_PX
        if places and x + width > width_px - _EDGE_PX:
            rows, x = rows + 1, float(_EDGE_PX)
        places.append((rows, x, width))
        x += width + _GAP_PX
    last = height_px - _BELOW_PX - _HEIGHT_PX
    tops = [last - (rows - row) * (_HEIGHT_PX + _GAP_PX) for row, _, _ in places]
    return [
        Box("button", left, top, left + width, top + _HEIGHT_PX, number)
        for number, ((_, left, width), top) in enumerate(zip(places, tops, strict=True))
    ]


def more_rows_px(buttons: Sequence[Button], width_px: int) -> float:
    """Return how much higher the rows of buttons are than one row, which the scene leaves free anyway."""
    tops = {box.top for box in laid_out(buttons, width_px, 0)}
    return (len(tops) - 1.0) * (_HEIGHT_PX + _GAP_PX) if tops else 0.0


def key_at(buttons: Sequence[Button], size_px: tuple[int, int], x: float, y: float) -> str | None:
    """Return the key of the button at a pixel; None beside them."""
    boxes = laid_out(buttons, *size_px)
    return next((buttons[b.number].key for b in boxes if b.left <= x <= b.right and b.top <= y <= b.bottom), None)
