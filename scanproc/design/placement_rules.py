"""Refuses pads and hollows that lie where the insole's edge, a cut-out or its front end leaves nothing of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside
from scanproc.pads.ray_cuts import RayCuts
from scanproc.pads.table import Pad, PlacedPad
from scanproc.solid.height_fields import HeightField

_FREE_MM = 1e-3  # where the cut is so far below the asked top, the edge shapes it


def refuse_off_device(
    placed: Sequence[PlacedPad], cuts: RayCuts, outline: FloatArray, top: HeightField, cut: HeightField, most_mm: float
) -> None:
    """Refuse a dose whose height does not show on the finished top.

    Parameters
    ----------
    placed : the doses.
    outline : (K, 2).
    top, cut : the asked top, and what the trim line leaves of it.
    most_mm : of a dose may be lost.

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
        if asked_mm - shown_mm > most_mm:
            raise ScanError(
                f"rule dose-on-device: found insole.{one.pad.dose} = {asked_mm:g} where the insole's edge cuts it: "
                f"{shown_mm:.1f} mm of it remain, expected its whole height on the top; "
                f"{_mend(one.pad, cuts)}, or leave it out."
            )


def _mend(pad: Pad, cuts: RayCuts) -> str:
    """Return what to change so that a dose shows; cut-outs take the doses beside the rays."""
    made = [name for name in ("first_ray_cut", "fifth_ray_cut") if getattr(cuts, name)]
    return f"set {' and '.join(made)} = false" if made and pad.beside_rays else pad.mend
