"""Sizes of images."""

from __future__ import annotations

from dataclasses import dataclass

_SAME_SHAPE = 0.01  # by how much the ratio of two images' sides may differ, if they show the same


@dataclass(frozen=True)
class Size:
    """Width and height of an image in pixels, as messages say them."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"


def same_shape(color: Size, depth: Size) -> bool:
    """Whether two images can show the same, at two resolutions."""
    return abs(color.width * depth.height - color.height * depth.width) <= _SAME_SHAPE * color.height * depth.width


#: Of the depth of a phone's LiDAR; that of its front camera (TrueDepth) has 480 × 640.
LIDAR_SIZES = (Size(192, 256), Size(256, 192))
