"""The toe crest: a ridge under the sulcus of the lesser toes."""

from __future__ import annotations

from dataclasses import dataclass

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.pads.forms import FIRST_RAY_SHARE, STEEPEST, Ridge, across
from scanproc.settings import setting

_SHARE, _LEAST_MM = 0.09, 8.0  # of the length in front of the ball: under the sulcus of toes 2 to 5; its half length


@dataclass(frozen=True)
class ToeCrest:
    """A ridge that clawed toes hold on to."""

    toe_crest_mm: float = setting(
        0.0, "height of a crest behind the lesser toes, mm (full length): clawed toes", low=0.0, high=8.0
    )


def toe_crest(plan: FootPlan, dose: ToeCrest) -> Ridge:
    """Return the place of the toe crest: under the sulcus of the lesser toes, parallel to the metatarsal heads."""
    half = max(_LEAST_MM, STEEPEST * dose.toe_crest_mm)
    return across(plan, (FIRST_RAY_SHARE - 0.05, 1.5), _SHARE * plan.length_mm, half, half)
