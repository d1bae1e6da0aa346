"""What the design window shows of an insole: plain, by its wall, or by what changed; under its translucent foot."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scanproc.artifacts import Foot, Mesh
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import all_corners, keep_faces
from scanproc.views.colors import SHELL, colors_of, even, in_bands
from scanproc.views.display import Layer, skin_layer
from scanproc.views.foot import bare
from scanproc.views.raised_top import raised_colors
from scanproc.views.scene import Legend, Skin
from scanproc.views.shell import wall_legend, wall_thickness

Coloring = Literal["plain", "wall", "changed", "earlier"]
COLORINGS: tuple[Coloring, ...] = ("plain", "wall", "changed", "earlier")
_LEAST_MM = 0.5  # end of the colour bar of changes, at least
_FOOT_MM = 60.0  # of the foot: what is higher would lie between the eye and the insole


def preview_layers(
    solid: Mesh, foot: Foot, coloring: Coloring, raised_mm: FloatArray | None, foot_opacity: float, than: str
) -> tuple[Layer, ...]:
    """Return the insole in the colours that are asked, and the foot.

    Parameters
    ----------
    raised_mm : (V,) how much higher the top is than it was; NaN where it cannot be told, None where nothing can.
    than : what it is higher than, in words.
    """
    legend: Legend | None = None
    color = even(SHELL, len(solid.vertices))
    if coloring == "wall":
        wall = wall_thickness(solid)
        legend = wall_legend([wall])
        color = colors_of(in_bands(wall, legend.band, legend.low), legend.low, legend.high)
    elif raised_mm is not None:
        most = max(_LEAST_MM, float(np.ceil(2.0 * np.nanmax(np.abs(raised_mm), initial=0.0)) / 2.0))
        color, legend = raised_colors(raised_mm, most, than)
    return (
        skin_layer("insole", Skin(solid, color, sharp=True), legend),
        skin_layer("foot", _low(bare(foot)), opacity=foot_opacity),
    )


def _low(skin: Skin) -> Skin:
    """Return the part of a foot that an insole is about."""
    kept = keep_faces(skin.mesh, all_corners(skin.mesh.vertices[:, 2] < _FOOT_MM, skin.mesh.faces))
    return Skin(kept.mesh, skin.color[kept.vertices])
