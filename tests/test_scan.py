"""Reading of recordings: what is written is read back, and whatever is wrong is refused in one line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from scanproc.artifacts import CloudFrame, DepthFrame, Intrinsics, Mesh, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.ply import write_ply
from scanproc.parallel import using_workers
from scanproc.readers import facts
from scanproc.readers.facts import facts_stating
from scanproc.readers.listing import recorded_order
from scanproc.scan import open_scan, read_mesh, read_recording, write_recording

INTRINSICS = Intrinsics(64, 48, 60.5, 61.5, 31.25, 23.75)
FEET = Path(__file__).parents[1].parent / "shared" / "data" / "feet"


def depth_recording(views: int = 3, unit_mm: float = 1.0, with_color: bool = True) -> Recording:
    rng = np.random.default_rng(0)
    shape = (INTRINSICS.height, INTRINSICS.width)
    frames = []
    for i in range(views):
        depth = (rng.uniform(250.0, 600.0, shape) / unit_mm).astype(np.uint16)
        depth[:5] = 0
        color = rng.integers(0, 256, (*shape, 3), dtype=np.uint8) if with_color else None
        frames.append(DepthFrame(f"{i:06d}", depth, unit_mm, INTRINSICS, color))
    return Recording(tuple(frames))


def cloud_recording(views: int = 3) -> Recording:
    rng = np.random.default_rng(1)
    clouds = [rng.uniform([-100.0, -100.0, 300.0], [100.0, 100.0, 500.0], (500, 3)) for _ in range(views)]
    colors = [rng.integers(0, 256, (500, 3), dtype=np.uint8) for _ in range(views)]
    return Recording(tuple(CloudFrame(f"{i:06d}", p, c) for i, (p, c) in enumerate(zip(clouds, colors, strict=True))))


def foot_like(length_mm: float = 250.0) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions=3)
    scale = np.array([length_mm, 95.0, 70.0]) / 2.0
    return Mesh(np.array(ball.vertices) * scale / np.abs(ball.vertices).max(axis=0), ball.faces.astype(np.int32))


@pytest.fixture
def depth_scan(tmp_path: Path) -> Path:
    write_recording(tmp_path / "patient", depth_recording(), facts_stating("patient", side="left", depth_unit_mm=1.0))
    return tmp_path / "patient"


@pytest.fixture
def cloud_scan(tmp_path: Path) -> Path:
    write_recording(tmp_path / "patient", cloud_recording(), facts_stating("patient"))
    return tmp_path / "patient"


def refusal(path: Path) -> str:
    """Return the message by which a scan is refused, on opening or on reading; it is one line with an advice."""
    with pytest.raises(ScanError) as caught:
        scan = open_scan(path)
        if scan.kind == "mesh":
            read_mesh(scan)
        else:
            read_recording(scan)
    message = str(caught.value)
    assert "\n" not in message
    assert message.count(". ") + message.count("? ") + message.count("; ") >= 1, message
    return message


# ------------------------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize("unit_mm", [1.0, 0.1, 0.125])
def test_a_depth_recording_is_read_back(tmp_path: Path, unit_mm: float) -> None:
    written = depth_recording(unit_mm=unit_mm)
    write_recording(tmp_path / "patient", written, facts_stating("patient", depth_unit_mm=unit_mm, side="right"))
    scan = open_scan(tmp_path / "patient")
    assert (scan.name, scan.kind, scan.facts.side, scan.facts.depth_unit_mm) == ("patient", "depth", "right", unit_mm)
    assert "side" not in scan.facts.assumed
    assert "loading" in scan.facts.assumed
    for frame, original in zip(read_recording(scan).frames, written.frames, strict=True):
        assert isinstance(frame, DepthFrame)
        assert isinstance(original, DepthFrame)
        np.testing.assert_array_equal(frame.depth, original.depth)
        np.testing.assert_array_equal(frame.color, original.color)
        assert (frame.name, frame.intrinsics, frame.depth_unit_mm) == (original.name, INTRINSICS, unit_mm)


def test_open3d_reads_the_intrinsics_that_are_written(depth_scan: Path) -> None:
    import open3d as o3d

    camera = o3d.io.read_pinhole_camera_intrinsic(depth_scan / "camera_intrinsic.json")
    assert (camera.width, camera.height) == (64, 48)
    np.testing.assert_allclose(
        camera.intrinsic_matrix, np.array([[60.5, 0.0, 31.25], [0.0, 61.5, 23.75], [0.0, 0.0, 1.0]])
    )


@pytest.mark.parametrize(("unit", "mm"), [("m", 1000.0), ("cm", 10.0), ("mm", 1.0)])
@pytest.mark.parametrize("is_stated", [False, True])
def test_clouds_are_read_in_any_unit(tmp_path: Path, unit: str, mm: float, is_stated: bool) -> None:
    written = cloud_recording()
    folder = tmp_path / "patient"
    write_recording(folder, written, facts_stating("patient", unit=unit))
    if not is_stated:
        (folder / "scan.toml").unlink()
    scan = open_scan(folder)
    assert scan.facts.unit == unit
    assert ("unit" in scan.facts.assumed) is not is_stated
    assert any(unit in remark for remark in scan.facts.remarks) is not is_stated
    for frame, original in zip(read_recording(scan).frames, written.frames, strict=True):
        assert isinstance(frame, CloudFrame)
        assert isinstance(original, CloudFrame)
        np.testing.assert_allclose(frame.points, original.points, atol=1e-4)
        np.testing.assert_array_equal(frame.color, original.color)


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_recording(tmp_path / name, depth_recording(), facts_stating("x", side="left"))
    first, second = (dict(open_scan(tmp_path / name).contents()) for name in ("a", "b"))
    assert first == second
    assert set(first) == {"scan.toml", "camera_intrinsic.json"} | {
        f"{folder}/{i:06d}.png" for folder in ("depth", "color") for i in range(3)
    }


def test_notes_and_truth_are_no_input(depth_scan: Path) -> None:
    before = list(open_scan(depth_scan).contents())
    (depth_scan / "truth").mkdir()
    (depth_scan / "truth" / "mesh.ply").write_bytes(b"not even a mesh")
    (depth_scan / "notes.md").write_text("asked her to stand still")
    (depth_scan / "depth" / ".000000.png").write_bytes(b"left by a file browser")
    assert list(open_scan(depth_scan).contents()) == before


def test_without_scan_toml_everything_is_assumed(depth_scan: Path) -> None:
    (depth_scan / "scan.toml").unlink()
    assumed = open_scan(depth_scan).facts.assumed
    assert {"side", "loading", "depth_unit_mm", "motion"} <= set(assumed)
    assert replace(open_scan(depth_scan).facts, assumed=(), name="x") == ScanFacts("x")


def test_a_single_blank_frame_is_passed_on(tmp_path: Path) -> None:
    frames = list(depth_recording().frames)
    assert isinstance(frames[1], DepthFrame)
    frames[1] = replace(frames[1], depth=np.zeros((48, 64), dtype=np.uint16))
    write_recording(tmp_path / "patient", Recording(tuple(frames)), facts_stating("patient"))
    read = read_recording(open_scan(tmp_path / "patient")).frames[1]
    assert isinstance(read, DepthFrame)
    assert not read.depth.any()


def test_the_unit_is_judged_by_every_reading_where_there_are_few(tmp_path: Path) -> None:
    """Large frames are sampled; what lies between the samples counts where nothing else is there."""
    camera = Intrinsics(640, 480, 600.0, 600.0, 319.5, 239.5)
    for depth_mm, is_plausible in ((400, True), (40_000, False)):
        depth = np.zeros((480, 640), np.uint16)
        depth[101, 101] = depth_mm
        scan = tmp_path / str(depth_mm)
        write_recording(scan, Recording((DepthFrame("0", depth, 1.0, camera),)), facts_stating("patient"))
        if is_plausible:
            assert len(read_recording(open_scan(scan)).frames) == 1
        else:
            assert "lies at 40000 mm" in refusal(scan)


def test_the_same_recording_whatever_the_number_of_workers(depth_scan: Path) -> None:
    found = []
    for number in (1, 3):
        with using_workers(number):
            frames = read_recording(open_scan(depth_scan)).frames
        found.append([(frame.name, frame.depth.tobytes(), frame.color.tobytes()) for frame in frames])
    assert found[0] == found[1]
    (depth_scan / "depth" / "000002.png").write_bytes(b"broken, too")
    cut(depth_scan / "depth" / "000001.png", 0.5)
    for number in (1, 3):
        with using_workers(number):
            assert "000001.png is broken" in refusal(depth_scan)


def test_colour_images_go_by_their_names(depth_scan: Path) -> None:
    (depth_scan / "color" / "000001.png").rename(depth_scan / "color" / "000009.png")
    scan = open_scan(depth_scan)
    colors = [frame.color is not None for frame in read_recording(scan).frames]
    assert colors == [True, False, True]
    assert len(scan.facts.remarks) == 2


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=1))
def test_recorded_order_is_that_of_the_numbers(numbers: list[int]) -> None:
    ordered = recorded_order(Path(f"depth/frame{number}.png") for number in numbers)
    assert [int(file.stem[5:]) for file in ordered] == sorted(numbers)


def test_any_name_can_be_sorted() -> None:
    names = ["a1", "a²", "1", "²", "a", "a01"]  # a raised 2 is a digit to Python, but no number
    assert sorted(file.name for file in recorded_order(map(Path, names))) == sorted(names)


@given(
    subject=st.text(st.characters(exclude_categories=["Cc", "Cn", "Cs", "Zl", "Zp"]), max_size=200),
    age=st.floats(0.0, 120.0),
    sex=st.sampled_from(["female", "male"]),
)
def test_facts_are_read_back(tmp_path_factory: pytest.TempPathFactory, subject: str, age: float, sex: str) -> None:
    folder = tmp_path_factory.mktemp("facts")
    stated = facts_stating("x", subject=subject, age_years=age, sex=sex, date="2026-11-22", motion="turntable")
    facts.write_facts(folder, stated)
    assert facts.read_facts(folder / facts.FILE_NAME, "x") == stated


def test_missing_points_of_organised_clouds_are_dropped(cloud_scan: Path) -> None:
    import open3d as o3d

    points = np.full((300, 3), [0.05, 0.02, 0.4])
    points[::3] = np.nan
    points[1::3] = 0.0
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
    o3d.io.write_point_cloud(cloud_scan / "clouds" / "000000.pcd", cloud)
    (cloud_scan / "clouds" / "000000.ply").unlink()
    scan = open_scan(cloud_scan)
    frame = read_recording(scan).frames[0]
    assert isinstance(frame, CloudFrame)
    np.testing.assert_allclose(frame.points, np.full((100, 3), [50.0, 20.0, 400.0]), atol=1e-3)
    assert any("dropped" in remark for remark in scan.facts.remarks)


# --------------------------------------------------------------------------------------------- bad facts


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('sid = "left"', "'side'"),
        ('name = "x"', "expected"),
        ('side = "lft"', "left, right, both, auto"),
        ('loading = "walking"', "standing, seated"),
        ('sex = "x"', "female, male"),
        ("sex = 1", "female, male"),
        ("subject = 7", "quotes"),
        ("load_kg = -1", "out of range"),
        ('load_kg = "36"', "number"),
        ("load_kg = true", "number"),
        ("load_kg = 80\nmass_kg = 70", "at most"),
        ("mass_kg = nan", "out of range"),
        ("depth_unit_mm = 0", "out of range"),
        ("age_years = 300", "out of range"),
        ('date = "yesterday"', "2026-11-22"),
        ("date = 5", "2026-11-22"),
        ("side = ", "not TOML"),
        ('[insole]\npreset = "dress"', "--prescription FILE.toml"),
    ],
)
def test_a_wrong_fact_is_refused(depth_scan: Path, line: str, expected: str) -> None:
    (depth_scan / "scan.toml").write_text(line)
    assert expected in refusal(depth_scan)


def test_facts_take_whole_numbers_and_dates(depth_scan: Path) -> None:
    (depth_scan / "scan.toml").write_text("age_years = 41\ndate = 2026-11-22")
    found = open_scan(depth_scan).facts
    assert (found.age_years, found.date) == (41.0, "2026-11-22")


# ------------------------------------------------------------------------------------------- bad recordings


def write_png(path: Path, pixels: np.ndarray) -> None:
    Image.fromarray(pixels).save(path)


def camera(folder: Path, **changes: object) -> None:
    path = folder / "camera_intrinsic.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def matrix(fx: float = 60.0, fy: float = 60.0, cx: float = 32.0, cy: float = 24.0) -> list[float]:
    return [fx, 0.0, 0.0, 0.0, fy, 0.0, cx, cy, 1.0]


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def emptied(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def as_arrays(folder: Path, ending: str) -> None:
    for file in list(folder.iterdir()):
        file.rename(file.with_suffix(ending))


def in_one_frame(folder: Path, shift: tuple[float, float, float]) -> None:
    """Turn all clouds into a frame in which the foot stands about the origin."""
    for file in (folder / "clouds").iterdir():
        file.write_bytes(ascii_ply("".join(f"{x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in GRID_M + np.array(shift)), 512))


#: A box of 250 × 90 × 200 mm, in metres.
GRID_M = np.stack(np.meshgrid(*(np.linspace(0.0, a, 8) for a in (0.25, 0.09, 0.2))), axis=-1).reshape(-1, 3)


def rescaled(folder: Path, factor: float) -> None:
    for file in (folder / "depth").iterdir():
        write_png(file, (np.asarray(Image.open(file)) * factor).astype(np.uint16))


BAD_DEPTH: dict[str, tuple[Callable[[Path], object], str]] = {
    "no intrinsics": (lambda f: (f / "camera_intrinsic.json").unlink(), "no camera_intrinsic.json"),
    "no images": (lambda f: emptied(f / "depth"), "holds no .png"),
    "float images": (
        lambda f: as_arrays(f / "depth", ".raw"),
        ".raw; expected 16-bit depth images, .png. Convert each",
    ),
    "no arrays": (lambda f: as_arrays(f / "depth", ".npy"), "000000.npy is broken"),
    "no exr": (lambda f: as_arrays(f / "depth", ".exr"), "000000.exr is broken"),
    "page": (lambda f: (f / "depth" / "000001.png").write_text("<!DOCTYPE html><html>"), "000001.png is a web page"),
    "cut off image": (lambda f: cut(f / "depth" / "000001.png", 0.6), "000001.png is broken"),
    "empty image": (lambda f: cut(f / "depth" / "000001.png", 0.0), "000001.png is broken"),
    "text image": (lambda f: (f / "depth" / "000001.png").write_text("hello"), "000001.png is broken"),
    "cut off colour": (lambda f: cut(f / "color" / "000001.png", 0.6), "000001.png is broken"),
    "8 bit": (lambda f: write_png(f / "depth" / "000001.png", np.full((48, 64), 9, np.uint8)), "16 bits"),
    "colours as depth": (lambda f: write_png(f / "depth" / "000001.png", np.zeros((48, 64, 3), np.uint8)), "16 bits"),
    "size": (lambda f: write_png(f / "depth" / "000001.png", np.full((24, 32), 400, np.uint16)), "32 × 24"),
    "colour size": (lambda f: write_png(f / "color" / "000001.png", np.zeros((24, 24, 3), np.uint8)), "24 × 24"),
    "two colours": (lambda f: write_png(f / "color" / "000001.jpg", np.zeros((48, 64, 3), np.uint8)), "one name"),
    "all zero": (lambda f: rescaled(f, 0.0), "are zero"),
    "steps of 0.1 mm": (lambda f: rescaled(f, 10.0), "right? scan.toml: depth_unit_mm = 0.1"),
    "metres": (lambda f: rescaled(f, 0.01), "depth_unit_mm"),
    "broken json": (lambda f: cut(f / "camera_intrinsic.json", 0.5), "PinholeCameraIntrinsic"),
    "json list": (lambda f: (f / "camera_intrinsic.json").write_text("[1, 2]"), "column by column"),
    "binary json": (lambda f: (f / "camera_intrinsic.json").write_bytes(b"\xff\xfe\x00"), "cannot be read"),
    "no matrix": (lambda f: camera(f, intrinsic_matrix=None), "intrinsic_matrix"),
    "short matrix": (lambda f: camera(f, intrinsic_matrix=[60.0, 60.0]), "9 finite numbers"),
    "row by row": (lambda f: camera(f, intrinsic_matrix=[60.0, 0, 32, 0, 60, 24, 0, 0, 1]), "column by column"),
    "NaN focal": (lambda f: camera(f, intrinsic_matrix=matrix(fx=float("nan"))), "finite"),
    "negative focal": (lambda f: camera(f, intrinsic_matrix=matrix(fy=-60.0)), "focal lengths 60 and -60"),
    "centre outside": (lambda f: camera(f, intrinsic_matrix=matrix(cx=640.0)), "outside 64 × 48"),
    "no width": (lambda f: camera(f, width=0), "whole numbers"),
    "width in words": (lambda f: camera(f, width="64"), "whole numbers"),
    "other resolution": (lambda f: camera(f, width=128), "says 128 × 48"),
    "clouds too": (lambda f: (f / "clouds").mkdir(), "depth/ and clouds/"),
}


@pytest.mark.parametrize("fault", BAD_DEPTH)
def test_a_bad_depth_recording_is_refused(depth_scan: Path, fault: str) -> None:
    break_it, expected = BAD_DEPTH[fault]
    break_it(depth_scan)
    assert expected in refusal(depth_scan)


@pytest.mark.parametrize("share", np.linspace(0.0, 0.97, 12))
def test_an_image_cut_off_anywhere_is_refused(depth_scan: Path, share: float) -> None:
    cut(depth_scan / "depth" / "000002.png", share)
    assert "000002.png is broken" in refusal(depth_scan)


def only(folder: Path, ply: bytes) -> None:
    for file in (folder / "clouds").iterdir():
        file.write_bytes(ply)


def ascii_ply(points: str, count: int) -> bytes:
    properties = "property float x\nproperty float y\nproperty float z\n"
    return f"ply\nformat ascii 1.0\nelement vertex {count}\n{properties}end_header\n{points}".encode()


BAD_CLOUDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "none": (lambda f: emptied(f / "clouds"), "holds no .ply or .pcd"),
    "cut off": (lambda f: cut(f / "clouds" / "000001.ply", 0.7), "000001.ply is broken"),
    "one byte short": (lambda f: cut(f / "clouds" / "000001.ply", 0.9999), "000001.ply is broken"),
    "cut in the header": (lambda f: cut(f / "clouds" / "000001.ply", 0.003), "000001.ply is broken"),
    "empty file": (lambda f: cut(f / "clouds" / "000001.ply", 0.0), "000001.ply is broken"),
    "text": (lambda f: (f / "clouds" / "000001.ply").write_text("hello"), "000001.ply is broken"),
    "text pcd": (lambda f: (f / "clouds" / "000007.pcd").write_text("hello"), "000007.pcd is broken"),
    "no points": (lambda f: only(f, ascii_ply("", 0)), "no points"),
    "only NaN": (lambda f: only(f, ascii_ply("nan nan nan\n" * 9, 9)), "holds a point"),
    "words short": (lambda f: only(f, ascii_ply("0 0 0.4\n" * 8, 9)), "cut off"),
    "one all NaN": (lambda f: (f / "clouds" / "000001.ply").write_bytes(ascii_ply("nan nan nan\n" * 9, 9)), "000001"),
    "kilometres": (lambda f: only(f, ascii_ply("0 0 0.0004\n" * 9, 9)), "unit"),
    "wrong unit": (lambda f: (f / "scan.toml").write_text('unit = "mm"'), 'unit = "mm"'),
    "behind": (lambda f: only(f, ascii_ply("0 0 -0.4\n" * 9, 9)), "z forward"),
    "backwards": (lambda f: in_one_frame(f, (0.0, 0.0, -0.7)), "RealSense's PLY export"),
    "one frame, on z = 0": (lambda f: in_one_frame(f, (0.0, 0.0, 0.0)), "another program has put all views"),
    "one frame, centred": (lambda f: in_one_frame(f, (-0.12, -0.04, -0.1)), "another program has put all views"),
    "one frame, z down": (lambda f: in_one_frame(f, (0.0, 0.0, -0.2)), "another program has put all views"),
    "page": (lambda f: (f / "clouds" / "000001.ply").write_text("<html>\n"), "000001.ply is a web page"),
    "two of one name": (lambda f: (f / "clouds" / "000001.pcd").write_text(""), "two clouds called 000001"),
}


@pytest.mark.parametrize("fault", BAD_CLOUDS)
def test_bad_clouds_are_refused(cloud_scan: Path, fault: str, capfd: pytest.CaptureFixture[str]) -> None:
    break_it, expected = BAD_CLOUDS[fault]
    break_it(cloud_scan)
    assert expected in refusal(cloud_scan)
    assert capfd.readouterr() == ("", "")  # open3d and its readers keep silent


def test_what_is_no_scan_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "is empty" in refusal(tmp_path / "empty")
    (tmp_path / "empty" / "readme.txt").write_text("hello")
    assert "readme.txt" in refusal(tmp_path / "empty")
    assert "is not a scan" in refusal(tmp_path / "empty" / "readme.txt")
    (tmp_path / "empty" / "stream.bag").write_bytes(b"#ROSBAG V2.0")
    assert "broken or cut off" in refusal(tmp_path / "empty")
    assert "broken or cut off" in refusal(tmp_path / "empty" / "stream.bag")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("foot.r3d", "expected a recording of Record3D"),
        ("foot.mkv", "python azure_kinect_mkv_reader.py --input FILE.mkv"),
        ("foot.usdz", "is a model of Apple's Object Capture"),
        ("foot.fbx", "In Blender or MeshLab export a mesh"),
        ("foot.xyz", "is a cloud of points"),
        ("feet.zip", "Unpack it"),
        ("depth.npy", 'astype("uint16")'),
        ("depth.tif", "camera_intrinsic.json"),
    ],
)
def test_what_other_programs_write_is_known_by_name(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"12345")
    for path in (tmp_path, tmp_path / name):
        assert words in refusal(path) and str(tmp_path / name) in refusal(path)


def test_a_good_view_is_before_its_camera(cloud_scan: Path) -> None:
    in_one_frame(cloud_scan, (-0.12, -0.04, 0.2))
    assert len(read_recording(open_scan(cloud_scan)).frames) == 3


ANY_FORM = (
    "depth/* with camera_intrinsic.json, TUM's RGB-D (depth.txt, depth/*.png), one recording of Record3D (.r3d), "
    "one recorded stream of RealSense (.bag .db3), clouds/*.{ply,pcd,xyz,asc}, or one finished mesh "
    "(.ply .stl .obj .off .glb .3mf .wrl)"
)


def test_who_gives_no_recording_is_told_every_form(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path} is empty; expected {ANY_FORM}. Copy the recording into it."
    note = tmp_path / "readme.txt"
    note.write_text("hello")
    expected = f"{tmp_path} holds no recording (found readme.txt); expected {ANY_FORM}. Check the path."
    assert refusal(tmp_path) == expected
    kinds = ("recording of Record3D (.r3d)", "recorded stream of RealSense (.bag .db3)", "finished mesh")
    expected = f"a folder, or a {' or a '.join(kinds)} (.ply .stl .obj .off .glb .3mf .wrl)"
    assert refusal(note) == f"{note} is not a scan; expected {expected}. Check the path."


@pytest.mark.parametrize("part", ["depth", "depth/000001.png", "scan.toml"])
def test_a_part_of_a_recording_is_told_as_such(depth_scan: Path, part: str) -> None:
    assert refusal(depth_scan / part).endswith(
        f"is a part of a scan; expected all of it. Give its folder: {depth_scan}"
    )
    assert "is not a scan" in refusal(written_beside(depth_scan))


def test_what_lies_beside_a_recording_that_is_one_file_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "foot.r3d").write_bytes(b"PK\x03\x04")
    (tmp_path / "foot.usdz").write_bytes(b"PK\x03\x04")
    assert "is a model of Apple's Object Capture" in refusal(tmp_path / "foot.usdz")


def written_beside(folder: Path) -> Path:
    """Return a note beside a scan."""
    note = folder.parent / "note.txt"
    note.write_text("hello")
    return note


def test_two_forms_in_one_folder_are_refused(depth_scan: Path) -> None:
    """Each form is looked for in each folder: none hides another."""
    (depth_scan / "foot.ply").write_bytes(write_ply(foot_like()))
    (depth_scan / "clouds").mkdir()
    expected = "expected one recording a folder. Move the others away."
    assert refusal(depth_scan) == f"{depth_scan} holds depth/ and clouds/ and foot.ply; {expected}"


def test_frames_of_two_forms_are_not_written(tmp_path: Path) -> None:
    both = Recording((*depth_recording(1).frames, *cloud_recording(1).frames))
    for recording in (both, Recording(())):
        with pytest.raises(ValueError, match="as depth images or as clouds"):
            write_recording(tmp_path / "patient", recording, facts_stating("patient"))


# ------------------------------------------------------------------------------------------- finished meshes


@pytest.mark.parametrize("suffix", [".ply", ".stl", ".obj", ".off", ".glb"])
@pytest.mark.parametrize(("unit", "mm"), [("mm", 1.0), ("cm", 10.0), ("m", 1000.0)])
def test_a_finished_mesh_is_read_in_any_unit(tmp_path: Path, suffix: str, unit: str, mm: float) -> None:
    foot = foot_like()
    path = tmp_path / f"patient{suffix}"
    trimesh.Trimesh(foot.vertices / mm, foot.faces, process=False).export(path)
    scan = open_scan(path)
    surface = read_mesh(scan)
    assert (scan.name, scan.kind, scan.facts.unit) == ("patient", "mesh", unit)
    assert len(scan.facts.remarks) == 1
    assert [name for name, _ in scan.contents()] == [path.name]
    assert (len(surface.mesh.vertices), len(surface.mesh.faces)) == (len(foot.vertices), len(foot.faces))
    np.testing.assert_allclose(np.ptp(surface.mesh.vertices, axis=0), [250.0, 95.0, 70.0], atol=0.01)
    assert (surface.views == 1).all()
    assert not surface.floor_seen
    assert trimesh.Trimesh(surface.mesh.vertices, surface.mesh.faces, process=False).is_watertight


def test_a_foot_in_inches_is_not_taken_for_a_small_one_in_cm(tmp_path: Path) -> None:
    foot = foot_like(265.0)
    (tmp_path / "foot.ply").write_bytes(write_ply(Mesh(foot.vertices / 25.4, foot.faces)))
    text = refusal(tmp_path)
    assert "104 mm if it is in cm and 265 mm if it is in inch" in text and 'unit = "inch"' in text
    (tmp_path / "scan.toml").write_text('unit = "cm"')  # a toddler's, who says so
    assert np.ptp(read_mesh(open_scan(tmp_path)).mesh.vertices[:, 0]) == pytest.approx(104.3, abs=0.1)
    (tmp_path / "scan.toml").unlink()
    (tmp_path / "foot.ply").write_bytes(write_ply(Mesh(foot_like(161.0).vertices / 10.0, foot.faces)))
    assert open_scan(tmp_path).facts.unit == "cm"


def test_a_folder_of_scans_is_no_scan(tmp_path: Path) -> None:
    for name in ("may", "nov"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "foot.ply").write_bytes(write_ply(foot_like()))
    (tmp_path / "notes").mkdir()
    text = refusal(tmp_path)
    assert "a folder of 2 scans (may, nov)" in text and f"scanproc batch {tmp_path / '*'}" in text


def test_a_3mf_is_read_in_its_own_unit(tmp_path: Path) -> None:
    import lib3mf  # type: ignore[import-untyped]

    foot = foot_like()
    wrapper = lib3mf.Wrapper()
    model = wrapper.CreateModel()
    model.SetUnit(lib3mf.ModelUnit.Inch)
    part = model.AddMeshObject()
    for vertex in foot.vertices / 25.4:
        part.AddVertex(lib3mf.Position(tuple(vertex)))
    for face in foot.faces:
        part.AddTriangle(lib3mf.Triangle(tuple(int(index) for index in face)))
    model.AddBuildItem(part, wrapper.GetIdentityTransform())
    model.QueryWriter("3mf").WriteToFile(str(tmp_path / "patient.3mf"))
    vertices = read_mesh(open_scan(tmp_path / "patient.3mf")).mesh.vertices
    np.testing.assert_allclose(np.ptp(vertices, axis=0), [250.0, 95.0, 70.0], atol=0.01)


def test_facts_lie_beside_a_mesh(tmp_path: Path) -> None:
    (tmp_path / "foot.ply").write_bytes(write_ply(foot_like()))
    (tmp_path / "scan.toml").write_text('side = "right"\nunit = "mm"')
    for path, name in ((tmp_path, tmp_path.name), (tmp_path / "foot.ply", "foot")):
        scan = open_scan(path)
        assert (scan.name, scan.facts.side, scan.facts.remarks) == (name, "right", ())
        assert [entry for entry, _ in scan.contents()] == ["foot.ply", "scan.toml"]


def test_a_mesh_that_is_inside_out_is_turned(tmp_path: Path) -> None:
    foot = foot_like()
    (tmp_path / "foot.ply").write_bytes(write_ply(Mesh(foot.vertices, np.ascontiguousarray(foot.faces[:, ::-1]))))
    scan = open_scan(tmp_path / "foot.ply")
    assert trimesh.Trimesh(*_arrays(read_mesh(scan).mesh), process=False).volume > 0.0
    assert any("inside out" in remark for remark in scan.facts.remarks)


def test_colours_of_a_mesh_are_kept(tmp_path: Path) -> None:
    foot = foot_like()
    colors = np.random.default_rng(0).integers(0, 256, (len(foot.vertices), 3), dtype=np.uint8)
    (tmp_path / "foot.ply").write_bytes(write_ply(foot, color=colors))
    surface = read_mesh(open_scan(tmp_path / "foot.ply"))
    np.testing.assert_array_equal(surface.color, colors)
    np.testing.assert_array_equal(surface.mesh.vertices, foot.vertices)


def _arrays(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    return mesh.vertices, mesh.faces


def _mesh_with_nan() -> bytes:
    foot = foot_like()
    data = write_ply(foot)
    bad = np.array(foot.vertices[17]).tobytes()
    assert data.count(bad) == 1
    return data.replace(bad, np.full(3, np.nan).tobytes())


def _written(ending: str) -> bytes:
    foot = foot_like()
    if ending == "obj":
        rows = ["v " + " ".join(map(str, v)) for v in foot.vertices.tolist()]
        return "\n".join([*rows, *("f " + " ".join(map(str, f)) for f in (foot.faces + 1).tolist())]).encode()
    mesh = trimesh.Trimesh(foot.vertices, foot.faces, process=False)
    data = mesh.export(file_type=ending)
    return data if isinstance(data, bytes) else data.encode()


def _with_commas(data: bytes) -> bytes:
    return re.sub(rb"(\d)\.(\d)", rb"\1,\2", data)


@pytest.mark.parametrize("ending", ["stl", "stl_ascii", "ply", "off", "glb"])
@pytest.mark.parametrize("share", [0.4, 0.9, 0.995])
def test_a_mesh_that_is_cut_off_is_told_as_such(tmp_path: Path, ending: str, share: float) -> None:
    data, path = _written(ending), tmp_path / f"foot.{ending.partition('_')[0]}"
    path.write_bytes(data)
    open_scan(path)
    path.write_bytes(data[: int(share * len(data))])
    assert "cannot be read as a mesh: it is cut off, " in refusal(path)


def test_an_obj_that_is_cut_off_is_remarked_on(tmp_path: Path) -> None:
    data, path = _written("obj"), tmp_path / "foot.obj"
    path.write_bytes(data)
    assert not any("cut off" in remark for remark in open_scan(path).facts.remarks)
    path.write_bytes(data[: data.rindex(b"\nf", 0, int(0.8 * len(data)))])
    assert any("belong to no face: was it cut off?" in remark for remark in open_scan(path).facts.remarks)
    path.write_bytes(data[: data.index(b"\nf")])
    assert "0 faces (or cut off before them)" in refusal(path)


@pytest.mark.parametrize("ending", ["stl_ascii", "obj", "off"])
def test_decimal_commas_are_told_with_their_line(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"foot.{ending.partition('_')[0]}"
    path.write_bytes(_with_commas(_written(ending)))
    assert re.search(r"has decimal commas \(line \d: -?\d+,\d+ -?\d+,\d+\)", refusal(path))


@pytest.mark.parametrize("name", ["foot.stl", "foot.ply", "foot.obj", "foot.off", "foot.glb", "foot.3mf"])
def test_what_is_no_mesh_but_called_one_is_told_as_what_it_is(tmp_path: Path, name: str) -> None:
    for data, words in (
        (b"\n <!doctype html>\n<html><head>", "is a web page"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C">', "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12", "is a pointer of Git LFS"),
        (b"%PDF-1.7", "is a PDF"),
        (b"", "has 0 bytes"),
    ):
        (tmp_path / name).write_bytes(data)
        assert words in refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (lambda: _mesh_with_nan(), "foot.ply", "1 vertices that are not finite"),
        (lambda: write_ply(foot_like(2500.0)), "foot.ply", "no foot in um, mm, cm, inch, dm, ft or m"),
        (lambda: ascii_ply("0 0 1\n" * 20, 20), "foot.ply", "0 faces"),
        (lambda: b"", "foot.ply", "foot.ply"),
        (lambda: b"hello", "foot.ply", "cannot be read as a mesh"),
        (lambda: write_ply(foot_like())[:-4000], "foot.ply", "cannot be read as a mesh"),
        (lambda: b"hello", "foot.stl", "foot.stl"),
        (lambda: b"", "foot.stl", "foot.stl"),
        (lambda: b"hello", "foot.obj", "foot.obj"),
        (lambda: b"\x00\x01\x02", "foot.glb", "cannot be read as a mesh"),
        (lambda: b"hello", "foot.3mf", "cannot be read as 3MF"),
        (lambda: b"hello", "foot.off", "foot.off"),
    ],
)
def test_a_bad_mesh_is_refused(tmp_path: Path, data: Callable[[], bytes], name: str, expected: str) -> None:
    (tmp_path / name).write_bytes(data())
    assert expected in refusal(tmp_path / name)


def test_a_contradicted_unit_and_two_meshes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "foot.ply").write_bytes(write_ply(foot_like()))
    (tmp_path / "scan.toml").write_text('unit = "m"')
    assert "2.5e+05 mm" in refusal(tmp_path)
    (tmp_path / "other.ply").write_bytes(write_ply(foot_like()))
    assert "foot.ply and other.ply" in refusal(tmp_path)


@pytest.mark.skipif(not FEET.is_dir(), reason="shared/data/feet is not here")
@pytest.mark.parametrize(
    ("name", "unit", "longest_mm"),
    [("dupont-left.stl", "m", 275.8), ("focus-template.obj", "m", 264.0), ("find-mean.ply", "mm", 261.8)],
)
def test_feet_of_other_scanners_are_read(name: str, unit: str, longest_mm: float) -> None:
    scan = open_scan(FEET / name)
    assert scan.facts.unit == unit
    assert np.ptp(read_mesh(scan).mesh.vertices, axis=0).max() == pytest.approx(longest_mm, abs=1.0)


@pytest.mark.parametrize("seed", range(6))
def test_a_broken_byte_is_refused_or_harmless(depth_scan: Path, tmp_path: Path, seed: int) -> None:
    """Flip, cut and insert bytes anywhere in the files: nothing but a reading or a refusal comes of it."""
    write_recording(tmp_path / "clouds", cloud_recording(1), facts_stating("clouds", unit="m"))
    (tmp_path / "mesh").mkdir()
    (tmp_path / "mesh" / "foot.ply").write_bytes(write_ply(foot_like()))
    scans = [depth_scan, tmp_path / "clouds", tmp_path / "mesh"]
    rng = np.random.default_rng(seed)
    refused = 0
    for _ in range(60):
        folder = scans[rng.integers(len(scans))]
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        file = files[rng.integers(len(files))]
        whole = file.read_bytes()
        broken = bytearray(whole)
        at = int(rng.integers(min(len(whole), int(rng.choice([100, 10**6])))))
        kind = rng.integers(3)
        if kind == 0:
            del broken[at:]
        else:
            broken[at : at + int(kind == 1)] = rng.bytes(int(rng.integers(1, 5)))
        file.write_bytes(broken)
        try:
            scan = open_scan(folder)
            _ = read_mesh(scan) if scan.kind == "mesh" else read_recording(scan)
        except ScanError as error:
            refused += 1
            assert "\n" not in str(error)
        file.write_bytes(whole)
    assert 20 < refused < 60
