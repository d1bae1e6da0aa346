"""All views of a recording end to end in flat arrays, as compiled loops over many pairs of views want them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import CleanView
from scanproc.depth.images import pixel_mm
from scanproc.depth.rims import RIM_REACH_DEG, rim_bias
from scanproc.frames import FloatArray
from scanproc.parallel import parallel_map


class Images(NamedTuple):
    """What V cameras saw, row by row, one image after the other.

    Attributes
    ----------
    depth_mm : (P,) float32, 0 = not the foot's.
    normals : (P, 3) float32, camera frame, 0 where unknown.
    past : (P,) bool, the camera looked past the foot.
    rim_deg : (P,) float32, see `CleanView`; the reach of rims where nobody looked.
    rim_value, rim_decay_deg : of the rim term that is asked for, and what it is so far, 1/mm, see `RimTerm`; no decay
        where none is asked for.
    asks_focal : whether the shared term that is asked for is the focal one instead.
    noise_at_mm, noise_order : see `DepthNoise`; of order 0 until the noise is known.
    weight_order : power of the depth by which points weigh less in an alignment.
    first : (V,) int64, index of each image's first pixel.
    cameras : (V, 6) float64: width, height, fx, fy, cx, cy in pixels; pixel centres at integers.
    """

    depth_mm: NDArray[np.float32]
    normals: NDArray[np.float32]
    past: NDArray[np.bool_]
    rim_deg: NDArray[np.float32]
    rim_value: float
    rim_decay_deg: float
    asks_focal: bool
    noise_at_mm: float
    noise_order: int
    weight_order: int
    first: NDArray[np.int64]
    cameras: FloatArray

    def with_depths(self, views: Sequence[CleanView]) -> Images:
        """Return the images of the same views with another choice of their pixels."""
        return self._replace(depth_mm=_stacked_depths(views))


class Samples(NamedTuple):
    """Points picked evenly from V images: view k has those from first[k] up to first[k + 1].

    Attributes
    ----------
    points : (S, 3) float64, mm, camera frame.
    normals : (S, 3) float64, camera frame, towards the camera.
    rim_deg : (S,) float32, see `Images`.
    rim : (S,) float64 mm, see `depth.rims.rim_bias`; 0 until a decay is chosen.
    first : (V + 1,) int64.
    """

    points: FloatArray
    normals: FloatArray
    rim_deg: NDArray[np.float32]
    rim: FloatArray
    first: NDArray[np.int64]

    def with_rims(self, decay_deg: float) -> Samples:
        """Return the same samples with their `rim` at a decay."""
        return self._replace(rim=rim_bias(self.points[:, 2], self.rim_deg, decay_deg).astype(np.float64))

    def of(self, view: int) -> tuple[FloatArray, FloatArray]:
        """Return the points and normals of one view."""
        own = slice(int(self.first[view]), int(self.first[view + 1]))
        return self.points[own], self.normals[own]


def stack_images(views: Sequence[CleanView]) -> Images:
    """Bring views into one stack."""
    sizes = [view.depth_mm.size for view in views]
    cameras = [(c.width, c.height, c.fx, c.fy, c.cx, c.cy) for c in (view.intrinsics for view in views)]
    return Images(
        depth_mm=_stacked_depths(views),
        normals=_stacked(views, lambda view: view.normals.reshape(-1, 3), np.float32),
        past=_stacked(views, lambda view: ~view.silhouette.ravel(), np.bool_),
        rim_deg=_stacked(views, lambda view: _rim_deg(view).ravel(), np.float32),
        rim_value=0.0,
        rim_decay_deg=0.0,
        asks_focal=False,
        noise_at_mm=1.0,
        noise_order=0,
        weight_order=0,
        first=np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64),
        cameras=np.array(cameras, dtype=np.float64),
    )


def sample(views: Sequence[CleanView], spacing_mm: float) -> Samples:
    """Pick every n-th pixel across and down of each view, such that they lie about `spacing_mm` apart on the foot.

    They are not averaged: the noise of a depth camera is the same for all pixels within millimetres, and a mean of
    points on a toe lies inside it.
    """

    def picked(view: CleanView) -> tuple[FloatArray, FloatArray, NDArray[np.float32]]:
        step = max(1, round(spacing_mm / pixel_mm(view.depth_mm, view.intrinsics)))
        own = _every(view, step)
        while not len(own[0]) and step > 1:  # a strip between two rows of the grid
            step //= 2
            own = _every(view, step)
        return own

    found = parallel_map(picked, views, "sampling views")
    first = np.concatenate([[0], np.cumsum([len(own[0]) for own in found])]).astype(np.int64)
    points, normals, rim_deg = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Samples(points, normals, rim_deg, np.zeros(len(points)), first)


def _stacked_depths(views: Sequence[CleanView]) -> NDArray[np.float32]:
    return _stacked(views, lambda view: view.depth_mm.ravel(), np.float32)


def _stacked(views: Sequence[CleanView], of: Callable[[CleanView], NDArray[Any]], dtype: type) -> NDArray[Any]:
    """Return what is of each view, (N, …), as one array."""
    ends = np.cumsum([view.depth_mm.size for view in views])
    whole = np.empty((ends[-1], *of(views[0]).shape[1:]), dtype)

    def put(place: int) -> None:
        view = views[place]
        whole[ends[place] - view.depth_mm.size : ends[place]] = of(view)

    parallel_map(put, range(len(views)), "stacking views")
    return whole


def _rim_deg(view: CleanView, pixels: tuple[slice, slice] | EllipsisType = ...) -> NDArray[np.float32]:
    if view.rim_deg is None:
        return np.full(view.depth_mm[pixels].shape, RIM_REACH_DEG, np.float32)
    return view.rim_deg[pixels].astype(np.float32)


def _every(view: CleanView, step: int) -> tuple[FloatArray, FloatArray, NDArray[np.float32]]:
    """Return the points, unit normals and angles from a rim of every `step`-th pixel across and down, camera frame."""
    camera = view.intrinsics
    grid = slice(step // 2, None, step), slice(step // 2, None, step)
    there, found = view.depth_mm[grid].astype(np.float64), view.normals[grid].astype(np.float64)
    lengths = np.linalg.norm(found, axis=-1)
    v, u = np.nonzero((there > 0) & (lengths > 0))
    z = there[v, u]
    x, y = (u * step + step // 2 - camera.cx) / camera.fx * z, (v * step + step // 2 - camera.cy) / camera.fy * z
    return np.column_stack([x, y, z]), found[v, u] / lengths[v, u, None], _rim_deg(view, grid)[v, u]
