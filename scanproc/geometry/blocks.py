"""Which blocks of a voxel grid a surface passes through."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray
from scanproc.frames import FloatArray

_SPAN = 1 << 20  # blocks along an axis that a key can hold: 8 km


def blocks_near(points: FloatArray, block_mm: float, reach_mm: float) -> IntArray:
    """Return the (M, 3) int32 coordinates of the cubic blocks within `reach_mm` along the axes of (N, 3) points."""
    cell_mm = block_mm / 4.0
    cells = _unique_rows(np.floor(points / cell_mm).astype(np.int64))
    centres = (cells + 0.5) * cell_mm
    reach = reach_mm + 0.5 * cell_mm
    steps = np.array(list(itertools.product((-reach, 0.0, reach), repeat=3)))
    blocks = np.floor((centres[:, None] + steps) / block_mm).astype(np.int64).reshape(-1, 3)
    return _unique_rows(blocks).astype(np.int32)


def _unique_rows(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    shifted = rows + _SPAN // 2
    keys = np.unique((shifted[:, 0] * _SPAN + shifted[:, 1]) * _SPAN + shifted[:, 2])
    return np.column_stack([keys // (_SPAN * _SPAN), keys // _SPAN % _SPAN, keys % _SPAN]) - _SPAN // 2
