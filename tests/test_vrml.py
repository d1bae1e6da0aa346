"""VRML, as VTK writes it and by hand: read with the faces it has, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh

from scanproc.artifacts import Mesh
from scanproc.errors import ScanError
from scanproc.scan import open_scan, read_mesh
from scanproc.views.render import lit_renderer, new_window, prepare_vtk
from scanproc.views.scene import Skin

FOOT = trimesh.creation.icosphere(subdivisions=3)
FOOT.apply_scale([0.125, 0.048, 0.035])  # m, half a length of 250 mm


def vrml(points: np.ndarray, faces: np.ndarray, head: str = "#VRML V2.0 utf8", field: str = "") -> str:
    """One shape: corners with commas, faces ended by -1."""
    corners = ",\n".join(" ".join(f"{x:.9g}" for x in point) for point in points)
    indices = ",\n".join(", ".join(map(str, [*face, -1])) for face in faces)
    return (
        f"{head}\n# made by hand\nTransform {{ {field} children [ Shape {{ geometry IndexedFaceSet {{\n"
        f"coord Coordinate {{ point [ {corners} ] }}\ncoordIndex [ {indices} ] }} }} ] }}\n"
    )


def check_is_foot(path: Path) -> None:
    scan = open_scan(path)
    mesh = read_mesh(scan).mesh
    assert scan.facts.unit == "m"
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), [250.0, 96.0, 70.0], atol=0.5)
    volume = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).volume
    assert volume == pytest.approx(FOOT.volume * 1e9, rel=1e-5)
    assert len(mesh.faces) == len(FOOT.faces)


def test_a_mesh_by_hand_is_read(tmp_path: Path) -> None:
    path = tmp_path / "foot.wrl"
    path.write_text(vrml(FOOT.vertices, FOOT.faces, field="translation 0 0 0 scale 1 1 1 rotation 0 0 1 0"))
    check_is_foot(path)


def test_a_mesh_of_vtk_is_read(tmp_path: Path) -> None:
    prepare_vtk()
    from vtkmodules.vtkIOExport import vtkVRMLExporter

    from scanproc.views.bodies import body_of, outside

    window, renderer = new_window((100, 100), off_screen=True), lit_renderer()
    window.AddRenderer(renderer)
    mesh = Mesh(np.array(FOOT.vertices), np.array(FOOT.faces, np.int32))
    renderer.AddActor(outside(body_of(Skin(mesh, np.full((len(mesh.vertices), 3), 200, np.uint8)))))
    path = tmp_path / "foot.wrl"
    exporter = vtkVRMLExporter()
    exporter.SetRenderWindow(window)
    exporter.SetFileName(str(path))
    exporter.Write()
    check_is_foot(path)


def test_several_shapes_and_polygons(tmp_path: Path) -> None:
    """Two halves of a grid of quadrilaterals: each shape counts its own points."""
    x, y = np.meshgrid(np.linspace(0.0, 250.0, 21), np.linspace(0.0, 100.0, 11))
    grid = np.column_stack([x.ravel(), y.ravel(), 20.0 * np.sin(x.ravel() / 80.0)])
    quads = np.array([[k, k + 1, k + 22, k + 21] for k in range(21 * 10) if k % 21 != 20])
    one, other = (vrml(grid + np.array([0, shift, 0]), quads).split("\n", 2)[2] for shift in (0.0, 100.0))
    path = tmp_path / "sole.wrl"
    path.write_text(f"#VRML V2.0 utf8\n{one}\n{other}")
    mesh = read_mesh(open_scan(path)).mesh
    assert len(mesh.faces) == 2 * 2 * 200
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0)[:2], [250.0, 200.0], atol=1e-6)


GOOD = vrml(FOOT.vertices, FOOT.faces)
FAULTS = {
    "empty": ("", "0 bytes"),
    "head": (GOOD[1:], "cannot be read as VRML"),
    "cut off": (GOOD[: len(GOOD) // 2], "a bracket is not closed"),
    "no faces": ("#VRML V2.0 utf8\nShape { geometry Sphere { radius 2 } }", "holds no faces"),
    "moved": (vrml(FOOT.vertices, FOOT.faces, field="translation 0 5 0"), "moves its parts .translation 0 5 0"),
    "scaled": (vrml(FOOT.vertices, FOOT.faces, field="scale 25.4 25.4 25.4"), "moves its parts"),
    "turned": (vrml(FOOT.vertices, FOOT.faces, field="rotation 1 0 0 1.57"), "moves its parts"),
    "words": (GOOD.replace("point [", "point [ a b c"), "cannot be read as VRML"),
    "two": (GOOD.replace("point [", "point [ 1 2,"), "coordinates are no points"),
    "beyond": (GOOD.replace("coordIndex [", "coordIndex [ 0, 1, 99999, -1,"), "faces with vertices that do not exist"),
    "huge": (GOOD.replace("coordIndex [", "coordIndex [ 0, 1, 1e300, -1,"), "cannot be read as VRML"),
    "NaN": (GOOD.replace("point [", "point [ nan nan nan,"), "not finite"),
    "VRML 1 by parts": ("#VRML V1.0 ascii\nSeparator { Cube { } }", "holds no faces"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_file_is_refused(tmp_path: Path, fault: str) -> None:
    text, says = FAULTS[fault]
    path = tmp_path / "foot.wrl"
    path.write_text(text)
    with pytest.raises(ScanError, match=says) as caught:
        open_scan(path)
    assert "foot.wrl" in str(caught.value) and "\n" not in str(caught.value)
