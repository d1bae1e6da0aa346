"""Grey erosion of a height field with a ball: the surface an even distance below it, exact between its nodes too."""

from __future__ import annotations

import numpy as np

from scanproc.compiled import compiled
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map
from scanproc.solid.height_fields import HeightField
from scanproc.solid.splines import at_node, spline_at

_OTHER_SHEET = 1.5  # nodes: contacts of neighbours that lie further apart are on different sheets
_SAME_PLACE, _THROUGH_MM = 0.5, 0.002  # nodes; contacts that lie closer are one, heights that differ by less, too
_STRIP = 48  # rows that one thread takes at a time
_MAX_STEPS = 30  # of Newton's; two or three are usual, kinks of the field take more


def erode_with_ball(field: HeightField, radius_mm: float | FloatArray) -> HeightField:
    """Return the heights at which the centre of a ball just touches a field from below: the parallel surface.

    A plain grid errs by 0.15 mm at steep walls. Here every node of the field, a cubic spline, is moved along its normal
    by the radius; where such sheets lie over each other the lowest one counts, and the point of contact is then
    refined on the spline by Newton's method.

    Parameters
    ----------
    radius_mm : of the ball, one number or (I, J), that of the ball whose centre is below the node.
    """
    radius = np.ascontiguousarray(np.broadcast_to(np.asarray(radius_mm, dtype=np.float64), field.z.shape))
    if not (radius > 0.0).any():
        return field
    z, contact = np.empty(field.z.shape), np.empty((*field.z.shape, 2))
    reach = int(np.ceil(radius.max() / field.step)) + 1

    spline, sheet = field.spline, np.empty((*field.z.shape, 3))
    strips = range(0, len(z), _STRIP)
    parallel_map(lambda first: _move_rows(spline, field.step, radius, first, sheet), strips, "parallel surface")
    parallel_map(
        lambda first: _erode_rows(spline, field.step, radius, reach, sheet, first, z, contact),
        strips,
        "parallel surface",
    )
    for way in (1, -1):
        _settle(spline, field.step, radius, way, z, contact)
    return field.replaced(z)


@compiled
def _move_rows(spline: FloatArray, step: float, radius: FloatArray, first: int, sheet: FloatArray) -> None:
    """Fill a strip of the sheet, (I, J, 3): each node moved along its normal by the radius, x and y in cells."""
    rows, columns = radius.shape
    for i in range(first, min(first + _STRIP, rows)):
        for j in range(columns):
            f, fx, fy = at_node(spline, step, i, j)
            share = radius[i, j] / np.sqrt(1.0 + fx * fx + fy * fy)
            sheet[i, j, 0] = i + share * fx / step
            sheet[i, j, 1] = j + share * fy / step
            sheet[i, j, 2] = f - share


@compiled
def _erode_rows(
    spline: FloatArray,
    step: float,
    radius: FloatArray,
    reach: int,
    sheet: FloatArray,
    first: int,
    eroded_z: FloatArray,
    contact: FloatArray,
) -> None:
    """Fill the rows from `first` on, one strip: heights, and where the ball touches, (I, J, 2) in cells."""
    rows, columns = radius.shape
    last = min(first + _STRIP, rows)
    begin, end = max(first - reach, 0), min(last + reach, rows)
    lowest = np.full((last - first, columns), np.inf)
    for i in range(begin, end - 1):
        for j in range(columns - 1):
            for half in range(2):
                _rasterise(sheet, i, j, half, first, lowest, contact)
    for i in range(first, last):
        for j in range(columns):
            z, u, v = np.inf, float(i), float(j)
            if radius[i, j] <= 0.0:
                z = spline_at(spline, step, u, v)[0]
            elif lowest[i - first, j] < np.inf:
                z, u, v = _touching(spline, step, radius[i, j], i, j, contact[i, j, 0], contact[i, j, 1])
            if z == np.inf:
                z, u, v = _searched(spline, step, radius[i, j], i, j)
            eroded_z[i, j], contact[i, j, 0], contact[i, j, 1] = z, u, v


@compiled
def _settle(
    spline: FloatArray, step: float, radius: FloatArray, way: int, eroded_z: FloatArray, contact: FloatArray
) -> None:
    """Try at each node the sheets that its neighbours touch, there (`way` 1) or back (-1), where it touches another.

    Near creases the drawing, in straight triangles and with the radius of the place of contact, can choose wrongly.
    """
    rows, columns = radius.shape
    for row in range(rows):
        i = row if way > 0 else rows - 1 - row
        for column in range(columns):
            j = column if way > 0 else columns - 1 - column
            for di, dj in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
                k, n = i + way * di, j + way * dj
                if k < 0 or n < 0 or k >= rows or n >= columns or radius[i, j] <= 0.0:
                    continue
                u, v = contact[k, n, 0] - way * di, contact[k, n, 1] - way * dj
                apart = abs(u - contact[i, j, 0]) + abs(v - contact[i, j, 1])
                if apart > _OTHER_SHEET:
                    z, u, v = _touching(spline, step, radius[i, j], i, j, u, v)
                    if z < eroded_z[i, j]:
                        eroded_z[i, j], contact[i, j, 0], contact[i, j, 1] = z, u, v
                if apart > _SAME_PLACE:
                    u, v = contact[k, n, 0] - way * di, contact[k, n, 1] - way * dj
                    # It reaches through the field there: Newton's method lost the kink that it touches.
                    if _centre_height(spline, step, radius[i, j], i, j, u, v) < eroded_z[i, j] - _THROUGH_MM:
                        z, u, v = _searched(spline, step, radius[i, j], i, j)
                        if z < eroded_z[i, j]:
                            eroded_z[i, j], contact[i, j, 0], contact[i, j, 1] = z, u, v


