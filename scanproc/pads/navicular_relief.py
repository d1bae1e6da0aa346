"""The navicular relief: a hollow under the tuberosity, where a bone that drops would press."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.pads.forms import Dome
from scanproc.settings import setting

_PLACE, _HALF_MM = (0.40, 0.15), (16.0, 11.0)  # shares of length and width; half length and half width


@dataclass(frozen=True)
class NavicularRelief:
    """A hollow under the bone."""

    navicular_relief_mm: float = setting(0.0, "depth of a hollow under the navicular, mm", low=0.0, high=6.0)


def navicular_relief(plan: FootPlan, _: NavicularRelief) -> Dome:
    """Return the place of the hollow under the navicular: at its landmark where it was marked, kept on the insole."""
    place = plan.place(*_PLACE)
    if plan.navicular is not None:
        inner = plan.place(float(plan.navicular[0]) / plan.length_mm, _PLACE[1])
        outwards = plan.medial_y * (plan.navicular[1] - inner[1])
        place = inner if outwards > 0.0 else plan.navicular
    return Dome(place, np.array([1.0, 0.0]), _HALF_MM[0], _HALF_MM[0], _HALF_MM[1])
