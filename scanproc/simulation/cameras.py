"""Depth cameras: their pinhole, baseline, unit and range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanproc.artifacts import Intrinsics

CameraName = Literal["d405", "d415", "d435", "truedepth", "azure-kinect"]


@dataclass(frozen=True)
class Camera:
    """A depth camera.

    Attributes
    ----------
    intrinsics : of its depth image; pixel centres at integers.
    baseline_mm : between its two imagers, or imager and projector: depth noise of stereo is z² s / (f b).
    depth_unit_mm : of one step of its 16-bit depth.
    distance_mm : at which it is carried.
    near_mm, far_mm : depths between which it measures.
    """

    name: str
    intrinsics: Intrinsics
    baseline_mm: float
    depth_unit_mm: float
    distance_mm: float
    near_mm: float
    far_mm: float


# Principal points are off the middle, as in real cameras: code that takes the middle is found out.
CAMERAS: dict[CameraName, Camera] = {
    "d405": Camera("RealSense D405", Intrinsics(848, 480, 430.3, 430.3, 421.7, 238.4), 18.0, 0.1, 300.0, 70.0, 600.0),
    "d415": Camera("RealSense D415", Intrinsics(848, 480, 650.6, 650.6, 426.1, 241.3), 55.0, 1.0, 450.0, 250.0, 3000.0),
    "d435": Camera("RealSense D435", Intrinsics(848, 480, 425.2, 425.2, 425.9, 237.1), 50.0, 1.0, 380.0, 170.0, 3000.0),
    # A phone's front camera, upright: 640 × 480 on its side (intrinsics extrapolated from such recordings).
    "truedepth": Camera("TrueDepth", Intrinsics(480, 640, 594.8, 594.8, 237.6, 321.9), 27.0, 0.1, 350.0, 150.0, 1000.0),
    # Time of flight, narrow unbinned mode (maker's data sheet: 640 × 576, 75° × 65°).
    "azure-kinect": Camera(
        "Azure Kinect", Intrinsics(640, 576, 504.2, 504.2, 322.7, 330.1), 0.0, 1.0, 600.0, 250.0, 3860.0
    ),
}


def scaled(intrinsics: Intrinsics, scale: float) -> Intrinsics:
    """Return the camera of a smaller image of the same view; borders, not pixel centres, stay in place."""
    width, height = round(intrinsics.width * scale), round(intrinsics.height * scale)
    across, down = width / intrinsics.width, height / intrinsics.height
    return Intrinsics(
        width=width,
        height=height,
        fx=intrinsics.fx * across,
        fy=intrinsics.fy * down,
        cx=(intrinsics.cx + 0.5) * across - 0.5,
        cy=(intrinsics.cy + 0.5) * down - 0.5,
    )
