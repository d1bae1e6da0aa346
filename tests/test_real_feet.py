"""Feet that other scanners and other people made, beside the project; and the files that they come in."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from feet import AnalyticFoot, as_surface, moved
from scipy.spatial.transform import Rotation

from scanproc.artifacts import Foot, Measure, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid, transform
from scanproc.readers.meshes import read_finished_mesh
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

DATA = Path(__file__).parents[2] / "shared" / "data" / "feet"
FACTS = ScanFacts(name="test", loading="standing")


def data(name: str) -> Path:
    if not (DATA / name).exists():
        pytest.skip(f"no {name} beside the project (shared/data/feet)")
    return DATA / name


def read_foot(path: Path) -> tuple[Foot, dict[str, Measure]]:
    feet = align(read_finished_mesh(path, ScanFacts(name="foot")).surface, FACTS, AlignConfig())
    return feet.feet[0], dict(measure(feet, FACTS, MeasureConfig()).feet[0].measures)


def test_a_shop_scan_in_metres_with_a_capped_sole() -> None:
    foot, found = read_foot(data("dupont-left.stl"))
    assert foot.side == "left"
    assert found["foot_length_mm"].value == pytest.approx(275.8, abs=1.0)
    assert found["foot_width_mm"].value == pytest.approx(108.7, abs=2.0)
    for name in ("plantar_arch_height_mm", "arch_volume_mm3", "arch_index"):
        assert found[name].status == "refused"
        assert "closed by a plane" in str(found[name].reason)
    assert found["leg_angle_deg"].status == "refused"
    level = foot.mesh.vertices[:, 2] < 0.02
    assert (foot.views[level] == 0).mean() > 0.9  # the cap is no skin for the insole either


def test_landmarks_lie_where_anatomists_put_them() -> None:
    loaded: Any = trimesh.load(data("focus-template.obj"), process=False)
    vertices = np.array(loaded.vertices, dtype=np.float64) * 1000.0
    with data("focus-keypoints.csv").open() as file:
        row = next(row for row in csv.DictReader(file) if row["model"] == "FIND")
    surface = as_surface(Mesh(vertices, np.array(loaded.faces, dtype=np.int32)), floor_seen=False)
    foot = align(surface, FACTS, AlignConfig()).feet[0]
    points = transform(foot.T_foot_scan, vertices[[int(row[name]) for name in list(row)[1:]]])
    key: dict[str, FloatArray] = dict(zip(list(row)[1:], points, strict=True))

    def off(name: str, known: str) -> FloatArray:
        return foot.landmarks[name].xyz_mm - key[known]

    assert np.linalg.norm(off("longest_toe_tip", "big toe")) < 5.0
    assert np.linalg.norm(off("second_toe_tip", "2nd toe")) < 5.0
    assert np.linalg.norm(off("pternion", "heel")[:2]) < 2.0
    assert np.linalg.norm(off("pternion", "heel")) < 6.0  # a heel is upright over a centimetre
    assert abs(off("metatarsale_fibulare", "outer extrema")[1]) < 5.0
    assert abs(off("metatarsale_tibiale", "inner extrema")[1]) < 5.0


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["find-mean.ply", "find-shape1_+2.ply", "find-pose07_Medial_Eversion.ply"])
def test_generated_feet_are_measured(name: str) -> None:
    foot, found = read_foot(data(name))
    assert foot.side == "left"
    assert 245.0 < float(found["foot_length_mm"].value or 0.0) < 265.0
    assert found["plantar_arch_height_mm"].status == "measured"
    assert foot.landmarks["lateral_malleolus"].xyz_mm[2] == pytest.approx(0.34 * 256.0, abs=12.0)  # feet that hang


@pytest.mark.few(3)
@pytest.mark.parametrize("suffix", [".stl", ".obj", ".ply", ".off", ".glb"])
@pytest.mark.parametrize(("unit", "mm"), [("mm", 1.0), ("cm", 10.0), ("m", 1000.0)])
def test_every_format_in_every_unit_gives_the_same_measures(tmp_path: Path, suffix: str, unit: str, mm: float) -> None:
    pose = rigid(Rotation.random(random_state=4).as_matrix(), np.array([30.0, -20.0, 400.0]))
    mesh = moved(AnalyticFoot(step_mm=5.0).mesh(), pose)
    path = tmp_path / f"foot{suffix}"
    trimesh.Trimesh(mesh.vertices / mm, mesh.faces, process=False).export(path)
    found = read_finished_mesh(path, ScanFacts(name="foot"))
    assert found.unit == unit
    feet = align(found.surface, FACTS, AlignConfig())
    measures = measure(feet, FACTS, MeasureConfig()).feet[0].measures
    assert measures["foot_length_mm"].value == pytest.approx(250.0, abs=0.3)
    assert measures["plantar_arch_height_mm"].value == pytest.approx(12.0, abs=0.3)


def test_a_stated_unit_that_cannot_be_is_refused(tmp_path: Path) -> None:
    mesh = AnalyticFoot(step_mm=6.0).mesh()
    path = tmp_path / "foot.stl"
    trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).export(path)
    with pytest.raises(ScanError, match=r'unit = "m".*expected a foot'):
        read_finished_mesh(path, ScanFacts(name="foot", unit="m"))
