"""The finished top against the asked one and against the foot; how rough it is, and how tightly it curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from scanproc.artifacts import Check
from scanproc.frames import FloatArray
from scanproc.proof.checks import at_least, at_most, within
from scanproc.proof.finished import Finished
from scanproc.solid.curvature import tightest_hollow_mm
from scanproc.solid.denoising import third_noise

_UNTOUCHED_MM = 0.005  # where no dose changes the top by more, it is the scanned sole
_SPANS_MM = {3.0: 0.9, 6.0: 0.5, 10.0: 0.5}  # lengths that roughness is looked at over: share of the places believed
_ALLOWED_SPANS_MM = {3.0: 0.9, 6.0: 0.5}  # of a scan's own: over 10 mm it is no noise that may hide a fault of the fit
_OFF_OUTLINE_MM = 4.0
_REACH_MM = 5.0
_FOREFOOT_MM = 30.0  # so far behind the ball the forefoot of a full length is shaped
_ENOUGH = 200  # places, 80 mm2
#: That noise is read at: three times as many tell the same to 2 %; a preview is a grid's own 5 % off.
_PLACES, _QUICK_PLACES = 15_000, 3_000


def surface_checks(done: Finished) -> tuple[Check, ...]:
    """Deviation square to the surface, at places that no triangle of the solid knows."""
    rx = done.rx
    grid, tolerance = done.grid, rx.judgement.surface_tolerance_mm
    deviation = np.abs(grid.z - grid.asked) * grid.cosine
    inner = grid.xy[(grid.off_outline > _OFF_OUTLINE_MM) & grid.free]
    checks = [
        at_most("top_deviation_max_mm", tolerance, float(deviation.max())),
        at_most("top_deviation_rms_mm", 0.3 * tolerance, float(np.sqrt(np.mean(deviation**2)))),
        *_fit(done),
        at_most("top_roughness_mm", rx.judgement.max_roughness_mm, _noise_of_top(done, _some(inner, done))),
    ]
    if rx.device.process != "print":
        checks.append(at_least("concave_radius_mm", 0.5 * rx.making.cutter_mm, _concave_radius(done)))
    return tuple(checks)


def unseen_checks(done: Finished) -> tuple[Check, ...]:
    """How much of the sole under the shell no view saw."""
    judgement = done.rx.judgement
    most = 1.0 if judgement.allow_unseen_sole else judgement.max_unseen_sole
    return (at_most("unseen_sole", most, done.asked.unseen_share),)


def _fit(done: Finished) -> list[Check]:
    """The gap between the finished top and the scanned foot where no dose shapes the top and the sole was seen.

    A scan's own roughness, that the design smooths, is allowed for: three sigma, as coarse meshes have heavy tails.
    """
    grid, asked, rx = done.grid, done.asked, done.rx
    gap = rx.fit.clearance_mm + rx.fit.top_cover_mm
    plain = grid.free & (np.abs(done.copied.at(grid.xy) - grid.asked) < _UNTOUCHED_MM)
    plain &= asked.plan.ahead_of_ball(grid.xy) < (0.0 if rx.device.length == "shell" else -_FOREFOOT_MM)
    sole = asked.scanned.faces
    draft = np.cos(np.deg2rad(rx.making.wall_slope_deg - 5.0))
    plain[plain] &= sole.seen.touched(grid.xy[plain], from_above=False).face >= 0
    plain &= grid.cosine > draft
    if plain.sum() < _ENOUGH:
        return []
    points = np.column_stack([grid.xy[plain], grid.z[plain]])
    gaps = sole.whole.nearest(points, gap + _REACH_MM).distance
    some = _some(grid.xy[plain], done)
    noise = _roughness(lambda xy: sole.whole.touched(xy, from_above=False).z, some, _ALLOWED_SPANS_MM)
    return [
        within("clearance_mm", gap, float(np.median(gaps)), rx.judgement.dose_tolerance_mm),
        at_most(
            "fit_p99_mm", rx.judgement.surface_tolerance_mm + 3.0 * noise, float(np.quantile(np.abs(gaps - gap), 0.99))
        ),
    ]


def _noise_of_top(done: Finished, xy: FloatArray) -> float:
    """Return the noise of the finished top at (N, 2) places, RMS mm.

    Where much of a small device is a deep groove, its form is read as noise over 10 mm: what is too rough is looked at
    without the doses, too, whose form is known.
    """
    asked, top_at = done.asked, done.probe.top_at
    noise = _roughness(top_at, xy)
    if noise <= done.rx.judgement.max_roughness_mm:
        return noise
    return min(noise, _roughness(lambda at: top_at(at) - asked.top.at(at) + asked.sole.at(at), xy))


def _some(xy: FloatArray, done: Finished) -> FloatArray:
    """Return as many of (N, 2) places, evenly, as tell the noise there."""
    return xy[:: max(len(xy) // (_QUICK_PLACES if done.quick else _PLACES), 1)]


def _roughness(
    height: Callable[[FloatArray], FloatArray], xy: FloatArray, spans_mm: Mapping[float, float] = _SPANS_MM
) -> float:
    """Return the noise of a surface that third differences tell from its shape, RMS mm: the greatest over some lengths.

    Over 3 mm it is taken from the 90 % quantile; over more, where also form bends so much, from the median.
    """
    found = []
    for span_mm, share in spans_mm.items():
        thirds = []
        for axis in np.eye(2):
            z = [height(xy + k * span_mm / 3.0 * axis) for k in (-1.5, -0.5, 0.5, 1.5)]
            there = np.isfinite(z).all(axis=0)
            a, b, c, d = (part[there] for part in z)
            thirds.append((d - a) - 3.0 * (c - b))
        found.append(third_noise(np.concatenate(thirds), share))
    return max(found)


def _concave_radius(done: Finished) -> float:
    """Return the radius of the tightest hollow of the top that a ball has to reach into, mm."""
    return tightest_hollow_mm(done.probe.top_at, done.grid.xy[done.grid.off_outline > _OFF_OUTLINE_MM])
