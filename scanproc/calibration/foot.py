"""The scale of a camera by a printed foot: what a calliper says of it, against what the scans of it measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scanproc.artifacts import Measure
from scanproc.calibration.calibrate import Calibration
from scanproc.errors import ScanError

_LEAST_SD = 1e-5  # no scan repeats to a hundredth of a mm


@dataclass(frozen=True)
class Reading:
    """A dimension of the printed foot: by the calliper, with its standard uncertainty, and by one scan.

    Its name is that of the measure.
    """

    name: str
    true_mm: float
    measured: Measure
    true_sd_mm: float = 0.2


def calibrate_by_foot(readings: Sequence[Reading]) -> Calibration:
    """Find the scale from dimensions of a printed foot, of one scan or several.

    Each counts by how well it repeats. Where they contradict each other by more than that, the scale is as much less
    sure (Birge's ratio: Phys. Rev. 40, 207, 1932). The calliper's error is the same in all scans.

    Raises
    ------
    ScanError
        If a dimension was not measured in any scan.
    """
    useful = [reading for reading in readings if reading.measured.status == "measured" and reading.measured.sd_parts]
    lacking = sorted({reading.name for reading in readings} - {reading.name for reading in useful})
    if lacking:
        raise ScanError(
            f"{lacking[0]} was measured in no scan of the foot; expected it with its uncertainty. Look at the scan's "
            "measures, or leave that dimension out."
        )
    ratios = np.array([reading.true_mm / _value(reading) for reading in useful])
    variances = np.array([_own_sd(reading) ** 2 for reading in useful])
    weights = 1.0 / variances / np.sum(1.0 / variances)
    scale = float(weights @ ratios)
    sd = math.sqrt(1.0 / float(np.sum(1.0 / variances)))
    shared = [
        sum(
            weight * _shared_sd(reading)
            for weight, reading in zip(weights, useful, strict=True)
            if reading.name == name
        )
        for name in {reading.name for reading in useful}
    ]
    birge = float(np.sqrt(np.sum((ratios - scale) ** 2 / variances) / max(len(ratios) - 1, 1)))
    off_mm = [reading.true_mm - scale * _value(reading) for reading in useful]
    told = [
        f"{reading.name}: {reading.true_mm:.1f} by the calliper, {_value(reading):.1f} measured, "
        f"{off:+.1f} after the scale"
        for reading, off in zip(useful, off_mm, strict=True)
    ]
    return Calibration(
        scale=scale,
        scale_sd=math.hypot(sd * max(birge, 1.0), *shared),
        warp=None,
        range_mm=None,
        residual_mm=float(np.sqrt(np.mean(np.square(off_mm)))),
        told=tuple(told),
    )


def _value(reading: Reading) -> float:
    assert reading.measured.value is not None
    return reading.measured.value


def _own_sd(reading: Reading) -> float:
    """Return the relative standard uncertainty that another scan of the foot would have anew."""
    parts = reading.measured.sd_parts
    assert parts is not None
    return max(parts.repeat / _value(reading), _LEAST_SD)


def _shared_sd(reading: Reading) -> float:
    """Return the one that all scans of the foot share, but for the scale, which is what is looked for."""
    parts = reading.measured.sd_parts
    assert parts is not None
    return math.hypot(parts.surface, reading.true_sd_mm) / _value(reading)
