"""A RealSense without hardware: librealsense's own software device, fed by the simulator."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyrealsense2 as rs

from scanproc.artifacts import DepthFrame
from scanproc.simulation.truth import Simulation

SERIAL, FIRMWARE = "012345678901", "5.16.0.1"
_FPS = 30


class SoftwareCamera:
    """A software device that says what a D435 says; `play` sends it the frames of a simulation.

    A real camera sends whether or not anybody looks; this one waits until its last frame was taken, so that what is
    tested does not depend on how fast the machine is.
    """

    def __init__(self, simulation: Simulation, serial: str = SERIAL) -> None:
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
        stream = rs.video_stream()
        stream.type, stream.index, stream.uid, stream.fmt = rs.stream.depth, 0, 1, rs.format.z16
        stream.width, stream.height, stream.fps, stream.bpp = camera.width, camera.height, _FPS, 2
        stream.intrinsics = found
        self.profile = self.sensor.add_video_stream(stream, True)
        self._taken = threading.Event()
        self._unplugged = False

    def send(self, number: int, time_s: float) -> None:
        """Send one frame."""
        frame = rs.software_video_frame()
        depth = np.ascontiguousarray(self.frames[number].depth)
        frame.pixels, frame.stride, frame.bpp = depth, 2 * depth.shape[1], 2
        frame.frame_number, frame.timestamp, frame.domain = number, 1000.0 * time_s, rs.timestamp_domain.hardware_clock
        frame.profile = self.profile.as_video_stream_profile()
        self.sensor.on_video_frame(frame)

    def taken(self, _status: Any = None) -> None:
        """Say that the last frame was looked at: a listener of capture."""
        self._taken.set()

    def play(self, seconds: float = 0.5) -> Callable[[], None]:
        """Send all frames from a thread of its own, each once the last was looked at; return what ends that."""

        def run() -> None:
            for number in range(len(self.frames)):
                self._taken.clear()
                self.send(number, seconds * (number + 1))
                while not self._taken.wait(0.05):
                    if self._unplugged:
                        return

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def end() -> None:
            self._unplugged = True
            thread.join()

        time.sleep(0.0)
        return end


def _range(most: float) -> Any:
    found = rs.option_range()
    found.min, found.max, found.step, found.default = 0.0, most, 1.0, 0.0
    return found
