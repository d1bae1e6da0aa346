"""A foot to print, to be measured by a calliper and scanned: the demo's (CC0), 212 mm long, cut above the ankle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scanproc.artifacts import Mesh

#: Made by `scripts/make-printed-foot`; MakeHuman's body is CC0 1.0.
PRINTED_FOOT = Path(__file__).with_name("printed-foot.npz")
STEPS_PER_MM = 64  # of its coordinates, whole numbers


def printed_foot() -> Mesh:
    """Return the foot, mm, standing on z = 0, x to the toes."""
    with np.load(PRINTED_FOOT) as arrays:
        return Mesh(arrays["vertices"] / STEPS_PER_MM, arrays["faces"].astype(np.int32))
