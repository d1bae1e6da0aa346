"""The forefoot of a sulcus or full length: a smooth surface in place of toes, their gaps and the side walls."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.design.plan import FootPlan
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, eased, smooth_max, smooth_min

BLEND_MM = (-14.0, 8.0)  # in front of the ball: between them the sole goes over to the surface
_CONTACT_MM = (-12.0, 6.0)  # in front of the ball, where the lowest contact is looked for
_INNER_SHARE = 0.40  # of the ball's width, either side of its middle: the borders round up
_STRIPS = 21
_HANGING_MM = 5.0  # a strip so far above the lowest does not touch
_TOE_SPRING_PER_MM = 1.0 / 1500.0  # 3 mm over the length of the toes
_WALL_MM, _WALL_ROUND_MM = 7.0, 4.0  # what stands higher over the surface is cut off where the blend begins ...
_WALL_PER_MM2 = 0.09  # ... and behind that what stands so much higher, with the square of the distance


def without_toes(sole: HeightField, plan: FootPlan, seen: BoolArray) -> HeightField:
    """Return a sole that goes over, around the ball, to a surface without toes that goes on to all sides.

    Across it is the parabola through the lowest contact of the metatarsal heads, level beyond their borders; along it
    is level and rises gently (toe spring). Toes of a raised foot hang or curl: they are not what they stand on.

    Parameters
    ----------
    seen : (I, J) bool, cells where the contact may be looked for.
    """
    x, y = np.broadcast_arrays(sole.x, sole.y)
    xy = np.column_stack([x.ravel(), y.ravel()])
    ahead = plan.ahead_of_ball(xy).reshape(x.shape)
    across = (plan.fibulare - plan.tibiale) / np.linalg.norm(plan.fibulare - plan.tibiale)
    half = 0.5 * float(np.linalg.norm(plan.fibulare - plan.tibiale))
    aside = ((xy - plan.on_ball(0.5, 0.0)) @ across).reshape(x.shape) / half
    inner = np.full(x.shape, 2.0 * _INNER_SHARE)
    clamped = smooth_max(smooth_min(aside, inner, 0.2), -inner, 0.2)
    surface = np.polynomial.polynomial.polyval(clamped, _contact(sole.z, ahead, aside, seen))
    surface = surface + _TOE_SPRING_PER_MM * np.maximum(ahead, 0.0) ** 2
    behind = np.maximum(BLEND_MM[0] - ahead, 0.0)
    cut = smooth_min(sole.z, surface + _WALL_MM + _WALL_PER_MM2 * behind**2, _WALL_ROUND_MM)
    in_front = eased(ahead, *BLEND_MM)
    return sole.replaced(cut + (surface - cut) * in_front)


def _contact(z: FloatArray, ahead: FloatArray, aside: FloatArray, seen: BoolArray) -> FloatArray:
    """Return the coefficients of the parabola, (3,), over the share of half the width from the middle."""
    share = 2.0 * _INNER_SHARE
    near = seen & (ahead > _CONTACT_MM[0]) & (ahead < _CONTACT_MM[1]) & (np.abs(aside) < share)
    if not near.any():
        return np.zeros(3)
    strip = np.minimum(((aside[near] / share + 1.0) * 0.5 * _STRIPS).astype(int), _STRIPS - 1)
    lowest = np.full(_STRIPS, np.inf)
    np.minimum.at(lowest, strip, z[near])
    middle = ((np.arange(_STRIPS) + 0.5) / _STRIPS * 2.0 - 1.0) * share
    touching = lowest < lowest.min() + _HANGING_MM
    if touching.sum() < 6:
        return np.array([float(lowest.min()), 0.0, 0.0])
    return np.asarray(np.polynomial.polynomial.polyfit(middle[touching], lowest[touching], 2))
