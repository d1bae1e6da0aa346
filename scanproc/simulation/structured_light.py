"""What a structured-light camera of the Kinect's kind makes of a true depth image (Nguyen, Izadi & Lovell 2012).

Axial noise grows with depth and near grazing angles, pixels wander sideways, and depth comes in steps of disparity.
The paper's figures hold from 0.5 to 2.75 m and 10 to 80 degrees; nearer than that they are extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray
from scanproc.simulation.random_fields import correlated
from scanproc.simulation.render import TrueImage


@dataclass(frozen=True)
class StructuredLight:
    """Parameters of the noise.

    Attributes
    ----------
    amount : axial noise against the paper's.
    width_px : full width at half maximum of its correlation: the block that is matched.
    focal_baseline : f b, px mm, of the steps.
    steps_per_px : of disparity.
    drop_deg : angle of view beyond which there is no reading.
    """

    focal_baseline: float
    amount: float = 1.0
    width_px: float = 7.0
    steps_per_px: float = 8.0
    drop_deg: float = 78.0

    def measure(self, image: TrueImage, rng: np.random.Generator) -> FloatArray:
        """Return (H, W) measured depth in mm, 0 where there is no reading."""
        angle = image.grazing_rad.clip(0.0, np.radians(85.0))
        share = angle / (np.pi / 2.0 - angle)
        lateral_px = 0.8 + 0.035 * share
        height, width = image.depth_mm.shape
        rows, columns = np.indices((height, width), dtype=np.float64)
        rows += lateral_px * correlated((height, width), self.width_px, rng)
        columns += lateral_px * correlated((height, width), self.width_px, rng)
        at = [rows.round().clip(0, height - 1).astype(int), columns.round().clip(0, width - 1).astype(int)]
        depth = image.depth_mm[at[0], at[1]]
        seen = np.isfinite(depth)
        depth = np.where(seen, depth, 1000.0)
        sigma = 1.2 + 1.9 * (depth / 1000.0 - 0.4) ** 2
        depth = depth + self.amount * sigma * correlated((height, width), self.width_px, rng)
        steps = np.rint(self.focal_baseline / depth * self.steps_per_px).clip(1.0)
        depth = self.focal_baseline * self.steps_per_px / steps
        return np.where(seen & (image.grazing_rad < np.radians(self.drop_deg)), depth, 0.0)
