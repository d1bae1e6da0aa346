"""Points of a foot that follow from its shape, in a frame with x forward, y to the left and z up from the ground.

Definitions: with the functions below. `medial_y` is -1 for a left foot, +1 for a right one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.profiles import borders_at
from scanproc.anatomy.robust_fits import biweight_fit, running_median
from scanproc.artifacts import BoolArray, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import Submesh, any_corner, keep_faces
from scanproc.mesh.sections import axis_section
from scanproc.parallel import meanwhile

MEDIAL_WINDOW = (0.62, 0.82)  # shares of the foot length that hold the 1st metatarsal head's border
LATERAL_WINDOW = (0.50, 0.75)  # and the 5th's
TOES_FROM = 0.7  # likewise: what lies ahead holds the toes
BORDER_BAND_MM = 0.5  # the border counts as at its extreme within this
_FITTED_BAND_MM = 4.0
# What a border is beyond a parabola within that band: RMS of the 3rd to 6th Legendre coefficient of both borders of
# five feet (a shop scan, an unloaded one, three of a generator), none of which the benchmark simulates from.
_BEYOND_PARABOLA_MM = (0.54, 0.62, 0.24, 0.17)
_BORDER_NOISE_MM, _NOISE_LENGTH_MM = 0.15, 10.0  # of an evened border: less noise leaves known shapes true to 0.3 mm
_TATTER_MM = 8  # half of a stretch whose median is the border: tatters of a surface are up to that long
HEEL_SHARE = 0.25  # of the length: the heel's part of the support plane
HEAD_REACH_MM = 15.0  # along x, on both sides of the metatarsal points, where the support plane looks for the heads
HEAD_SHARE = 0.35  # of the width: likewise across
_TOE_GAP_WINDOW = (0.24, 0.48)  # of the width, from the medial border: gaps of 1st and 2nd toe were there (9 feet)
_SECOND_TOE_SHARE = 0.46  # where the 2nd toe's tip was found there: 0.44 to 0.52
_SECOND_TOE_WIDTH = 0.20  # of the width: no second toe is wider
_SECOND_TOE_SHARES = (0.42, 0.54)  # a toe beside a shallow gap counts there
_SHALLOW_GAP_MM = 0.3  # less is noise
_CLEAR_GAP_MM = 5.0  # a gap this deep leaves no doubt
_HEEL_BAND_MM, _TOE_BAND_MM = 0.5, 1.5  # a heel and a rounder toe count as at their end within this
_HEEL_REACH_MM = 25.0  # on both sides of the rear-most vertex
_TOE_REACH_MM = 9.0  # half a second toe


@dataclass(frozen=True)
class SecondToe:
    """Tip of the second toe: (3,) mm, and how sure it is that it is one, in [0, 1]."""

    tip: FloatArray
    confidence: float


@dataclass(frozen=True)
class FootPoints:
    """What defines the frame and the lengths of a foot; (3,) float64 each, mm."""

    pternion: FloatArray
    longest_toe_tip: FloatArray
    second_toe: SecondToe
    metatarsale_tibiale: FloatArray
    metatarsale_fibulare: FloatArray

    @property
    def length_mm(self) -> float:
        return float(self.longest_toe_tip[0] - self.pternion[0])


def foot_points(mesh: Mesh, medial_y: float, gap_depth_mm: float, near: FootPoints | None = None) -> FootPoints:
    """Find the points of a foot in its present frame.

    Parameters
    ----------
    mesh : of `below_ankle`.
    gap_depth_mm : how much deeper than its toes the gap between the first two must be to be believed.
    near : of hardly another foot in hardly another frame. Its metatarsal points are taken instead of those of this one:
        they say no more than where toes and heads are looked for.
    """
    low = mesh.vertices[mesh.vertices[:, 2] < FOOT_HEIGHT_MM]
    rear, longest = low[np.argmin(low[:, 0])], low[np.argmax(low[:, 0])]
    length = float(longest[0] - rear[0])
    with meanwhile(partial(_middle_of_end, mesh, rear, -1.0, _HEEL_BAND_MM, _HEEL_REACH_MM)) as pternion:
        if near is None:
            tibiale, fibulare = _ball_points(mesh, float(rear[0]), length, medial_y)
        else:
            tibiale, fibulare = near.metatarsale_tibiale, near.metatarsale_fibulare
        toes_from = float(rear[0] + TOES_FROM * length)
        toe = second_toe(mesh, toes_from, float(tibiale[1]), float(fibulare[1]), gap_depth_mm)
        return FootPoints(pternion(), longest, toe, tibiale, fibulare)


def _ball_points(mesh: Mesh, rear: float, length: float, medial_y: float) -> tuple[FloatArray, FloatArray]:
    """Return metatarsale tibiale and fibulare, (3,) mm."""
    with meanwhile(partial(border_point, mesh, rear, length, LATERAL_WINDOW, -medial_y)) as fibulare:
        return border_point(mesh, rear, length, MEDIAL_WINDOW, medial_y), fibulare()


def with_borders_of(ball: Mesh, points: FootPoints, medial_y: float) -> FootPoints:
    """Return the points of a foot with those of the ball's borders found on an even ball."""
    tibiale, fibulare = _ball_points(ball, float(points.pternion[0]), points.length_mm, medial_y)
    return replace(points, metatarsale_tibiale=tibiale, metatarsale_fibulare=fibulare)


