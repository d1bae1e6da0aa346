"""Recorded streams: RealSense's `.bag` and `.db3`, and others of ROS with a depth topic and its camera."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import ByteArray, DepthFrame, Intrinsics, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.readers.color_registration import color_on_depth
from scanproc.readers.distortion import Undistortion, distortion_of
from scanproc.readers.images import FLOAT_STEP_MM, in_steps, read_colour, read_depth_png
from scanproc.readers.intrinsics import checked
from scanproc.readers.listing import files_of
from scanproc.readers.opened import Opened
from scanproc.readers.realsense_facts import color_from_depth, depth_unit_mm, device_of
from scanproc.readers.ros_logs import RosLog, Topic, open_log
from scanproc.readers.ros_messages import MessageReader, RosImage
from scanproc.readers.sizes import Size
from scanproc.readers.streams import recording_of

SUFFIXES = (".bag", ".db3")

_IMAGES = ("sensor_msgs/Image", "sensor_msgs/CompressedImage")
_DEPTH_HEAD = 12  # bytes of ROS's compressedDepth before the PNG
_FARTHEST_NS = 40_000_000  # colour farther from its depth in time shows another place
_CHANNELS = {"rgb8": (0, 1, 2), "bgr8": (2, 1, 0), "rgba8": (0, 1, 2), "bgra8": (2, 1, 0)}
_DEPTH_TYPES = {"16uc1": "u2", "mono16": "u2", "z16": "u2", "32fc1": "f4"}
_MM_PER_M = 1000.0


def find_realsense(path: Path) -> list[Path]:
    """Return the recordings of a folder, or the file itself if it is one."""
    if path.is_file():
        return [path] if path.suffix.lower() in SUFFIXES else []
    return files_of(path, SUFFIXES)


def open_realsense(path: Path, facts: ScanFacts) -> Opened:
    """Read which streams there are, their cameras and the depth unit.

    Raises
    ------
    ScanError
        If it is no such recording, is cut off, or holds no depth.
    """
    stream = _Stream(path)
    unit_mm, remarks = _unit(stream, facts)
    device = device_of(stream.log)
    remarks = (*remarks, *stream.remarks)
    return Opened([stream.log.path], remarks, depth_unit_mm=unit_mm, sensor=device.name, serial=device.serial)


def _unit(stream: _Stream, facts: ScanFacts) -> tuple[float | None, tuple[str, ...]]:
    """Return mm a step as recorded, None where scan.toml states it or nobody does; and the remark on it."""
    if stream.is_float:
        return FLOAT_STEP_MM, ()
    unit_mm = depth_unit_mm(stream.log)
    if unit_mm is None:
        return None, ()
    if "depth_unit_mm" in facts.assumed:
        return unit_mm, (f"one step of the depth: {unit_mm:g} mm, as recorded",)
    if facts.depth_unit_mm == unit_mm:
        return None, ()
    return None, (
        f"scan.toml states depth_unit_mm = {facts.depth_unit_mm:g}, and was believed: recorded is {unit_mm:g}",
    )


def read_realsense(path: Path, facts: ScanFacts) -> Recording:
    """Read every depth image in recorded order, with the colour that is nearest in time on its pixels.

    Raises
    ------
    ScanError
        If a message is broken.
    """
    stream = _Stream(path)
    unit_mm = facts.depth_unit_mm * facts.scale
    warp = None if facts.certificate is None else facts.certificate.warp

    def decode(place: int) -> DepthFrame:
        depth = stream.depth(place)
        color = stream.color(place, depth * facts.depth_unit_mm)
        return DepthFrame(f"{place:06d}", depth, unit_mm, stream.camera.intrinsics, color, warp)

    names = [f"{place:06d}" for place in range(len(stream.topic.times_ns))]
    return recording_of(stream.log.path, names, decode, facts)


@dataclass(frozen=True)
class _StreamCamera:
    """The camera of one stream; `undistortion` is None of a pinhole."""

    intrinsics: Intrinsics
    undistortion: Undistortion | None

    @property
    def size(self) -> Size:
        return Size(self.intrinsics.width, self.intrinsics.height)


class _Stream:
    """The depth of a recording, and its colour if there is one that can be brought to it."""

    def __init__(self, path: Path) -> None:
        self.log = open_log(find_realsense(path)[0])
        depth = [each for each in self.log.topics.values() if each.kind in _IMAGES and "depth" in each.name.lower()]
        self.topic = max(depth, key=lambda each: len(each.times_ns), default=Topic("", "", ()))
        if not self.topic.times_ns:
            streams = ", ".join(each.name for each in self.log.topics.values() if each.kind in _IMAGES) or "no images"
            raise ScanError(
                f"{self.log.path} holds no depth (found {streams[:200]}); expected a stream of depth images. "
                "Record again with the depth stream switched on."
            )
        self.camera = _camera_of(self.log, self.topic)
        self.is_float = False
        self.remarks: tuple[str, ...] = ()
        self._color: Topic | None = None
        self._find_color()
        first = self.depth_mm_or_steps(0)
        self.is_float = first.dtype != np.uint16

    def depth(self, place: int) -> NDArray[np.uint16]:
        """Return (H, W) depth in steps, without distortion."""
        steps = in_steps(self.depth_mm_or_steps(place), _MM_PER_M)  # of floating point in m, as ROS has it
        return steps if self.camera.undistortion is None else self.camera.undistortion.depth(steps)

    def depth_mm_or_steps(self, place: int) -> Any:
        """Return (H, W) depth as it was recorded: uint16 in steps, or float32 in m."""
        image = self._image(self.topic, place)
        size = self.camera.size
        if not image.step:
            start = image.data.find(b"\x89PNG", 0, _DEPTH_HEAD + 4)
            return read_depth_png(self.log.path, image.data[max(start, 0) :], size)
        kind = _DEPTH_TYPES.get(image.encoding.lower())
        if kind is None:
            raise ScanError(f"{self.log.path} has depth as {image.encoding!a:.40}; expected 16 bits. Record Z16.")
        depth = self._pixels(image, np.dtype(kind), 1)[..., 0]
        return depth.astype(np.uint16) if kind == "u2" else np.nan_to_num(depth, posinf=0.0).clip(0.0)

    def color(self, place: int, depth_mm: NDArray[Any]) -> ByteArray | None:
        """Return (H, W, 3) colour of the depth image's pixels; None if none was taken at about that time."""
        if self._color is None:
            return None
        times = np.array(self._color.times_ns)
        far = np.abs(times - self.topic.times_ns[place])
        if far.min() > _FARTHEST_NS:
            return None
        image = self._image(self._color, int(far.argmin()))
        if image.step:
            channels = _CHANNELS[image.encoding.lower()]
            pixels = self._pixels(image, np.dtype("u1"), len(image.encoding) - 1)[..., channels]
        else:
            pixels = read_colour(self.log.path, self._color_camera.size, image.data)
        if self._color_camera.undistortion is not None:
            pixels = self._color_camera.undistortion.color(pixels)
        return color_on_depth(
            pixels, self._color_camera.intrinsics, depth_mm, self.camera.intrinsics, self._T_color_depth
        )

    def _find_color(self) -> None:
        """Take the colour stream, unless where its camera was is not recorded, or nobody reads its encoding."""
        found = [each for each in self.log.topics.values() if each.kind in _IMAGES and each.times_ns]
        colored = [each for each in found if "color" in each.name.lower() and "depth" not in each.name.lower()]
        if not colored:
            return
        topic = max(colored, key=lambda each: len(each.times_ns))
        T_color_depth = color_from_depth(self.log, self.topic.name, topic.name)
        image = self._image(topic, 0)
        if T_color_depth is None:
            self.remarks = ("where the colour camera was is not recorded: its images were not used",)
        elif image.step and image.encoding.lower() not in _CHANNELS:
            self.remarks = (f"colour recorded as {image.encoding} is not read; record it as RGB8",)
        else:
            self._color, self._color_camera = topic, _camera_of(self.log, topic)
            self._T_color_depth: FloatArray = T_color_depth

    def _image(self, topic: Topic, place: int) -> RosImage:
        reader = MessageReader(self.log.path, self.log.message(topic.name, place), self.log.is_cdr)
        return reader.image() if topic.kind == _IMAGES[0] else reader.compressed_image()

    def _pixels(self, image: RosImage, kind: np.dtype[Any], channels: int) -> Any:
        """Return (H, W, channels) numbers of an image that is not compressed."""
        row = image.size.width * channels * kind.itemsize
        expected = self.camera.size if channels == 1 else self._color_camera.size
        if image.size != expected or image.step < row or len(image.data) < image.step * image.size.height:
            raise ScanError(
                f"{self.log.path} holds an image of {image.size} pixels in {len(image.data)} bytes; expected "
                f"{expected}, all of it. It is broken: record it again."
            )
        rows = np.frombuffer(image.data, np.uint8, image.step * image.size.height).reshape(image.size.height, -1)
        order = kind.newbyteorder(">" if image.is_big_endian else "<")
        return np.ascontiguousarray(rows[:, :row]).view(order).reshape(image.size.height, image.size.width, channels)


def _num_shared(one: str, other: str) -> int:
    """Return how many parts of their names two topics share from the front."""
    parts = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))


def _camera_of(log: RosLog, images: Topic) -> _StreamCamera:
    """Return the camera whose topic's name has most in common with that of its images."""
    infos = [each for each in log.topics.values() if each.kind == "sensor_msgs/CameraInfo" and each.times_ns]
    near = max(infos, key=lambda each: _num_shared(each.name, images.name), default=None)
    if near is None:
        raise ScanError(f"{log.path} does not say what its camera is; expected camera_info. Record that topic, too.")
    info = MessageReader(log.path, log.message(near.name, 0), log.is_cdr).camera_info()
    fx, _, cx, _, fy, cy = info.matrix[:6]
    intrinsics = checked(log.path, Intrinsics(info.size.width, info.size.height, fx, fy, cx, cy))
    distortion = distortion_of(log.path, info.model, list(info.coefficients))
    return _StreamCamera(intrinsics, None if distortion is None else Undistortion(intrinsics, distortion))
