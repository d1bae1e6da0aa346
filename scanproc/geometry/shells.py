"""The shape of a shell: its top as a height field, its rim as a curve that carries its height."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from scanproc.artifacts import BoolArray
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField, smooth_min, smooth_step
from scanproc.geometry.outlines import cut_and_rounded, last_crossing, resampled, smoothed_curve

# Along the foot, as shares of its length (arch: 0.30 to 0.60, as `plantar_arch_height_mm` is defined).
HEEL_END = 0.25  # the cup is whole behind this
HEEL_CENTRE = 0.15
ARCH_START, ARCH_FULL, ARCH_FADES, ARCH_END = 0.25, 0.38, 0.56, 0.70
_ROUND_MM = 0.6  # half the width in the plan over which the wall rounds into the flat edge
_RIM_REACH_MM, _RIM_RISE = 15.0, 6.0  # the cut rises so steeply from the flat edge inwards that it ends there
_CORNER_RADIUS_MM = 10.0
_CURVE_SIGMA_MM = 4.0
_LINE_SIGMA_MM = 5.0  # of the heights that the edge is measured from
_PAST_BALL_MM = 25.0  # how far the sides are followed, so that the end of the curve lies in front of the cut


@dataclass(frozen=True)
class FootPlan:
    """What the design knows of a foot, foot frame, mm.

    Attributes
    ----------
    medial_y : -1 left foot, +1 right foot.
    tibiale, fibulare : (2,) x and y of the metatarsal points.
    heel : (2,) the middle of the heel's section at `HEEL_CENTRE`.
    """

    medial_y: float
    length_mm: float
    tibiale: FloatArray
    fibulare: FloatArray
    heel: FloatArray

    @cached_property
    def ball_normal(self) -> FloatArray:
        """The direction square to the line of the metatarsal heads, (2,), forwards."""
        across = self.fibulare - self.tibiale
        normal = np.array([-across[1], across[0]]) / np.linalg.norm(across)
        return np.asarray(normal if normal[0] > 0.0 else -normal)

    def ahead_of_ball(self, xy: FloatArray) -> FloatArray:
        """Return how far (N, 2) points lie in front of the line of the metatarsal heads, (N,) mm."""
        return np.asarray((xy - self.tibiale) @ self.ball_normal)


@dataclass(frozen=True)
class DistalLine:
    """Where the shell ends: the line through `point` square to `forward`, (2,) each."""

    point: FloatArray
    forward: FloatArray

    def behind(self, xy: FloatArray) -> FloatArray:
        """Return how far (N, 2) points lie behind the line, (N,) mm."""
        return np.asarray((self.point - xy) @ self.forward)

    def half_plane(self) -> FloatArray:
        """Return the ground behind the line as a large polygon, (4, 2)."""
        along = np.array([-self.forward[1], self.forward[0]]) * 1e3
        back = -self.forward * 2e3
        return np.array([self.point - along, self.point + along, self.point + along + back, self.point - along + back])


@dataclass(frozen=True)
class SoleLine:
    """Heights along the foot that the edge is measured from, at `x`, (N,) mm: a raised foot's border hangs in the air.

    Attributes
    ----------
    lateral_z, medial_z : (N,) the lowest point of either half of the section.
    quarter_z, quarter_y : (N,) the top at a quarter of the section's width from its medial side, and where that is:
        the line of `plantar_arch_height_mm`.
    width_mm : (N,) of the section below 40 mm.
    """

    x: FloatArray
    lateral_z: FloatArray
    medial_z: FloatArray
    quarter_z: FloatArray
    quarter_y: FloatArray
    width_mm: FloatArray

    @classmethod
    def of(cls, top: HeightField, sole: HeightField, foot: FootPlan) -> SoleLine:
        """Measure a top, at places that follow from the sole it was made from; both go on rising beyond the foot."""
        rows = (top.x[:, 0] > 0.0) & (top.x[:, 0] < foot.length_mm)
        x, y, z = top.x[rows, 0], top.y[0], top.z[rows]
        below = sole.z[rows] < 40.0
        first, last = y[below.argmax(axis=1)], y[len(y) - 1 - below[:, ::-1].argmax(axis=1)]
        medial, lateral = (first, last) if foot.medial_y < 0.0 else (last, first)
        quarter_y = medial + 0.25 * (lateral - medial)
        quarter_top = top.at(np.column_stack([x, quarter_y]))
        on_medial = foot.medial_y * y > 0.0
        lines = (z[:, ~on_medial].min(axis=1), z[:, on_medial].min(axis=1), quarter_top)
        smooth = smoothed_curve(np.column_stack([x, np.zeros(len(x)), *lines]), _LINE_SIGMA_MM, top.step, closed=False)
        lateral_z, medial_z, quarter_z = (np.interp(x, smooth[:, 0], column) for column in smooth[:, 2:].T)
        return cls(x, lateral_z, medial_z, quarter_z, quarter_y, last - first)

    def at(self, x: FloatArray, line: FloatArray) -> FloatArray:
        """Return one of the lines at stations x, (N,)."""
        return np.interp(x, self.x, line)


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


@dataclass(frozen=True)
class Shell:
    """A designed shell: the asked surface, which the proof compares the solid with.

    Attributes
    ----------
    line : heights of the top along the foot.
    sole : the foot's underside, lowered by the clearance, before the prescription's terms.
    top : with them, not yet cut at the rim.
    outline : (K, 2), counter-clockwise.
    unseen_share : of the sole under the shell, how much no view saw.
    """

    foot: FootPlan
    line: SoleLine
    sole: HeightField
    top: HeightField
    distal: DistalLine
    rim: Rim
    outline: FloatArray
    unseen_share: float

    def top_at(self, xy: FloatArray) -> FloatArray:
        """Return the asked height of the top at (N, 2) points, (N,) mm."""
        return self.rim.cut(self.top.at(xy), xy)


def arch_fill(sole: HeightField, foot: FootPlan, fill_mm: float) -> FloatArray:
    """Return by how much the fill lowers the arch, (I, J) mm >= 0.

    Whole in the medial arch, nothing under heel, ball and lateral border. It takes at most half the sole's height, so
    that a low arch does not become a hollow, and the top keeps rising where the sole rises.
    """
    if fill_mm <= 0.0:
        return np.zeros(sole.z.shape)
    s = sole.x / foot.length_mm
    along = smooth_step(s, ARCH_START, ARCH_FULL) * (1.0 - smooth_step(s, ARCH_FADES, ARCH_END))
    across = smooth_step(foot.medial_y * sole.y / foot.length_mm, -0.07, 0.02)
    half = 0.5 * np.maximum(sole.z, 0.0)
    taken = smooth_min(half, np.full(half.shape, fill_mm), np.full(half.shape, 0.4 * fill_mm))
    return np.asarray(along * across * taken)


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


def shell_outline(rim: Rim, distal: DistalLine) -> FloatArray:
    """Return the closed outline of a shell that ends behind the ball, (K, 2)."""
    return cut_and_rounded(rim.curve, distal.half_plane(), _CORNER_RADIUS_MM)


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