def below_ankle(mesh: Mesh) -> Submesh:
    """Return the part of a foot in its frame that its points lie on: all faces that reach below 60 mm."""
    return keep_faces(mesh, any_corner(mesh.vertices[:, 2] < FOOT_HEIGHT_MM, mesh.faces))


def _middle_of_end(mesh: Mesh, tip: FloatArray, forward: float, band_mm: float, reach_mm: float) -> FloatArray:
    """Return the (3,) tip moved across to the middle of all that is as far forward as it within the noise.

    A heel is so blunt that 0.1 mm of noise moves its rear-most vertex by 4 mm across, and the foot's axis by 1 degree.
    """
    band = axis_section(mesh, 0, float(tip[0]) - forward * band_mm)
    near = (np.abs(band.points[:, :, 1] - tip[1]) < reach_mm) & (band.points[:, :, 2] < FOOT_HEIGHT_MM)
    y = band.points[:, :, 1][near]
    middle = tip[1] if not len(y) else (float(y.min()) + float(y.max())) / 2.0
    return np.array([tip[0], middle, tip[2]])


def border_point(mesh: Mesh, rear: float, length: float, window: tuple[float, float], outward_y: float) -> FloatArray:
    """Return the middle of the stretch of a border that lies within 0.5 mm of its extreme, (3,) mm.

    A border is almost straight over 6 to 17 mm, where a single extreme vertex, and the ends of the stretch, would
    follow the noise by many mm. So a polynomial through all within 4 mm of the extreme stands in for it, which bends
    beyond a parabola no more than borders of feet do. Tatters of a surface, which stick out by millimetres, are nothing
    to it.
    """
    first, last = rear + window[0] * length, rear + window[1] * length
    x = np.linspace(first, last, int(np.ceil(last - first)) + 1)
    points = borders_at(mesh, x, FOOT_HEIGHT_MM).points[:, 0 if outward_y < 0.0 else 1]
    known = np.isfinite(points[:, 1])
    if not known.any():
        raise ScanError("found no surface along a border of the ball, expected both. Scan both sides of the forefoot.")
    border, height = (np.interp(x, x[known], values) for values in (outward_y * points[known, 1], points[known, 2]))
    even = running_median(border, _TATTER_MM)
    stretch = _stretch(even, int(np.argmax(even)), float(even.max()) - _FITTED_BAND_MM)
    fine = np.linspace(x[stretch][0], x[stretch][-1], 10 * len(x))
    values = _smooth(x[stretch], border[stretch], even[stretch], fine)
    line = float(values.max()) - BORDER_BAND_MM
    start, end = fine[values >= line][[0, -1]]
    middle = float(start + end) / 2.0
    at_middle = float(np.interp(middle, fine, values))
    return np.array([middle, outward_y * at_middle, float(np.interp(middle, x, height))])


