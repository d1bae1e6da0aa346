"""The noise of a recording before any view has a place: how far neighbours lie from each other where they fit."""

from __future__ import annotations

from functools import partial

import numpy as np

from scanproc.parallel import parallel_map
from scanproc.registration.agreement import submap_of
from scanproc.registration.candidates import SearchLimits, best_beside, best_candidate
from scanproc.registration.pair_statistics import pair_statistics
from scanproc.registration.sampled_views import WholeAndInner

_MOST_PAIRS = 64  # that are asked, evenly: of a long recording they tell as much as all; twelve of 23 told too little
_MIN_SHARE = 0.25  # of the pairs: fewer that fit tell nothing of the rest


def first_noise_mm(views: WholeAndInner, limits: SearchLimits, min_pair_overlap: float) -> float:
    """Return the median RMS distance without rims of views recorded one after the other, mm; 0 where few of them fit.

    Views that fit at a tolerance from before any noise was known would tell of less noise.

    Parameters
    ----------
    limits : by which two such views fit, at the widest tolerance.
    min_pair_overlap : see `pair_statistics`.
    """
    searched = views.judged_by_inner

    def rms_mm(first: int, wide: bool) -> float:
        T_level_first = searched.T_level_camera[first]
        model = submap_of(searched, [first], [T_level_first])
        if wide:
            second = best_candidate(searched, first + 1, model, limits, wide=False)
        else:
            second = best_beside(searched, first + 1, model, limits)
        if not limits.admit(second.fit, second.step_deg):
            return np.nan
        pairs = np.array([[first, first + 1], [first + 1, first]])
        poses = {first: T_level_first, first + 1: second.pose}
        table = pair_statistics(views.inner, poses, pairs, limits.tolerance_mm, min_pair_overlap)
        rms = float(table.rms_mm(np.isin(np.arange(len(views)), list(poses)))[first])
        return rms if np.isfinite(rms) else np.nan

    beside = [first for first in range(len(views) - 1) if views.whole.gap(first, first + 1) <= limits.max_gap]
    asked = beside[:: -(-len(beside) // _MOST_PAIRS) or 1]
    least = max(_MIN_SHARE * len(asked), 1.0)
    for wide in (False, True):
        found = np.array(parallel_map(partial(rms_mm, wide=wide), asked, "finding the noise"))
        told = found[~np.isnan(found)]
        if len(told) >= least:
            return float(np.median(told))
    return 0.0
