"""The trim line of the insole: how high it stands, where it runs round the foot, and how the top is cut down to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanproc.anatomy.foot_plan import DistalLine, FootPlan
from scanproc.design.plan import SoleLine
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import begun_behind, last_crossing, smoothed_curve
from scanproc.mesh.polyline_distance import Nearest, inside, nearest_on_curve
from scanproc.solid.blending import eased, smooth_max, smooth_min, smooth_step
from scanproc.solid.height_fields import HeightField

# Shares of the foot's length.
MEDIAL_EDGE_AT, LATERAL_EDGE_AT = (0.43, 0.47), (0.485, 0.515)  # where the edges stand at their full height
CUP_END = 0.23  # where the trim line begins to leave the cup's height
_CUP_LEFT, _EDGE_BEGINS = 0.30, 0.42  # where it has left that, and begins to stand as the lateral edge is asked
_OVER_BORDER_MM, _EDGE_ROUND_MM = 1.0, 1.0  # so high it stands over the lateral border there
_FLANGE_FROM = 0.24  # the cup's depth is measured behind
_STATIONS = 0.001  # between those that heights are interpolated from
_ACROSS_MM = 10.0  # on both sides of the axis, where the medial edge goes over to the lateral one
_FRONT_FADES, _LOW_FRONT_MM = 0.08, 6.0  # so low, and over such a length, the sides end at the front end's corners
_ROUND_MM = 0.6  # half the width in the plan over which the wall rounds into the flat edge
_FLAT_MM = 1.0  # the flat edge goes on so far inside the wall's middle
_CUT_RISE = 6.0  # the cut rises so steeply from the flat edge inwards that it ends there ...
_CUT_REACH_MM = 6.0  # ... and this far inside nothing of the top is as high
_OPENS_MM, _OPENS_PER_MM2 = -8.0, 0.1  # ahead of the ball; from there on it rises with the square of the way
_BEYOND_MM = 60.0  # nothing lies further outside
_CURVE_SIGMA_MM = 4.0
_PAST_BALL_MM = 25.0  # how far the sides of a shell are followed, so that their end lies in front of the cut
_SIDE_MM, _TOES_SHARE = 75.0, 0.5  # from the foot's axis to its border, and from the ball, of the length


@dataclass(frozen=True)
class SideEdge:
    """What is asked of one side's edge.

    Attributes
    ----------
    flange_mm : how far it is raised at the midfoot.
    front_mm : over the lowest sole beside it, in front.
    end : share of the length by which it is as low as at the front end.
    full_at : shares of the length between which it stands at its full height.
    """

    flange_mm: float
    front_mm: float
    end: float
    full_at: tuple[float, float]

    def in_front(self, s: FloatArray) -> FloatArray:
        """Return its height over the sole in front, (N,) mm: low where it meets the front end."""
        start = max(self.end - _FRONT_FADES, self.full_at[1])
        return self.front_mm - max(self.front_mm - _LOW_FRONT_MM, 0.0) * eased(s, start, max(self.end, start + 0.02))

    def flange_share(self, s: FloatArray) -> FloatArray:
        """Return which share of the flange raises it at shares of the length, (N,)."""
        start, end = self.full_at
        return eased(s, _FLANGE_FROM, start) - eased(s, end, max(self.end, end + 0.05))


@dataclass(frozen=True)
class TrimHeights:
    """How high the trim line lies: at the heel, on the medial side over the arch's line, else over the sole, mm."""

    foot: FootPlan
    line: SoleLine
    heel_z: float
    arch_mm: float
    medial: SideEdge
    lateral: SideEdge

    def at(self, xy: FloatArray) -> FloatArray:
        """Return the height that the trim line has at (N, 2) points, (N,) mm."""
        x, medial, lateral = self._sides
        medial_z, lateral_z = (np.interp(xy[:, 0], x, side) for side in (medial, lateral))
        medial_share = smooth_step(self.foot.medial_y * xy[:, 1], -_ACROSS_MM, _ACROSS_MM)
        return np.asarray(lateral_z + (medial_z - lateral_z) * medial_share)

    @cached_property
    def _sides(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Stations x, (M,), and the heights of the medial and of the lateral side there."""
        line = self.line
        s = np.arange(-0.3, 1.5, _STATIONS)
        x = s * self.foot.length_mm
        medial = self.heel_z + (line.at(x, line.quarter_z) + self.arch_mm - self.heel_z) * eased(s, CUP_END, 0.42)
        medial_front = line.at(x, line.medial_z) + self.medial.in_front(s)
        medial += (medial_front - medial) * eased(s, 0.48, max(self.medial.end, 0.60))
        medial += self.medial.flange_mm * self.medial.flange_share(s)
        lateral_front = line.at(x, line.lateral_z) + self.lateral.in_front(s)
        lateral = self.heel_z + (lateral_front - self.heel_z) * eased(s, CUP_END, LATERAL_EDGE_AT[0])
        lateral += self.lateral.flange_mm * self.lateral.flange_share(s)
        # Below a border that rises as soon as a low cup ends, it would run far inside the foot.
        higher = smooth_max(lateral, line.at(x, line.border_z) + _OVER_BORDER_MM, _EDGE_ROUND_MM)
        beside_arch = eased(s, CUP_END, _CUP_LEFT) - eased(s, _EDGE_BEGINS, LATERAL_EDGE_AT[0])
        lateral += (higher - lateral) * beside_arch
        return x, medial, lateral


@dataclass(frozen=True)
class TrimLine:
    """The line that the foot's own border is trimmed at, counter-clockwise.

    Of a shell it runs from the front round the heel to the front, else all round.

    The insole's outline follows it where nothing else is asked.

    Attributes
    ----------
    curve : (N, 2) outer edge.
    z, lip_mm : (N,) its height, and the width of the flat edge at that height.
    round_mm : (N,) height over which the wall rounds into that edge.
    ball_line : where that of a sulcus or full length begins to let the top go, which has no walls in front; None for a
        shell, that ends behind.
    """

    curve: FloatArray
    z: FloatArray
    lip_mm: FloatArray
    round_mm: FloatArray
    ball_line: DistalLine | None

    @property
    def closed(self) -> bool:
        """Whether it goes all round."""
        return self.ball_line is not None

    def cut(self, z: FloatArray, xy: FloatArray) -> FloatArray:
        """Cut heights z, (N,), at (N, 2) points down to its own: flat beyond and over its width, free inside."""
        near = nearest_on_curve(self.curve, xy, float(self.lip_mm.max()) + _CUT_REACH_MM, closed=self.closed)
        found = np.isfinite(near.distance_mm)
        here = np.flatnonzero(found)
        near = Nearest(near.distance_mm[here], near.place[here])
        answer: FloatArray = z.copy()
        answer[here] = smooth_min(z[here], self._ceiling(near, xy[here]), near.of(self.round_mm))
        far = np.flatnonzero(~found)
        far = far[~inside(self.curve, xy[far])]
        if len(far):
            beyond = nearest_on_curve(self.curve, xy[far], _BEYOND_MM, closed=self.closed)
            answer[far] = np.minimum(z[far], self._ceiling(beyond, xy[far]))
        return answer

    def _ceiling(self, near: Nearest, xy: FloatArray) -> FloatArray:
        """Return the height that nothing exceeds at (N, 2) places near it, (N,) mm."""
        inwards = near.distance_mm - near.of(self.lip_mm) - _FLAT_MM
        ceiling = near.of(self.z) + _CUT_RISE * np.maximum(inwards, 0.0)
        if self.ball_line is not None:
            ceiling = ceiling + _OPENS_PER_MM2 * np.minimum(self.ball_line.behind(xy), 0.0) ** 2
        return np.asarray(ceiling)


@dataclass(frozen=True)
class Border:
    """What the trim line is found by: zero where it runs, positive outside, of (N, 2) points, (N,) mm."""

    excess: Callable[[FloatArray], FloatArray]
    all_round: bool


def trim_line(top: HeightField, foot: FootPlan, heights: TrimHeights, wall_mm: float, border: Border) -> TrimLine:
    """Find the trim line: where its border is first met, seen from outside, as a smooth curve.

    A flat edge follows outside, so wide that the wall keeps its thickness up to it.

    Parameters
    ----------
    border : all round, or from side to side round the heel, past the ball.

    Raises
    ------
    ScanError
        If the sole has no border to follow.
    """
    rays = _rays_round(foot) if border.all_round else _rays_behind(foot)
    origins, outward = rays[:, :2], rays[:, 2:]
    reach_mm = max(_SIDE_MM, _TOES_SHARE * foot.length_mm) if border.all_round else _SIDE_MM
    reach = last_crossing(border.excess, origins, outward, reach_mm)
    found = np.isfinite(reach)
    if found.mean() < 0.8:
        raise ScanError(
            f"the sole's border was found in {found.mean():.0%} of the directions only, expected 80 %. "
            "Look at the surface with `scanproc view`; scan the whole underside of the foot, raised."
        )
    reach = np.interp(np.arange(len(reach)), np.flatnonzero(found), reach[found])
    place = origins + reach[:, None] * outward
    slope = top.slope_at(place)
    # tan(theta / 2): where the outer sides of the wall and of the flat edge meet (a mitre).
    lip = wall_mm * slope / (1.0 + np.hypot(slope, 1.0))
    level = heights.at(place)
    rounding = np.maximum(_ROUND_MM * slope, 0.2)
    line = np.column_stack([place + lip[:, None] * outward, level, lip, rounding])
    if border.all_round:
        line = begun_behind(line, float(foot.heel[1]))
    smooth = smoothed_curve(line, _CURVE_SIGMA_MM, 0.5, closed=border.all_round)
    # Where the top runs out flat over the edge, the cut goes no deeper than it: it would leave a step inside.
    step = np.gradient(smooth[:, :2], axis=0)
    inward = np.column_stack([-step[:, 1], step[:, 0]]) / np.linalg.norm(step, axis=1, keepdims=True)
    level = np.maximum(smooth[:, 2], top.at(smooth[:, :2] + (smooth[:, 3] + _FLAT_MM)[:, None] * inward))
    ball = DistalLine(foot.on_ball(0.5, _OPENS_MM), foot.ball_normal) if border.all_round else None
    return TrimLine(smooth[:, :2], level, smooth[:, 3], smooth[:, 4], ball)


def _rays_behind(foot: FootPlan) -> FloatArray:
    """Return origins and outward directions, (N, 4), from the front at +y round the heel to the front at -y."""
    ends = {foot.medial_y: foot.tibiale[0] + _PAST_BALL_MM, -foot.medial_y: foot.fibulare[0] + _PAST_BALL_MM}
    return np.vstack([_side_rays(foot, 1.0, ends[1.0])[::-1], _heel_rays(foot), _side_rays(foot, -1.0, ends[-1.0])])


def _rays_round(foot: FootPlan) -> FloatArray:
    """Return origins and outward directions, (N, 4), from the ball at -y round the toes and the heel."""
    end_x = float(foot.tibiale[0] + foot.fibulare[0]) / 2.0
    toes = _fan(np.array([end_x, 0.0]), np.deg2rad(np.arange(-89.0, 90.0, 1.0)))
    return np.vstack([toes, _side_rays(foot, 1.0, end_x)[::-1], _heel_rays(foot), _side_rays(foot, -1.0, end_x)])


def _side_rays(foot: FootPlan, sign: float, end_x: float) -> FloatArray:
    x = np.arange(foot.heel[0], end_x, 1.0)
    # From the middle of the heel the origins move to the foot's axis.
    y = foot.heel[1] * (1.0 - smooth_step(x, foot.heel[0], 0.5 * foot.length_mm))
    return np.column_stack([x, y, np.zeros(len(x)), np.full(len(x), sign)])


def _heel_rays(foot: FootPlan) -> FloatArray:
    return _fan(foot.heel, np.deg2rad(np.arange(91.0, 270.0, 1.0)))


def _fan(origin: FloatArray, angle: FloatArray) -> FloatArray:
    return np.column_stack([np.broadcast_to(origin, (len(angle), 2)), np.cos(angle), np.sin(angle)])
