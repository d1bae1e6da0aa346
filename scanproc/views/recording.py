"""Pictures of the recorded views: the foot alone in each of them, and all of them in their places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import ByteArray, CleanView, CleanViews, Feet, OtherFoot, Registration, ViewPose
from scanproc.depth.images import unproject
from scanproc.frames import FloatArray, transform
from scanproc.views.colors import GREY, VIRIDIS, WHITE, colors_of
from scanproc.views.foot import TOP_MM
from scanproc.views.scene import ABOVE, REAR, Cloud, Label, Legend, Line, Scene, Shot, direction
from scanproc.views.sheet import Panel

_THUMBNAIL_PX = 260
_POINTS_OF_A_VIEW = 10_000  # more of them do not show at the size of a page
_SLICE_MM = 2.0
_SLICE_AT_MM = 30.0  # above the ground
_SIDE = (direction(0, 1, 0), direction(0, 0, 1))


def contact_sheet(views: CleanViews) -> tuple[Panel | Legend, ...]:
    """Return one small picture a view: near is dark, far is bright, shaded by the normals."""
    filled = [view.depth_mm[view.depth_mm > 0] for view in views.views if view.depth_mm.any()]
    near = min((float(np.percentile(depth, 1)) for depth in filled), default=0.0)
    far = max((float(np.percentile(depth, 99)) for depth in filled), default=1.0)
    far = max(far, near + 1.0)
    panels = [
        Panel(f"{view.name}: {np.count_nonzero(view.depth_mm):,} px", _thumbnail(view, near, far))
        for view in views.views
    ]
    return (*panels, Legend("Distance from the camera", round(near), round(far), VIRIDIS, unit="mm"))


def _thumbnail(view: CleanView, near: float, far: float) -> ByteArray:
    known = view.depth_mm > 0
    facing = np.abs(view.normals[known][:, 2].astype(np.float64))
    shade = np.where(facing > 0, 0.4 + 0.6 * facing, 1.0)
    lit = np.full((*known.shape, 3), 255, np.uint8)
    lit[known] = colors_of(view.depth_mm[known], near, far) * shade[:, None]
    image = Image.fromarray(lit)
    scale = _THUMBNAIL_PX / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    square = Image.new("RGB", (_THUMBNAIL_PX, _THUMBNAIL_PX), WHITE)
    if known.any():
        small = image.resize(size, Image.Resampling.LANCZOS if scale < 1.0 else Image.Resampling.BICUBIC)
        square.paste(small, ((_THUMBNAIL_PX - size[0]) // 2, (_THUMBNAIL_PX - size[1]) // 2))
    return np.asarray(square, dtype=np.uint8)


def registration_shots(
    registration: Registration, views: CleanViews | None, feet: Feet | None
) -> tuple[Shot | Legend, ...]:
    """Return the cameras in their places, and the points of all views on each other, whole and in thin slices."""
    T_shown_scan = feet.feet[0].T_foot_scan if feet and feet.feet else np.eye(4)
    placed = place_views(registration, views, T_shown_scan)
    if not placed:
        return ()
    colors = colors_of(np.arange(len(placed)), 0.0, max(len(placed) - 1.0, 1.0))
    clouds = tuple(
        Cloud(view.points, np.tile(color, (len(view.points), 1))) for view, color in zip(placed, colors, strict=True)
    )
    lines = tuple(
        Line(frustum(view), (int(color[0]), int(color[1]), int(color[2])), 1.5)
        for view, color in zip(placed, colors, strict=True)
    )
    labels = tuple(name_of_view(view) for view in placed)
    cameras, named = Scene(clouds=clouds, lines=lines), Scene(clouds=clouds, lines=lines, labels=labels)
    zoom = min(1.0, 230.0 / max(float(np.ptp(named.extent(), axis=0).max()), 1.0))
    shots = [
        Shot("Cameras, from above", named, *ABOVE, scale=zoom, scale_bar=100.0),
        Shot("Cameras, from the side", cameras, *_SIDE, scale=zoom, scale_bar=100.0),
        *_close_ups(clouds, registration.floor_seen or bool(feet and feet.feet)),
    ]
    rejected = [short_name(pose.name) for pose in registration.views if not pose.accepted]
    more = f" and {len(rejected) - 8} more" if len(rejected) > 8 else ""
    marks = ((GREY, f"not used: {', '.join(rejected[:8])}{more}"),) if rejected else ()
    return (*shots, Legend("Colour: order of the views used", 1, len(placed), VIRIDIS, marks))


def _close_ups(clouds: tuple[Cloud, ...], has_ground: bool) -> list[Shot]:
    """Return the points from the side, and two slices of them: views that do not fit show there as double lines.

    Without a ground nobody knows how high a slice lies, nor what is a leg: they go through the middle of all points.
    """
    points = Scene(clouds=clouds).extent()
    if not any(len(cloud.points) for cloud in clouds):
        return []
    low = float(np.percentile(points[:, 2], 0.2))  # a stray point below is not the ground
    foot = points[points[:, 2] < low + FOOT_HEIGHT_MM] if has_ground else points
    middle = 0.5 * (foot.min(axis=0) + foot.max(axis=0))
    height = low + _SLICE_AT_MM if has_ground else float(middle[2])
    level, across = (Scene(clouds=_slice(clouds, axis, at)) for axis, at in ((2, height), (0, float(middle[0]))))
    top_mm = low + TOP_MM if has_ground else None
    words = f"Slice {_SLICE_AT_MM:g} mm above the ground" if has_ground else "Slice through the middle, from above"
    shots = [
        Shot("Points of all views, from the side", Scene(clouds=clouds), *_SIDE, top_mm=top_mm),
        Shot(words, level, *ABOVE),
        Shot("Slice across the middle, from behind", across, *REAR, top_mm=top_mm),
    ]
    return [shot for shot in shots if any(len(cloud.points) for cloud in shot.scene.clouds)]


def _slice(clouds: tuple[Cloud, ...], axis: int, at_mm: float) -> tuple[Cloud, ...]:
    thin = [np.abs(cloud.points[:, axis] - at_mm) < _SLICE_MM / 2.0 for cloud in clouds]
    return tuple(Cloud(cloud.points[mask], cloud.color[mask]) for cloud, mask in zip(clouds, thin, strict=True))


@dataclass(frozen=True)
class PlacedView:
    """A view in the shown frame: its camera's pose, points in mm, and the corners of its image as (4, 3) rays."""

    name: str
    T_shown_camera: FloatArray
    points: FloatArray
    corners: FloatArray


