"""The planes that the views of a calibration show: the printed sheet's, by its picture, or a wall's, by its depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import BoolArray, DepthFrame, DepthImage, Intrinsics, Plane
from scanproc.calibration.markers import find_corners, sheet_pose
from scanproc.calibration.sheet import Sheet
from scanproc.calibration.tiles import ViewTiles, plane_depth, tiles_of
from scanproc.frames import FloatArray, inverse, rotate

_LEAST_CORNERS = 0.35  # of the board's: 12 of 35
_MOST_OFF_PX = 1.0  # RMS of the corners: more, and picture and depth are not of one camera, or the sheet is bent
_LEAST_TILES = 10
_WALL_SHARE = 0.6  # of a view's readings that lie on its wall
_WALL_OFF = 0.02  # of the depth: what is farther from the plane is no part of it
_WALL_ROUNDS = 8


@dataclass(frozen=True)
class Looked:
    """What was found in a view: its tiles, or why there are none."""

    name: str
    tiles: ViewTiles | None = None
    refused: str = ""


def look_at_sheet(frame: DepthFrame, sheet: Sheet) -> Looked:
    """Find the sheet in the picture of a view, and compare the depth with it."""
    if frame.color is None:
        return Looked(frame.name, refused="it has no picture")
    found = find_corners(np.rint(frame.color.mean(axis=2)).astype(np.uint8))
    if found.share < _LEAST_CORNERS or _in_one_row(found.uv):
        return Looked(frame.name, refused="less than a third of the board is to be seen")
    seen = sheet_pose(found, sheet.corners, frame.intrinsics)
    if seen.residual_px > _MOST_OFF_PX:
        return Looked(frame.name, refused=f"the board's corners are {seen.residual_px:.1f} px off a flat sheet")
    normal = seen.T_camera_sheet[:3, 2]
    plane = Plane(normal, float(normal @ seen.T_camera_sheet[:3, 3]))
    true_mm = plane_depth(plane, frame.intrinsics)
    on_board = _on_board(true_mm, frame.intrinsics, seen.T_camera_sheet, sheet)
    return _enough(tiles_of(frame.name, _depth_mm(frame), true_mm, on_board, pose_known=True))


def look_at_wall(frame: DepthFrame) -> Looked:
    """Fit a plane to the depth of a view that shows hardly anything else, and compare the depth with it."""
    depth_mm = _depth_mm(frame)
    plane = _wall(depth_mm, frame.intrinsics)
    if plane is None:
        return Looked(frame.name, refused=f"less than {100 * _WALL_SHARE:.0f} % of it is one plane")
    true_mm = plane_depth(plane, frame.intrinsics)
    everywhere = np.ones(depth_mm.shape, dtype=np.bool_)
    return _enough(tiles_of(frame.name, depth_mm, true_mm, everywhere, pose_known=False))


def _enough(tiles: ViewTiles) -> Looked:
    if len(tiles.ratio) < _LEAST_TILES:
        return Looked(tiles.name, refused="hardly any depth was read there")
    return Looked(tiles.name, tiles)


def _depth_mm(frame: DepthFrame) -> DepthImage:
    return np.asarray(frame.depth * np.float32(frame.depth_unit_mm), dtype=np.float32)


def _in_one_row(uv: FloatArray) -> bool:
    """Return whether points lie so nearly on a line that no pose follows from them."""
    spread = np.linalg.svd(uv - uv.mean(axis=0), compute_uv=False)
    return bool(spread[1] < 0.1 * spread[0])


def _on_board(true_mm: FloatArray, intrinsics: Intrinsics, T_camera_sheet: FloatArray, sheet: Sheet) -> BoolArray:
    """Return which pixels show the board; the paper's margin keeps them clear of the rim, which stereo smears."""
    v, u = np.nonzero(np.isfinite(true_mm))
    z = true_mm[v, u]
    points = np.column_stack([(u - intrinsics.cx) / intrinsics.fx * z, (v - intrinsics.cy) / intrinsics.fy * z, z])
    T_sheet_camera = inverse(T_camera_sheet)
    xy = (rotate(T_sheet_camera, points) + T_sheet_camera[:3, 3])[:, :2]
    shown = np.zeros(true_mm.shape, dtype=np.bool_)
    shown[v, u] = ((xy >= 0.0) & (xy <= sheet.size_mm)).all(axis=1)
    return shown


def _wall(depth_mm: DepthImage, intrinsics: Intrinsics) -> Plane | None:
    """Return the plane of most of an image: a robust fit of inverse depth, which is linear in the pixels of a plane."""
    v, u = np.nonzero(depth_mm[::4, ::4] > 0)
    if len(v) < _LEAST_TILES:
        return None
    x, y = (4 * u - intrinsics.cx) / intrinsics.fx, (4 * v - intrinsics.cy) / intrinsics.fy
    inverse_depth = 1.0 / depth_mm[::4, ::4][v, u].astype(np.float64)
    rays = np.column_stack([x, y, np.ones(len(x))])
    close = np.ones(len(x), dtype=np.bool_)
    for _ in range(_WALL_ROUNDS):
        towards = np.linalg.lstsq(rays[close], inverse_depth[close])[0]
        off = np.abs(inverse_depth / np.maximum(rays @ towards, 1e-9) - 1.0)
        close = off <= max(_WALL_OFF, float(np.median(off)))
    if np.mean(off <= _WALL_OFF) < _WALL_SHARE:
        return None
    length = float(np.linalg.norm(towards))
    return Plane(np.asarray(towards / length, dtype=np.float64), 1.0 / length)
