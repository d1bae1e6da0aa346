"""Recorded streams of librealsense's own recorder: read back exactly, and refused where they are broken."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from librealsense_recording import (
    COLOR_LENS,
    DEPTH_LENS,
    SHIFT_MM,
    UNIT_MM,
    VIEWS,
    color_pixels,
    depth_steps,
    record,
)

from scanproc.artifacts import DepthFrame, Intrinsics
from scanproc.errors import ScanError
from scanproc.frames import rigid
from scanproc.readers.color_registration import color_on_depth
from scanproc.readers.distortion import Undistortion, distortion_of
from scanproc.readers.ros_messages import MessageReader
from scanproc.scan import open_scan, read_recording

DEPTH_SIZE = (64, 48)
DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return recordings by name: those of 2.56 that lie beside, and those that a recorder makes here."""
    folder = tmp_path_factory.mktemp("recorded")
    found = {name: DATA / name for name in ("librealsense-2.56.bag", "librealsense-2.56-depth.bag")}
    try:
        import pyrealsense2  # noqa: F401
    except ImportError:
        return found
    for name, with_color in (("now.db3", True), ("now-depth.db3", False)):
        record(folder / name, with_color)
        found[name] = folder / name
    return found


def recording(recorded: dict[str, Path], name: str) -> Path:
    if name not in recorded:
        pytest.skip("pyrealsense2 is not installed: nothing records a .db3 here")
    return recorded[name]


NAMES = ["librealsense-2.56.bag", "librealsense-2.56-depth.bag", "now.db3", "now-depth.db3"]


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_is_read_back_exactly(recorded: dict[str, Path], name: str) -> None:
    path = recording(recorded, name)
    before = {file: file.stat() for file in path.parent.iterdir()}
    scan = open_scan(path)
    assert (scan.kind, scan.facts.depth_unit_mm) == ("stream", UNIT_MM)
    assert (scan.facts.sensor, scan.facts.serial) == ("Intel RealSense D435", "0123")
    frames = read_recording(scan).frames
    assert [frame.name for frame in frames] == [f"{view:06d}" for view in range(VIEWS)]
    for view, frame in enumerate(frames):
        assert isinstance(frame, DepthFrame)
        np.testing.assert_array_equal(frame.depth, depth_steps(view))
        camera = frame.intrinsics
        assert (camera.fx, camera.fy, camera.cx, camera.cy) == DEPTH_LENS
        assert (frame.color is None) is ("depth" in name)
        if frame.color is not None:
            check_color(frame.color, view)
    assert {file: file.stat().st_mtime_ns for file in path.parent.iterdir()} == {
        file: stat.st_mtime_ns for file, stat in before.items()
    }, "nothing is written beside a recording"


def test_a_unit_that_scan_toml_states_is_believed(tmp_path: Path) -> None:
    shutil.copy(DATA / "librealsense-2.56-depth.bag", tmp_path / "a.bag")
    for stated, says in ((0.125, "recorded is 0.1"), (0.1, None)):
        (tmp_path / "scan.toml").write_text(f"depth_unit_mm = {stated}")
        facts = open_scan(tmp_path).facts
        assert facts.depth_unit_mm == stated
        assert any(says in remark for remark in facts.remarks) if says else not facts.remarks


def check_color(color: np.ndarray, view: int) -> None:
    """The colour camera, 15 mm beside, shows its column and row in red and green."""
    z = depth_steps(view) * UNIT_MM
    v, u = np.nonzero(z)
    z = z[v, u]
    fx, fy, cx, cy = DEPTH_LENS
    across = ((u - cx) / fx * z + SHIFT_MM[0]) / z * COLOR_LENS[0] + COLOR_LENS[2]
    down = (v - cy) / fy * COLOR_LENS[1] + COLOR_LENS[3]
    pixels = color_pixels(view)
    inside = (np.rint(across) >= 0) & (np.rint(across) < pixels.shape[1]) & (down > -0.4) & (down < 35.4)
    assert inside.mean() > 0.9
    expected = pixels[np.rint(down[inside]).astype(int), np.rint(across[inside]).astype(int)]
    off = np.abs(color[v[inside], u[inside]].astype(int) - expected).max(axis=1)
    assert (off > 0).mean() < 1e-3 and off.max() <= 7  # the next column, by the rounding of the recorded rotation
    assert not color[v[~inside], u[~inside]].any() and not color[:4, :6].any()


def test_what_lies_behind_takes_no_colour_of_what_lies_before() -> None:
    """A near post hides a part of the wall from the colour camera, 30 mm beside."""
    camera = Intrinsics(120, 40, 100.0, 100.0, 59.5, 19.5)
    depth = np.full((40, 120), 600.0)
    depth[:, 50:70] = 300.0
    T_color_depth = rigid(np.eye(3), np.array([30.0, 0.0, 0.0]))
    red = np.zeros((40, 120, 3), np.uint8)
    red[..., 1] = 90
    red[:, 60:80] = [255, 0, 0]  # where the post shows in it: 30 mm at 300 mm are 10 px
    found = color_on_depth(red, camera, depth, camera, T_color_depth)
    assert (found[:, 50:70, 0] == 255).all()
    wall = np.ones(120, bool)
    wall[50:70] = False
    assert not found[:, wall, 0].any()
    assert not found[:, 70:74].any()  # hidden: 5 px of the wall lie behind the post for the colour camera
    assert (found[:, 78:110, 1] == 90).all() and (found[:, 10:48, 1] == 90).all()