def _smooth(x: FloatArray, border: FloatArray, even: FloatArray, fine: FloatArray) -> FloatArray:
    """Return the polynomial through a border at (N,) `x`, 1 mm apart, at the (M,) places `fine`, mm.

    Waves of the noise are as long as what it fits: without what is known of feet, the middle of the border would follow
    them by 2.7 mm on the lateral side (RMS of 48 simulated recordings), with it by 1.8.
    """
    beyond = np.array(_BEYOND_PARABOLA_MM)
    degree = min(2 + len(beyond), len(x) - 1)
    middle, half = 0.5 * (x[0] + x[-1]), max(0.5 * (x[-1] - x[0]), 1e-9)
    design, wanted = (np.polynomial.legendre.legvander((at - middle) / half, degree) for at in (x, fine))
    ridge = np.concatenate([np.zeros(3), _BORDER_NOISE_MM * np.sqrt(_NOISE_LENGTH_MM) / beyond])[: degree + 1]
    return np.asarray(wanted @ biweight_fit(design, border, even, ridge))


def _stretch(values: FloatArray, peak: int, least: float) -> slice:
    """Return the places round a peak that are at `least` so high, without a gap."""
    low = np.flatnonzero(values < least)
    before, after = low[low < peak], low[low > peak]
    return slice(before[-1] + 1 if len(before) else 0, after[0] if len(after) else len(values))


@dataclass(frozen=True)
class FrontProfile:
    """The front border from above: the most anterior surface point in each strip across the foot.

    Attributes
    ----------
    across : (N,) float64, middles of the strips as shares of the width, 0 = medial border, 1 = lateral.
    points : (N, 3) float64, mm; -inf where a strip is empty.
    strip_mm : breadth of a strip.
    """

    across: FloatArray
    points: FloatArray
    strip_mm: float


def front_profile(mesh: Mesh, from_x: float, medial: float, lateral: float, strips: int = 100) -> FrontProfile:
    """Return the front border of the foot between y = `medial` and y = `lateral`, ahead of x = `from_x`, mm."""
    near = keep_faces(mesh, any_corner(mesh.vertices[:, 0] >= from_x, mesh.faces)).mesh
    # Sections across y, whose greatest x is the front; row by row in memory, as loops over faces want vertices.
    rotated = Mesh(np.ascontiguousarray(near.vertices[:, [1, 0, 2]]), near.faces)
    across = (np.arange(strips) + 0.5) / strips
    y = medial + across * (lateral - medial)
    rising = np.argsort(y, kind="stable")
    front = np.empty((strips, 3))
    front[rising] = borders_at(rotated, y[rising], FOOT_HEIGHT_MM).points[:, 1][:, [1, 0, 2]]
    front[~(front[:, 0] >= from_x)] = -np.inf
    return FrontProfile(across, front, abs(lateral - medial) / strips)


