"""The solid is one closed body that crosses itself nowhere, before it is written and read back from its file."""

from __future__ import annotations

from scanproc.artifacts import Check, Mesh
from scanproc.geometry.plan_bins import PlanBins
from scanproc.geometry.plan_crossings import crossing_faces
from scanproc.geometry.proof import topology
from scanproc.proof.checks import is_so, within


def body_checks(solid: Mesh, bins: PlanBins | None = None) -> tuple[Check, ...]:
    """Prove that a mesh bounds one body.

    Parameters
    ----------
    bins : of the same mesh; made where they are not given.
    """
    form = topology(solid)
    return (
        is_so("watertight", True, form.open_edges == 0),
        within("one_body", 1, form.bodies, 0),
        is_so("outward_winding", True, form.flipped_edges == 0 and form.volume_mm3 > 0.0),
        within("self_intersections", 0, crossing_faces(solid, bins), 0),
        within("flat_triangles", 0, form.flat_faces, 0),
    )
