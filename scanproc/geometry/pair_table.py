"""How every placed view fits every other: counted once, then judged for any choice of views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray, inverse
from scanproc.geometry.icp import residuals
from scanproc.geometry.placement import PreparedView, compare

_MIN_OVERLAP = 0.1  # below it, the few points that two views share lie at their rims, and tell no distance


@dataclass(frozen=True)
class PairTable:
    """Counts for view a against view b, each (N, N) float64.

    Attributes
    ----------
    hits : points of a on what b saw.
    contradictions : points of a that b would have seen elsewhere, see `agreement.Agreement`.
    squares, matches : sum of squared distances in mm^2 of a's points from b's surface, and their number.
    points : (N,) number of points of each view.
    """

    hits: FloatArray
    contradictions: FloatArray
    squares: FloatArray
    matches: FloatArray
    points: FloatArray

    def overlap(self, views: NDArray[np.bool_]) -> FloatArray:
        """Return the largest share of each view's points that one other of `views` saw, (N,)."""
        return np.asarray((self.hits * views).max(axis=1) / self.points)

    def consistency(self, views: NDArray[np.bool_]) -> FloatArray:
        """Return the share of each view's judged points that agree with `views`, (N,); both ways count.

        Contradictions weigh as much as hits: a group of views that agrees within itself but was put in the wrong
        place contradicts all others.
        """
        both, against = self.hits + self.hits.T, self.contradictions + self.contradictions.T
        hits, contradictions = (both * views).sum(axis=1), (against * views).sum(axis=1)
        return np.asarray(hits / np.maximum(hits + contradictions, 1.0))

    def rms_mm(self, views: NDArray[np.bool_]) -> FloatArray:
        """Return the RMS distance of each view from those of `views` that it overlaps, (N,) mm; inf without any."""
        matches = (self.matches * views).sum(axis=1)
        squares = (self.squares * views).sum(axis=1)
        mean = np.divide(squares, matches, out=np.full(len(matches), np.inf), where=matches > 0)
        return np.asarray(np.sqrt(mean))


def compare_all(views: Sequence[PreparedView], poses: Sequence[FloatArray], tolerance_mm: float) -> PairTable:
    """Compare every view, at its T_scan_camera, with every other."""
    count = len(views)
    hits, contradictions, squares, matches = (np.zeros((count, count)) for _ in range(4))
    for a, source in enumerate(views):
        for b, target in enumerate(views):
            if a == b:
                continue
            T_target_source = inverse(poses[b]) @ poses[a]
            found = compare(source.fine, T_target_source, target.view, tolerance_mm)
            hits[a, b], contradictions[a, b] = found.on_surface.sum(), found.contradictions
            if found.overlap > _MIN_OVERLAP:
                distances = residuals(source.fine, target.fine, T_target_source, 2.0 * tolerance_mm)
                squares[a, b], matches[a, b] = (distances**2).sum(), len(distances)
    points = np.array([max(len(view.fine.points), 1) for view in views], dtype=np.float64)
    return PairTable(hits, contradictions, squares, matches, points)