@pytest.mark.parametrize("name", ["librealsense-2.56.bag", "now.db3"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.8, 0.95, 0.9995])
def test_a_stream_cut_off_anywhere_is_refused(
    recorded: dict[str, Path], tmp_path: Path, name: str, share: float
) -> None:
    data = recording(recorded, name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ScanError, match=r"broken|holds no depth|does not say") as caught:
        read_recording(open_scan(path))
    assert name in str(caught.value) and "\n" not in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def on_blobs(change: Callable[[bytes], bytes], topic: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        database = sqlite3.connect(path)
        rows = database.execute(
            "SELECT m.id, m.data FROM messages m JOIN topics t ON t.id = m.topic_id WHERE t.name LIKE ?", (topic,)
        ).fetchall()
        assert rows
        database.executemany("UPDATE messages SET data = ? WHERE id = ?", [(change(data), key) for key, data in rows])
        database.commit()
        database.close()

    return apply


def sql(command: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        database = sqlite3.connect(path)
        database.execute(command)
        database.commit()
        database.close()

    return apply


SIZE = struct.pack("<II", 48, 64)
DEPTH, INFO = "%Depth_0/image/data%", "%Depth_0/image/camera_info"
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("hello"), "broken or cut off"),
    "another database": (lambda path: (path.unlink(), sql("CREATE TABLE a (b)")(path)), "broken or cut off"),
    "no depth": (sql("DELETE FROM messages"), "holds no depth"),
    "no camera": (sql("DELETE FROM topics WHERE name LIKE '%camera_info'"), "does not say what its camera is"),
    "no text": (sql("UPDATE topics SET name = CAST(x'eeff' AS TEXT)"), "broken or cut off"),
    "no blob": (sql("UPDATE messages SET data = 7"), "cannot be read|broken"),
    "empty blob": (on_blobs(lambda data: b"", DEPTH), "a message ends before"),
    "short image": (on_blobs(lambda data: data[:-100], DEPTH), "a message ends before"),
    "huge image": (on_blobs(lambda data: huge(data), DEPTH), "a message ends"),
    "png": (on_blobs(lambda data: data.replace(b"IDAT", b"IDOT"), DEPTH), "broken or cut off"),
    "size": (on_blobs(lambda data: data.replace(SIZE, struct.pack("<II", 480, 640)), INFO), "640"),
    "camera": (on_blobs(lambda data: data[:-200], INFO), "a message ends before"),
    "coefficients": (
        on_blobs(lambda data: data.replace(struct.pack("<I", 5) + bytes(4), struct.pack("<I", 2**31) + bytes(4)), INFO),
        "broken|focal|distortion|centre",
    ),
}


def huge(data: bytes) -> bytes:
    """Return a message whose image says to be 4 GB long."""
    place = data.index(b"\x89PNG") - 16
    return data[:place] + struct.pack("<I", 0xFFFFFF00) + data[place + 4 :]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_stream_is_refused(recorded: dict[str, Path], tmp_path: Path, fault: str) -> None:
    path = tmp_path / "now.db3"
    shutil.copy(recording(recorded, "now.db3"), path)
    break_it, says = FAULTS[fault]
    break_it(path)
    with pytest.raises(ScanError, match=says) as caught:
        read_recording(open_scan(path))
    assert "now.db3" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", range(40))
def test_a_bag_with_bytes_changed_is_read_or_refused(recorded: dict[str, Path], tmp_path: Path, seed: int) -> None:
    """Never a traceback, whatever stands in its headers."""
    rng = np.random.default_rng(seed)
    data = bytearray(recorded["librealsense-2.56-depth.bag"].read_bytes())
    for place in rng.integers(0, len(data), 30):
        data[place] = rng.integers(0, 256)
    path = tmp_path / "a.bag"
    path.write_bytes(bytes(data))
    try:
        assert len(read_recording(open_scan(path)).frames) >= 1
    except ScanError as error:
        assert "\n" not in str(error)


def test_a_message_that_ends_too_soon_is_told() -> None:
    for cut in range(0, 60, 4):
        with pytest.raises(ScanError, match="ends before"):
            MessageReader("here", bytes(cut), is_cdr=False).camera_info()


# ------------------------------------------------------------------------------------- lenses, and others' ROS bags


