"""Which loose parts of a surface are feet, and the two feet that one part may be where they touch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from scanproc.anatomy.stance import Stance
from scanproc.artifacts import IntArray, Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rotation_between
from scanproc.mesh.meshes import connected_components, face_areas, submesh
from scanproc.segmentation.joined_feet import faces_between_feet

_MOST_PARTS = 20  # that are looked at: what comes after them is debris
_FLAT_PART_MM = 10.0  # what is no thicker is a wall or a floor, however large, and the foot beside it may be small
_MAX_BRIDGE_MM = 30.0  # two feet that hang together by less are parted, as in fusion (surface.max_bridge_mm)
_CELL_EDGES, _CELL_MM = 2.0, (2.0, 8.0)  # of the plan: as wide as so many edges, or some would be empty
_LONG_CELLS = 3.0  # faces that are longer close a cut, from one leg to the other
_MOST_MM = 1200.0  # that a pair with its legs reaches: metres of a plan have more cells than memory
_ABOVE_ANKLE_MM = 110.0  # what is measured lies lower, but for the leg's angle
_UP = np.array([0.0, 0.0, 1.0])
_AXES = np.vstack([_UP, np.eye(3)[1::-1], -np.eye(3)[::-1]])  # z first, as most files have it


class Recognised(Protocol):
    """Something that stands in some way."""

    @property
    def stance(self) -> Stance: ...


Found = TypeVar("Found", bound=Recognised)


def recognised_parts(
    mesh: Mesh, min_share: float, recognise: Callable[[IntArray], Found], ups: FloatArray | None
) -> list[Found]:
    """Return what is recognised in the large loose parts of a mesh, or in both halves of one that is not.

    Parameters
    ----------
    min_share : of the largest part's area that a part has at least.
    recognise : of the vertices of a part, sorted; raises a ScanError where they are nothing.
    ups : (K, 3) ways that may be up, by which a part may be two feet that touch; None where it may not.

    Raises
    ------
    ScanError
        Why the largest part is nothing, if none is anything; of two feet that touch below the ankle, that they do.
    """
    found: list[Found] = []
    refusals: list[ScanError] = []
    for part in _large_parts(mesh, min_share):
        try:
            found.append(recognise(part))
        except ScanError as refusal:
            pair = None if ups is None else _pair_in(mesh, part, recognise, ups)
            found += pair or ()
            refusals += () if pair else (refusal,)
    if not found:
        raise refusals[0]
    return found


def ways_up(stated: FloatArray | None, floor_seen: bool) -> FloatArray:
    """Return the (K, 3) ways that may be up in a file: the one that is known, or every axis."""
    return _UP[None] if floor_seen else _AXES if stated is None else stated[None]


def _large_parts(mesh: Mesh, min_share: float) -> list[IntArray]:
    """Return the vertices of each loose part with at least a share of the area of the largest one that is not flat."""
    parts = connected_components(mesh)[:_MOST_PARTS]
    if len(parts) == 1:
        return [*parts]
    thick = [part for part in parts if _thickness(mesh.vertices[part]) > _FLAT_PART_MM] or [*parts]
    areas = [float(face_areas(submesh(mesh, part)).sum()) for part in thick]
    return [part for part, area in zip(thick, areas, strict=True) if area >= min_share * areas[0]]


def _thickness(points: FloatArray) -> float:
    """Return how far (N, 3) points reach in the direction in which they reach least, mm."""
    centred = points - points.mean(axis=0)
    return float(np.ptp(centred @ np.linalg.eigh(centred.T @ centred)[1], axis=0).min())


def _pair_in(
    mesh: Mesh, part: IntArray, recognise: Callable[[IntArray], Found], ups: FloatArray
) -> tuple[Found, Found] | None:
    """Return what is recognised in both halves of a part of a mesh; None unless both are something.

    Raises
    ------
    ScanError
        If they touch where they are measured: a cut there would be taken for the border of a foot.
    """
    whole, touch_mm = submesh(mesh, part), np.inf
    if np.ptp(whole.vertices, axis=0).max() > _MOST_MM:
        return None
    for halves in _halves(whole, ups):
        try:
            pair = recognise(part[halves.one]), recognise(part[halves.other])
        except ScanError:
            continue
        height = whole.vertices @ pair[0].stance.up
        touch_mm = float(height[halves.between].min() - height.min())
        if touch_mm >= _ABOVE_ANKLE_MM:
            return pair
    if np.isfinite(touch_mm):
        raise ScanError(
            f"found two feet that touch, {touch_mm:.0f} mm above the ground, expected a gap between them up to the "
            "calves. Scan them farther apart, or one after the other."
        )
    return None


@dataclass(frozen=True)
class _Halves:
    """The vertices of two halves, and those of the faces between them."""

    one: IntArray
    other: IntArray
    between: IntArray


def _halves(mesh: Mesh, ups: FloatArray) -> Iterator[_Halves]:
    """Yield the halves that a mesh may be parted into, where it is two feet that touch."""
    edges_mm = np.linalg.norm(mesh.vertices[mesh.faces] - mesh.vertices[np.roll(mesh.faces, 1, axis=1)], axis=2)
    cell_mm = float(np.clip(_CELL_EDGES * np.median(edges_mm), *_CELL_MM))
    is_long = (edges_mm > _LONG_CELLS * cell_mm).any(axis=1)
    for up in ups:
        upright = Mesh(mesh.vertices @ rotation_between(up, _UP).T, mesh.faces)
        between = faces_between_feet(upright, cell_mm, _MAX_BRIDGE_MM)
        parts = connected_components(Mesh(mesh.vertices, mesh.faces[~between & ~is_long])) if between.any() else ()
        if len(parts) > 1:
            yield _Halves(parts[0], parts[1], mesh.faces[between])
