"""Export: files read back, proven again, byte-identical; parts with a failed check stay in the house."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from test_closed_solid import ellipse, plate

from scanproc.artifacts import Check, Insole, Insoles, Making, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.dxf_files import DxfCurve, write_dxf
from scanproc.formats.solid_files import read_3mf, read_stl
from scanproc.machining.machine import written
from scanproc.readers.outline_files import read_outline
from scanproc.solid.topology import topology
from scanproc.stages.export import ExportConfig, export, in_print_frame

FACTS = ScanFacts("scan-7", subject="demo", loading="non-weight-bearing", date="2026-11-22")
GOOD = (Check("watertight", True, True, True),)


@pytest.fixture(scope="module")
def left() -> Insole:
    solid = plate()
    moved = Mesh((solid.vertices + np.array([100.3, -20.7, -3.1])).astype(np.float32).astype(np.float64), solid.faces)
    return Insole("left", moved, ellipse(40.0, 25.0) + np.array([100.3, -20.7]), GOOD)


def test_the_files_hold_the_solid_near_the_origin(left: Insole) -> None:
    files = export(Insoles((left,)), FACTS, ExportConfig()).files
    made = ["left-outline.dxf", "left-printing.json", "left-template.pdf", "left-template.png", "left.3mf", "left.stl"]
    assert sorted(files) == made
    for back in (read_stl(files["left.stl"]), read_3mf(files["left.3mf"])[0].mesh):
        assert back.vertices.min(axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
        assert back.vertices.max(axis=0) == pytest.approx([80.0, 50.0, 3.0], abs=0.01)
        assert topology(back).open_edges == 0
        assert topology(back).volume_mm3 == pytest.approx(3.0 * np.pi * 40.0 * 25.0, rel=2e-3)


def test_the_same_solid_gives_the_same_bytes(left: Insole) -> None:
    once, again = (export(Insoles((left,)), FACTS, ExportConfig()).files for _ in range(2))
    assert dict(once) == dict(again)
    other = export(Insoles((replace(left, side="right"),)), FACTS, ExportConfig()).files
    assert other["right.3mf"] != once["left.3mf"]


def test_unit_side_pseudonym_and_material_are_in_the_3mf(left: Insole) -> None:
    import zipfile

    data = export(Insoles((left,)), FACTS, ExportConfig()).files["left.3mf"]
    text = zipfile.ZipFile(io.BytesIO(data)).read("3D/3dmodel.model").decode()
    assert 'unit="millimeter"' in text and "demo left insole" in text and "non-weight-bearing" in text
    assert "side: left, pseudonym: demo, material: PA12" in text and '<base name="PA12"' in text


def test_the_outline_is_a_closed_polyline_in_mm(left: Insole) -> None:
    import ezdxf

    data = export(Insoles((left,)), FACTS, ExportConfig()).files["left-outline.dxf"]
    line, _ = ezdxf.read(io.StringIO(data.decode())).modelspace().query("POLYLINE")
    points = np.array([vertex.dxf.location for vertex in line.vertices])[:, :2]
    assert line.is_closed and line.dxf.layer == "LEFT_TRIM_LINE_MM"
    assert np.ptp(points, axis=0) == pytest.approx([80.0, 50.0], abs=0.05)
    assert points.min(axis=0) == pytest.approx([0.0, 0.0], abs=0.05)


def test_the_outline_states_its_unit_version_and_layer(left: Insole) -> None:
    import ezdxf

    data = export(Insoles((left,)), FACTS, ExportConfig()).files["left-outline.dxf"]
    drawing = ezdxf.read(io.StringIO(data.decode()))
    assert b"$INSUNITS" in data and drawing.header["$INSUNITS"] == 4
    assert (drawing.acad_release, drawing.header["$MEASUREMENT"]) == ("R12", 1)
    assert drawing.layers.has_entry("LEFT_TRIM_LINE_MM") and b"LAYER" in data
    assert not drawing.audit().has_errors


def test_the_outline_can_be_an_insole_s_outline_again(tmp_path: Path) -> None:
    angle = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False)
    curve = np.stack([130.0 * np.cos(angle), 45.0 * np.sin(angle)], axis=1)
    path = tmp_path / "outline.dxf"
    path.write_bytes(write_dxf((DxfCurve("LEFT_OUTLINE_MM", curve),)))
    again = read_outline(path)
    assert np.ptp(again, axis=0) == pytest.approx([260.0, 90.0], abs=1e-3)
    bare = path.read_text(encoding="ascii")
    path.write_text(bare[bare.index("  0\nSECTION\n  2\nENTITIES") :], encoding="ascii")  # as older versions wrote it
    assert np.ptp(read_outline(path), axis=0) == pytest.approx([260.0, 90.0], abs=1e-3)


def test_other_programs_read_the_stl(left: Insole) -> None:
    trimesh = pytest.importorskip("trimesh")
    data = export(Insoles((left,)), FACTS, ExportConfig()).files["left.stl"]
    other = trimesh.load(io.BytesIO(data), file_type="stl")
    assert other.is_watertight and other.volume == pytest.approx(3.0 * np.pi * 40.0 * 25.0, rel=2e-3)


@pytest.mark.parametrize("name", ["left.stl", "left.3mf"])
def test_a_slicer_calls_it_manifold(left: Insole, tmp_path: Path, name: str) -> None:
    slicer = shutil.which("prusa-slicer")
    if slicer is None:
        pytest.skip("prusa-slicer is not installed")
    (tmp_path / name).write_bytes(export(Insoles((left,)), FACTS, ExportConfig()).files[name])
    told = subprocess.run(
        [slicer, "--info", str(tmp_path / name)], capture_output=True, encoding="utf-8", check=True
    ).stdout
    assert "manifold = yes" in told and "number_of_parts =  1" in told and "size_z = 3.0" in told
    assert "repaired" not in told and "open_edges" not in told


def test_a_milled_part_brings_its_programs_or_nothing(left: Insole) -> None:
    """In one command; a machine that cannot make it leaves none of its files."""
    milled = replace(left, making=Making("mill", "block", 12.0))
    config = ExportConfig(machine=written({"cutting": {"scallop_mm": 0.5}}))
    files = export(Insoles((milled,)), FACTS, config).files
    assert [name for name in files if name.endswith(".nc")] == [f"left-top-{number}.nc" for number in (1, 2, 3)]
    assert {"left.stl", "left.3mf", "left-outline.dxf"} <= set(files)
    small = ExportConfig(machine=written({"machine": {"travel_x_mm": 60.0}, "cutting": {"scallop_mm": 0.5}}))
    with pytest.raises(ScanError, match=r"left foot: no milling program is written: .*travel_x_mm = 60"):
        export(Insoles((milled,)), FACTS, small)
    both = export(Insoles((milled, replace(left, side="right"))), FACTS, small)
    assert [name for name in both.files if name.startswith("left")] == ["left-not-exported.txt"]
    assert "right.stl" in both.files
    assert "travel_x_mm" in both.refused_parts[0]


@pytest.mark.parametrize(("process", "tilt_deg"), [("print", 0.0), ("mill", 6.0)])
def test_what_is_milled_keeps_the_attitude_in_which_nothing_of_it_is_hidden(
    process: Literal["print", "mill"], tilt_deg: float
) -> None:
    solid = plate(3.0)
    slope = np.tan(np.deg2rad(6.0))
    tilted = Mesh(solid.vertices + np.outer(slope * solid.vertices[:, 0], [0.0, 0.0, 1.0]), solid.faces)
    lying = in_print_frame(tilted, Making(process, "shell")).vertices
    found = np.linalg.lstsq(np.column_stack([lying[:, :2], np.ones(len(lying))]), lying[:, 2], rcond=None)[0]
    assert np.rad2deg(np.arctan(found[0])) == pytest.approx(tilt_deg, abs=0.1)
    assert lying.min(axis=0) == pytest.approx([0.0, 0.0, 0.0], abs=1e-5)


def test_only_wanted_files_are_written(left: Insole) -> None:
    config = ExportConfig(threemf=False, outline_dxf=False, template=False)
    assert list(export(Insoles((left,)), FACTS, config).files) == ["left.stl", "left-printing.json"]


def test_no_wanted_kind_of_file_is_said(left: Insole) -> None:
    none = ExportConfig(stl=False, threemf=False, outline_dxf=False)
    with pytest.raises(ScanError, match=r"all false, expected one .* Set export\.stl = true"):
        export(Insoles((left,)), FACTS, none)


def test_a_failed_check_stops_a_part_and_names_what_to_change(left: Insole) -> None:
    thin = replace(left, checks=(*GOOD, Check("wall_min_mm", 3.0, 2.2, False)))
    with pytest.raises(ScanError, match=r"check wall_min_mm found 2\.2, expected 3\.0\. Set insole.fix = true"):
        export(Insoles((thin,)), FACTS, ExportConfig())
    files = export(Insoles((thin, replace(left, side="right"))), FACTS, ExportConfig()).files
    assert "right.stl" in files and "left.stl" not in files
    assert b"wall_min_mm" in files["left-not-exported.txt"]


def test_a_fault_that_no_check_named_is_found_in_the_file(left: Insole) -> None:
    assert left.solid is not None
    torn = replace(left, solid=Mesh(left.solid.vertices, left.solid.faces[1:].copy()))
    with pytest.raises(ScanError, match="check watertight found False, expected True"):
        export(Insoles((torn,)), FACTS, ExportConfig())
    vertices = left.solid.vertices.copy()
    vertices[np.argmin(np.linalg.norm(vertices - vertices.mean(axis=0) - [0.0, 0.0, 1.5], axis=1)), 2] -= 5.0
    folded = replace(left, solid=Mesh(vertices, left.solid.faces))
    with pytest.raises(ScanError, match="check self_intersections"):
        export(Insoles((folded,)), FACTS, ExportConfig())


def test_without_any_solid_the_stage_refuses() -> None:
    with pytest.raises(ScanError, match="no proven insole"):
        export(Insoles((Insole("left", None, None, (), refused="not seen"),)), FACTS, ExportConfig())


def test_a_cut_file_is_no_stl(left: Insole) -> None:
    data = export(Insoles((left,)), FACTS, ExportConfig()).files["left.stl"]
    with pytest.raises(ScanError, match="not a binary STL"):
        read_stl(data[:-10])
