"""What every reader says of a recording when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scanproc.artifacts import Surface, Unit


@dataclass(frozen=True)
class Opened:
    """What was found on opening a recording, by cheap checks.

    Attributes
    ----------
    files : every file that is an input, but for `scan.toml`.
    remarks : what the reader found out by itself.
    unit : of clouds and meshes, settled; None where the form has none.
    surface : of a finished mesh, which is read on opening since its unit is found by its size.
    depth_unit_mm : of one step of depth images, as the recording states it; None where it does not.
    sensor, serial : the camera and its number, as the recording states them.
    """

    files: Sequence[Path]
    remarks: tuple[str, ...] = ()
    unit: Unit | None = None
    surface: Surface | None = None
    depth_unit_mm: float | None = None
    sensor: str | None = None
    serial: str | None = None
