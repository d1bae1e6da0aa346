"""Refuses pads and hollows that lie where the insole's edge, a cut-out or its front end leaves nothing of them."""

from __future__ import annotations

import numpy as np

from scanproc.design.pads import placed_doses
from scanproc.design.plan import FootPlan
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside
from scanproc.prescription.fields import Prescription
from scanproc.solid.height_fields import HeightField

_FREE_MM = 1e-3  # where the cut is so far below the asked top, the edge shapes it
_LOST = 0.5  # of the tolerance of a dose
_MEND = {
    "met_pad_mm": "raise met_pad_back_mm, or lower distal_gap_mm",
    "met_bar_mm": "raise met_bar_back_mm, or lower distal_gap_mm",
    "navicular_relief_mm": "raise medial_edge_mm",
    "cuboid_relief_mm": "raise side_edge_mm",
    "groove_mm": "lower groove_width_mm, or raise medial_edge_mm",
    "mortons_extension_mm": 'raise outline_margin_mm, or set length = "full"',
    "toe_crest_mm": "raise toe_room_mm or outline_margin_mm",
}


def refuse_off_device(
    plan: FootPlan, outline: FloatArray, top: HeightField, cut: HeightField, rx: Prescription
) -> None:
    """Refuse a dose whose height does not show on the finished top.

    Parameters
    ----------
    outline : (K, 2).
    top, cut : the asked top, and what its rim leaves of it.

    Raises
    ------
    ScanError
        By the rule dose-on-device.
    """
    doses = tuple(placed_doses(plan, rx))
    if not doses:
        return
    xy = cut.nodes()
    here = np.flatnonzero(inside(outline, xy))
    xy = xy[here]
    xy = xy[cut.z.ravel()[here] > top.at(xy) - _FREE_MM]
    for name, place, height_mm in doses:
        shown_mm = abs(height_mm) * float(place.share(xy).max(initial=0.0))
        if abs(height_mm) - shown_mm > _LOST * rx.dose_tolerance_mm:
            raise ScanError(
                f"rule dose-on-device: found insole.{name} = {abs(height_mm):g} where the insole's edge cuts it: "
                f"{shown_mm:.1f} mm of it remain, expected its whole height on the top; "
                f"{_mend(name, rx)}, or leave it out."
            )


def _mend(name: str, rx: Prescription) -> str:
    """Return what to change so that a dose shows; cut-outs take the doses beside the rays."""
    cuts = [cut for cut in ("first_ray_cut", "fifth_ray_cut") if getattr(rx, cut)]
    if cuts and name in ("groove_mm", "mortons_extension_mm", "toe_crest_mm"):
        return f"set {' and '.join(cuts)} = false"
    return _MEND[name]
