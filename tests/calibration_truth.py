"""Tiles of a camera whose scale and warp are known, with the errors that a stereo camera's views have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scanproc.calibration.tiles import ViewTiles
from scanproc.frames import FloatArray

HEIGHT_SHARE, USUAL_MM = 480.0 / 848.0, 400.0
TILE = 1.0 / 53.0


@dataclass(frozen=True)
class KnownCamera:
    """Recorded depth times `scale` times (1 + warp) is true; the warp is of slow waves, 0.7 mm strong at 400 mm.

    `noise` is a tile's, `slow` a view's own error, which changes over a third of the image as well: of a D435.
    """

    seed: int = 0
    scale: float = 0.99
    warp_sd: float = 0.0018
    noise: float = 0.0013
    slow: float = 0.0005

    def warp(self, uv: FloatArray) -> FloatArray:
        """Return the share at places of the image, (N, 2) in widths."""
        rng = np.random.default_rng([self.seed, 7])
        return self.warp_sd * _waves(uv, 0.3, rng)

    def sheet_view(self, number: int, distance_mm: float = USUAL_MM, far_share: float = 0.25) -> ViewTiles:
        """Return a view of a sheet a fifth of the image wide, somewhere, near or far, a little tilted."""
        rng = np.random.default_rng([self.seed, number])
        size = np.array([0.2, 0.26])
        low = rng.uniform(0.0, 1.0, 2) * (np.array([1.0, HEIGHT_SHARE]) - size)
        x, y = np.meshgrid(np.arange(low[0], low[0] + size[0], TILE), np.arange(low[1], low[1] + size[1], TILE))
        return self._seen(f"sheet {number}", np.column_stack([x.ravel(), y.ravel()]), distance_mm, far_share, rng)

    def wall_view(self, number: int) -> ViewTiles:
        """Return a view of a wall, against the plane that fits its own inverse depth best."""
        rng = np.random.default_rng([self.seed, 1000 + number])
        x, y = np.meshgrid(np.arange(TILE / 2, 1.0, TILE), np.arange(TILE / 2, HEIGHT_SHARE, TILE))
        view = self._seen(f"wall {number}", np.column_stack([x.ravel(), y.ravel()]), USUAL_MM, 0.1, rng)
        recorded = view.ratio / view.depth_mm
        return replace(view, ratio=recorded / (recorded - without_tilt(view.uv, recorded)), pose_known=False)

    def _seen(
        self, name: str, uv: FloatArray, distance_mm: float, far_share: float, rng: np.random.Generator
    ) -> ViewTiles:
        tilt = rng.normal(0.0, 0.3, 2)
        depth = distance_mm * rng.uniform(1.0 - far_share, 1.0 + far_share) / (1.0 + (uv - uv.mean(axis=0)) @ tilt)
        error = self.slow * _waves(uv, 0.3, rng) + self.noise * rng.standard_normal(len(uv))
        return ViewTiles(name, uv, self.scale * (1.0 + self.warp(uv) * depth / USUAL_MM + error), depth)


def without_tilt(uv: FloatArray, values: FloatArray) -> FloatArray:
    """Return values less their mean and slopes over the image."""
    plane = np.column_stack([np.ones(len(uv)), uv])
    return np.asarray(values - plane @ np.linalg.lstsq(plane, values)[0])


def _waves(uv: FloatArray, length: float, rng: np.random.Generator) -> FloatArray:
    """Return a random field of unit variance, of waves a few times `length` long, at (N, 2) places."""
    total = np.zeros(len(uv))
    for _ in range(6):
        way, phase = rng.normal(0.0, 1.0 / length, 2), rng.uniform(0.0, 2.0 * np.pi)
        total += np.cos(uv @ way + phase)
    return np.asarray(total / np.sqrt(3.0))
