"""What a camera writes down of the depth that it measured: its own errors, its range, whole steps of its unit."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from scanproc.frames import FloatArray
from scanproc.simulation.cameras import Camera
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.settings import SimulationConfig

_WARP_WIDTH = 0.4  # full width at half maximum of its correlation, in widths of the image: extrapolated


def depth_unit_of(camera: Camera, config: SimulationConfig) -> float:
    """Return the depth of one step, mm."""
    return config.depth_unit_mm if config.depth_unit_mm > 0.0 else camera.depth_unit_mm


def digitised(depth_mm: FloatArray, camera: Camera, config: SimulationConfig) -> NDArray[np.uint16]:
    """Return (H, W) depth in whole steps of the unit, 0 outside the camera's range."""
    far = config.range_limit_mm if config.range_limit_mm > 0.0 else camera.far_mm
    measured = depth_mm * (1.0 + config.scale_error)
    if config.camera_warp_mm > 0.0:
        measured = measured * (1.0 + camera_warp(depth_mm.shape, camera, config) * depth_mm / camera.distance_mm)
    within = (depth_mm >= camera.near_mm) & (depth_mm <= far)
    steps = np.rint(np.where(within, measured, 0.0) / depth_unit_of(camera, config))
    return np.where(steps <= 65535.0, steps, 0.0).astype(np.uint16)


@cache
def camera_warp(shape: tuple[int, ...], camera: Camera, config: SimulationConfig) -> FloatArray:
    """Return (H, W) by how much a camera's depth is too long at its usual distance, as a share of it.

    It is one of disparities, so that the share grows with the distance. One seed is one camera.
    """
    field = correlated(shape, _WARP_WIDTH * shape[1], np.random.default_rng(config.camera_seed))
    return np.asarray(config.camera_warp_mm / camera.distance_mm * field)
