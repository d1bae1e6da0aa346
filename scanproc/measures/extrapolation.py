"""Curves that end where the floor hides them, continued straight; how far off that may be, tried where they are seen.

To leave hidden places out would be to say that the curve is straight all over. Continued along its last stretch, it may
bend on the way: by as much as it bends where it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.mesh.sections import theil_sen

_FITTED = 5  # places: with four the noise of one counts too much, with six the bend of a heel


@dataclass(frozen=True)
class Extrapolated:
    """Curves, continued to both ends.

    Attributes
    ----------
    values : (N, C) float64; nan in gaps between known places, and of curves known at fewer than five.
    trials : for each end at which something was added, (T, N, C) what the same steps are off by elsewhere; 0 where
        nothing was added. T is 0 where the curves are too short to try.
    """

    values: FloatArray
    trials: tuple[FloatArray, ...]


def extrapolated(t: FloatArray, values: FloatArray) -> Extrapolated:
    """Continue C curves, known at some of N evenly spaced places, from their ends to the first and the last place.

    Parameters
    ----------
    t : (N,) ascending places.
    values : (N, C) float64, nan where a curve is not known.
    """
    upward = _continued_down(t, values)
    downward = _continued_down(-t[::-1], values[::-1])
    filled = np.where(np.isfinite(values), values, np.where(np.isfinite(upward), upward, downward[::-1]))
    trials = []
    for turn in (1, -1):
        added = _leading_gaps(values[::turn])
        if added.any():
            own, other = _trials(t, values, added), _trials(-t[::-1], values[::-1], added)
            trials.append(np.concatenate([own, other])[:, ::turn])
    return Extrapolated(filled, tuple(trials))


def _leading_gaps(values: FloatArray) -> FloatArray:
    """Return at how many places each curve is unknown before it begins, (C,); none for those that are too short."""
    known = np.isfinite(values)
    return np.where(known.sum(axis=0) >= _FITTED, known.argmax(axis=0), 0)


def _continued_down(t: FloatArray, values: FloatArray) -> FloatArray:
    """Return (N, C) values before each curve begins, along its first stretch; nan everywhere else."""
    found = np.full(values.shape, np.nan)
    for curve, gap in enumerate(_leading_gaps(values)):
        known = np.flatnonzero(np.isfinite(values[:, curve]))[:_FITTED]
        if gap:
            line = theil_sen(t[known], values[known, curve])
            found[:gap, curve] = line.slope * t[:gap] + line.at_zero
    return found


def _trials(t: FloatArray, values: FloatArray, added: FloatArray) -> FloatArray:
    """Continue by as many (C,) places at every place where the curves go on, known: (T, N, C) errors, at the added."""
    begins = np.isfinite(values).argmax(axis=0)
    trials = []
    for start in range(int(added.max()), len(t) - _FITTED + 1):
        errors = np.zeros(values.shape)
        for curve, gap in enumerate(added):
            first = begins[curve] + start
            used = values[first - gap : first + _FITTED, curve]
            if gap and (len(used) < gap + _FITTED or not np.isfinite(used).all()):
                break
            if gap:
                line = theil_sen(t[first : first + _FITTED], used[gap:])
                errors[:gap, curve] = line.slope * t[first - gap : first] + line.at_zero - used[:gap]
        else:
            trials.append(errors)
    return np.array(trials).reshape(-1, *values.shape)
