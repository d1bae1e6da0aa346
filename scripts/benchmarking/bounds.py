"""The bounds that simulated recordings have to keep: those of a textbook's camera, and those of a real one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """What is asked of recordings under one noise.

    Attributes
    ----------
    median_mm, p95_mm : of the surface's distance from the truth; or so many times the error with true poses.
    times_true_poses : see above; for the share that a surface lacks, too.
    tilt_deg : between the floor found and the true one.
    lacking_share : of the truth that two good views saw.
    refused_share, bad_found_share, good_lost_share : over all recordings, and over all views.
    """

    median_mm: float
    p95_mm: float
    times_true_poses: float
    tilt_deg: float
    lacking_share: float
    refused_share: float
    bad_found_share: float
    good_lost_share: float

    def allowed(self, bound: float, with_true_poses: float | None) -> float:
        """Return the figure that a recording may have."""
        return max(bound, self.times_true_poses * (with_true_poses or 0.0))


IDEAL = Bounds(0.15, 0.50, 1.3, 0.2, 0.02, 0.0, 0.95, 0.02)
REAL = Bounds(0.35, 1.00, 1.25, 0.5, 0.02, 0.03, 0.95, 0.03)  # the tilt: half of what the heel angle may be off


def bounds_of(noise_model: str) -> Bounds:
    """Return the bounds under a noise model."""
    return IDEAL if noise_model == "stereo-ideal" else REAL
