"""Meshes for the simulator: what is made of the foot, and what stands round it."""

from __future__ import annotations

import numpy as np

from scanproc.artifacts import IntArray, Mesh
from scanproc.frames import FloatArray, rotation_about

_CAP_MM = 1.05  # of height that the lid of a cut takes up: it is flat, or a fan whose middle rises by 1 mm


def mirrored(mesh: Mesh) -> Mesh:
    """Return the foot of the other side: y turned round, faces kept outwards."""
    return Mesh(mesh.vertices * np.array([1.0, -1.0, 1.0]), np.ascontiguousarray(mesh.faces[:, ::-1]))


def joined(*meshes: Mesh) -> Mesh:
    """Return several meshes as one."""
    offsets = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + np.int32(offset) for mesh, offset in zip(meshes, offsets[:-1], strict=True)]
    return Mesh(np.vstack([mesh.vertices for mesh in meshes]), np.vstack(faces))


def standing_pair(left: Mesh, gap_mm: float, toe_out_deg: float) -> Mesh:
    """Return a left foot and its mirror image side by side, `gap_mm` between them, toes turned out."""
    turned = left.vertices @ rotation_about(np.array([0.0, 0.0, 1.0]), np.radians(toe_out_deg)).T
    shifted = Mesh(turned + np.array([0.0, gap_mm / 2.0 - turned[:, 1].min(), 0.0]), left.faces)
    return joined(shifted, mirrored(shifted))


def with_longer_leg(mesh: Mesh, by_mm: float) -> Mesh:
    """Draw the leg out upwards where it was cut off flat: a camera does not see a cut.

    A mesh with a rounded or open top comes back as it is.
    """
    z = mesh.vertices[:, 2]
    is_cap = (z[mesh.faces] > z.max() - _CAP_MM).all(axis=1)
    if by_mm <= 0.0 or is_cap.sum() < 3:
        return mesh
    above = len(mesh.vertices)  # a vertex i comes again, raised, as i + above
    cap, rest = mesh.faces[is_cap], mesh.faces[~is_cap]
    a, b = _border(cap).T
    walls = np.vstack([np.column_stack([a, b, b + above]), np.column_stack([a, b + above, a + above])])
    raised = mesh.vertices + np.array([0.0, 0.0, by_mm])
    faces = np.vstack([rest, walls, cap + above]).astype(np.int32)
    return Mesh(np.vstack([mesh.vertices, raised]), faces)


def with_bent_ankle(mesh: Mesh, angle_rad: float) -> Mesh:
    """Swing the leg forward about the ankle, as when a person moves during the recording; the foot stays."""
    ankle = np.array([np.ptp(mesh.vertices[:, 0]) * 0.25 + mesh.vertices[:, 0].min(), 0.0, 70.0])
    share = np.clip((mesh.vertices[:, 2] - 50.0) / 60.0, 0.0, 1.0)  # from the foot, 0, to the leg, 1
    x, z = mesh.vertices[:, 0] - ankle[0], mesh.vertices[:, 2] - ankle[2]
    sine, cosine = np.sin(share * angle_rad), np.cos(share * angle_rad)
    bent = np.column_stack([cosine * x + sine * z + ankle[0], mesh.vertices[:, 1], cosine * z - sine * x + ankle[2]])
    return Mesh(bent, mesh.faces)


def box(center: FloatArray, size: FloatArray) -> Mesh:
    """Return a closed box along the axes, from a (3,) centre and (3,) size in mm."""
    corners = np.array([[i, j, k] for i in (-0.5, 0.5) for j in (-0.5, 0.5) for k in (-0.5, 0.5)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))]
    return Mesh(center + corners * size, np.array(faces, dtype=np.int32))


def floor(height_mm: float, half_width_mm: float = 3000.0) -> Mesh:
    """Return a square of floor, facing up."""
    square = half_width_mm * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    vertices = np.column_stack([square, np.full(4, height_mm)])
    return Mesh(vertices, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))


def plate(center: FloatArray, radius_mm: float, thickness_mm: float, sides: int = 96) -> Mesh:
    """Return a turntable's round plate, its top at z = 0, centred at a (2,) point."""
    angles = 2.0 * np.pi * np.arange(sides) / sides
    ring = center + radius_mm * np.column_stack([np.cos(angles), np.sin(angles)])
    top = np.column_stack([np.vstack([center, ring]), np.zeros(sides + 1)])
    bottom = top - np.array([0.0, 0.0, thickness_mm])
    i = 1 + np.arange(sides)
    j = 1 + (np.arange(sides) + 1) % sides
    k = sides + 1
    faces = [
        np.column_stack([np.zeros_like(i), i, j]),
        np.column_stack([np.full_like(i, k), j + k, i + k]),
        np.column_stack([i, i + k, j + k]),
        np.column_stack([i, j + k, j]),
    ]
    return Mesh(np.vstack([top, bottom]), np.vstack(faces).astype(np.int32))


def _border(faces: IntArray) -> IntArray:
    """Return the (E, 2) directed edges that only one face has."""
    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    _, index, count = np.unique(np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True)
    return np.asarray(edges[index[count == 1]], dtype=np.int32)
