"""Global search for two views that share a floor: a turn about the vertical and a shift along the floor are unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from scanproc.frames import FloatArray, rigid, rotation_about

_CELL_MM = 8.0
_LAYERS_MM = (3.0, 25.0, 50.0, 75.0, 110.0, 160.0, 240.0)  # slices of a foot and its leg
_SIZE = 64  # cells a side: 512 mm, a foot may shift by its length before it meets itself
_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class YawSpectra:
    """The occupancy of a levelled view in layers, turned by each yaw, as spectra: (Y, L, S, S/2 + 1) complex64."""

    spectra: NDArray[np.complex64]
    centre: FloatArray  # (2,) mm, what the view was centred on before it was turned
    yaws_rad: FloatArray


def yaw_spectra(points: FloatArray, num_yaws: int) -> YawSpectra:
    """Prepare a view, (N, 3) mm with the floor at z = 0, for `best_placements`."""
    centre = points[:, :2].mean(axis=0)
    yaws = np.arange(num_yaws, dtype=np.float64) * (2.0 * np.pi / num_yaws)
    flat = points - np.array([*centre, 0.0])
    turned = [_occupancy(flat @ rotation_about(_UP, yaw).T) for yaw in yaws]
    return YawSpectra(_spectrum(np.stack(turned)), centre, yaws)


@dataclass(frozen=True)
class OccupancySpectrum:
    """The occupancy of a levelled model in layers as a spectrum, (L, S, S/2 + 1) complex64, and its centre, (2,) mm."""

    spectrum: NDArray[np.complex64]
    centre: FloatArray


def occupancy_spectrum(points: FloatArray) -> OccupancySpectrum:
    """Prepare a model, (N, 3) mm with the floor at z = 0, for `best_placements`."""
    centre = points[:, :2].mean(axis=0)
    return OccupancySpectrum(_spectrum(_occupancy(points - np.array([*centre, 0.0]))), centre)


def best_placements(source: YawSpectra, target: OccupancySpectrum, count: int) -> list[FloatArray]:
    """Return guesses of T_target_source: the `count` best turns and shifts of the source, best first, one a yaw."""
    product = (target.spectrum[None] * np.conj(source.spectra)).sum(axis=1)
    match = fft.irfft2(product, s=(_SIZE, _SIZE), axes=(-2, -1))
    peaks = match.reshape(len(match), -1)
    scores = peaks.max(axis=1)
    # Neighbouring yaws share a peak: keep the local maxima only.
    crest = (scores >= np.roll(scores, 1)) & (scores >= np.roll(scores, -1))
    order = [index for index in np.argsort(-scores, kind="stable") if crest[index]][:count]
    placements = []
    for index in order:
        row, column = np.unravel_index(int(peaks[index].argmax()), match.shape[1:])
        shift = np.array([row, column], dtype=np.float64)
        shift[shift >= _SIZE / 2] -= _SIZE
        turn = rotation_about(_UP, source.yaws_rad[index])
        offset = target.centre + shift * _CELL_MM - turn[:2, :2] @ source.centre
        placements.append(rigid(turn, np.array([*offset, 0.0])))
    return placements


def _occupancy(points: FloatArray) -> NDArray[np.float32]:
    """Return which cells hold points, in layers of height, (L, S, S)."""
    grid = np.zeros((len(_LAYERS_MM) - 1, _SIZE, _SIZE), dtype=np.float32)
    layer = np.digitize(points[:, 2], _LAYERS_MM) - 1
    inside = (layer >= 0) & (layer < len(grid))
    cells = np.floor(points[inside, :2] / _CELL_MM).astype(int) + _SIZE // 2
    rows, columns = np.clip(cells, 0, _SIZE - 1).T
    grid[layer[inside], rows, columns] = 1.0
    return grid


def _spectrum(grids: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Blur by a cell, bring each stack of layers to unit length, and transform."""
    blurred = ndimage.gaussian_filter(grids, (0.0,) * (grids.ndim - 2) + (1.0, 1.0), mode="constant")
    lengths = np.sqrt((blurred**2).sum(axis=(-3, -2, -1), keepdims=True))
    return np.asarray(fft.rfft2(blurred / (lengths + 1e-9), axes=(-2, -1)), dtype=np.complex64)
