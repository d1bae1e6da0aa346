"""What a window shows of the recorded views: each by itself with what was taken away, and all in their places."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from scanproc.artifacts import ByteArray, CleanView, CleanViews, DepthFrame, Mesh, Registration
from scanproc.depth.images import unproject
from scanproc.frames import FloatArray, transform
from scanproc.mesh.meshes import vertex_normals
from scanproc.views.beside import Beside
from scanproc.views.colors import BLUE_RED, GREEN, GREY, INK, ORANGE, PURPLE, RED, VIRIDIS, Rgb, colors_of, even
from scanproc.views.display import Display, Layer, lines_layer, said
from scanproc.views.recording import PlacedView, frustum, name_of_view, place_views, short_name
from scanproc.views.scene import ABOVE, Cloud, Legend, Line, Scene, direction

_POINTS_OF_A_VIEW = 25_000
_ON_FLOOR_MM = 8.0  # nearer to the floor's plane, what was taken away is called the floor
_RESIDUAL_MM = 3.0  # ends of the colour bar


def clean_pages(views: CleanViews, beside: Beside) -> tuple[Callable[[], Display], ...]:
    """Return one page a view, made when it is looked at."""
    recording = beside.recording
    places = {} if recording is None else {name: place for place, name in enumerate(recording.names)}
    reasons = {pose.name: pose.reason for pose in (beside.registration.views if beside.registration else ())}

    def page(number: int) -> Callable[[], Display]:
        view = views.views[number]
        title = f"view {short_name(view.name)} ({number + 1} of {len(views.views)})"

        def display() -> Display:
            place = places.get(view.name)
            frame = None if recording is None or place is None else recording.frames[place]
            return clean_display(view, title, frame, reasons.get(view.name))

        return display

    return tuple(page(number) for number in range(len(views.views)))


def clean_display(view: CleanView, title: str, frame: object, reason: str | None) -> Display:
    """Return one view in its camera's frame: what was kept, and what was taken away."""
    depth = view.depth_mm[view.depth_mm > 0]
    low, high = (float(np.percentile(depth, share)) for share in (1, 99)) if len(depth) else (0.0, 1.0)
    kept = _thinned(unproject(view.depth_mm, view.intrinsics))
    legend = Legend("Distance from the camera", round(low), round(high), VIRIDIS, unit="mm")
    layers = [Layer("the foot", Scene(clouds=(Cloud(kept, colors_of(kept[:, 2], low, high)),)), legend)]
    for name, color, points in _taken_away(view, frame):
        taken = Cloud(points, even(color, len(points)))
        layers.append(Layer(f"taken: {name}", Scene(clouds=(taken,)), opacity=0.6))
    before = None
    notes: list[tuple[Rgb, str]] = []
    for name, count in view.counts.items():
        lost = "" if before is None or count >= before else f"  (-{before - count:,})"
        notes.append((INK, f"{name}: {count:,}{lost}"))
        before = count
    if reason is not None:
        notes.append((RED, f"not used: {reason}"))
    if not isinstance(frame, DepthFrame):
        notes.append((GREY, "the recording is not at hand, or of clouds: what was taken away is not shown"))
    axis = Line(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 60.0]]), PURPLE, 3.0)
    layers.append(lines_layer("camera's axis", (axis,), shown=False))
    look, up = direction(0, 0, 1), direction(0, -1, 0)
    axes = np.stack([look, np.array([-1.0, 0.0, 0.0]), up], axis=1)
    return Display(title, tuple(layers), look, up, notes=tuple(notes), frame="camera frame", axes=axes)


def _taken_away(view: CleanView, frame: object) -> list[tuple[str, Rgb, FloatArray]]:
    """Return the recorded points that were not kept, by where they lie: on the floor, by the foot, elsewhere."""
    if not isinstance(frame, DepthFrame):
        return []
    depth = frame.depth.astype(np.float32) * np.float32(frame.depth_unit_mm)
    row, column = (round(a - b) for a, b in zip(_centre(frame), _centre(view), strict=True))
    if min(row, column) < 0 or depth[row:, column:].shape < view.depth_mm.shape:
        return []  # of another recording than the one that was cleaned
    kept = np.zeros(depth.shape, np.bool_)
    by_foot = np.zeros(depth.shape, np.bool_)
    window = (slice(row, row + view.depth_mm.shape[0]), slice(column, column + view.depth_mm.shape[1]))
    kept[window], by_foot[window] = view.depth_mm > 0, view.silhouette
    gone = unproject(np.where(kept, np.float32(0), depth), frame.intrinsics)
    at_foot = by_foot[(depth > 0) & ~kept]
    on_floor = np.zeros(len(gone), np.bool_)
    if view.floor is not None:
        on_floor = view.floor.heights(gone) < _ON_FLOOR_MM
    parts = (
        ("floor and below", PURPLE, on_floor),
        ("border, grazing, flying", ORANGE, at_foot & ~on_floor),
        ("leg, other things", GREY, ~at_foot & ~on_floor),
    )
    return [(name, color, _thinned(gone[mask])) for name, color, mask in parts if mask.any()]


