"""Two standing feet that fusion has joined where they nearly touch, parted again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import BoolArray, Mesh
from scanproc.segmentation.connected_components import connected_components

_LEAST_LENGTH_MM = 100.0  # of a foot
_BELOW_CALF_MM = 150.0  # what is lower is foot, ankle or the shin above it: calves that touch do so higher
_LEAST_SHARE = 0.3  # of the larger foot's plan that the smaller one has


def faces_between_feet(mesh: Mesh, voxel_mm: float, max_bridge_mm: float) -> BoolArray:
    """Return which faces, (F,), lie where two feet, z upright, are joined; none where there are no two feet.

    Seen from above, two feet are two cores, of a foot's length, that hang together nowhere by more than `max_bridge_mm`
    of width; each part of the plan belongs to the core that is nearer along the plan. If all places where the two meet
    are no longer than that either, they are bridges: feet that are pressed together at length are left as they are.
    Calves may meet at any length: where the plan of all does not tell two feet, that of what lies below them may.

    The plan is of the voxels that the mesh was made of: it has a vertex in all of them that it passes through.
    """
    if not len(mesh.faces):
        return np.zeros(0, dtype=np.bool_)
    corners = np.floor(mesh.vertices[:, :2] / voxel_mm).astype(np.int64)[mesh.faces]
    corners -= corners.min(axis=(0, 1)) - 1
    height = mesh.vertices[:, 2] - mesh.vertices[:, 2].min()
    is_low = (height < _BELOW_CALF_MM)[mesh.faces].all(axis=1)
    plan = _plan_of(corners, corners.max(axis=(0, 1)) + 2)
    for base in (plan, _plan_of(corners[is_low], np.array(plan.shape))):
        meeting = _meeting(base, plan, voxel_mm, max_bridge_mm)
        if meeting is not None:
            return np.asarray(meeting[corners[..., 0], corners[..., 1]].any(axis=1))
    return np.zeros(len(mesh.faces), dtype=np.bool_)


def _plan_of(corners: NDArray[np.int64], shape: NDArray[np.int64]) -> BoolArray:
    """Return the (X, Y) cells in which (F, 3, 2) corners lie."""
    plan = np.zeros(shape, dtype=np.bool_)
    plan[corners[..., 0], corners[..., 1]] = True
    return plan


def _meeting(base: BoolArray, plan: BoolArray, voxel_mm: float, max_bridge_mm: float) -> BoolArray | None:
    """Return the cells of the plan where the two feet that its part `base` shows meet; None unless it shows two."""
    feet = _two_cores(base, voxel_mm, max_bridge_mm / 2.0)
    if feet is None:
        return None
    feet = _watershed(feet, base)
    if voxel_mm * _border(feet).sum() / 2.0 > max_bridge_mm:  # a cell on either side
        return None
    return _border(_watershed(feet, plan))


def _border(feet: NDArray[np.int32]) -> BoolArray:
    return np.asarray((_dilated(feet == 1) & (feet == 2)) | (_dilated(feet == 2) & (feet == 1)))


def _two_cores(plan: BoolArray, voxel_mm: float, depth_mm: float) -> NDArray[np.int32] | None:
    """Return what lies `depth_mm` inside the plan, 1 and 2, 0 elsewhere; None unless there are just two such parts."""
    inner = plan
    for step in range(round(depth_mm / voxel_mm)):
        inner = ~_dilated(~inner, diagonally=step % 2 == 1)  # in turn: an octagon, nearly round
    components = connected_components(inner, np.ones(plan.shape, dtype=np.float32), 1.0)
    large = 1 + np.flatnonzero(components.pixels >= _LEAST_SHARE * components.pixels.max(initial=1))
    if len(large) != 2:
        return None
    cores = np.zeros(plan.shape, dtype=np.int32)
    for number, label in enumerate(large.tolist(), 1):
        at = np.argwhere(components.labels == label)
        if voxel_mm * float(np.linalg.norm(np.ptp(at, axis=0))) + 2.0 * depth_mm < _LEAST_LENGTH_MM:
            return None
        cores[components.labels == label] = number
    return cores


def _watershed(cores: NDArray[np.int32], plan: BoolArray) -> NDArray[np.int32]:
    """Return the plan's cells with the number of the core that reaches them first, the lower one if both do."""
    feet = cores
    while True:
        free = plan & (feet == 0)
        reached = np.where(free & _dilated(feet == 1), 1, np.where(free & _dilated(feet == 2), 2, 0))
        if not reached.any():
            return feet
        feet = feet + reached.astype(np.int32)


def _dilated(mask: BoolArray, diagonally: bool = True) -> BoolArray:
    """Return a (X, Y) mask and the neighbours of its cells."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    wide = grown.copy() if diagonally else mask
    grown[:, 1:] |= wide[:, :-1]
    grown[:, :-1] |= wide[:, 1:]
    return np.asarray(grown)
