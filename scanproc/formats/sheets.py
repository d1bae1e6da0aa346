"""What drawings in mm are drawn on: pages of a PDF, a picture."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np

from scanproc.fonts import NAME, font_file
from scanproc.frames import FloatArray

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.pdfgen.pathobject import PDFPathObject

DPI = 300  # of a picture
_PT = 72.0 / 25.4  # points, in which a PDF counts, in a mm
_DATES = re.compile(rb"/(Creation|Mod)Date \(.*?\)")  # the year 2000, where no clock is wanted


class Sheet(Protocol):
    """What is drawn on: places in mm, y upwards."""

    def line(self, xy: FloatArray, width_mm: float, color: str) -> None:
        """Draw a polyline, (N, 2) mm."""

    def area(self, xy: FloatArray) -> None:
        """Fill a polygon, (N, 2) mm, with black."""

    def text(self, text: str, xy: FloatArray, size_mm: float, color: str, centred: bool) -> None:
        """Write a line of text that begins at a place, or has its middle there."""


class PdfPages:
    """A PDF of pages of one size, (2,) mm: the same bytes each time."""

    def __init__(self, size_mm: FloatArray, title: str) -> None:
        from reportlab.pdfbase.pdfmetrics import registerFont
        from reportlab.pdfbase.ttfonts import TTFont
        from reportlab.pdfgen.canvas import Canvas

        self._out = io.BytesIO()
        self._pages = Canvas(self._out, pagesize=tuple(_PT * size_mm), invariant=True, pageCompression=True)
        self._pages.setTitle(title)
        self._pages.setCreator("scanproc")
        self._pages.setAuthor("")
        registerFont(TTFont(NAME, font_file()))
        self._is_begun = False

    def page(self, corner: FloatArray) -> PdfPage:
        """Begin a page whose lower left corner is at `corner`, (2,) mm."""
        if self._is_begun:
            self._pages.showPage()
        self._is_begun = True
        return PdfPage(self._pages, corner)

    def pdf(self) -> bytes:
        """Return the whole file."""
        self._pages.save()
        return _DATES.sub(lambda date: b" " * len(date[0]), self._out.getvalue())  # the table of places still holds


class PdfPage:
    """A page of a PDF whose lower left corner is at `corner`, (2,) mm."""

    def __init__(self, pages: Canvas, corner: FloatArray) -> None:
        self._pages, self._corner = pages, corner

    @contextmanager
    def showing(self, low: FloatArray, size: FloatArray) -> Iterator[None]:
        """Show what lies in a rectangle alone, meanwhile."""
        (x, y), (width, height) = (_PT * (low - self._corner)).tolist(), (_PT * size).tolist()
        path = self._pages.beginPath()
        path.rect(x, y, width, height)
        self._pages.saveState()
        self._pages.clipPath(path, stroke=0)
        yield
        self._pages.restoreState()

    def line(self, xy: FloatArray, width_mm: float, color: str) -> None:
        self._pages.setStrokeColorRGB(*_rgb(color))
        self._pages.setLineWidth(_PT * width_mm)
        self._pages.setLineJoin(1)  # round
        self._pages.drawPath(self._path(xy))

    def area(self, xy: FloatArray) -> None:
        self._pages.setFillColorRGB(0.0, 0.0, 0.0)
        self._pages.drawPath(self._path(xy), stroke=0, fill=1)

    def _path(self, xy: FloatArray) -> PDFPathObject:
        path = self._pages.beginPath()
        for number, place in enumerate((_PT * (xy - self._corner)).tolist()):
            (path.lineTo if number else path.moveTo)(*place)
        return path

    def text(self, text: str, xy: FloatArray, size_mm: float, color: str, centred: bool) -> None:
        self._pages.setFillColorRGB(*_rgb(color))
        self._pages.setFont(NAME, _PT * size_mm)
        x, y = (_PT * (xy - self._corner)).tolist()
        (self._pages.drawCentredString if centred else self._pages.drawString)(x, y, text)


class Picture:
    """A picture whose lower left corner is at `corner`, (2,) mm."""

    def __init__(self, corner: FloatArray, size_mm: FloatArray) -> None:
        from PIL import Image, ImageDraw

        width, height = np.ceil(size_mm * DPI / 25.4).astype(int).tolist()
        self._image = Image.new("RGB", (width, height), "white")
        self._pen = ImageDraw.Draw(self._image)
        self._upper_left = corner + np.array([0.0, height * 25.4 / DPI])

    def line(self, xy: FloatArray, width_mm: float, color: str) -> None:
        places = self._pixels(xy) - 0.5  # pillow's pixels have their centres at whole numbers
        self._pen.line(places.ravel().tolist(), color, int(width_mm * DPI / 25.4), joint="curve")

    def area(self, xy: FloatArray) -> None:
        self._pen.polygon((self._pixels(xy) - 0.5).ravel().tolist(), "black")

    def text(self, text: str, xy: FloatArray, size_mm: float, color: str, centred: bool) -> None:
        from PIL import ImageFont

        font = ImageFont.truetype(font_file(), size_mm * DPI / 25.4)
        self._pen.text(tuple(self._pixels(xy).tolist()), text, color, font, anchor="ms" if centred else "ls")

    def png(self) -> bytes:
        out = io.BytesIO()
        self._image.save(out, "png", dpi=(DPI, DPI))
        return out.getvalue()

    def _pixels(self, xy: FloatArray) -> FloatArray:
        pixels: FloatArray = (xy - self._upper_left) * np.array([1.0, -1.0]) * (DPI / 25.4)
        return pixels


def _rgb(color: str) -> tuple[float, ...]:
    from PIL import ImageColor

    return tuple(part / 255.0 for part in ImageColor.getrgb(color)[:3])
