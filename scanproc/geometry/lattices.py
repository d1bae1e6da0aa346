"""Samples of a height field: its nodes inside an outline, and finer ones where it bends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from scanproc.artifacts import BoolArray
from scanproc.frames import FloatArray
from scanproc.geometry.heightfields import HeightField
from scanproc.geometry.triangulation import on_exact_plan


@dataclass(frozen=True)
class Lattice:
    """Where a height field is looked at.

    Attributes
    ----------
    node_xy : (A, 2), the nodes.
    finer_xy : (B, 2), places between nodes, on binary fractions of the step.
    node_share, finer_share : (A,), (B,) float64, the cosine of the slope there.
    """

    node_xy: FloatArray
    finer_xy: FloatArray
    node_share: FloatArray
    finer_share: FloatArray


def lattice_of(field: HeightField, within: BoolArray, detailed: BoolArray, sag_mm: float) -> Lattice:
    """Return the nodes of a field that lie `within`, (I * J,) bool, and finer places.

    Parameters
    ----------
    detailed : (I * J,) bool, cells that get places at quarters of the step.
    sag_mm : cells where the field bends by more than this between nodes get places at halves.
    """
    cosine = _cosines(field)
    within, detailed = within.reshape(field.z.shape), (within & detailed).reshape(field.z.shape)
    bent = ndimage.binary_dilation(_sag(field) * cosine > sag_mm, np.ones((3, 3))) & within & ~detailed
    parts, shares = [], []
    for cells, offsets in ((bent, (0.0, 0.5)), (detailed, (0.0, 0.25, 0.5, 0.75))):
        i, j = np.nonzero(cells)
        for a in offsets:
            for b in offsets:
                if a > 0.0 or b > 0.0:
                    parts.append(np.column_stack([field.x[i, 0] + a * field.step, field.y[0, j] + b * field.step]))
                    shares.append(cosine[i, j])
    return Lattice(
        node_xy=on_exact_plan(field.nodes()[within.ravel()]),
        finer_xy=on_exact_plan(np.vstack(parts)),
        node_share=cosine[within],
        finer_share=np.concatenate(shares),
    )


def _cosines(field: HeightField) -> FloatArray:
    """Return the cosine of the slope at each node, (I, J): the greatest round it, so that no bend is missed."""
    along_x, along_y = np.gradient(field.z, field.step)
    cosine = 1.0 / np.sqrt(1.0 + along_x**2 + along_y**2)
    return np.asarray(ndimage.maximum_filter(cosine, 3))


def _sag(field: HeightField) -> FloatArray:
    """Return by how much the field leaves the chord between a node's neighbours' middles, (I, J) mm."""
    sag = np.zeros(field.z.shape)
    sag[1:-1] = np.abs(field.z[2:] - 2.0 * field.z[1:-1] + field.z[:-2])
    sag[:, 1:-1] = np.maximum(sag[:, 1:-1], np.abs(field.z[:, 2:] - 2.0 * field.z[:, 1:-1] + field.z[:, :-2]))
    return np.asarray(sag / 8.0)