def test_the_recorded_lens_is_taken_out(tmp_path: Path) -> None:
    pytest.importorskip("pyrealsense2")
    lens = (0.3, -0.1, 0.002, -0.001, 0.0)
    record(tmp_path / "bent.db3", with_color=False, lens=lens)
    distortion = distortion_of("here", "brown conrady", list(lens))
    assert distortion is not None
    expected = Undistortion(Intrinsics(*DEPTH_SIZE, *DEPTH_LENS), distortion).depth(depth_steps(0))
    frame = read_recording(open_scan(tmp_path / "bent.db3")).frames[0]
    assert isinstance(frame, DepthFrame)
    np.testing.assert_array_equal(frame.depth, expected)
    assert np.abs(frame.depth.astype(int) - depth_steps(0)).max() > 10


def ros_bag(path: Path, compression: str, encoding: str, topics: tuple[str, str], color: str = "bgr8") -> None:
    """Write two views as robots record them, by the writer of rosbags."""
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import Stores, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC)
    types = store.types
    header = types["std_msgs/msg/Header"](0, types["builtin_interfaces/msg/Time"](0, 0), "camera")
    image, info = types["sensor_msgs/msg/Image"], types["sensor_msgs/msg/CameraInfo"]
    fx, fy, cx, cy = DEPTH_LENS
    matrix = np.array([fx, 0, cx, 0, fy, cy, 0, 0, 1.0])
    empty = types["sensor_msgs/msg/RegionOfInterest"](0, 0, 0, 0, False)
    width, height = DEPTH_SIZE
    camera = info(header, height, width, "plumb_bob", np.zeros(5), matrix, np.eye(3).ravel(), np.zeros(12), 0, 0, empty)
    writer = Writer(path)
    if compression:
        writer.set_compression(Writer.CompressionFormat[compression])
    with writer:
        connections = [writer.add_connection(topic, image.__msgtype__, typestore=store) for topic in topics]
        cameras = [writer.add_connection(f"{topic.rpartition('/')[0]}/camera_info", info.__msgtype__, typestore=store)
                   for topic in topics]  # fmt: skip
        for view in range(2):
            mm = depth_steps(view) * UNIT_MM
            depth = mm.astype("<u2") if encoding == "16UC1" else np.where(mm > 0, mm / 1000.0, np.nan).astype("<f4")
            pixels = np.zeros((height, width, 3), np.uint8)
            pixels[..., 0] = 100 + view  # blue, in bgr8
            for which, (data, kind) in enumerate([(depth, encoding), (pixels, color)]):
                flat = data.view(np.uint8).ravel()
                message = image(header, height, width, kind, 0, data.nbytes // height, flat)
                time = 1_000_000_000 + view * 33_000_000 + which * 1_000_000
                writer.write(connections[which], time, store.serialize_ros1(message, image.__msgtype__))
                writer.write(cameras[which], time, store.serialize_ros1(camera, info.__msgtype__))


ALIGNED = ("/camera/aligned_depth_to_color/image_raw", "/camera/color/image_raw")
APART = ("/camera/depth/image_rect_raw", "/camera/color/image_raw")


@pytest.mark.parametrize("compression", ["", "LZ4", "BZ2"])
@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_a_bag_of_a_robot_is_read(tmp_path: Path, compression: str, encoding: str) -> None:
    ros_bag(tmp_path / "a.bag", compression, encoding, ALIGNED)
    scan = open_scan(tmp_path)
    frames = read_recording(scan).frames
    assert len(frames) == 2
    for view, frame in enumerate(frames):
        assert isinstance(frame, DepthFrame) and frame.color is not None
        expected = np.floor(depth_steps(view) * UNIT_MM) if encoding == "16UC1" else depth_steps(view) * UNIT_MM
        np.testing.assert_allclose(frame.depth * frame.depth_unit_mm, expected, atol=0.026)
        assert (frame.color[frame.depth > 0] == [0, 0, 100 + view]).all()


def test_colour_that_cannot_be_brought_to_depth_is_left_out(tmp_path: Path) -> None:
    for name, topics, encoding, says in (
        ("apart", APART, "bgr8", "where the colour camera was is not recorded"),
        ("yuv", ALIGNED, "yuv422", "recorded as yuv422"),
    ):
        ros_bag(tmp_path / f"{name}.bag", "", "16UC1", topics, encoding)
        scan = open_scan(tmp_path / f"{name}.bag")
        assert any(says in remark for remark in scan.facts.remarks)
        assert all(frame.color is None for frame in read_recording(scan).frames)


def test_a_certificate_of_another_camera_is_told_by_the_recorded_number(tmp_path: Path) -> None:
    shutil.copy(DATA / "librealsense-2.56-depth.bag", tmp_path / "a.bag")
    (tmp_path / "scan.toml").write_text('camera = "camera-7.toml"')
    for serial, is_told in (("0123", False), ("0456", True)):
        (tmp_path / "camera-7.toml").write_text(f'scale = 1.01\nscale_sd = 0.001\nserial = "{serial}"\n')
        remarks = open_scan(tmp_path).facts.remarks
        assert any("0456, and the recording of 0123" in remark for remark in remarks) is is_told
