"""Refuses pads and hollows that lie where the insole's edge, a cut-out or its front end leaves nothing of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.changes import Change
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside
from scanproc.pads.ray_cuts import RayCuts
from scanproc.pads.table import Pad, PlacedPad
from scanproc.prescription.advised import advised
from scanproc.prescription.fields import Prescription
from scanproc.solid.height_fields import HeightField

_FREE_MM = 1e-3  # where the cut is so far below the asked top, the edge shapes it


def refuse_off_device(
    placed: Sequence[PlacedPad], outline: FloatArray, top: HeightField, cut: HeightField, rx: Prescription
) -> None:
    """Refuse a dose whose height does not show on the finished top.

    Parameters
    ----------
    placed : the doses.
    outline : (K, 2).
    top, cut : the asked top, and what the trim line leaves of it.

    Raises
    ------
    ScanError
        By the rule dose-on-device.
    """
    nodes = cut.nodes() if placed else np.empty((0, 2))
    for one in placed:
        near = np.flatnonzero(np.hypot(*(nodes - one.place.centre).T) <= one.place.reach_mm)
        near = near[inside(outline, nodes[near])]
        xy = nodes[near]
        xy = xy[cut.z.ravel()[near] > top.at(xy) - _FREE_MM]
        asked_mm = abs(one.height_mm)
        shown_mm = asked_mm * float(one.place.share(xy).max(initial=0.0))
        if asked_mm - shown_mm > 0.5 * rx.judgement.dose_tolerance_mm:
            raise ScanError(
                f"rule dose-on-device: found insole.{one.pad.dose} = {asked_mm:g} where the insole's edge cuts it: "
                f"{shown_mm:.1f} mm of it remain, expected its whole height on the top; "
                f"{advised((*_mend(one.pad, rx.pads), Change(one.pad.dose, to=0.0)), rx)}."
            )


def _mend(pad: Pad, cuts: RayCuts) -> tuple[Change, ...]:
    """Return what to change so that a dose shows; cut-outs take the doses beside the rays."""
    made = [name for name in ("first_ray_cut", "fifth_ray_cut") if getattr(cuts, name)]
    return tuple(Change(name, to=False) for name in made) if made and pad.beside_rays else pad.mend
