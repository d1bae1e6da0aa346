"""The colours of all pictures, safe for the colour-blind: after Okabe and Ito for things, viridis for figures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray

Rgb = tuple[int, int, int]

INK: Rgb = (27, 31, 36)
GREY: Rgb = (107, 114, 128)
CUT: Rgb = (236, 233, 228)  # where a body is cut open
WHITE: Rgb = (255, 255, 255)
CLAY: Rgb = (214, 200, 186)  # an uncoloured foot
SHELL: Rgb = (122, 168, 204)  # an insole
BLUE: Rgb = (0, 94, 160)
ORANGE: Rgb = (213, 94, 0)  # whatever was not seen
RED: Rgb = (178, 24, 43)  # what is wrong, always with words
GREEN: Rgb = (0, 125, 92)
PURPLE: Rgb = (160, 70, 125)

# Nine steps of matplotlib's viridis (van der Walt and Smith 2015, CC0), dark to light
VIRIDIS = ("440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725")
# Blue to red after ColorBrewer's RdBu (Apache-2.0), through a grey that shows on white paper
BLUE_RED = ("2166ac", "5a97c6", "a3bfd6", "cfd0d2", "deb09c", "d9745a", "b2182b")
BLUES = ("dcebf7", "9ec9e8", "5ba3d0", "2a7ab9", "10579c")  # one hue: more is darker


def colors_of(values: NDArray[Any], low: float, high: float, steps: tuple[str, ...] = VIRIDIS) -> ByteArray:
    """Return (..., 3) uint8 colours of values; what lies outside `low` to `high` takes the nearer end."""
    table = np.array([[int(step[i : i + 2], 16) for i in (0, 2, 4)] for step in steps], dtype=np.float64)
    place = np.clip((np.asarray(values, dtype=np.float64) - low) / max(high - low, 1e-9), 0.0, 1.0) * (len(table) - 1)
    channels = [np.interp(place, np.arange(len(table)), table[:, channel]) for channel in range(3)]
    return np.asarray(np.stack(channels, axis=-1).round(), dtype=np.uint8)


def in_bands(values: NDArray[Any], band: float) -> NDArray[np.float64]:
    """Return values at the middle of their class, `band` wide; 0 leaves them as they are."""
    found = np.asarray(values, dtype=np.float64)
    return found if band == 0.0 else (np.floor(found / band + 1e-9) + 0.5) * band


def even(color: Rgb, count: int) -> ByteArray:
    """Return (count, 3) uint8 of one colour."""
    return np.tile(np.array(color, dtype=np.uint8), (count, 1))
