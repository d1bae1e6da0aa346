"""What an ideal stereo camera makes of a true depth image: no rims, no matching window, no slow errors.

Depth noise of stereo is that of its disparity: sigma = z² s / (f b) (Keselman et al. 2017, on RealSense). It is
correlated since neighbouring pixels are matched with overlapping windows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.render import TrueImage

_STEPS_PER_PIXEL = 32.0  # a RealSense chip reports disparity in 1/32 of a pixel
_VOID_BEHIND_MM = 50.0  # how far a flying pixel leaves an edge that has nothing behind it


@dataclass(frozen=True)
class StereoIdeal:
    """Parameters of the noise.

    Attributes
    ----------
    focal_baseline : f b, px mm.
    disparity_px, floor_mm : axial noise is the greater of z² s / (f b) and the floor; both 0 for none.
    width_px : full width at half maximum of its correlation.
    flying_share : of the pixels at a jump that are torn off.
    flying_jump_mm : depth step that is a jump.
    grazing_deg : from which and to which angle readings drop out.
    hole_share : lowest and highest share of an image that is lost in blobs.
    has_steps : whether disparity comes in steps.
    """

    focal_baseline: float
    disparity_px: float
    floor_mm: float
    width_px: float
    flying_share: float
    flying_jump_mm: float
    grazing_deg: tuple[float, float]
    hole_share: tuple[float, float]
    has_steps: bool

    def measure(self, image: TrueImage, rng: np.random.Generator) -> FloatArray:
        """Return (H, W) measured depth in mm, 0 where there is no reading."""
        depth = _with_flying_pixels(image.depth_mm, self, rng)
        seen = np.isfinite(depth)
        depth = np.where(seen, depth, 1.0)
        depth = depth + axial_sigma_mm(depth, self) * correlated(depth.shape, self.width_px, rng)
        if self.has_steps:
            steps = np.rint(self.focal_baseline / depth * _STEPS_PER_PIXEL).clip(1.0)
            depth = self.focal_baseline * _STEPS_PER_PIXEL / steps
        lost = _grazing(image.grazing_rad, self, rng) | _holes(depth.shape, self, rng)
        return np.where(seen & ~lost & (depth > 0.0), depth, 0.0)


def axial_sigma_mm(depth_mm: FloatArray, noise: StereoIdeal) -> FloatArray:
    """Return the standard deviation of the axial noise of stereo: z² s / (f b), with a floor."""
    return np.maximum(depth_mm**2 * (noise.disparity_px / noise.focal_baseline), noise.floor_mm)


def _with_flying_pixels(depth: FloatArray, noise: StereoIdeal, rng: np.random.Generator) -> FloatArray:
    """Tear pixels within 1 to 2 px of a jump off their surface, to anywhere between front and back."""
    if noise.flying_share <= 0.0:
        return depth
    front = ndimage.minimum_filter(depth, size=3)
    back = ndimage.maximum_filter(depth, size=3)
    back = np.where(np.isfinite(back), back, front + _VOID_BEHIND_MM)
    step = np.subtract(back, front, out=np.zeros_like(depth), where=np.isfinite(front))
    at_jump = step > noise.flying_jump_mm
    beside_jump = ndimage.binary_dilation(at_jump, np.ones((3, 3), dtype=bool)) & (rng.random(depth.shape) < 0.5)
    front = ndimage.minimum_filter(np.where(at_jump, front, np.inf), size=3)
    back = ndimage.maximum_filter(np.where(at_jump, back, -np.inf), size=3)
    flies = (at_jump | beside_jump) & (rng.random(depth.shape) < noise.flying_share)
    between = rng.random(depth.shape)[flies]
    torn: FloatArray = depth.copy()
    torn[flies] = front[flies] + between * (back[flies] - front[flies])
    return torn


def _grazing(grazing_rad: FloatArray, noise: StereoIdeal, rng: np.random.Generator) -> BoolArray:
    """Drop readings in patches, with a probability that grows from 0 to 1 between two angles."""
    low, high = np.radians(noise.grazing_deg)
    probability = ((grazing_rad - low) / (high - low)).clip(0.0, 1.0)
    return np.asarray(special.ndtr(correlated(grazing_rad.shape, noise.width_px, rng)) < probability)


def _holes(shape: tuple[int, ...], noise: StereoIdeal, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Lose blobs that cover a share of the image drawn between the two given."""
    share = rng.uniform(*noise.hole_share)
    blobs = correlated(shape, 2.0 * noise.width_px, rng)
    return np.asarray(special.ndtr(blobs) < share)
