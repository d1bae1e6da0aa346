"""All views of a recording end to end in flat arrays, as compiled loops over many pairs of views want them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import CleanView
from scanproc.depth.images import pixel_mm
from scanproc.frames import FloatArray


class Images(NamedTuple):
    """What V cameras saw, row by row, one image after the other.

    Attributes
    ----------
    depth_mm : (P,) float32, 0 = not the foot's.
    normals : (P, 3) float32, camera frame, 0 where unknown.
    past : (P,) bool, the camera looked past the foot.
    first : (V,) int64, index of each image's first pixel.
    cameras : (V, 6) float64: width, height, fx, fy, cx, cy in pixels; pixel centres at integers.
    """

    depth_mm: NDArray[np.float32]
    normals: NDArray[np.float32]
    past: NDArray[np.bool_]
    first: NDArray[np.int64]
    cameras: FloatArray


class Samples(NamedTuple):
    """Points picked evenly from V images: view k has those from first[k] up to first[k + 1].

    Attributes
    ----------
    points : (S, 3) float64, mm, camera frame.
    normals : (S, 3) float64, camera frame, towards the camera.
    first : (V + 1,) int64.
    """

    points: FloatArray
    normals: FloatArray
    first: NDArray[np.int64]

    def of(self, view: int) -> tuple[FloatArray, FloatArray]:
        """Return the points and normals of one view."""
        own = slice(int(self.first[view]), int(self.first[view + 1]))
        return self.points[own], self.normals[own]


def stack_images(views: Sequence[CleanView]) -> Images:
    """Bring views into one stack."""
    sizes = [view.depth_mm.size for view in views]
    cameras = [(c.width, c.height, c.fx, c.fy, c.cx, c.cy) for c in (view.intrinsics for view in views)]
    return Images(
        depth_mm=np.concatenate([view.depth_mm.ravel() for view in views]).astype(np.float32, copy=False),
        normals=np.concatenate([view.normals.reshape(-1, 3) for view in views]).astype(np.float32),
        past=~np.concatenate([view.silhouette.ravel() for view in views]),
        first=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
        cameras=np.array(cameras, dtype=np.float64),
    )


def sample(views: Sequence[CleanView], spacing_mm: float) -> Samples:
    """Pick every n-th pixel across and down of each view, such that they lie about `spacing_mm` apart on the foot.

    They are not averaged: the noise of a depth camera is the same for all pixels within millimetres, and a mean of
    points on a toe lies inside it.
    """
    points, normals = [], []
    for view in views:
        step = max(1, round(spacing_mm / pixel_mm(view.depth_mm, view.intrinsics)))
        own = _every(view, step)
        while not len(own[0]) and step > 1:  # a strip between two rows of the grid
            step //= 2
            own = _every(view, step)
        points.append(own[0])
        normals.append(own[1])
    first = np.concatenate([[0], np.cumsum([len(own) for own in points])]).astype(np.int64)
    return Samples(np.concatenate(points), np.concatenate(normals), first)


def _every(view: CleanView, step: int) -> tuple[FloatArray, FloatArray]:
    """Return the points and unit normals of every `step`-th pixel across and down, (N, 3) each, camera frame."""
    camera = view.intrinsics
    grid = slice(step // 2, None, step), slice(step // 2, None, step)
    there, found = view.depth_mm[grid].astype(np.float64), view.normals[grid].astype(np.float64)
    lengths = np.linalg.norm(found, axis=-1)
    v, u = np.nonzero((there > 0) & (lengths > 0))
    z = there[v, u]
    x, y = (u * step + step // 2 - camera.cx) / camera.fx * z, (v * step + step // 2 - camera.cy) / camera.fy * z
    return np.column_stack([x, y, z]), found[v, u] / lengths[v, u, None]
