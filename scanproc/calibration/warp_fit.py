"""Scale and warp of a camera from the tiles of many views: a smooth map that all views share, a pose error of each.

Of a tile of view i at image position p, seen at depth z:

    ratio(p) / s0 - 1  =  c + w(p) z / z0 + z / z_i * (a_i + b_i p) + noise

z / z0 is 1 for a warp that is the same share of every depth. `w` is a Gaussian process over the image (Rasmussen &
Williams 2006, chapter 2): smooth, and nothing where no view was.
`a_i, b_i`, three numbers a view, are what is wrong with that view alone: the pose of its plane, and what the camera's
depth does slowly from frame to frame. How large all these are is found by expectation maximisation; how sure the scale
is, by leaving out each view in turn (jackknife), which asks no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import DepthWarp
from scanproc.calibration.tiles import ViewTiles
from scanproc.depth.images import cell_weights
from scanproc.frames import FloatArray

#: Of the map that is written: about 50 pixels of an image of 848, a quarter of what the warp changes over.
_COLUMNS = 16
_LENGTH = 0.2  # over which the warp changes, in widths of the image: a foot fills a third of one
_LEAST_EIGENVALUE = 1e-6  # smoother than anything that data could tell from noise
_ROUNDS = 12
_START_SD = 0.002  # of warp, pose errors and noise alike
_OFFSET_SD = 0.1  # of the shared offset: any scale will do


@dataclass(frozen=True)
class WarpFit:
    """What a camera's depth is to be multiplied by: the scale times (1 + the warp).

    Attributes
    ----------
    scale : mean of it over all that was seen; None where no view's pose was known.
    scale_sd : relative standard uncertainty of that, as the views differ; None likewise.
    warp : of mean 0 over all that was seen.
    view_offsets : (V,) relative error that is left of each view.
    residual_mm : root mean square of what is left of all tiles.
    """

    scale: float | None
    scale_sd: float | None
    warp: DepthWarp
    view_offsets: FloatArray
    residual_mm: float


@dataclass(frozen=True)
class _Variances:
    """Of the noise of a tile, of the map's modes, and of the three errors of each view, (3,)."""

    noise: float
    modes: float
    views: FloatArray


@dataclass(frozen=True)
class _View:
    """A view's equations: (N, K) of what is shared, (N, 3) of its own errors, (N,) what was seen."""

    shared: FloatArray
    own: FloatArray
    seen: FloatArray
    pose_known: bool

    def own_matrix(self, variances: _Variances) -> FloatArray:
        """Return the (3, 3) normal matrix of its own errors; of a pose that is not known, nothing is known of them."""
        known = np.diag(variances.noise / variances.views) if self.pose_known else np.zeros((3, 3))
        return np.asarray(self.own.T @ self.own + known)


@dataclass(frozen=True)
class _Normal:
    """What a view says of the K shared unknowns, its own errors eliminated: matrix @ unknowns = right."""

    matrix: FloatArray
    right: FloatArray


def fit_warp(views: Sequence[ViewTiles], height_share: float, at_mm: float | None) -> WarpFit:
    """Find scale and warp.

    Parameters
    ----------
    views : two or more, with ten tiles or more each.
    height_share : height of the image, in widths.
    at_mm : as of `DepthWarp`.
    """
    warp = _map(height_share, at_mm)
    ratios = [view.ratio for view in views if view.pose_known]
    start = float(np.median(np.concatenate(ratios))) if ratios else 1.0
    equations = [_equations(view, warp, start) for view in views]
    variances = _Variances(_START_SD**2, _START_SD**2, np.full(3, _START_SD**2))
    for _ in range(_ROUNDS):
        normals = [_normal(view, variances) for view in equations]
        shared, covariance = _solved(normals, variances)
        variances = _estimated(equations, shared, covariance, variances)
    normals = [_normal(view, variances) for view in equations]
    shared, _ = _solved(normals, variances)

    over_all = np.vstack([view.shared for view in equations]).mean(axis=0)
    offset = float(over_all @ shared)
    shares = ((warp.modes @ shared[1:]).reshape(warp.grid) + shared[0] - offset) / (1.0 + offset)
    left = [_left(view, shared) for view in equations]
    residual_mm = np.concatenate([part * view.depth_mm for part, view in zip(left, views, strict=True)])
    return WarpFit(
        scale=start * (1.0 + offset) if ratios else None,
        scale_sd=_jackknife(normals, over_all, variances) if ratios else None,
        warp=DepthWarp(shares, at_mm),
        view_offsets=np.array([np.mean(part) for part in left]),
        residual_mm=float(np.sqrt(np.mean(residual_mm**2))),
    )


