"""Values that somebody took by hand: a CSV with a row a foot, or several where it was measured several times."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from scanproc.artifacts import Side
from scanproc.errors import ScanError
from scanproc.readers.wrong_files import holds_control
from scanproc.settings import one_of

_MOST_BYTES = 2_000_000
_MOST = 1e7  # mm³ of a foot, the largest unit there is
_WORDS = ("subject", "side", "session", "loading")
_NEEDED = _WORDS[:2]


@dataclass(frozen=True)
class ManualValues:
    """One row: the foot, and its values by the names of measures. `session`, `loading`: "" is any."""

    subject: str
    side: Side
    session: str
    loading: str
    values: Mapping[str, float]


def read_manual_values(path: Path, measures: Sequence[str]) -> tuple[ManualValues, ...]:
    """Read `subject,side,…` and a column for each measure, in the unit of its name; `session`, `loading` are optional.

    Parameters
    ----------
    measures : names that columns may have.

    Raises
    ------
    ScanError
        If the file is no such table, with the line that is wrong.
    """
    lines = _text(path).splitlines()
    try:
        rows = list(csv.reader(lines, delimiter=";" if lines and ";" in lines[0] else ",", strict=True))
    except csv.Error as error:
        raise ScanError(f"{path} is no table of comma-separated values ({error}). Save it as CSV.") from None
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    lacking = [name for name in _NEEDED if name not in header]
    if lacking:
        raise ScanError(
            f"{path} has no column {' and no column '.join(lacking)} in its first line; expected subject, side, then "
            "columns such as foot_length_mm. Add it."
        )
    for name in header:
        if header.count(name) > 1:
            raise ScanError(f"{path} has {header.count(name)} columns {name[:40]!a}; expected one. Take one away.")
        if name not in (*_WORDS, *measures):
            raise ScanError(f"{path} has a column {name[:40]!a}; expected {one_of(name[:40], (*_WORDS, *measures))}.")
    found = [_row(path, number, header, cells) for number, cells in enumerate(rows[1:], start=2) if any(cells)]
    if not any(row.values for row in found):
        raise ScanError(f"{path} holds no value; expected a row a foot, a column a measure. Fill it in.")
    return tuple(found)


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise ScanError(f"{path} cannot be read (it is no file). Give the path of a CSV file.")
        if path.stat().st_size > _MOST_BYTES:
            raise ScanError(f"{path} holds more than {_MOST_BYTES:,} bytes; expected a table written by hand.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ScanError(f"{path} cannot be read ({error.strerror}). Give the path of a CSV file.") from None
    except UnicodeDecodeError:
        raise ScanError(f"{path} is not text in UTF-8; expected a CSV file. Save it as CSV UTF-8.") from None


def _row(path: Path, number: int, header: Sequence[str], cells: Iterable[str]) -> ManualValues:
    texts = [cell.strip() for cell in cells]
    if len(texts) > len(header):
        raise ScanError(f"{path}, line {number} has {len(texts)} cells; expected {len(header)}, as the first line has.")
    row = dict(zip(header, texts, strict=False))
    stated = {name: row.get(name, "") for name in _WORDS}
    if not stated["subject"] or any(holds_control(text) for text in stated.values()):
        raise ScanError(f"{path}, line {number} names no subject that could be one; expected its pseudonym.")
    if stated["side"] not in ("left", "right"):
        raise ScanError(f"{path}, line {number}: side is {stated['side'][:40]!a}; expected left or right.")
    values = {name: _number(path, number, name, text) for name, text in row.items() if name not in _WORDS and text}
    return ManualValues(stated["subject"], cast("Side", stated["side"]), stated["session"], stated["loading"], values)


def _number(path: Path, line: int, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        advice = " Write a point, not a comma." if "," in text else ""
        raise ScanError(f"{path}, line {line}: {name} is {text[:40]!a}; expected a number.{advice}") from None
    if not (math.isfinite(value) and abs(value) <= _MOST):
        raise ScanError(f"{path}, line {line}: {name} = {value:g} is out of range; expected what a foot can have.")
    return value
