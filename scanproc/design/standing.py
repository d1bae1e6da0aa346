"""What an insole stands on: a platform of its own, or its lowest parts pressed flat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.design.under import Under
from scanproc.frames import FloatArray
from scanproc.geometry.resting import Rest, rest_plane
from scanproc.geometry.solids import Pressed, pressed_flat

_FLAT_MM = 0.01
_SCATTERED = 1.7  # a patch in three places has the longer border, whose triangles are not flat
_MUCH_LESS = 0.7
_LEVEL = Rest(np.zeros(2), 0.0)
_AS_IT_IS = Pressed(0.0, 0.0)


@dataclass(frozen=True)
class Standing:
    """The plane that an underside stands on, and how far it is pressed flat onto it."""

    rest: Rest
    pressed: Pressed

    def applied(self, xy: FloatArray, z: FloatArray) -> FloatArray:
        """Return heights z, (N,), at (N, 2) points pressed flat, (N,) mm."""
        ground = self.rest.at(xy)
        return ground + self.pressed.applied(z - ground)


def standing(under: Under, xy: FloatArray, z: FloatArray, cell_mm2: float, patch_mm2: float) -> Standing:
    """Choose how an underside stands, so that a printer finds a first layer of `patch_mm2`.

    It stands on a platform where nothing lies below that one's plane; else on the level ground, or on the plane that it
    would come to rest on where that takes much less pressing.

    Parameters
    ----------
    xy, z : (N, 2) and (N,) mm, the underside at the cells of an even grid.
    """
    for platform in under.platforms:
        for slope in platform.post.slopes:
            plane = Rest(np.array([0.0, slope]), platform.ridge_z - slope * platform.post.ridge_y)
            above = z - plane.at(xy)
            if above.min() > -_FLAT_MM and (above < _FLAT_MM).sum() * cell_mm2 >= patch_mm2:
                return Standing(plane, _AS_IT_IS)
    level = Standing(_LEVEL, pressed_flat(z, cell_mm2, patch_mm2))
    rest = rest_plane(xy, z)
    resting = Standing(rest, pressed_flat(z - rest.at(xy), cell_mm2, _SCATTERED * patch_mm2))
    return resting if resting.pressed.depth_mm < _MUCH_LESS * level.pressed.depth_mm else level
