"""The certificate of a camera: by how much its lengths are wrong, and how well that is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scanproc.artifacts import CameraCertificate
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.toml_files import read_toml

# Inclusive: a camera that is wrong by more is broken, or the unit is.
_RANGES = {"scale": (0.8, 1.25), "scale_sd": (0.0, 0.1)}
_KNOWN = (*_RANGES, "date", "range_mm", "warp", "residual_mm", "serial")
_WARP_SHARE, _WARP_CELLS = 0.05, (2, 64)  # what bends more is broken; finer than this is noise


@dataclass(frozen=True)
class CertificateFile:
    """A certificate, and the files that it was read from: they are inputs of a scan."""

    certificate: CameraCertificate
    files: tuple[Path, ...]


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


def read_certificate(path: Path) -> CertificateFile:
    """Read `camera-<serial>.toml`, and its map of the warp.

    Raises
    ------
    ScanError
        If a file is missing, holds a name that is not known, or a number out of range.
    """
    stated = read_toml(path)
    unknown = [name for name in stated if name not in _KNOWN]
    if unknown:
        raise ScanError(f"{path} states {unknown[0]!r}, which is not used; expected {', '.join(_KNOWN)}. Remove it.")
    warp_files = [_warp_path(path, stated["warp"])] if "warp" in stated else []
    certificate = CameraCertificate(
        scale=_number(path, "scale", stated),
        scale_sd=_number(path, "scale_sd", stated),
        date=str(stated["date"]) if "date" in stated else None,
        range_mm=_distances(path, stated["range_mm"]) if "range_mm" in stated else None,
        warp=_read_warp(warp_files[0]) if warp_files else None,
    )
    return CertificateFile(certificate, (path, *warp_files))


def _number(path: Path, name: str, stated: dict[str, Any]) -> float:
    value, (low, high) = stated.get(name), _RANGES[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not (math.isfinite(float(value or 0.0)) and low <= float(value or 0.0) <= high):
        raise ScanError(f"{path}: {name} = {value!r}; expected a number from {low:g} to {high:g}. Correct it.")
    return float(value or 0.0)


def _distances(path: Path, value: Any) -> tuple[float, float]:
    numbers = value if isinstance(value, list) else []
    if len(numbers) == 2 and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
        near, far = (float(number) for number in numbers)
        if 0.0 < near < far < math.inf:
            return near, far
    raise ScanError(f"{path}: range_mm = {value!r}; expected two distances such as [200, 600]. Correct it.")


def _warp_path(path: Path, name: Any) -> Path:
    if not isinstance(name, str) or name != Path(name).name or not name:
        raise ScanError(f'{path}: warp = {name!r}; expected a file beside it such as "camera-7.npy". Correct it.')
    return path.parent / name


def _read_warp(path: Path) -> FloatArray:
    low, high = _WARP_CELLS
    wanted = f"expected NumPy's .npy of {low} to {high} rows and columns, shares of the depth to ± {_WARP_SHARE:g}"
    try:
        warp = np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
    except (OSError, ValueError, TypeError, MemoryError) as error:
        raise ScanError(f"{path} cannot be read ({error}); {wanted}. Calibrate again.") from None
    if warp.ndim != 2 or not all(low <= size <= high for size in warp.shape):
        raise ScanError(f"{path} is a map of {' × '.join(map(str, warp.shape))}; {wanted}. Calibrate again.")
    if not (np.abs(warp) <= _WARP_SHARE).all():  # false where NaN
        raise ScanError(f"{path} holds up to {np.abs(warp).max():.3g}; {wanted}. Is it in mm? Divide by the distance.")
    return warp
