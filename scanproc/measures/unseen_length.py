"""What measures at a share of the foot length owe to one whose end was not seen: they are read as if it were longer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from scanproc.measures.readings import FootShape, Reading

_TIP = "longest_toe_tip"
_UNSEEN_MM = 3.0  # first and second toes of nine feet end 1 to 8 mm apart: one that was not seen may be as much longer


def unsure_of_length(
    shape: FootShape, readings: Mapping[str, Reading], values_of: Callable[[FootShape], Mapping[str, float | None]]
) -> dict[str, Reading]:
    """Return the readings of a foot; where the end of its longest toe was not seen, with what that makes of their sd.

    The height of the dorsum, read at half the length, changes by 0.4 mm for each that the foot is longer.

    Parameters
    ----------
    readings, values_of : by name.
    """
    if shape.unseen(_TIP) < 1.0:
        return dict(readings)
    tip = shape.foot.landmarks[_TIP]
    longer = replace(tip, xyz_mm=tip.xyz_mm + np.array([_UNSEEN_MM, 0.0, 0.0]))
    values = values_of(FootShape(replace(shape.foot, landmarks={**shape.foot.landmarks, _TIP: longer}), shape.loading))

    def unsure(name: str, reading: Reading) -> Reading:
        if reading.value is None or (other := values[name]) is None:
            return reading
        return replace(reading, own_sd=math.hypot(reading.own_sd, other - reading.value))

    return {name: unsure(name, reading) for name, reading in readings.items()}
