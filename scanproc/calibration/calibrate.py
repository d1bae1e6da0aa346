"""Scale and warp of a camera, from a recording of the printed sheet, or of a flat wall."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from scanproc.artifacts import DepthFrame, DepthWarp, Intrinsics, Recording
from scanproc.calibration.planes_seen import Looked, look_at_sheet, look_at_wall
from scanproc.calibration.sheet import Sheet
from scanproc.calibration.tiles import TILES_ACROSS, ViewTiles
from scanproc.calibration.warp_fit import WarpFit, fit_warp
from scanproc.errors import ScanError
from scanproc.parallel import parallel_map

LEAST_VIEWS = 8  # fewer say nothing of how sure a scale is
_MOST_WARP = 0.02  # 8 mm at 400: no camera that is whole
_RANGE_MARGIN = 0.1  # of the distance, by which a certificate holds nearer and farther than it was checked
_LITTLE_SEEN = 0.5  # of the image
_ADVICE = {
    "sheet": "Record it again: near, far and tilted, in every part of the image, sharp, with a picture of each view.",
    "wall": "Record a bare wall or table top that fills the image, at the distance of feet.",
}


@dataclass(frozen=True)
class Calibration:
    """What a recording tells of its camera.

    Attributes
    ----------
    scale, scale_sd : true lengths divided by recorded ones, and the relative standard uncertainty; None of a wall.
    warp : what the depth lacks beyond that; None of a foot, which shows none.
    range_mm : nearest and farthest distance that it holds for; None where that is not known.
    residual_mm : root mean square of what is left.
    told : what a person should know, a line each.
    """

    scale: float | None
    scale_sd: float | None
    warp: DepthWarp | None
    range_mm: tuple[float, float] | None
    residual_mm: float
    told: tuple[str, ...]


def calibrate_by_sheet(recording: Recording, sheet: Sheet, wall: Recording | None = None) -> Calibration:
    """Find scale and warp from views of the printed sheet, each with a picture of the same camera.

    Parameters
    ----------
    wall : views of a flat wall by the same camera, which show the warp of the whole image at once.

    Raises
    ------
    ScanError
        If too few views show what they should, or the warp is none that a whole camera has.
    """
    looked = _looked(recording, partial(look_at_sheet, sheet=sheet), "sheet")
    if wall is not None:
        if _intrinsics(wall) != _intrinsics(recording):
            raise ScanError(
                "the wall was recorded with other intrinsics than the sheet. Record both at one resolution."
            )
        looked += _looked(wall, look_at_wall, "wall")
    return _calibrated(looked, _intrinsics(recording), sheet.scale_sd)


def calibrate_by_wall(recording: Recording) -> Calibration:
    """Find the warp alone, from views of a flat wall or table that fills them.

    What of it is as a tilted plane cannot be told from the wall's own tilt, and is left out.

    Raises
    ------
    ScanError
        If too few views show a plane, or the warp is none that a whole camera has.
    """
    return _calibrated(_looked(recording, look_at_wall, "wall"), _intrinsics(recording), 0.0)


def _calibrated(looked: Sequence[Looked], intrinsics: Intrinsics, thing_sd: float) -> Calibration:
    views = [look.tiles for look in looked if look.tiles is not None]
    height_share = intrinsics.height / intrinsics.width
    usual_mm = float(np.median([view.distance_mm for view in views]))
    # Of what kind the warp is, the views show that are nearer and farther.
    fits = [fit_warp(views, height_share, law) for law in (usual_mm, None)]
    fit = min(fits, key=lambda each: each.residual_mm)
    most = float(np.abs(fit.warp.shares).max())
    if most > _MOST_WARP:
        raise ScanError(
            f"the depth is bent by up to {100.0 * most:.1f} % over the image; expected {100.0 * _MOST_WARP:.0f} % or "
            "less. Is the sheet, or the wall, flat? Then calibrate the camera with its maker's tool."
        )
    depths = np.concatenate([view.depth_mm for view in views])
    sd = None if fit.scale_sd is None else math.hypot(fit.scale_sd, thing_sd, _sd_by_distance(fit, views))
    nearest, farthest = depths.min() * (1.0 - _RANGE_MARGIN), depths.max() * (1.0 + _RANGE_MARGIN)
    return Calibration(
        scale=fit.scale,
        scale_sd=sd,
        warp=fit.warp,
        range_mm=(float(np.floor(nearest)), float(np.ceil(farthest))),
        residual_mm=fit.residual_mm,
        told=_told(len(looked), views, height_share),
    )


def _depth_frames(recording: Recording) -> list[DepthFrame]:
    return [frame for frame in recording.frames if isinstance(frame, DepthFrame)]


def _intrinsics(recording: Recording) -> Intrinsics:
    return _depth_frames(recording)[0].intrinsics


def _looked(recording: Recording, look: Callable[[DepthFrame], Looked], thing: str) -> list[Looked]:
    """Look for the thing in every view."""
    looked = parallel_map(look, _depth_frames(recording), f"looking for the {thing}")
    found = sum(each.tiles is not None for each in looked)
    if found < LEAST_VIEWS:
        why = Counter(each.refused for each in looked if each.tiles is None)
        reasons = "; ".join(f"{count} × {reason}" for reason, count in why.most_common(3))
        raise ScanError(
            f"{found} of {len(looked)} views show the {thing} well enough{f' ({reasons})' if reasons else ''}; "
            f"expected {LEAST_VIEWS} or more. {_ADVICE[thing]}"
        )
    return list(looked)


def _sd_by_distance(fit: WarpFit, views: Sequence[ViewTiles]) -> float:
    """Return by how much the scale differs over the distances that were checked, as a standard deviation."""
    known = np.array([view.pose_known for view in views])
    distances = np.array([view.distance_mm for view in views])[known]
    away, offsets = distances - distances.mean(), fit.view_offsets[known]
    spread = float(np.sqrt(np.mean(away**2)))
    return abs(float(away @ offsets) / float(away @ away)) * spread if spread > 0.0 else 0.0


def _told(num_looked: int, views: Sequence[ViewTiles], height_share: float) -> tuple[str, ...]:
    """Say of how much of the image, and of what distances, the calibration knows."""
    places = np.floor(np.vstack([view.uv for view in views]) * TILES_ACROSS).astype(np.int64)
    seen = min(len(np.unique(places, axis=0)) / (TILES_ACROSS**2 * height_share), 1.0)
    distances = [view.distance_mm for view in views]
    told = [
        f"{len(views)} of {num_looked} views used, {100.0 * seen:.0f} % of the image seen, from "
        f"{min(distances):.0f} to {max(distances):.0f} mm"
    ]
    if seen < _LITTLE_SEEN:
        told.append("less than half of the image was seen: elsewhere the warp is taken for none")
    if max(distances) < 1.15 * min(distances):
        told.append("all views are from one distance: whether the scale changes with it is not known")
    return tuple(told)
