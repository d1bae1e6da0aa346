"""The top of the insole: the scanned sole, lowered by the clearance, with the prescription's terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.design.arch import arch_fill
from scanproc.design.sole import ScannedSole
from scanproc.geometry.heightfields import HeightField
from scanproc.geometry.solids import parallel_below
from scanproc.prescription.fields import Prescription


@dataclass(frozen=True)
class Top:
    """The asked top.

    Attributes
    ----------
    sole : the scanned sole lowered by clearance and cover: what a prescription without doses copies.
    field : with the prescription's terms, not yet cut at the rim.
    """

    sole: HeightField
    field: HeightField


def designed_top(scanned: ScannedSole, rx: Prescription) -> Top:
    """Return the top that a prescription asks over a scanned sole."""
    sole = lowered(scanned.field, rx.clearance_mm + rx.top_cover_mm)
    return Top(sole, sole.replaced(sole.z - arch_fill(sole, scanned.plan, rx.arch_fill_mm)))


def lowered(field: HeightField, distance_mm: float) -> HeightField:
    """Return the surface an even distance below a field."""
    if distance_mm <= 0.0:
        return field
    z = parallel_below(field.mesh(), np.full(field.z.size, distance_mm))
    return field.replaced(z.reshape(field.z.shape))
