"""Single vertices far off a mesh, and crumbs in the air, change no measure; points of a shape stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot, noisy

from scanproc.artifacts import Mesh, ScanFacts
from scanproc.formats.ply import write_ply
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import vertex_normals
from scanproc.mesh.strays import far_crumbs, without_spikes
from scanproc.readers.meshes import FoundMesh, read_finished_mesh
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

FACTS = ScanFacts(name="test", unit="auto")
FOOT = AnalyticFoot(step_mm=3.0, leg_top_mm=120.0).mesh()
HEEL = int(np.argmin(FOOT.vertices[:, 0]))
TOE = int(np.argmax(FOOT.vertices[:, 0]))
SOLE = int(np.argmin(np.linalg.norm(FOOT.vertices - [40.0, 0.0, 0.0], axis=1)))


def read(mesh: Mesh, file: Path) -> FoundMesh:
    file.write_bytes(write_ply(mesh))
    return read_finished_mesh(file, FACTS)


def displaced(vertex: int, by: FloatArray) -> Mesh:
    vertices = np.array(FOOT.vertices)
    vertices[vertex] += by
    return Mesh(vertices, FOOT.faces)


@pytest.mark.parametrize("vertex", [HEEL, TOE, SOLE])
@pytest.mark.parametrize("height_mm", [12.0, 3000.0])
def test_a_spike_is_put_back_and_said(vertex: int, height_mm: float, tmp_path: Path) -> None:
    """One of 20 mm at the heel made a foot of 265 mm out of one of 245, and one of 3 m no foot in any unit."""
    found = read(displaced(vertex, height_mm * vertex_normals(FOOT)[vertex]), tmp_path / "foot.ply")
    assert any("put back among their neighbours, number: 1" in remark for remark in found.remarks)
    assert np.abs(found.surface.mesh.vertices - FOOT.vertices).max() < 3.0  # an edge
    (foot,) = measure(align(found.surface, FACTS, AlignConfig()), FACTS, MeasureConfig()).feet
    assert foot.measures["foot_length_mm"].value == pytest.approx(250.0, abs=0.5)


def test_spikes_side_by_side_are_found_one_by_one() -> None:
    """Two in a row, and a hundred anywhere."""
    normals = vertex_normals(FOOT)
    beside = int(FOOT.faces[(FOOT.faces == SOLE).any(axis=1)][0][0])
    pair = [SOLE, beside if beside != SOLE else int(FOOT.faces[(FOOT.faces == SOLE).any(axis=1)][0][1])]
    anywhere = np.random.default_rng(0).choice(len(FOOT.vertices), 100, replace=False)
    for chosen in (np.array(pair), anywhere):
        vertices = np.array(FOOT.vertices)
        vertices[chosen] += 40.0 * normals[chosen]
        cleared = without_spikes(vertices, FOOT.faces)
        assert len(chosen) - 3 <= cleared.count <= len(chosen)
        assert 35.0 < cleared.highest < 45.0


def test_what_is_pointed_by_its_shape_is_no_spike() -> None:
    """A coarse foot, a noisy one, a box, a cone of 60 degrees, and a cut closed by a fan."""
    coarse = AnalyticFoot(step_mm=9.0).mesh()
    shapes = [FOOT, coarse, noisy(FOOT, 0.5)]
    for made in (trimesh.creation.box([250.0, 90.0, 60.0]), trimesh.creation.cone(50.0, 87.0, sections=24)):
        shapes.append(Mesh(np.array(made.vertices), np.array(made.faces, dtype=np.int32)))
    for mesh in shapes:
        assert without_spikes(mesh.vertices, mesh.faces).count == 0


def test_crumbs_far_from_the_foot_are_left_out_and_said(tmp_path: Path) -> None:
    corners = np.array([[900.0, 0.0, 0.0], [905.0, 0.0, 0.0], [900.0, 5.0, 0.0]])
    count = len(FOOT.vertices)
    crumbs = [corners, -corners]
    faces = np.vstack([FOOT.faces, [[count, count + 1, count + 2], [count + 3, count + 4, count + 5]]])
    found = read(Mesh(np.vstack([FOOT.vertices, *crumbs]), faces.astype(np.int32)), tmp_path / "foot.ply")
    assert "crumbs of the mesh far from all else were left out, faces: 2" in found.remarks
    assert np.ptp(found.surface.mesh.vertices, axis=0) == pytest.approx(np.ptp(FOOT.vertices, axis=0), abs=1e-3)
    # What lies beside the foot, another foot and faces that do not hang together stay.
    beside = corners - [640.0, 0.0, 0.0]
    faces = np.vstack([FOOT.faces, [[count, count + 1, count + 2]]]).astype(np.int32)
    assert not far_crumbs(np.vstack([FOOT.vertices, beside]), faces).any()
    pair = np.vstack([FOOT.vertices, FOOT.vertices + np.array([0.0, 400.0, 0.0])])
    assert not far_crumbs(pair, np.vstack([FOOT.faces, FOOT.faces + count])).any()
    soup = FOOT.vertices[FOOT.faces].reshape(-1, 3)
    assert not far_crumbs(soup, np.arange(len(soup), dtype=np.int32).reshape(-1, 3)).any()
