"""The other side's foot as a mirror image: for a pair of insoles of which one foot alone was scanned."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from scanproc.artifacts import Foot, Landmark, Mesh, Side
from scanproc.errors import ScanError

Pair = Literal["as-scanned", "from-left", "from-right"]

_SOURCE: dict[str, Side] = {"from-left": "left", "from-right": "right"}
_OTHER: dict[str, Pair] = {"from-left": "from-right", "from-right": "from-left"}
_FLIP = np.array([1.0, -1.0, 1.0])


def mirrored_foot(foot: Foot) -> Foot:
    """Return the foot of the other side: y negated, so that medial stays medial; faces turned to look outwards again.

    Its `T_foot_scan` holds the reflection; draws of the surface, which tell uncertainties, are left out.
    """
    side: Side = "right" if foot.side == "left" else "left"
    mesh = Mesh(foot.mesh.vertices * _FLIP, np.ascontiguousarray(foot.mesh.faces[:, ::-1]))
    landmarks = {
        name: Landmark(mark.xyz_mm * _FLIP, mark.method, mark.confidence) for name, mark in foot.landmarks.items()
    }
    T = np.diag([*_FLIP, 1.0]) @ foot.T_foot_scan
    return replace(foot, side=side, mesh=mesh, landmarks=landmarks, T_foot_scan=T, replicates=None)


def feet_to_design(feet: tuple[Foot, ...], pair: Pair) -> tuple[Foot, ...]:
    """Return the feet that insoles are made for: as scanned, or one and its mirror image, the left one first.

    Raises
    ------
    ScanError
        If the foot to mirror was not scanned.
    """
    if pair == "as-scanned":
        return feet
    source = [foot for foot in feet if foot.side == _SOURCE[pair]]
    if not source:
        raise ScanError(
            f"found no {_SOURCE[pair]} foot in the scan, expected one to mirror (insole.pair = {pair}). "
            f'Mirror the foot that was scanned: insole.pair = "{_OTHER[pair]}".'
        )
    both = (source[0], mirrored_foot(source[0]))
    return both if both[0].side == "left" else both[::-1]


def is_mirrored(foot: Foot, pair: Pair) -> bool:
    """Tell whether a foot that is designed on was not scanned itself."""
    return pair != "as-scanned" and foot.side != _SOURCE[pair]
