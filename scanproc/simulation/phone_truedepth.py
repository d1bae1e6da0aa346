"""What a phone's front depth camera makes of a true depth image: smooth, and wrong in a smooth way.

Phones publish depth that was filtered over large windows: there is hardly any noise to be seen, small forms are rounded
off, edges bleed, and errors of some tenths of a mm to mm reach over the whole foot. No figures for feet are known:
all of these are extrapolated from what users report of such scans.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.render import TrueImage
from scanproc.simulation.visible_surfaces import smoothed_within, visible_surfaces


@dataclass(frozen=True)
class PhoneTrueDepth:
    """Parameters of the noise.

    Attributes
    ----------
    smooth_px : sigma of the filter, over inverse depth, within a surface.
    sigma_mm, width_px : what noise is left at 300 mm, and the full width at half maximum of its correlation.
    warp_mm, warp_width_px : slow error over the image at 300 mm, and its width.
    rim_mm, rim_decay_px : how far rims are drawn towards what is farther, and how fast that falls inwards.
    drop_deg : angle of view beyond which there is no reading.
    """

    smooth_px: float = 4.0
    sigma_mm: float = 0.3
    width_px: float = 25.0
    warp_mm: float = 0.7
    warp_width_px: float = 250.0
    rim_mm: float = 2.0
    rim_decay_px: float = 3.0
    drop_deg: float = 75.0

    def measure(self, image: TrueImage, rng: np.random.Generator) -> FloatArray:
        """Return (H, W) measured depth in mm, 0 where there is no reading."""
        shape = image.depth_mm.shape
        waves, warp = correlated(shape, self.width_px, rng), correlated(shape, self.warp_width_px, rng)
        measured = np.zeros(shape)
        for surface in visible_surfaces(image.depth_mm):
            box, mask = surface.box, surface.mask
            inverse = 1.0 / np.where(mask, image.depth_mm[box], 1.0)
            depth = 1.0 / np.maximum(smoothed_within(inverse, mask, self.smooth_px), 1e-9)
            error = self.sigma_mm * waves[box] + self.warp_mm * warp[box]
            depth = depth + (depth / 300.0) ** 2 * error
            depth = depth + self.rim_mm * np.exp(-surface.rim_px / self.rim_decay_px)
            measured[box][mask] = depth[mask]
        return np.where(image.grazing_rad < np.radians(self.drop_deg), measured, 0.0)
