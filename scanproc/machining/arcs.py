"""Arcs of programs: fitted to runs of short straight moves before they are written, and read back as chords.

An arc lies in the plane of X and Y (G17) and may climb: z follows the angle.
"""

from __future__ import annotations

import numpy as np

from scanproc.compiled import compiled
from scanproc.frames import FloatArray

_LEAST_POINTS = 4  # moves that are worth an arc
_MOST_POINTS = 400
_MOST_RAD = 0.9 * np.pi  # a control finds the way round by the ends: half a turn would be in doubt
_MOST_RADIUS_MM = 500.0  # flatter ones are rounded away with their centres
_CHORD_MM = 0.001  # how far the chords that an arc is read as lie off it


@compiled
def fitted_arcs(points: FloatArray, feed: FloatArray, tolerance: float) -> tuple[FloatArray, FloatArray]:
    """Return where arcs may stand for straight moves.

    Parameters
    ----------
    points : (N, 3) ends of moves.
    feed : (N,) feed of the move to each; 0 of a rapid one: an arc has one feed.
    tolerance : how far a chord may lie off the arc that stands for it, mm.

    Returns
    -------
    (N,), (N, 3)
        For each point the number of the one at which an arc ends that begins there, or -1; and of that arc its
        centre's x and y, and its sense: 1 counter-clockwise, -1 clockwise.
    """
    ends, arcs = np.full(len(points), -1.0), np.zeros((len(points), 3))
    first = 0
    while first + _LEAST_POINTS < len(points):
        last, best = first + _LEAST_POINTS, -1
        while last < min(len(points), first + _MOST_POINTS) and feed[last] > 0.0 and feed[last] == feed[first + 1]:
            if not _is_arc(points, first, last, tolerance, arcs[first]):
                break
            best = last
            last += 1
        if best < 0:
            first += 1
            continue
        _is_arc(points, first, best, tolerance, arcs[first])
        ends[first] = best
        first = best
    return ends, arcs


@compiled
def _is_arc(points: FloatArray, first: int, last: int, tolerance: float, arc: FloatArray) -> bool:
    """Tell whether points and their chords' middles lie on one arc, which is written to `arc`: centre and sense."""
    middle = (first + last) // 2
    ax, ay = points[first, 0], points[first, 1]
    bx, by = points[middle, 0] - ax, points[middle, 1] - ay
    cx, cy = points[last, 0] - ax, points[last, 1] - ay
    cross = 2.0 * (bx * cy - by * cx)
    if abs(cross) < 1e-9:
        return False
    bb, cc = bx * bx + by * by, cx * cx + cy * cy
    x, y = ax + (cy * bb - by * cc) / cross, ay + (bx * cc - cx * bb) / cross
    radius, sense = np.hypot(x - ax, y - ay), 1.0 if cross > 0.0 else -1.0
    if radius > _MOST_RADIUS_MM:
        return False
    begin = np.arctan2(ay - y, ax - x)
    whole = (sense * (np.arctan2(points[last, 1] - y, points[last, 0] - x) - begin)) % (2.0 * np.pi)
    before = 0.0
    if whole > _MOST_RAD:
        return False
    for k in range(first + 1, last + 1):
        px, py = points[k, 0] - x, points[k, 1] - y
        angle = (sense * (np.arctan2(py, px) - begin)) % (2.0 * np.pi)
        z = points[first, 2] + angle / whole * (points[last, 2] - points[first, 2])
        sag = radius * (1.0 - np.cos(0.5 * (angle - before)))
        if angle <= before or angle > whole + 1e-9 or sag > tolerance:
            return False
        if abs(np.hypot(px, py) - radius) > tolerance or abs(points[k, 2] - z) > tolerance:
            return False
        before = angle
    arc[0], arc[1], arc[2] = x, y, sense
    return True


def chords_of(start: FloatArray, end: FloatArray, centre: FloatArray, sense: float) -> FloatArray:
    """Return the points at which an arc is read, (M, 3), its end the last; its beginning is left out.

    Parameters
    ----------
    start, end : (3,) mm; centre : (2,).
    sense : 1 counter-clockwise (G3), -1 clockwise (G2).
    """
    radius = float(np.hypot(*(start[:2] - centre)))
    begin = np.arctan2(*(start[:2] - centre)[::-1])
    whole = (sense * (np.arctan2(*(end[:2] - centre)[::-1]) - begin)) % (2.0 * np.pi)
    step = 2.0 * np.arccos(1.0 - min(_CHORD_MM / max(radius, _CHORD_MM), 1.0))
    share = np.linspace(0.0, 1.0, max(int(np.ceil(whole / step)), 1) + 1)[1:]
    angle = begin + sense * share * whole
    points = np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])
    points[-1] = end[:2]
    return np.column_stack([points, start[2] + share * (end[2] - start[2])])
