"""The certificate of a camera: by how much its lengths are wrong, and how well that is known.

`scanproc calibrate` writes it, a person may; a run reads it.
"""

from __future__ import annotations

import datetime
import io
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scanproc.artifacts import CameraCertificate, DepthWarp, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.readers.arrays import mapped_array
from scanproc.readers.wrong_files import holds_control
from scanproc.toml_files import as_float, read_toml

# Inclusive: a camera that is wrong by more is broken, or the unit is.
_RANGES = {
    "scale": (0.8, 1.25),
    "scale_sd": (0.0, 0.1),
    "residual_mm": (0.0, 100.0),
    "valid_days": (1.0, 3660.0),
    "warp_at_mm": (50.0, 10000.0),
}
_KNOWN = (*_RANGES, "date", "range_mm", "warp", "serial", "method")
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # it is a part of file names
_LONGEST_TEXT = 200
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
    is_scaled = not warp_files or "scale" in stated or "scale_sd" in stated  # a wall alone shows no scale
    certificate = CameraCertificate(
        scale=_number(path, "scale", stated) if is_scaled else 1.0,
        scale_sd=_number(path, "scale_sd", stated) if is_scaled else None,
        date=_text(path, "date", stated),
        range_mm=_distances(path, stated["range_mm"]) if "range_mm" in stated else None,
        warp=DepthWarp(_read_warp(warp_files[0]), _optional(path, "warp_at_mm", stated)) if warp_files else None,
        serial=_text(path, "serial", stated),
        valid_days=_optional(path, "valid_days", stated) or 365.0,
    )
    return CertificateFile(certificate, (path, *warp_files))


def certificate_remarks(facts: ScanFacts) -> tuple[str, ...]:
    """Say what is doubtful about the certificate that a scan goes by: it is old, or of another camera."""
    found, told = facts.certificate, []
    if found is None:
        return ()
    if found.serial is not None and facts.serial is not None and found.serial != facts.serial:
        told.append(f"{facts.camera} is of the camera {found.serial}, and the recording of {facts.serial}")
    days = _days_between(found.date, facts.date)
    if days is not None and days > found.valid_days:
        told.append(
            f"{facts.camera} is of {found.date}, {days} days from the recording (valid_days = {found.valid_days:g}): "
            "calibrate the camera again"
        )
    return tuple(told)


def _days_between(one: str | None, other: str | None) -> int | None:
    try:
        return abs((datetime.date.fromisoformat(one or "") - datetime.date.fromisoformat(other or "")).days)
    except ValueError:
        return None


def certificate_name(serial: str) -> str:
    """Return what the certificate of a camera is called.

    Raises
    ------
    ScanError
        If the serial number is none that a file can be called by.
    """
    if not _SERIAL.fullmatch(serial):
        raise ScanError(f"serial = {serial!r}; expected letters, digits, dots and dashes. Give it by --serial.")
    return f"camera-{serial}.toml"


def write_certificate(folder: Path, certificate: CameraCertificate, method: str, residual_mm: float) -> Path:
    """Write `camera-<serial>.toml`, and its map beside it; an earlier map stays, as its day is in its name.

    Parameters
    ----------
    certificate : with serial number and date.
    method : what it was found on, in words.
    """
    name = certificate_name(certificate.serial or "")
    lines = [
        f"serial = {json.dumps(certificate.serial)}",
        f"date = {certificate.date}",
        f"method = {json.dumps(method)}",
    ]
    if certificate.scale_sd is not None:
        lines += [f"scale = {certificate.scale:.6f}", f"scale_sd = {certificate.scale_sd:.6f}"]
    if certificate.range_mm is not None:
        lines.append(f"range_mm = [{certificate.range_mm[0]:g}, {certificate.range_mm[1]:g}]")
    lines += [f"residual_mm = {residual_mm:.3f}", f"valid_days = {certificate.valid_days:g}"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if certificate.warp is not None:
            map_name = f"camera-{certificate.serial}-{certificate.date}.npy"
            _write_whole(folder / map_name, _npy(certificate.warp.shares))
            lines.append(f"warp = {json.dumps(map_name)}")
            if certificate.warp.at_mm is not None:
                lines.append(f"warp_at_mm = {certificate.warp.at_mm:g}")
        _write_whole(folder / name, "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        raise ScanError(f"{folder} cannot be written ({error.strerror}). Choose another folder: --out.") from None
    return folder / name


def _npy(array: FloatArray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and rename it: there is never half of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def _optional(path: Path, name: str, stated: dict[str, Any]) -> float | None:
    return _number(path, name, stated) if name in stated else None


def _number(path: Path, name: str, stated: dict[str, Any]) -> float:
    value, (low, high) = stated.get(name), _RANGES[name]
    number = _as_number(value)
    if number is None or not low <= number <= high:
        raise ScanError(f"{path}: {name} = {value!r:.80}; expected a number from {low:g} to {high:g}. Correct it.")
    return number


def _as_number(value: Any) -> float | None:
    """Return a value of TOML as a finite number; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(as_float(value)):
        return None
    return as_float(value)


def _text(path: Path, name: str, stated: dict[str, Any]) -> str | None:
    """Return what a certificate states in words: it goes into pages and tables."""
    if name not in stated:
        return None
    text = str(stated[name])
    if len(text) > _LONGEST_TEXT or holds_control(text):
        raise ScanError(
            f"{path}: {name} = {text[:40]!a}; expected a text in one line, of {_LONGEST_TEXT} letters. Correct it."
        )
    return text


def _distances(path: Path, value: Any) -> tuple[float, float]:
    near, far = map(_as_number, value) if isinstance(value, list) and len(value) == 2 else (None, None)
    if near is not None and far is not None and 0.0 < near < far:
        return near, far
    raise ScanError(f"{path}: range_mm = {value!r:.80}; expected two distances such as [200, 600]. Correct it.")


def _warp_path(path: Path, name: Any) -> Path:
    if not isinstance(name, str) or name != Path(name).name or not name:
        raise ScanError(f'{path}: warp = {name!r}; expected a file beside it such as "camera-7.npy". Correct it.')
    return path.parent / name


def _read_warp(path: Path) -> FloatArray:
    low, high = _WARP_CELLS
    wanted = f"expected NumPy's .npy of {low} to {high} rows and columns, shares of the depth to ± {_WARP_SHARE:g}"
    try:
        mapped = mapped_array(path)
    except ValueError as error:
        raise ScanError(f"{path} cannot be read ({str(error)[:200]}); {wanted}. Calibrate again.") from None
    if mapped.ndim != 2 or not all(low <= size <= high for size in mapped.shape) or mapped.dtype.kind not in "iuf":
        shape = " × ".join(map(str, mapped.shape))
        raise ScanError(f"{path} is a map of {shape:.80} {mapped.dtype.name}; {wanted}. Calibrate again.")
    warp = np.array(mapped, dtype=np.float64)
    if not (np.abs(warp) <= _WARP_SHARE).all():  # false where NaN
        raise ScanError(f"{path} holds up to {np.abs(warp).max():.3g}; {wanted}. Is it in mm? Divide by the distance.")
    return warp
