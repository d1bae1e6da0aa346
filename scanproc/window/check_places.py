"""Where a check of the proof is seen."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Check
from scanproc.editing.preview import Preview
from scanproc.views.colors import RED
from scanproc.window.glass import Pointer

#: From where a check is seen, by how its name begins.
_SEEN_FROM = (
    ("wall", "b"),
    ("heel", "r"),
    ("cup", "r"),
    ("rearfoot", "r"),
    ("forefoot", "f"),
    ("arch", "m"),
    ("contact", "b"),
)


def seen_from(check: Check) -> str:
    """Return the letter of the view that a check is seen in."""
    return next((letter for start, letter in _SEEN_FROM if check.name.startswith(start)), "t")


def thinnest(preview: Preview) -> Pointer | None:
    """Return a dot under the place where the wall is thinnest; None where there is no insole."""
    if preview.solid is None:
        return None
    place = next(check for check in preview.checks if check.name == "wall_min_at_mm")
    x, y = (float(part) for part in str(place.got).split()[1::2])
    return Pointer(np.array([x, y, float(preview.solid.vertices[:, 2].min())]), "thinnest", RED, large=True)
