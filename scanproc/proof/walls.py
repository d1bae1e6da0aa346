"""How thick the finished wall is, everywhere, and where it is thinnest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, Check
from scanproc.design.wall import BEND_MM, TAPER_GONE, asked_wall
from scanproc.frames import FloatArray
from scanproc.prescription.fields import RuledThickness
from scanproc.proof.checks import at_least, at_most, told, within
from scanproc.proof.finished import Finished
from scanproc.solid.blending import smooth_step
from scanproc.solid.probes import FAR_MM

MOST_FIXED_MM = 0.3  # a wall thickened by more is another prescription
_MORE_THAN_LACKING = 1.2  # the triangles of the thicker one lie elsewhere, and may lack a little more
_FULL_GRID_MM = 0.5
_BORDER_SLACK = 3.0  # the border's corners count as thin
_CORNER_SHARE = 0.42  # of its radius, that a rounded square edge lies inside its corner
_SQUARE_SHARE = 0.85  # of its radius, that a ball loses between it and a square edge below: 0.70 to 0.86 on 5 shells
_TAPER_END = 1.15  # of the taper's length: it ends softly
_PLACE_SHARE = 0.15  # of the grid, which a place is known to where the wall changes
_SIDES_MEET_MM, _ONE_SIDE_MM = 15.0, 17.0  # beside the axis, where the medial and the lateral wall blend
_THICKER_SHARE = 2.5  # of the tolerance, by which a wall may be thicker
_TYPICAL_MM = 0.05  # tolerance
_THICKER_MM = 1.0  # than what is asked: none of its wall, or wrong


@dataclass(frozen=True)
class _Wall:
    """Samples of the wall from both sides, with the thickness asked at the end on the underside.

    A wall that leans outwards ends on the rounding of the upper edge while its lower end lies far inside.
    """

    distance: FloatArray
    asked: FloatArray
    xy: FloatArray
    from_below: BoolArray
    even: BoolArray
    off_outline: FloatArray
    on_rounding: BoolArray
    behind: FloatArray  # the front end, mm; inf where the wall is whole

    def only(self, keep: BoolArray) -> _Wall:
        """Return some of the samples."""
        return _Wall(*(part[keep] for part in vars(self).values()))

    @property
    def thinnest(self) -> int:
        """Which sample falls shortest of what is asked."""
        return int(np.argmin(self.distance - self.asked))


def wall_checks(done: Finished) -> tuple[Check, ...]:
    """The wall off the border, in the taper to the front end, and at the border; in mm and where it is thinnest."""
    rx = done.rx
    slack = rx.judgement.wall_tolerance_mm
    wall = _samples(done)
    at_border = (wall.off_outline < rx.judgement.rim_band_mm) | wall.on_rounding
    in_taper = _in_taper(done, wall.behind)
    body, taper = wall.only(~at_border & ~in_taper), wall.only(~at_border & in_taper)
    checks = _body(done, body, slack)
    if taper.distance.size:
        at = taper.thinnest
        thickness = rx.thickness
        most = thickness.thickness_mm * max(1.0, thickness.medial_thickness, thickness.lateral_thickness)
        steep = max(most - thickness.distal_edge_mm, 0.0) / thickness.distal_taper_mm
        more = _PLACE_SHARE * rx.making.grid_mm * steep
        checks.append(at_least("wall_min_taper_mm", taper.asked[at], taper.distance[at], slack + more))
    # The outer edges are rounded off: within the upper radius no wall is left, beside it a corner of it is missing.
    border = wall.only(at_border & (wall.off_outline > rx.thickness.rim_radius_mm))
    # Below a square edge a ball touches the rounding itself.
    radius_mm = rx.thickness.rim_radius_mm
    rounded_mm = max(done.edge_radius_mm + _CORNER_SHARE * radius_mm, _SQUARE_SHARE * radius_mm)
    at = border.thinnest
    checks.append(
        at_least("wall_min_rim_mm", border.asked[at] - rounded_mm, border.distance[at], _BORDER_SLACK * slack)
    )
    return tuple(checks)


def lacking_wall_mm(checks: Iterable[Check]) -> float:
    """Return by how much a wall that failed has to be thickened, at most `MOST_FIXED_MM`; 0 if none failed."""
    failed = [check for check in checks if check.name.startswith("wall_min") and not check.passed]
    pairs = [(check.asked, check.got) for check in failed]
    lacking = max((a - b for a, b in pairs if not isinstance(a, str) and not isinstance(b, str)), default=0.0)
    return min(_MORE_THAN_LACKING * lacking, MOST_FIXED_MM)


def _body(done: Finished, body: _Wall, slack: float) -> list[Check]:
    at = body.thinnest
    place = " ".join(f"{name} {value:.1f}" for name, value in zip("xy", body.xy[at], strict=True))
    checks = [at_least("wall_min_mm", body.asked[at], body.distance[at], slack), told("wall_min_at_mm", place)]
    # Beside the border what the ball below it touched is rounded off: from there the way to the top is longer.
    clear = body.off_outline > done.rx.judgement.rim_band_mm + done.rx.thickness.rim_radius_mm
    even = body.only(body.even & body.from_below & clear)
    if even.distance.size:
        excess = even.distance - even.asked
        at = int(np.argmax(excess))
        most = even.asked[at] + done.flattened_mm
        checks.append(at_most("wall_max_mm", most, even.distance[at], _most_slack(done)))
    return [*checks, *_full(done, body)]


def full_wall(thickness: RuledThickness, medial_mm: FloatArray) -> FloatArray:
    """Return the wall that is asked off the front end, (N,) mm, so far on the medial side of the foot's axis, (N,)."""
    share = smooth_step(medial_mm, -_SIDES_MEET_MM, _SIDES_MEET_MM)
    return np.asarray(
        thickness.thickness_mm
        * (thickness.lateral_thickness + (thickness.medial_thickness - thickness.lateral_thickness) * share)
    )


