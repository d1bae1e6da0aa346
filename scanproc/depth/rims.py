"""Rims of what a view saw: where stereo's matching window fattens the foreground, and depth is drawn to the camera."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, CleanView, DepthImage, Intrinsics, RimTerm
from scanproc.compiled import compiled
from scanproc.depth.images import pixel_mm, unproject
from scanproc.depth.normals import plane_fit_normals

#: Farther than this from a rim the matching window does not reach, deg. It has a fixed angle, whatever size an image
#: was given.
RIM_REACH_DEG = 2.0
_TRUST_DEG = 0.5  # by the measured decay of the bias; what only rims saw keeps the least trust
_LEAST_TRUST = 0.02
_CONTACT_DEG = 0.15  # beside the floor: 0.25 and more cut toes off in simulated recordings, and gained no more
_CONTACT_MM = 12.0  # over the floor: what ends higher up does not end before it
_MIXED_MM, _MIXED_DEG = 6.0, 0.5  # a foot's bulge hides what is lower: depth there is a mean of both, 2 to 4 mm outside
_LOW_MM = 30.0  # over the floor: the window reaches both from there, at 45 degrees
_NORMAL_RADIUS_MM = 4.0  # half the window of normals of corrected depth, on the surface
_JUMP_SHARE = 0.02  # of the depth: a step that a surface seen at a cosine of 0.34 does not make
_FINE_JUMP_MM = 6.0  # a foot's bulge hides 6 to 12 mm of the line of sight to the floor that it ends before
_STEEPEST = 2.8  # pixels: the step that a surface seen at that cosine makes
_GAP_DEG = 1.0  # a gap that narrow, with the same surface beyond it, is a hole


def rim_angles(
    depth_mm: DepthImage, intrinsics: Intrinsics, hidden: BoolArray | None = None, is_fine: bool = False
) -> NDArray[np.float32]:
    """Return how far each pixel is from where its surface ends, (H, W) deg; RIM_REACH_DEG where it is that or more.

    It ends before nothing, or before what is farther. What is itself behind something nearer has no rim there, and the
    border of the image is none, nor is a hole.

    Parameters
    ----------
    depth_mm : (H, W) float32, 0 = none.
    hidden : (H, W) pixels where the surface may go on although nothing is there: it was cropped.
    is_fine : before what is hardly farther, too. A foot far from the camera ends so before its floor; but so do the
        parts of it, one before another.
    """
    px_deg = float(np.degrees(1.0 / intrinsics.fx))
    none = np.zeros(depth_mm.shape, np.bool_) if hidden is None else hidden
    reach_px, gap_px = round(RIM_REACH_DEG / px_deg), round(_GAP_DEG / px_deg)
    jump_mm = _FINE_JUMP_MM if is_fine else np.inf
    return np.asarray(_rim_angles(depth_mm, none, px_deg, reach_px, gap_px, jump_mm))


@compiled
def _rim_angles(
    depth_mm: DepthImage, hidden: BoolArray, px_deg: float, reach_px: int, gap_px: int, jump_mm: float
) -> NDArray[np.float32]:
    height, width = depth_mm.shape
    squares = np.full((height, width), reach_px * reach_px, dtype=np.int32)
    for v in range(height):
        for u in range(width):
            z = depth_mm[v, u]
            limit = z + min(_JUMP_SHARE * z, max(jump_mm, _STEEPEST * np.radians(px_deg) * z))
            if z > 0.0 and _ends_beside(depth_mm, hidden, v, u, gap_px, limit):
                # What is no farther than the rim, round it, is of the same surface.
                for i in range(max(v - reach_px, 0), min(v + reach_px + 1, height)):
                    for j in range(max(u - reach_px, 0), min(u + reach_px + 1, width)):
                        square = (i - v) ** 2 + (j - u) ** 2
                        if square < squares[i, j] and 0.0 < depth_mm[i, j] < limit:
                            squares[i, j] = square
    return np.asarray(px_deg * np.sqrt(squares), np.float32)


@compiled
def _ends_beside(depth_mm: DepthImage, hidden: BoolArray, v: int, u: int, gap_px: int, limit_mm: float) -> bool:
    """Tell whether a surface ends at a pixel, to one of the four sides: before nothing, or what is beyond a limit."""
    height, width = depth_mm.shape
    for dv, du in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        for step in range(1, gap_px + 2):
            q, p = v + step * dv, u + step * du
            if q < 0 or q >= height or p < 0 or p >= width or hidden[q, p]:
                break
            if depth_mm[q, p] > 0.0:
                if depth_mm[q, p] > limit_mm:
                    return True
                break
            if step == gap_px + 1:
                return True
    return False


def with_fine_rims(view: CleanView) -> CleanView:
    """Return a view with its finer rims alone.

    It is fused by them: what they spoil beside a floor others see from the front. Registered it is without: inner steps
    of what is far away are most of what its place is told by.
    """
    return view if view.fine_rim_deg is None else replace(view, rim_deg=view.fine_rim_deg)


def rim_bias(depth_mm: NDArray[np.floating], rim_deg: NDArray[np.floating], decay_deg: float) -> NDArray[np.float32]:
    """Return by how much, (…) mm, the true depth is relatively larger for a unit (1/mm) of disparity too much at rims.

    The matching window adds disparity next to a rim: the inverse depth is too large by k exp(-angle / decay), so that
    the true depth is depth (1 + k depth exp(-angle / decay)), to first order. k is the rim term of a recording.

    Parameters
    ----------
    rim_deg : see `rim_angles`.
    decay_deg : how fast it falls inwards.
    """
    return np.asarray(depth_mm * np.exp(rim_deg.astype(np.float32) / np.float32(-decay_deg)), np.float32)


def rim_shift_mm(view: CleanView, rim: RimTerm) -> NDArray[np.float32]:
    """Return by how much `without_rim_bias` moves each pixel along its ray, (H, W) mm."""
    if view.rim_deg is None:
        return np.zeros(view.depth_mm.shape, np.float32)
    bias = rim_bias(view.depth_mm, view.rim_deg, rim.decay_deg)
    return np.asarray(np.float32(rim.value) * view.depth_mm * bias, np.float32)


def without_rim_bias(view: CleanView, rim: RimTerm) -> CleanView:
    """Return a view with the depth that it has by a recording's rim term, and its normals."""
    if view.rim_deg is None or not view.depth_mm.any():
        return view
    depth = view.depth_mm + rim_shift_mm(view, rim)
    radius = int(np.clip(round(_NORMAL_RADIUS_MM / pixel_mm(depth, view.intrinsics)), 2, 15))
    normals = plane_fit_normals(depth, view.intrinsics, radius, 0.0)
    x, y, z = np.moveaxis(normals, -1, 0)
    depth[(x == 0.0) & (y == 0.0) & (z == 0.0)] = 0.0
    return replace(view, depth_mm=depth, normals=normals.astype(np.float16))


