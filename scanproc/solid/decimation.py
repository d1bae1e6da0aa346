"""Fewer triangles for programs that cannot take many: still one closed body, its deviation measured both ways."""

from __future__ import annotations

from dataclasses import dataclass

import manifold3d  # type: ignore[import-not-found, unused-ignore]
import numpy as np

from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.solid.face_grid import FaceGrid

_FINEST_MM = 1e-3
_HALVINGS = 12  # of the range of tolerances
_SAMPLES_MM = 0.4  # places at which deviations are measured lie no farther apart


@dataclass(frozen=True)
class Decimated:
    """A mesh with fewer triangles, and how far the two lie apart at most, mm: from it to the first one, and back."""

    mesh: Mesh
    from_it_mm: float
    to_it_mm: float


def decimated(mesh: Mesh, max_triangles: int, max_deviation_mm: float) -> Decimated:
    """Return a closed mesh of single precision with so many triangles at most, its corners among those of `mesh`.

    Edges are collapsed where the surface moves by less than a tolerance (manifold3d, whose result is always closed);
    the least tolerance that brings the number down is taken.

    Raises
    ------
    ScanError
        If the surface would have to move farther than allowed.
    """
    given = manifold3d.Manifold(
        manifold3d.Mesh(
            np.ascontiguousarray(mesh.vertices, dtype=np.float32), np.ascontiguousarray(mesh.faces, dtype=np.uint32)
        )
    )
    if len(mesh.faces) <= max_triangles:
        return Decimated(mesh, 0.0, 0.0)
    low, high = np.log(_FINEST_MM), np.log(max_deviation_mm)
    fewest = given.simplify(max_deviation_mm)
    best = fewest
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        found = given.simplify(float(np.exp(middle)))
        low, high, best = (low, middle, found) if found.num_tri() <= max_triangles else (middle, high, best)
    made = best.to_mesh()
    coarse = Mesh(np.asarray(made.vert_properties[:, :3], dtype=np.float64), np.asarray(made.tri_verts, dtype=np.int32))
    reach = 10.0 * max_deviation_mm
    from_it, to_it = (_farthest(a, b, reach) for a, b in ((coarse, mesh), (mesh, coarse)))
    if len(coarse.faces) > max_triangles or max(from_it, to_it) > max_deviation_mm:
        raise ScanError(
            f"found {len(coarse.faces):,} triangles that lie up to {max(from_it, to_it):.3f} mm off the part's "
            f"{len(mesh.faces):,}, expected up to {max_triangles:,} (export.max_triangles) within {max_deviation_mm:g} "
            "mm (export.max_deviation_mm). Raise one of them."
        )
    return Decimated(coarse, from_it, to_it)


def _farthest(mesh: Mesh, other: Mesh, reach_mm: float) -> float:
    """Return how far any place of a mesh lies from another one, mm; `reach_mm` where it is farther."""
    found = FaceGrid.of(other).nearest(_samples(mesh), reach_mm).distance
    return float(np.minimum(found, reach_mm).max())


def _samples(mesh: Mesh) -> FloatArray:
    """Return places all over a mesh, its corners among them, so near each other, (N, 3)."""
    corners = mesh.vertices[mesh.faces]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    count = np.ceil(longest / _SAMPLES_MM).astype(int)
    places = [mesh.vertices]
    for parts in np.unique(count):
        i, j = np.array([(i, j) for i in range(parts + 1) for j in range(parts + 1 - i)]).T / parts
        weights = np.column_stack([i, j, 1.0 - i - j])
        places.append(np.einsum("kc,fcd->fkd", weights, corners[count == parts]).reshape(-1, 3))
    return np.vstack(places)