@compiled
def _rasterise(
    sheet: FloatArray, i: int, j: int, half: int, first: int, lowest: FloatArray, contact: FloatArray
) -> None:
    """Draw one triangle of the moved sheet into the nodes that it covers, wherever it is the lowest so far."""
    b_i, b_j = (i + 1, j) if half == 0 else (i + 1, j + 1)
    c_i, c_j = (i + 1, j + 1) if half == 0 else (i, j + 1)
    ax, ay, az = sheet[i, j, 0], sheet[i, j, 1], sheet[i, j, 2]
    bx, by, bz = sheet[b_i, b_j, 0], sheet[b_i, b_j, 1], sheet[b_i, b_j, 2]
    cx, cy, cz = sheet[c_i, c_j, 0], sheet[c_i, c_j, 1], sheet[c_i, c_j, 2]
    rows, columns = lowest.shape
    low_i = max(int(np.ceil(min(ax, bx, cx) - 1e-9)), first)
    high_i = min(int(np.floor(max(ax, bx, cx) + 1e-9)), first + rows - 1)
    low_j = max(int(np.ceil(min(ay, by, cy) - 1e-9)), 0)
    high_j = min(int(np.floor(max(ay, by, cy) + 1e-9)), columns - 1)
    double = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if low_i > high_i or low_j > high_j or double == 0.0:
        return
    for m in range(low_i, high_i + 1):
        for n in range(low_j, high_j + 1):
            b = ((m - ax) * (cy - ay) - (n - ay) * (cx - ax)) / double
            c = ((bx - ax) * (n - ay) - (by - ay) * (m - ax)) / double
            if b < -1e-6 or c < -1e-6 or b + c > 1.0 + 1e-6:
                continue
            z = az + b * (bz - az) + c * (cz - az)
            if z < lowest[m - first, n]:
                lowest[m - first, n] = z
                contact[m, n, 0] = i + b * (b_i - i) + c * (c_i - i)
                contact[m, n, 1] = j + b * (b_j - j) + c * (c_j - j)


@compiled
def _touching(
    spline: FloatArray, step: float, radius: float, m: int, n: int, u: float, v: float
) -> tuple[float, float, float]:
    """Find where a ball with its centre below (m, n) touches a spline near (u, v), all in cells.

    Returns the centre's height, inf if it touches nowhere, and the place of contact. That, moved by the radius along
    its normal, lies at the centre: two equations, without the poles that the ball's equator has where walls are steep.
    """
    best, least = np.inf, np.inf
    from_u, from_v, du, dv = u, v, 0.0, 0.0
    for _ in range(_MAX_STEPS):
        f, fx, fy, fxx, fxy, fyy = spline_at(spline, step, u, v)
        s = np.sqrt(1.0 + fx * fx + fy * fy)
        share = radius / s
        ex, ey = (m - u) * step - share * fx, (n - v) * step - share * fy
        miss = ex * ex + ey * ey
        if miss >= least:  # gone too far: a kink of the field
            du, dv = 0.5 * du, 0.5 * dv
        else:
            # The parallel surface has the slope of the point of contact: what is still missing follows it.
            best, least = f - share + fx * ex + fy * ey, miss
            if miss < 1e-8:
                return best, u, v
            from_u, from_v = u, v
            gx, gy = (fx * fxx + fy * fxy) / (s * s), (fx * fxy + fy * fyy) / (s * s)
            a, b = 1.0 + share * (fxx - fx * gx), share * (fxy - fx * gy)
            c, d = share * (fxy - fy * gx), 1.0 + share * (fyy - fy * gy)
            double = a * d - b * c
            if abs(double) < 1e-3:
                break
            du, dv = (d * ex - b * ey) / double / step, (a * ey - c * ex) / double / step
            shorter = min(1.0, 1.0 / max(abs(du), abs(dv), 1e-12))
            du, dv = shorter * du, shorter * dv
        u, v = from_u + du, from_v + dv
    return best if least < 1e-6 else np.inf, from_u, from_v


@compiled
def _searched(spline: FloatArray, step: float, radius: float, m: int, n: int) -> tuple[float, float, float]:
    """Find the same by trying: at the field's border, where the ball rolls round its end, and at tips of creases."""
    reach, low, u, v = radius / step, np.inf, float(m), float(n)
    for i in range(max(int(np.ceil(m - reach)), 0), min(int(m + reach), spline.shape[0] - 1) + 1):
        for j in range(max(int(np.ceil(n - reach)), 0), min(int(n + reach), spline.shape[1] - 1) + 1):
            z = _centre_height(spline, step, radius, m, n, float(i), float(j))
            if z < low:
                low, u, v = z, float(i), float(j)
    stride = 0.5
    while stride > 1e-3:
        from_u, from_v, before = u, v, low
        for di in range(-1, 2):
            for dj in range(-1, 2):
                x = min(max(from_u + stride * di, 0.0), spline.shape[0] - 1.0)
                y = min(max(from_v + stride * dj, 0.0), spline.shape[1] - 1.0)
                z = _centre_height(spline, step, radius, m, n, x, y)
                if z < low:
                    low, u, v = z, x, y
        if low >= before:
            stride *= 0.5
    return low, u, v


@compiled
def _centre_height(spline: FloatArray, step: float, radius: float, m: int, n: int, u: float, v: float) -> float:
    """Return the height of the centre below (m, n) of a ball that touches a spline at (u, v); inf out of its reach."""
    room = radius * radius - step * step * ((u - m) ** 2 + (v - n) ** 2)
    return float(spline_at(spline, step, u, v)[0] - np.sqrt(room)) if room >= 0.0 else np.inf