def _full(done: Finished, body: _Wall) -> list[Check]:
    """The typical wall behind the taper, where nothing lies below it, on either side if they differ; of a block the
    least, which lies under its lowest point.
    """
    rx, plan = done.rx, done.asked.plan
    body = body.only(body.from_below & (body.behind > TAPER_GONE * rx.thickness.distal_taper_mm))
    in_front = plan.ahead_of_ball(body.xy)
    if rx.device.style == "block":
        least = rx.thickness.thickness_mm * min(rx.thickness.medial_thickness, rx.thickness.lateral_thickness)
        return [
            at_least("thickness_mm", least, float(body.distance.min(initial=np.inf)), rx.judgement.wall_tolerance_mm)
        ]
    forefoot = body.distance[body.even & (in_front > BEND_MM[1])]
    checks = []
    if rx.thickness.in_front_mm < rx.thickness.thickness_mm and rx.device.length != "shell" and len(forefoot):
        asked_mm = rx.thickness.in_front_mm
        flattened = float(np.clip(np.median(forefoot) - asked_mm, 0.0, done.flattened_ahead_mm))
        checks.append(_typical("forefoot_mm", asked_mm + flattened, forefoot))
        body = body.only(in_front < BEND_MM[0])
    body = body.only(body.even)
    if rx.thickness.medial_thickness == rx.thickness.lateral_thickness == 1.0:
        return [_typical("thickness_mm", rx.thickness.thickness_mm, body.distance), *checks]
    medial_mm = plan.medial_y * body.xy[:, 1]
    return [
        _typical(
            "thickness_medial_mm",
            rx.thickness.thickness_mm * rx.thickness.medial_thickness,
            body.distance[medial_mm > _ONE_SIDE_MM],
        ),
        _typical(
            "thickness_lateral_mm",
            rx.thickness.thickness_mm * rx.thickness.lateral_thickness,
            body.distance[medial_mm < -_ONE_SIDE_MM],
        ),
        *checks,
    ]


def _typical(name: str, asked: float, walls: FloatArray) -> Check:
    return within(name, asked, float(np.median(walls)) if len(walls) else float("nan"), _TYPICAL_MM)


def _most_slack(done: Finished) -> float:
    """Return how much thicker than asked the wall may be: the grid cuts creases off, more that of a preview."""
    return _THICKER_SHARE * done.rx.judgement.wall_tolerance_mm * max(1.0, done.rx.making.grid_mm / _FULL_GRID_MM)


def _samples(done: Finished) -> _Wall:
    """Return the wall's samples but for those of a post or a platform, which are thicker by far than what is asked.

    A short reach leaves them out. Where it leaves out more than them, all samples are taken.
    """
    thickness = done.rx.thickness
    most_mm = thickness.thickness_mm * max(1.0, thickness.medial_thickness, thickness.lateral_thickness)
    is_block = done.rx.device.style == "block"  # thicker than what is asked by its nature
    for reach_mm in (FAR_MM,) if is_block else (most_mm + _THICKER_MM, FAR_MM):
        up, down = (walls(reach_mm, quick=done.quick) for walls in (done.probe.walls_up, done.probe.walls_down))
        xy = np.vstack([up.xy, down.xy])
        behind = done.asked.distal_edge.behind(xy, TAPER_GONE * thickness.distal_taper_mm)
        wall = _Wall(
            distance=np.concatenate([up.distance, down.distance]),
            asked=asked_wall(thickness, done.asked.plan, xy, behind),
            xy=xy,
            from_below=np.arange(len(xy)) < len(up.xy),
            even=done.even_below(xy, np.concatenate([up.z, down.z])),
            off_outline=done.off_outline(xy, done.rx.judgement.rim_band_mm + thickness.rim_radius_mm),
            on_rounding=_on_rounding(done, np.vstack([up.top_xy, down.top_xy])),
            behind=behind,
        )
        found, at_border = np.isfinite(wall.distance), wall.off_outline < done.rx.judgement.rim_band_mm
        if found[wall.even].all() and found[at_border].any() and found[~at_border & ~_in_taper(done, behind)].any():
            break
    return wall.only(found)


def _on_rounding(done: Finished, top_xy: FloatArray) -> BoolArray:
    """Tell which of (N, 2) places of the top lie on the rounding of its outer edge, (N,) bool."""
    rim = done.asked.rim
    if rim is None or not rim.rounds:
        return np.zeros(len(top_xy), dtype=bool)
    answer = np.asarray(np.isfinite(top_xy).all(axis=1))
    answer[answer] = rim.raised(top_xy[answer]) > 0.0
    return answer


def _in_taper(done: Finished, behind_mm: FloatArray) -> BoolArray:
    """Tell where the wall thins towards the front end, (N,) bool, by how far behind it a place lies."""
    thickness = done.rx.thickness
    return np.asarray(
        (behind_mm < _TAPER_END * thickness.distal_taper_mm) & (thickness.distal_edge_mm < thickness.in_front_mm)
    )
