"""The soft extension of a shell: a part of its own that goes on from its front end; what is wrong with one is found."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from insole_feet import analytic_foot, bowl_sole, mirrored
from test_insole import COARSE, FACTS, made

from scanproc.artifacts import Insoles, Mesh
from scanproc.design.extension import JOINT_MM
from scanproc.design.shape import design
from scanproc.design.solid import build
from scanproc.frames import FloatArray
from scanproc.mesh.polyline_distance import inside, nearest_on_curve
from scanproc.pages.first_screen import device_text
from scanproc.pages.job_sheet import plan_of
from scanproc.pages.words import Words
from scanproc.prescription.resolve import resolved
from scanproc.proof.extension import extension_checks
from scanproc.proof.finished import Finished
from scanproc.stages.export import ExportConfig, export

THICK: dict[str, Any] = {"extension_mm": 3.0, "distal_edge_mm": 3.0}


@cache
def finished(**doses: Any) -> Finished:
    foot = analytic_foot(bowl_sole)
    asked = design(foot, resolved(replace(COARSE, **{"extension": "full", **doses}), foot, FACTS))
    built = build(asked)
    return Finished(built.solid, built.flattened_mm, built.edge_radius_mm, asked, extension=built.extension)


def part_of(done: Finished) -> Mesh:
    assert done.extension is not None
    return done.extension


def failed(done: Finished) -> set[str]:
    return {check.name for check in extension_checks(done) if not check.passed}


def thickness_at(part: Mesh, xy: FloatArray) -> FloatArray:
    """Return the distance between what rays from above and from below meet at (N, 2) points, (N,) mm, by open3d."""
    import open3d as o3d

    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(part.vertices.astype(np.float32), part.faces.astype(np.uint32))
    met = []
    for z in (100.0, -100.0):
        start = np.column_stack([xy, np.full(len(xy), z)])
        rays = np.column_stack([start, np.broadcast_to([0.0, 0.0, -np.sign(z)], start.shape)])
        met.append(z - np.sign(z) * scene.cast_rays(rays.astype(np.float32))["t_hit"].numpy())
    return np.asarray(met[0] - met[1])


@pytest.mark.parametrize("doses", [{}, THICK, {"first_ray_cut": True}], ids=["plain", "thick", "cut"])
def test_an_extension_is_proven_and_lies_ahead_of_its_shell(doses: dict[str, Any]) -> None:
    done = finished(**doses)
    assert failed(done) == set()
    shell = done.asked.outline
    plan_xy = part_of(done).vertices[:, :2]
    assert not inside(shell, plan_xy).any()
    near = np.abs(nearest_on_curve(shell, plan_xy, 5.0, closed=True).distance_mm)
    assert near.min() == pytest.approx(JOINT_MM, abs=0.03)


def test_on_a_flat_sole_it_is_as_thick_as_asked_and_stands_where_the_shell_stands() -> None:
    for mm in (1.5, 3.0):
        done = finished(extension_mm=mm, distal_edge_mm=mm)
        middle = np.array([done.asked.plan.on_ball(share, 15.0) for share in (0.3, 0.5, 0.7)])
        assert thickness_at(part_of(done), middle) == pytest.approx(mm, abs=0.04)
        lowest = part_of(done).vertices[:, 2].min() - done.solid.vertices[:, 2].min()
        assert lowest == pytest.approx(0.05, abs=0.1)


def test_its_end_is_that_of_a_long_insole_and_a_sulcus_ends_behind() -> None:
    for length in ("sulcus", "full"):
        long = finished(extension="none", length=length)
        end = long.solid.vertices[:, 0].max()
        assert part_of(finished(extension=length)).vertices[:, 0].max() == pytest.approx(end, abs=0.1)


def test_left_out_it_is_as_thick_as_the_front_end_and_none_is_made_unasked() -> None:
    foot = analytic_foot(bowl_sole)
    thin = resolved(replace(COARSE, extension="full", distal_edge_mm=1.8), foot, FACTS)
    assert thin.thickness.extension_mm == 1.8
    assert design(foot, resolved(COARSE, foot, FACTS)).extension is None


def _moved(done: Finished, by: FloatArray) -> Finished:
    part = part_of(done)
    return replace(done, extension=Mesh(part.vertices + by, part.faces))


def test_each_fault_fails_its_check() -> None:
    done = finished()
    ahead = np.append(done.asked.plan.ball_normal, 0.0)
    assert {"extension_overlap_mm3", "extension_gap_mm"} <= failed(_moved(done, -0.5 * ahead))
    assert "extension_gap_mm" in failed(_moved(done, 0.2 * ahead))
    assert "extension_gap_mm" not in failed(_moved(done, 0.05 * ahead))
    assert {"extension_step_mm", "extension_below_mm"} <= failed(_moved(done, np.array([0.0, 0.0, -0.3])))
    assert failed(_moved(done, np.array([0.0, 0.0, 0.1]))) == set()
    part = part_of(done)
    assert "extension_closed" in failed(replace(done, extension=Mesh(part.vertices, part.faces[1:])))
    thin = finished(extension_mm=1.3)
    assert {"extension_mm", "extension_min_mm"} <= failed(replace(done, extension=thin.extension))
    assert "extension_end_mm" in failed(replace(done, extension=finished(extension="sulcus").extension))


def test_the_other_foot_gets_its_mirror_image() -> None:
    left = part_of(finished())
    foot = mirrored(analytic_foot(bowl_sole))
    asked = design(foot, resolved(replace(COARSE, extension="full"), foot, replace(FACTS, side="right")))
    right = build(asked).extension
    assert right is not None
    low, high = left.vertices.min(axis=0), left.vertices.max(axis=0)
    assert right.vertices.max(axis=0) * [1.0, -1.0, 1.0] == pytest.approx([high[0], low[1], high[2]], abs=0.05)


def test_it_is_an_object_of_the_3mf_a_file_and_a_layer_of_the_drawing() -> None:
    from scanproc.formats.solid_files import read_3mf, read_stl

    one = made(analytic_foot(bowl_sole), replace(COARSE, extension="full", extension_material="EVA"))
    files = export(Insoles((one,)), FACTS, ExportConfig()).files
    shell, soft = read_3mf(files["left.3mf"])
    assert (shell.material, soft.material) == ("PA12", "EVA") and soft.name == f"{shell.name}, soft extension"
    placed = [body.mesh.vertices + body.T_bed_part[:3, 3] for body in (shell, soft)]
    assert min(vertices[:, 2].min() for vertices in placed) == pytest.approx(0.0, abs=1e-4)
    assert placed[1][:, 0].max() - placed[0][:, 0].max() > 50.0  # it lies ahead of the shell, where it is glued
    alone = read_stl(files["left-extension.stl"])
    assert alone.vertices.min(axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=1e-4)
    assert b"LEFT_EXTENSION_MM" in files["left-outline.dxf"]
    plan = plan_of(one)
    assert len(plan.pads) == 1 and plan.pads[0].endswith("Z")  # on the job sheet, too
    text = device_text(Words("de"), one)
    assert text.endswith("PA12; weiche Verlängerung, langsohlig, EVA")
