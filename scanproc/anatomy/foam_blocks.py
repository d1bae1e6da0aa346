"""The block of foam that a foot was pressed into: its upper plane round the imprint is found and taken away."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import Mesh
from scanproc.frames import FloatArray, rotation_between
from scanproc.mesh.meshes import Submesh, connected_components, face_areas, face_normals, keep_faces
from scanproc.mesh.smoothing import smoothed_vertices

_CELL = 0.2  # of a unit normal's coordinates: noise of a camera turns those of a plane by 5 to 10 degrees
_EVENED_MM = 4.0  # edges over which noise is evened before normals are taken
_LEVEL_MM = 2.0
_LEANING = 0.94  # 20 degrees
_NEAR_MM = 4.0  # of the plane at first; foam is flat within a millimetre
_ROUNDS = 6
_LEAST_SHARE, _IMPRINT_SHARE = 0.1, 0.25  # of all, that foam and imprint have: about a third and a half are usual
_EDGE_MM = 1.5  # below the plane the border of an imprint is round and crumbled
_SDS = 3.0
_ROUND_MM = 5.0  # that foam reaches further than the imprint, both ways
_MOST_PLANES = 5  # that are tried: a box has as many faces
_UP = np.array([0.0, 0.0, 1.0])


def without_foam(mesh: Mesh) -> Submesh | None:
    """Return the imprint without the plane round it, and without what stands above that; None where there is no plane.

    Parameters
    ----------
    mesh : in any position, its faces out of the foam; noisy as a recording is.
    """
    evened = evened_normals(mesh)
    untried = np.ones(len(evened), dtype=np.bool_)
    for _ in range(_MOST_PLANES):
        if not untried.any():
            break
        normal = commonest_direction(evened[untried], face_areas(mesh)[untried])
        untried &= evened @ normal <= _LEANING
        found = plane_facing(mesh, evened, normal)
        if found is None:
            continue
        normal, offset, sd_mm = found
        depth, near_mm = offset - mesh.vertices @ normal, max(_EDGE_MM, _SDS * sd_mm)
        imprint = keep_faces(mesh, np.asarray((depth > near_mm)[mesh.faces].all(axis=1)))
        # It lies all round the imprint: the sides of a box do not, nor the flat of a sole without foam.
        pieces = connected_components(imprint.mesh)
        if not pieces or len(pieces[0]) < _IMPRINT_SHARE * len(mesh.vertices):
            continue
        plane = mesh.vertices[np.abs(depth) < near_mm]
        if beyond_mm(plane, imprint.mesh.vertices[pieces[0]], normal).min() > _ROUND_MM:
            return imprint
    return None


def evened_normals(mesh: Mesh) -> FloatArray:
    """Return the (F, 3) unit normals of the faces without their noise."""
    return face_normals(Mesh(smoothed_vertices(mesh, _EVENED_MM), mesh.faces))


def plane_facing(mesh: Mesh, normals: FloatArray, normal: FloatArray) -> tuple[FloatArray, float, float] | None:
    """Return the (3,) normal, offset and scatter in mm of the largest plane that faces a way; None if it is small."""
    areas, middles = face_areas(mesh), mesh.vertices[mesh.faces].mean(axis=1)
    near_mm, sd_mm = _NEAR_MM, 0.0
    facing = normals @ normal > _LEANING
    offset = _fullest_level(middles[facing] @ normal, areas[facing])
    for _ in range(_ROUNDS):
        inside = (normals @ normal > _LEANING) & (np.abs(middles @ normal - offset) < near_mm)
        weights = areas[inside]
        if weights.sum() < _LEAST_SHARE * areas.sum():
            return None
        centre = np.average(middles[inside], axis=0, weights=weights)
        away = middles[inside] - centre
        _, directions = np.linalg.eigh((away * weights[:, None]).T @ away)
        normal = directions[:, 0] * np.sign(directions[:, 0] @ normal)
        offset = float(centre @ normal)
        sd_mm = float(np.sqrt(np.average((away @ normal) ** 2, weights=weights)))
        near_mm = max(_SDS * sd_mm, _EDGE_MM)
    return normal, offset, sd_mm


def commonest_direction(normals: FloatArray, areas: FloatArray) -> FloatArray:
    """Return the (3,) direction that most area faces."""
    _, cell = np.unique(np.round(normals / _CELL), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    chosen = cell == int(np.argmax(np.bincount(cell, areas)))
    for _ in range(_ROUNDS):
        normal = (normals * areas[:, None])[chosen].sum(axis=0)
        normal /= np.linalg.norm(normal)
        chosen = normals @ normal > _LEANING
    return np.asarray(normal)


def _fullest_level(heights: FloatArray, areas: FloatArray) -> float:
    """Return the height, mm, round which most area lies."""
    low = float(heights.min())
    area = np.bincount(((heights - low) / _LEVEL_MM).astype(np.int64), areas, minlength=2)
    pairs = area[1:] + area[:-1]  # a plane lies across a limit of levels as often as not
    return low + _LEVEL_MM * (int(np.argmax(pairs)) + 1.0)


def beyond_mm(plane: FloatArray, rest: FloatArray, normal: FloatArray) -> FloatArray:
    """Return by how much (N, 3) points of a plane reach further than all else: (2,) mm across it and along it."""
    R = rotation_between(normal, _UP)
    plane, rest = (points @ R.T for points in (plane, rest))
    axes = np.linalg.eigh(np.cov(rest[:, :2].T))[1]
    return np.asarray(np.ptp(plane[:, :2] @ axes, axis=0) - np.ptp(rest[:, :2] @ axes, axis=0))
