"""Morton's extension: a stiff plate under the first ray, for a hallux that must not bend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.frames import FloatArray
from scanproc.pads.forms import FIRST_RAY_SHARE
from scanproc.settings import setting
from scanproc.solid.blending import smooth_step

_SOFT = 0.07  # of the ball: half the blend at its lateral border
_RISES_MM = (-14.0, -4.0)  # in front of the ball: from there to there it rises


@dataclass(frozen=True)
class MortonsExtension:
    """A plate from behind the first metatarsal head to the front."""

    mortons_extension_mm: float = setting(
        0.0,
        "thickness of an extension under the first ray to the toe, mm (sulcus or full length): a stiff hallux",
        low=0.0,
        high=6.0,
    )


@dataclass(frozen=True)
class FirstRay:
    """The ground under the first ray from behind its metatarsal head on, to the front."""

    plan: FootPlan
    reach_mm: float = np.inf

    @property
    def centre(self) -> FloatArray:
        return self.plan.tibiale

    def share(self, xy: FloatArray) -> FloatArray:
        """Return 1 under the first ray, 0 elsewhere, smooth between, at (N, 2) points, (N,)."""
        plan = self.plan
        width_share = (xy[:, 1] - plan.tibiale[1]) / (plan.fibulare[1] - plan.tibiale[1])
        low, high = FIRST_RAY_SHARE - _SOFT, FIRST_RAY_SHARE + _SOFT
        return smooth_step(plan.ahead_of_ball(xy), *_RISES_MM) * (1.0 - smooth_step(width_share, low, high))


def mortons_extension(plan: FootPlan, _: MortonsExtension) -> FirstRay:
    """Return the place of the extension."""
    return FirstRay(plan)
