"""Whether two views can be of the same thing: what one saw must not show where the other saw something else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, CleanView
from scanproc.frames import FloatArray

#: Facing points hidden this far behind the seen surface may lie on another part of the foot, such as the other toe.
_THICKNESS_MM = 15.0
#: Points seen at a more grazing angle than this may have been dropped by the other view: they prove nothing.
_MIN_COSINE = 0.35


@dataclass(frozen=True)
class Agreement:
    """How N points fit what a view saw.

    Attributes
    ----------
    on_surface : (N,) bool, the point lies on the seen surface.
    contradictions : number of points that the camera would have seen in front of the surface, just behind it, or
        beside the silhouette.
    """

    on_surface: BoolArray
    contradictions: int

    @property
    def overlap(self) -> float:
        """Share of all points that lie on the seen surface."""
        return float(self.on_surface.mean()) if len(self.on_surface) else 0.0

    @property
    def consistency(self) -> float:
        """Share of those on the surface among those and the contradictions; 0 where nothing overlaps."""
        hits = int(self.on_surface.sum())
        return hits / max(hits + self.contradictions, 1)


def agree(points: FloatArray, normals: FloatArray, seen: CleanView, tolerance_mm: float) -> Agreement:
    """Compare (N, 3) points and normals, in the frame of the camera, with what that camera saw."""
    camera = seen.intrinsics
    cosine = -np.einsum("ij,ij->i", points, normals) / np.linalg.norm(points, axis=1)
    facing = np.flatnonzero((cosine > _MIN_COSINE) & (points[:, 2] > 1.0))
    p = points[facing]
    u = np.rint(p[:, 0] / p[:, 2] * camera.fx + camera.cx).astype(np.int64)
    v = np.rint(p[:, 1] / p[:, 2] * camera.fy + camera.cy).astype(np.int64)
    inside = (u >= 0) & (u < camera.width) & (v >= 0) & (v < camera.height)
    facing, u, v = facing[inside], u[inside], v[inside]
    measured = seen.depth_mm[v, u]
    # Along the normal: on a slope one pixel more is much depth.
    behind = (points[facing, 2] - measured) * cosine[facing]
    hit = measured > 0
    on_surface = np.zeros(len(points), dtype=bool)
    on_surface[facing] = hit & (np.abs(behind) <= tolerance_mm)
    in_front = hit & (behind < -tolerance_mm)
    just_behind = hit & (behind > tolerance_mm) & (behind < max(_THICKNESS_MM, 2.0 * tolerance_mm))
    beside = ~seen.silhouette[v, u]
    return Agreement(on_surface, int((in_front | just_behind | beside).sum()))


def together(agreements: Iterable[Agreement]) -> Agreement:
    """Return how the same points fit several views: on the surface of any, contradictions of all, weighed by hits."""
    every = list(agreements)
    hits = sum(int(one.on_surface.sum()) for one in every)
    on_surface = np.logical_or.reduce([one.on_surface for one in every])
    # Seen twice must not count twice against being contradicted twice.
    share = int(on_surface.sum()) / max(hits, 1)
    return Agreement(on_surface, round(sum(one.contradictions for one in every) * share))
