"""What is laid on the top or taken from it at one place: pads, bar, crest, extension; groove and reliefs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scanproc.design.places import (
    FirstRay,
    Place,
    cuboid_relief,
    fascia_groove,
    met_bar,
    met_pad,
    navicular_relief,
    toe_crest,
)
from scanproc.design.plan import FootPlan
from scanproc.prescription.fields import Prescription
from scanproc.solid.height_fields import HeightField


def padded(top: HeightField, plan: FootPlan, rx: Prescription) -> HeightField:
    """Return a top with all that is laid on it or taken from it; doses at one place add up, hollows count negative."""
    doses = tuple(placed_doses(plan, rx))
    if not doses:
        return top
    z = top.z.copy()
    for _, place, height_mm in doses:
        window = _window(top, place)
        x, y = np.broadcast_arrays(top.x[window[0]], top.y[:, window[1]])
        share = place.share(np.column_stack([x.ravel(), y.ravel()]))
        z[window] += height_mm * share.reshape(x.shape)
    return top.replaced(z)


def placed_doses(plan: FootPlan, rx: Prescription) -> Iterator[tuple[str, Place, float]]:
    """Yield field, place and height of each dose that is asked, mm; hollows are negative."""
    if rx.met_pad_mm:
        yield "met_pad_mm", met_pad(plan, rx), rx.met_pad_mm
    if rx.met_bar_mm:
        yield "met_bar_mm", met_bar(plan, rx), rx.met_bar_mm
    if rx.toe_crest_mm:
        yield "toe_crest_mm", toe_crest(plan, rx), rx.toe_crest_mm
    if rx.mortons_extension_mm:
        yield "mortons_extension_mm", FirstRay(plan), rx.mortons_extension_mm
    if rx.groove_mm:
        yield "groove_mm", fascia_groove(plan, rx), -rx.groove_mm
    if rx.navicular_relief_mm:
        yield "navicular_relief_mm", navicular_relief(plan), -rx.navicular_relief_mm
    if rx.cuboid_relief_mm:
        yield "cuboid_relief_mm", cuboid_relief(plan), -rx.cuboid_relief_mm


def _window(top: HeightField, place: Place) -> tuple[slice, slice]:
    """Return the rows and columns of a top that a place can touch."""
    if isinstance(place, FirstRay):
        return slice(None), slice(None)
    low, high = place.centre - place.reach_mm, place.centre + place.reach_mm
    first = np.floor((low - [top.x0, top.y0]) / top.step).astype(int)
    last = np.ceil((high - [top.x0, top.y0]) / top.step).astype(int) + 1
    rows, columns = (slice(max(int(a), 0), max(int(b), 0)) for a, b in zip(first, last, strict=True))
    return rows, columns