def place_views(registration: Registration, views: CleanViews | None, T_shown_scan: FloatArray) -> list[PlacedView]:
    """Return the views that are used, in their places."""
    other = registration.other_foot
    return [_place(pose, other, views, T_shown_scan) for pose in registration.views if pose.accepted]


def _place(pose: ViewPose, other: OtherFoot | None, views: CleanViews | None, T_shown_scan: FloatArray) -> PlacedView:
    assert pose.T_scan_camera is not None  # it is accepted
    T_shown_camera = T_shown_scan @ pose.T_scan_camera
    view = next((view for view in views.views if view.name == pose.name), None) if views else None
    if view is None or not view.depth_mm.any():
        corners = np.array([[-0.5, -0.4, 1.0], [0.5, -0.4, 1.0], [0.5, 0.4, 1.0], [-0.5, 0.4, 1.0]])
        return PlacedView(pose.name, T_shown_camera, np.zeros((0, 3)), corners)
    lens = view.intrinsics
    u = (np.array([0, lens.width, lens.width, 0]) - lens.cx) / lens.fx
    v = (np.array([0, 0, lens.height, lens.height]) - lens.cy) / lens.fy
    seen = unproject(view.depth_mm, lens)
    seen = seen[:: max(1, len(seen) // _POINTS_OF_A_VIEW)]
    points = transform(pose.T_scan_camera, seen)
    if other is not None:
        is_above = other.divide.heights(points) > 0.0
        both = zip((seen[~is_above], seen[is_above]), other.poses_of(pose), strict=True)
        points = np.concatenate([transform(own, foot) for foot, own in both if own is not None])
    corners = np.stack([u, v, np.ones(4)], axis=1)
    return PlacedView(pose.name, T_shown_camera, transform(T_shown_scan, points), corners)


def frustum(view: PlacedView, depth_mm: float = 45.0) -> FloatArray:
    """Return the (8, 2, 3) edges of a small pyramid from the camera through the corners of its (cropped) image."""
    rim = transform(view.T_shown_camera, view.corners * depth_mm)
    apex = np.broadcast_to(view.T_shown_camera[:3, 3], rim.shape)
    return np.concatenate([np.stack([apex, rim], axis=1), np.stack([rim, np.roll(rim, -1, axis=0)], axis=1)])


def name_of_view(view: PlacedView) -> Label:
    """Return the name of a view, behind its camera."""
    behind = transform(view.T_shown_camera, np.array([[0.0, 0.0, -22.0]]))[0]
    return Label(short_name(view.name), behind, color=GREY, inline=True)


def short_name(name: str) -> str:
    """Return the name of a view without leading zeros."""
    return name.lstrip("0") or "0"
