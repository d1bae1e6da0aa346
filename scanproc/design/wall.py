"""The even wall: the asked top over the outline's surroundings, and the surface one wall below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.geometry.erosion import eroded
from scanproc.geometry.heightfields import HeightField

_THICKER_MM = 0.012  # triangles cut corners: so much thicker the wall is built


@dataclass(frozen=True)
class EvenWall:
    """Two heights on one grid, which goes on beyond the outline by more than a wall; they count inside it.

    Attributes
    ----------
    top : the asked top, cut at its rim.
    bottom : the surface one asked wall below it, square to it.
    """

    top: HeightField
    bottom: HeightField


def even_wall(
    outline: FloatArray,
    step_mm: float,
    top_at: Callable[[FloatArray], FloatArray],
    wall_at: Callable[[FloatArray], FloatArray],
) -> EvenWall:
    """Return the even wall of a designed top over a grid, whose lines include x = 0 and y = 0.

    Parameters
    ----------
    outline : (K, 2).
    top_at, wall_at : heights and thickness at (N, 2) points, (N,) mm; the wall's is that at its lower end.
    """
    margin = float(wall_at(outline).max()) + 2.0 * step_mm
    low = np.floor((outline.min(axis=0) - margin) / step_mm) * step_mm
    shape = np.ceil((outline.max(axis=0) + margin - low) / step_mm).astype(int) + 1
    grid = HeightField(float(low[0]), float(low[1]), step_mm, np.zeros(shape))
    xy = grid.nodes()
    top = grid.replaced(top_at(xy).reshape(shape))
    return EvenWall(top, eroded(top, wall_at(xy).reshape(shape) + _THICKER_MM))
