"""The certificate of a camera: what the commands of `calibrate` do."""

from __future__ import annotations

import datetime
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scanproc.artifacts import BoolArray, CameraCertificate, DepthFrame, Recording, ScanFacts
from scanproc.calibration.calibrate import Calibration, calibrate_by_sheet, calibrate_by_wall
from scanproc.calibration.foot import Reading, calibrate_by_foot
from scanproc.calibration.markers import board_cells
from scanproc.calibration.sheet import BAR_MM, CELLS, SQUARE_MM, Sheet
from scanproc.errors import ScanError
from scanproc.formats.paper import Drawing, DrawnText, Paper, write_pdf
from scanproc.formats.solid_files import write_stl
from scanproc.frames import FloatArray
from scanproc.printed_foot import printed_foot
from scanproc.readers.certificates import certificate_name, read_certificate, write_certificate
from scanproc.runner import run
from scanproc.scan import Scan, open_scan, read_recording

log = logging.getLogger(__name__)

_MOST_DRIFT = 0.005  # of the scale since the last certificate: 1.3 mm of a foot
_DRIFT_SDS = 3.0
_SCALES = (0.8, 1.25)  # what a run takes
_OVERLAP_MM = 0.03  # beyond each rectangle of ink, or pale hairs show between them


@dataclass(frozen=True)
class CertificateOf:
    """Whose certificate is written, and where.

    Attributes
    ----------
    out : its folder.
    serial : of the camera; None: as the recording states it.
    valid_days : after which a run says that it is old.
    replace : whether one that contradicts it is replaced.
    """

    out: Path
    serial: str | None = None
    valid_days: float = 365.0
    replace: bool = False


def print_sheet(path: Path, paper: Paper) -> None:
    """Write the sheet as a PDF of one page, in true size, with a bar of 100 mm across and one along.

    Raises
    ------
    ScanError
        If it cannot be written.
    """
    _write(path, write_pdf(_sheet_drawing(), paper))


def _sheet_drawing() -> Drawing:
    """Draw the board and the bar beside it; the bar below is every page's own."""
    cells, side = board_cells(), SQUARE_MM / CELLS
    width, height = cells.shape[1] * side, cells.shape[0] * side
    areas = []
    for rows, columns in _rectangles(cells):
        x, y = columns.start * side - _OVERLAP_MM, height - rows.stop * side - _OVERLAP_MM
        wide, high = ((part.stop - part.start) * side + 2.0 * _OVERLAP_MM for part in (columns, rows))
        areas.append(_box(x, y, wide, high))
    beside, middle = width + 10.0, 0.5 * (height - BAR_MM)
    areas.append(_box(beside - 0.15, middle, 0.3, BAR_MM))
    areas += [_box(beside - 2.0, end, 4.0, 0.3) for end in (middle, middle + BAR_MM - 0.3)]
    texts = [
        DrawnText(word, np.array([beside - 5.0, 0.5 * height + up]), 2.2) for word, up in (("100", 2.0), ("mm", -2.0))
    ]
    return Drawing("scanproc calibrate: glue it flat onto glass or a board", (), tuple(texts), areas=tuple(areas))


def _rectangles(cells: BoolArray) -> list[tuple[slice, slice]]:
    """Return rows and columns of rectangles that the black cells are made of, few and large ones."""
    left, found = cells.copy(), []
    for row, column in np.argwhere(cells):
        if left[row, column]:
            right = column + int(np.argmin(np.append(left[row, column:], False)))
            down = row + int(np.argmin(np.append(left[row:, column:right].all(axis=1), False)))
            left[row:down, column:right] = False
            found.append((slice(int(row), down), slice(int(column), right)))
    return found


def _box(x: float, y: float, width: float, height: float) -> FloatArray:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


def write_printed_foot(path: Path) -> None:
    """Write the foot that is to be printed, as STL.

    Raises
    ------
    ScanError
        If it cannot be written.
    """
    _write(path, write_stl(printed_foot(), "scanproc calibrate"))


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ScanError(f"{path} cannot be written ({error.strerror}). Choose another file.") from None


def certify_by_sheet(scan: Path, sheet: Sheet, wall: Path | None, about: CertificateOf) -> Path:
    """Calibrate by a recording of the sheet, and one of a wall where there is one; return the certificate's file.

    Raises
    ------
    ScanError
        If the recordings cannot be used, or the camera has drifted.
    """
    seen, recording = _uncorrected(scan)
    serial = _serial(seen.facts, about)
    if all(frame.color is None for frame in recording.frames):
        raise ScanError(
            f"{scan} has no pictures; expected one of each view in color/, infrared or colour aligned to depth: "
            "the sheet is found in them. Record it with pictures."
        )
    found = calibrate_by_sheet(recording, sheet, None if wall is None else _uncorrected(wall)[1])
    return _certified(found, "sheet" if wall is None else "sheet and wall", serial, seen.facts, about)


def certify_by_wall(scan: Path, about: CertificateOf) -> Path:
    """Calibrate the warp alone, by a recording of a wall; return the certificate's file."""
    seen, recording = _uncorrected(scan)
    serial = _serial(seen.facts, about)
    return _certified(calibrate_by_wall(recording), "wall", serial, seen.facts, about)


