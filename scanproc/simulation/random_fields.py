"""Random fields over an image, for noise that neighbouring pixels share."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from scanproc.frames import FloatArray


def correlated(shape: tuple[int, ...], width_px: float | tuple[float, float], rng: np.random.Generator) -> FloatArray:
    """Return normal noise of unit variance whose correlation has a full width at half maximum of `width_px`.

    Parameters
    ----------
    width_px : across and down alike, or (across, down).
    """
    across, down = width_px if isinstance(width_px, tuple) else (width_px, width_px)
    field, power = rng.standard_normal(shape), 1.0
    for axis, width in ((0, down), (1, across)):
        # White noise smoothed by a Gaussian of sigma g correlates as a Gaussian of sigma sqrt(2) g.
        g = width / (2.0 * np.sqrt(2.0 * np.log(2.0)) * np.sqrt(2.0))
        impulse = np.zeros(2 * int(4.0 * g + 1.0) + 1)
        impulse[len(impulse) // 2] = 1.0
        power *= float(np.sum(ndimage.gaussian_filter1d(impulse, g) ** 2))
        field = ndimage.gaussian_filter1d(field, g, axis=axis, mode="wrap")
    return np.asarray(field / np.sqrt(power))
