"""The combined standard uncertainty of a measure (GUM, JCGM 100:2008): repeat, landmarks and ground; surface; scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import SdParts
from scanproc.measures.rows import Dimension


@dataclass(frozen=True)
class ErrorSources:
    """What the replicates of a recording do not show.

    Attributes
    ----------
    scale_sd : relative standard uncertainty of the camera's scale.
    surface_sd_mm : of where fusion puts a surface that all views agree on; see `Dimension.ends`.
    """

    scale_sd: float
    surface_sd_mm: float


def sd_parts(
    dimension: Dimension,
    value: float,
    replicates: Sequence[float | None],
    sources: ErrorSources,
    own_sd: float = 0.0,
) -> SdParts | None:
    """Return the standard uncertainty of a measure, by its causes; None where fewer than half of these have it.

    Parameters
    ----------
    value : before it is rounded to a size. The sd is of the rounded one: by how much that is rounded is known, and a
        size between two is farther off either than one in their middle.
    replicates : what the measure is on each replicate of the foot, see `anatomy.foot_replicates`.
    own_sd : of the reading itself, see `readings.Reading`.
    """
    known = np.array([other for other in replicates if other is not None], dtype=np.float64)
    if len(known) * 2 < max(len(replicates), 1):
        return None
    return SdParts(
        repeat=math.hypot(float(np.sqrt(np.mean((known - value) ** 2))), own_sd, dimension.rounded(value) - value),
        surface=math.sqrt(dimension.ends) * sources.surface_sd_mm,
        scale=dimension.scale_power * abs(value) * sources.scale_sd,
    )
