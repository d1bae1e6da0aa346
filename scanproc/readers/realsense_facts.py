"""What RealSense writes beside its images: the depth unit, which camera it was, where the colour camera sits."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from scanproc.frames import FloatArray, inverse, rigid
from scanproc.readers.ros_logs import RosLog
from scanproc.readers.ros_messages import MessageReader

_MM_PER_M = 1000.0
_UNITS_MM = (0.001, 20.0)  # of one step, that a camera can have
_NUMBER = r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?"
_SENSOR = re.compile(r"(/device_\d+)(/sensor_\d+)?")


def depth_unit_mm(log: RosLog) -> float | None:
    """Return how many mm a step of the depth is; None where that is not recorded."""
    name = next((name for name in log.topics if name.endswith("/option/Depth_Units/value")), None)
    if name is None or not log.topics[name].times_ns:
        return None
    reader = _reader(log, name)
    if log.topics[name].kind == "std_msgs/String":
        words = re.findall(_NUMBER, reader.text())
        metres = float(words[0]) if words else 0.0
    else:
        metres = reader.number()
    # A 32-bit number of metres: 0.001 is 0.0010000000475 in it.
    unit_mm = round(metres * _MM_PER_M, 6)
    return unit_mm if _UNITS_MM[0] <= unit_mm <= _UNITS_MM[1] else None


@dataclass(frozen=True)
class Device:
    """Name and serial number of a camera; None where they are not recorded."""

    name: str | None = None
    serial: str | None = None


def device_of(log: RosLog) -> Device:
    """Return which camera it was."""
    topic = next((each for name, each in log.topics.items() if re.fullmatch(r"/device_\d+/info", name)), None)
    if topic is None:
        return Device()
    stated: dict[str, str] = {}
    for place in range(min(len(topic.times_ns), 50)):
        reader = _reader(log, topic.name, place)
        if topic.kind == "std_msgs/String":
            stated |= dict(pair.split("=", 1) for pair in reader.text().split(";") if "=" in pair)
        else:
            key, value = reader.key_value()
            stated[key] = value
    return Device(stated.get("Name"), stated.get("Serial Number"))


def color_from_depth(log: RosLog, depth: str, color: str) -> FloatArray | None:
    """Return T_color_depth, (4, 4), mm, of the streams of two topics; None where it is not recorded.

    librealsense writes for each stream how its points follow from those of one stream that all refer to.
    """
    if "aligned_depth_to_color" in depth:
        return np.eye(4)
    T_depth_reference, T_color_reference = (_from_reference(log, topic.split("/image")[0]) for topic in (depth, color))
    if T_depth_reference is None or T_color_reference is None:
        return None
    return np.asarray(T_color_reference @ inverse(T_depth_reference))


def _from_reference(log: RosLog, stream: str) -> FloatArray | None:
    topic = next((each for name, each in log.topics.items() if name.startswith(f"{stream}/tf/")), None)
    if topic is None or not topic.times_ns:
        return None
    reader = _reader(log, topic.name)
    if topic.kind == "std_msgs/String":
        numbers = [float(word) for word in re.findall(_NUMBER, reader.text())]
        if len(numbers) != 12:
            return None
        found = rigid(np.array(numbers[:9]).reshape(3, 3).T, np.array(numbers[9:]))  # column by column
    else:
        found = reader.transform()
    found[:3, 3] *= _MM_PER_M
    is_rigid = np.isfinite(found).all() and np.allclose(found[:3, :3] @ found[:3, :3].T, np.eye(3), atol=1e-3)
    return np.asarray(found) if is_rigid else None


def _reader(log: RosLog, topic: str, place: int = 0) -> MessageReader:
    return MessageReader(log.path, log.message(topic, place), log.is_cdr)
