"""Meshes and clouds as other programs write them: placed, scaled, mirrored, with tails, in loose faces."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from feet import AnalyticFoot

from scanproc.artifacts import Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.mesh.meshes import component_labels
from scanproc.readers.meshes import FoundMesh, read_finished_mesh
from scanproc.readers.text_clouds import read_text_cloud
from scanproc.readers.wrong_files import refuse_wrong_file

FOOT = AnalyticFoot(step_mm=6.0).mesh()
SIZE = np.ptp(FOOT.vertices, axis=0)
MIRROR = np.diag([1.0, -1.0, 1.0, 1.0])


def read(path: Path) -> FoundMesh:
    return read_finished_mesh(path, ScanFacts(name="foot"))


def scaled(factor: float) -> FloatArray:
    return np.diag([factor, factor, factor, 1.0])


def shifted(y: float) -> FloatArray:
    T = np.eye(4)
    T[1, 3] = y
    return T


def write_3mf(path: Path, divided_by: float, items: list[FloatArray], component: FloatArray | None = None) -> Path:
    """Write the foot, smaller by a factor, placed by the items of the build, or by a component of what they place."""
    import lib3mf  # type: ignore[import-untyped]

    def transform(T: FloatArray) -> Any:
        found = lib3mf.Transform()
        for row in range(4):
            for column in range(3):
                found.Fields[row][column] = T[column, row]
        return found

    model = lib3mf.Wrapper().CreateModel()
    thing = model.AddMeshObject()
    for vertex in FOOT.vertices / divided_by:
        thing.AddVertex(lib3mf.Position(tuple(vertex)))
    for face in FOOT.faces:
        thing.AddTriangle(lib3mf.Triangle(tuple(int(index) for index in face)))
    if component is not None:
        whole = model.AddComponentsObject()
        whole.AddComponent(thing, transform(component))
        thing = whole
    for T in items:
        model.AddBuildItem(thing, transform(T))
    model.QueryWriter("3mf").WriteToFile(str(path))
    return path


@pytest.mark.parametrize(
    ("divided_by", "items", "component"),
    [
        (1.2, [scaled(1.2)], None),
        (25.4, [scaled(25.4)], None),
        (1.2, [np.eye(4)], scaled(1.2)),
        (2.4, [scaled(1.2)], scaled(2.0)),
        (1.0, [], None),
    ],
    ids=["item", "inches by an item", "component", "both", "no build"],
)
def test_a_3mf_is_as_large_as_its_build_says(
    divided_by: float, items: list[FloatArray], component: FloatArray | None, tmp_path: Path
) -> None:
    found = read(write_3mf(tmp_path / "foot.3mf", divided_by, items, component))
    assert np.ptp(found.surface.mesh.vertices, axis=0) == pytest.approx(SIZE, abs=0.01)


def test_a_3mf_that_mirrors_its_part_is_of_the_other_side_and_right_side_out(tmp_path: Path) -> None:
    found = read(write_3mf(tmp_path / "foot.3mf", 1.0, [MIRROR]))
    assert not found.surface.inside_out and not any("inside out" in remark for remark in found.remarks)
    image = FOOT.vertices * [1.0, -1.0, 1.0]
    assert found.surface.mesh.vertices[:, 1].min() == pytest.approx(image[:, 1].min(), abs=0.01)
    assert found.surface.mesh.vertices[:, 1].max() == pytest.approx(image[:, 1].max(), abs=0.01)


def test_a_3mf_that_places_one_part_twice_is_a_pair(tmp_path: Path) -> None:
    found = read(write_3mf(tmp_path / "pair.3mf", 1.0, [np.eye(4), shifted(200.0) @ MIRROR]))
    assert len(found.surface.mesh.faces) == 2 * len(FOOT.faces)
    low, high = -float(FOOT.vertices[:, 1].max()) + 200.0, -float(FOOT.vertices[:, 1].min()) + 200.0
    second = found.surface.mesh.vertices[found.surface.mesh.vertices[:, 1] > 90.0]
    assert (second[:, 1].min(), second[:, 1].max()) == pytest.approx((low, high), abs=0.01)


def binary_stl(mesh: Mesh, announced: int) -> bytes:
    triangles = np.zeros(len(mesh.faces), np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]))
    triangles["v"] = mesh.vertices[mesh.faces]
    return b"solid of a scanner".ljust(80) + struct.pack("<I", announced) + triangles.tobytes()


@pytest.mark.parametrize(("announced", "tail"), [(len(FOOT.faces), b"material" * 9), (0, b""), (0, b"\0" * 7)])
def test_a_binary_stl_may_have_a_tail_or_no_number(announced: int, tail: bytes, tmp_path: Path) -> None:
    (tmp_path / "foot.stl").write_bytes(binary_stl(FOOT, announced) + tail)
    found = read(tmp_path / "foot.stl").surface.mesh
    assert np.ptp(found.vertices, axis=0) == pytest.approx(SIZE, abs=0.01)
    assert (len(found.vertices), len(found.faces)) == (len(FOOT.vertices), len(FOOT.faces))


def test_a_binary_stl_that_is_cut_off_is_still_told(tmp_path: Path) -> None:
    (tmp_path / "foot.stl").write_bytes(binary_stl(FOOT, len(FOOT.faces))[:-120])
    with pytest.raises(ScanError, match=f"announces {len(FOOT.faces)} triangles and holds {len(FOOT.faces) - 3}"):
        read(tmp_path / "foot.stl")


@pytest.mark.parametrize(("apart_mm", "hangs_together"), [(1e-4, True), (1e-3, True), (1.0, False)])
def test_loose_faces_whose_corners_nearly_meet_are_joined(
    apart_mm: float, hangs_together: bool, tmp_path: Path
) -> None:
    corners = FOOT.vertices[FOOT.faces].reshape(-1, 3)
    corners = corners + np.random.default_rng(0).normal(scale=apart_mm / 3.0, size=corners.shape)
    soup = Mesh(corners, np.arange(len(corners), dtype=np.int32).reshape(-1, 3))
    (tmp_path / "foot.stl").write_bytes(binary_stl(soup, len(soup.faces)))
    found = read(tmp_path / "foot.stl").surface.mesh
    assert bool(component_labels(found).max() == 0) is hangs_together
    assert len(found.vertices) == pytest.approx(len(FOOT.vertices) if hangs_together else len(corners), rel=0.02)
    assert np.ptp(found.vertices, axis=0) == pytest.approx(SIZE, abs=0.01 + 4.0 * apart_mm)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_clouds_of_any_program_s_text(encoding: str, tmp_path: Path) -> None:
    """Editors of Windows mark a text as UTF-8 or write UTF-16; others put a patient's name into its head."""
    points = np.random.default_rng(1).normal(size=(50, 3))
    rows = "\n".join(" ".join(f"{value:.6f}" for value in point) for point in points)
    (tmp_path / "view.xyz").write_bytes(f"# Fuß links, Müller\n{rows}\n".encode(encoding))
    found, color = read_text_cloud(tmp_path / "view.xyz")
    assert found == pytest.approx(points, abs=1e-6) and color is None


def test_decimal_commas_between_commas_are_told_and_colours_are_none(tmp_path: Path) -> None:
    points = np.random.default_rng(2).normal(scale=300.0, size=(200, 3))
    rows = [",".join(f"{value:.2f}".replace(".", ",") for value in point) for point in points]
    (tmp_path / "bad.xyz").write_text("\n".join(rows))
    with pytest.raises(ScanError, match=r"decimal commas \(line 1: "):
        refuse_wrong_file(tmp_path / "bad.xyz")
    colours = np.random.default_rng(3).integers(0, 256, size=(200, 3))
    whole = [
        ",".join(str(int(value)) for value in (*point, *color)) for point, color in zip(points, colours, strict=True)
    ]
    (tmp_path / "good.xyz").write_text("\n".join(whole))
    refuse_wrong_file(tmp_path / "good.xyz")
