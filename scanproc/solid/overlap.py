"""What two closed solids have in common."""

from __future__ import annotations

import manifold3d  # type: ignore[import-not-found, unused-ignore]
import numpy as np

from scanproc.artifacts import Mesh


def overlap_mm3(a: Mesh, b: Mesh) -> float:
    """Return the volume that lies in both of two closed solids, mm3 (manifold3d); nan where one is not closed."""
    solids = [
        manifold3d.Manifold(
            manifold3d.Mesh(
                np.asarray(mesh.vertices, dtype=np.float32), np.ascontiguousarray(mesh.faces, dtype=np.uint32)
            )
        )
        for mesh in (a, b)
    ]
    if any(solid.status() != manifold3d.Error.NoError for solid in solids):
        return float("nan")
    return float((solids[0] ^ solids[1]).volume())
