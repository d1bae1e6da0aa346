"""What lies under a pixel, and what is measured between such points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Mesh, Plane
from scanproc.frames import FloatArray
from scanproc.mesh.rays import Hit, first_hit
from scanproc.views.camera import Camera
from scanproc.views.display import Layer, Part
from scanproc.window.layers import ShownLayer

SOLID = 0.5  # what is less opaque is looked through where something else lies behind it
_NEAR_PX = 6.0  # a point of a cloud is met this near
_BESIDE_MM, _STEP_MM = 6.0, 0.1  # how far a step that leaves a foot's outline is led back onto it


@dataclass(frozen=True)
class Picked:
    """A point that was met.

    Attributes
    ----------
    point : (3,) mm, in the frame of its part: z is its height above the ground.
    shown : (3,) mm, where it is shown.
    layer, part : what it lies on.
    value : what the layer's colours stand for there, such as 3.12 mm; NaN where they stand for nothing.
    unit : its unit.
    """

    point: FloatArray
    shown: FloatArray
    layer: str
    part: str = ""
    value: float = float("nan")
    unit: str = ""

    @property
    def words(self) -> str:
        """Coordinates, and the value of the layer there."""
        x, y, z = self.point
        value = "" if np.isnan(self.value) else f", {self.layer} {self.value:.2f} {self.unit}".rstrip()
        return f"x {x:.1f}, y {y:.1f}, z {z:.1f} mm{value}"


def stepped(camera: Camera, mesh: Mesh, point: FloatArray, step_mm: FloatArray) -> FloatArray:
    """Return the pixel that a step across the window leads to from a point of a surface.

    A landmark on the outline would leave it by nearly every step: it follows the outline instead, led back sideways.

    Parameters
    ----------
    point : (3,) mm.
    step_mm : (2,) to the right and down; a step that leads straight off the surface is returned as it is.
    """
    at: FloatArray = camera.pixels(point[None])[0] + step_mm / camera.mm_per_px
    sideways: FloatArray = np.array([-step_mm[1], step_mm[0]]) / (np.linalg.norm(step_mm) * camera.mm_per_px)
    for off_mm in np.arange(0.0, _BESIDE_MM, _STEP_MM):
        for pixel in (at + off_mm * sideways, at - off_mm * sideways):
            if first_hit(mesh, camera.on_ray(pixel), camera.look) is not None:
                return pixel
    return at


def pick(
    camera: Camera,
    pixel: Sequence[float],
    rows: Sequence[ShownLayer],
    parts: Sequence[Part],
    kept: Plane | None = None,
) -> Picked | None:
    """Return the nearest point under a pixel of what is shown; None where there is nothing.

    Parameters
    ----------
    kept : what lies below this plane is cut away; None where nothing is.
    """
    met = [(row, _met(camera, pixel, row.layer, kept)) for row in rows]
    found = [(row, hit) for row, hit in met if hit is not None]
    solid = [(row, hit) for row, hit in found if row.opacity >= SOLID]
    if not found:
        return None
    row, hit = min(solid or found, key=lambda pair: pair[1].distance_mm)
    layer, part = row.layer, parts[row.layer.part]
    value, unit = float("nan"), ""
    if layer.values is not None and layer.mesh is not None:
        value, unit = hit.value(layer.values, layer.mesh.faces), layer.legend.unit if layer.legend else ""
    return Picked(hit.point - part.shift, hit.point, layer.name, part.name, value, unit)


def _met(camera: Camera, pixel: Sequence[float], layer: Layer, kept: Plane | None) -> Hit | None:
    """Return where the line of sight meets a layer's body, or the point of its clouds that is nearest to the eye."""
    start = camera.on_ray(pixel)
    if layer.mesh is not None:
        return first_hit(layer.mesh, start, camera.look, kept)
    clouds = [cloud.points for cloud in layer.scene.clouds if len(cloud.points)]
    if not clouds:
        return None
    points = np.concatenate(clouds)
    points = points if kept is None else points[kept.heights(points) >= 0.0]
    away = np.linalg.norm(camera.pixels(points) - np.asarray(pixel), axis=1)
    near = points[away <= _NEAR_PX]
    if not len(near):
        return None
    depth = (near - start) @ camera.look
    first = int(np.argmin(depth))
    return Hit(near[first], float(depth[first]), -1, np.zeros(3))


@dataclass(frozen=True)
class Tool:
    """What is measured between picked points: its name, how many it takes, and what to do in words."""

    name: str
    count: int
    asks: str


TOOLS = {
    "distance": Tool("distance", 2, "distance: click two points (keyboard: arrows, Return)"),
    "angle": Tool("angle", 3, "angle: click three points, the corner second (arrows, Return)"),
    "height": Tool("height", 1, "height: click a point (arrows, Return)"),
}


def distance_mm(a: FloatArray, b: FloatArray) -> float:
    """Return the straight distance of two (3,) points."""
    return float(np.linalg.norm(b - a))


def angle_deg(a: FloatArray, corner: FloatArray, b: FloatArray) -> float:
    """Return the angle at the corner between the directions to two (3,) points, in [0, 180]."""
    u, v = a - corner, b - corner
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v)), u @ v)))


def found_by(tool: str, picks: Sequence[Picked]) -> str:
    """Return in words what a tool found between its points; empty while points are missing."""
    if len(picks) < TOOLS[tool].count:
        return ""
    points = [picked.point for picked in picks]
    if tool == "height":
        return f"height {points[0][2]:.2f} mm"
    # Points on different parts are measured as they are shown only within one part: apart, they tell nothing.
    if len({picked.part for picked in picks}) > 1:
        return f"{tool}: both points on one foot, please"
    if tool == "angle":
        return f"angle {angle_deg(points[0], points[1], points[2]):.2f} deg"
    dx, dy, dz = points[1] - points[0]
    return f"distance {distance_mm(points[0], points[1]):.2f} mm (dx {dx:.2f}, dy {dy:.2f}, dz {dz:.2f})"
