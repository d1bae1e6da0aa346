"""What an active stereo camera makes of a true depth image, as measured on a D435 before two feet in socks.

Its disparity is matched over windows: it is smooth, errs in waves of a dozen pixels that stand still, pulls the rim of
every surface towards the camera ("foreground fattening"; Scharstein & Szeliski 2002, section 2), and drops what turns
away. All widths are in native pixels of the sensor's depth. Other cameras of the kind have these figures for want of
their own: extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from scanproc.frames import FloatArray
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.render import TrueImage
from scanproc.simulation.visible_surfaces import smoothed_within, visible_surfaces


@dataclass(frozen=True)
class StereoReal:
    """Parameters of the noise, and the measured values of a D435 as defaults.

    Attributes
    ----------
    focal_baseline : f b, px mm.
    pixel_scale : pixels of this image by native pixels; widths grow with it.
    disparity_px : standard deviation of the disparity: 0.65 mm along the normal at 350 to 540 mm.
    width_px : full width at half maximum of its correlation, across and down.
    window_px : sigma of the matching window, over which inverse depth is averaged.
    rim_px, rim_decay_px : disparity that a rim gains, and how fast that falls inwards.
    rim_spread : standard deviation of that gain, as a share of it.
    drop_cosine : mean and standard deviation of the cosine of the angle of view below which readings drop out.
    warp_px, warp_width_px : disparity error that changes over the whole foot, and its width: 0.32 mm between two views.
    hole_share : of the image, lost in blobs; there are few inside a surface.
    """

    focal_baseline: float
    pixel_scale: float = 1.0
    disparity_px: float = 0.09
    width_px: tuple[float, float] = (11.0, 8.0)
    window_px: float = 2.5
    rim_px: float = 0.8
    rim_decay_px: float = 3.8
    rim_spread: float = 0.5
    drop_cosine: tuple[float, float] = (0.34, 0.07)
    warp_px: float = 0.028
    warp_width_px: float = 250.0
    hole_share: float = 0.002

    def measure(self, image: TrueImage, rng: np.random.Generator) -> FloatArray:
        """Return (H, W) measured depth in mm, 0 where there is no reading."""
        shape = image.depth_mm.shape
        across, down = (self.pixel_scale * width for width in self.width_px)
        waves, rim_waves, drop_waves, holes = (correlated(shape, (across, down), rng) for _ in range(4))
        warp = correlated(shape, self.pixel_scale * self.warp_width_px, rng)
        per_px = self.pixel_scale  # a disparity error is stated in native pixels, as widths are
        disparity = np.zeros(shape)
        seen = np.zeros(shape, dtype=np.bool_)
        for surface in visible_surfaces(image.depth_mm):
            box, mask = surface.box, surface.mask
            inverse = 1.0 / np.where(mask, image.depth_mm[box], 1.0)
            matched = self.focal_baseline * smoothed_within(inverse, mask, per_px * self.window_px)
            fattened = per_px * self.rim_px * np.exp(-surface.rim_px / (per_px * self.rim_decay_px))
            matched += fattened * (1.0 + self.rim_spread * rim_waves[box])
            disparity[box][mask] = matched[mask]
            seen[box] |= mask
        disparity += per_px * (self.disparity_px * waves + self.warp_px * warp)
        mean, sd = self.drop_cosine
        lost = np.cos(image.grazing_rad) < mean + sd * drop_waves
        lost |= special.ndtr(holes) < self.hole_share
        kept = seen & ~lost & (disparity > 0.0)
        return np.divide(self.focal_baseline, disparity, out=np.zeros(shape), where=kept)
