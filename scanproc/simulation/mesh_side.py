"""Which side the mesh is of that is to be recorded."""

from __future__ import annotations

import numpy as np

from scanproc.anatomy.cut_ends import cut_ends
from scanproc.anatomy.foot_profile import FootShape, likeness
from scanproc.anatomy.side import vote
from scanproc.artifacts import Mesh, Side

_MAX_MISFIT = 1.2  # what is less like a foot, such as a box, has no side
_SURE = 0.9


def side_of(mesh: Mesh) -> Side:
    """Return the side of a foot that stands on z = 0 with x to the toes; left where the shape does not tell."""
    grounded = Mesh(mesh.vertices - np.array([0.0, 0.0, mesh.vertices[:, 2].min()]), mesh.faces)
    if likeness(FootShape.of(grounded, cut_ends(grounded))).misfit > _MAX_MISFIT:
        return "left"
    found = vote(grounded, 1.0)
    return found.side if found.confidence > _SURE else "left"
