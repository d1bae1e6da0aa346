"""Points of a foot that follow from its shape, in a frame with x forward, y to the left and z up from the ground.

Definitions: with the functions below. `medial_y` is -1 for a left foot, +1 for a right one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.geometry.foot_pose import FOOT_HEIGHT_MM
from scanproc.geometry.meshes import submesh
from scanproc.geometry.sections import axis_section, faces_within

MEDIAL_WINDOW = (0.62, 0.82)  # shares of the foot length that hold the 1st metatarsal head's border
LATERAL_WINDOW = (0.50, 0.75)  # and the 5th's
BORDER_BAND_MM = 0.5  # the border counts as at its extreme within this
_SMOOTH_REACH_MM = 8  # on both sides: half a flat stretch; the heads' borders are rounder over more
HEEL_SHARE = 0.25  # of the length: the heel's part of the support plane
HEAD_REACH_MM = 15.0  # along x, on both sides of the metatarsal points, where the support plane looks for the heads
HEAD_SHARE = 0.35  # of the width: likewise across
_TOE_GAP_WINDOW = (
    0.24,
    0.48,
)  # share of the width from the medial border where the gap of 1st and 2nd toe was found (9 feet)
_SECOND_TOE_SHARE = 0.46  # where the 2nd toe's tip was found there: 0.44 to 0.52
_SECOND_TOE_WIDTH = 0.20  # of the width: no second toe is wider
_CLEAR_GAP_MM = 5.0  # a gap this deep leaves no doubt


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


def foot_points(mesh: Mesh, medial_y: float, gap_depth_mm: float) -> FootPoints:
    """Find the points of a foot in its present frame.

    Parameters
    ----------
    gap_depth_mm : how much deeper than its toes the gap between the first two must be to be believed.
    """
    used = np.zeros(len(mesh.vertices), dtype=np.bool_)
    used[mesh.faces] = True
    low = mesh.vertices[used & (mesh.vertices[:, 2] < FOOT_HEIGHT_MM)]
    pternion = low[np.argmin(low[:, 0])]
    longest = low[np.argmax(low[:, 0])]
    length = float(longest[0] - pternion[0])
    tibiale = border_point(mesh, pternion[0], length, MEDIAL_WINDOW, medial_y)
    fibulare = border_point(mesh, pternion[0], length, LATERAL_WINDOW, -medial_y)
    toe = second_toe(mesh, float(pternion[0] + 0.7 * length), float(tibiale[1]), float(fibulare[1]), gap_depth_mm)
    return FootPoints(pternion, longest, toe, tibiale, fibulare)


def border_point(mesh: Mesh, rear: float, length: float, window: tuple[float, float], outward_y: float) -> FloatArray:
    """Return the middle of the stretch of a border that lies within 0.5 mm of its extreme, (3,) mm.

    The border is read every mm and smoothed by a sliding parabola: it is almost straight over 6 to 17 mm, where a
    single extreme vertex, and the ends of the stretch, would follow the noise by many mm.
    """
    first, last = rear + window[0] * length, rear + window[1] * length
    near = faces_within(mesh, 0, first - 2.0 * _SMOOTH_REACH_MM, last + 2.0 * _SMOOTH_REACH_MM)
    near = submesh(near, np.unique(near.faces))
    count = int(np.ceil(last - first))
    x = np.linspace(first, last, count + 1)
    step = x[1] - x[0]
    wide = first + step * np.arange(-_SMOOTH_REACH_MM, count + _SMOOTH_REACH_MM + 1)
    border = _sliding_parabola(np.array([_outmost(near, float(at), outward_y)[1] * outward_y for at in wide]))
    line = float(border.max()) - BORDER_BAND_MM
    above = np.flatnonzero(border >= line)
    start, end = x[above[0]], x[above[-1]]
    if above[0] > 0:
        start -= step * (border[above[0]] - line) / (border[above[0]] - border[above[0] - 1])
    if above[-1] < count:
        end += step * (border[above[-1]] - line) / (border[above[-1]] - border[above[-1] + 1])
    middle = float(start + end) / 2.0
    return np.array([middle, outward_y * np.interp(middle, x, border), _outmost(near, middle, outward_y)[2]])


def _outmost(mesh: Mesh, x: float, outward_y: float) -> FloatArray:
    """Return the outmost point of the section at `x` below 60 mm, (3,) mm; nan where there is none."""
    points = axis_section(mesh, 0, x).where(2, high=FOOT_HEIGHT_MM).points.reshape(-1, 3)
    return np.asarray(points[np.argmax(outward_y * points[:, 1])]) if len(points) else np.full(3, np.nan)


def _sliding_parabola(values: FloatArray) -> FloatArray:
    """Smooth evenly spaced values by least-squares parabolas over 2 reach + 1 of them (Savitzky & Golay 1964).

    Returns `_SMOOTH_REACH_MM` values less at both ends; gaps (nan) are bridged by straight lines first.
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        raise ScanError("found no surface along a border of the ball, expected both. Scan both sides of the forefoot.")
    filled = np.interp(np.arange(len(values)), known, values[known])
    steps = np.arange(-_SMOOTH_REACH_MM, _SMOOTH_REACH_MM + 1, dtype=np.float64)
    weights = np.linalg.pinv(np.vander(steps, 3))[-1]  # value of the parabola in the middle
    return np.convolve(filled, weights[::-1], mode="valid")


