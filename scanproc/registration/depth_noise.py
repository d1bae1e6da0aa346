"""How the noise of a recording grows with the depth: with its square for stereo, hardly for some others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.compiled import compiled
from scanproc.frames import FloatArray

MOST_ORDER = 4  # of the variance: a disparity that errs by as much everywhere
_LEAST_RATIO = 1.15  # of two depths, which tell nothing where they are nearer to each other
_LEAST_PAIRS = 10


@dataclass(frozen=True)
class DepthNoise:
    """The noise of a recording.

    Attributes
    ----------
    mm : median RMS distance of its views from each other; 0 where unknown.
    at_mm : depth at which views err by as much.
    order : power of the depth with which the variance grows, 0 to `MOST_ORDER`.
    """

    mm: float
    at_mm: float
    order: int

    @classmethod
    def of(cls, rms_mm: FloatArray, depth_mm: FloatArray) -> DepthNoise:
        """Return the noise of (V,) views by their RMS distances from the others and how far away they saw the foot.

        The power is the median slope of all pairs of views (Theil & Sen), which single views that lie wrong do not
        move, to the next whole order.
        """
        known = np.isfinite(rms_mm) & (rms_mm > 0.0)
        if not known.any():
            return cls(0.0, 1.0, 0)
        error, far = np.log(rms_mm[known]), np.log(depth_mm[known])
        a, b = np.triu_indices(len(far), 1)
        apart = np.abs(far[a] - far[b]) > np.log(_LEAST_RATIO)
        a, b = a[apart], b[apart]
        slope = float(np.median((error[a] - error[b]) / (far[a] - far[b]))) if len(a) >= _LEAST_PAIRS else 0.0
        order = int(np.clip(round(2.0 * slope), 0, MOST_ORDER))
        return cls(float(np.median(rms_mm[known])), float(np.exp(np.median(far))), order)


@compiled
def noise_share(depth_mm: float, other_mm: float, at_mm: float, order: int) -> float:
    """Return the variance of the distance of two points, seen at two depths, beside that of two seen at `at_mm`."""
    a, b = depth_mm / at_mm, other_mm / at_mm
    own, others = 1.0, 1.0
    for _ in range(order):
        own *= a
        others *= b
    return 0.5 * (own + others)
