"""Samples of a height field: its nodes inside an outline, and finer ones where it bends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.solid.greedy_insertion import snapped_plan
from scanproc.solid.height_fields import HeightField
from scanproc.solid.splines import cosines


@dataclass(frozen=True)
class AdaptiveSamples:
    """Where a height field is looked at.

    Attributes
    ----------
    node_xy : (A, 2), the nodes.
    finer_xy : (B, 2), places between nodes, on binary fractions of the step, and those asked for.
    node_share, finer_share : (A,), (B,) float64, the cosine of the slope there.
    """

    node_xy: FloatArray
    finer_xy: FloatArray
    node_share: FloatArray
    finer_share: FloatArray


def adaptive_samples(
    field: HeightField, within: BoolArray, detailed: BoolArray, more: FloatArray, sag_mm: float
) -> AdaptiveSamples:
    """Return the nodes of a field that lie `within`, (I * J,) bool, and finer places, which may lie outside.

    Parameters
    ----------
    detailed : (I * J,) bool, cells that get places at quarters of the step.
    more : (N, 2) further places.
    sag_mm : cells where the field bends by more than this between nodes get places at halves of the step, and at
        quarters where it bends by more than four times as much.
    """
    inner, detailed = within.reshape(field.z.shape), detailed.reshape(field.z.shape)
    sag = np.where(inner, _sag(field), 0.0)
    around = np.ones((3, 3), dtype=bool)
    # Half the step has a quarter of the sag.
    detailed = detailed | ndimage.binary_dilation(sag > 4.0 * sag_mm, around)
    bent = ndimage.binary_dilation(sag > sag_mm, around) & ~detailed
    parts = [more]
    for cells, offsets in ((bent, (0.0, 0.5)), (detailed, (0.0, 0.25, 0.5, 0.75))):
        i, j = np.nonzero(cells)
        for a in offsets:
            for b in offsets:
                if a > 0.0 or b > 0.0:
                    parts.append(np.column_stack([field.x[i, 0] + a * field.step, field.y[0, j] + b * field.step]))
    finer = snapped_plan(np.vstack(parts))
    nodes = snapped_plan(field.nodes()[within])
    return AdaptiveSamples(nodes, finer, _cosines_at(field, nodes), _cosines_at(field, finer))


def _cosines_at(field: HeightField, xy: FloatArray) -> FloatArray:
    """Return the cosine of the slope at (N, 2) points, (N,)."""
    return cosines(field.spline, field.step, (xy - [field.x0, field.y0]) / field.step)


def _sag(field: HeightField) -> FloatArray:
    """Return by how much the field leaves the chords between its nodes, square to it, (I, J) mm."""
    z = field.z
    sag, rise = np.zeros(z.shape), np.zeros(z.shape)
    sag[1:-1] = np.abs(z[2:] - 2.0 * z[1:-1] + z[:-2])
    sag[:, 1:-1] = np.maximum(sag[:, 1:-1], np.abs(z[:, 2:] - 2.0 * z[:, 1:-1] + z[:, :-2]))
    rise[1:-1] = (z[2:] - z[:-2]) ** 2
    rise[:, 1:-1] += (z[:, 2:] - z[:, :-2]) ** 2
    cosine = 1.0 / np.sqrt(1.0 + rise / (2.0 * field.step) ** 2)
    # Round a bend the gentler side counts.
    return np.asarray(sag / 8.0 * ndimage.maximum_filter(cosine, 3))
