"""RealSense D4xx cameras: the only importer of pyrealsense2, which the extra `realsense` brings along.

Everything is asked of the device, nothing assumed: intrinsics, unit of depth, which settings it has. Only host filters
are left out, by not being called: depth is written as the camera sends it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from scanproc.artifacts import Intrinsics
from scanproc.capture.camera import CameraFacts, CameraLost, LiveFrame
from scanproc.errors import ScanError

log = logging.getLogger(__name__)

#: Where a camera measures a foot well, mm, by its model: from its nearest depth at the size below (data sheets of the
#: D400 family) to where its noise at the inside of a foot reaches 2 mm.
_BANDS_MM: Mapping[str, tuple[float, float]] = {
    "D405": (100.0, 350.0),
    "D415": (310.0, 700.0),
    "D435": (200.0, 550.0),
    "D455": (350.0, 700.0),
}
_ANY_BAND_MM = (250.0, 600.0)
#: Where the maker says that a model's depth is best; others send the largest image that they have.
_BEST_SIZE = {"D405": (848, 480), "D415": (1280, 720), "D435": (848, 480), "D455": (848, 480)}
_FPS = 30
_WARM_UP = 15  # frames until the exposure has settled
_HIGH_ACCURACY = 3  # rs400_visual_preset: only depth that is sure


@dataclass(frozen=True)
class StreamAsked:
    """What a camera shall send: (width, height) of depth or None for its best, and whether colour, too."""

    size: tuple[int, int] | None = None
    color: bool = False
    warm_up: int = _WARM_UP


class RealSenseCamera:
    """One camera that is on.

    Parameters
    ----------
    device : a `pyrealsense2.device`, also a software device.

    Raises
    ------
    ScanError
        If it sends no such depth, or somebody else uses it.
    """

    def __init__(self, device: Any, asked: StreamAsked) -> None:
        rs = _library()
        self._device, self._align = device, rs.align(rs.stream.depth) if asked.color else None
        depth_sensor = device.first_depth_sensor()
        settings = _set_up(rs, depth_sensor)
        profile = _depth_profile(rs, depth_sensor, _model(device), asked.size)
        if asked.color and not any(_color_profiles(rs, sensor) for sensor in device.query_sensors()):
            raise ScanError("the camera sends no RGB; expected one with a colour sensor. Leave --color out.")
        self._queue = rs.syncer(1) if asked.color else rs.frame_queue(1)
        self._sensors = []
        try:
            for sensor in device.query_sensors():  # a D405 has both streams in one
                own = [profile] if sensor.is_depth_sensor() else []
                own += _color_profiles(rs, sensor)[:1] if asked.color else []
                if own:
                    sensor.open(own)
                    sensor.start(self._queue)
                    self._sensors.append(sensor)
        except RuntimeError as error:
            raise ScanError(f"{_name(device)} cannot be opened ({error}). Close other programs that use it.") from None
        self.facts = CameraFacts(
            name=_name(device),
            serial=_info(rs, device, "serial_number"),
            firmware=_info(rs, device, "firmware_version"),
            intrinsics=_intrinsics(profile),
            depth_unit_mm=1000.0 * _shortest(depth_sensor.get_option(rs.option.depth_units)),
            band_mm=_BANDS_MM.get(_model(device), _ANY_BAND_MM),
            settings=", ".join([*settings, f"{profile.fps()} Hz, no decimation, no filters", *_usb(rs, device)]),
        )
        self._to_skip = asked.warm_up

    def next_frame(self, patience_s: float) -> LiveFrame:
        """Return the newest frame.

        Raises
        ------
        CameraLost
            If none comes in `patience_s`.
        """
        while True:
            wait = self._queue.try_wait_for_frame if self._align is None else self._queue.try_wait_for_frames
            came, frame = wait(int(1000 * patience_s))
            if not came:
                raise CameraLost(f"the camera {self.facts.serial} sends nothing any more (unplugged?)")
            live = self._live(frame)
            if live is not None and self._to_skip == 0:
                return live
            self._to_skip = max(self._to_skip - 1, 0)

    def stop(self) -> None:
        """Switch it off, as far as it is still there."""
        for sensor in self._sensors:
            with suppress(RuntimeError):  # unplugged
                sensor.stop()
                sensor.close()

    def _live(self, frame: Any) -> LiveFrame | None:
        """Return a frame of one's own: the library uses its memory again. None of half a pair."""
        if self._align is None:
            depth = frame.as_depth_frame()
            return LiveFrame(np.array(depth.get_data(), dtype=np.uint16), depth.get_timestamp() / 1000.0)
        if frame.size() < 2:
            return None
        aligned = self._align.process(frame)
        depth, color = aligned.get_depth_frame(), aligned.get_color_frame()
        return LiveFrame(
            np.array(depth.get_data(), dtype=np.uint16),
            depth.get_timestamp() / 1000.0,
            np.array(color.get_data(), dtype=np.uint8),
        )


