"""What is known of a sensor by what `scan.toml` calls it: how true its scale is, and its surface."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanproc.artifacts import ScanFacts


@dataclass(frozen=True)
class SensorClass:
    """A kind of sensor.

    Attributes
    ----------
    words : the kind, and how it is said in `sensor`.
    pattern : of names that belong to it, in lower case.
    scale_sd : relative standard uncertainty of its scale, until it was checked.
    form_sd_mm : standard uncertainty of a surface that its own software made, along the normal, apart from noise.
    """

    words: str
    pattern: str
    scale_sd: float
    form_sd_mm: float


#: The first that fits. Scales until they are checked: of cameras held by hand 1 %, of phones 5 %, of scanners that are
#: sold with a certificate 0.2 %. Forms: an estimate from what makers state, rounded up.
SENSOR_CLASSES: tuple[SensorClass, ...] = (
    SensorClass(
        "structured-light scanner",
        r"structured.light|laser|artec|einscan|creaform|go!?scan|handyscan|revopoint|peel ?3d|3dmd|vectra|infoot",
        0.002,
        0.25,
    ),
    SensorClass(
        "depth camera",
        r"depth camera|realsense|\bd4[0-9]{2}|\bl515|kinect|structure (sensor|core)|orbbec|femto|astra|xtion|primesense"
        r"|\bzed\b|oak-d",
        0.01,
        0.7,
    ),
    SensorClass("phone", r"phone|ipad|true.?depth|lidar|android|galaxy|pixel|photogrammetry|polycam", 0.05, 1.0),
)
UNKNOWN_SCALE_SD = 0.01


def sensor_class(sensor: str | None) -> SensorClass | None:
    """Return the class that a sensor's name belongs to; None if it is not stated, or belongs to none."""
    name = (sensor or "").lower()
    return next((kind for kind in SENSOR_CLASSES if re.search(kind.pattern, name)), None) if name else None


def scale_sd_of(facts: ScanFacts) -> float:
    """Return the relative standard uncertainty of the scale: of the camera's certificate, or of its class."""
    if facts.certificate is not None and facts.certificate.scale_sd is not None:
        return facts.certificate.scale_sd
    kind = sensor_class(facts.sensor)
    return UNKNOWN_SCALE_SD if kind is None else kind.scale_sd
