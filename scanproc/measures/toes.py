"""How far the first and the fifth toe lean over the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.artifacts import ReadGeometry
from scanproc.frames import FloatArray
from scanproc.measures.readings import FootShape, Reading, no_reading

_HEEL_SHARES = np.linspace(0.02, 0.30, 29)
_HALLUX_SHARES = np.linspace(0.80, 0.95, 31)  # of the length: between the joint and the round of the tip
_FIFTH_TOE_SHARES = np.linspace(0.72, 0.80, 17)


def hallux_angle_deg(shape: FootShape) -> Reading:
    """Tangent heel to 1st joint against tangent 1st joint to hallux, medial border; leaning laterally is positive."""
    return _toe_lean(shape, "metatarsale_tibiale", shape.medial_y, _HALLUX_SHARES)


def fifth_toe_angle_deg(shape: FootShape) -> Reading:
    """Tangent heel to 5th joint against tangent 5th joint to toe, lateral border; leaning medially is positive."""
    return _toe_lean(shape, "metatarsale_fibulare", -shape.medial_y, _FIFTH_TOE_SHARES)


def _toe_lean(shape: FootShape, joint_name: str, outward_y: float, toe_shares: FloatArray) -> Reading:
    """Return the angle at a joint between a line that touches the heel and one that touches the toe."""
    joint = shape.landmark(joint_name)
    heel = _steepest(shape, joint, outward_y, _HEEL_SHARES)
    toe = _steepest(shape, joint, outward_y, toe_shares)
    if heel is None or toe is None:
        return no_reading("there is no surface along the border")

    def read_from() -> ReadGeometry:
        ends = {"heel": heel.point, "toe": toe.point}
        return ReadGeometry({joint_name: joint, **ends}, {name: np.stack([joint, end]) for name, end in ends.items()})

    value = float(np.rad2deg(np.arctan(heel.fall) + np.arctan(toe.fall)))
    unseen = 1.0 - (heel.seen + toe.seen) / 2.0
    return Reading(value, unseen, "the border of the heel or the toe", geometry=read_from)


@dataclass(frozen=True)
class _Tangent:
    """Where a line from a joint touches a border, (3,) mm; how fast it falls inward; whether that was seen."""

    point: FloatArray
    fall: float
    seen: bool


def _steepest(shape: FootShape, joint: FloatArray, outward_y: float, shares: FloatArray) -> _Tangent | None:
    """Return the line from a joint that touches the border at `shares`; None where there is none.

    Of all lines from the joint to the border, the one that leans outward most has the border on its inner side.
    """
    x = shape.rear + shares * shape.length
    borders, side = shape.borders(x, FOOT_HEIGHT_MM), 0 if outward_y < 0.0 else 1
    used = (np.abs(x - joint[0]) >= 5.0) & np.isfinite(borders.right) & ~borders.open[:, side]
    if not used.any():
        return None
    falls = outward_y * (joint[1] - borders.points[used, side, 1]) / np.abs(x[used] - joint[0])
    least = int(np.argmin(falls))
    return _Tangent(borders.points[used, side][least], float(falls[least]), bool(borders.seen[used, side][least]))
