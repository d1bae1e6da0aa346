"""What a continuous-wave time-of-flight camera makes of a true depth image (Foix et al. 2011; Sarbolandi et al. 2015).

Noise falls with the light that comes back, cosine over square of the distance; a pixel that sees a front and a back
mixes both by their light; harmonics of the modulation make depth wiggle with distance. Amplitudes are extrapolated from
published figures of cameras of the Azure Kinect's kind (Kurillo et al. 2022: below 1 mm random, some mm systematic).
Light that comes by two bounces is not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, special

from scanproc.frames import FloatArray
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.render import TrueImage


@dataclass(frozen=True)
class TimeOfFlight:
    """Parameters of the noise.

    Attributes
    ----------
    sigma_mm : standard deviation at 1 m on a surface that faces the camera; it grows with z² over the cosine.
    floor_mm : least standard deviation.
    width_px : full width at half maximum of its correlation.
    blur_px : sigma of the lens's blur, over which front and back mix.
    mixed_kept : share of mixed pixels that pass the camera's own filter.
    wiggle_mm, wiggle_period_mm : amplitude of the error that repeats with distance, and its period.
    warp_mm, warp_width_px : slow error over the image, and its width.
    least_light : share of the light of a facing surface at 1 m below which there is no reading.
    """

    sigma_mm: float = 1.0
    floor_mm: float = 0.5
    width_px: float = 2.0
    blur_px: float = 0.7
    mixed_kept: float = 0.4
    wiggle_mm: float = 1.0
    wiggle_period_mm: float = 375.0
    warp_mm: float = 0.5
    warp_width_px: float = 200.0
    least_light: float = 0.12

    def measure(self, image: TrueImage, rng: np.random.Generator) -> FloatArray:
        """Return (H, W) measured depth in mm, 0 where there is no reading."""
        seen = np.isfinite(image.depth_mm)
        depth = np.where(seen, image.depth_mm, 1.0)
        light = np.where(seen, np.cos(image.grazing_rad) * (1000.0 / depth) ** 2, 0.0)
        total = ndimage.gaussian_filter(light, self.blur_px)
        mixed = np.divide(
            ndimage.gaussian_filter(light * depth, self.blur_px), total, out=depth.copy(), where=total > 0
        )
        sigma = np.maximum(self.sigma_mm / np.maximum(light, 1e-3), self.floor_mm)
        phase = 2.0 * np.pi * (mixed / self.wiggle_period_mm + rng.random())
        error = sigma * correlated(depth.shape, self.width_px, rng) + self.wiggle_mm * np.sin(phase)
        error += self.warp_mm * correlated(depth.shape, self.warp_width_px, rng)
        # What two surfaces share lies at neither: the camera's filter finds a part of it.
        is_mixed = np.abs(mixed - depth) > 3.0
        passes = special.ndtr(correlated(depth.shape, self.width_px, rng)) < self.mixed_kept
        kept = seen & (light > self.least_light) & (~is_mixed | passes)
        return np.where(kept, mixed + error, 0.0)
