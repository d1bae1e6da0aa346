"""The metadata of Record3D, the app: a JSON in its `.r3d` files, and beside the images that it exports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scanproc.artifacts import Intrinsics
from scanproc.errors import ScanError
from scanproc.readers.intrinsics import LARGEST_SIDE, checked, is_number, is_numbers, scaled
from scanproc.readers.sizes import Size, same_shape

LIDAR_REMARK = (
    "the depth is of a phone's LiDAR, made of few points by software: fine shape is lost, lengths may be mm off; "
    "the front camera (TrueDepth) sees a foot better"
)
TRUEDEPTH, LIDAR = "TrueDepth (Record3D)", "LiDAR (Record3D)"
POSES_REMARK = "the app's poses were not used: views are placed by their shape"


def intrinsics_by_frame(path: Path, metadata: Mapping[str, Any], size: Size) -> list[Intrinsics]:
    """Return the intrinsics of the depth images, of each frame or one for all, at their size.

    They are stated of colour images of w × h pixels, as `perFrameIntrinsicCoeffs` [fx, fy, cx, cy] or as `K`, 3 × 3
    column by column.

    Raises
    ------
    ScanError
        If there are none, or they are of an image of another shape.
    """
    width, height = metadata.get("w", size.width), metadata.get("h", size.height)
    if not all(is_number(side) and 1 <= side <= LARGEST_SIDE for side in (width, height)):
        raise ScanError(f"{path}: its metadata state an image of {width!r:.20} × {height!r:.20}. Record it again.")
    if not same_shape(Size(round(width), round(height)), size):
        raise ScanError(
            f"{path}: its metadata are of images of {width} × {height} pixels, and its depth of {size}; expected one "
            "shape. Export it again."
        )
    by_frame: Any = metadata.get("perFrameIntrinsicCoeffs")
    matrix: Any = metadata.get("K")
    if isinstance(by_frame, list) and by_frame and all(is_numbers(each, 4) for each in by_frame):
        rows = by_frame
    elif is_numbers(matrix, 9):
        rows = [[matrix[0], matrix[4], matrix[6], matrix[7]]]
    else:
        raise ScanError(f"{path}: its metadata hold no camera (K of 9 numbers); expected one. Export it again.")
    whole = (Intrinsics(round(width), round(height), *map(float, row)) for row in rows)
    return [scaled(checked(path, each), size) for each in whole]
