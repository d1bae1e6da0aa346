"""How much higher the top of an insole is than that of another: its colours, and pictures of two versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import ByteArray, Mesh, Side
from scanproc.frames import FloatArray
from scanproc.views.colors import BLUE_RED, GREY, colors_of
from scanproc.views.display import Display, side_by_side, skin_layer
from scanproc.views.scene import ABOVE, Legend, Scene, Shot, Skin, medial

_SCALES_MM = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0)  # ends of the colour bar
_NEARLY_ALL = 99.0  # per cent of the top that the bar's ends hold: along steep walls a shift sideways is a height


@dataclass(frozen=True)
class RaisedTop:
    """An insole, and how much higher its top is than that of another.

    Attributes
    ----------
    solid : of the insole, foot frame.
    raised_mm : (V,), NaN off the top and beside the other insole.
    than : what it is higher than, in words.
    """

    side: Side
    solid: Mesh
    raised_mm: FloatArray
    than: str

    @property
    def skin(self) -> tuple[Skin, Legend]:
        """The solid in its colours, and what these mean."""
        known = np.abs(self.raised_mm[np.isfinite(self.raised_mm)])
        nearly_all = float(np.percentile(known, _NEARLY_ALL)) if len(known) else 0.0
        most = next((scale for scale in _SCALES_MM if scale >= nearly_all), _SCALES_MM[-1])
        color, legend = raised_colors(self.raised_mm, most, self.than)
        return Skin(self.solid, color, sharp=True), legend


def raised_colors(raised_mm: FloatArray, most: float, than: str) -> tuple[ByteArray, Legend]:
    """Return (V, 3) uint8 colours of heights over something else, and what they mean.

    Parameters
    ----------
    raised_mm : (V,), NaN where it cannot be told.
    most : end of the colour bar, mm.
    than : what it is higher than, in words.
    """
    known = np.isfinite(raised_mm)
    color = colors_of(np.where(known, raised_mm, 0.0), -most, most, BLUE_RED)
    color[~known] = GREY
    marks = ((GREY, "not the top, or beside the other"),)
    return color, Legend(f"Higher (red) or lower (blue) than {than}", -most, most, BLUE_RED, marks, "mm")


def raised_top_shots(shown: RaisedTop) -> tuple[Shot, Shot, Legend]:
    """Return the insole from above and from its medial side, coloured by how much higher its top is."""
    skin, legend = shown.skin
    scene = Scene((skin,))
    y = -1.0 if shown.side == "left" else 1.0
    return Shot("Top", scene, *ABOVE), Shot("Medial", scene, *medial(y)), legend


def raised_top_model(tops: Mapping[Side, RaisedTop]) -> Display:
    """Return the same of each foot, to turn."""
    layers = tuple((skin_layer("insole, by height", *top.skin),) for top in tops.values())
    parts, placed = side_by_side(tuple(tops), layers)
    one = (-1.0 if "left" in tops else 1.0) if len(tops) == 1 else 0.0
    return Display("", tuple(placed), *ABOVE, parts=parts, medial_y=one)
