"""What may lie in a scan instead of a whole foot: parts of feet, hands, shoes, feet that touch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import manifold3d  # type: ignore[import-not-found]
import numpy as np

from scanproc.artifacts import BoolArray, Mesh
from scanproc.frames import FloatArray

Ball = tuple[float, float, float, float]  # x, y, z, radius; mm


def kept(mesh: Mesh, keep: Callable[[FloatArray], BoolArray]) -> Mesh:
    """Return the mesh of the faces whose vertices are all kept, with an open edge where others were."""
    return Mesh(mesh.vertices, mesh.faces[keep(mesh.vertices)[mesh.faces].all(axis=1)])


def sawn(mesh: Mesh, normal: Sequence[float], offset_mm: float) -> Mesh:
    """Return what of a closed mesh lies where normal . p > offset, closed by the plane of the cut."""
    return as_mesh(as_solid(mesh).trim_by_plane(list(normal), offset_mm))


def touching(left: Mesh, right: Mesh, apart_mm: float) -> Mesh:
    """Return two closed feet side by side, so near that they grow together."""
    both = as_solid(left).translate([0.0, apart_mm / 2.0, 0.0]) + as_solid(right).translate([0.0, -apart_mm / 2.0, 0.0])
    return as_mesh(both)


def hand(spread: float = 1.0, thumb_mm: float = 50.0, forearm_mm: float = 40.0) -> Mesh:
    """Return a hand that lies flat, fingers along x."""
    knuckles = [(40.0, -20.0, 14.0, 14.0), (40.0, 20.0, 14.0, 14.0), (100.0, -36.0, 12.0, 12.0)]
    solid = hull(*knuckles, (100.0, 36.0, 12.0, 12.0), (70.0, 0.0, 18.0, 15.0))
    for y, length in ((-32.0, 70.0), (-11.0, 82.0), (11.0, 88.0), (32.0, 78.0)):
        solid += hull((98.0, y, 11.0, 9.5), (98.0 + length, y * (1.0 + 0.5 * spread), 9.0, 7.5))
    solid += hull((45.0, -25.0, 14.0, 14.0), (85.0, -30.0 - thumb_mm, 11.0, 9.0))
    if forearm_mm:
        solid += hull((40.0, 0.0, 24.0, 24.0), (40.0 - forearm_mm, 0.0, 27.0, 27.0))
    return as_mesh(solid)


def shoe(toe_box_mm: float = 24.0) -> Mesh:
    """Return a low shoe on a flat sole, heel at x = 0."""
    last: list[Ball] = [
        (45.0, 0.0, 36.0, 34.0), (45.0, 0.0, 70.0, 30.0), (95.0, 3.0, 34.0, 34.0), (110.0, 0.0, 62.0, 28.0),
        (150.0, 4.0, 32.0, 36.0), (195.0, 2.0, 30.0, 42.0), (200.0, 0.0, 46.0, 26.0),
        (240.0, -6.0, 27.0, toe_box_mm + 8.0), (262.0, -8.0, toe_box_mm + 2.0, toe_box_mm),
    ]  # fmt: skip
    solid = hull((45.0, 0.0, 70.0, 32.0), (85.0, 0.0, 75.0, 30.0), (50.0, 0.0, 105.0, 30.0), (85.0, 0.0, 105.0, 28.0))
    for first, second in pairwise(last):
        solid += hull(first, second)
    rounds = ((38.0, 0.0, 34.0), (95.0, 3.0, 34.0), (195.0, 2.0, 46.0), (245.0, -6.0, 36.0), (262.0, -8.0, 26.0))
    discs = [manifold3d.Manifold.cylinder(14.0, r, r, 64).translate([x, y, 0.0]) for x, y, r in rounds]
    solid += manifold3d.Manifold.batch_hull(discs)
    return as_mesh(solid.trim_by_plane([0.0, 0.0, 1.0], 0.0))


def pot(relief_mm: float, seed: int = 0) -> Mesh:
    """Return a pot of 150 mm on z = 0, round but for a low relief, drawn at random."""
    rng = np.random.default_rng(seed)
    z, azimuth = np.meshgrid(
        np.linspace(0.0, 150.0, 76), np.linspace(0.0, 2.0 * np.pi, 180, endpoint=False), indexing="ij"
    )
    radius = 52.0 + 14.0 * np.sin(0.4 + 4.2 * z / 150.0)
    for _ in range(10):
        lean = rng.uniform(-0.04, 0.04) * z
        radius += relief_mm / 3.0 * np.sin(rng.integers(1, 6) * azimuth + rng.uniform(0.0, 2.0 * np.pi) + lean)
    sides = np.stack([radius * np.cos(azimuth), radius * np.sin(azimuth), z], axis=-1)
    corner = np.arange(sides[..., 0].size).reshape(z.shape)
    low, high = corner[:-1], corner[1:]
    after_low, after_high = np.roll(low, -1, axis=1), np.roll(high, -1, axis=1)
    bottom, top = corner.size, corner.size + 1
    faces = [
        np.stack([low, after_low, high], axis=-1), np.stack([after_low, after_high, high], axis=-1),
        np.stack([np.full_like(low[:1], bottom), after_low[:1], low[:1]], axis=-1),
        np.stack([np.full_like(high[-1:], top), high[-1:], after_high[-1:]], axis=-1),
    ]  # fmt: skip
    vertices = np.vstack([sides.reshape(-1, 3), [[0.0, 0.0, 0.0], [0.0, 0.0, 150.0]]])
    return Mesh(vertices, np.concatenate([part.reshape(-1, 3) for part in faces]).astype(np.int32))


def hull(*balls: Ball) -> manifold3d.Manifold:
    return manifold3d.Manifold.batch_hull(
        [manifold3d.Manifold.sphere(radius, 48).translate([x, y, z]) for x, y, z, radius in balls]
    )


def as_solid(mesh: Mesh) -> manifold3d.Manifold:
    return manifold3d.Manifold(manifold3d.Mesh64(mesh.vertices.copy(), mesh.faces.astype(np.uint64)))


def as_mesh(solid: manifold3d.Manifold) -> Mesh:
    fine = solid.refine_to_length(5.0).to_mesh64()
    return Mesh(np.array(fine.vert_properties[:, :3]), np.array(fine.tri_verts, dtype=np.int32))
