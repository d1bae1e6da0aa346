"""Things that are no feet, by formula: what may as well be recorded, registered and fused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import trimesh
from not_feet import as_mesh, hull, pot

from scanproc.artifacts import Mesh


def blob(seed: int) -> Mesh:
    """Return a lump of some 150 mm whose radius is a random sum of waves over the directions."""
    rng = np.random.default_rng(seed)
    ball = trimesh.creation.icosphere(subdivisions=5)
    radius = np.ones(len(ball.vertices))
    for _ in range(14):
        wave, frequency = rng.standard_normal(3), rng.uniform(1.0, 3.5)
        radius += 0.10 * np.sin(frequency * ball.vertices @ wave + rng.uniform(0.0, 2.0 * np.pi))
    points = ball.vertices * np.maximum(radius, 0.35)[:, None] * np.array([87.0, 70.0, 63.0])
    return _on_ground(Mesh(points, ball.faces.astype(np.int32)))


def torus(seed: int) -> Mesh:
    """Return a ring of 180 mm that lies flat, with a relief of some 6 mm."""
    rng = np.random.default_rng(seed)
    u, v = np.meshgrid(*(np.linspace(0.0, 2.0 * np.pi, count, endpoint=False) for count in (240, 100)), indexing="ij")
    thick = 30.0 + np.zeros_like(u)
    for _ in range(8):
        thick += 2.5 * np.sin(rng.integers(1, 7) * u + rng.integers(0, 3) * v + rng.uniform(0.0, 2.0 * np.pi))
    away = 62.0 + thick * np.cos(v)
    points = np.stack([away * np.cos(u), away * np.sin(u), thick * np.sin(v)], axis=-1).reshape(-1, 3)
    corner = np.arange(u.size).reshape(u.shape)
    along, across = np.roll(corner, -1, axis=0), np.roll(corner, -1, axis=1)
    both = np.roll(along, -1, axis=1)
    faces = [np.stack([corner, along, both], axis=-1), np.stack([corner, both, across], axis=-1)]
    return _on_ground(Mesh(points, np.concatenate([part.reshape(-1, 3) for part in faces]).astype(np.int32)))


def bust(seed: int) -> Mesh:
    """Return a head of 200 mm on shoulders and a foot: nose, chin, ears."""
    rng = np.random.default_rng(seed)
    skull, back, wide = rng.uniform(0.92, 1.08, 3)
    solid = hull((0, 0, 150 * skull, 48 * back), (12, 0, 125, 38), (-8, 0, 165, 46))
    solid += hull((52, 0, 135, 6), (60, 0, 120, 9)) + hull((28, 0, 95, 20), (38, 0, 98, 9))
    for side in (1, -1):
        solid += hull((-8, side * 50, 135, 9), (-14, side * 54, 148, 7))
    solid += hull((-6, 0, 50, 30), (-4, 0, 100, 28)) + hull((-5, 0, 12, 60), (-5, 0, 20, 58))
    solid += hull(*((-10, side * y * wide, 35, radius) for side in (1, -1) for y, radius in ((70, 26), (30, 38))))
    return _on_ground(as_mesh(solid.trim_by_plane([0.0, 0.0, 1.0], 0.0)))


def bear(seed: int) -> Mesh:
    """Return a sitting toy of 180 mm: belly, head, snout, ears, arms, legs."""
    rng = np.random.default_rng(seed)
    belly, head, arm, leg = rng.uniform(0.9, 1.1, 4)
    solid = hull((0, 0, 60, 42 * belly), (0, 0, 80, 38)) + hull((8, 0, 140, 34 * head)) + hull((38, 0, 132, 14))
    for side in (1, -1):
        solid += hull((0, side * 28, 170, 12)) + hull((5, side * 38, 95, 13), (40 * arm, side * 58, 80, 11))
        solid += hull((20, side * 24, 22, 20), (70 * leg, side * 34, 18, 16))
    return _on_ground(as_mesh(solid))


def beast(seed: int) -> Mesh:
    """Return an animal of 200 mm on four legs, with neck, head, horns and tail."""
    rng = np.random.default_rng(seed)
    back, neck, turn, high = rng.uniform(0.85, 1.15, 4)
    solid = hull((-60 * back, 0, 85 * high, 28), (45, 0, 90 * high, 30))
    solid += hull((55, 0, 95 * high, 20), (85 * neck, 12 * turn, 140 * high, 16))
    solid += hull((85 * neck, 12 * turn, 142 * high, 18), (118 * neck, 18 * turn, 128 * high, 11))
    for side in (1, -1):
        solid += hull((80 * neck, 12 * turn + side * 12, 155 * high, 5), (72 * neck, side * 26, 178 * high, 4))
        for x in (-62 * back, 42):
            solid += hull((x, side * 18, 70 * high, 16), (x + 6 * side, side * 22, 12, 11))
    solid += hull((-84 * back, 0, 95 * high, 9), (-112 * back, 14, 70, 5))
    return _on_ground(as_mesh(solid))


def vase(seed: int) -> Mesh:
    """Return a pot with 8 mm of relief, by which alone its sides are told apart."""
    return pot(8.0, seed)


OBJECTS: tuple[Callable[[int], Mesh], ...] = (blob, torus, bust, bear, beast, vase)


def _on_ground(mesh: Mesh) -> Mesh:
    return Mesh(mesh.vertices - np.array([0.0, 0.0, mesh.vertices[:, 2].min()]), mesh.faces)
