"""Every file that somebody hands to scanproc, small and valid: what is damaged, and what reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from visits import ball_foot

from scanproc.artifacts import Feet
from scanproc.commands.report_options import report_tables
from scanproc.formats.edited_landmarks import landmarks_of_edit
from scanproc.machining.machine import machine_template
from scanproc.pipeline import STAGES, config_types
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.files import LAB, read_machine, read_prescription, read_settings, settled
from scanproc.readers.certificates import read_certificate
from scanproc.readers.facts import read_facts
from scanproc.readers.manual_values import read_manual_values
from scanproc.readers.outline_files import read_outline
from scanproc.scan import open_scan, read_mesh, read_recording
from scanproc.settings import build_configs, template
from scanproc.several.study import STUDIED
from scanproc.store import Store

DATA = Path(__file__).parent / "data"
CAMERA = {"width": 32, "height": 24, "intrinsic_matrix": [30.0, 0, 0, 0, 30.0, 0, 15.5, 11.5, 1]}


@dataclass(frozen=True)
class Hostile:
    """One kind of input.

    Attributes
    ----------
    writes : fills an empty folder with a valid one; raises ImportError where a library of the tests is missing.
    reads : the folder, as the program does.
    """

    writes: Callable[[Path], object]
    reads: Callable[[Path], object]


def read_scan(folder: Path) -> None:
    """Open a scan and take all that it holds."""
    scan = open_scan(folder / "scan")
    if scan.form.reads is None:
        read_mesh(scan)
        return
    for frame in read_recording(scan).frames:
        assert frame.name


def scan_of(folder: Path) -> Path:
    (folder / "scan").mkdir()
    return folder / "scan"


def depth_mm(view: int) -> np.ndarray:
    v, u = np.mgrid[:24, :32]
    return 350.0 + 2.0 * u + 1.5 * v + 5.0 * view


def depth_folder(ending: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        scan = scan_of(folder)
        (scan / "depth").mkdir()
        (scan / "color").mkdir()
        for view in range(3):
            path, depth = scan / "depth" / f"{view}{ending}", (depth_mm(view) / 1000.0).astype(np.float32)
            if ending == ".npy":
                np.save(path, depth)
            elif ending == ".exr":
                import OpenEXR

                OpenEXR.File(
                    {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}, {"Z": depth}
                ).write(str(path))
            elif ending == ".tiff":
                Image.fromarray(depth).save(path)
            else:
                Image.fromarray(depth_mm(view).astype(np.uint16)).save(path)
            Image.fromarray(np.full((24, 32, 3), 40 * view, np.uint8)).save(scan / "color" / f"{view}.jpg")
        (scan / "camera_intrinsic.json").write_text(json.dumps(CAMERA))

    return write


def tum(folder: Path) -> None:
    scan = scan_of(folder)
    rows = []
    for view in range(4):
        (scan / "depth").mkdir(exist_ok=True)
        Image.fromarray((5.0 * depth_mm(view)).astype(np.uint16)).save(scan / "depth" / f"{view}.png")
        rows.append(f"{0.1 * view:.3f} depth/{view}.png")
    (scan / "depth.txt").write_text("\n".join(rows))
    (scan / "calibration.txt").write_text("30 30 15.5 11.5")


def record3d(folder: Path) -> None:
    import lzfse
    from test_record3d import jpeg, written

    size = (32, 24)
    stated = {"w": 64, "h": 48, "dw": 32, "dh": 24, "fps": 30, "K": [60.0, 0, 0, 0, 60.0, 0, 31.5, 23.5, 1]}
    entries = {"metadata": json.dumps({**stated, "poses": [[0, 0, 0, 1, 0, 0, 0]] * 2}).encode()}
    for view in range(2):
        entries[f"rgbd/{view}.depth"] = lzfse.compress((depth_mm(view) / 1000.0).astype("<f4").tobytes())
        entries[f"rgbd/{view}.jpg"] = jpeg(20 * view, (64, 48))
        entries[f"rgbd/{view}.conf"] = lzfse.compress(np.full(size[::-1], 2, np.uint8).tobytes())
    written(scan_of(folder) / "foot.r3d", entries)


def phone_folder(folder: Path) -> None:
    scan = scan_of(folder)
    (scan / "depth").mkdir()
    (scan / "rgb").mkdir()
    for view in range(3):
        np.save(scan / "depth" / f"{view}.npy", (depth_mm(view) / 1000.0).astype(np.float32))
        Image.fromarray(np.full((48, 64, 3), 9, np.uint8)).save(scan / "rgb" / f"{view}.jpg")
    coefficients = [[60.0, 60.0, 31.5, 23.5]] * 3
    (scan / "metadata.json").write_text(json.dumps({"w": 64, "h": 48, "perFrameIntrinsicCoeffs": coefficients}))


def librealsense(folder: Path) -> None:
    shutil.copy(DATA / "librealsense-2.56.bag", scan_of(folder) / "foot.bag")


def librealsense_database(folder: Path) -> None:
    from librealsense_recording import record

    record(scan_of(folder) / "foot.db3", True)


def robot(compression: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        from test_realsense import ALIGNED, ros_bag

        ros_bag(scan_of(folder) / "foot.bag", compression, "16UC1", ALIGNED)

    return write


def cloud(name: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        from test_cloud_files import WRITERS

        scan = scan_of(folder)
        (scan / "clouds").mkdir()
        for view in range(2):
            WRITERS[name][0](scan / "clouds" / f"{view}-{name}")

    return write


def mesh(ending: str, text: bool = False) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        from test_vrml import vrml

        foot = trimesh.creation.icosphere(subdivisions=2)
        foot.apply_scale([125.0, 48.0, 35.0])
        path = scan_of(folder) / f"foot{ending}"
        if ending == ".wrl":
            path.write_text(vrml(foot.vertices, foot.faces))
        elif ending == ".3mf":
            write_3mf(path, foot)
        elif text:
            foot.export(path, encoding="ascii") if ending == ".ply" else foot.export(path, file_type="stl_ascii")
        else:
            foot.export(path)

    return write


def write_3mf(path: Path, foot: trimesh.Trimesh) -> None:
    import lib3mf  # type: ignore[import-untyped]

    wrapper = lib3mf.Wrapper()
    model = wrapper.CreateModel()
    part = model.AddMeshObject()
    for vertex in foot.vertices:
        part.AddVertex(lib3mf.Position(tuple(vertex)))
    for face in foot.faces:
        part.AddTriangle(lib3mf.Triangle(tuple(int(k) for k in face)))
    model.AddBuildItem(part, wrapper.GetIdentityTransform())
    model.QueryWriter("3mf").WriteToFile(str(path))


def file_of(name: str, text: str | Callable[[], str]) -> Callable[[Path], None]:
    return lambda folder: (
        (folder / name).write_text(text if isinstance(text, str) else text(), encoding="utf-8") and None
    )


def certificate(folder: Path) -> None:
    (folder / "camera-7.toml").write_text(CERTIFICATE)
    np.save(folder / "map.npy", np.full((6, 8), 0.001))


FACTS = """side = "left"
loading = "standing"
load_kg = 36.0
mass_kg = 72
date = 2026-11-22
subject = "demo"
session = "1"
unit = "mm"
camera = "camera-7.toml"
"""
CERTIFICATE = """serial = "7"
date = 2026-11-01
scale = 1.002
scale_sd = 0.001
range_mm = [200, 600]
warp = "map.npy"
warp_at_mm = 300
"""
CLINIC = 'name = "Clinic"\naddress = "Street 1, Town"\nclinician = "A. B."\nlogo = "logo.png"\n'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="300mm" height="100mm" viewBox="0 0 300 100">'
    '<g transform="scale(1)">'
    '<path d="M20 50 C20 10 280 10 280 50 S20 90 20 50 Z"/></g></svg>'
)
MANUAL = "subject,side,session,foot_length_mm,ball_girth_mm\na,left,1,251.5,230\nb,right,2,248,\n"


def dxf(folder: Path) -> None:
    import ezdxf

    drawing = ezdxf.new("R12")
    angles = np.linspace(0.0, 2.0 * np.pi, 60, endpoint=False)
    drawing.modelspace().add_polyline2d(
        np.column_stack([130.0 + 120.0 * np.cos(angles), 40.0 * np.sin(angles)]), close=True
    )
    drawing.saveas(folder / "outline.dxf")


def new_dxf(folder: Path) -> None:
    import ezdxf

    drawing = ezdxf.new("R2000", units=4)
    block = drawing.blocks.new("sole")
    block.add_spline([(0, 0, 0), (200, 0, 0), (260, 50, 0), (200, 90, 0)])
    block.add_lwpolyline([(200, 90, 0.0), (100, 95, 0.1), (0, 90, 0.3), (0, 0, 0.0)], format="xyb")
    drawing.modelspace().add_blockref("sole", (0, 0))
    drawing.saveas(folder / "outline.dxf")


def landmarks(folder: Path) -> None:
    foot = {"side": "left", "landmarks": {"pternion": {"xyz_mm": [0.0, 0.0, 8.0], "confidence": 0.9, "method": "auto"}}}
    (folder / "landmarks.edited.json").write_text(json.dumps({"schema": 1, "feet": [foot]}))


@cache
def feet() -> Feet:
    return Feet((ball_foot(),))


def clinic(folder: Path) -> None:
    (folder / "clinic.toml").write_text(CLINIC)
    Image.new("RGB", (20, 10)).save(folder / "logo.png")


def captured(folder: Path) -> None:
    depth_folder(".png")(folder)
    notes: dict[str, Any] = {
        "views": 3,
        "share": 0.5,
        "missing": ["the heel"],
        "is_complete": False,
        "ended": "stopped",
    }
    (folder / "scan" / "capture.json").write_text(json.dumps(notes))


def settings_read(folder: Path) -> None:
    found = read_settings(folder / "settings.toml")
    build_configs(config_types(), *settled([{"insole" if name == LAB else name: own for name, own in found.items()}]))


def outputs(folder: Path) -> None:
    """What a run leaves, as far as a later one reads it before it trusts it."""
    store = Store(folder / "out")
    stage = STAGES[0]
    (store.root / stage.folder).mkdir(parents=True)
    (store.root / "run.json").write_text(
        json.dumps({"schema": 1, "stages": {"clean": {"key": "a"}}, "settings": {"clean": {}}, "inputs": {"a": "b"}})
    )
    (store.root / stage.folder / "manifest.json").write_text(json.dumps({"key": "a", "files": {"view.npz": "0" * 64}}))


def outputs_read(folder: Path) -> None:
    store = Store(folder / "out")
    store.is_whole(STAGES[0])
    store.holds(STAGES[0], "a")
    store.read_run()


def prescribed(folder: Path) -> None:
    rx = read_prescription(folder / "mine.toml")
    build_configs(config_types(), *settled([rx]))


PRESCRIPTION = """preset = "shell"
heel_cup_depth_mm = 14.0
rearfoot_post_deg = 3
rearfoot_post = "varus"
text = "A"
[left]
heel_lift_mm = 2.0
"""

SCANS: dict[str, Callable[[Path], object]] = {
    "depth-png": captured,
    "depth-npy": depth_folder(".npy"),
    "depth-tiff": depth_folder(".tiff"),
    "depth-exr": depth_folder(".exr"),
    "tum": tum,
    "record3d": record3d,
    "record3d-folder": phone_folder,
    "realsense-bag": librealsense,
    "realsense-db3": librealsense_database,
    "ros-bag": robot(""),
    "ros-bag-lz4": robot("LZ4"),
    **{
        f"cloud-{name}": cloud(name)
        for name in ("text.ply", "little.ply", "ascii.pcd", "binary.pcd", "compressed.pcd", "colors.xyz", "counted.pts")
    },
    **{f"mesh{ending}": mesh(ending) for ending in (".ply", ".stl", ".obj", ".off", ".glb", ".3mf", ".wrl")},
    "mesh-text.ply": mesh(".ply", text=True),
    "mesh-text.stl": mesh(".stl", text=True),
}
INPUTS: dict[str, Hostile] = {
    **{name: Hostile(write, read_scan) for name, write in SCANS.items()},
    "scan.toml": Hostile(file_of("scan.toml", FACTS), lambda folder: read_facts(folder / "scan.toml", "scan")),
    "certificate": Hostile(certificate, lambda folder: read_certificate(folder / "camera-7.toml")),
    "prescription": Hostile(file_of("mine.toml", PRESCRIPTION), prescribed),
    "prescription-whole": Hostile(file_of("mine.toml", lambda: template({"insole": InsoleConfig}, None)), prescribed),
    "machine": Hostile(
        file_of("machine.toml", lambda: machine_template("block")), lambda folder: read_machine(folder / "machine.toml")
    ),
    "settings": Hostile(file_of("settings.toml", lambda: template(config_types())), settings_read),
    "clinic": Hostile(clinic, lambda folder: report_tables(None, False, folder / "clinic.toml")),
    "outline-r12": Hostile(dxf, lambda folder: read_outline(folder / "outline.dxf")),
    "outline-r2000": Hostile(new_dxf, lambda folder: read_outline(folder / "outline.dxf")),
    "outline-svg": Hostile(file_of("outline.svg", SVG), lambda folder: read_outline(folder / "outline.svg")),
    "landmarks": Hostile(
        landmarks, lambda folder: landmarks_of_edit((folder / "landmarks.edited.json").read_bytes(), feet())
    ),
    "manual": Hostile(file_of("hand.csv", MANUAL), lambda folder: read_manual_values(folder / "hand.csv", STUDIED)),
    "outputs": Hostile(outputs, outputs_read),
}


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@cache
def valid(name: str) -> dict[str, bytes]:
    """Return the files of a valid input."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        INPUTS[name].writes(Path(folder))
        return files_of(Path(folder))


def write_all(folder: Path, files: dict[str, bytes]) -> None:
    """Write files into a folder."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
