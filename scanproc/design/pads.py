"""What is laid on the top or taken from it at one place: pads, bar, crest, extension; groove and reliefs."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.pads.forms import Place
from scanproc.pads.table import Pads, placed_pads
from scanproc.solid.height_fields import HeightField


def padded(top: HeightField, plan: FootPlan, pads: Pads) -> HeightField:
    """Return a top with all that is laid on it or taken from it; doses at one place add up, hollows count negative."""
    placed = placed_pads(plan, pads)
    if not placed:
        return top
    z = top.z.copy()
    for one in placed:
        window = _window(top, one.place)
        x, y = np.broadcast_arrays(top.x[window[0]], top.y[:, window[1]])
        share = one.place.share(np.column_stack([x.ravel(), y.ravel()]))
        z[window] += one.height_mm * share.reshape(x.shape)
    return top.replaced(z)


def _window(top: HeightField, place: Place) -> tuple[slice, slice]:
    """Return the rows and columns of a top that a place can touch."""
    low, high = place.centre - place.reach_mm, place.centre + place.reach_mm
    first = np.floor((low - [top.x0, top.y0]) / top.step)
    last = np.ceil((high - [top.x0, top.y0]) / top.step) + 1.0
    count = np.array(top.z.shape, dtype=np.float64)
    rows, columns = (
        slice(int(a), int(b)) for a, b in zip(np.clip(first, 0.0, count), np.clip(last, 0.0, count), strict=True)
    )
    return rows, columns
