"""The metatarsal pad: a drop behind the heads of rays 2 to 4, which it spreads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.pads.forms import Dome
from scanproc.settings import setting

_SHARE = 0.54  # of the ball from medial: the third ray, between the second and the fourth
_APEX_SHARE = 0.4  # of its length behind its front edge


@dataclass(frozen=True)
class MetPad:
    """A drop under the shafts of rays 2 to 4."""

    met_pad_mm: float = setting(
        0.0, "height of the metatarsal pad, mm; 4.8 standard; spreads the heads apart", low=0.0, high=10.0
    )
    met_pad_back_mm: float = setting(
        8.0, "front edge of the pad behind the line of the metatarsal heads, mm: 6-11", low=0.0, high=30.0
    )
    met_pad_width_mm: float = setting(32.0, "width of the pad, mm: under the 2nd to 4th shaft", low=15.0, high=70.0)
    met_pad_length_mm: float = setting(42.0, "length of the pad, mm: fades out before the arch", low=20.0, high=80.0)


def met_pad(plan: FootPlan, dose: MetPad) -> Dome:
    """Return the place of the metatarsal pad: a drop on the rays 2 to 4, its long axis towards the heel's middle.

    Its front edge lies `met_pad_back_mm` behind the line of the metatarsal heads, square to that line.
    """
    heelwards = plan.heel - plan.on_ball(_SHARE, 0.0)
    along = -heelwards / np.linalg.norm(heelwards)
    front, half_width = _APEX_SHARE * dose.met_pad_length_mm, 0.5 * dose.met_pad_width_mm
    rear = dose.met_pad_length_mm - front
    # The front half is half an ellipse: so far ahead of its middle it reaches along the ball's normal.
    normal = plan.ball_normal
    ahead = np.hypot(front * (along @ normal), half_width * (along @ np.array([-normal[1], normal[0]])))
    back = (dose.met_pad_back_mm + float(ahead)) / float(along @ normal)
    return Dome(plan.on_ball(_SHARE, 0.0) - back * along, along, front, rear, half_width)
