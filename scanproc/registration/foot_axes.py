"""About which axis feet bend that were seen in no frame of their own."""

from __future__ import annotations

import numpy as np

from scanproc.frames import FloatArray

_ROUNDS = 10  # after which two feet are told apart
_TWO_FEET = 0.18  # of their extent is left within each of two; of halves of one body a quarter or more


def axes_of_feet(points: FloatArray, weight: FloatArray) -> FloatArray:
    """Return (3, 3) axes, that from side to side first, of (R, 3) points of one foot or of two.

    A foot with its leg is thinnest from side to side; two feet stand side by side.
    """
    centred = points - np.average(points, axis=0, weights=weight)
    axes = np.linalg.eigh((centred.T * weight) @ centred)[1].T
    for axis in axes[::-1]:
        along = centred @ axis
        cut = 0.0
        for _ in range(_ROUNDS):
            above = along > cut
            middles = [float(np.average(along[side], weights=weight[side])) for side in (above, ~above)]
            cut = sum(middles) / 2.0
        within = np.average((along - np.where(above, *middles)) ** 2, weights=weight)
        if within < _TWO_FEET * np.average(along**2, weights=weight):
            between = np.subtract(
                *(np.average(centred[side], axis=0, weights=weight[side]) for side in (above, ~above))
            )
            first = between / np.linalg.norm(between)
            return np.asarray(np.vstack([first, np.linalg.svd(first[None])[2][1:]]))
    return np.asarray(axes)
