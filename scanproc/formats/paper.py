"""Drawings in true size: on pages of paper (PDF), split with overlap where they are longer, and as a picture (PNG)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from scanproc.frames import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Paper = Literal["A4", "letter"]
#: Width and height, mm.
PAPERS: dict[Paper, tuple[float, float]] = {"A4": (210.0, 297.0), "letter": (215.9, 279.4)}

_MM = 1.0 / 25.4  # in inches, in which matplotlib counts
_PT_MM = 72.0 / 25.4  # points of a text's size in a mm
_BORDER_MM = 8.0  # what printers leave white
_FOOT_MM = 16.0  # of a page, for the bar and what it says
_OVERLAP_MM = 12.0  # of two pages
_CROSS_MM = 4.0  # half of a mark that is to be laid over its twin
_BAR_MM, _BAR_LINE_MM = 100.0, 0.3
_LEGEND_MM = 45.0
_DPI = 300
_LINE_MM = 0.25


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
    from matplotlib import style
    from matplotlib.backends.backend_pdf import PdfPages

    sheet = np.array(PAPERS[paper])
    room = sheet - 2.0 * _BORDER_MM - [0.0, _FOOT_MM]
    low, high = drawing.box
    splits = [_split(float(size), float(has)) for size, has in zip(high - low, room, strict=True)]
    window = np.array([split.window_mm for split in splits])
    corners = [low + np.array([x, y]) for y in reversed(splits[1].starts) for x in splits[0].starts]
    out = io.BytesIO()
    metadata = {"CreationDate": None, "Title": drawing.title, "Creator": "scanproc"}
    with style.context("default"), PdfPages(out, metadata=metadata) as pages:
        for number, corner in enumerate(corners, start=1):
            # It stands in the middle of the page.
            figure, axes = _sheet(sheet, corner - 0.5 * (room - window) - [_BORDER_MM, _BORDER_MM + _FOOT_MM])
            _draw(axes, drawing, corner, corner + window)
            _crosses(axes, splits, low, corner, window)
            told = f"{drawing.title}\npage {number} of {len(corners)}; print at 100 %, not fitted to the page"
            _foot(axes, corner - 0.5 * (room - window) - [0.0, _FOOT_MM], told, drawing.legend)
            pages.savefig(figure)
    return out.getvalue()


def write_png(drawing: Drawing) -> bytes:
    """Return a drawing in true size as one picture of 300 dots an inch, which it states, with a bar of 100 mm."""
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    low, high = drawing.box
    size = np.maximum(high - low, [_BAR_MM + _LEGEND_MM, 0.0]) + 2.0 * _BORDER_MM + [0.0, _FOOT_MM]
    pixels = np.ceil(size * _MM * _DPI)
    with style.context("default"):
        figure, axes = _sheet(pixels / _DPI / _MM, low - [_BORDER_MM, _BORDER_MM + _FOOT_MM])
        _draw(axes, drawing, low - 1.0, low + size)
        _foot(axes, low - [0.0, _FOOT_MM], drawing.title, drawing.legend)
        figure.set_dpi(_DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        image = Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3])  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    image.save(out, "png", dpi=(_DPI, _DPI))
    return out.getvalue()


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


def _sheet(size_mm: FloatArray, corner: FloatArray) -> tuple[Figure, Axes]:
    """Return a figure of a size whose axes are mm, with that corner below on the left."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(float(size_mm[0]) * _MM, float(size_mm[1]) * _MM))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(float(corner[0]), float(corner[0] + size_mm[0]))
    axes.set_ylim(float(corner[1]), float(corner[1] + size_mm[1]))
    axes.axis("off")
    return figure, axes


def _draw(axes: Axes, drawing: Drawing, low: FloatArray, high: FloatArray) -> None:
    """Draw what lies in a rectangle."""
    from matplotlib.patches import Rectangle

    window = Rectangle((float(low[0]), float(low[1])), *(high - low).tolist(), transform=axes.transData)
    for area in drawing.areas:
        (filled,) = axes.fill(*area.T, color="black", linewidth=0.0)
        filled.set_clip_path(window)
    for line in drawing.lines:
        xy = np.vstack([line.xy, line.xy[:1]]) if line.closed else line.xy
        (drawn,) = axes.plot(*xy.T, color=line.color, linestyle=line.style, linewidth=_LINE_MM * _PT_MM)
        drawn.set_clip_path(window)
    for text in drawing.texts:
        drawn_text = axes.text(
            float(text.xy[0]),
            float(text.xy[1]),
            text.text,
            fontsize=text.height_mm * _PT_MM / 0.72,
            color=text.color,
            ha="center",
            va="center",
        )
        drawn_text.set_clip_path(window)


def _crosses(axes: Axes, splits: Sequence[_Split], low: FloatArray, first: FloatArray, window: FloatArray) -> None:
    """Draw crosses into the strips that a page shares with its neighbours, and the strips' middle lines."""
    for axis in (0, 1):
        other = 1 - axis
        for start in splits[axis].starts[1:]:
            middle = low[axis] + start + 0.5 * _OVERLAP_MM
            if not first[axis] < middle < first[axis] + window[axis]:
                continue
            ends = np.empty((2, 2))
            ends[:, axis], ends[:, other] = middle, (first[other], first[other] + window[other])
            axes.plot(*ends.T, color="0.6", linewidth=0.1 * _PT_MM, linestyle="dashed")
            for share in (0.1, 0.9):
                at = np.empty(2)
                at[axis], at[other] = middle, first[other] + share * window[other]
                for way in np.eye(2):
                    axes.plot(
                        *np.stack([at - _CROSS_MM * way, at + _CROSS_MM * way]).T, color="black", linewidth=0.2 * _PT_MM
                    )


def _foot(axes: Axes, corner: FloatArray, title: str, legend: Sequence[tuple[str, str]]) -> None:
    """Draw the bar from a corner on, 100 mm over the outer edges of its ends, and what stands below and beside it."""
    x, y = corner.tolist()
    y += 9.0
    ends = (x + 0.5 * _BAR_LINE_MM, x + _BAR_MM - 0.5 * _BAR_LINE_MM)
    for xs, ys in ((ends, (y, y)), *(((end, end), (y - 2.0, y + 2.0)) for end in ends)):
        axes.plot(xs, ys, color="black", linewidth=_BAR_LINE_MM * _PT_MM, solid_capstyle="butt")
    small = 2.6 * _PT_MM
    axes.text(x + 0.5 * _BAR_MM, y + 1.0, "100 mm", ha="center", va="bottom", fontsize=small)
    axes.text(x, y - 3.0, title, ha="left", va="top", fontsize=small)
    for number, (name, color) in enumerate(legend):
        axes.text(x + _BAR_MM + 6.0, y + 3.0 - 3.4 * number, name, color=color, ha="left", va="center", fontsize=small)
