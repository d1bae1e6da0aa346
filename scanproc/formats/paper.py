"""Drawings in true size: on pages of paper (PDF), split with overlap where they are longer, and as a picture (PNG)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.formats.sheets import PdfPages, Picture, Sheet
from scanproc.frames import FloatArray

Paper = Literal["A4", "letter"]
#: Width and height, mm.
PAPERS: dict[Paper, tuple[float, float]] = {"A4": (210.0, 297.0), "letter": (215.9, 279.4)}

_BORDER_MM = 8.0  # what printers leave white
_FOOT_MM = 16.0  # of a page, for the bar and what it says
_OVERLAP_MM = 12.0  # of two pages
_CROSS_MM = 4.0  # half of a mark that is to be laid over its twin
_BAR_MM, _BAR_LINE_MM = 100.0, 0.3
_LEGEND_MM = 45.0
_LINE_MM = 0.25
_DASHES: dict[str, tuple[float, float]] = {"dashed": (3.7, 1.6), "dotted": (1.0, 1.65)}  # on and off, widths of a line
_SMALL_MM = 2.6  # size of what the foot says
_CAPITALS = 0.72  # height of capital letters, of a font's size


@dataclass(frozen=True)
class DrawnLine:
    """A polyline, (N, 2) mm, y upwards."""

    xy: FloatArray
    closed: bool = True
    color: str = "black"
    style: Literal["solid", "dashed", "dotted"] = "solid"


@dataclass(frozen=True)
class DrawnText:
    """A text round a place, (2,) mm, so high, mm."""

    text: str
    xy: FloatArray
    height_mm: float
    color: str = "black"


@dataclass(frozen=True)
class Drawing:
    """What is drawn, mm, y upwards; `title` stands on every page, `legend` names the colours of lines.

    `areas` are black polygons, (N, 2) mm.
    """

    title: str
    lines: tuple[DrawnLine, ...]
    texts: tuple[DrawnText, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    areas: tuple[FloatArray, ...] = ()

    @property
    def box(self) -> tuple[FloatArray, FloatArray]:
        """Lower and upper corner of all lines and areas, (2,) mm each."""
        every = np.vstack([*(line.xy for line in self.lines), *self.areas])
        return every.min(axis=0), every.max(axis=0)


def write_pdf(drawing: Drawing, paper: Paper) -> bytes:
    """Return pages of paper that hold a drawing in true size, each with a bar of 100 mm; the same bytes each time.

    Where it is larger than a page it goes on on others, which share a strip: crosses in the strip are to be laid over
    each other.
    """
    sheet = np.array(PAPERS[paper])
    room = sheet - 2.0 * _BORDER_MM - [0.0, _FOOT_MM]
    low, high = drawing.box
    splits = [_split(float(size), float(has)) for size, has in zip(high - low, room, strict=True)]
    window = np.array([split.window_mm for split in splits])
    corners = [low + np.array([x, y]) for y in reversed(splits[1].starts) for x in splits[0].starts]
    pages = PdfPages(sheet, drawing.title)
    for number, corner in enumerate(corners, start=1):
        # It stands in the middle of the page.
        page = pages.page(corner - 0.5 * (room - window) - [_BORDER_MM, _BORDER_MM + _FOOT_MM])
        with page.showing(corner, window):
            _draw(page, drawing)
            _crosses(page, splits, low, corner, window)
        told = (drawing.title, f"page {number} of {len(corners)}; print at 100 %, not fitted to the page")
        _foot(page, corner - 0.5 * (room - window) - [0.0, _FOOT_MM], told, drawing.legend)
    return pages.pdf()


def write_png(drawing: Drawing) -> bytes:
    """Return a drawing in true size as one picture of 300 dots an inch, which it states, with a bar of 100 mm."""
    low, high = drawing.box
    size = np.maximum(high - low, [_BAR_MM + _LEGEND_MM, 0.0]) + 2.0 * _BORDER_MM + [0.0, _FOOT_MM]
    picture = Picture(low - [_BORDER_MM, _BORDER_MM + _FOOT_MM], size)
    _draw(picture, drawing)
    _foot(picture, low - [0.0, _FOOT_MM], (drawing.title,), drawing.legend)
    return picture.png()


@dataclass(frozen=True)
class _Split:
    """Where pages begin along one axis, mm from the drawing's corner, and how much of it each one shows."""

    starts: tuple[float, ...]
    window_mm: float


