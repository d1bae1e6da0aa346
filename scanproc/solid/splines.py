"""Cubic splines over a grid, with their slopes and bends, in compiled loops."""

from __future__ import annotations

import numpy as np

from scanproc.compiled import compiled
from scanproc.frames import FloatArray

_SIDE, _MIDDLE = 1.0 / 6.0, 4.0 / 6.0  # the cubic B-spline at its nodes


@compiled
def cosines(spline: FloatArray, step: float, cells: FloatArray) -> FloatArray:
    """Return the cosine of the slope at places in cells, (N, 2), of a spline's coefficients, (I, J); (N,)."""
    answer = np.empty(len(cells))
    for n in range(len(cells)):
        _, along_x, along_y, _, _, _ = spline_at(spline, step, cells[n, 0], cells[n, 1])
        answer[n] = 1.0 / np.sqrt(1.0 + along_x * along_x + along_y * along_y)
    return answer


@compiled
def fill_heights(spline: FloatArray, x0: float, y0: float, step: float, xy: FloatArray, out_z: FloatArray) -> None:
    """Write the value of a spline over a grid at (N, 2) points; outside the grid that of its border.

    Parameters
    ----------
    spline : (I, J) coefficients, reflected at the borders, as `scipy.ndimage.spline_filter` makes them.
    x0, y0, step : of the grid, mm.
    """
    rows, columns = spline.shape
    for n in range(len(xy)):
        u, v = (xy[n, 0] - x0) / step, (xy[n, 1] - y0) / step
        if np.isnan(u) or np.isnan(v):
            out_z[n] = np.nan
            continue
        u, v = min(max(u, 0.0), rows - 1.0), min(max(v, 0.0), columns - 1.0)
        i, j = int(u) - 1, int(v) - 1
        a0, a1, a2, a3 = _shares(u - (i + 1))
        b0, b1, b2, b3 = _shares(v - (j + 1))
        j0, j1, j2, j3 = _mirrored(j, columns), j + 1, _mirrored(j + 2, columns), _mirrored(j + 3, columns)
        total = 0.0
        for k in range(4):
            row = _mirrored(i + k, rows)
            a = a0 if k == 0 else (a1 if k == 1 else (a2 if k == 2 else a3))
            # One term after the other, as scipy adds them: the same bits.
            total += spline[row, j0] * a * b0
            total += spline[row, j1] * a * b1
            total += spline[row, j2] * a * b2
            total += spline[row, j3] * a * b3
        out_z[n] = total


@compiled
def _mirrored(k: int, count: int) -> int:
    """Return the node that stands for one up to two beyond the border."""
    if k < 0:
        k = -1 - k
    return 2 * count - 1 - k if k >= count else k


@compiled
def _shares(t: float) -> tuple[float, float, float, float]:
    """Return the four cubic B-splines over a cell at t, which add up to 1."""
    s = 1.0 - t
    first = s * s * s / 6.0
    second, third = (t * t * (t - 2.0) * 3.0 + 4.0) / 6.0, (s * s * (s - 2.0) * 3.0 + 4.0) / 6.0
    return first, second, third, 1.0 - first - second - third


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
def at_node(spline: FloatArray, step: float, i: int, j: int) -> tuple[float, float, float]:
    """Return value and slopes along x and y at a node, as `spline_at` does: they follow from nine coefficients."""
    if i < 1 or j < 1 or i > spline.shape[0] - 2 or j > spline.shape[1] - 2:
        f, fx, fy, _, _, _ = spline_at(spline, step, float(i), float(j))
        return f, fx, fy
    f, fu, fv = 0.0, 0.0, 0.0
    for k in range(3):
        a, b, c = spline[i - 1 + k, j - 1], spline[i - 1 + k, j], spline[i - 1 + k, j + 1]
        along = _SIDE * a + _MIDDLE * b + _SIDE * c
        weight, slope = (_MIDDLE, 0.0) if k == 1 else (_SIDE, 0.5 * (k - 1))
        f, fu, fv = f + weight * along, fu + slope * along, fv + weight * (-0.5 * a + 0.5 * c)
    return f, fu / step, fv / step


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
