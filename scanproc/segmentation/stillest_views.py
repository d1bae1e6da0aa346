"""Which views of a long recording are used: a camera that streams sends hundreds that show the same."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import CloudFrame, DepthFrame

_SAMPLED = 4  # every so many pixels across and down tell how far two images differ
_FULL = 0.5  # of the readings of the fullest view; one with fewer looked elsewhere, or lost its images


def groups_of_views(count: int, most: int) -> list[range]:
    """Return runs of views, evenly in recorded order, one view of each of which is used: `most` of them or fewer."""
    number = min(count, most)
    bounds = [round(k * count / number) for k in range(number + 1)] if number else []
    return [range(start, stop) for start, stop in pairwise(bounds)]


def stillest_of(frames: Sequence[DepthFrame | CloudFrame], places: range) -> int:
    """Return the view of a run during which the camera moved least, by how far the depth changed from view to view.

    The middle one of clouds, whose points are not of fixed pixels. Views are taken one at a time.
    """
    if len(places) == 1:
        return places[0]
    samples: list[NDArray[np.uint16]] = []
    for place in places:
        frame = frames[place]
        if isinstance(frame, CloudFrame):
            return places[len(places) // 2]
        samples.append(frame.depth[::_SAMPLED, ::_SAMPLED].copy())
    changes = [_change(one, other) for one, other in pairwise(samples)]
    motion = np.maximum([changes[0], *changes], [*changes, changes[-1]])
    readings = np.array([np.count_nonzero(sample) for sample in samples])
    motion[readings < _FULL * readings.max()] = np.inf
    return places[int(np.argmin(motion))]


def _change(one: NDArray[np.uint16], other: NDArray[np.uint16]) -> float:
    """Return the mean step by which the depth of pixels changed that both images have."""
    both = (one > 0) & (other > 0)
    if not both.any():
        return np.inf
    return float(np.abs(one[both].astype(np.int32) - other[both]).mean())