def rim_trust(rim_deg: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return how far pixels are trusted beside those that see the same place from the front, (H, W), up to 1."""
    inside = 1.0 - np.exp(-((rim_deg.astype(np.float32) / np.float32(_TRUST_DEG)) ** 2))
    return np.asarray(np.maximum(inside, np.float32(_LEAST_TRUST)), np.float32)


def low_rim_trust(view: CleanView) -> NDArray[np.float32] | None:
    """Return how far pixels are trusted, (H, W), where no rim term was found; None without floor or rims.

    A rim low before the floor is mixed with it whatever those higher up do: drawn away from the camera instead of
    towards it, the two may well cancel in the term of the recording.
    """
    if view.floor is None or view.rim_deg is None:
        return None
    return np.where(_heights_mm(view) < _LOW_MM, rim_trust(view.rim_deg), np.float32(1.0))


def _heights_mm(view: CleanView) -> NDArray[np.float32]:
    """Return the height of each pixel of a view over its floor, (H, W) mm; inf where there is none."""
    heights = np.full(view.depth_mm.shape, np.inf, np.float32)
    if view.floor is not None:
        heights[view.depth_mm > 0.0] = view.floor.heights(unproject(view.depth_mm, view.intrinsics))
    return heights


def without_floor_contact(view: CleanView) -> CleanView:
    """Return a view without the pixels beside the floor: a matching window over both has a depth between the two.

    Such depth fills the furrow between a standing foot and its floor: measured to be 2 to 4 mm outside of the foot up
    to 6 mm over the floor, where a camera above cannot see the foot at all, and none of it stays there.
    """
    if view.floor is None or view.rim_deg is None or not view.depth_mm.any():
        return view
    height_mm = _heights_mm(view)
    contact = _beside_nothing(view.depth_mm) & (view.rim_deg > 0.0) & (height_mm < _CONTACT_MM)
    pixels_deg = float(np.radians(1.0)) * view.intrinsics.fx
    depth = _without(view.depth_mm, contact, max(1, round(_CONTACT_DEG * pixels_deg)))
    mixed = _without(view.depth_mm, contact, max(1, round(_MIXED_DEG * pixels_deg))) == 0.0
    depth[mixed & (height_mm < _MIXED_MM)] = 0.0
    return replace(view, depth_mm=depth)


@compiled
def _beside_nothing(depth_mm: DepthImage) -> BoolArray:
    """Return the pixels, (H, W), one of whose four neighbours has no depth."""
    height, width = depth_mm.shape
    found = np.zeros((height, width), dtype=np.bool_)
    for v in range(height):
        for u in range(width):
            if depth_mm[v, u] > 0.0:
                for q, p in ((v - 1, u), (v + 1, u), (v, u - 1), (v, u + 1)):
                    if 0 <= q < height and 0 <= p < width and depth_mm[q, p] <= 0.0:
                        found[v, u] = True
    return found


@compiled
def _without(depth_mm: DepthImage, marked: BoolArray, reach_px: int) -> DepthImage:
    """Return the depth but for what lies within a reach of the marked pixels."""
    height, width = depth_mm.shape
    left: DepthImage = depth_mm.copy()
    for v in range(height):
        for u in range(width):
            if marked[v, u]:
                for i in range(max(v - reach_px, 0), min(v + reach_px + 1, height)):
                    for j in range(max(u - reach_px, 0), min(u + reach_px + 1, width)):
                        if (i - v) ** 2 + (j - u) ** 2 <= reach_px * reach_px:
                            left[i, j] = 0.0
    return left
