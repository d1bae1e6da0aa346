"""The replicates of a foot as measures read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from scanproc.anatomy.foot_replicates import replicate_of
from scanproc.artifacts import Foot
from scanproc.measures.frontal_lines import LEG_HEIGHTS
from scanproc.measures.readings import FootShape, ReplicateShape
from scanproc.mesh.meshes import any_corner, keep_faces, vertex_normals

_READ_BELOW_MM = LEG_HEIGHTS[1] + 20.0  # no measure reads a leg farther up, however a replicate lies


def replicate_shapes(shape: FootShape) -> list[Callable[[], ReplicateShape]]:
    """Return what makes each replicate of a foot, none where it has none: all of them at a time are too much."""
    foot = shape.foot
    if foot.replicates is None:
        return []
    part = keep_faces(foot.mesh, any_corner(foot.mesh.vertices[:, 2] < _READ_BELOW_MM, foot.mesh.faces))
    errors_mm, ends = foot.replicates.errors_mm[part.vertices], shape.boundary[part.vertices]
    read: Foot = replace(
        foot,
        mesh=part.mesh,
        views=foot.views[part.vertices],
        color=None,
        replicates=replace(foot.replicates, errors_mm=errors_mm),
    )

    normals = vertex_normals(part.mesh)

    def make(k: int) -> ReplicateShape:
        return ReplicateShape(replicate_of(read, k, normals), shape.loading, ends=ends, original=shape)

    return [partial(make, k) for k in range(errors_mm.shape[1])]
