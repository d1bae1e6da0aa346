"""What is cut out of the front end under the first and the fifth ray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.frames import FloatArray
from scanproc.pads.forms import Length
from scanproc.settings import setting

_CUT_BACK_MM = 28.0  # cut-outs reach so far behind the metatarsal heads
_LEAST_CUT_MM = 15.0  # and at least so far behind the front end
_NOTCH_AHEAD_MM = 12.0  # of a full length only the joint is cut out
_FIRST_RAY, _FIFTH_RAY = 0.32, 0.22  # their shares of the ball's width
_FAR_MM = 1e3


@dataclass(frozen=True)
class RayCuts:
    """Which rays nothing lies under."""

    first_ray_cut: bool = setting(False, "cut the shell out under the first ray, so that it can plantarflex")
    fifth_ray_cut: bool = setting(False, "cut the shell out under the fifth ray: a tender styloid or 5th head")


def left_between(cuts: RayCuts) -> tuple[float, float]:
    """Return between which shares of the line of the metatarsal heads, from medial, the front end is not cut out."""
    return _FIRST_RAY if cuts.first_ray_cut else 0.0, 1.0 - _FIFTH_RAY if cuts.fifth_ray_cut else 1.0


def ray_corners(plan: FootPlan, cuts: RayCuts, length: Length, distal_gap_mm: float) -> list[FloatArray]:
    """Return what is cut out under the first and the fifth ray, as closed curves with sharp corners.

    Parameters
    ----------
    distal_gap_mm : of a shell, which ends so far behind the line of the metatarsal heads.
    """
    across = plan.fibulare - plan.tibiale
    width = float(np.linalg.norm(across))
    spans = []
    if cuts.first_ray_cut:
        spans.append((-50.0, _FIRST_RAY * width))
    if cuts.fifth_ray_cut:
        spans.append(((1.0 - _FIFTH_RAY) * width, width + 50.0))
    back = -_CUT_BACK_MM
    if length == "shell":
        back = min(back, -distal_gap_mm - _LEAST_CUT_MM)
    ahead = _NOTCH_AHEAD_MM if length == "full" else _FAR_MM
    corners = [[(first, back), (last, back), (last, ahead), (first, ahead)] for first, last in spans]
    return [np.array([plan.tibiale + u * across / width + v * plan.ball_normal for u, v in each]) for each in corners]
