"""Cubic splines over a grid, with their slopes and bends, in compiled loops."""

from __future__ import annotations

import numpy as np

from scanproc.compiled import compiled
from scanproc.frames import FloatArray


@compiled
def cosines(spline: FloatArray, step: float, cells: FloatArray) -> FloatArray:
    """Return the cosine of the slope at places in cells, (N, 2), of a spline's coefficients, (I, J); (N,)."""
    answer = np.empty(len(cells))
    for n in range(len(cells)):
        _, along_x, along_y, _, _, _ = spline_at(spline, step, cells[n, 0], cells[n, 1])
        answer[n] = 1.0 / np.sqrt(1.0 + along_x * along_x + along_y * along_y)
    return answer


@compiled
def spline_at(spline: FloatArray, step: float, u: float, v: float) -> tuple[float, float, float, float, float, float]:
    """Return value, slopes along x and y, and second derivatives xx, xy, yy of a cubic spline at (u, v) cells."""
    rows, columns = spline.shape
    u, v = min(max(u, 0.0), rows - 1.0), min(max(v, 0.0), columns - 1.0)
    i, j = min(int(u), rows - 2), min(int(v), columns - 2)
    s, t = u - i, v - j
    f, fu, fv, fuu, fuv, fvv = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    t0, t1, t2, t3 = _weights(t)
    d0, d1, d2, d3 = _slopes(t)
    for k in range(4):
        row = min(max(i - 1 + k, 0), rows - 1)
        a, b = spline[row, max(j - 1, 0)], spline[row, j]
        c, d = spline[row, j + 1], spline[row, min(j + 2, columns - 1)]
        along = t0 * a + t1 * b + t2 * c + t3 * d
        slope = d0 * a + d1 * b + d2 * c + d3 * d
        bend = (1.0 - t) * a + (3.0 * t - 2.0) * b + (1.0 - 3.0 * t) * c + t * d
        w, dw, ddw = _weight(k, s)
        f, fu, fuu = f + w * along, fu + dw * along, fuu + ddw * along
        fv, fuv = fv + w * slope, fuv + dw * slope
        fvv += w * bend
    return f, fu / step, fv / step, fuu / (step * step), fuv / (step * step), fvv / (step * step)


@compiled
def _weight(k: int, s: float) -> tuple[float, float, float]:
    """Return the k-th cubic B-spline over a cell, its slope and its second derivative."""
    if k == 0:
        return (1.0 - s) ** 3 / 6.0, -0.5 * (1.0 - s) ** 2, 1.0 - s
    if k == 1:
        return (3.0 * s - 6.0) * s * s / 6.0 + 4.0 / 6.0, (1.5 * s - 2.0) * s, 3.0 * s - 2.0
    if k == 2:
        return ((-3.0 * s + 3.0) * s + 3.0) * s / 6.0 + 1.0 / 6.0, (-1.5 * s + 1.0) * s + 0.5, 1.0 - 3.0 * s
    return s * s * s / 6.0, 0.5 * s * s, s


@compiled
def _weights(t: float) -> tuple[float, float, float, float]:
    return (
        (1.0 - t) ** 3 / 6.0,
        (3.0 * t - 6.0) * t * t / 6.0 + 4.0 / 6.0,
        ((-3.0 * t + 3.0) * t + 3.0) * t / 6.0 + 1.0 / 6.0,
        t * t * t / 6.0,
    )


@compiled
def _slopes(t: float) -> tuple[float, float, float, float]:
    return -0.5 * (1.0 - t) ** 2, (1.5 * t - 2.0) * t, (-1.5 * t + 1.0) * t + 0.5, 0.5 * t * t
