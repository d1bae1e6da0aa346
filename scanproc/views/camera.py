"""A parallel projection: from points to pixels of a window and back. Pixels count from its upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scanproc.frames import FloatArray

_FAR_MM = 3000.0  # the eye's distance, behind everything


@dataclass(frozen=True)
class Camera:
    """Where a window looks from.

    Attributes
    ----------
    centre : (3,) mm, the point in the middle of the window.
    look, up : (3,) unit vectors, from the eye and upwards in the window.
    height_mm : what the height of the window stands for.
    width_px, height_px : of the part of the window that shows the scene.
    """

    centre: FloatArray
    look: FloatArray
    up: FloatArray
    height_mm: float
    width_px: int
    height_px: int

    @staticmethod
    def round(
        points: FloatArray, look: FloatArray, up: FloatArray, size_px: tuple[int, int], below_px: float = 0.0
    ) -> Camera:
        """Return a camera whose window holds (N, 3) points, with room beside them for labels, and below them."""
        right = np.cross(look, up)
        flat = points @ np.stack([right, up, look], axis=1)
        low, high = flat.min(axis=0), flat.max(axis=0)
        width, height = np.maximum(high - low, 1.0)[:2] * (1.5, 1.2)
        centre = np.stack([right, up, look], axis=1) @ (0.5 * (low + high))
        height_mm = float(max(height * size_px[1] / (size_px[1] - below_px), width * size_px[1] / size_px[0]))
        return Camera(centre - 0.5 * below_px * height_mm / size_px[1] * up, look, up, height_mm, *size_px)

    @property
    def right(self) -> FloatArray:
        """(3,) unit vector to the right in the window."""
        return np.cross(self.look, self.up)

    @property
    def mm_per_px(self) -> float:
        return self.height_mm / self.height_px

    @property
    def eye(self) -> FloatArray:
        """(3,) mm, behind everything that is looked at."""
        return np.asarray(self.centre - _FAR_MM * self.look)

    def pixels(self, points: FloatArray) -> FloatArray:
        """Return (N, 2) x and y in pixels of (N, 3) points."""
        away = (points - self.centre) / self.mm_per_px
        return np.stack([self.width_px / 2.0 + away @ self.right, self.height_px / 2.0 - away @ self.up], axis=1)

    def on_ray(self, pixel: Sequence[float] | FloatArray) -> FloatArray:
        """Return the (3,) point behind everything that is seen at a pixel; the ray goes on along `look`."""
        x, y = (pixel[0] - self.width_px / 2.0) * self.mm_per_px, (self.height_px / 2.0 - pixel[1]) * self.mm_per_px
        return np.asarray(self.eye + x * self.right + y * self.up)

    def as_deep_as(self, point: FloatArray, pixel: Sequence[float] | FloatArray) -> FloatArray:
        """Return the (3,) point that is seen at a pixel and as far away as a given one."""
        start = self.on_ray(pixel)
        return np.asarray(start + ((point - start) @ self.look) * self.look)

    def panned(self, right_px: float, down_px: float) -> Camera:
        """Return the camera that shows everything so many pixels further to the right and down."""
        step = self.mm_per_px * (right_px * self.right - down_px * self.up)
        return replace(self, centre=self.centre - step)

    def zoomed(self, factor: float) -> Camera:
        """Return the camera that shows everything `factor` times as large."""
        return replace(self, height_mm=self.height_mm / factor)
