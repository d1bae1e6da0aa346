"""Record3D's `.r3d`, packed by `lzfse` and `zipfile`: read back, told apart, and refused where it is broken."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scanproc.artifacts import DepthFrame
from scanproc.errors import ScanError
from scanproc.measures.sensor_classes import scale_sd_of
from scanproc.readers.images import FLOAT_STEP_MM
from scanproc.scan import open_scan, read_recording

lzfse = pytest.importorskip("lzfse")

LIDAR, TRUEDEPTH = (192, 256), (480, 640)  # width × height, as phones are held
COLOR = (720, 960)


def depth_m(size: tuple[int, int], view: int) -> np.ndarray:
    v, u = np.mgrid[: size[1], : size[0]]
    depth = 0.3 + 0.1 * u / size[0] + 0.05 * v / size[1] + 0.01 * view
    depth[:8] = np.nan
    return depth.astype("<f4")


def confidence(size: tuple[int, int]) -> np.ndarray:
    sure = np.full(size[::-1], 2, np.uint8)
    sure[-20:] = 0
    sure[-40:-20] = 1
    return sure


def jpeg(value: int, size: tuple[int, int] = COLOR) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (value, 0, 255 - value)).save(stream, format="JPEG", quality=95)
    return stream.getvalue()


def entries_of(size: tuple[int, int], views: int = 12, **metadata: Any) -> dict[str, bytes]:
    stated = {
        "w": COLOR[0],
        "h": COLOR[1],
        "dw": size[0],
        "dh": size[1],
        "fps": 30,
        "K": [700.0, 0, 0, 0, 700.0, 0, 359.5, 479.5, 1],
        "poses": [[0, 0, 0, 1, 0, 0, 0]] * views,
        **metadata,
    }
    entries = {"metadata": json.dumps({key: value for key, value in stated.items() if value is not None}).encode()}
    for view in range(views):
        entries[f"rgbd/{view}.depth"] = lzfse.compress(depth_m(size, view).tobytes())
        entries[f"rgbd/{view}.jpg"] = jpeg(20 * view)
        if size == LIDAR:
            entries[f"rgbd/{view}.conf"] = lzfse.compress(confidence(size).tobytes())
    entries["sound.m4a"] = b"sound"
    return entries


def written(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("size", [LIDAR, TRUEDEPTH])
@pytest.mark.parametrize("states_size", [True, False])
def test_a_recording_is_read_back_and_told_apart(tmp_path: Path, size: tuple[int, int], states_size: bool) -> None:
    sizes = {} if states_size else {"dw": None, "dh": None}
    path = written(tmp_path / "foot.r3d", entries_of(size, **sizes))
    scan = open_scan(path if states_size else tmp_path)
    assert (scan.kind, scan.facts.depth_unit_mm) == ("record3d", FLOAT_STEP_MM)
    assert scan.facts.sensor == ("LiDAR (Record3D)" if size == LIDAR else "TrueDepth (Record3D)")
    assert scale_sd_of(scan.facts) == 0.05  # a phone's, until it is checked
    assert any("poses were not used" in remark for remark in scan.facts.remarks)
    assert any("LiDAR" in remark for remark in scan.facts.remarks) is (size == LIDAR)
    frames = read_recording(scan).frames
    assert [frame.name for frame in frames] == [f"{view:06d}" for view in range(12)]
    for view in (0, 2, 10, 11):
        frame = frames[view]
        assert isinstance(frame, DepthFrame) and frame.color is not None
        expected = np.nan_to_num(depth_m(size, view)) * 1000.0
        if size == LIDAR:
            expected[confidence(size) == 0] = 0.0
        np.testing.assert_allclose(frame.depth * FLOAT_STEP_MM, expected, atol=0.026)
        assert np.abs(frame.color.astype(int) - [20 * view, 0, 255 - 20 * view]).max() <= 3
        scale = size[0] / COLOR[0]
        assert (frame.intrinsics.width, frame.intrinsics.height) == size
        assert frame.intrinsics.fx == pytest.approx(700.0 * scale)
        assert frame.intrinsics.cx == pytest.approx((size[0] - 1) / 2)  # the middle stays the middle
        assert frame.intrinsics.cy == pytest.approx((size[1] - 1) / 2)


def test_intrinsics_move_with_the_frames(tmp_path: Path) -> None:
    moving = [[700.0 + view, 701.0, 359.5, 479.5 + view] for view in range(12)]
    entries = entries_of(LIDAR, perFrameIntrinsicCoeffs=moving)
    for name in ("rgbd/0.depth", "rgbd/0.jpg", "rgbd/0.conf"):  # the first frame was cut away: numbers count
        entries.pop(name)
    frames = read_recording(open_scan(written(tmp_path / "foot.r3d", entries))).frames
    assert [round(frame.intrinsics.fx * 720 / 192, 6) for frame in frames] == [700.0 + view for view in range(1, 12)]


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def replaced(**entries: bytes) -> Callable[[Path], object]:
    named = {name.replace("_", "."): data for name, data in entries.items()}

    def replace(path: Path) -> None:
        good = entries_of(LIDAR)
        written(path, {**good, **{f"rgbd/{name}" if name[0] in "0123456789" else name: d for name, d in named.items()}})

    return replace


def entry(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda path: written(path, {**entries_of(LIDAR), name: data})


def meta(**changes: Any) -> Callable[[Path], object]:
    return lambda path: written(path, entries_of(LIDAR, **changes))


def bomb(num_bytes: int) -> bytes:
    """A block that says how long it is, and is not; LZFSE would make room for it."""
    return b"bvxn" + struct.pack("<II", num_bytes, 8) + b"\x06" + bytes(7) + b"bvx$"


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "is broken or cut off"),
    "magic": (lambda path: path.write_bytes(b"hello" * 100), "is broken or cut off"),
    "half": (lambda path: cut(path, 0.5), "is broken or cut off"),
    "one byte short": (lambda path: cut(path, 0.9999), "is broken or cut off"),
    "another zip": (lambda path: written(path, {"a.txt": b"a"}), "holds no recording of Record3D"),
    "no metadata": (lambda path: written(path, {"rgbd/0.depth": b"x"}), "holds no recording of Record3D"),
    "out": (entry("../../evil.txt", b"x"), "names a file outside of itself"),
    "root": (entry("/etc/evil", b"x"), "names a file outside of itself"),
    "drive": (entry("C:\\evil", b"x"), "names a file outside of itself"),
    "no json": (entry("metadata", b"{"), "is broken or cut off"),
    "nested": (entry("metadata", b"[" * 100_000), "is broken or cut off"),
    "list": (entry("metadata", b"[]"), "pixels, which no phone has"),
    "no camera": (meta(K=None), "hold no camera"),
    "text": (meta(w="720"), "state an image of '720'"),
    "other shape": (meta(w=960, h=720), "expected one shape"),
    "focal": (meta(K=[1e-3, 0, 0, 0, 700.0, 0, 359.5, 479.5, 1]), "focal lengths"),
    "infinite": (meta(K=[1e400, 0, 0, 0, 700.0, 0, 359.5, 479.5, 1]), "hold no camera"),
    "no lzfse": (entry("rgbd/0.depth", b"hello"), "announces -1 bytes"),
    "empty frame": (entry("rgbd/7.depth", b""), "announces -1 bytes"),
    "bomb": (entry("rgbd/0.depth", bomb(0xFFFFFFF0)), "announces 4294967280 bytes; expected 196608"),
    "lie": (entry("rgbd/0.depth", bomb(4 * 192 * 256)), "is broken or cut off"),
    "other pixels": (entry("rgbd/3.depth", lzfse.compress(bytes(4 * 640 * 480))), "announces 1228800 bytes"),
    "confidence": (entry("rgbd/3.conf", lzfse.compress(bytes(99))), "announces 99 bytes"),
    "colour": (entry("rgbd/3.jpg", b"hello"), "is broken or cut off"),
    "colour cut": (entry("rgbd/3.jpg", jpeg(9)[:2000]), "is broken or cut off"),
    "zeros": (entry("rgbd/0.depth", lzfse.compress(bytes(4 * 192 * 256))), ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_recording_is_refused(tmp_path: Path, fault: str) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    path = written(folder / "foot.r3d", entries_of(LIDAR))
    break_it, says = FAULTS[fault]
    break_it(path)
    if not says:  # one blank frame is none
        assert len(read_recording(open_scan(path)).frames) == 12
        return
    with pytest.raises(ScanError, match=says) as caught:
        read_recording(open_scan(path))
    message = str(caught.value)
    assert "foot.r3d" in message and "\n" not in message and ". " in message
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "b", "foot.r3d"]
