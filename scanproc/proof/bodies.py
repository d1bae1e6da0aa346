"""The solid is one closed body that crosses itself nowhere, before it is written and read back from its file."""

from __future__ import annotations

from scanproc.artifacts import Check, Mesh
from scanproc.proof.checks import is_so, within
from scanproc.proof.finished import Finished
from scanproc.solid.face_grid import FaceGrid
from scanproc.solid.self_intersection import count_self_intersections
from scanproc.solid.topology import topology


def body_checks(solid: Mesh, faces: FaceGrid | None = None) -> tuple[Check, ...]:
    """Prove that a mesh bounds one body.

    Parameters
    ----------
    faces : of the same mesh; made where they are not given.
    """
    form = topology(solid)
    return (
        is_so("watertight", True, form.open_edges == 0),
        within("one_body", 1, form.bodies, 0),
        is_so("outward_winding", True, form.flipped_edges == 0 and form.volume_mm3 > 0.0),
        within("self_intersections", 0, count_self_intersections(solid, faces), 0),
        within("flat_triangles", 0, form.flat_faces, 0),
    )


def finished_body_checks(done: Finished) -> tuple[Check, ...]:
    """The same of a finished solid."""
    return body_checks(done.solid, done.faces)
