"""Room for soft tissue: the sole's sides moved outwards, its heights unchanged."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.frames import FloatArray
from scanproc.prescription.fields import RuledFit
from scanproc.solid.blending import smooth_step
from scanproc.solid.height_fields import HeightField

_HEEL_FADES = (0.22, 0.34)  # shares of the length in front of which the heel's expansion goes over to the sides'
_FROM, _TO = 0.10, 0.85  # shares of half the width between which the sole is stretched; the walls move as a whole


def expanded(sole: HeightField, plan: FootPlan, fit: RuledFit) -> HeightField:
    """Return a sole whose sides stand further out, without a new form of the plantar surface between them.

    The heel becomes wider by `heel_expansion_mm`, half of it on either side; from the midfoot on the borders move out
    by `medial_expansion_mm` and `lateral_expansion_mm`. The rear of the heel stays where it is.
    """
    if not (fit.heel_expansion_mm or fit.medial_expansion_mm or fit.lateral_expansion_mm):
        return sole
    x = sole.x[:, 0]
    in_front = smooth_step(x / plan.length_mm, *_HEEL_FADES)
    right, left = sorted((plan.border_y(x, medial=True), plan.border_y(x, medial=False)), key=lambda y: float(y.mean()))
    middle, half = 0.5 * (left + right), 0.5 * (left - right)
    from_middle = (sole.y - middle[:, None]) / half[:, None]
    shift = np.zeros(sole.z.shape)
    for outward, mm in ((plan.medial_y, fit.medial_expansion_mm), (-plan.medial_y, fit.lateral_expansion_mm)):
        by = 0.5 * fit.heel_expansion_mm + (mm - 0.5 * fit.heel_expansion_mm) * in_front
        shift += outward * by[:, None] * smooth_step(outward * from_middle, _FROM, _TO)
    return sole.replaced(_moved_across(sole, shift))


def _moved_across(sole: HeightField, shift: FloatArray) -> FloatArray:
    """Return the heights that lie `shift`, (I, J) mm, further to the right."""
    rows = np.broadcast_to(np.arange(sole.z.shape[0], dtype=np.float64)[:, None], sole.z.shape)
    columns = (np.broadcast_to(sole.y, sole.z.shape) - shift - sole.y0) / sole.step
    moved = ndimage.map_coordinates(sole.spline, [rows, columns], order=3, mode="nearest", prefilter=False)
    return np.asarray(moved)
