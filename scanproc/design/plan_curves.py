"""Lines of a design seen from above, for paper templates and cutters: borders of pads and hollows, marks."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import PlanCurve
from scanproc.design.shape import Design
from scanproc.frames import FloatArray
from scanproc.mesh.polygons import cut_and_rounded, last_crossing
from scanproc.pads.forms import Place
from scanproc.pads.table import placed_pads

_BORDER_SHARE = 0.05  # of its height: a pad fades out to nothing, and its last tenths are no border to glue by
_RAYS = 180
_ROUND_MM = 0.3  # corners of what the insole's outline cuts off
_BEYOND_MM = 150.0  # of what ends only with the insole


def plan_curves(asked: Design) -> tuple[PlanCurve, ...]:
    """Return the borders of all pads on the insole and of its extension, the line of the heads and the heel's cross."""
    pads = [
        PlanCurve(one.pad.dose.removesuffix("_mm").replace("_", " "), "pad", _border(one.place, asked.outline))
        for one in placed_pads(asked.plan, asked.rx.pads)
    ]
    plan, soft = asked.plan, asked.extension
    ahead = () if soft is None else (PlanCurve("soft extension", "extension", soft.outline),)
    half = 0.25 * plan.heel_width_mm
    heel = [plan.heel + half * np.array([[-x, -y], [x, y]]) for x, y in ((1.0, 0.0), (0.0, 1.0))]
    marks = [("metatarsal heads", np.stack([plan.tibiale, plan.fibulare])), *(("heel centre", line) for line in heel)]
    return (*pads, *ahead, *(PlanCurve(name, "mark", xy) for name, xy in marks))


def _border(place: Place, outline: FloatArray) -> FloatArray:
    """Return where a pad is down to a share of its height, (N, 2), as far as it lies on the insole."""
    angle = np.linspace(0.0, 2.0 * np.pi, _RAYS, endpoint=False)
    rays = np.column_stack([np.cos(angle), np.sin(angle)])
    reach = min(place.reach_mm, _BEYOND_MM) + 1.0
    origins = np.broadcast_to(place.centre, rays.shape)
    far = last_crossing(lambda xy: _BORDER_SHARE - place.share(xy), origins, rays, reach)
    border = place.centre + np.where(np.isfinite(far), far, reach)[:, None] * rays
    return cut_and_rounded(border, outline, _ROUND_MM)
