"""Length, width and front end of the finished solid, against outline and shoe; what is cut out of it."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check
from scanproc.design.distal_edge import cut_outs
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.pads.ray_cuts import RayCuts
from scanproc.proof.checks import at_most, told, within
from scanproc.proof.finished import Finished

_MOST_ROUNDED = 0.4  # of the front end's wall, above
_OUTLINE_MM = 0.1
_SOFT_MM = 2.0  # corners of a cut-out are rounded, so that it does not tear
_FIRST_RAY, _FIFTH_RAY = (0.0, 0.22), (0.88, 1.0)  # shares of the ball from medial that are cut out, clear of corners
_CUT_MM, _CUT_STEP_MM = 10.0, 0.5  # so far behind the front end, or the heads
_LOW_MM = 25.0  # what of a foot the outline goes round: higher up it bulges over any insole
_TAPER_MM = 1.0
_REACH_MM = 20.0
_FLATTENED_MM = 0.05  # a front end that was flattened further shows no taper
_WALLS_BEHIND_MM = np.arange(0.25, 50.0, 0.5)


def size_checks(done: Finished) -> tuple[Check, ...]:
    """Length and width, the shoe's, the front end's place, wall and taper, and the cut-outs."""
    rx = done.rx
    asked, vertices = done.asked, done.solid.vertices[:, :2]
    length, width = np.ptp(asked.outline, axis=0)
    got_length, got_width = np.ptp(vertices, axis=0)
    off = np.abs(nearest_on_curve(asked.outline, done.probe.upright_edges, _REACH_MM, closed=True).distance_mm)
    checks = [
        within("length_mm", length, got_length, _OUTLINE_MM),
        within("width_mm", width, got_width, _OUTLINE_MM),
        at_most("outline_deviation_mm", _OUTLINE_MM, float(off.max())),
    ]
    if rx.device.length == "full":
        checks.append(told("forefoot_margin_mm", _margin(done), "measured, least from the foot to the outline"))
    if rx.device.shoe_width_mm is not None:
        checks.append(at_most("shoe_width_mm", rx.device.shoe_width_mm, got_width, rx.judgement.dose_tolerance_mm))
    if rx.device.length == "shell" and not rx.device.outline_curve:
        front = float(asked.plan.ahead_of_ball(vertices).max())
        checks.append(within("distal_gap_mm", rx.arch.distal_gap_mm, -front, rx.judgement.dose_tolerance_mm))
    for hole in cut_outs(asked.plan, rx):
        checks.append(at_most("cut_out_mm2", 0.0, _left_in(done, hole)))
    checks += [at_most(f"{name}_mm2", 0.0, _left_beside(done, *shares)) for name, shares in _cut_shares(rx.pads)]
    return (*checks, *_distal(done))


def _margin(done: Finished) -> float:
    """Return how far the outline stands beyond the foot beside ball and toes, where it does least; negative inside."""
    low = done.foot.mesh.vertices
    low = low[low[:, 2] < _LOW_MM, :2]
    ahead = low[done.asked.plan.ahead_of_ball(low) > -_CUT_MM]
    off = nearest_on_curve(done.asked.outline, ahead, _REACH_MM, closed=True).distance_mm
    beyond = np.where(inside(done.asked.outline, ahead), 1.0, -1.0) * np.abs(off)
    return float(np.clip(beyond, -_REACH_MM, _REACH_MM).min(initial=_REACH_MM))


def _cut_shares(cuts: RayCuts) -> list[tuple[str, tuple[float, float]]]:
    """Return which shares of the ball from medial, clear of borders and round corners, nothing may be left on."""
    rows = ((cuts.first_ray_cut, "first_ray_cut", _FIRST_RAY), (cuts.fifth_ray_cut, "fifth_ray_cut", _FIFTH_RAY))
    return [(name, shares) for asked, name, shares in rows if asked]


def _left_beside(done: Finished, first: float, last: float) -> float:
    """Return the area of the solid between two shares of the line of the metatarsal heads, at its front end, mm2."""
    plan, front = done.asked.plan, -done.rx.gap_mm
    ahead, across = np.arange(front - _CUT_MM, front, _CUT_STEP_MM), np.linspace(first, last, 25)
    line = plan.fibulare - plan.tibiale
    xy = plan.tibiale + across[:, None, None] * line + ahead[None, :, None] * plan.ball_normal
    cell = _CUT_STEP_MM * (last - first) * float(np.linalg.norm(line)) / len(across)
    return float(np.isfinite(done.probe.top_at(xy.reshape(-1, 2))).sum()) * cell


def _left_in(done: Finished, hole: FloatArray) -> float:
    """Return the area of the solid in a cut-out, a polygon (K, 2), clear of its border, mm2."""
    step = 0.5
    low, high = (limit(hole, axis=0) for limit in (np.min, np.max))
    edges = done.asked.outline
    low, high = np.maximum(low, edges.min(axis=0)), np.minimum(high, edges.max(axis=0))
    axes = (np.arange(first, last, step) for first, last in zip(low, high, strict=True))
    xy = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    xy = xy[inside(hole, xy)]
    clear = np.isinf(nearest_on_curve(hole, xy, _SOFT_MM, closed=True).distance_mm)
    return float(np.isfinite(done.probe.top_at(xy[clear])).sum()) * step**2


def _distal(done: Finished) -> list[Check]:
    """The wall along the middle of the front end, and the length over which it thins towards it."""
    rx, distal = done.rx, done.asked.distal_edge
    if len(distal.points) == 0 or rx.device.style == "block":  # which stands on the ground in front, too
        return []
    full = rx.thickness.in_front_mm
    edge = min(rx.thickness.distal_edge_mm, full)
    walls = _walls_behind(done, _WALLS_BEHIND_MM)
    if not np.isfinite(walls[rx.thickness.distal_taper_mm > _WALLS_BEHIND_MM]).all():  # a post or base lies below
        return []
    # Both edges are rounded: a ball that touches the wall there has to be clear of the lower end of the upper one.
    rounded = min(rx.thickness.rim_radius_mm, _MOST_ROUNDED * edge)
    clear = float(np.sqrt(max(2.0 * full - rounded, 0.0) * rounded))
    off = max(done.edge_radius_mm, clear, float(_WALLS_BEHIND_MM[0]))
    asked = edge + (full - edge) * min(off / rx.thickness.distal_taper_mm, 1.0)
    if not rx.thickness.medial_thickness == rx.thickness.lateral_thickness == 1.0:
        asked = float(np.median(done.asked.wall_at(distal.points + off * distal.inward)))
    got = float(np.interp(off, _WALLS_BEHIND_MM, walls))
    # What was flattened for the printer may reach the front end, and thickens it; not where the heel's alone was.
    flattened = float(np.clip(got - asked, 0.0, done.flattened_ahead_mm))
    checks = [within("distal_edge_mm", asked + flattened, got, rx.judgement.dose_tolerance_mm)]
    even = not done.asked.underside.platforms and rx.thickness.medial_thickness == rx.thickness.lateral_thickness == 1.0
    if edge < full - 0.2 and even and flattened < _FLATTENED_MM:
        halfway = float(np.interp(0.5 * (edge + full), np.maximum.accumulate(walls), _WALLS_BEHIND_MM))
        # Where it thins little, a wall a little off moves the place far.
        slack = _TAPER_MM + rx.judgement.wall_tolerance_mm * rx.thickness.distal_taper_mm / (full - edge)
        checks.append(within("distal_taper_mm", rx.thickness.distal_taper_mm, 2.0 * halfway, slack))
    return checks


def _walls_behind(done: Finished, behind_mm: FloatArray) -> FloatArray:
    """Return the median wall at (N,) distances behind the middle half of the front end, (N,) mm."""
    distal = done.asked.distal_edge
    xy = distal.points + behind_mm[:, None, None] * distal.inward
    points = np.column_stack([xy.reshape(-1, 2), done.probe.bottom_at(xy.reshape(-1, 2))])
    there = np.isfinite(points[:, 2])
    there[there] = done.even_below(points[there, :2], points[there, 2])
    each = np.full(len(points), np.nan)
    each[there] = done.probe.wall_above(points[there])
    walls = each.reshape(len(behind_mm), -1)
    medians, some = np.full(len(behind_mm), np.nan), np.isfinite(walls).any(axis=1)
    medians[some] = np.nanmedian(walls[some], axis=1)
    return medians