def certify_by_foot(
    scans: Sequence[Path], true_mm: Mapping[str, float], true_sd_mm: float, runs: Path, about: CertificateOf
) -> Path:
    """Calibrate the scale by scans of a printed foot; return the certificate's file.

    Parameters
    ----------
    true_mm, true_sd_mm : what a calliper says, by the measure's name, and its standard uncertainty.
    runs : folder that holds the scans' outputs.
    """
    readings: list[Reading] = []
    serials = {_serial(open_scan(scan).facts, about) for scan in scans}
    if len(serials) > 1:
        raise ScanError(
            f"the scans are of the cameras {', '.join(sorted(serials))}; expected one. Leave the others out."
        )
    for scan in scans:
        made = run(scan, runs, "measure")
        if made.facts.certificate is not None:
            raise ScanError(f"{scan} goes by a certificate already. Take `camera` out of its scan.toml.")
        if made.refusals:
            raise ScanError(f"{scan}: {made.refusals[0].message}")
        if len(made.measures) != 1:
            raise ScanError(f"{scan} shows {len(made.measures)} feet; expected the printed one alone. Record it alone.")
        (measures,) = made.measures.values()
        readings += [Reading(name, true, measures[name], true_sd_mm) for name, true in true_mm.items()]
    return _certified(calibrate_by_foot(readings), "printed foot", serials.pop(), made.facts, about)


def _uncorrected(path: Path) -> tuple[Scan, Recording]:
    """Read depth images as the camera gave them, whatever certificate their `scan.toml` names."""
    scan = open_scan(path)
    scan = replace(scan, facts=replace(scan.facts, camera=None, certificate=None))
    recording = Recording(()) if scan.form.reads is None else read_recording(scan)
    if not recording.frames or not all(isinstance(frame, DepthFrame) for frame in recording.frames):
        raise ScanError(
            f"{path} is of the form {scan.kind!r}; expected depth images. Record it with the camera's own depth."
        )
    return scan, recording


def _serial(facts: ScanFacts, about: CertificateOf) -> str:
    """Return whose certificate it will be; said before the work begins."""
    serial = about.serial or facts.serial
    if serial is None:
        raise ScanError(
            f"{facts.name} does not state the camera's serial number; expected it, since a certificate is of one "
            'camera. Give it by --serial, or as serial = "…" in scan.toml.'
        )
    certificate_name(serial)
    return serial


def _certified(found: Calibration, method: str, serial: str, facts: ScanFacts, about: CertificateOf) -> Path:
    """Hold what was found against the last certificate of this camera, and write it."""
    path = about.out / certificate_name(serial)
    scale = 1.0 if found.scale is None else found.scale
    if not _SCALES[0] <= scale <= _SCALES[1]:
        raise ScanError(
            f"the camera's lengths are to be multiplied by {scale:.3f}; expected {_SCALES[0]:g} to {_SCALES[1]:g}. Is "
            "the depth unit right (scan.toml: depth_unit_mm), or a length that was typed?"
        )
    date = facts.date or datetime.date.today().isoformat()
    certificate = CameraCertificate(
        scale, found.scale_sd, date, found.range_mm, found.warp, serial=serial, valid_days=about.valid_days
    )
    if path.exists():
        _check_drift(certificate, read_certificate(path).certificate, path, about.replace)
    for line in found.told:
        log.info("calibrate: %s", line)
    if found.scale_sd is not None:
        log.info("calibrate: scale %.4f ± %.4f, ± %.1f mm of a foot", scale, found.scale_sd, 260.0 * found.scale_sd)
    if found.warp is not None:
        rms = float(np.sqrt(np.mean(found.warp.shares**2)))
        log.info("calibrate: warp %.2f %% of the depth (root mean square)", 100.0 * rms)
    return write_certificate(about.out, certificate, method, found.residual_mm)


def _check_drift(new: CameraCertificate, old: CameraCertificate, path: Path, is_replaced: bool) -> None:
    """Refuse a scale that has drifted since the last certificate, beyond what both are sure of."""
    if new.scale_sd is None:
        if old.scale_sd is not None and not is_replaced:
            raise ScanError(
                f"{path} states the scale, which a wall does not show. Calibrate by the sheet with --wall, or give "
                "--replace to give the scale up."
            )
        return
    if old.scale_sd is None:
        return
    drift = new.scale / old.scale - 1.0
    bound = max(_MOST_DRIFT, _DRIFT_SDS * math.hypot(new.scale_sd, old.scale_sd))
    log.info("calibrate: the scale has drifted by %+.2f %% since %s", 100.0 * drift, old.date)
    if abs(drift) > bound and not is_replaced:
        raise ScanError(
            f"{path} of {old.date} says {old.scale:.4f}, and now the scale is {new.scale:.4f}: drifted by "
            f"{100.0 * drift:+.2f} %, more than {100.0 * bound:.2f} %. Was the camera dropped, or is a bar of the "
            "sheet measured wrongly? Calibrate again; --replace writes the new certificate."
        )
