"""The lower edge of a solid, rounded where its upright side meets the underside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.geometry.curves import nearest_on_curve
from scanproc.geometry.triangulation import on_exact_plan

_LEAST_MM = 0.1  # rounder edges than this are not rounded
_TURNS = np.cos(np.deg2rad([30.0, 60.0, 90.0]))  # where points follow each other round the edge


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

    def raised(self, xy: FloatArray) -> FloatArray:
        """Return how far the edge's rounding raises the underside at (N, 2) points inside the outline, (N,) mm."""
        rise = np.zeros(len(xy))
        widest = float(self.reach_mm.max())
        if widest < _LEAST_MM:
            return rise
        near = nearest_on_curve(self.outline, xy, widest + 1e-3, closed=True)
        close = np.isfinite(near.distance_mm)
        d = np.maximum(near.distance_mm[close], 0.0)
        r, s = near.of(self.radius_mm)[close], near.of(self.descent)[close]
        sine = s / np.hypot(1.0, s)
        reach = r * (1.0 - sine)
        circle = r * np.sqrt(1.0 - sine**2) - s * reach - np.sqrt(np.maximum(d * (2.0 * r - d), 0.0))
        rise[close] = np.where(d < reach, np.maximum(circle + s * d, 0.0), 0.0)
        return rise

    def points(self) -> FloatArray:
        """Return points along the rounding that triangles can follow, (N, 2), `on_exact_plan`."""
        reach = self.reach_mm
        if reach.max() < _LEAST_MM:
            return np.empty((0, 2))
        along = np.roll(self.outline, -1, axis=0) - np.roll(self.outline, 1, axis=0)
        inward = np.column_stack([-along[:, 1], along[:, 0]]) / np.linalg.norm(along, axis=1, keepdims=True)
        offsets = [(1.0 - cosine) * reach for cosine in _TURNS]
        wide = reach >= _LEAST_MM
        rows = on_exact_plan(np.vstack([(self.outline + d[:, None] * inward)[wide] for d in offsets]))
        # Where the outline bends more sharply than the edge is round, rows would run over each other.
        distance = nearest_on_curve(self.outline, rows, float(reach.max()) + 1.0, closed=True).distance_mm
        return rows[np.abs(distance - np.concatenate([d[wide] for d in offsets])) < 0.02]


def rounded_edge(outline: FloatArray, side_mm: FloatArray, descent: FloatArray, radius_mm: float) -> RoundedEdge:
    """Return the rounding of a lower edge.

    Parameters
    ----------
    side_mm : (K,) height of the upright side at each point of the outline; no radius takes more than 0.4 of it.
    descent : (K,) slope with which the underside descends inwards.
    """
    return RoundedEdge(outline, np.minimum(radius_mm, 0.4 * side_mm), descent)
