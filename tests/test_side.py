"""The side of a foot is never told wrong with confidence: whole, cut, noisy, tilted, mirrored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import open3d as o3d
import pytest
import trimesh
from feet import as_surface, mirrored, moved, noisy
from not_feet import kept
from scipy.spatial.transform import Rotation

from scanproc.anatomy.side import side_cues
from scanproc.artifacts import Foot, Mesh, ScanFacts
from scanproc.frames import FloatArray, rigid
from scanproc.stages.align import AlignConfig, align

DATA = Path(__file__).parents[2] / "shared" / "data" / "feet"
LEFT_FEET = {
    "leg-0.ply": 1.0, "leg-2.ply": 1.0, "leg-3.ply": 1.0, "dupont-left.stl": 1000.0, "focus-template.obj": 1000.0,
    "find-mean.ply": 1.0, "find-pose07_Medial_Eversion.ply": 1.0, "find-shape1_+2.ply": 1.0,
}  # fmt: skip


MOST_FACES = 8_000  # of a foot that is aligned many times over


@cache
def coarse_left_foot(name: str) -> Foot:
    """A left foot in few triangles: toes and arch are where they were."""
    foot = left_foot(name)
    if len(foot.mesh.faces) <= 2 * MOST_FACES:
        return foot
    whole = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(foot.mesh.vertices.copy()), o3d.utility.Vector3iVector(foot.mesh.faces.copy())
    )
    coarse = whole.simplify_quadric_decimation(MOST_FACES)
    return replace(foot, mesh=Mesh(np.asarray(coarse.vertices), np.asarray(coarse.triangles)))


@cache
def left_foot(name: str) -> Foot:
    if not (DATA / name).exists():
        pytest.skip(f"no {name} beside the project (shared/data/feet)")
    loaded: Any = trimesh.load(DATA / name)
    vertices = np.array(loaded.vertices, dtype=np.float64) * LEFT_FEET[name]
    mesh = Mesh(vertices, np.array(loaded.faces, dtype=np.int32))
    return align(as_surface(mesh, name.startswith("leg")), ScanFacts(name=name), AlignConfig()).feet[0]


def tilted(axis: str, angle_deg: float) -> FloatArray:
    return rigid(Rotation.from_euler(axis, angle_deg, degrees=True).as_matrix(), np.zeros(3))


#: What a scan may lack or have, by the mesh in the foot frame and the foot's length.
SPOILT: dict[str, Callable[[Mesh, float], Mesh]] = {
    "whole": lambda mesh, _: mesh,
    "no leg": lambda mesh, _: kept(mesh, lambda v: v[:, 2] < 92.0),
    "no lateral toes": lambda mesh, length: kept(mesh, lambda v: (v[:, 0] < 0.78 * length) | (v[:, 1] < 25.0)),
    "no lateral midfoot": lambda mesh, length: kept(
        mesh, lambda v: (np.abs(v[:, 0] - 0.45 * length) > 40.0) | (v[:, 1] < 20.0) | (v[:, 2] > 30.0)
    ),
    "no medial midfoot": lambda mesh, length: kept(
        mesh, lambda v: (np.abs(v[:, 0] - 0.45 * length) > 40.0) | (v[:, 1] > -15.0) | (v[:, 2] > 30.0)
    ),
    "noise": lambda mesh, _: noisy(mesh, 0.3, seed=4),
    "rolled in": lambda mesh, _: moved(mesh, tilted("x", 6.0)),
    "rolled out": lambda mesh, _: moved(mesh, tilted("x", -6.0)),
    "pitched": lambda mesh, _: moved(mesh, tilted("y", 4.0)),
}


@pytest.mark.few(2)
@pytest.mark.parametrize("name", LEFT_FEET)
def test_the_side_of_whole_and_spoilt_feet(name: str) -> None:
    foot = coarse_left_foot(name)
    for spoilt, spoil in SPOILT.items():
        mesh = spoil(foot.mesh, float(foot.landmarks["longest_toe_tip"].xyz_mm[0]))
        lifted = moved(mesh, rigid(np.eye(3), np.array([0.0, 0.0, -mesh.vertices[:, 2].min()])))
        for side, shape in (("left", lifted), ("right", mirrored(lifted))):
            found = align(as_surface(shape, True), ScanFacts(name=name), AlignConfig()).feet[0]
            assert found.side == side, spoilt
            assert found.side_confidence > 0.95, spoilt


def test_the_mirrored_foot_is_told_as_surely() -> None:
    for name in ("leg-0.ply", "find-mean.ply"):
        mesh = left_foot(name).mesh
        sure = [
            align(as_surface(shape, True), ScanFacts(name=name), AlignConfig()).feet[0].side_confidence
            for shape in (mesh, mirrored(mesh))
        ]
        assert sure[0] == pytest.approx(sure[1], abs=1e-3)


@pytest.mark.parametrize("name", ["leg-0.ply", "leg-2.ply", "find-mean.ply"])
def test_every_cue_turns_round_with_the_foot(name: str) -> None:
    """So a shape alike on both sides, the mean of a foot and its mirror image, is told with no confidence."""
    mesh = left_foot(name).mesh
    left, right = side_cues(mesh), side_cues(mirrored(mesh))
    assert {cue: -value for cue, value in right.items()} == pytest.approx(left, abs=0.01)
