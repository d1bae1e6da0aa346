"""A foot to print, to be measured by a calliper and scanned: the demo's (CC0), 212 mm long, cut above the ankle."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from scanproc.artifacts import Mesh

#: Made by `scripts/make-printed-foot`; MakeHuman's body is CC0 1.0.
PRINTED_FOOT = Path(__file__).with_name("printed-foot.npz")
_STEPS = 64.0  # of a mm


def packed(mesh: Mesh) -> bytes:
    """Return a mesh of fewer than 65,536 vertices in steps of 1/64 mm, small."""
    out = io.BytesIO()
    vertices = np.rint(mesh.vertices * _STEPS).astype(np.int16)
    np.savez_compressed(out, vertices=vertices, faces=mesh.faces.astype(np.uint16))
    return out.getvalue()


def printed_foot() -> Mesh:
    """Return the foot, mm, standing on z = 0, x to the toes."""
    with np.load(PRINTED_FOOT) as arrays:
        return Mesh(arrays["vertices"] / _STEPS, arrays["faces"].astype(np.int32))
