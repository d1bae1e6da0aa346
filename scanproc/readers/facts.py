"""`scan.toml`: the facts that a person states of a scan."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import typing
from pathlib import Path
from typing import Any, Literal

from scanproc.artifacts import CameraCertificate, ScanFacts
from scanproc.errors import ScanError
from scanproc.readers.wrong_files import holds_control
from scanproc.settings import one_of
from scanproc.toml_files import as_float, read_toml

FILE_NAME = "scan.toml"

_LONGEST_TEXT = 200
_NOT_STATED = ("name", "certificate", "assumed", "remarks")
# Inclusive ranges that a person, or a camera, can be in.
_RANGES = {
    "load_kg": (0.0, 300.0),
    "mass_kg": (2.0, 300.0),
    "age_years": (0.0, 120.0),
    "shoe_size_eu": (14.0, 60.0),
    "foot_length_mm": (60.0, 400.0),
    "depth_unit_mm": (0.001, 20.0),
}


def read_facts(path: Path, name: str) -> ScanFacts:
    """Read `scan.toml`; without it, every fact is assumed.

    Raises
    ------
    ScanError
        If a name is unknown, or a value is of the wrong kind, out of range, or contradicts another.
    """
    stated = {key: _checked(key, value) for key, value in read_toml(path).items()} if path.exists() else {}
    load_kg, mass_kg = stated.get("load_kg"), stated.get("mass_kg")
    if load_kg is not None and mass_kg is not None and load_kg > mass_kg:
        raise ScanError(
            f"scan.toml: load_kg = {load_kg:g} on this foot is more than the person's mass_kg = {mass_kg:g}; "
            "expected at most that. Correct one of them."
        )
    return facts_stating(name, **stated)


def write_facts(folder: Path, facts: ScanFacts) -> None:
    """Write `scan.toml` with the facts that are stated; none, if all are assumed."""
    text = facts_toml(facts)
    if text:
        (folder / FILE_NAME).write_bytes(text)


def facts_toml(facts: ScanFacts) -> bytes:
    """Return `scan.toml` with the facts that are stated; empty, if all are assumed."""
    stated = {key: getattr(facts, key) for key in _names() if key not in facts.assumed}
    lines = [f"{key} = {_toml(key, value)}\n" for key, value in stated.items() if value is not None]
    return "".join(lines).encode("utf-8")


def facts_stating(name: str, **stated: Any) -> ScanFacts:
    """Return facts of which only those given are stated, and the others assumed."""
    return ScanFacts(name=name, assumed=tuple(key for key in _names() if key not in stated), **stated)


def stating_certificate(facts: ScanFacts, name: str, certificate: CameraCertificate) -> ScanFacts:
    """Return facts that state the camera's certificate, the file called `name`."""
    assumed = tuple(key for key in facts.assumed if key != "camera")
    return dataclasses.replace(facts, camera=name, certificate=certificate, assumed=assumed)


def _names() -> list[str]:
    return [item.name for item in dataclasses.fields(ScanFacts) if item.name not in _NOT_STATED]


def _checked(key: str, value: Any) -> Any:
    """Return a stated value in the type of `ScanFacts`."""
    if isinstance(value, dict):
        raise ScanError(
            f"scan.toml holds a table [{key}]; expected facts of the scan alone. Give a prescription with "
            "--prescription FILE.toml, settings with --config FILE.toml."
        )
    if key not in _names():
        raise ScanError(f"scan.toml states {key!r}, which is no fact of a scan; expected {one_of(key, _names())}.")
    if key in _RANGES:
        return _number(key, value)
    if key == "date":
        return _date(value)
    choices = _choices(key)
    if choices and value not in choices:
        raise ScanError(f"scan.toml: {key} = {value!r}; expected one of {', '.join(choices)}.")
    if not isinstance(value, str):
        raise ScanError(f"scan.toml: {key} = {value!r}; expected a text in quotes.")
    if len(value) > _LONGEST_TEXT or holds_control(value):  # it goes into file names, tables, 3MF, G-code
        raise ScanError(
            f"scan.toml: {key} = {value[:40]!a}{'...' if len(value) > 40 else ''}; expected a text in one line, of "
            f"{_LONGEST_TEXT} letters or fewer, without control characters."
        )
    return value


def _number(key: str, value: Any) -> float:
    low, high = _RANGES[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ScanError(f"scan.toml: {key} = {value!r}; expected a number from {low:g} to {high:g}.")
    number = as_float(value)
    if not (math.isfinite(number) and low <= number <= high):
        raise ScanError(f"scan.toml: {key} = {number:g} is out of range; expected {low:g} to {high:g}.")
    return number


def _date(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ScanError(f"scan.toml: date = {value!r}; expected a day such as 2026-11-22.") from None


def _choices(key: str) -> tuple[str, ...]:
    """Return the words that a fact can be, from its annotation in `ScanFacts`; none if it is free text."""
    hint = typing.get_type_hints(ScanFacts)[key]
    kinds = [kind for kind in (hint, *typing.get_args(hint)) if typing.get_origin(kind) is Literal]
    return tuple(word for kind in kinds for word in typing.get_args(kind))


def _toml(key: str, value: Any) -> str:
    if key == "date":
        return str(value)  # a TOML date
    # A JSON text is a TOML basic string, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)
