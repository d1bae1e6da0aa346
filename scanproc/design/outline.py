"""Where the insole ends: its outline seen from above."""

from __future__ import annotations

from scanproc.design.plan import DistalLine
from scanproc.design.rim import Rim
from scanproc.frames import FloatArray
from scanproc.geometry.outlines import cut_and_rounded

_CORNER_RADIUS_MM = 10.0


def shell_outline(rim: Rim, distal: DistalLine) -> FloatArray:
    """Return the closed outline of a shell that ends behind the ball, (K, 2)."""
    return cut_and_rounded(rim.curve, distal.half_plane(), _CORNER_RADIUS_MM)