def _centre(image: CleanView | DepthFrame) -> tuple[float, float]:
    return image.intrinsics.cy, image.intrinsics.cx


def _thinned(points: FloatArray) -> FloatArray:
    return np.asarray(points[:: max(1, len(points) // _POINTS_OF_A_VIEW)])


def registration_display(registration: Registration, beside: Beside) -> Display:
    """Return all views in their places, the way of the camera, and what of it was not used, with the reason."""
    feet = beside.feet
    T_shown_scan = feet.feet[0].T_foot_scan if feet and feet.feet else np.eye(4)
    placed = place_views(registration, beside.views, T_shown_scan)
    order = colors_of(np.arange(len(placed)), 0.0, max(len(placed) - 1.0, 1.0))
    layers = [_points(placed, "points, by view", order, Legend("Order of the views used", 1, max(len(placed), 1)))]
    residuals = {pose.name: pose.residual_rms_mm or 0.0 for pose in registration.views if pose.accepted}
    if placed:
        worst = max(0.1, *residuals.values())
        by_residual = colors_of(np.array([residuals[view.name] for view in placed]), 0.0, worst)
        legend = Legend("Residual of the view, RMS", 0.0, worst, VIRIDIS, unit="mm")
        layers.append(_points(placed, "points, by residual of their view", by_residual, legend, shown=False))
    if placed and beside.surface is not None:
        layers.append(_off_surface(placed, beside.surface.mesh, T_shown_scan))
    centres = np.array([view.T_shown_camera[:3, 3] for view in placed]).reshape(-1, 3)
    if len(centres) > 1:
        layers.append(lines_layer("way of the camera", (Line(centres, GREEN, 2.5),)))
    if placed:
        pyramids = tuple(Line(frustum(view), _rgb(color), 1.5) for view, color in zip(placed, order, strict=True))
        layers.append(lines_layer("cameras", pyramids, tuple(name_of_view(view) for view in placed)))
    notes = [*said(f"{len(placed)} of {len(registration.views)} views used")]
    notes += [(RED, f"{short_name(pose.name)}: {pose.reason}") for pose in registration.views if not pose.accepted]
    notes += [
        (INK, f"{short_name(name)}: residual {rms:.2f} mm")
        for name, rms in sorted(residuals.items(), key=lambda pair: -pair[1])[:12]
    ]
    frame = "foot frame" if feet and feet.feet else "scan frame"
    return Display("", tuple(layers), *ABOVE, notes=tuple(notes), frame=frame)


def _points(placed: list[PlacedView], name: str, colors: ByteArray, legend: Legend, shown: bool = True) -> Layer:
    clouds = (
        Cloud(view.points, np.tile(color, (len(view.points), 1))) for view, color in zip(placed, colors, strict=True)
    )
    return Layer(name, Scene(clouds=tuple(clouds)), legend, shown=shown, group="points")


def _off_surface(placed: list[PlacedView], mesh: Mesh, T_shown_scan: FloatArray) -> Layer:
    """Colour every point by its distance from the fused surface, along the normal of the nearest vertex."""
    vertices = transform(T_shown_scan, mesh.vertices)
    tree, normals = cKDTree(vertices), vertex_normals(Mesh(vertices, mesh.faces))
    clouds = []
    for view in placed:
        nearest = tree.query(view.points)[1]
        off = ((view.points - vertices[nearest]) * normals[nearest]).sum(axis=1)
        clouds.append(Cloud(view.points, colors_of(off, -_RESIDUAL_MM, _RESIDUAL_MM, BLUE_RED)))
    legend = Legend("Points below the surface (blue), above (red)", -_RESIDUAL_MM, _RESIDUAL_MM, BLUE_RED, unit="mm")
    scene = Scene(clouds=tuple(clouds))
    return Layer("points, by distance from the surface", scene, legend, shown=False, group="points")


def _rgb(color: ByteArray) -> Rgb:
    return int(color[0]), int(color[1]), int(color[2])
