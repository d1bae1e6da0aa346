"""Record3D's `.r3d`: a ZIP of depth (LZFSE, float32 in m), confidence (LiDAR alone), JPEG, and JSON metadata."""

from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import DepthFrame, Intrinsics, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.readers.images import FLOAT_STEP_MM, in_steps, read_colour
from scanproc.readers.intrinsics import is_number
from scanproc.readers.listing import files_of
from scanproc.readers.opened import Opened
from scanproc.readers.record3d_metadata import (
    LIDAR,
    LIDAR_REMARK,
    POSES_REMARK,
    TRUEDEPTH,
    intrinsics_by_frame,
)
from scanproc.readers.sizes import LIDAR_SIZES, Size, same_shape
from scanproc.readers.streams import recording_of
from scanproc.readers.zip_files import ZIP_ERRORS

SUFFIX = ".r3d"

_DEPTH = re.compile(r"rgbd/(\d{1,9})\.depth")
_SIZES = (*LIDAR_SIZES, Size(480, 640), Size(640, 480), Size(720, 960), Size(384, 512), Size(960, 1280))
_LONGEST_ENTRY = 100_000_000  # bytes of one image or of the metadata
_LEAST_CONFIDENCE = 1  # of 0 low, 1 medium, 2 high
_MM_PER_M = 1000.0


def find_record3d(path: Path) -> list[Path]:
    """Return the recordings of a folder, or the file itself if it is one."""
    if path.is_file():
        return [path] if path.suffix.lower() == SUFFIX else []
    return files_of(path, (SUFFIX,))


def open_record3d(path: Path, facts: ScanFacts) -> Opened:
    """Read the metadata and the first frame.

    Raises
    ------
    ScanError
        If it is no such recording, is cut off, or names files outside of itself.
    """
    recording = _R3d(path)
    recording.depth_m(0)
    used = (POSES_REMARK, *((LIDAR_REMARK,) if recording.is_lidar else ()))
    sensor = LIDAR if recording.is_lidar else TRUEDEPTH
    return Opened([recording.path], used, depth_unit_mm=FLOAT_STEP_MM, sensor=sensor)


def read_record3d(path: Path, facts: ScanFacts) -> Recording:
    """Read every frame, in the order of their numbers.

    Raises
    ------
    ScanError
        If a frame is broken.
    """
    recording = _R3d(path)
    warp = None if facts.certificate is None else facts.certificate.warp

    def decode(place: int) -> DepthFrame:
        depth = in_steps(recording.depth_m(place), _MM_PER_M)
        name, unit_mm = recording.names[place], FLOAT_STEP_MM * facts.scale
        return DepthFrame(name, depth, unit_mm, recording.intrinsics(place), recording.color(place), warp)

    return recording_of(recording.path, recording.names, decode, facts)


