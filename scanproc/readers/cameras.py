"""The camera of a folder of depth images, in the files that programs write it to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scanproc.artifacts import Intrinsics
from scanproc.errors import ScanError
from scanproc.readers.distortion import Distortion, distortion_of
from scanproc.readers.intrinsics import LARGEST_SIDE, checked, is_number, is_numbers
from scanproc.readers.record3d_metadata import LIDAR, TRUEDEPTH, intrinsics_by_frame
from scanproc.readers.sizes import LIDAR_SIZES, Size

INTRINSICS_NAME = "camera_intrinsic.json"

_LARGEST_FILE = 50_000_000  # bytes of text; per-frame intrinsics of an hour are less
_MM_PER_M = 1000.0


@dataclass(frozen=True)
class Camera:
    """What a file states of a camera.

    Attributes
    ----------
    path : the file.
    intrinsics : of the depth images.
    distortion : of its lens, None of a pinhole.
    by_frame : intrinsics of single frames, by name, where they move (phones).
    depth_unit_mm : of one step of the depth, None where the file does not state it.
    sensor, serial : its name and number, if it states them.
    """

    path: Path
    intrinsics: Intrinsics
    distortion: Distortion | None = None
    by_frame: Mapping[str, Intrinsics] = field(default_factory=dict)
    depth_unit_mm: float | None = None
    sensor: str | None = None
    serial: str | None = None


def camera_file(folder: Path) -> Path | None:
    """Return the file of the camera of a folder of depth images, the first of those that are known."""
    return next((folder / name for name in READERS if (folder / name).is_file()), None)


def read_camera(folder: Path, size: Size) -> Camera:
    """Read the file of the camera.

    size : of the depth images; files that state no size are of this one.

    Raises
    ------
    ScanError
        If there is none, or it does not hold a camera.
    """
    path = camera_file(folder)
    if path is None:
        raise ScanError(
            f"{folder} has depth images but no {INTRINSICS_NAME}; expected Open3D's PinholeCameraIntrinsic JSON (or "
            "intrinsic.json of its recorder, calibration.txt with fx fy cx cy). "
            "Copy the one that belongs to this camera and resolution."
        )
    return READERS[path.relative_to(folder).as_posix()](path, size)


def write_camera(folder: Path, camera: Intrinsics, by_frame: Mapping[str, Intrinsics]) -> None:
    """Write `camera_intrinsic.json`; Open3D reads all of it but the intrinsics of single frames."""
    matrix = [camera.fx, 0.0, 0.0, 0.0, camera.fy, 0.0, camera.cx, camera.cy, 1.0]
    table: dict[str, Any] = {"height": camera.height, "intrinsic_matrix": matrix, "width": camera.width}
    if by_frame:
        table["frames"] = {name: [each.fx, each.fy, each.cx, each.cy] for name, each in by_frame.items()}
    (folder / INTRINSICS_NAME).write_bytes((json.dumps(table, indent=1) + "\n").encode())


def read_json(path: Path, expected: str) -> dict[str, Any]:
    """Return the table of a JSON file.

    Raises
    ------
    ScanError
        If it cannot be read, or is no table.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ValueError(f"{path.stat().st_size} bytes")
        return json_table(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ScanError(f"{path} cannot be read: {error}. Expected {expected}.") from None


def json_table(data: bytes) -> dict[str, Any]:
    """Return the table of a JSON text, an empty one of any other value."""
    table = json.loads(data.decode("utf-8"))
    return table if isinstance(table, dict) else {}


def _read_pinhole(path: Path, size: Size) -> Camera:
    """Read Open3D's PinholeCameraIntrinsic JSON: width, height, column-major 3 × 3 `intrinsic_matrix`, pixels.

    Beside these, `distortion_model` and `distortion_coefficients`, and `frames`: by name, [fx, fy, cx, cy].
    """
    table = read_json(path, "Open3D's PinholeCameraIntrinsic JSON")
    intrinsics = _pinhole(path, table)
    frames = table.get("frames", {})
    by_frame = {}
    for name, numbers in (frames if isinstance(frames, dict) else {}).items():
        if not is_numbers(numbers, 4):
            raise ScanError(f"{path}: frames, {name!a}; expected [fx, fy, cx, cy]. Correct it.")
        by_frame[name] = checked(path, Intrinsics(intrinsics.width, intrinsics.height, *map(float, numbers)))
    return Camera(path, intrinsics, _distortion(path, table), by_frame)


def _pinhole(path: Path, table: Mapping[str, Any]) -> Intrinsics:
    width: Any = table.get("width")
    height: Any = table.get("height")
    matrix: Any = table.get("intrinsic_matrix")
    if not (_is_count(width) and _is_count(height) and is_numbers(matrix, 9)):
        raise ScanError(
            f"{path} does not hold a camera; expected whole numbers `width` and `height`, and `intrinsic_matrix` as 9 "
            "finite numbers, column by column. Write it with open3d.io.write_pinhole_camera_intrinsic."
        )
    fx, shear_y, low_x, shear_x, fy, low_y, cx, cy, one = (float(value) for value in matrix)
    if (shear_y, low_x, shear_x, low_y, one) != (0.0, 0.0, 0.0, 0.0, 1.0):
        raise ScanError(
            f"{path}: intrinsic_matrix = {matrix} is not fx 0 0, 0 fy 0, cx cy 1. "
            "Write it column by column, as Open3D does."
        )
    return checked(path, Intrinsics(width, height, fx, fy, cx, cy))


def _distortion(path: Path, table: Mapping[str, Any]) -> Distortion | None:
    coefficients: Any = table.get("distortion_coefficients", [])
    model = table.get("distortion_model", "brown-conrady" if coefficients else "none")
    if coefficients and not is_numbers(coefficients, 4, 5, 8):
        raise ScanError(
            f"{path}: distortion_coefficients = {coefficients!r:.60}; expected 4, 5 or 8 numbers. Correct it."
        )
    return distortion_of(path, str(model), [float(value) for value in coefficients])


def _read_recorder(path: Path, size: Size) -> Camera:
    """Read the JSON of Open3D's recorder (RGBDVideoMetadata), whose `depth_scale` is in steps a metre."""
    table = read_json(path, "Open3D's RGBDVideoMetadata JSON")
    scale, inner = table.get("depth_scale"), table.get("intrinsics", table)
    intrinsics = _pinhole(path, {**table, **(inner if isinstance(inner, dict) else {})})
    unit_mm = _MM_PER_M / scale if is_number(scale) and scale and scale > 0 else None
    name, serial = (str(table[key]) if table.get(key) else None for key in ("device_name", "serial_number"))
    return Camera(path, intrinsics, _distortion(path, table), depth_unit_mm=unit_mm, sensor=name, serial=serial)


def _read_record3d(path: Path, size: Size) -> Camera:
    """Read the metadata.json beside images that Record3D exports (EXR + JPG): a frame's name is its number."""
    table = read_json(path, "the metadata of Record3D")
    found = intrinsics_by_frame(path, table, size)
    by_frame = {str(number): each for number, each in enumerate(found)} if len(found) > 1 else {}
    return Camera(path, found[0], None, by_frame, sensor=LIDAR if size in LIDAR_SIZES else TRUEDEPTH)


def _read_text(path: Path, size: Size) -> Camera:
    """Read a text of fx fy cx cy, and k1 k2 p1 p2 (k3) of a lens, in pixels of the depth images."""
    numbers = _numbers(path)
    if len(numbers) not in (4, 8, 9):
        raise ScanError(f"{path} holds {len(numbers)} numbers; expected fx fy cx cy (k1 k2 p1 p2). Correct it.")
    intrinsics = checked(path, Intrinsics(size.width, size.height, *numbers[:4]))
    return Camera(path, intrinsics, distortion_of(path, "opencv", numbers[4:]))


def _read_matrix(path: Path, size: Size) -> Camera:
    """Read a text of a 3 × 3 or 4 × 4 matrix, row by row, as ScanNet writes it."""
    numbers = _numbers(path)
    if len(numbers) not in (9, 16):
        raise ScanError(f"{path} holds {len(numbers)} numbers; expected a matrix of 3 × 3 or 4 × 4. Correct it.")
    side = 3 if len(numbers) == 9 else 4
    fx, cx, fy, cy = numbers[0], numbers[2], numbers[side + 1], numbers[side + 2]
    return Camera(path, checked(path, Intrinsics(size.width, size.height, fx, fy, cx, cy)))


def _numbers(path: Path) -> list[float]:
    try:
        words = path.read_bytes()[:4096].decode("utf-8").split()
        numbers = [float(word) for word in words]
    except (OSError, ValueError) as error:
        raise ScanError(f"{path} cannot be read: {error}. Expected the numbers of a camera.") from None
    if not all(map(is_number, numbers)):
        raise ScanError(f"{path} holds numbers that are not finite; expected those of a camera. Correct it.")
    return numbers


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_SIDE


#: Files that hold a camera, by their place in the folder, the first that is there counts.
READERS: Mapping[str, Callable[[Path, Size], Camera]] = {
    INTRINSICS_NAME: _read_pinhole,
    "camera_intrinsics.json": _read_pinhole,
    "intrinsics.json": _read_recorder,
    "intrinsic.json": _read_recorder,
    "metadata.json": _read_record3d,
    "calibration.txt": _read_text,
    "intrinsic/intrinsic_depth.txt": _read_matrix,
}
