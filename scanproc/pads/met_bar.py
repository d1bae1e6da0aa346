"""The metatarsal bar: a ridge behind all heads, which takes load off all of them."""

from __future__ import annotations

from dataclasses import dataclass

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.pads.forms import STEEPEST, Ridge, across
from scanproc.settings import setting

_RISE_MM, _REAR = 10.0, 1.6  # its front slope, and how much longer its rear one is


@dataclass(frozen=True)
class MetBar:
    """A ridge from border to border."""

    met_bar_mm: float = setting(
        0.0, "height of the bar behind all metatarsal heads, mm: takes load off all of them", low=0.0, high=8.0
    )
    met_bar_back_mm: float = setting(
        8.0, "front edge of the bar behind that line, mm: under the heads it would load them", low=0.0, high=30.0
    )


def met_bar(plan: FootPlan, dose: MetBar) -> Ridge:
    """Return the place of the metatarsal bar: behind all heads, steeper in front, from border to border."""
    front = max(_RISE_MM, STEEPEST * dose.met_bar_mm)
    return across(plan, (-0.5, 1.5), -dose.met_bar_back_mm - front, front, _REAR * front)
