"""What a live depth camera gives, whoever makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, Intrinsics
from scanproc.errors import ScanError


class CameraLost(ScanError):
    """A camera sends no frames any more: unplugged, or stopped. What was recorded stays."""


@dataclass(frozen=True)
class LiveFrame:
    """One image as it comes.

    Attributes
    ----------
    depth : (H, W) uint16, in steps of the camera's unit, 0 = no reading.
    time_s : by the camera's clock.
    color : (H, W, 3) uint8, aligned to depth, or None.
    """

    depth: NDArray[np.uint16]
    time_s: float
    color: ByteArray | None = None


@dataclass(frozen=True)
class CameraFacts:
    """What a camera says of itself.

    Attributes
    ----------
    depth_unit_mm : of one step of its depth.
    band_mm : the distances at which it measures a foot well.
    settings : those that matter, in words, as the device itself states them.
    """

    name: str
    serial: str
    firmware: str
    intrinsics: Intrinsics
    depth_unit_mm: float
    band_mm: tuple[float, float]
    settings: str


class DepthCamera(Protocol):
    """A depth camera that is on."""

    @property
    def facts(self) -> CameraFacts:
        """What it says of itself."""

    def next_frame(self, patience_s: float) -> LiveFrame:
        """Return the newest frame that was not given yet.

        Raises
        ------
        CameraLost
            If none comes in `patience_s`.
        """

    def stop(self) -> None:
        """Switch it off."""
