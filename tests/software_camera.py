"""A RealSense without hardware: librealsense's own software device, fed by the simulator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from scanproc.artifacts import DepthFrame
from scanproc.simulation.truth import Simulation

rs = pytest.importorskip("pyrealsense2")  # there are no wheels for macOS

COLOR = (200, 100, 50)
SERIAL, FIRMWARE = "012345678901", "5.16.0.1"
_FPS = 30


class SoftwareCamera:
    """A software device that says what a D435 says; `play` sends it the frames of a simulation.

    A real camera sends whether or not anybody looks; this one waits until its last frame was taken, so that what is
    tested does not depend on how fast the machine is.
    """

    def __init__(self, simulation: Simulation, serial: str = SERIAL, color: bool = False) -> None:
        self.frames = [frame for frame in simulation.recording.frames if isinstance(frame, DepthFrame)]
        camera = self.frames[0].intrinsics
        self.device = rs.software_device()
        for info, text in (
            (rs.camera_info.name, "Intel RealSense D435"),
            (rs.camera_info.serial_number, serial),
            (rs.camera_info.firmware_version, FIRMWARE),
        ):
            self.device.register_info(info, text)
        self.sensor = self.device.add_sensor("Stereo Module")
        self.sensor.add_read_only_option(rs.option.depth_units, self.frames[0].depth_unit_mm / 1000.0)
        for option, most in ((rs.option.visual_preset, 6.0), (rs.option.emitter_enabled, 2.0)):
            self.sensor.add_option(option, _range(most))
        found = rs.intrinsics()
        found.width, found.height, found.fx, found.fy = camera.width, camera.height, camera.fx, camera.fy
        found.ppx, found.ppy, found.model, found.coeffs = camera.cx, camera.cy, rs.distortion.brown_conrady, [0.0] * 5
        self.profile = self.sensor.add_video_stream(_stream(found, rs.stream.depth, rs.format.z16, 1), True)
        self.color_sensor = self.color_profile = None
        if color:
            self.color_sensor = self.device.add_sensor("RGB Camera")
            self.color_profile = self.color_sensor.add_video_stream(
                _stream(found, rs.stream.color, rs.format.rgb8, 2), True
            )
            same = rs.extrinsics()
            same.rotation, same.translation = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [0.0] * 3
            self.profile.register_extrinsics_to(self.color_profile, same)
            self.color_profile.register_extrinsics_to(self.profile, same)
            self.device.create_matcher(rs.matchers.default)
        self._taken = threading.Event()
        self._unplugged = False

    def send(self, number: int, time_s: float) -> None:
        """Send one frame, and with it a colour image of one colour."""
        depth = np.ascontiguousarray(self.frames[number].depth)
        self.sensor.on_video_frame(_frame(depth, self.profile, number, time_s))
        if self.color_sensor is not None:
            color = np.tile(np.array(COLOR, np.uint8), (*depth.shape, 1))
            self.color_sensor.on_video_frame(_frame(color, self.color_profile, number, time_s))

    def taken(self, _status: Any = None) -> None:
        """Say that the last frame was looked at: a listener of capture."""
        self._taken.set()

    def play(self, seconds: float = 0.5, at_will: bool = False) -> Callable[[], None]:
        """Send all frames from a thread of its own, each once the last was looked at; return what ends that.

        at_will : again and again, whether anybody looks or not.
        """

        def run() -> None:
            for number in range(10**9 if at_will else len(self.frames)):
                self._taken.clear()
                self.send(number % len(self.frames), seconds * (number + 1))
                while not self._taken.wait(0.02) and not at_will:
                    if self._unplugged:
                        return
                if self._unplugged:
                    return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def end() -> None:
            self._unplugged = True
            thread.join()

        return end


def _stream(intrinsics: Any, kind: Any, form: Any, uid: int) -> Any:
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fmt = kind, 0, uid, form
    stream.width, stream.height, stream.fps = intrinsics.width, intrinsics.height, _FPS
    stream.bpp, stream.intrinsics = 2 if form == rs.format.z16 else 3, intrinsics
    return stream


def _frame(pixels: Any, profile: Any, number: int, time_s: float) -> Any:
    frame = rs.software_video_frame()
    frame.bpp = pixels.itemsize * (pixels.shape[2] if pixels.ndim == 3 else 1)
    frame.pixels, frame.stride = pixels, frame.bpp * pixels.shape[1]
    frame.frame_number, frame.timestamp, frame.domain = number, 1000.0 * time_s, rs.timestamp_domain.hardware_clock
    frame.profile = profile.as_video_stream_profile()
    return frame


def _range(most: float) -> Any:
    found = rs.option_range()
    found.min, found.max, found.step, found.default = 0.0, most, 1.0, 0.0
    return found
