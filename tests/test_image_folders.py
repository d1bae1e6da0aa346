"""Folders of depth images as other programs write them: Open3D, TUM, ScanNet, floating point, lenses that bend."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scanproc.artifacts import DepthFrame, Intrinsics, Recording
from scanproc.errors import ScanError
from scanproc.readers import streams
from scanproc.readers.distortion import Undistortion, distortion_of
from scanproc.readers.images import FLOAT_STEP_MM
from scanproc.scan import Scan, open_scan, read_recording

CAMERA = Intrinsics(64, 48, 60.5, 61.5, 31.25, 23.75)
MATRIX = [CAMERA.fx, 0.0, 0.0, 0.0, CAMERA.fy, 0.0, CAMERA.cx, CAMERA.cy, 1.0]


def depth_mm(view: int = 0) -> np.ndarray:
    """A slope with a hole, in mm."""
    v, u = np.mgrid[:48, :64]
    depth = 300.0 + 2.0 * u + 1.5 * v + 10.0 * view
    depth[:4, :6] = 0.0
    return depth


def opened(folder: Path) -> tuple[Scan, Recording]:
    scan = open_scan(folder)
    return scan, read_recording(scan)


def frame_of(recording: Recording, place: int = 0) -> DepthFrame:
    frame = recording.frames[place]
    assert isinstance(frame, DepthFrame)
    return frame


def write_png(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder as Open3D's recorder leaves it: 0.1 mm a step, colour of a camera with more pixels, aligned."""
    folder = tmp_path / "patient"
    for view in range(12):
        write_png(folder / "depth" / f"{view}.png", (10.0 * depth_mm(view)).astype(np.uint16))
        write_png(folder / "color" / f"{view}.png", np.full((96, 128, 3), 20 * view, np.uint8))
    metadata: dict[str, object] = {
        "device_name": "RealSense D405",
        "serial_number": "12",
        "depth_scale": 10000.0,
        "fps": 30.0,
    }
    camera = {"width": 64, "height": 48, "intrinsic_matrix": MATRIX}
    (folder / "intrinsic.json").write_text(json.dumps({**metadata, **camera, "intrinsics": camera}))
    return folder


def test_open3d_s_recorder_states_unit_sensor_and_camera(recorded: Path) -> None:
    with pytest.raises(ScanError, match=r"no camera_intrinsic\.json"):
        (recorded / "intrinsic.json").rename(recorded / "other.json")
        open_scan(recorded)
    table = json.loads((recorded / "other.json").read_text())
    table["device_name"] = "Real\x00Sense D405\u2028"  # none of which goes into pages
    table.pop("intrinsic_matrix")
    (recorded / "intrinsic.json").write_text(json.dumps(table))
    scan, recording = opened(recorded)
    assert (scan.kind, scan.facts.depth_unit_mm) == ("depth", 0.1)
    assert (scan.facts.sensor, scan.facts.serial) == ("RealSense D405", "12")
    assert any("0.1 mm, as intrinsic.json has it" in remark for remark in scan.facts.remarks)
    assert [frame.name for frame in recording.frames] == [str(view) for view in range(12)]  # 2 before 10
    assert frame_of(recording).intrinsics == CAMERA
    np.testing.assert_allclose(frame_of(recording, 11).depth * 0.1, depth_mm(11), atol=1e-9)
    (recorded / "scan.toml").write_text("depth_unit_mm = 0.125")
    assert open_scan(recorded).facts.depth_unit_mm == 0.125


def test_colour_of_more_pixels_is_brought_to_those_of_depth(recorded: Path) -> None:
    scan, recording = opened(recorded)
    assert any("128 × 96 pixels were brought to 64 × 48" in remark for remark in scan.facts.remarks)
    color = frame_of(recording, 3).color
    assert color is not None and color.shape == (48, 64, 3) and (color == 60).all()
    halves = np.zeros((96, 128, 3), np.uint8)
    halves[:, :64] = 200
    write_png(recorded / "color" / "0.png", halves)
    color = frame_of(opened(recorded)[1]).color
    assert color is not None and (color[:, :32] == 200).all() and (color[:, 32:] == 0).all()


