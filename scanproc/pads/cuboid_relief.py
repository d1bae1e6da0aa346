"""The cuboid relief: a hollow under the lateral column, behind the styloid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.pads.forms import Dome
from scanproc.settings import setting

_PLACE, _HALF_MM = (0.38, 0.80), (14.0, 10.0)  # shares of length and width; half length and half width


@dataclass(frozen=True)
class CuboidRelief:
    """A hollow under the bone."""

    cuboid_relief_mm: float = setting(0.0, "depth of a hollow under the cuboid, mm", low=0.0, high=6.0)


def cuboid_relief(plan: FootPlan, _: CuboidRelief) -> Dome:
    """Return the place of the hollow under the cuboid."""
    return Dome(plan.place(*_PLACE), np.array([1.0, 0.0]), _HALF_MM[0], _HALF_MM[0], _HALF_MM[1])
