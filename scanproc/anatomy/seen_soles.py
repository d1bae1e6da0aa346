"""The sole of a cast, or a foot, that was recorded with its sole towards the cameras: cut off from what lies behind."""

from __future__ import annotations

import numpy as np
from scipy.spatial import QhullError

from scanproc.anatomy.foot_pose import RoughPose, resting_directions
from scanproc.artifacts import Mesh, Object
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import Submesh, all_corners, connected_components, face_areas, face_normals, keep_faces

_DEEP_MM = (100.0, 50.0)  # behind the foremost of a sole, roughly and then: its borders are read up to 40
_FOREMOST = 0.001  # of the vertices: fewer that reach further are noise
# Of its plan, what lies less than so high over the plane that a thing rests on, sole down.
_CELL_MM, _LOW_MM, _EVEN_MM, _FLAT_MM = 4.0, 20.0, 6.0, 2.0
_RESTS_COSINE = 0.77  # 40 degrees from the opening's direction
_LEAST_LOW = 0.8  # soles have 0.95, a foot from above 0.56
_MOST_FLAT = 0.8  # flat, of what is even: soles have 0.30, a cast's sawn plane 0.90


def near_sole(mesh: Mesh) -> Submesh:
    """Return the part of the largest piece that lies within 50 mm of the foremost of what faces the cameras.

    Parameters
    ----------
    mesh : in any position, open where no camera looked, its faces out.
    """
    inside = np.zeros(len(mesh.vertices), dtype=np.bool_)
    inside[connected_components(mesh)[0]] = True
    kept = of_piece = all_corners(inside, mesh.faces)
    for deep_mm in _DEEP_MM:
        points = mesh.vertices[np.unique(mesh.faces[kept])]
        up = sole_up(keep_faces(mesh, kept).mesh)
        near = mesh.vertices @ up < np.quantile(points @ up, _FOREMOST) + deep_mm
        kept = of_piece & all_corners(near, mesh.faces)
    return keep_faces(mesh, kept)


def sole_up(mesh: Mesh) -> FloatArray:
    """Return which (3,) way is up of a sole that faces the cameras: as it rests on a table as steadily as it can.

    That is near its opening, which leans where a border was torn, or a dorsum not seen.
    """
    total = (face_normals(mesh) * face_areas(mesh)[:, None]).sum(axis=0)
    opening = -total / max(float(np.linalg.norm(total)), 1e-9)
    try:
        ups = resting_directions(mesh.vertices)
    except QhullError:  # it lies in one plane
        return np.asarray(opening)
    near = ups[ups @ opening > _RESTS_COSINE]  # the steadiest first
    return np.asarray(near[0] if len(near) else opening)


def refuse_no_sole(smooth: Mesh, what: Object, sole: RoughPose | None) -> None:
    """Refuse what was stated to be a sole, or a cast, and shows none to the cameras.

    Parameters
    ----------
    sole : how it lies if its outline is that of a sole. So is a foot's from above, as a cast that stands on its sole
        shows it, and that of the plane that one was sawn off by.

    Raises
    ------
    ScanError
        With what was found.
    """
    found = "no outline from heel to toes"
    if sole is not None:
        level = smooth.vertices @ sole.R_foot_scan.T
        low, even, flat = (_share_below(level, height_mm) for height_mm in (_LOW_MM, _EVEN_MM, _FLAT_MM))
        if low >= _LEAST_LOW and flat <= _MOST_FLAT * even:
            return
        found = "a plane" if low >= _LEAST_LOW else f"a foot from above ({low:.0%} of it even as a sole, expected 95 %)"
    how = "Lay it down with its sole up" if what == "cast" else "Turn the whole sole to the camera"
    raise ScanError(
        f'found {found} in what faces the cameras, expected the sole, since scan.toml says object = "{what}". {how},'
        " and record it from above and all round."
    )


def _share_below(level: FloatArray, height_mm: float) -> float:
    """Return the share of the plan of (N, 3) points whose lowest lies less than so high over the lowest of all."""
    _, cell = np.unique(np.floor(level[:, :2] / _CELL_MM), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    lowest = np.full(int(cell.max()) + 1, np.inf)
    np.minimum.at(lowest, cell, level[:, 2] - level[:, 2].min())
    return float((lowest < height_mm).mean())
