"""The distal edge: where the insole ends, what is cut out of it in front, and how far behind it a place lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import DistalLine, FootPlan
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import cut_and_rounded, hull
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.pads.ray_cuts import ray_corners
from scanproc.prescription.fields import Prescription
from scanproc.solid.height_fields import HeightField

_INSIDE_MM = 0.7  # what lies further inside the foot's border was cut off
_NEAR_CUT_MM = 10.0  # corners are rounded so far from the cut
_FORWARD = 0.5  # an outline that looks so far forwards ends a full length
_FAR_MM = 1e3
_SULCUS_SHARE = 0.40  # of the way from the metatarsal heads to the toes' tips, where the scan does not show it
_SULCUS_WINDOW = np.linspace(0.10, 0.75, 66)  # shares at which the scan is looked at
_CUT_RADIUS_MM = 10.0  # of the corners of a cut-out: sharper ones tear
_SULCUS_MM = 1.5  # how far the sole rises there, both from the ball and from the toes' pads


@dataclass(frozen=True)
class DistalEdge:
    """The parts of an outline where the insole ends in front, cut-outs included.

    Attributes
    ----------
    pieces : of the outline, (M, 2) each, counter-clockwise.
    points, inward : (M, 2) places along the middle half of the end itself, and the ways into the insole there.
    """

    pieces: tuple[FloatArray, ...]
    points: FloatArray
    inward: FloatArray

    def behind(self, xy: FloatArray, reach_mm: float = 60.0) -> FloatArray:
        """Return how far (N, 2) points of the insole lie from its front end, (N,) mm; inf beyond the reach."""
        distance = np.full(len(xy), np.inf)
        for piece in self.pieces:
            away = nearest_on_curve(piece, xy, reach_mm, closed=False).distance_mm
            distance = np.minimum(distance, np.abs(away))
        return distance


def distal_edge(
    outline: FloatArray, uncut: FloatArray, region: FloatArray, cuts: Sequence[FloatArray], foot: FootPlan
) -> DistalEdge:
    """Find the front end along an outline.

    Parameters
    ----------
    outline : (K, 2) of the insole; `uncut` without cut-outs; `region` without a front end, too.
    cuts : the curves that it was cut by, the front end's first.
    """
    pieces = _distal_pieces(outline, region, cuts, foot)
    ends = _distal_pieces(uncut, region, cuts, foot)
    if not pieces or not ends:
        return DistalEdge((), np.zeros((0, 2)), np.zeros((0, 2)))
    end = max(ends, key=lambda piece: float(piece[:, 0].max()))
    middle = end[len(end) // 4 : max(3 * len(end) // 4, len(end) // 4 + 3)]
    step = np.gradient(middle, axis=0)
    inward = np.column_stack([-step[:, 1], step[:, 0]]) / np.linalg.norm(step, axis=1, keepdims=True)
    left = np.abs(nearest_on_curve(outline, middle, 1.0, closed=True).distance_mm) < 0.05
    return DistalEdge(tuple(pieces), middle[left], inward[left])


def _distal_pieces(
    outline: FloatArray, region: FloatArray, cuts: Sequence[FloatArray], foot: FootPlan
) -> list[FloatArray]:
    # What a border loses where it is smoothed, at a narrow waist, is no front end.
    by_cut = np.zeros(len(outline), dtype=bool)
    for cut in cuts:
        by_cut |= np.isfinite(nearest_on_curve(cut, outline, _NEAR_CUT_MM, closed=True).distance_mm)
    away = nearest_on_curve(region, outline, 100.0, closed=True).distance_mm
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    forward = along @ np.array([-foot.ball_normal[1], foot.ball_normal[0]]) / np.linalg.norm(along, axis=1)
    toes = (forward > _FORWARD) & (foot.ahead_of_ball(outline) > 20.0)
    on_end = (by_cut & (away > _INSIDE_MM)) | toes
    if on_end.all() or not on_end.any():
        return []
    start = int(np.flatnonzero(~on_end)[0])
    on_end, points = np.roll(on_end, -start), np.roll(outline, -start, axis=0)
    bounds = np.flatnonzero(np.diff(np.append(on_end, False)))
    runs = zip(bounds[::2] + 1, bounds[1::2] + 1, strict=True)
    return [points[first:last] for first, last in runs if last - first > 3]


def sulcus_region(border: FloatArray, sole: HeightField, foot: FootPlan) -> FloatArray:
    """Return the ground behind the line where the toes' pads begin, as a large polygon.

    Parameters
    ----------
    border : (K, 2) the foot's border, all round.
    """
    forefoot = hull(border[foot.ahead_of_ball(border) > 0.0])
    y = np.linspace(float(forefoot[:, 1].min()), float(forefoot[:, 1].max()), 41)[
        4:-4
    ]  # the borders' own ends are no toes
    ball_x = foot.tibiale[0] - (y - foot.tibiale[1]) * foot.ball_normal[1] / foot.ball_normal[0]
    way = _reach_ahead(forefoot, y) - ball_x
    line = ball_x + _sulcus_share(sole, y, ball_x, way) * way
    curve = np.polynomial.Polynomial.fit(y, line, 2)
    across = np.linspace(forefoot[:, 1].min() - 30.0, forefoot[:, 1].max() + 30.0, 120)
    far = np.array([[-_FAR_MM, across[-1]], [-_FAR_MM, across[0]]])
    return np.vstack([np.column_stack([curve(across), across]), far])


def _reach_ahead(curve: FloatArray, y: FloatArray) -> FloatArray:
    """Return how far forward a convex curve reaches at each y, (N,) mm."""
    a, b = curve, np.roll(curve, -1, axis=0)
    ahead = b[:, 1] > a[:, 1]  # counter-clockwise: the forward chain runs towards +y
    chain = a[ahead][np.argsort(a[ahead, 1])]
    return np.asarray(np.interp(y, chain[:, 1], chain[:, 0]))


def _sulcus_share(sole: HeightField, y: FloatArray, ball_x: FloatArray, way: FloatArray) -> float:
    """Return where the sole rises between ball and toes, as a share of the way; the usual one where it does not."""
    x = ball_x[:, None] + _SULCUS_WINDOW * way[:, None]
    z = sole.at(np.column_stack([x.ravel(), np.repeat(y, len(_SULCUS_WINDOW))])).reshape(x.shape)
    crest = z[:, 5:-10].argmax(axis=1) + 5
    each = np.arange(len(y))
    behind = np.minimum.accumulate(z, axis=1)[each, crest]
    before = np.minimum.accumulate(z[:, ::-1], axis=1)[:, ::-1][each, crest]
    shown = z[each, crest] - np.maximum(behind, before) > _SULCUS_MM
    return float(np.median(_SULCUS_WINDOW[crest[shown]])) if shown.mean() > 0.5 else _SULCUS_SHARE


def behind_distal_edge(region: FloatArray, sole: HeightField, foot: FootPlan, rx: Prescription) -> FloatArray | None:
    """Return the ground that an insole of the asked length covers, as a large polygon; None if all."""
    if rx.device.length == "shell":
        return DistalLine(foot.tibiale - rx.arch.distal_gap_mm * foot.ball_normal, foot.ball_normal).half_plane()
    return sulcus_region(region, sole, foot) if rx.device.length == "sulcus" else None


def before_outline(foot: FootPlan, rx: Prescription) -> Callable[[FloatArray], FloatArray]:
    """Return what tells how far (N, 2) points lie behind the front end of a shell, (N,) mm, cut-outs included.

    It knows no sides: it serves what is designed before the outline is.
    """
    line = DistalLine(foot.tibiale - rx.arch.distal_gap_mm * foot.ball_normal, foot.ball_normal)
    holes = cut_outs(foot, rx)
    if not holes:
        return line.behind
    left = cut_and_rounded(line.half_plane(), None, _CUT_RADIUS_MM, holes, _CUT_RADIUS_MM)

    def behind(xy: FloatArray) -> FloatArray:
        away = np.abs(nearest_on_curve(left, xy, rx.thickness.distal_taper_mm, closed=True).distance_mm)
        return np.asarray(np.minimum(line.behind(xy), np.where(inside(left, xy), away, -away)))

    return behind


def cut_outs(foot: FootPlan, rx: Prescription) -> list[FloatArray]:
    """Return what is cut out under the first and the fifth ray, as closed curves."""
    corners = ray_corners(foot, rx.pads, rx.device.length, rx.arch.distal_gap_mm)
    return [cut_and_rounded(each, None, _CUT_RADIUS_MM) for each in corners]
