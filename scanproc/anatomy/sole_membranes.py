"""How a sole lies against its own rim: where it touches the ground, and how far below a membrane over the rim it hangs.

Skin rests on the ground well inside its border, and hangs some mm below a membrane that is spanned there. A film over a
hole rests on the hole's rim and lies in the membrane; what goes on with the slope of the rim (thin plates, the skirts
of Poisson's surface) mostly hangs farther below it than skin does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_erosion, binary_opening, distance_transform_edt, label

from scanproc.anatomy.plantar_surface import SoleMap
from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray

_MARGIN = 0.04  # of the length: the membrane is spanned so far inside the border, where smoothing has not rounded it
_RIM_CELLS = 2
_WHOLE_SHARE = 0.8  # of the plan: of whole soles 0.96 and more, of skirts 0.84; what is open has a rim of its own
_LEAST_CELLS = 100  # fewer tell nothing
_LOWEST_MM = 0.5  # what lies so near the lowest of the heel touches the ground


@dataclass(frozen=True)
class RimRelations:
    """What a sole is like against its rim; nan where it is open, or too little of it is known.

    Attributes
    ----------
    hang : root mean square distance of the sole from a membrane over its rim, as a share of the foot's length.
    contact_depth : how far inside the border the lowest of the heel lies, as a share of how far any of it does.
    """

    hang: float
    contact_depth: float


def rim_relations(found: SoleMap, height: FloatArray, heel: BoolArray, length: float) -> RimRelations:
    """Compare a sole with its rim.

    Parameters
    ----------
    height : (A, B) mm above the ground, nan where it was not seen.
    heel : (A, B) bool, cells of the heel.
    length : of the foot, mm.
    """
    if np.isfinite(height).sum() < _WHOLE_SHARE * found.inside.sum():
        return RimRelations(np.nan, np.nan)
    steps = (float(found.x[1] - found.x[0]), float(found.y[1] - found.y[0]))
    sole = _largest(binary_opening(np.isfinite(height)))
    inside_mm = distance_transform_edt(np.pad(sole, 1), sampling=steps)[1:-1, 1:-1]
    return RimRelations(
        _hang_mm(height, inside_mm > _MARGIN * length, steps) / length, _contact_depth(height, inside_mm, heel & sole)
    )


def _contact_depth(height: FloatArray, inside_mm: FloatArray, heel: BoolArray) -> float:
    if heel.sum() < _LEAST_CELLS:
        return np.nan
    lowest = heel & (height < height[heel].min() + _LOWEST_MM)
    return float(inside_mm[lowest].mean() / inside_mm[heel].max())


def _hang_mm(height: FloatArray, inner: BoolArray, steps: tuple[float, float]) -> float:
    """Return how far (A, B) heights lie from the membrane over the rim of their `inner` cells, rms."""
    free = binary_erosion(inner, iterations=_RIM_CELLS)
    if free.sum() < _LEAST_CELLS:
        return np.nan
    from scipy.sparse import coo_matrix  # here: recordings do without
    from scipy.sparse.linalg import spsolve

    number = np.full(inner.shape, -1)
    number[free] = np.arange(free.sum())
    own, diagonal, rows, columns, values = number[free], np.zeros(free.sum()), [], [], []
    rim_part = np.zeros(free.sum())
    for axis, step in enumerate(steps):
        for way in (1, -1):
            beside = np.roll(number, way, axis=axis)[free]
            weight, is_free = 1.0 / step**2, beside >= 0
            diagonal += weight
            rows.append(own[is_free])
            columns.append(beside[is_free])
            values.append(np.full(is_free.sum(), -weight))
            rim_part += np.where(is_free, 0.0, weight * np.roll(height, way, axis=axis)[free])
    places = np.concatenate([*rows, own]), np.concatenate([*columns, own])
    system = coo_matrix((np.concatenate([*values, diagonal]), places)).tocsc()
    return float(np.sqrt(np.mean((height[free] - spsolve(system, rim_part)) ** 2)))


def _largest(cells: BoolArray) -> BoolArray:
    """Return the largest patch of (A, B) cells that hang together."""
    patches, count = label(cells)
    sizes = np.bincount(patches.reshape(-1), minlength=count + 1)
    sizes[0] = 0
    return np.asarray((patches == sizes.argmax()) & cells)
