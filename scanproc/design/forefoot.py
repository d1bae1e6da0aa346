"""The forefoot of a sulcus or full length: a smooth surface in place of toes, their gaps and the side walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.design.plan import HEEL_END, quarter_line
from scanproc.design.wall import BEND_MM
from scanproc.frames import FloatArray
from scanproc.mesh.sections import theil_sen
from scanproc.prescription.doses import Arch
from scanproc.solid.blending import eased, smooth_max, smooth_min, smooth_step
from scanproc.solid.height_fields import HeightField

BLEND_MM = (-14.0, 8.0)  # in front of the ball: between them the sole goes over to the surface
_CONTACT_MM = (-12.0, 6.0)  # in front of the ball, where the lowest contact is looked for
_INNER_SHARE = 0.40  # of the ball's width, either side of its middle: the borders round up
_STRIPS = 21
_HANGING_MM = 4.0  # a strip so far above the line through most of them is a border, which does not touch
_BEARS_MM = 3.0  # what of the ball is so low lies on any insole, however low its edges are
_TOE_SPRING_PER_MM = 1.0 / 1500.0  # 3 mm over the length of the toes
_RUN_OUT_MM, _RUN_OUT_SHARE = (-45.0, BLEND_MM[1]), 0.18  # ahead of the ball: between them, of a child's foot from so
# much of the length on, the side walls run out ...
_WALL_MM = (12.0, 1.5)  # ... from so high to so high over the sole at a quarter of the width from either border ...
_OVER_EDGE_MM = 4.0  # ... or from so much over an edge that is asked higher
_GAP_ENDS_MM, _GAP_MM = (-25.0, -4.0), (25.0, 2.5)  # ahead of the ball: how high over the surface a sole may stand
_GAP_SHARE = (0.75, 0.95)  # of half the width: what lies beside is the border
_FREE_PER_MM2 = 0.2  # behind that they stand so much higher, with the square of the distance
_ARCH_FREE_MM, _BORDER_SHARE = 30.0, (0.5, 0.75)  # of half the width from the middle: what lies inside is no wall
_WALL_ROUND_MM, _SIGMA_MM = 3.0, 5.0


@dataclass(frozen=True)
class SideWalls:
    """How high side walls have to stand over the sole beside them, mm, so that an edge can be cut into them."""

    medial_mm: float
    lateral_mm: float

    @classmethod
    def holding(cls, arch: Arch) -> SideWalls:
        """Return walls that hold the edges and flanges which are asked."""
        medial_mm, lateral_mm = arch.medial_edge_mm + arch.medial_flange_mm, arch.side_edge_mm + arch.lateral_flange_mm
        return cls(*(max(_WALL_MM[0], edge_mm + _OVER_EDGE_MM) for edge_mm in (medial_mm, lateral_mm)))


def without_toes(
    sole: HeightField, plan: FootPlan, walls: SideWalls, *, level: bool, thinner_mm: float = 0.0
) -> HeightField:
    """Return a sole that goes over, around the ball, to a surface without toes that goes on to all sides.

    Across it is the parabola through the lowest contact of the metatarsal heads, level beyond their borders; along it
    is level and rises gently (toe spring). Toes of a raised foot hang or curl: they are not what they stand on.

    Parameters
    ----------
    level : whether both borders of the ball are to lie as low as the heel, so that the device stands still.
    thinner_mm : by how much the wall is thinner there: so much lower it lies, so that the underside stays level.
    """
    x, y = np.broadcast_arrays(sole.x, sole.y)
    xy = np.column_stack([x.ravel(), y.ravel()])
    ahead = plan.ahead_of_ball(xy).reshape(x.shape)
    bends = smooth_step(ahead, *BEND_MM)
    sole = sole.replaced(sole.z - thinner_mm * bends) if thinner_mm else sole
    across = (plan.fibulare - plan.tibiale) / np.linalg.norm(plan.fibulare - plan.tibiale)
    half = 0.5 * float(np.linalg.norm(plan.fibulare - plan.tibiale))
    aside = ((xy - plan.on_ball(0.5, 0.0)) @ across).reshape(x.shape) / half
    inner = np.full(x.shape, 2.0 * _INNER_SHARE)
    clamped = smooth_max(smooth_min(aside, inner, 0.2), -inner, 0.2)
    contact = _contact(sole.z, ahead, aside)
    if level:
        heel_z = float(sole.z[sole.x[:, 0] < HEEL_END * plan.length_mm].min())
        bears = (ahead > 0.0) & (ahead < BLEND_MM[1])
        bears &= sole.z < sole.z[bears].min() + _BEARS_MM
        contact = _levelled(contact, heel_z - thinner_mm, float(np.abs(clamped[bears]).max()))
    surface = np.polynomial.polynomial.polyval(clamped, contact)
    surface = surface + _TOE_SPRING_PER_MM * np.maximum(ahead, 0.0) ** 2 + thinner_mm * (1.0 - bends)
    # A gap between toes may reach behind the ball; nothing else of the sole stands so high there.
    gap = _GAP_MM[0] + (_GAP_MM[1] - _GAP_MM[0]) * eased(ahead, *_GAP_ENDS_MM)
    gap = gap + _GAP_MM[0] * smooth_step(np.abs(aside), *_GAP_SHARE)
    cut = _walls_run_out(sole, plan, walls, ahead)
    cut = np.where(ahead > _GAP_ENDS_MM[0], smooth_min(cut, surface + gap, _WALL_ROUND_MM), cut)
    in_front = eased(ahead, *BLEND_MM)
    return sole.replaced(cut + (surface - cut) * in_front)


def _contact(z: FloatArray, ahead: FloatArray, aside: FloatArray) -> FloatArray:
    """Return the coefficients of the parabola, (3,), over the share of half the width from the middle."""
    share = 2.0 * _INNER_SHARE
    near = (ahead > _CONTACT_MM[0]) & (ahead < _CONTACT_MM[1]) & (np.abs(aside) < share)
    strip = np.minimum(((aside[near] / share + 1.0) * 0.5 * _STRIPS).astype(int), _STRIPS - 1)
    lowest = np.full(_STRIPS, np.inf)
    np.minimum.at(lowest, strip, z[near])
    middle = ((np.arange(_STRIPS) + 0.5) / _STRIPS * 2.0 - 1.0) * share
    line = theil_sen(middle, lowest)
    touching = lowest < line.at_zero + line.slope * middle + _HANGING_MM
    return np.asarray(np.polynomial.polynomial.polyfit(middle[touching], lowest[touching], 2))


def _levelled(contact: FloatArray, heel_z: float, border: float) -> FloatArray:
    """Return a parabola, (3,), without its inclination that is as low as the heel at both borders; none is a keel."""
    bend = min(float(contact[2]), 0.0)
    return np.array([heel_z - bend * border**2, 0.0, bend])


def _walls_run_out(sole: HeightField, plan: FootPlan, walls: SideWalls, ahead: FloatArray) -> FloatArray:
    """Return the heights of a sole, (I, J), whose side walls become lower towards the ball, and end there.

    The plantar surface inside, an arch too, stays as it is.
    """
    quarter = quarter_line(sole, plan)
    to_middle = -0.25 * plan.medial_y * quarter.width_mm
    lines = [quarter.y, quarter.y + to_middle, quarter.y + 2.0 * to_middle]  # medial quarter, middle, lateral quarter
    heights = [sole.at(np.column_stack([quarter.x, y])) for y in (lines[0], lines[2])]
    rows = np.array([*lines, *heights])
    even = ndimage.gaussian_filter1d(rows, _SIGMA_MM / sole.step, axis=1, mode="nearest")
    x = sole.x[:, 0]
    medial_y, middle_y, _, medial_z, lateral_z = (np.interp(x, quarter.x, row)[:, None] for row in even)
    outwards = 0.5 * (sole.y - middle_y) / (medial_y - middle_y)  # 0.5 at the medial quarter, -0.5 at the lateral one
    beside = lateral_z + (medial_z - lateral_z) * smooth_step(outwards, -_BORDER_SHARE[0], _BORDER_SHARE[0])
    start, end = max(_RUN_OUT_MM[0], -_RUN_OUT_SHARE * plan.length_mm), _RUN_OUT_MM[1]
    whole = walls.lateral_mm + (walls.medial_mm - walls.lateral_mm) * smooth_step(outwards, -0.5, 0.5)
    wall = whole + (_WALL_MM[1] - whole) * eased(ahead, start, end)
    free = _FREE_PER_MM2 * np.maximum(start - ahead, 0.0) ** 2
    free = free + _ARCH_FREE_MM * (1.0 - smooth_step(np.abs(outwards), *_BORDER_SHARE))
    return smooth_min(sole.z, beside + wall + free, _WALL_ROUND_MM)
