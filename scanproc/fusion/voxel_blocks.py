"""Voxels in sparse cubic blocks: where nothing is near, there is no block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import IntArray

#: Voxels along the edge of a block.
BLOCK = 8

_SPAN = 1 << 20  # blocks along an axis that a key can hold: 8 km


@dataclass(frozen=True)
class DistanceField:
    """Signed distances in mm, positive outside, at the voxels of sparse blocks.

    Attributes
    ----------
    blocks : (B, 3) int32, in units of blocks, in ascending order of x, y, z.
    distance : (B, 512) float32, voxel (i, j, k) of a block at i * 64 + j * 8 + k; NaN where no view measured.
    """

    blocks: IntArray
    distance: NDArray[np.float32]
    voxel_mm: float


def block_keys(blocks: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return one number for each of (B, 3) blocks; their order is that of x, y, z."""
    shifted = blocks.astype(np.int64) + _SPAN // 2
    return np.asarray((shifted[:, 0] * _SPAN + shifted[:, 1]) * _SPAN + shifted[:, 2])


def block_coordinates(keys: NDArray[np.int64]) -> IntArray:
    """Return the (B, 3) blocks of their keys."""
    shifted = np.column_stack([keys // (_SPAN * _SPAN), keys // _SPAN % _SPAN, keys % _SPAN])
    return np.asarray(shifted - _SPAN // 2, dtype=np.int32)


def forward_neighbours(blocks: IntArray) -> IntArray:
    """Return (B, 8) the index of the block that is further by the bits of 0 to 7 (x = 4, y = 2, z = 1), -1 if none."""
    keys = block_keys(blocks)
    table = np.full((len(blocks), 8), -1, dtype=np.int32)
    for bits in range(8 if len(blocks) else 0):
        wanted = block_keys(blocks + np.array([bits >> 2 & 1, bits >> 1 & 1, bits & 1]))
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        table[:, bits] = np.where(keys[at] == wanted, at, -1)
    return table