class _R3d:
    """An opened file. Nothing is ever unpacked to the disk."""

    def __init__(self, path: Path) -> None:
        (self.path,) = find_record3d(path)[:1]
        try:
            self._zip = zipfile.ZipFile(self.path)
            entries = self._zip.namelist()
        except ZIP_ERRORS as error:
            raise self._broken(error) from None
        outside = next((name for name in entries if _leads_out(name)), None)
        if outside is not None:
            raise ScanError(
                f"{self.path} names a file outside of itself ({outside[:60]!a}); expected a recording of Record3D. "
                "Export it from the app again."
            )
        numbers = sorted(int(found.group(1)) for name in entries if (found := _DEPTH.fullmatch(name)))
        if not numbers or "metadata" not in entries:
            raise ScanError(
                f"{self.path} holds no recording of Record3D (rgbd/0.depth, metadata); expected one. "
                "Export it from the app as .r3d."
            )
        self._entries, self._numbers = set(entries), numbers
        self.names = [f"{number:06d}" for number in numbers]
        self.is_lidar = f"rgbd/{numbers[0]}.conf" in self._entries
        self._metadata = self._read_metadata()
        self._size = self._size_of_depth()
        self.is_lidar = self.is_lidar or self._size in LIDAR_SIZES
        self._intrinsics = intrinsics_by_frame(self.path, self._metadata, self._size)

    def intrinsics(self, place: int) -> Intrinsics:
        """Return those of a frame; the last that are stated hold on."""
        return self._intrinsics[min(self._numbers[place], len(self._intrinsics) - 1)]

    def depth_m(self, place: int) -> NDArray[np.float32]:
        """Return the (H, W) depth in m, 0 where nothing was measured or the LiDAR's confidence is low."""
        number, pixels = self._numbers[place], self._size.width * self._size.height
        depth = np.frombuffer(self._unpacked(f"rgbd/{number}.depth", 4 * pixels), dtype="<f4")
        kept = np.isfinite(depth) & (depth > 0.0)
        if f"rgbd/{number}.conf" in self._entries:
            confidence = np.frombuffer(self._unpacked(f"rgbd/{number}.conf", pixels), dtype=np.uint8)
            kept &= confidence >= _LEAST_CONFIDENCE
        return np.where(kept, depth, np.float32(0.0)).reshape(self._size.height, self._size.width)

    def color(self, place: int) -> Any:
        """Return the (H, W, 3) colour at the size of the depth image; None where there is none."""
        name = f"rgbd/{self._numbers[place]}.jpg"
        return read_colour(self.path, self._size, self._read(name)) if name in self._entries else None

    def _read_metadata(self) -> dict[str, Any]:
        try:
            table = json.loads(self._read("metadata").decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise self._broken(error) from None
        return table if isinstance(table, dict) else {}

    def _size_of_depth(self) -> Size:
        """Return the size of the depth images: as stated (dw × dh), or the known one of as many pixels."""
        width, height = self._metadata.get("dw"), self._metadata.get("dh")
        if isinstance(width, int) and isinstance(height, int) and 0 < width <= 4096 and 0 < height <= 4096:
            return Size(width, height)
        pixels = _announced_bytes(self._read(f"rgbd/{self._numbers[0]}.depth")) // 4
        sides: Any = self._metadata.get("w"), self._metadata.get("h")
        found = [
            size
            for size in _SIZES
            if size.width * size.height == pixels and all(map(is_number, sides)) and same_shape(Size(*sides), size)
        ]
        if not found:
            raise ScanError(
                f"{self.path} has depth of {pixels} pixels, which no phone has; expected 192 × 256 or 480 × 640. "
                "Export it again."
            )
        return found[0]

    def _unpacked(self, name: str, num_bytes: int) -> bytes:
        """Return the bytes of an entry that LZFSE has packed, or that nobody has."""
        packed = self._read(name)
        if len(packed) == num_bytes:
            return packed
        announced = _announced_bytes(packed)
        if announced != num_bytes:
            raise ScanError(
                f"{self.path}: {name} announces {announced} bytes; expected {num_bytes}, for {self._size} pixels. "
                "It is broken or cut off: export it again."
            )
        unpacked = _lzfse(self.path)(packed)
        if len(unpacked) != num_bytes:
            raise self._broken(f"{name} holds {len(unpacked)} of {num_bytes} bytes")
        return unpacked

    def _read(self, name: str) -> bytes:
        try:
            with self._zip.open(name) as stream:
                data = stream.read(_LONGEST_ENTRY + 1)
        except ZIP_ERRORS as error:
            raise self._broken(error) from None
        if len(data) > _LONGEST_ENTRY:
            raise self._broken(f"{name} is longer than {_LONGEST_ENTRY} bytes")
        return data

    def _broken(self, error: object) -> ScanError:
        return ScanError(
            f"{self.path} is broken or cut off ({error}); expected a recording of Record3D. Copy or export it again."
        )


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or ":" in parts[0]


def _lzfse(path: Path) -> Callable[[bytes], bytes]:
    """Return LZFSE's decompression; what it cannot unpack gives b""."""
    try:
        import lzfse  # type: ignore[import-untyped]
    except ImportError:
        raise ScanError(
            f'{path} needs lzfse, which is not installed; expected it. Install it: pip install "scanproc[phones]"'
        ) from None

    def unpacked(packed: bytes) -> bytes:
        try:
            return bytes(lzfse.decompress(packed))
        except (lzfse.error, MemoryError):
            return b""

    return unpacked


def _announced_bytes(packed: bytes) -> int:
    """Return how many bytes the blocks of an LZFSE stream say that they hold, -1 if it is none.

    Blocks (of Apple's reference implementation): `bvx-` as they are, `bvxn` LZVN, `bvx2` with packed fields of 64 bits,
    `bvx$` the end. `bvx1` is written by no encoder.
    """
    place, announced = 0, 0
    try:
        while packed[place : place + 4] != b"bvx$":
            kind = packed[place : place + 4]
            (raw,) = struct.unpack_from("<I", packed, place + 4)
            if kind == b"bvx-":
                step = 8 + raw
            elif kind == b"bvxn":
                step = 12 + struct.unpack_from("<I", packed, place + 8)[0]
            elif kind == b"bvx2":
                literals, lmd, header = struct.unpack_from("<QQQ", packed, place + 8)
                step = (header & 0xFFFFFFFF) + (literals >> 20 & 0xFFFFF) + (lmd >> 40 & 0xFFFFF)
            else:
                return -1
            announced, place = announced + raw, place + max(step, 8)
    except struct.error:
        return -1
    return announced
