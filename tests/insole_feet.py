"""Feet for the tests of insole and export: real shapes put into the foot frame, and analytic soles of known doses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from scanproc.artifacts import ByteArray, Foot, Landmark, Mesh, ScanFacts
from scanproc.frames import FloatArray, rigid, rotation_about, transform
from scanproc.readers.meshes import read_finished_mesh
from scanproc.solid.height_fields import HeightField
from scanproc.stages.align import AlignConfig, align

BOWL_REAR = 3.0  # where the bowl below reaches the height at which the analytic foot is cut; its frame begins there

FEET = Path(__file__).parents[2] / "shared" / "data" / "feet"


def leg(index: int) -> Foot:
    """Return leg-`index`, a left foot standing on z = 0, with landmarks good enough to design on."""
    path = FEET / f"leg-{index}.ply"
    if not path.exists():
        pytest.skip(f"{path.name} is not here: shared/data/feet holds the legs")
    import trimesh

    raw = trimesh.load(path, process=False)
    mesh = Mesh(np.array(raw.vertices, dtype=np.float64), np.array(raw.faces, dtype=np.int32))
    # The second toe of these legs lies a quarter of the ball's width from the medial border.
    vertices = mesh.vertices
    for _ in range(3):
        low = vertices[vertices[:, 2] < 60.0]
        rear = low[np.argmin(low[:, 0])]
        toes = low[low[:, 0] > low[:, 0].max() - 0.15 * np.ptp(low[:, 0])]
        toe_y = toes[:, 1].min() + 0.38 * np.ptp(toes[:, 1])
        yaw = np.arctan2(toe_y - rear[1], low[:, 0].max() - rear[0])
        rotation = rotation_about(np.array([0.0, 0.0, 1.0]), -float(yaw))
        vertices = transform(rigid(rotation, -rotation @ np.array([rear[0], rear[1], 0.0])), vertices)
    return foot_of(Mesh(vertices, mesh.faces), "left")


def foot_of(mesh: Mesh, side: Literal["left", "right"], views: ByteArray | None = None) -> Foot:
    """Return a foot in its frame with landmarks at its borders, as `align` defines them (roughly)."""
    low = mesh.vertices[mesh.vertices[:, 2] < 60.0]
    length, medial_y = float(low[:, 0].max()), -1.0 if side == "left" else 1.0

    def border(start: float, end: float, outward: float) -> FloatArray:
        band = low[(low[:, 0] > start * length) & (low[:, 0] < end * length)]
        extreme = band[band[:, 1] * outward > (band[:, 1] * outward).max() - 0.5]
        return np.asarray(extreme.mean(axis=0))

    points = {
        "pternion": low[np.argmin(low[:, 0])],
        "longest_toe_tip": low[np.argmax(low[:, 0])],
        "second_toe_tip": np.array([length, 0.0, 10.0]),
        "metatarsale_tibiale": border(0.62, 0.82, medial_y),
        "metatarsale_fibulare": border(0.50, 0.75, -medial_y),
    }
    landmarks = {name: Landmark(np.asarray(xyz), "marked", 1.0) for name, xyz in points.items()}
    seen = np.full(len(mesh.vertices), 9, dtype=np.uint8) if views is None else views
    return Foot(side, 1.0, "floor", np.eye(4), mesh, seen, landmarks)


def mirrored(foot: Foot) -> Foot:
    """Return the other side's foot: y negated, triangles turned, medial landmarks still medial."""
    flip = np.array([1.0, -1.0, 1.0])
    mesh = Mesh(foot.mesh.vertices * flip, foot.mesh.faces[:, ::-1].copy())
    landmarks = {
        name: Landmark(mark.xyz_mm * flip, mark.method, mark.confidence) for name, mark in foot.landmarks.items()
    }
    side: Literal["left", "right"] = "right" if foot.side == "left" else "left"
    return Foot(side, foot.side_confidence, foot.ground, foot.T_foot_scan, mesh, foot.views, landmarks)


def analytic_foot(
    sole: Callable[[FloatArray, FloatArray], FloatArray], side: Literal["left", "right"] = "left"
) -> Foot:
    """Return a foot of 250 x 90 mm: the graph of `sole(x, y)` seen from below, clipped at 55 mm height."""
    x, y = np.arange(-4.0, 254.5, 1.0), np.arange(-60.0, 60.5, 1.0)
    grid = HeightField(float(x[0]), float(y[0]), 1.0, np.zeros((len(x), len(y))))
    z = sole(*np.broadcast_arrays(grid.x, grid.y))
    graph = grid.replaced(z).mesh()
    faces = graph.faces[(graph.vertices[graph.faces][:, :, 2] < 55.0).all(axis=1)]
    used, index = np.unique(faces, return_inverse=True)
    mesh = Mesh(graph.vertices[used], index.reshape(-1, 3)[:, ::-1].astype(np.int32))
    shift = mesh.vertices[:, 0].min()
    return foot_of(Mesh(mesh.vertices - [shift, 0.0, 0.0], mesh.faces), side)


def bowl_sole(x: FloatArray, y: FloatArray) -> FloatArray:
    """A flat sole of 90 mm width with a round border and a round dome of 16 mm under the medial arch."""
    across = np.abs(y) - 26.0
    along = np.maximum(26.0 - x, x - 226.0)
    beside = np.hypot(np.maximum(across, 0.0), np.maximum(along, 0.0))
    radius = 24.0
    wall = np.where(beside < 0.999 * radius, radius - np.sqrt(np.maximum(radius**2 - beside**2, 0.0)), 100.0)
    dome = 16.0 * np.exp(-(((x - 112.0) / 28.0) ** 2) - ((y + 30.0) / 20.0) ** 2)
    return np.asarray(wall + dome)


#: Real feet, and shapes learnt from real feet, of the shared data; `align` finds their side and landmarks.
SCANNED = ("find-mean.ply", "find-shape1_+2.ply", "find-pose07_Medial_Eversion.ply", "focus-template.obj")


@cache
def scanned(name: str) -> Foot:
    """Return a foot of the shared data as `align` puts it into its frame."""
    path = FEET / name
    if not path.exists():
        pytest.skip(f"{name} is not here: shared/data/feet holds it")
    surface = read_finished_mesh(path, ScanFacts(name="foot")).surface
    return align(surface, ScanFacts(path.stem, side="left"), AlignConfig()).feet[0]


def both_sides(feet: Iterable[tuple[str, Foot]]) -> list[tuple[str, Foot]]:
    """Return feet by name, and their mirror images."""
    lefts = list(feet)
    return lefts + [(f"{name}-mirrored", mirrored(foot)) for name, foot in lefts]


@cache
def all_legs() -> list[tuple[str, Foot]]:
    """Return the legs of the shared data, left and mirrored, by name."""
    return both_sides((f"leg-{index}", leg(index)) for index in range(4))


@cache
def all_feet() -> list[tuple[str, Foot]]:
    """Return the legs and the real feet of the shared data, left and mirrored, by name."""
    return all_legs() + both_sides((name.rsplit(".", 1)[0], scanned(name)) for name in SCANNED)
