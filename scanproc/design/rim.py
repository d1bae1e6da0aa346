"""The edge of the insole: how high it stands, where it runs, and how the top is cut down to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from scanproc.artifacts import BoolArray
from scanproc.design.plan import ARCH_END, HEEL_END, FootPlan, SoleLine
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, smooth_min, smooth_step
from scanproc.geometry.outlines import last_crossing, resampled, smoothed_curve

_ROUND_MM = 0.6  # half the width in the plan over which the wall rounds into the flat edge
_RIM_REACH_MM, _RIM_RISE = 15.0, 6.0  # the cut rises so steeply from the flat edge inwards that it ends there
_CURVE_SIGMA_MM = 4.0
_PAST_BALL_MM = 25.0  # how far the sides are followed, so that the end of the curve lies in front of the cut


@dataclass(frozen=True)
class RimHeights:
    """How high the edge stands: at the heel, over the arch's line on the medial side, over the sole elsewhere, mm."""

    line: SoleLine
    heel_z: float
    medial_mm: float
    side_mm: float

    def at(self, xy: FloatArray, foot: FootPlan) -> FloatArray:
        """Return the height that the edge has at (N, 2) points, (N,) mm."""
        x, s, line = xy[:, 0], xy[:, 0] / foot.length_mm, self.line
        arch = line.at(x, line.quarter_z) + self.medial_mm
        medial_front = line.at(x, line.medial_z) + self.side_mm
        lateral_front = line.at(x, line.lateral_z) + self.side_mm
        medial = self.heel_z + (arch - self.heel_z) * smooth_step(s, HEEL_END, 0.42)
        medial += (medial_front - medial) * smooth_step(s, 0.48, ARCH_END)
        lateral = self.heel_z + (lateral_front - self.heel_z) * smooth_step(s, HEEL_END, 0.50)
        medial_share = smooth_step(foot.medial_y * xy[:, 1], -10.0, 10.0)
        return np.asarray(lateral + (medial - lateral) * medial_share)


@dataclass(frozen=True)
class Rim:
    """The side edge from the front, round the heel, to the front again.

    Attributes
    ----------
    curve : (N, 2) outer edge, 0.1 mm apart.
    z, lip_mm : (N,) its height, and the width of the flat edge at that height.
    round_mm : (N,) height over which the wall rounds into that edge.
    """

    curve: FloatArray
    z: FloatArray
    lip_mm: FloatArray
    round_mm: FloatArray

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.curve)

    def cut(self, z: FloatArray, xy: FloatArray) -> FloatArray:
        """Cut heights z, (N,), at (N, 2) points down to the edge's: flat over its width, free further inside."""
        distance, nearest = (np.asarray(part) for part in self._tree.query(xy, distance_upper_bound=_RIM_REACH_MM))
        near = np.isfinite(distance)
        distance, nearest = distance[near], nearest[near]
        ceiling = self.z[nearest] + _RIM_RISE * np.maximum(distance - self.lip_mm[nearest] - 1.0, 0.0)
        answer: FloatArray = z.copy()
        answer[near] = smooth_min(z[near], ceiling, self.round_mm[nearest])
        return answer

    def near(self, xy: FloatArray, beyond_lip_mm: float) -> BoolArray:
        """Tell which of (N, 2) points lie on the flat edge or up to `beyond_lip_mm` inside it, (N,) bool."""
        reach = float(self.lip_mm.max()) + beyond_lip_mm
        distance, nearest = self._tree.query(xy, distance_upper_bound=reach)
        lip = np.append(self.lip_mm, -np.inf)  # no point in reach
        return np.asarray(distance <= lip[nearest] + beyond_lip_mm, dtype=bool)


def side_rim(top: HeightField, foot: FootPlan, heights: RimHeights, wall_mm: float) -> Rim:
    """Find the side edge: where the top first reaches the asked height, seen from outside, as a smooth curve.

    A flat edge follows outside, so wide that the wall keeps its thickness up to it.

    Raises
    ------
    ScanError
        If the sole has no border to follow.
    """
    rays = _rim_rays(foot)
    origins, outward = rays[:, :2], rays[:, 2:]
    reach = last_crossing(lambda xy: top.at(xy) - heights.at(xy, foot), origins, outward, 75.0)
    found = np.isfinite(reach)
    if found.mean() < 0.8:
        raise ScanError(
            f"the sole's border was found in {found.mean():.0%} of the directions only, expected 80 %. "
            "Look at the surface with `scanproc view`; scan the whole underside of the foot, raised."
        )
    reach = np.interp(np.arange(len(reach)), np.flatnonzero(found), reach[found])
    border = origins + reach[:, None] * outward
    slope = top.slope_at(border)
    # tan(theta / 2): where the outer sides of the wall and of the flat edge meet (a mitre).
    lip = wall_mm * slope / (1.0 + np.hypot(slope, 1.0))
    level = heights.at(border, foot)
    rounding = np.maximum(_ROUND_MM * slope, 0.2)
    edge = np.column_stack([border + lip[:, None] * outward, level, lip, rounding])
    smooth = resampled(smoothed_curve(edge, _CURVE_SIGMA_MM, 0.5, closed=False), 0.1, closed=False)
    return Rim(smooth[:, :2], smooth[:, 2], smooth[:, 3], smooth[:, 4])


def _rim_rays(foot: FootPlan) -> FloatArray:
    """Return origins and outward directions, (N, 4), from the front at +y round the heel to the front at -y."""
    ends = {foot.medial_y: foot.tibiale[0] + _PAST_BALL_MM, -foot.medial_y: foot.fibulare[0] + _PAST_BALL_MM}
    sides = {}
    for sign, end_x in ends.items():
        x = np.arange(foot.heel[0], end_x, 1.0)
        # From the middle of the heel the origins move to the foot's axis.
        y = foot.heel[1] * (1.0 - smooth_step(x, foot.heel[0], 0.5 * foot.length_mm))
        sides[sign] = np.column_stack([x, y, np.zeros(len(x)), np.full(len(x), sign)])
    angle = np.deg2rad(np.arange(91.0, 270.0, 1.0))
    back = np.column_stack([np.broadcast_to(foot.heel, (len(angle), 2)), np.cos(angle), np.sin(angle)])
    return np.vstack([sides[1.0][::-1], back, sides[-1.0]])
