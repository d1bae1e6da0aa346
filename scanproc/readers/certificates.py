"""The certificate of a camera: by how much its lengths are wrong, and how well that is known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from scanproc.artifacts import CameraCertificate
from scanproc.errors import ScanError
from scanproc.settings import read_toml

# Inclusive: a camera that is wrong by more is broken, or the unit is.
_RANGES = {"scale": (0.8, 1.25), "scale_sd": (0.0, 0.1)}
_KNOWN = (*_RANGES, "date", "range_mm", "residual_mm", "serial")


def certificate_path(folder: Path, name: str) -> Path:
    """Return the file that `camera` in the folder's `scan.toml` names.

    Raises
    ------
    ScanError
        If it is not in that folder: a scan holds all that its results depend on.
    """
    if name != Path(name).name:
        raise ScanError(f"scan.toml: camera = {name!r}; expected the name of a file beside it. Copy the file there.")
    return folder / name


def read_certificate(path: Path) -> CameraCertificate:
    """Read `camera-<serial>.toml`.

    Raises
    ------
    ScanError
        If it is missing, holds a name that is not known (a warp is not applied), or a number out of range.
    """
    stated = read_toml(path)
    unknown = [name for name in stated if name not in _KNOWN]
    if unknown:
        raise ScanError(f"{path} states {unknown[0]!r}, which is not used; expected {', '.join(_KNOWN)}. Remove it.")
    date = str(stated["date"]) if "date" in stated else None
    return CameraCertificate(_number(path, "scale", stated), _number(path, "scale_sd", stated), date)


def _number(path: Path, name: str, stated: dict[str, Any]) -> float:
    value, (low, high) = stated.get(name), _RANGES[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not (math.isfinite(float(value or 0.0)) and low <= float(value or 0.0) <= high):
        raise ScanError(f"{path}: {name} = {value!r}; expected a number from {low:g} to {high:g}. Correct it.")
    return float(value or 0.0)