@dataclass(frozen=True)
class _Map:
    """The map that is looked for: its grid, and (cells, M) the smooth maps that it is a sum of.

    With independent weights of unit variance, these are the Gaussian process.
    """

    grid: tuple[int, int]
    height_share: float
    at_mm: float | None
    modes: FloatArray

    def columns(self, view: ViewTiles) -> FloatArray:
        """Return (N, M) what each mode does to each tile."""
        across = cell_weights(self.grid[1], view.uv[:, 0])
        down = cell_weights(self.grid[0], view.uv[:, 1] / self.height_share)
        cells = np.einsum("ni,nj->nij", down, across).reshape(len(view.uv), -1)
        growth = 1.0 if self.at_mm is None else (view.depth_mm / self.at_mm)[:, None]
        return np.asarray(growth * (cells @ self.modes))


def _map(height_share: float, at_mm: float | None) -> _Map:
    rows, columns = max(round(_COLUMNS * height_share), 2), _COLUMNS
    y, x = np.meshgrid(
        (np.arange(rows) + 0.5) / rows * height_share, (np.arange(columns) + 0.5) / columns, indexing="ij"
    )
    place = np.column_stack([x.ravel(), y.ravel()])
    squared = ((place[:, None] - place) ** 2).sum(axis=-1)
    values, vectors = np.linalg.eigh(np.exp(-0.5 * squared / _LENGTH**2))
    kept = values > _LEAST_EIGENVALUE * values[-1]
    return _Map((rows, columns), height_share, at_mm, vectors[:, kept] * np.sqrt(values[kept]))


def _equations(view: ViewTiles, warp: _Map, start: float) -> _View:
    middle = view.uv.mean(axis=0)
    half = max(float(np.abs(view.uv - middle).max()), 1e-6)
    ones = np.ones(len(view.uv))
    return _View(
        shared=np.column_stack([ones, warp.columns(view)]),
        own=np.column_stack([ones, (view.uv - middle) / half]) * (view.depth_mm / view.distance_mm)[:, None],
        seen=view.ratio / (start if view.pose_known else 1.0) - 1.0,
        pose_known=view.pose_known,
    )


def _left(view: _View, shared: FloatArray) -> FloatArray:
    """Return (N,) what the shared map leaves; a plane that was fitted is fitted again: it has no error of its own."""
    left = view.seen - view.shared @ shared
    return np.asarray(left if view.pose_known else left - view.own @ np.linalg.lstsq(view.own, left)[0])


def _normal(view: _View, variances: _Variances) -> _Normal:
    cross = view.own.T @ view.shared
    weights = np.linalg.solve(view.own_matrix(variances), np.column_stack([cross, view.own.T @ view.seen]))
    return _Normal(
        matrix=view.shared.T @ view.shared - cross.T @ weights[:, :-1],
        right=view.shared.T @ view.seen - cross.T @ weights[:, -1],
    )


def _prior(count: int, variances: _Variances) -> FloatArray:
    """Return what is known of the shared unknowns beforehand, in the units of the normal equations."""
    each = np.full(count, variances.noise / variances.modes)
    each[0] = variances.noise / _OFFSET_SD**2
    return np.diag(each)


def _solved(normals: Sequence[_Normal], variances: _Variances) -> tuple[FloatArray, FloatArray]:
    """Return the (K,) shared unknowns and their (K, K) covariance."""
    matrix = sum((normal.matrix for normal in normals), _prior(len(normals[0].right), variances))
    inverted = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    return inverted @ sum(normal.right for normal in normals), variances.noise * inverted


def _estimated(
    equations: Sequence[_View], shared: FloatArray, covariance: FloatArray, variances: _Variances
) -> _Variances:
    """Return the variances that the unknowns found, and their uncertainties, speak for."""
    own_squares, left_squares = np.zeros(3), 0.0
    for view in equations:
        inverted = np.linalg.inv(view.own_matrix(variances))
        without = view.seen - view.shared @ shared
        own = inverted @ view.own.T @ without
        from_shared = inverted @ view.own.T @ view.shared
        if view.pose_known:
            own_squares += own**2 + variances.noise * np.diag(inverted)
            own_squares += np.einsum("ij,jk,ik->i", from_shared, covariance, from_shared)
        left_squares += float(((without - view.own @ own) ** 2).sum())
    count = sum(len(view.seen) for view in equations)
    freedom = max(count - 3 * len(equations) - len(shared), 1)
    modes = shared[1:] ** 2 + np.diag(covariance)[1:]
    num_known = max(sum(view.pose_known for view in equations), 1)
    return _Variances(
        noise=max(left_squares / freedom, 1e-12),
        modes=max(float(modes.mean()), 1e-12),
        views=np.maximum(own_squares / num_known, 1e-12),
    )


def _jackknife(normals: Sequence[_Normal], over_all: FloatArray, variances: _Variances) -> float:
    """Return the standard error of the mean ratio: each view in turn is left out."""
    matrix = sum((normal.matrix for normal in normals), _prior(len(over_all), variances))
    right = sum(normal.right for normal in normals)
    without = [float(over_all @ np.linalg.solve(matrix - normal.matrix, right - normal.right)) for normal in normals]
    count = len(normals)
    return float(np.sqrt((count - 1) / count * np.sum((np.array(without) - np.mean(without)) ** 2)))
