"""Pads, bar, crest and extension; groove and reliefs: their heights and places, measured back from the finished top."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check
from scanproc.design.places import met_bar, met_pad
from scanproc.frames import FloatArray
from scanproc.prescription.fields import Prescription
from scanproc.proof.checks import within
from scanproc.proof.finished import Finished

_LAID = ("met_pad_mm", "met_bar_mm", "mortons_extension_mm", "toe_crest_mm")
_TAKEN = ("groove_mm", "navicular_relief_mm", "cuboid_relief_mm")
_EDGE_MM = 1.0  # tolerance of its place


def pad_checks(done: Finished, rx: Prescription) -> tuple[Check, ...]:
    """The largest change that each dose made to the top, and how far pad and bar keep from the metatarsal heads."""
    checks: list[Check] = []
    for names, sign in ((_LAID, 1.0), (_TAKEN, -1.0)):
        for name in names:
            asked = getattr(rx, name)
            if asked > 0.0:
                change = sign * done.change(**{name: 0.0})
                checks.append(within(name, asked, _most(change), rx.dose_tolerance_mm))
                checks += _place(done, name, change)
    return tuple(checks)


def _place(done: Finished, name: str, change: FloatArray) -> list[Check]:
    """How far behind the line of the metatarsal heads a pad or bar begins."""
    asked = getattr(done.rx, name.replace("_mm", "_back_mm"), None)
    if asked is None:
        return []
    plan, xy = done.asked.plan, done.grid.xy
    share = (met_pad if name == "met_pad_mm" else met_bar)(plan, done.rx).share(xy)
    here = np.isfinite(change)
    if _most(change) <= 0.0:  # it lies beside the insole, which its height tells
        return []
    # Its edge fades out: what is compared is where it has half its height.
    ahead = [plan.ahead_of_ball(xy[here & (part > 0.5 * _most(part))]).max() for part in (share, change)]
    return [within(name.replace("_mm", "_back_mm"), asked, asked + float(ahead[0] - ahead[1]), _EDGE_MM)]


def _most(change: FloatArray) -> float:
    """Return the largest of some changes, (N,) mm, nan left out; 0 if there are none."""
    return float(np.nan_to_num(change, nan=-np.inf).max(initial=0.0))
