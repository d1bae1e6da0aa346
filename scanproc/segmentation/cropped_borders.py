"""Where a recording was cropped by planes before it came here, and what the part that is missing may have hidden.

Who crops clouds to the foot cuts the leg off. What the leg hid stays missing: beyond such a cut the camera did not look
past the foot, though nothing is there.
"""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray, DepthImage, Intrinsics
from scanproc.depth.images import pixel_mm, unproject
from scanproc.frames import FloatArray

_BAND_MM = 0.5  # the border of a cut lies in its plane but for this and a pixel: points were chosen by it
_LEAST_PIXELS = 30  # of a cut's border
_ACROSS = 0.85  # cosine: the outline of a smooth body lies in a plane as well, but square to the line of sight
_LEAST_SD_MM = 7.0  # of the border across its longer direction: a straight edge alone lies in many planes
_REACH_MM = 250.0  # how far beyond the cut the missing part goes on


def hidden_by_crop(depth_mm: DepthImage, intrinsics: Intrinsics) -> BoolArray:
    """Return the pixels, (H, W), that the parts which were cropped away may have covered.

    A plane that crops has all points on one side, so that it is a face of their convex hull, and much of the border.
    """
    from scipy.spatial import ConvexHull, QhullError

    hidden = np.zeros(depth_mm.shape, dtype=np.bool_)
    border = unproject(np.where(_border(depth_mm), depth_mm, np.float32(0)), intrinsics)
    if len(border) < _LEAST_PIXELS:
        return hidden
    try:
        faces = np.unique(ConvexHull(border).equations.round(6), axis=0)
    except QhullError:  # all in one plane
        return hidden
    band_mm = _BAND_MM + pixel_mm(depth_mm, intrinsics)
    below = -(border @ faces[:, :3].T + faces[:, 3])
    for face in np.argsort(-(below < band_mm).sum(axis=0), kind="stable"):
        cut = border[below[:, face] < band_mm]
        if len(cut) < _LEAST_PIXELS:
            break
        sight = cut.mean(axis=0) / np.linalg.norm(cut.mean(axis=0))
        sds = np.linalg.svd(cut - cut.mean(axis=0), compute_uv=False) / np.sqrt(len(cut))
        if abs(faces[face, :3] @ sight) < _ACROSS and sds[1] > _LEAST_SD_MM:
            _mark(hidden, cut, faces[face, :3], intrinsics)
            below[below[:, face] < band_mm] = np.inf
    return hidden


def _border(depth_mm: DepthImage) -> BoolArray:
    """Return the pixels beside which there is nothing; what ends at the image's border does not count."""
    there = np.pad(depth_mm > 0, 1, constant_values=True)
    beside = there[:-2, 1:-1] & there[2:, 1:-1] & there[1:-1, :-2] & there[1:-1, 2:]
    return np.asarray((depth_mm > 0) & ~beside)


def _mark(hidden: BoolArray, cut: FloatArray, away: FloatArray, intrinsics: Intrinsics) -> None:
    """Mark what the border of a cut, drawn out along the plane's normal, covers."""
    height, width = hidden.shape
    step_mm = float(np.median(cut[:, 2])) / intrinsics.fx
    for reach in np.arange(0.0, _REACH_MM, step_mm):
        x, y, z = (cut + reach * away).T
        before = z > 1.0
        u = np.rint(x[before] / z[before] * intrinsics.fx + intrinsics.cx).astype(np.int64)
        v = np.rint(y[before] / z[before] * intrinsics.fy + intrinsics.cy).astype(np.int64)
        for du, dv in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
            inside = (u + du >= 0) & (u + du < width) & (v + dv >= 0) & (v + dv < height)
            hidden[v[inside] + dv, u[inside] + du] = True
