"""The noise models by name, one row each: what it imitates, where its figures come from, how a camera gets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from scanproc.artifacts import Intrinsics
from scanproc.frames import FloatArray
from scanproc.simulation.cameras import Camera, CameraName
from scanproc.simulation.phone_truedepth import PhoneTrueDepth
from scanproc.simulation.render import TrueImage
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.stereo_ideal import StereoIdeal
from scanproc.simulation.stereo_real import StereoReal
from scanproc.simulation.structured_light import StructuredLight
from scanproc.simulation.time_of_flight import TimeOfFlight

NoiseName = Literal["stereo-real", "stereo-ideal", "tof", "structured-light", "phone-truedepth"]


class DepthNoise(Protocol):
    """What a camera makes of what it sees."""

    def measure(self, image: TrueImage, rng: np.random.Generator) -> FloatArray:
        """Return (H, W) measured depth in mm, 0 where there is no reading."""


@dataclass(frozen=True)
class NoiseAsked:
    """What the settings of a simulation say of the noise.

    Attributes
    ----------
    amount : random part against the model's own.
    ideal : the parameters of the ideal model, which the settings state one by one.
    """

    amount: float
    ideal: StereoIdeal


@dataclass(frozen=True)
class NoiseModel:
    """One row of the table."""

    imitates: str
    source: str
    make: Callable[[Camera, Intrinsics, NoiseAsked], DepthNoise]


def _stereo_real(camera: Camera, intrinsics: Intrinsics, asked: NoiseAsked) -> DepthNoise:
    scale = intrinsics.width / camera.intrinsics.width
    own = StereoReal(focal_baseline=intrinsics.fx * camera.baseline_mm, pixel_scale=scale)
    return StereoReal(own.focal_baseline, scale, disparity_px=asked.amount * own.disparity_px)


def _time_of_flight(camera: Camera, intrinsics: Intrinsics, asked: NoiseAsked) -> DepthNoise:
    own = TimeOfFlight()
    return TimeOfFlight(sigma_mm=asked.amount * own.sigma_mm, floor_mm=asked.amount * own.floor_mm)


def _structured_light(camera: Camera, intrinsics: Intrinsics, asked: NoiseAsked) -> DepthNoise:
    return StructuredLight(focal_baseline=intrinsics.fx * _KINECT_BASELINE_MM, amount=asked.amount)


def _phone(camera: Camera, intrinsics: Intrinsics, asked: NoiseAsked) -> DepthNoise:
    return PhoneTrueDepth(sigma_mm=asked.amount * PhoneTrueDepth().sigma_mm)


_KINECT_BASELINE_MM = 75.0

NOISE_MODELS: Mapping[NoiseName, NoiseModel] = {
    "stereo-real": NoiseModel(
        "an active stereo camera as it is: waves, rims, matching window, drop-out",
        "measured on one D435 recording of two feet; other cameras extrapolated",
        _stereo_real,
    ),
    "stereo-ideal": NoiseModel(
        "a stereo camera of the textbook: correlated disparity noise, flying pixels, holes",
        "Keselman et al. 2017",
        lambda camera, intrinsics, asked: asked.ideal,
    ),
    "tof": NoiseModel(
        "a time-of-flight camera: noise by light, mixed edges, wiggling with distance",
        "form: Foix et al. 2011, Sarbolandi et al. 2015; amplitudes extrapolated",
        _time_of_flight,
    ),
    "structured-light": NoiseModel(
        "a structured-light camera of the Kinect's kind",
        "Nguyen et al. 2012; below 0.5 m extrapolated",
        _structured_light,
    ),
    "phone-truedepth": NoiseModel(
        "a phone's front camera: smooth depth with slow errors and bleeding edges", "extrapolated", _phone
    ),
}

_OWN: Mapping[CameraName, NoiseName] = {
    "d405": "stereo-real",
    "d415": "stereo-real",
    "d435": "stereo-real",
    "truedepth": "phone-truedepth",
    "azure-kinect": "tof",
}
_OF_IDEAL = (
    "disparity_px",
    "noise_floor_mm",
    "noise_width_px",
    "artefacts",
    "flying_share",
    "flying_jump_mm",
    "grazing_from_deg",
    "grazing_to_deg",
    "hole_share_low",
    "hole_share_high",
)


def with_noise_model(config: SimulationConfig) -> SimulationConfig:
    """Return a config that names its noise model: the one asked for, or what `auto` makes of its settings."""
    if config.noise_model != "auto":
        return config
    usual = SimulationConfig()
    is_ideal = any(getattr(config, name) != getattr(usual, name) for name in _OF_IDEAL)
    return replace(config, noise_model="stereo-ideal" if is_ideal else _OWN[config.camera])
