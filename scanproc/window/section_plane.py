"""The plane that cuts what is shown: moved and inclined, by keys and by the two handles that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from scanproc.artifacts import Mesh, Plane
from scanproc.frames import FloatArray, rotation_about
from scanproc.mesh.plane_profiles import PlaneProfile, frame_of_plane, plane_profile
from scanproc.views.camera import Camera

HANDLE_MM = 25.0  # from the middle of the plane to the handle that inclines it
_END_ON = 0.15  # sine: seen less aside, the normal has no direction in the window

Grip = Literal["move", "incline"]


@dataclass(frozen=True)
class SectionPlane:
    """A plane through a (3,) point in mm; its (3,) unit normal points to what is kept."""

    point: FloatArray
    normal: FloatArray

    @property
    def plane(self) -> Plane:
        return Plane(self.normal, float(self.normal @ self.point))

    @property
    def tip(self) -> FloatArray:
        """(3,) mm, the handle that inclines it."""
        return np.asarray(self.point + HANDLE_MM * self.normal)

    @property
    def words(self) -> str:
        """Where it lies."""
        x, y, z = self.normal
        return f"section: normal ({x:.3f}, {y:.3f}, {z:.3f}), offset {self.plane.offset_mm:.2f} mm"

    def moved(self, distance_mm: float) -> SectionPlane:
        """Return the plane moved along its normal."""
        return replace(self, point=self.point + distance_mm * self.normal)

    def inclined(self, about_u_deg: float, about_v_deg: float) -> SectionPlane:
        """Return the plane turned about the axes of its profile: u runs to the right in it, v upwards."""
        axes = frame_of_plane(self.plane)
        rotation = rotation_about(axes[:3, 0], np.radians(about_u_deg)) @ rotation_about(
            axes[:3, 1], np.radians(about_v_deg)
        )
        normal = rotation @ self.normal
        return replace(self, normal=normal / np.linalg.norm(normal))

    def flipped(self) -> SectionPlane:
        """Return the same plane that keeps the other side."""
        return replace(self, normal=-self.normal)

    def grip_at(self, camera: Camera, pixel: Sequence[float], reach_px: float = 12.0) -> Grip | None:
        """Return which handle is under a pixel."""
        middle, tip = camera.pixels(np.stack([self.point, self.tip]))
        at = np.asarray(pixel)
        if np.linalg.norm(tip - at) <= reach_px and np.linalg.norm(tip - middle) > reach_px:
            return "incline"
        return "move" if np.linalg.norm(middle - at) <= reach_px else None

    def dragged(self, grip: Grip, camera: Camera, pixel: Sequence[float]) -> SectionPlane:
        """Return the plane whose handle was drawn to a pixel.

        Moved, it goes along its normal until its middle is beside the pixel; seen along the normal, upwards is away
        from the eye. Inclined, its normal points to the pixel, in the plane of the window.
        """
        if grip == "incline":
            away = camera.as_deep_as(self.point, pixel) - self.point
            away = away + (self.normal @ camera.look) * HANDLE_MM * camera.look
            length = float(np.linalg.norm(away))
            return self if length < 1e-6 else replace(self, normal=away / length)
        middle = camera.pixels(self.point[None])[0]
        along = np.array([self.normal @ camera.right, -(self.normal @ camera.up)])
        drawn = np.asarray(pixel) - middle
        if np.linalg.norm(along) < _END_ON:
            return self.moved(-float(drawn[1]) * camera.mm_per_px * float(np.sign(self.normal @ camera.look)))
        return self.moved(float(drawn @ along) / float(along @ along) * camera.mm_per_px)


def plane_across(axis: Literal["x", "y", "z"], point: FloatArray, camera: Camera) -> SectionPlane:
    """Return the plane through a point square to an axis, which keeps what lies beyond it, away from the eye."""
    normal = np.eye(3)["xyz".index(axis)]
    return SectionPlane(point, -normal if normal @ camera.look < -1e-9 else normal)


@dataclass(frozen=True)
class CutBody:
    """The profile of one body that a plane cuts."""

    name: str
    profile: PlaneProfile

    def words_at(self, u: float) -> list[str]:
        """Return what is read from the profile: its size, and how thick it is on the upright line at u."""
        low, high = self.profile.corners()
        width, height = high - low
        lines = [f"{self.name}: {width:.2f} wide, {height:.2f} mm high"]
        lines += [
            f"  thick {top - bottom:.2f} mm (v {bottom:.2f} to {top:.2f})" for bottom, top in self.profile.walls_at(u)
        ]
        if not len(self.profile.walls_at(u)) and len(self.profile.crossings_at(u)):
            lines.append("  v " + ", ".join(f"{v:.2f}" for v in self.profile.crossings_at(u)) + " mm (open)")
        return lines


def cut_bodies(named: Sequence[tuple[str, Mesh]], section: SectionPlane) -> tuple[CutBody, ...]:
    """Return the profiles of those bodies that a plane meets."""
    cut = (CutBody(name, plane_profile(mesh, section.plane)) for name, mesh in named)
    return tuple(body for body in cut if len(body.profile))
