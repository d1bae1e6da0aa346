"""Letters as a field of distances from their strokes, so that they can be raised or engraved with soft edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray

_PIXELS = 120  # a capital's height in pixels of the raster
_CAPITAL_SHARE = 0.70  # a capital's height by the size of Pillow's own font
_BOLDER = 0.025  # strokes are this much wider on either side, by the capitals' height: thin ones print badly
_MARGIN = 0.35  # around the text, by the capitals' height


@dataclass(frozen=True)
class Lettering:
    """A line of text.

    Attributes
    ----------
    distance_mm : (H, W) signed distance from the strokes' edge, negative inside; rows upwards, columns along the line.
    step_mm : of that raster; its middle is the origin.
    """

    distance_mm: FloatArray
    step_mm: float

    @property
    def size_mm(self) -> FloatArray:
        """Length along the line and height, margins included, (2,) mm."""
        rows, columns = self.distance_mm.shape
        return np.array([columns, rows]) * self.step_mm

    def distance_at(self, uv: FloatArray) -> FloatArray:
        """Return the distance at (N, 2) points, u along the line and v upwards from its middle, (N,) mm."""
        rows, columns = self.distance_mm.shape
        cells = np.array([uv[:, 1] / self.step_mm + 0.5 * (rows - 1), uv[:, 0] / self.step_mm + 0.5 * (columns - 1)])
        return np.asarray(ndimage.map_coordinates(self.distance_mm, cells, order=1, mode="nearest"))

    def covers(self, uv: FloatArray) -> BoolArray:
        """Tell which of (N, 2) points lie in the box of the text with its margins, (N,) bool."""
        half = 0.5 * self.size_mm
        return np.asarray((np.abs(uv[:, 0]) <= half[0]) & (np.abs(uv[:, 1]) <= half[1]))


@lru_cache(maxsize=8)  # the same line is asked for by design and proof, and again by every preview
def lettering(text: str, capital_mm: float) -> Lettering:
    """Return a line of text whose capitals are `capital_mm` high, in the font that comes with Pillow."""
    font = ImageFont.load_default(round(_PIXELS / _CAPITAL_SHARE))
    margin = round(_MARGIN * _PIXELS)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text))
    image = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin), 0)
    ImageDraw.Draw(image).text((margin - left, margin - top), text, fill=255, font=font)
    ink = np.asarray(image)[::-1] > 127
    distance = ndimage.distance_transform_edt(~ink) - ndimage.distance_transform_edt(ink)
    step_mm = capital_mm / _PIXELS
    distance_mm = np.asarray((distance - _BOLDER * _PIXELS) * step_mm)
    distance_mm.setflags(write=False)
    return Lettering(distance_mm, step_mm)