def second_toe(mesh: Mesh, from_x: float, medial: float, lateral: float, gap_depth_mm: float) -> SecondToe:
    """Find the tip of the second toe.

    It is the most anterior point next to the gap beside the hallux. Where no such gap shows (toes together, socks, too
    coarse a scan), a shallow one counts if the toe beside it lies where second toes do. Without any, the front border
    next to 46 % of the width stands in for the tip, with little confidence.
    """
    profile = front_profile(mesh, from_x, medial, lateral)
    across, x = profile.across, profile.points[:, 0]
    hallux = np.maximum.accumulate(x)
    ahead = across - across[:, None]
    beside = np.where((ahead >= 0.0) & (across < across[:, None] + _SECOND_TOE_WIDTH), x, -np.inf).max(axis=1)
    inside = np.isfinite(x) & (across >= _TOE_GAP_WINDOW[0]) & (across <= _TOE_GAP_WINDOW[1])
    depth = np.full(len(x), -np.inf)
    depth[inside] = np.minimum(hallux, beside)[inside] - x[inside]
    gap = int(np.argmax(depth))
    toe = (across > across[gap]) & (across < across[gap] + _SECOND_TOE_WIDTH)
    if depth[gap] >= _SHALLOW_GAP_MM:
        tip = int(np.flatnonzero(toe)[np.argmax(x[toe])])
        is_second = _SECOND_TOE_SHARES[0] <= across[tip] <= _SECOND_TOE_SHARES[1]
        if depth[gap] >= gap_depth_mm or is_second:
            if (
                depth[gap] < gap_depth_mm
            ):  # beside a shallow gap the next toes run into this one: its middle is not known
                return SecondToe(profile.points[tip], 0.5)
            clear = min((depth[gap] - gap_depth_mm) / (_CLEAR_GAP_MM - gap_depth_mm), 1.0)
            middle = _middle_of_toe(mesh, profile.points[tip], profile.points[gap, 1])
            return SecondToe(middle, float(0.6 + 0.39 * clear))
    level = int(np.argmin(np.where(np.isfinite(x), np.abs(across - _SECOND_TOE_SHARE), np.inf)))
    return SecondToe(profile.points[level], 0.4)


def _middle_of_toe(mesh: Mesh, tip: FloatArray, gap_y: float) -> FloatArray:
    """Return the tip of a toe beside a gap, in the middle of what is as far forward as it within the noise."""
    reach = min(_TOE_REACH_MM, abs(float(tip[1]) - gap_y))
    y, z = mesh.vertices[:, 1], mesh.vertices[:, 2]
    near = mesh.vertices[(np.abs(y - tip[1]) < reach) & (z < FOOT_HEIGHT_MM) & (mesh.vertices[:, 0] > tip[0] - 5.0)]
    if len(near) and float(near[:, 0].max()) > float(tip[0]):
        tip = near[np.argmax(near[:, 0])]
        reach = min(_TOE_REACH_MM, abs(float(tip[1]) - gap_y))
    return _middle_of_end(mesh, tip, 1.0, _TOE_BAND_MM, reach)


@dataclass(frozen=True)
class Support:
    """The lowest points under the heel, the 1st and the 5th metatarsal head, (3,) mm each."""

    heel: FloatArray
    first_head: FloatArray
    fifth_head: FloatArray

    @property
    def normal(self) -> FloatArray:
        """Upward unit normal of the plane through them, (3,)."""
        normal = np.cross(self.first_head - self.heel, self.fifth_head - self.heel)
        return np.asarray(normal * np.sign(normal[2]) / np.linalg.norm(normal))


def support(vertices: FloatArray, points: FootPoints) -> Support:
    """Find the three points that a foot stands on, of (N, 3) vertices."""
    tibiale, fibulare = points.metatarsale_tibiale, points.metatarsale_fibulare
    across = (vertices[:, 1] - tibiale[1]) / (fibulare[1] - tibiale[1])  # 0 at the medial border, 1 at the lateral

    def lowest(region: BoolArray) -> FloatArray:
        inside = vertices[region]
        if not len(inside):
            raise ScanError(
                "found no surface under the heel or a metatarsal head, expected the sole. Scan the foot from below."
            )
        return np.asarray(inside[np.argmin(inside[:, 2])])

    return Support(
        heel=lowest(vertices[:, 0] < points.pternion[0] + HEEL_SHARE * points.length_mm),
        first_head=lowest((np.abs(vertices[:, 0] - tibiale[0]) <= HEAD_REACH_MM) & (across <= HEAD_SHARE)),
        fifth_head=lowest((np.abs(vertices[:, 0] - fibulare[0]) <= HEAD_REACH_MM) & (across >= 1.0 - HEAD_SHARE)),
    )