def test_colour_of_another_shape_is_left_out(recorded: Path) -> None:
    for file in (recorded / "color").iterdir():
        write_png(file, np.zeros((72, 128, 3), np.uint8))
    scan, recording = opened(recorded)
    assert any("128 × 72 pixels are not aligned" in remark for remark in scan.facts.remarks)
    assert frame_of(recording).color is None


# ------------------------------------------------------------------------------------------------ floating point


def write_float(path: Path, depth: np.ndarray) -> None:
    if path.suffix == ".npy":
        np.save(path, depth)
    elif path.suffix == ".exr":
        exr = pytest.importorskip("OpenEXR")
        exr.File({"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}, {"Z": depth}).write(str(path))
    else:
        tifffile = pytest.importorskip("tifffile")
        tifffile.imwrite(path, depth)


@pytest.mark.parametrize("ending", [".npy", ".tiff", ".exr"])
@pytest.mark.parametrize(("unit", "mm"), [("m", 1000.0), ("mm", 1.0)])
def test_floating_point_depth_in_any_unit(tmp_path: Path, ending: str, unit: str, mm: float) -> None:
    (tmp_path / "depth").mkdir()
    for view in range(2):
        depth = (depth_mm(view) / mm).astype(np.float32)
        depth[40, 40:43] = np.nan, np.inf, -1.0
        write_float(tmp_path / "depth" / f"{view}{ending}", depth)
    (tmp_path / "camera_intrinsic.json").write_text(json.dumps({"width": 64, "height": 48, "intrinsic_matrix": MATRIX}))
    scan, recording = opened(tmp_path)
    assert (scan.facts.unit, scan.facts.depth_unit_mm) == (unit, FLOAT_STEP_MM)
    expected = depth_mm(1)
    expected[40, 40:43] = 0.0
    np.testing.assert_allclose(frame_of(recording, 1).depth * FLOAT_STEP_MM, expected, atol=FLOAT_STEP_MM * 0.51)
    (tmp_path / "scan.toml").write_text('unit = "cm"')
    with pytest.raises(ScanError, match=r"lies at .* mm"):
        opened(tmp_path)


def cut(path: Path, share: float = 0.6) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def far_too_large(path: Path) -> None:
    """A header of a terabyte of depth, and nothing behind it."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (500_000, 500_000)}
        )


BAD_ARRAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "broken or cut off"),
    "cut off": (cut, "1.npy is broken or cut off"),
    "magic": (lambda path: path.write_bytes(b"hello" * 99), "1.npy is broken or cut off"),
    "page": (lambda path: path.write_bytes(b"<!DOCTYPE html><html>"), "web page"),
    "huge": (far_too_large, "1.npy is broken or cut off"),
    "pickle": (lambda path: np.save(path, np.array([{"a": 1}]), allow_pickle=True), "1.npy is broken or cut off"),
    "three axes": (lambda path: np.save(path, np.ones((48, 64, 3))), "no image of one number a pixel"),
    "size": (lambda path: np.save(path, np.full((24, 32), 0.4)), "32 × 24 pixels, but the file of the camera says 64"),
    "other kind": (lambda path: np.save(path, np.full((48, 64), 400, np.uint16)), "expected one kind of image"),
    "steps": (lambda path: np.save(path, np.full((48, 64), 70_000)), "expected steps from 0 to 65535"),
}


@pytest.mark.parametrize("fault", BAD_ARRAYS)
def test_bad_arrays_are_refused(tmp_path: Path, fault: str) -> None:
    (tmp_path / "depth").mkdir()
    for view in range(2):
        np.save(tmp_path / "depth" / f"{view}.npy", depth_mm(view) / 1000.0)
    (tmp_path / "calibration.txt").write_text("60.5 61.5 31.25 23.75")
    assert frame_of(opened(tmp_path)[1]).intrinsics == CAMERA
    break_it, says = BAD_ARRAYS[fault]
    break_it(tmp_path / "depth" / "1.npy")
    with pytest.raises(ScanError, match=says) as caught:
        opened(tmp_path)
    assert "\n" not in str(caught.value)


def test_an_exr_that_announces_too_much_is_refused_before_there_is_room_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exr = pytest.importorskip("OpenEXR")
    (tmp_path / "depth").mkdir()
    path = tmp_path / "depth" / "0.exr"
    (tmp_path / "calibration.txt").write_text("60.5 61.5 31.25 23.75")
    header = {"compression": exr.NO_COMPRESSION, "type": exr.scanlineimage}
    exr.File(header, {"Z": (depth_mm() / 1000.0).astype(np.float32)}).write(str(path))
    data, window = path.read_bytes(), np.array([0, 0, 63, 47], "<i4").tobytes()
    assert window in data
    path.write_bytes(data.replace(window, np.array([0, 0, 99_999, 99_999], "<i4").tobytes()))
    with pytest.raises(ScanError, match=r"announces 100000 × 100000 pixels|broken or cut off"):
        open_scan(tmp_path)
    for cut_to in (0, 100, len(data) // 2):
        path.write_bytes(data[:cut_to])
        with pytest.raises(ScanError, match=r"0\.exr is broken or cut off"):
            open_scan(tmp_path)
    assert capsys.readouterr().out == ""


# ----------------------------------------------------------------------------------------------------------- TUM


@pytest.fixture
def tum(tmp_path: Path) -> Path:
    """A recording with 5000 steps a metre; times of one second in hundredths, without leading zeros in the names."""
    folder = tmp_path / "patient"
    rows, colors = [], []
    for view in range(12):
        time = 100.0 + 0.1 * view
        write_png(folder / "depth" / f"{time:.6g}.png", (5.0 * depth_mm(view)).astype(np.uint16))
        write_png(folder / "rgb" / f"{time + 0.01:.6g}.png", np.full((48, 64, 3), 20 * view, np.uint8))
        rows.append(f"{time:.6f} depth/{time:.6g}.png")
        if view != 5:
            colors.append(f"{time + 0.01:.6f} rgb/{time + 0.01:.6g}.png")
    (folder / "depth.txt").write_text("# depth maps\n" + "\n".join(rows[::-1]))
    (folder / "rgb.txt").write_text("\n".join(colors))
    (folder / "calibration.txt").write_text("60.5 61.5 31.25 23.75")
    return folder


def test_tum_s_form_is_read_by_its_lists(tum: Path) -> None:
    scan, recording = opened(tum)
    assert (scan.kind, scan.facts.depth_unit_mm, len(recording.frames)) == ("tum", 0.2, 12)
    assert {"depth.txt", "rgb.txt", "calibration.txt"} <= {name for name, _ in scan.contents()}
    for view, frame in enumerate(recording.frames):
        assert isinstance(frame, DepthFrame)
        np.testing.assert_allclose(frame.depth * 0.2, depth_mm(view), atol=0.11)
        assert (frame.color is None) is (view == 5)  # the next colour image is 0.09 s away
        assert frame.color is None or (frame.color == 20 * view).all()


@pytest.mark.parametrize("depth_first", [True, False])
def test_associations_count_before_times(tum: Path, depth_first: bool) -> None:
    depth, color = "100 depth/100.png", "100.31 rgb/100.31.png"
    (tum / "associations.txt").write_text(f"{depth} {color}" if depth_first else f"{color} {depth}")
    recording = opened(tum)[1]
    color_of = [None if frame.color is None else int(frame.color[0, 0, 0]) for frame in recording.frames]
    assert color_of == [60, *[None] * 11]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no depth image"),
        ("100.0", "expected a time and a file"),
        ("now depth/100.png", "expected a time and a file"),
        ("nan depth/100.png", "expected"),
        ("100 depth/101.7.png", "there is no 'depth/101.7.png'"),
        ("100 ../patient/depth/100.png", "leads out of the folder"),
        ("100 /etc/passwd", "leads out of the folder"),
        ("100 C:/depth.png", "leads out of the folder"),
        ("100 calibration.txt", "expected .png"),
    ],
)
def test_a_bad_list_is_refused(tum: Path, text: str, says: str) -> None:
    (tum / "depth.txt").write_text(text)
    with pytest.raises(ScanError, match=says) as caught:
        open_scan(tum)
    assert "depth.txt" in str(caught.value) and "\n" not in str(caught.value)


# ------------------------------------------------------------------------------------------ phones and ScanNet


def test_a_folder_that_record3d_exports(tmp_path: Path) -> None:
    """Held upright: colour at 128 × 96 is stored lying, with EXIF's word that it is to be turned."""
    for view in range(3):
        (tmp_path / "depth").mkdir(exist_ok=True)
        np.save(tmp_path / "depth" / f"{view}.npy", (depth_mm(view).T / 1000.0).astype(np.float32))
        lying = np.zeros((96, 128, 3), np.uint8)
        lying[:, 64:] = 200  # the right half, which is the lower one once turned
        (tmp_path / "rgb").mkdir(exist_ok=True)
        exif = Image.Exif()
        exif[0x0112] = 6  # turn by 90 degrees clockwise
        Image.fromarray(lying).save(tmp_path / "rgb" / f"{view}.jpg", quality=95, exif=exif)
    moving = [[120.0 + view, 121.0, 47.5, 63.5] for view in range(3)]
    (tmp_path / "metadata.json").write_text(json.dumps({"w": 96, "h": 128, "perFrameIntrinsicCoeffs": moving}))
    scan, recording = opened(tmp_path)
    assert (scan.facts.sensor, scan.facts.unit) == ("TrueDepth (Record3D)", "m")
    for view in range(3):
        frame = frame_of(recording, view)
        assert (frame.intrinsics.width, frame.intrinsics.height) == (48, 64)
        assert (frame.intrinsics.fx, frame.intrinsics.cx) == pytest.approx((60.0 + view / 2, 23.5))
        assert frame.color is not None
        assert frame.color[:30].max() < 20 and frame.color[34:].min() > 180


def test_a_folder_of_scannet(recorded: Path) -> None:
    (recorded / "intrinsic.json").unlink()
    (recorded / "intrinsic").mkdir()
    matrix = [[60.5, 0, 31.25, 0], [0, 61.5, 23.75, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    (recorded / "intrinsic" / "intrinsic_depth.txt").write_text("\n".join(" ".join(map(str, row)) for row in matrix))
    (recorded / "scan.toml").write_text("depth_unit_mm = 0.1")
    assert frame_of(opened(recorded)[1]).intrinsics == CAMERA
    assert "intrinsic/intrinsic_depth.txt" in [name for name, _ in open_scan(recorded).contents()]
    for text in ("60 0 31", "a b c", "nan " * 16, "-1 " * 16):
        (recorded / "intrinsic" / "intrinsic_depth.txt").write_text(text)
        with pytest.raises(ScanError, match="intrinsic_depth"):
            open_scan(recorded)


# --------------------------------------------------------------------------------------------------------- lenses


LENSES = [
    ("plumb_bob", [0.12, -0.05, 0.002, -0.001, 0.01]),
    ("Inverse Brown Conrady", [0.12, -0.05, 0.002, -0.001, 0.01]),
    ("rational_polynomial", [0.4, 0.1, 0.0, 0.0, 0.01, 0.3, 0.05, 0.0]),
    ("fisheye", [0.05, -0.02, 0.004, 0.0]),
]


def seen_by_cv(points: np.ndarray, model: str, k: list[float]) -> np.ndarray:
    """Return where (N, 2) directions show, by OpenCV's formulas, written down anew in polar form."""
    r, turn = np.hypot(*points.T), np.arctan2(points[:, 1], points[:, 0])
    if model == "fisheye":
        angle = np.arctan(r)
        bent = np.polynomial.Polynomial([0.0, 1.0, 0.0, k[0], 0.0, k[1], 0.0, k[2], 0.0, k[3]])(angle)
        return np.column_stack([bent * np.cos(turn), bent * np.sin(turn)])
    k1, k2, p1, p2, k3, k4, k5, k6 = (*k, 0.0, 0.0, 0.0)[:8]
    bent = r * (1 + k1 * r**2 + k2 * r**4 + k3 * r**6) / (1 + k4 * r**2 + k5 * r**4 + k6 * r**6)
    x = bent * np.cos(turn) + r**2 * (p1 * np.sin(2 * turn) + p2 * (2 + np.cos(2 * turn)))
    y = bent * np.sin(turn) + r**2 * (p1 * (2 - np.cos(2 * turn)) + p2 * np.sin(2 * turn))
    return np.column_stack([x, y])


@pytest.mark.parametrize(("model", "numbers"), LENSES)
def test_a_plane_behind_a_lens_that_bends_is_flat(model: str, numbers: list[float]) -> None:
    """A tilted plane, rendered through the lens: without distortion, its inverse depth is linear in the pixels."""
    camera = Intrinsics(320, 240, 260.0, 260.0, 159.5, 119.5)
    v, u = np.mgrid[:240, :320].astype(float)
    ideal = np.column_stack([((u - 159.5) / 260.0).ravel(), ((v - 119.5) / 260.0).ravel()])

    def depth_of(directions: np.ndarray) -> np.ndarray:
        return 100.0 / (0.25 + directions @ np.array([0.05, 0.03]))  # mm

    # the direction of each pixel of the lens: for the inverse model the formula itself, else its inverse
    if model.startswith("Inverse"):
        true = seen_by_cv(ideal, model, numbers)
    else:
        true = ideal.copy()
        for _ in range(40):
            true = true + (ideal - seen_by_cv(true, model, numbers))
    recorded = np.rint(depth_of(true) * 20.0).reshape(240, 320).astype(np.uint16)
    distortion = distortion_of("here", model, numbers)
    assert distortion is not None
    flat = Undistortion(camera, distortion).depth(recorded)
    inside = (flat > 0) & (np.hypot(u - 159.5, v - 119.5) < 115)
    expected = depth_of(ideal).reshape(240, 320)
    assert inside.sum() > 35_000
    assert np.abs(flat[inside] / 20.0 - expected[inside]).max() < 0.06  # the step is 0.05 mm
    assert np.abs(recorded[inside] / 20.0 - expected[inside]).max() > 0.9


def test_a_border_is_not_averaged_away() -> None:
    camera = Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5)
    depth = np.full((48, 64), 400, np.uint16)
    depth[:, 10:] = 900
    distortion = distortion_of("here", "opencv", [0.3, 0.0, 0.0, 0.0])
    assert distortion is not None
    assert set(np.unique(Undistortion(camera, distortion).depth(depth))) <= {0, 400, 900}


def test_the_lens_is_read_from_the_camera_s_file(recorded: Path) -> None:
    table = {"width": 64, "height": 48, "intrinsic_matrix": MATRIX}
    (recorded / "intrinsic.json").unlink()
    camera = recorded / "camera_intrinsic.json"
    (recorded / "scan.toml").write_text("depth_unit_mm = 0.1")
    found = []
    for numbers in ([], [0.0] * 5, [0.3, 0.0, 0.0, 0.0, 0.0]):
        stated = {"distortion_model": "brown_conrady", "distortion_coefficients": numbers}
        camera.write_text(json.dumps({**table, **(stated if numbers else {})}))
        found.append(frame_of(opened(recorded)[1]).depth)
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[2].astype(int) - found[0]).max() > 10
    camera.write_text(json.dumps({**table, "distortion_model": "ftheta", "distortion_coefficients": [0.1] * 5}))
    with pytest.raises(ScanError, match="'ftheta' with 5 coefficients"):
        open_scan(recorded)


# -------------------------------------------------------------------------------------------------------- streams


def test_a_long_recording_is_decoded_as_it_is_taken(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = opened(recorded)[1]
    monkeypatch.setattr(streams, "_HELD_BYTES", 20_000)
    streamed = opened(recorded)[1]
    assert isinstance(held.frames, tuple) and not isinstance(streamed.frames, tuple)
    assert len(streamed.frames) == 12
    for place in (0, 7, -1):
        np.testing.assert_array_equal(frame_of(streamed, place).depth, frame_of(held, place).depth)
    assert [frame.name for frame in streamed.frames[2:4]] == ["2", "3"]
    assert streamed.names == held.names == tuple(str(view) for view in range(12))
    with pytest.raises(IndexError):
        _ = streamed.frames[12]
