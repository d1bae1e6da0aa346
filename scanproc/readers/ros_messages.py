"""The messages of ROS that a depth camera records, as ROS 1 and ROS 2 (CDR) write them down.

librealsense writes images that are a few bytes longer than they say, which readers of whole messages refuse; what is
needed of each is read from its front.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rigid
from scanproc.readers.sizes import Size

_BYTES_OF = {"B": 1, "I": 4, "f": 4, "d": 8}
_CDR_HEAD = 4  # bytes before the first value: how the rest is written down


@dataclass(frozen=True)
class RosImage:
    """An image: rows of `step` bytes; of a compressed one, `encoding` is its format and `step` 0."""

    size: Size
    encoding: str
    step: int
    is_big_endian: bool
    data: bytes


@dataclass(frozen=True)
class CameraInfo:
    """A camera: size, name of its distortion, coefficients, and 9 numbers of K, row by row."""

    size: Size
    model: str
    coefficients: tuple[float, ...]
    matrix: tuple[float, ...]


class MessageReader:
    """Reads one message value by value.

    Raises
    ------
    ScanError
        By every method, if the message ends too soon.
    """

    def __init__(self, source: object, data: bytes, is_cdr: bool) -> None:
        self._source, self._data, self._is_cdr = source, memoryview(data), is_cdr
        self._place, self._endian = 0, "<"
        if is_cdr:
            self._place, self._endian = _CDR_HEAD, "<" if data[1:2] == b"\x01" else ">"

    def image(self) -> RosImage:
        """Read sensor_msgs/Image."""
        self._header()
        height, width = self._number("I"), self._number("I")
        encoding, is_big_endian, step = self._text(), self._number("B"), self._number("I")
        return RosImage(Size(int(width), int(height)), encoding, int(step), bool(is_big_endian), self._bytes())

    def compressed_image(self) -> RosImage:
        """Read sensor_msgs/CompressedImage, of no size yet."""
        self._header()
        return RosImage(Size(0, 0), self._text(), 0, False, self._bytes())

    def camera_info(self) -> CameraInfo:
        """Read sensor_msgs/CameraInfo as far as K."""
        self._header()
        height, width = self._number("I"), self._number("I")
        model, count = self._text(), int(self._number("I"))
        coefficients = self._numbers("d", min(count, 16))
        return CameraInfo(Size(int(width), int(height)), model, coefficients, self._numbers("d", 9))

    def text(self) -> str:
        """Read std_msgs/String."""
        return self._text()

    def number(self) -> float:
        """Read std_msgs/Float32."""
        return self._number("f")

    def key_value(self) -> tuple[str, str]:
        """Read diagnostic_msgs/KeyValue."""
        return self._text(), self._text()

    def transform(self) -> FloatArray:
        """Read geometry_msgs/Transform, (4, 4): translation in m, quaternion x y z w."""
        translation = np.array(self._numbers("d", 3))
        x, y, z, w = self._numbers("d", 4)
        norm = x * x + y * y + z * z + w * w
        if not norm > 0.0:
            raise self._broken()
        s = 2.0 / norm
        rotation = np.array(
            [
                [1 - s * (y * y + z * z), s * (x * y - z * w), s * (x * z + y * w)],
                [s * (x * y + z * w), 1 - s * (x * x + z * z), s * (y * z - x * w)],
                [s * (x * z - y * w), s * (y * z + x * w), 1 - s * (x * x + y * y)],
            ]
        )
        return rigid(rotation, translation)

    def _header(self) -> None:
        self._numbers("I", 2 if self._is_cdr else 3)
        self._text()

    def _number(self, kind: str) -> float:
        return self._numbers(kind, 1)[0]

    def _numbers(self, kind: str, count: int) -> tuple[float, ...]:
        if self._is_cdr:  # each number lies at a multiple of its size
            self._place += -(self._place - _CDR_HEAD) % _BYTES_OF[kind]
        try:
            found = struct.unpack_from(f"{self._endian}{count}{kind}", self._data, self._place)
        except struct.error:
            raise self._broken() from None
        self._place += count * _BYTES_OF[kind]
        return found

    def _text(self) -> str:
        return self._bytes().rstrip(b"\0").decode("utf-8", errors="replace")

    def _bytes(self) -> bytes:
        length = int(self._number("I"))
        if length > len(self._data) - self._place:
            raise self._broken()
        self._place += length
        return bytes(self._data[self._place - length : self._place])

    def _broken(self) -> ScanError:
        return ScanError(
            f"{self._source} is broken: a message ends before what it announces; expected whole ones. Record it again."
        )