def _split(size_mm: float, room_mm: float) -> _Split:
    """Share a length out evenly over as few pages as hold it."""
    count = 1 if size_mm <= room_mm else int(np.ceil((size_mm - _OVERLAP_MM) / (room_mm - _OVERLAP_MM)))
    step = (size_mm - _OVERLAP_MM) / count
    return _Split(tuple(number * step for number in range(count)), step + _OVERLAP_MM)


def _draw(sheet: Sheet, drawing: Drawing) -> None:
    """Draw areas, lines and texts."""
    for area in drawing.areas:
        sheet.area(area)
    for line in drawing.lines:
        xy = np.vstack([line.xy, line.xy[:1]]) if line.closed else line.xy
        for piece in _pieces(xy, line.style):
            sheet.line(piece, _LINE_MM, line.color)
    for text in drawing.texts:
        size_mm = text.height_mm / _CAPITALS
        sheet.text(text.text, text.xy - [0.0, 0.5 * text.height_mm], size_mm, text.color, centred=True)


def _pieces(xy: FloatArray, style: str) -> Iterator[FloatArray]:
    """Return what is drawn of a polyline: all of it, or its dashes."""
    if style not in _DASHES:
        yield xy
        return
    along = np.concatenate([[0.0], np.linalg.norm(np.diff(xy, axis=0), axis=1).cumsum()])
    on, off = _LINE_MM * np.array(_DASHES[style])
    starts = np.arange(0.0, along[-1], on + off)
    ends = np.minimum(starts + on, along[-1])
    every = np.unique(np.concatenate([along, starts, ends]))
    places = np.column_stack([np.interp(every, along, xy[:, axis]) for axis in (0, 1)])
    for first, last in zip(np.searchsorted(every, starts), np.searchsorted(every, ends), strict=True):
        yield places[first : last + 1]


def _crosses(sheet: Sheet, splits: Sequence[_Split], low: FloatArray, first: FloatArray, window: FloatArray) -> None:
    """Draw crosses into the strips that a page shares with its neighbours, and the strips' middle lines."""
    for axis in (0, 1):
        other = 1 - axis
        for start in splits[axis].starts[1:]:
            middle = low[axis] + start + 0.5 * _OVERLAP_MM
            if not first[axis] < middle < first[axis] + window[axis]:
                continue
            ends = np.empty((2, 2))
            ends[:, axis], ends[:, other] = middle, (first[other], first[other] + window[other])
            for piece in _pieces(ends, "dashed"):
                sheet.line(piece, 0.1, "#999999")
            for share in (0.1, 0.9):
                at = np.empty(2)
                at[axis], at[other] = middle, first[other] + share * window[other]
                for way in np.eye(2):
                    sheet.line(np.stack([at - _CROSS_MM * way, at + _CROSS_MM * way]), 0.2, "black")


def _foot(sheet: Sheet, corner: FloatArray, told: Sequence[str], legend: Sequence[tuple[str, str]]) -> None:
    """Draw the bar from a corner on, 100 mm over the outer edges of its ends, and what stands below and beside it."""
    x, y = (corner + np.array([0.0, 9.0])).tolist()
    ends = (x + 0.5 * _BAR_LINE_MM, x + _BAR_MM - 0.5 * _BAR_LINE_MM)
    sheet.line(np.array([[ends[0], y], [ends[1], y]]), _BAR_LINE_MM, "black")
    for end in ends:
        sheet.line(np.array([[end, y - 2.0], [end, y + 2.0]]), _BAR_LINE_MM, "black")
    sheet.text("100 mm", np.array([x + 0.5 * _BAR_MM, y + 1.5]), _SMALL_MM, "black", centred=True)
    for number, words in enumerate(told):
        sheet.text(words, np.array([x, y - 5.0 - 1.2 * _SMALL_MM * number]), _SMALL_MM, "black", centred=False)
    for number, (name, color) in enumerate(legend):
        sheet.text(name, np.array([x + _BAR_MM + 6.0, y + 2.1 - 3.4 * number]), _SMALL_MM, color, centred=False)
