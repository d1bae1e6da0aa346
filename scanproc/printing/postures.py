"""How a part can stand on a print bed: what hangs over, what would have to be held up, how many layers it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, rigid, transform
from scanproc.printing.supports import Supports, supports

PostureName = Literal["flat", "edge"]
_WHOLE = 1e-6  # of a layer


@dataclass(frozen=True)
class Posture:
    """A part in one posture.

    Attributes
    ----------
    T_bed_print : (4, 4), from the print frame; the lower corner of the part's box comes to the origin.
    edge_down : "left" or "right" of the part, seen along its x from behind; "" where it lies flat.
    size_mm : (3,) of its box.
    """

    name: PostureName
    T_bed_print: FloatArray
    edge_down: str
    size_mm: FloatArray
    supports: Supports

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
    size = np.ptp(vertices, axis=0)
    return Posture(name, T_bed_print, edge_down, size, supports(stood, layer_mm, overhang_deg))
