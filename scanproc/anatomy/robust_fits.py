"""Smooth curves through the borders of a noisy surface."""

from __future__ import annotations

import numpy as np

from scanproc.frames import FloatArray

_BIWEIGHT = 4.685  # scales at which a value counts nothing: 95 % efficient under normal noise (Beaton & Tukey 1974)
_ROUNDS = 6
_LEAST_SCALE_MM = 0.25  # what a smooth shape itself differs from the fit by is no outlier


def biweight_fit(design: FloatArray, values: FloatArray, start: FloatArray, ridge: FloatArray) -> FloatArray:
    """Return the (M,) coefficients of a linear model to which outliers are nothing (Tukey's biweight).

    Parameters
    ----------
    design : (N, M) float64.
    values : (N,) float64, mm.
    start : (N,) float64, mm, to which it is fitted first: without the outliers, as well as that is known.
    ridge : (M,) noise of the values over what each coefficient may well be, 0 where nothing is known of it (Hoerl &
        Kennard 1970).
    """
    known, nothing = np.diag(ridge), np.zeros(len(ridge))
    found = np.linalg.lstsq(np.vstack([design, known]), np.concatenate([start, nothing]), rcond=None)[0]
    for _ in range(_ROUNDS):
        off = np.abs(values - design @ found)
        scale = max(1.4826 * float(np.median(off)), _LEAST_SCALE_MM)
        root_weight = np.maximum(1.0 - (off / (_BIWEIGHT * scale)) ** 2, 0.0)
        weighted = np.vstack([design * root_weight[:, None], known])
        found = np.linalg.lstsq(weighted, np.concatenate([values * root_weight, nothing]), rcond=None)[0]
    return np.asarray(found)


def running_median(values: FloatArray, reach: int) -> FloatArray:
    """Return the median of each of (N,) values and its neighbours, as many before as behind it, at most `reach`."""
    reach = min(reach, (len(values) - 1) // 2)
    if reach < 1:
        return np.array(values)
    width = 2 * reach + 1
    inside = np.sort(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)[:, reach]
    # The ends, whose windows are narrower.
    start, end = (np.array([np.median(side[: 2 * r + 1]) for r in range(reach)]) for side in (values, values[::-1]))
    return np.concatenate([start, inside, end[::-1]])
