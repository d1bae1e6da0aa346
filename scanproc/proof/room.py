"""Room for soft tissue, measured back: how far the finished walls stand out of where they would without it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scanproc.artifacts import BoolArray, Check
from scanproc.design.front_platform import stands_level
from scanproc.frames import FloatArray
from scanproc.proof.checks import within
from scanproc.proof.finished import Finished, Grid
from scanproc.solid.blending import smooth_step
from scanproc.solid.height_fields import HeightField

_HEEL, _SIDES = (0.06, 0.20), 0.36  # shares of the length where the heel is widened whole, and from which the sides are
_STRETCHED = (0.10, 0.85)  # shares of half the width between which the sole is stretched
_MOVED = 0.5  # the least share of the room by which a place is moved that is measured
_STEEP = 0.9  # cosine of the slope: on a flat sole a move to the side does not show
_AS_IT_WAS_MM = 0.02
_ENOUGH = 20
_REACH_MM = 4.0  # further than asked, and the other way
_ROUNDS = 14  # of halving
_TOLERANCE_MM = 0.5


def room_checks(done: Finished) -> tuple[Check, ...]:
    """How much wider the heel is, and how much further out the borders stand, than without the room that was asked."""
    rx = done.rx
    rooms = (rx.fit.heel_expansion_mm, rx.fit.medial_expansion_mm, rx.fit.lateral_expansion_mm)
    if not any(rooms):
        return ()
    plain = done.without(heel_expansion_mm=0.0, medial_expansion_mm=0.0, lateral_expansion_mm=0.0)
    share = done.grid.xy[:, 0] / done.asked.plan.length_mm
    in_heel, in_front = (share > _HEEL[0]) & (share < _HEEL[1]), share > _SIDES
    if stands_level(rx):  # what was levelled in front was moved downwards, too
        in_front &= (
            np.abs(done.without(level_front=False).at(done.grid.xy) - done.asked.top.at(done.grid.xy)) < _AS_IT_WAS_MM
        )
    checks = []
    if rx.fit.heel_expansion_mm > 0.0:
        sides = [_moved(done, plain, in_heel, 0.5 * rx.fit.heel_expansion_mm, medial=side) for side in (True, False)]
        if None not in sides:
            wider = sum(side for side in sides if side is not None)
            checks.append(within("heel_expansion_mm", rx.fit.heel_expansion_mm, wider, _TOLERANCE_MM))
    for name, mm, medial in (("medial", rooms[1], True), ("lateral", rooms[2], False)):
        if mm > 0.0 and (out := _moved(done, plain, in_front, mm, medial=medial)) is not None:
            checks.append(within(f"{name}_expansion_mm", mm, out, _TOLERANCE_MM))
    return tuple(checks)


def _moved(done: Finished, plain: HeightField, here: BoolArray, asked_mm: float, *, medial: bool) -> float | None:
    """Return how far the finished wall of one side stands out of a top's; None where no wall is steep enough."""
    grid, outward = done.grid, done.asked.plan.medial_y * (1.0 if medial else -1.0)
    share = _share(done, grid, outward)
    here = here & grid.free & (grid.cosine < _STEEP) & (grid.off_outline > 1.0) & (share > _MOVED)
    xy, z, share = grid.xy[here], grid.z[here], share[here]

    def too_high(shift: FloatArray) -> FloatArray:
        """The wall without room, moved outwards, over the finished one."""
        return np.asarray(plain.at(xy - shift[:, None] * np.array([0.0, outward])) - z)

    shift, known = _root(too_high, len(xy), asked_mm)
    if known.sum() < _ENOUGH:
        return None
    return float(np.median(shift[known] / share[known]))


def _share(done: Finished, grid: Grid, outward: float) -> FloatArray:
    """Return by which share of the room each place was moved, (N,): nothing in the middle, the walls as a whole."""
    plan, x = done.asked.plan, grid.xy[:, 0]
    medial, lateral = plan.border_y(x, medial=True), plan.border_y(x, medial=False)
    from_middle = (grid.xy[:, 1] - 0.5 * (medial + lateral)) / (0.5 * np.abs(medial - lateral))
    return smooth_step(outward * from_middle, *_STRETCHED)


def _root(falling: Callable[[FloatArray], FloatArray], count: int, about: float) -> tuple[FloatArray, BoolArray]:
    """Return where falling functions cross zero, (N,), and which of them do."""
    low, high = np.full(count, -_REACH_MM), np.full(count, about + _REACH_MM)
    known = (falling(low) > 0.0) & (falling(high) < 0.0)
    for _ in range(_ROUNDS):
        middle = 0.5 * (low + high)
        above = falling(middle) > 0.0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return 0.5 * (low + high), known
