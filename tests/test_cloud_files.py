"""View clouds as other programs write them: every encoding of PCD and PLY, and text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scanproc.artifacts import CloudFrame
from scanproc.errors import ScanError
from scanproc.scan import open_scan, read_recording

RNG = np.random.default_rng(0)
POINTS = (RNG.uniform([-0.1, -0.1, 0.3], [0.1, 0.1, 0.5], (300, 3))).astype(np.float32)  # m
COLORS = RNG.integers(0, 256, (300, 3)).astype(np.uint8)


def as_ply(path: Path, kind: str, text: bool = False, order: str = "<") -> None:
    plyfile = pytest.importorskip("plyfile")
    rows = np.zeros(len(POINTS), [(name, kind) for name in "xyz"] + [(name, "u1") for name in ("red", "green", "blue")])
    for k, (name, color) in enumerate(zip("xyz", ("red", "green", "blue"), strict=True)):
        rows[name], rows[color] = POINTS[:, k], COLORS[:, k]
    element = plyfile.PlyElement.describe(rows, "vertex")
    plyfile.PlyData([element], text=text, byte_order="=" if text else order).write(str(path))


def as_pcd(path: Path, encoding: str) -> None:
    pypcd4 = pytest.importorskip("pypcd4")
    rgb = pypcd4.PointCloud.encode_rgb(COLORS)
    cloud = pypcd4.PointCloud.from_xyzrgb_points(np.column_stack([POINTS, rgb]))
    cloud.save(path, encoding=pypcd4.Encoding[encoding])


def as_text(path: Path, head: str = "", separator: str = " ", colors: bool = True, normals: bool = False) -> None:
    columns = [POINTS, COLORS] if colors else [POINTS, np.tile([0.0, 0.0, 1.0], (300, 1))] if normals else [POINTS]
    rows = np.column_stack(columns)
    lines = [separator.join(f"{value:.7g}" for value in row) for row in rows]
    path.write_text(head + "\n".join(lines) + "\n")


#: By name: how a cloud is written, and whether its colours come back.
WRITERS: dict[str, tuple[Callable[[Path], object], bool]] = {
    "text.ply": (lambda path: as_ply(path, "f4", text=True), True),
    "little.ply": (lambda path: as_ply(path, "f4"), True),
    "big.ply": (lambda path: as_ply(path, "f4", order=">"), True),
    "doubles.ply": (lambda path: as_ply(path, "f8", order=">"), True),
    "ascii.pcd": (lambda path: as_pcd(path, "ASCII"), False),  # pypcd4 writes colours as 0.0000000000 in it
    "binary.pcd": (lambda path: as_pcd(path, "BINARY"), True),
    "compressed.pcd": (lambda path: as_pcd(path, "BINARY_COMPRESSED"), True),
    "colors.xyz": (as_text, True),
    "counted.pts": (lambda path: as_text(path, "300\n"), True),
    "commented.asc": (lambda path: as_text(path, "# made by hand\n// x y z r g b\nX Y Z R G B\n"), True),
    "commas.asc": (lambda path: as_text(path, separator=", "), True),
    "semicolons.XYZ": (lambda path: as_text(path, separator=";"), True),
    "bare.xyz": (lambda path: as_text(path, colors=False), False),
    "normals.xyz": (lambda path: as_text(path, colors=False, normals=True), False),
}


def read(folder: Path) -> CloudFrame:
    frame = read_recording(open_scan(folder)).frames[0]
    assert isinstance(frame, CloudFrame)
    return frame


@pytest.mark.parametrize("name", WRITERS)
def test_a_cloud_of_another_program_is_read(tmp_path: Path, name: str) -> None:
    write, has_color = WRITERS[name]
    (tmp_path / "clouds").mkdir()
    write(tmp_path / "clouds" / name)
    frame = read(tmp_path)
    np.testing.assert_allclose(frame.points, POINTS.astype(float) * 1000.0, atol=1e-3)
    if has_color:
        np.testing.assert_array_equal(frame.color, COLORS)
    elif name.endswith(".xyz"):
        assert frame.color is None


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def swapped(old: bytes, new: bytes) -> Callable[[Path], object]:
    def apply(path: Path) -> None:
        data = path.read_bytes()
        assert old in data
        path.write_bytes(data.replace(old, new))

    return apply


NOISE = b"\xff" * 900
FAULTS: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "compressed, half": ("compressed.pcd", lambda path: cut(path, 0.5), "is broken"),
    "compressed, huge": ("compressed.pcd", swapped(b"WIDTH 300", b"WIDTH 3000000000"), "is broken"),
    "compressed, noise": ("compressed.pcd", lambda path: path.write_bytes(path.read_bytes()[:-900] + NOISE), ""),
    "binary, half": ("binary.pcd", lambda path: cut(path, 0.5), "is broken"),
    "binary, huge": ("binary.pcd", swapped(b"POINTS 300", b"POINTS 99999999999"), "is broken"),
    "ascii, half": ("ascii.pcd", lambda path: cut(path, 0.5), "is broken"),
    "ply, huge": ("big.ply", swapped(b"vertex 300", b"vertex 99999999999"), "is broken"),
    "ply, magic": ("big.ply", swapped(b"ply\n", b"pla\n"), "is broken"),
    "text, empty": ("bare.xyz", lambda path: path.write_bytes(b""), "0 bytes"),
    "text, words": ("bare.xyz", lambda path: path.write_text("hello\n" * 99), "no line of x y z"),
    "text, two columns": ("bare.xyz", lambda path: path.write_text("1 2\n3 4\n"), "no line of x y z"),
    "text, cut off": ("bare.xyz", lambda path: path.write_text(path.read_text().rsplit(" ", 2)[0]), "is broken or no"),
    "text, binary": ("bare.xyz", lambda path: path.write_bytes(bytes(range(256)) * 9), "is broken or no cloud"),
    "text, commas": ("bare.xyz", lambda path: path.write_text("0,1 0,2 0,4\n" * 99), "has decimal commas"),
    "text, a word": ("bare.xyz", lambda path: path.write_text("0.1 0.2 0.4\n" * 9 + "x y z\n"), "is broken or no"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_cloud_is_refused(tmp_path: Path, fault: str, capfd: pytest.CaptureFixture[str]) -> None:
    name, break_it, says = FAULTS[fault]
    path = tmp_path / "clouds" / name
    path.parent.mkdir()
    WRITERS[name][0](path)
    break_it(path)
    if not says:  # what cannot be seen in the numbers is not refused, and is no traceback
        try:
            read(tmp_path)
        except ScanError as error:
            assert "\n" not in str(error)
        return
    with pytest.raises(ScanError, match=says) as caught:
        read(tmp_path)
    assert name in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")