def connected_cameras(serials: Sequence[str], asked: StreamAsked) -> list[RealSenseCamera]:
    """Switch on the cameras of these serial numbers, or the only one that there is.

    Raises
    ------
    ScanError
        If there is none, one is missing, or it is not said which of several.
    """
    rs = _library()
    found = {
        _info(rs, device, "serial_number"): device
        for device in rs.context().query_devices()
        if any(sensor.is_depth_sensor() for sensor in device.query_sensors())
    }
    if not found:
        raise ScanError(
            "no RealSense camera was found; expected one at a USB 3 port. Plug it in; on Linux, install librealsense's "
            "udev rules."
        )
    missing = [serial for serial in serials if serial not in found]
    if missing or (not serials and len(found) > 1):
        what = f"no camera {missing[0]}" if missing else f"{len(found)} cameras, and not which"
        raise ScanError(f"found {what}; expected one of {', '.join(found)}. Name each with --serial.")
    return [RealSenseCamera(found[serial], asked) for serial in serials or found]


def _library() -> Any:
    """Return pyrealsense2.

    Raises
    ------
    ScanError
        If it is not installed.
    """
    try:
        import pyrealsense2  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise ScanError(
            f"the camera needs pyrealsense2 ({error}). Install it: pip install 'scanproc[realsense]'"
        ) from None
    return pyrealsense2


def _info(rs: Any, device: Any, name: str) -> str:
    info = getattr(rs.camera_info, name)
    return str(device.get_info(info)) if device.supports(info) else "unknown"


def _usb(rs: Any, device: Any) -> list[str]:
    """Return the kind of port: at USB 2, a camera sends fewer or smaller images."""
    kind = _info(rs, device, "usb_type_descriptor")
    if kind.startswith("2"):
        log.warning("the camera is at a port of USB %s; expected USB 3. Take another port or cable.", kind)
    return [] if kind == "unknown" else [f"USB {kind}"]


def _name(device: Any) -> str:
    return _info(_library(), device, "name").removeprefix("Intel ")


def _model(device: Any) -> str:
    """Return D405, D415, D435, D455, or the whole name of another."""
    name = _name(device)
    return next((model for model in _BANDS_MM if model in name), name)


def _set_up(rs: Any, sensor: Any) -> list[str]:
    """Set what matters where the device has it, and return what it says then, in words."""
    option = rs.option
    wanted = {
        "visual preset": (option.visual_preset, _HIGH_ACCURACY),
        "laser": (option.emitter_enabled, 1),
        "laser power": (option.laser_power, None),
        "auto exposure": (option.enable_auto_exposure, 1),
        "exposure": (option.exposure, None),
    }
    said = []
    for name, (which, value) in wanted.items():
        if not sensor.supports(which):
            continue
        if value is not None and not sensor.is_option_read_only(which):
            with suppress(RuntimeError):  # this model has no such value: what it has is said below
                sensor.set_option(which, float(value))
        got = sensor.get_option(which)
        words = sensor.get_option_value_description(which, got)
        said.append(f"{name} {words or format(got, 'g')}")
    return said


def _depth_profile(rs: Any, sensor: Any, model: str, size: tuple[int, int] | None) -> Any:
    """Return the profile of 16-bit depth of a size; without one, the model's best, or the largest."""
    profiles = [
        profile.as_video_stream_profile()
        for profile in sensor.get_stream_profiles()
        if profile.stream_type() == rs.stream.depth and profile.format() == rs.format.z16
    ]
    if not profiles:
        raise ScanError("the camera sends no 16-bit depth; expected a RealSense D4xx. Take another camera.")
    sizes = {(profile.width(), profile.height()) for profile in profiles}
    if size is not None and size not in sizes:
        known = ", ".join(f"{width}x{height}" for width, height in sorted(sizes))
        raise ScanError(f"the camera sends no depth of {size[0]}x{size[1]}; expected one of {known}. Change --size.")
    best = _BEST_SIZE.get(model)
    chosen = size or (best if best in sizes else max(sizes))
    return min(
        (profile for profile in profiles if (profile.width(), profile.height()) == chosen),
        key=lambda profile: abs(profile.fps() - _FPS),
    )


def _color_profiles(rs: Any, sensor: Any) -> list[Any]:
    """Return a sensor's profiles of RGB, first the smallest that is at least VGA, at the rate of depth."""
    profiles = [
        profile.as_video_stream_profile()
        for profile in sensor.get_stream_profiles()
        if profile.stream_type() == rs.stream.color and profile.format() == rs.format.rgb8
    ]
    return sorted(profiles, key=lambda one: (one.height() < 480, abs(one.fps() - _FPS), one.width() * one.height()))


def _intrinsics(profile: Any) -> Intrinsics:
    """Return the pinhole of a depth image, which the camera has rectified: pixel centres at integers, as here."""
    found = profile.get_intrinsics()
    numbers = (_shortest(value) for value in (found.fx, found.fy, found.ppx, found.ppy))
    return Intrinsics(found.width, found.height, *numbers)


def _shortest(value: float) -> float:
    """Return a single-precision number as it was meant: 0.001, not 0.0010000000474974513."""
    return float(str(np.float32(value)))
