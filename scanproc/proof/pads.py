"""Pads, bar, crest and extension; groove and reliefs: their heights and places, measured back from the finished top."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check
from scanproc.frames import FloatArray
from scanproc.pads.table import PADS, Pad
from scanproc.proof.checks import is_so, within
from scanproc.proof.finished import Finished

_EDGE_MM = 2.0  # tolerance of its place
_LEVELS, _FEWEST = (0.1, 0.25, 0.5, 0.75, 0.9), 2  # shares of its height at which its front is looked for
_SHOWS_MM = 0.15  # less is the triangles' own; a dose that lies beside the insole fails by its height
_OFF_OUTLINE_MM = 2.0


def pad_checks(done: Finished) -> tuple[Check, ...]:
    """The largest change that each dose made to the top, and how far pad and bar keep from the metatarsal heads."""
    checks: list[Check] = []
    for pad in sorted(PADS, key=lambda one: one.hollow):
        asked_mm = pad.asked(done.rx.pads)
        if asked_mm > 0.0:
            change = (-1.0 if pad.hollow else 1.0) * done.change(**{pad.dose: 0.0})
            checks.append(within(pad.dose, asked_mm, _most(change), done.rx.judgement.dose_tolerance_mm))
            checks += _place(done, pad, change) if pad.begins else []
            checks += _side(done, pad, change) if pad.side else []
    return tuple(checks)


def _place(done: Finished, pad: Pad, change: FloatArray) -> list[Check]:
    """How far behind the line of the metatarsal heads a pad or bar begins."""
    asked = float(getattr(done.rx.pads, pad.begins))
    grid, most = done.grid, _most(change)
    # It rises as (1 + cos(pi d)) / 2, softly: its edge, d = 1, follows from where it has shares of its height.
    ahead, places = done.asked.plan.ahead_of_ball(grid.xy), []
    for level in (level for level in _LEVELS if level * most > _SHOWS_MM):
        higher = np.flatnonzero(change > level * most)
        first = higher[ahead[higher].argmax()]
        if grid.off_outline[first] > _OFF_OUTLINE_MM:  # else the front end cuts it
            places.append((np.arccos(2.0 * level - 1.0) / np.pi, ahead[first]))
    if len(places) < _FEWEST:
        return []
    d, at = np.transpose(places)
    return [within(pad.begins, asked, -float(np.polyval(np.polyfit(d, at, 1), 1.0)), _EDGE_MM)]


def _side(done: Finished, pad: Pad, change: FloatArray) -> list[Check]:
    """On which half of the foot a dose lies that is named after what lies there."""
    if 0.5 * _most(change) <= _SHOWS_MM:
        return []
    plan, xy = done.asked.plan, done.grid.xy[change > 0.5 * _most(change)]
    middle = 0.5 * (plan.border_y(xy[:, 0], medial=True) + plan.border_y(xy[:, 0], medial=False))
    medial = float(np.median(plan.medial_y * (xy[:, 1] - middle))) > 0.0
    return [is_so(pad.checks[-1], pad.side, "medial" if medial else "lateral")]


def _most(change: FloatArray) -> float:
    """Return the largest of some changes, (N,) mm, nan left out; 0 if there are none."""
    return float(np.nan_to_num(change, nan=-np.inf).max(initial=0.0))
