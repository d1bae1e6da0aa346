"""How a camera is carried round a foot: T_room_camera of every view, and how the foot moves meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.frames import FloatArray, rigid, rotation_about

Path = Literal["hand-held", "turntable", "raised"]


@dataclass(frozen=True)
class Orbit:
    """Turns round a target, from one elevation to another.

    Attributes
    ----------
    turns : whole turns; the views go on without a break, like a screw thread.
    low_deg, high_deg : elevation of the camera over the target at the first and the last view.
    behind_deg : highest elevation behind the heel, where the leg is in the way.
    radius_jitter, angle_jitter_deg, roll_jitter_deg : standard deviations of what a hand adds (radius: share).
    """

    turns: int
    low_deg: float
    high_deg: float
    behind_deg: float
    radius_jitter: float
    angle_jitter_deg: float
    roll_jitter_deg: float


# Standing: low at the sides for arch and heel, then over the toes. Raised: from below the sole up to the dorsum; one
# turn for every 12 views keeps neighbours within 30 degrees. Turntable: a fixed camera, steps off by 1 degree.
ORBITS: dict[Path, Orbit] = {
    "hand-held": Orbit(2, 17.0, 57.0, 26.0, 0.04, 2.0, 4.0),
    "turntable": Orbit(1, 32.0, 32.0, 32.0, 0.0, 1.0, 0.0),
    "raised": Orbit(3, -72.0, 50.0, 20.0, 0.04, 2.0, 4.0),
}


def camera_poses(
    path: Path, views: int, target: FloatArray, distance_mm: float, rng: np.random.Generator
) -> list[FloatArray]:
    """Return T_room_camera of every view, looking at a (3,) target in mm.

    On a turntable the room turns with the plate, so that the camera goes round here as well.
    """
    orbit = ORBITS[path]
    turns = min(orbit.turns, max(1, views // 8))
    azimuths = np.radians(200.0) + 2.0 * np.pi * turns * np.arange(views) / views
    behind = (-np.cos(azimuths)).clip(0.0)
    highest = orbit.high_deg + behind * (orbit.behind_deg - orbit.high_deg)
    elevations = np.radians(np.minimum(np.linspace(orbit.low_deg, orbit.high_deg, views), highest))
    azimuths = azimuths + np.radians(orbit.angle_jitter_deg) * rng.standard_normal(views)
    if path != "turntable":
        elevations = elevations + np.radians(orbit.angle_jitter_deg) * rng.standard_normal(views)
    radii = distance_mm * (1.0 + orbit.radius_jitter * rng.standard_normal(views).clip(-2.0, 2.0))
    rolls = np.radians(orbit.roll_jitter_deg) * rng.standard_normal(views)
    aims = target + (8.0 if path != "turntable" else 0.0) * rng.standard_normal((views, 3)).clip(-2.0, 2.0)
    poses = []
    for azimuth, elevation, radius, roll, aim in zip(azimuths, elevations, radii, rolls, aims, strict=True):
        out = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        poses.append(look_at(target + radius * out, aim, float(roll)))
    return poses


def look_at(eye: FloatArray, target: FloatArray, roll_rad: float = 0.0) -> FloatArray:
    """Return T_room_camera of a camera at `eye` that looks at `target`, z of the room up but for the roll."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    up = np.array([0.0, 0.0, 1.0]) if abs(forward[2]) < 0.999 else np.array([1.0, 0.0, 0.0])
    right = np.cross(forward, up)
    right /= np.linalg.norm(right)
    upright = np.column_stack([right, np.cross(forward, right), forward])
    return rigid(upright @ rotation_about(np.array([0.0, 0.0, 1.0]), roll_rad), eye)


def foot_sway(path: Path, sway_mm: float, sway_rad: float, rng: np.random.Generator) -> FloatArray:
    """Return T_room_foot of one view; a standing foot slides and turns on the floor, a raised one moves in all ways."""
    shift = sway_mm * rng.standard_normal(3)
    turn = sway_rad * rng.standard_normal(3)
    if path != "raised":
        shift[2] = turn[0] = turn[1] = 0.0
    angle = float(np.linalg.norm(turn))
    return rigid(rotation_about(turn, angle) if angle > 0.0 else np.eye(3), shift)


@dataclass(frozen=True)
class Unrest:
    """How a person moves beside the sway from view to view.

    Attributes
    ----------
    shift_mm : by which the foot has slid forward and outward, from view `late_from` on.
    drift_mm : standard deviation, at the end, of a slow walk on the ground.
    pair_mm : standard deviation of each of the two feet of a pair against the other, between stops.
    """

    shift_mm: float = 0.0
    late_from: int = 0
    drift_mm: float = 0.0
    pair_mm: float = 0.0


def slow_movements(views: int, feet: int, unrest: Unrest, rng: np.random.Generator) -> FloatArray:
    """Return the shifts on the ground of each foot in each view, (views, feet, 3) mm."""
    shifts = np.zeros((views, feet, 3))
    shifts[unrest.late_from :, :, :2] += unrest.shift_mm * np.array([0.8, 0.6])
    walk = np.cumsum(rng.standard_normal((views, 2)), axis=0) / np.sqrt(views)
    shifts[:, :, :2] += unrest.drift_mm * walk[:, None]
    if feet > 1:
        shifts[:, :, :2] += unrest.pair_mm * rng.standard_normal((views, feet, 2))
    return shifts
