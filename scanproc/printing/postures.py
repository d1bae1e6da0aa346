"""How a part can stand on a print bed: what hangs over, what would have to be held up, how many layers it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, rigid, transform
from scanproc.printing.supports import Supports, supports
from scanproc.solid.topology import contact_area_mm2

PostureName = Literal["flat", "edge"]
_WHOLE = 1e-6  # of a layer, and mm
_STEPS_DEG = (0.5, 20.0)  # from the level: between them a layer of 0.1 mm ends in steps of 0.3 mm and more


@dataclass(frozen=True)
class Posture:
    """A part in one posture.

    Attributes
    ----------
    T_bed_print : (4, 4), from the print frame; the lower corner of the part's box comes to the origin.
    edge_down : "left" or "right" of the part, seen along its x from behind; "" where it lies flat.
    size_mm : (3,) of its box.
    contact_mm2 : what lies on the bed, within the first layer.
    stepped_mm2 : surface that is nearly level, where layers show as steps.
    """

    name: PostureName
    T_bed_print: FloatArray
    edge_down: str
    size_mm: FloatArray
    supports: Supports
    contact_mm2: float
    stepped_mm2: float

    def layers(self, layer_mm: float) -> int:
        """Return how many layers of a height it takes."""
        return int(np.ceil(self.size_mm[2] / layer_mm - _WHOLE))


def postures(part: Mesh, layer_mm: float, overhang_deg: float) -> dict[PostureName, Posture]:
    """Return a part flat on its base, and on that of its long edges which takes less support.

    Parameters
    ----------
    part : print frame.
    """
    flat = _posture("flat", part, np.eye(3), "", layer_mm, overhang_deg)
    on_edges = [
        _posture("edge", part, _quarter_turn(sign), side, layer_mm, overhang_deg)
        for sign, side in ((1.0, "right"), (-1.0, "left"))
    ]
    return {"flat": flat, "edge": min(on_edges, key=lambda one: one.supports.volume_mm3)}


def _quarter_turn(sign: float) -> FloatArray:
    """Return a quarter turn about x, (3, 3): +1 brings the right edge (-y) down."""
    return np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -sign], [0.0, sign, 0.0]])


def _posture(
    name: PostureName, part: Mesh, rotation: FloatArray, edge_down: str, layer_mm: float, overhang_deg: float
) -> Posture:
    vertices = part.vertices @ rotation.T
    T_bed_print = rigid(rotation, -vertices.min(axis=0))
    stood = Mesh(transform(T_bed_print, part.vertices), part.faces)
    size, held = np.ptp(vertices, axis=0), supports(stood, layer_mm, overhang_deg)
    return Posture(
        name, T_bed_print, edge_down, size, held, contact_area_mm2(stood, layer_mm + _WHOLE), _stepped_mm2(stood)
    )


def _stepped_mm2(stood: Mesh) -> float:
    """Return the area of what is nearly level, looking up or down, but for what is exactly so: that shows no steps."""
    corners = stood.vertices[stood.faces]
    double = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(double, axis=1)
    level, nearly = (np.cos(np.deg2rad(angle)) * area for angle in _STEPS_DEG)
    upright = 0.5 * np.abs(double[:, 2])
    return float(area[(upright > nearly) & (upright < level)].sum())
