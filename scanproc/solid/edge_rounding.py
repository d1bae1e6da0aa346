"""An edge of a solid, rounded where its upright side meets the underside; or, upside down, the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import nearest_on_curve
from scanproc.solid.greedy_insertion import snapped_plan

_LEAST_MM = 0.1  # rounder edges than this are not rounded
_TURNS = 1.0 - np.cos(np.deg2rad([30.0, 60.0, 90.0]))  # shares of the reach: even steps round the edge


@dataclass(frozen=True)
class RoundedEdge:
    """Circles that touch an upright side and the underside that descends from it.

    Attributes
    ----------
    outline : (K, 2), counter-clockwise.
    radius_mm : (K,).
    descent : (K,) slope with which the underside descends inwards; negative where it rises.
    """

    outline: FloatArray
    radius_mm: FloatArray
    descent: FloatArray

    @property
    def reach_mm(self) -> FloatArray:
        """How far from the outline the circles meet the underside, (K,) mm."""
        return np.asarray(self.radius_mm * (1.0 - self.descent / np.hypot(1.0, self.descent)))

    @property
    def rounds(self) -> bool:
        """Whether there is anything to round."""
        return bool(self.reach_mm.max() >= _LEAST_MM)

    def raised(self, xy: FloatArray) -> FloatArray:
        """Return how far the edge's rounding raises the underside at (N, 2) points inside the outline, (N,) mm."""
        rise = np.zeros(len(xy))
        if not self.rounds:
            return rise
        near = nearest_on_curve(self.outline, xy, float(self.reach_mm.max()) + 1e-3, closed=True)
        close = np.isfinite(near.distance_mm)
        d = np.maximum(near.distance_mm[close], 0.0)
        r, s = near.of(self.radius_mm)[close], near.of(self.descent)[close]
        sine = s / np.hypot(1.0, s)
        reach = r * (1.0 - sine)
        circle = r * np.sqrt(1.0 - sine**2) - s * reach - np.sqrt(np.maximum(d * (2.0 * r - d), 0.0))
        rise[close] = np.where(d < reach, np.maximum(circle + s * d, 0.0), 0.0)
        return rise

    def points(self) -> FloatArray:
        """Return rows of points along the rounding, where it rounds, that triangles can follow, (N, 2)."""
        return np.vstack([inner_row(self.outline, share * self.reach_mm) for share in _TURNS])


def inner_row(outline: FloatArray, off_mm: FloatArray) -> FloatArray:
    """Return points that lie inside each point of an outline, (K, 2), by `off_mm`, (K,); (N, 2), `snapped_plan`.

    Where the outline bends more sharply than they are off it, rows would run over each other: such points are left out.
    """
    row = snapped_plan(outline + off_mm[:, None] * inwards(outline))
    off = nearest_on_curve(outline, row, float(off_mm.max()) + 1.0, closed=True).distance_mm
    return np.asarray(row[(np.abs(off - off_mm) < 0.02) & (off_mm > 0.01)])


def inwards(outline: FloatArray) -> FloatArray:
    """Return the direction into an outline at each of its points, (K, 2)."""
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    return np.asarray(np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True))


def rounded_edge(
    outline: FloatArray, side_mm: FloatArray, descent: FloatArray, radius_mm: float | FloatArray
) -> RoundedEdge:
    """Return the rounding of a lower edge; of an upper one heights count downwards.

    Parameters
    ----------
    side_mm : (K,) height of the upright side at each point of the outline; no rounding takes more than 0.4 of it.
    descent : (K,) slope with which the underside descends inwards.
    radius_mm : one number or (K,), what the rounding takes of the side at most; where the edge is sharper than square,
        less is round.
    """
    rises = np.maximum(-descent, 0.0)
    return RoundedEdge(outline, np.minimum(radius_mm, 0.4 * side_mm) / (rises + np.hypot(1.0, rises)), descent)
