"""The groove for the plantar fascia: a channel from heel to ball, in which a tender cord lies free."""

from __future__ import annotations

from dataclasses import dataclass

from scanproc.anatomy.foot_plan import FootPlan
from scanproc.pads.forms import Ridge
from scanproc.settings import setting

_TUBERCLE = (0.19, 0.36)  # medial tubercle of the heel, as shares of length and width
_WEB_SHARE, _WEB_BACK_MM = 0.28, 4.0  # first web space on the ball, and how far behind it the groove ends
_SOFT_END_MM = 12.0


@dataclass(frozen=True)
class FasciaGroove:
    """A channel along the cord."""

    groove_mm: float = setting(0.0, "depth of the groove for the plantar fascia, mm; 2 usual", low=0.0, high=4.0)
    groove_width_mm: float = setting(12.0, "width of that groove, mm: the cord and its sides", low=6.0, high=25.0)


def fascia_groove(plan: FootPlan, dose: FasciaGroove) -> Ridge:
    """Return the place of the groove: from the medial tubercle of the heel to the first web space."""
    half = 0.5 * dose.groove_width_mm
    return Ridge(plan.place(*_TUBERCLE), plan.on_ball(_WEB_SHARE, -_WEB_BACK_MM), half, half, _SOFT_END_MM)
