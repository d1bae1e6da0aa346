"""A recording made by librealsense's own recorder of its software device: truth for the readers of such files.

`tests/data/librealsense-2.56.bag` was made by `python tests/librealsense_recording.py FILE` under pyrealsense2
2.56.5, with `--no-color` the other one; the recorder of 2.59 writes `.db3`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

VIEWS = 2
DEPTH, COLOR = (64, 48), (48, 36)  # width × height
DEPTH_LENS, COLOR_LENS = (60.0, 61.0, 31.25, 23.75), (45.0, 45.5, 23.5, 17.5)  # fx fy cx cy
UNIT_MM = 0.1
SHIFT_MM = (15.0, 0.0, 0.0)  # p_color = p_depth + shift
PERIOD_MS, LATER_MS = 33.3, 5.0  # of the colour images, after those of depth


def depth_steps(view: int) -> np.ndarray:
    """A slope with a hole, in steps of 0.1 mm."""
    v, u = np.mgrid[: DEPTH[1], : DEPTH[0]]
    depth = 3500 + 20 * u + 15 * v + 100 * view
    depth[:4, :6] = 0
    return depth.astype(np.uint16)


def color_pixels(view: int) -> np.ndarray:
    """Red is the column, green the row, blue the view."""
    v, u = np.mgrid[: COLOR[1], : COLOR[0]]
    return np.stack([5 * u, 7 * v, np.full_like(u, 50 * view)], axis=-1).astype(np.uint8)


def record(path: Path, with_color: bool, lens: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)) -> None:
    """Record VIEWS views; `lens` are the coefficients of the depth camera's distortion."""
    import pyrealsense2 as rs

    def stream(sensor: Any, kind: Any, pixel: tuple[Any, int], size: tuple[int, int], intrinsics: Any) -> Any:
        wanted = rs.video_stream()
        wanted.type, wanted.index, wanted.uid, wanted.fps = kind, 0, int(kind), 30
        (wanted.width, wanted.height), (wanted.fmt, wanted.bpp) = size, pixel
        camera = rs.intrinsics()
        camera.width, camera.height = size
        camera.fx, camera.fy, camera.ppx, camera.ppy = intrinsics
        camera.model, camera.coeffs = rs.distortion.brown_conrady, list(lens if pixel[1] == 2 else [0.0] * 5)
        wanted.intrinsics = camera
        return sensor.add_video_stream(wanted).as_video_stream_profile()

    device = rs.software_device()
    device.register_info(rs.camera_info.name, "Intel RealSense D435")
    device.register_info(rs.camera_info.serial_number, "0123")
    depth_sensor = device.add_sensor("Depth")
    depth = stream(depth_sensor, rs.stream.depth, (rs.format.z16, 2), DEPTH, DEPTH_LENS)
    depth_sensor.add_read_only_option(rs.option.depth_units, UNIT_MM / 1000.0)
    if with_color:
        color_sensor = device.add_sensor("Color")
        color = stream(color_sensor, rs.stream.color, (rs.format.rgb8, 3), COLOR, COLOR_LENS)
        between = rs.extrinsics()
        between.rotation = [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]
        between.translation = [shift / 1000.0 for shift in SHIFT_MM]
        depth.register_extrinsics_to(color, between)
    recorder = rs.recorder(str(path), device)
    queue = rs.frame_queue(100)
    sensors = recorder.query_sensors()
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles()[0])
        sensor.start(queue)
    for view in range(VIEWS):
        _send(rs, depth_sensor, depth, depth_steps(view), view, PERIOD_MS * view)
        if with_color:
            _send(rs, color_sensor, color, color_pixels(view), view, PERIOD_MS * view + LATER_MS)
        time.sleep(PERIOD_MS / 1000.0)
    time.sleep(0.3)
    for sensor in sensors:
        sensor.stop()
        sensor.close()


def _send(rs: Any, sensor: Any, profile: Any, pixels: np.ndarray, number: int, time_ms: float) -> None:
    frame = rs.software_video_frame()
    frame.pixels, frame.profile, frame.frame_number, frame.timestamp = pixels, profile, number, time_ms
    frame.bpp = pixels.itemsize * (1 if pixels.ndim == 2 else 3)
    frame.stride = pixels.shape[1] * frame.bpp
    frame.domain = rs.timestamp_domain.system_time
    if pixels.ndim == 2:
        frame.depth_units = UNIT_MM / 1000.0
    sensor.on_video_frame(frame)


if __name__ == "__main__":
    record(Path(sys.argv[1]), with_color="--no-color" not in sys.argv)
