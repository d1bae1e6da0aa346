"""TOML that people write: read, and what to write instead of what is none, for a parser's words help nobody."""

from __future__ import annotations

import codecs
import math
import re
import sys
from pathlib import Path
from typing import Any, cast

from scanproc.errors import ScanError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

_MOST_BYTES = 100_000
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MOST_DOTS = 100  # on a line, but for those of numbers and texts: dotted names take the parser time by their square
_NO_NAMES = re.compile(r"""\d+\.\d+|"[^"]*"|'[^']*'|#.*""")

_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})$")
_ISO_DAY = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})$")
_COMMA = re.compile(r"[-+]?\d+,\d+$")
_UNIT = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*([a-zA-Z%°µ]+)$")
_OTHER_QUOTES = "“”„‟«»‘’‚`"
_KEY = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*([=:])([^#]*)")  # in one way alone: of thousands of blanks, two take hours
_WORDS = {"true": "true", "false": "false", "yes": "true", "no": "false", "on": "true", "off": "false"}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ScanError
        If the file is missing, is no file, is not text, or is not TOML; or far longer than anybody writes one.
    """
    text = ""
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise ScanError(f"{path} cannot be read (it is no file). Give the path of a TOML file.")
        if path.stat().st_size > _MOST_BYTES:
            raise ScanError(
                f"{path} holds {path.stat().st_size} bytes; expected a TOML file written by hand, of "
                f"{_MOST_BYTES} or fewer. Check what it is."
            )
        text = _text_of(path)
        _refuse_long_names(path, text)
        return cast("dict[str, Any]", tomllib.loads(text))
    except OSError as error:
        raise ScanError(f"{path} cannot be read ({error.strerror}). Give the path of a TOML file.") from None
    except RecursionError:
        raise ScanError(f"{path} is not TOML: brackets in brackets, thousands deep. Write it anew.") from None
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError, a number of thousands of digits
        advice = what_to_write(text) or f"{error}. Correct that line"
        raise ScanError(f"{path} is not TOML: {advice}.") from None


def _text_of(path: Path) -> str:
    """Return a text in UTF-8, or UTF-16 as PowerShell writes it; some editors put a mark before either."""
    data = path.read_bytes()
    try:
        return data.decode("utf-16" if data.startswith(_UTF16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        line = "".join(letter for letter in data.split(b"\n")[number - 1].decode("latin-1") if letter.isprintable())
        raise ScanError(
            f"{path} is not TOML: line {number} is not in UTF-8, `{line.strip():.200}`. Save the file as UTF-8, or "
            "write that line without letters such as ü."
        ) from None


def _refuse_long_names(path: Path, text: str) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        dots = _NO_NAMES.sub("", line).count(".")
        if dots > _MOST_DOTS:
            raise ScanError(
                f"{path}: line {number} has {dots} dots between names; expected one or two. Check what it is."
            )


def parsed_value(text: str) -> Any:
    """Return what a text is as a TOML value; one that is none, such as a bare word, is a text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text.strip()


def as_float(value: float) -> float:
    """Return a number as a float; inf of a whole one too large for it, which Python's TOML has of any length."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def what_to_write(text: str) -> str | None:
    """Return in words what the first line should be that is no TOML for a common reason; None if there is no such line.

    Such as: line 2 is `side = left`; write side = "left"
    """
    for number, line in enumerate(text.splitlines(), start=1):
        found = _KEY.match(line)
        right = None if found is None else _right(found[1], found[2], found[3].strip())
        if right is not None:
            return f"line {number} is `{line.strip():.200}`; write {right:.200}"
    return None


def _right(name: str, sign: str, value: str) -> str | None:
    """Return a line as TOML has it; None if it is right, or wrong in a way of its own."""
    bare = value.strip(_OTHER_QUOTES)
    if bare != value and not value.startswith(('"', "'")):
        return f'{name} = "{bare}"'
    written = _value(value)
    if written is None:
        return f"{name} = {value}" if sign == ":" else None
    return f"{name} = {written}"


def _value(value: str) -> str | None:
    if not value:
        return '"…", or leave the line out'
    if day := _DAY.match(value):  # as most of the world writes it; of a day that may be a month the user sees it
        return f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}"
    if (day := _ISO_DAY.match(value)) and value != f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}":
        return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}"
    if _COMMA.match(value):
        return value.replace(",", ".")
    if unit := _UNIT.match(value):
        return f"{unit[1].replace(',', '.')}, without unit"
    if value.lower() in _WORDS:
        return None if value in ("true", "false") else _WORDS[value.lower()]
    if value.startswith('"') and "\\" in value:
        return f"it with / in place of \\, or in single quotes: '{value.strip(chr(34))}'"
    if re.match(r"[^\W\d_][^\"'\[\]{}=]*$", value):
        return f'"{value}"'
    return None
