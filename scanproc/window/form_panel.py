"""The panel of the design window: sections, fields with their values, and the lights of the proof. Pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Check
from scanproc.editing.form import Field
from scanproc.views.colors import BLUE, GREEN, GREY, INK, ORANGE, RED, WHITE, Rgb
from scanproc.views.scene import Legend
from scanproc.window.panel import Box, Panel, PanelPen

_EDGE_PX = 12
_ROW_PX = 19
_TABS = 4  # in a row
_BAR_PX, _VALUE_PX = 76, 78
_ROWS = 13  # fields that are shown at once
_CHOSEN: Rgb = (225, 230, 236)
_EMPTY: Rgb = (214, 218, 223)


@dataclass(frozen=True)
class FieldRow:
    """A field and what it says: `text` as it is shown, `value` None where a rule fills it in."""

    field: Field
    value: object
    text: str
    is_changed: bool = False

    @property
    def words(self) -> str:
        """Its name, in words."""
        return self.field.name.replace("_", " ")


@dataclass(frozen=True)
class FormContents:
    """What the panel holds.

    Attributes
    ----------
    head : lines above all.
    sections : their titles; `section` is the one that is open.
    rows : its fields; `chosen` is the one that keys change.
    refused : why nothing comes out.
    lights : the checks, failed ones first.
    """

    head: Sequence[tuple[Rgb, str]]
    sections: Sequence[str]
    section: int
    rows: Sequence[FieldRow]
    chosen: int
    refused: str
    lights: Sequence[Check]
    legend: Legend | None = None


def paint_form(contents: FormContents, width: int, height: int) -> Panel:
    """Return the panel, from above; lights that do not fit are counted."""
    pen = PanelPen(width, height)
    for color, line in contents.head:
        pen.text(line, color)
    pen.y += 4
    _tabs(pen, contents)
    _rows(pen, contents)
    if contents.rows:
        pen.text(contents.rows[contents.chosen].field.meaning, GREY)
    pen.y += 6
    if contents.legend is not None:
        pen.legend(contents.legend)
    if contents.refused:
        pen.text(contents.refused, RED)
    else:
        _lights(pen, contents.lights)
    return Panel(np.asarray(pen.canvas), pen.boxes, None)


def _tabs(pen: PanelPen, contents: FormContents) -> None:
    width = (pen.width - 2 * _EDGE_PX) / _TABS
    for number, title in enumerate(contents.sections):
        left, top = _EDGE_PX + number % _TABS * width, pen.y + number // _TABS * 24
        is_open = number == contents.section
        pen.draw.rectangle([left, top, left + width - 4, top + 20], fill=BLUE if is_open else _EMPTY)
        at = (left + width / 2 - 2, top + 10)
        pen.draw.text(at, title, fill=WHITE if is_open else INK, font=pen.font, anchor="mm")
        pen.boxes.append(Box("section", left, top, left + width - 4, top + 20, number))
    pen.y += 24 * (-(-len(contents.sections) // _TABS)) + 4


def _rows(pen: PanelPen, contents: FormContents) -> None:
    first = min(max(contents.chosen - _ROWS // 2, 0), max(len(contents.rows) - _ROWS, 0))
    shown = contents.rows[first : first + _ROWS]
    for number, row in enumerate(shown, start=first):
        y, right = pen.y, pen.width - _EDGE_PX
        if number == contents.chosen:
            pen.draw.rectangle([4, y - 1, pen.width - 4, y + _ROW_PX - 2], fill=_CHOSEN)
        left = right - _VALUE_PX - _BAR_PX
        pen.draw.text((_EDGE_PX, y), pen.fitted(row.words, left - 16), fill=INK, font=pen.font)
        pen.boxes.append(Box("row", 4, y - 1, left - 6, y + _ROW_PX - 2, number))
        if row.field.kind == "number":
            _slider(pen, row, left, y)
            pen.boxes.append(Box("slider", left, y - 1, left + _BAR_PX, y + _ROW_PX - 2, number))
        color = BLUE if row.is_changed else INK
        room = _VALUE_PX - 4 if row.field.kind == "number" else _VALUE_PX + _BAR_PX - 4
        pen.draw.text((right, y), pen.fitted(row.text, room), fill=color, font=pen.font, anchor="ra")
        value_left = left if row.field.kind != "number" else left + _BAR_PX + 1
        pen.boxes.append(Box("value", value_left, y - 1, pen.width - 4, y + _ROW_PX - 2, number))
        pen.y += _ROW_PX
    hidden = len(contents.rows) - len(shown)
    pen.text(f"{hidden} more: Up, Down" if hidden else "", GREY)
    pen.y += 4


def _slider(pen: PanelPen, row: FieldRow, left: float, y: float) -> None:
    pen.draw.rectangle([left, y + 7, left + _BAR_PX, y + 10], fill=_EMPTY)
    if row.value is not None:
        value = float(row.value)  # type: ignore[arg-type]
        share = (value - row.field.low) / (row.field.high - row.field.low)
        x = left + share * _BAR_PX
        pen.draw.rectangle([left, y + 7, x, y + 10], fill=BLUE)
        pen.draw.ellipse([x - 5, y + 3, x + 5, y + 13], fill=BLUE, outline=WHITE)


def _lights(pen: PanelPen, checks: Sequence[Check]) -> None:
    """Draw each check: a green disc, or a red square with a cross, its name, what came out and what was asked."""
    failed = sum(not check.passed for check in checks)
    color, words = (RED, f"{failed} of {len(checks)} checks failed") if failed else (GREEN, f"all {len(checks)} passed")
    pen.text(f"preview at 1 mm: {words}", color)
    for number, check in enumerate(checks):
        y = pen.y
        if y + 2 * _ROW_PX > pen.height and number + 1 < len(checks):
            pen.text(f"and {len(checks) - number} more, all passed" if failed <= number else "and more", GREY)
            return
        if check.passed:
            pen.draw.ellipse([_EDGE_PX, y + 3, _EDGE_PX + 10, y + 13], fill=GREEN)
        else:
            pen.draw.rectangle([_EDGE_PX, y + 3, _EDGE_PX + 10, y + 13], fill=ORANGE, outline=RED)
            pen.draw.line([(_EDGE_PX + 2, y + 5), (_EDGE_PX + 8, y + 11)], fill=WHITE, width=2)
            pen.draw.line([(_EDGE_PX + 2, y + 11), (_EDGE_PX + 8, y + 5)], fill=WHITE, width=2)
        figures = _figure(check.got) if check.asked == "" else f"{_figure(check.got)} ({_figure(check.asked)})"
        right = pen.width - _EDGE_PX
        room = pen.font.getlength(figures)
        name = pen.fitted(check.name.replace("_", " "), right - room - 40)
        ink = INK if check.passed else RED
        pen.draw.text((_EDGE_PX + 18, y), name, fill=ink, font=pen.font)
        pen.draw.text((right, y), figures, fill=ink, font=pen.font, anchor="ra")
        pen.boxes.append(Box("light", 4, y, pen.width - 4, y + _ROW_PX - 1, number))
        pen.y += _ROW_PX


def _figure(value: float | bool | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.4g}"