@dataclass(frozen=True)
class FrontProfile:
    """The front border from above: the most anterior surface point in each strip across the foot.

    Attributes
    ----------
    across : (N,) float64, middles of the strips as shares of the width, 0 = medial border, 1 = lateral.
    points : (N, 3) float64, mm; -inf in x where a strip is empty.
    """

    across: FloatArray
    points: FloatArray


def front_profile(mesh: Mesh, from_x: float, medial: float, lateral: float, strips: int = 100) -> FrontProfile:
    """Return the front border of the foot between y = `medial` and y = `lateral`, ahead of x = `from_x`, mm."""
    near = faces_within(mesh, 0, from_x, np.inf).faces
    start, end = mesh.vertices[near].reshape(-1, 3), mesh.vertices[near[:, [1, 2, 0]]].reshape(-1, 3)
    crossed = np.abs(end[:, 1] - start[:, 1]) / abs(lateral - medial) * strips
    long = crossed > 1.0  # a face reaches farthest on one of its edges: those that cross a whole strip are sampled
    along = np.linspace(0.0, 1.0, min(int(np.ceil(crossed.max(initial=0.0))) + 2, 20))[1:-1, None, None]
    points = np.concatenate([start, (start[long] * (1.0 - along) + end[long] * along).reshape(-1, 3)])
    strip = np.floor((points[:, 1] - medial) / (lateral - medial) * strips).astype(np.int64)
    valid = (strip >= 0) & (strip < strips) & (points[:, 2] < FOOT_HEIGHT_MM) & (points[:, 0] >= from_x)
    points, strip = points[valid], strip[valid]
    order = np.lexsort((points[:, 0], strip))
    last = np.flatnonzero(np.r_[strip[order][1:] != strip[order][:-1], True])
    profile = np.full((strips, 3), -np.inf)
    profile[strip[order][last]] = points[order][last]
    return FrontProfile((np.arange(strips) + 0.5) / strips, profile)


def second_toe(mesh: Mesh, from_x: float, medial: float, lateral: float, gap_depth_mm: float) -> SecondToe:
    """Find the tip of the second toe.

    It is the most anterior point next to the gap beside the hallux. Where no such gap shows (toes together, socks, too
    coarse a scan), the front border at 46 % of the width stands in for it, with little confidence.
    """
    profile = front_profile(mesh, from_x, medial, lateral)
    across, x = profile.across, profile.points[:, 0]
    hallux = np.maximum.accumulate(x)
    beside = np.array([x[(across >= at) & (across < at + _SECOND_TOE_WIDTH)].max() for at in across])
    inside = np.isfinite(x) & (across >= _TOE_GAP_WINDOW[0]) & (across <= _TOE_GAP_WINDOW[1])
    depth = np.full(len(x), -np.inf)
    depth[inside] = np.minimum(hallux, beside)[inside] - x[inside]
    gap = int(np.argmax(depth))
    if depth[gap] >= gap_depth_mm:
        toe = (across > across[gap]) & (across < across[gap] + _SECOND_TOE_WIDTH)
        tip = profile.points[toe][np.argmax(x[toe])]
        return SecondToe(tip, float(0.6 + 0.39 * min(depth[gap] / _CLEAR_GAP_MM, 1.0)))
    level = medial + _SECOND_TOE_SHARE * (lateral - medial)
    border = axis_section(faces_within(mesh, 0, from_x, np.inf), 1, level).where(2, high=FOOT_HEIGHT_MM)
    points = border.points.reshape(-1, 3)
    return SecondToe(points[np.argmax(points[:, 0])], 0.4)


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
        return np.asarray(inside[np.argmin(inside[:, 2])])

    return Support(
        heel=lowest(vertices[:, 0] < points.pternion[0] + HEEL_SHARE * points.length_mm),
        first_head=lowest((np.abs(vertices[:, 0] - tibiale[0]) <= HEAD_REACH_MM) & (across <= HEAD_SHARE)),
        fifth_head=lowest((np.abs(vertices[:, 0] - fibulare[0]) <= HEAD_REACH_MM) & (across >= 1.0 - HEAD_SHARE)),
    )
