"""Clouds as text: `.xyz .asc .pts .txt`, a point a line, with colours where there are six columns of them."""

from __future__ import annotations

import codecs
import io
import re
import warnings
from pathlib import Path

import numpy as np

from scanproc.artifacts import ByteArray
from scanproc.errors import ScanError
from scanproc.frames import FloatArray

TEXT_SUFFIXES = (".xyz", ".asc", ".pts")

_LONGEST = 2_000_000_000  # bytes
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HEAD_LINES = 50  # at most of words before the first point
_NUMBERS = re.compile(r"[-+\d.eE,;\s]+|(nan[\s,;]*)+", re.IGNORECASE)


def read_text_cloud(path: Path) -> tuple[FloatArray, ByteArray | None]:
    """Return (N, 3) points in the file's unit, and (N, 3) colours where columns 4 to 6 hold them; else None.

    Lines of words before the points, lines that begin with # or //, and a count of the points are skipped.

    Raises
    ------
    ScanError
        If a line has fewer than three numbers, or another number of them than the others.
    """
    try:
        if path.stat().st_size > _LONGEST:
            raise ValueError(f"it is longer than {_LONGEST} bytes")
        rows = _rows(_text_of(path.read_bytes()))
    except (OSError, ValueError, MemoryError) as error:
        brief = str(error).splitlines()[0][:100] if str(error) else type(error).__name__
        raise ScanError(
            f"{path} is broken or no cloud of points ({brief}); expected lines of x y z. Copy or export it again."
        ) from None
    if rows.shape[1] < 3:
        raise ScanError(f"{path} has {rows.shape[1]} numbers a line; expected x y z. Export it again.")
    colors = rows[:, 3:6]
    is_color = colors.shape[1] == 3 and bool(((colors >= 0) & (colors <= 255) & (colors == np.rint(colors))).all())
    # Normals are whole numbers up to 1 by chance alone.
    return rows[:, :3], colors.astype(np.uint8) if is_color and colors.max(initial=0) > 1 else None


def _text_of(data: bytes) -> str:
    """Return a text by the mark that it begins with, if any; only its head may hold letters that are not ASCII."""
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "ascii")
    return data.decode(encoding, errors="replace")


def _rows(text: str) -> FloatArray:
    lines = text.splitlines()
    first = next((k for k, line in enumerate(lines[:_HEAD_LINES]) if _is_point(line)), None)
    if first is None:
        raise ValueError(f"no line of x y z among the first {_HEAD_LINES}")
    body = "\n".join(line.partition("//")[0] for line in lines[first:]).replace(",", " ").replace(";", " ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.loadtxt(io.StringIO(body), dtype=np.float64, comments="#", ndmin=2)


def _is_point(line: str) -> bool:
    return _NUMBERS.fullmatch(line.strip()) is not None and len(re.split(r"[\s,;]+", line.strip())) >= 3
