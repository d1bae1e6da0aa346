"""The outline of the foot in a view: beyond it the camera looked past the foot."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import BoolArray
from scanproc.compiled import compiled


@compiled
def silhouette(foot: BoolArray, past: BoolArray, margin_px: int) -> BoolArray:
    """Return, (H, W), the foot, the doubtful pixels round it, and a margin round both.

    Doubtful is what is not past the foot and reaches it from pixel to pixel: what was not measured beside the foot may
    be the foot's; holes elsewhere are the floor's. The margin counts steps across and down.
    """
    height, width = foot.shape
    steps = np.full((height, width), margin_px + 1, dtype=np.int32)  # to the foot or what is doubtful
    waiting = np.empty(height * width, dtype=np.int32)
    count = 0
    for v in range(height):
        for u in range(width):
            if foot[v, u]:
                steps[v, u] = 0
                waiting[count] = v * width + u
                count += 1
    while count > 0:
        count -= 1
        v, u = waiting[count] // width, waiting[count] % width
        for dv, du in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            y, x = v + dv, u + du
            if 0 <= y < height and 0 <= x < width and steps[y, x] > 0 and not past[y, x]:
                steps[y, x] = 0
                waiting[count] = y * width + x
                count += 1
    for v in range(height):
        for u in range(width):
            if v > 0:
                steps[v, u] = min(steps[v, u], steps[v - 1, u] + 1)
            if u > 0:
                steps[v, u] = min(steps[v, u], steps[v, u - 1] + 1)
    for v in range(height - 1, -1, -1):
        for u in range(width - 1, -1, -1):
            if v + 1 < height:
                steps[v, u] = min(steps[v, u], steps[v + 1, u] + 1)
            if u + 1 < width:
                steps[v, u] = min(steps[v, u], steps[v, u + 1] + 1)
    return steps <= margin_px
