"""How tightly a surface curves: the hollow that a ball-nosed cutter has to reach into."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scanproc.frames import FloatArray

_SPAN_MM = 1.5  # over which slopes and curvatures are measured
_LEFT_OUT = 0.001  # share of the places that may curve more


def tightest_hollow_mm(height_at: Callable[[FloatArray], FloatArray], xy: FloatArray) -> float:
    """Return the radius of the tightest hollow of a surface, 0.1 % left out, mm.

    Parameters
    ----------
    height_at : heights at (N, 2) points, (N,) mm; not finite beside the surface.
    xy : (N, 2) places to look at.
    """
    ex, ey = np.array([_SPAN_MM, 0.0]), np.array([0.0, _SPAN_MM])
    z = {(i, j): height_at(xy + i * ex + j * ey) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    there = np.isfinite(list(z.values())).all(axis=0)
    if not there.any():
        return np.inf
    z = {place: heights[there] for place, heights in z.items()}
    zx, zy = (z[1, 0] - z[-1, 0]) / (2.0 * _SPAN_MM), (z[0, 1] - z[0, -1]) / (2.0 * _SPAN_MM)
    zxx, zyy = ((z[a] + z[b] - 2.0 * z[0, 0]) / _SPAN_MM**2 for a, b in (((1, 0), (-1, 0)), ((0, 1), (0, -1))))
    zxy = (z[1, 1] + z[-1, -1] - z[1, -1] - z[-1, 1]) / (4.0 * _SPAN_MM**2)
    tightest = float(np.quantile(_greatest_curvature(zx, zy, zxx, zxy, zyy), 1.0 - _LEFT_OUT))
    return 1.0 / max(tightest, 1e-3)


def _greatest_curvature(
    zx: FloatArray, zy: FloatArray, zxx: FloatArray, zxy: FloatArray, zyy: FloatArray
) -> FloatArray:
    """Return the greater principal curvature of a graph, (N,) 1/mm, positive in hollows (do Carmo, 3.3)."""
    e, f, g, root = 1.0 + zx**2, zx * zy, 1.0 + zy**2, np.sqrt(1.0 + zx**2 + zy**2)
    mean = (e * zyy - 2.0 * f * zxy + g * zxx) / (2.0 * root**3)
    gauss = (zxx * zyy - zxy**2) / root**4
    return np.asarray(mean + np.sqrt(np.maximum(mean**2 - gauss, 0.0)))
