"""Settings: one frozen dataclass a stage, read from TOML and from `--set`; unknown names are refused."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import textwrap
import types
import typing
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from scanproc.errors import ScanError
from scanproc.toml_files import as_float, parsed_value

_MANY = 30  # names that nobody reads through in a message
_CALLED = {float: "a number, without unit", int: "a whole number", bool: "true or false", str: "text in quotes"}


def setting(
    default: Any,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    hidden: bool = False,
    instead_of_minus: str = "",
) -> Any:
    """Declare one setting of a config dataclass: its default, what it means (with its unit), its inclusive range.

    A hidden one is filled in by the program from what a user gives, and is in no template. `instead_of_minus` says what
    to do for what a negative value would mean.
    """
    about = {"meaning": meaning, "low": low, "high": high, "hidden": hidden, "instead_of_minus": instead_of_minus}
    return dataclasses.field(default=default, metadata=about)


class _WrittenInt(int):
    """A whole number of `--set` that knows its text: a setting that is a text takes that."""

    text: str


class _WrittenFloat(float):
    """A number of `--set` that knows its text."""

    text: str


def parse_overrides(overrides: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read `stage.name=value` texts; values are TOML, and a bare word or a date counts as a string.

    `stage.table.name=value` sets a name of a table inside: `insole.left.heel_lift_mm=4`.
    """
    tables: dict[str, dict[str, Any]] = {}
    for text in overrides:
        path, equals, value = text.partition("=")
        stage, dot, name = path.strip().partition(".")
        if not (equals and dot and stage and name):
            raise ScanError(
                f"--set {text!r} is not a setting; expected stage.name=value, such as --set clean.max_range_mm=800."
            )
        parsed = _as_written(parsed_value(value), value.strip())
        *inside, last = name.split(".")
        table: Any = tables.setdefault(stage, {})
        for part in inside:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ScanError(
                    f"--set {text!r}: {stage}.{part} is a value already, not a table. Leave one of them out."
                )
        table[last] = parsed
    return tables


def _as_written(value: Any, text: str) -> Any:
    """Return a value of `--set` that keeps its text where a text can look like it, such as `1234` or `2026-11-23`."""
    if isinstance(value, (datetime.date, datetime.time)):  # no setting is a date
        return text
    kind = {int: _WrittenInt, float: _WrittenFloat}.get(type(value))
    if kind is None:
        return value
    written = kind(value)
    written.text = text
    return written


def build_configs(config_types: Mapping[str, type], *tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the config of every stage; later tables win over earlier ones, and all over the defaults.

    Raises
    ------
    ScanError
        If a table or a name is unknown, or a value has the wrong type or is out of range.
    """
    merged: dict[str, dict[str, Any]] = {stage: {} for stage in config_types}
    for table in tables:
        for stage, values in table.items():
            if stage not in config_types:
                raise ScanError(
                    f"there is no stage with settings called {stage!r}; expected {one_of(stage, config_types)}."
                )
            if not isinstance(values, Mapping):
                raise ScanError(f"{stage} = {values!r} is not a table; write [{stage}] and its settings below it.")
            merged[stage].update(values)
    return {stage: build_config(config_types[stage], values, stage) for stage, values in merged.items()}


def build_config(config_type: type, values: Mapping[str, Any], where: str) -> Any:
    """Return `config_type` with `values` in place of its defaults; `where` names the table in messages."""
    known = {item.name: item for item in dataclasses.fields(config_type)}
    hints = typing.get_type_hints(config_type)
    checked = {}
    for name, value in values.items():
        if name not in known:
            raise ScanError(f"there is no setting {where}.{name}; expected {one_of(name, known)}.")
        checked[name] = _checked(value, hints[name], known[name].metadata, f"{where}.{name}")
    return config_type(**checked)


def template(config_types: Mapping[str, type], chosen: Mapping[str, Chosen] | None = None) -> str:
    """Return every setting as commented TOML: name, default, meaning, range.

    Parameters
    ----------
    chosen : by name, values that stand in place of defaults, each with its reason.
    """
    blocks = []
    for stage, config_type in config_types.items():
        lines = [f"# {summary(config_type)}", f"[{stage}]"]
        for group in _groups(config_type):
            if group is not config_type:
                lines += ["", f"# ---- {summary(group)}"]
            for item in _own_fields(group, config_type):
                lines += _lines_of(item, typing.get_type_hints(config_type)[item.name], (chosen or {}).get(item.name))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A value in place of a default, and why."""

    value: Any
    why: str


def _groups(config_type: type) -> list[type]:
    """Return the dataclasses that a config is put together from, in the order of their fields; itself if it is one."""
    return [kind for kind in (*reversed(config_type.__bases__), config_type) if dataclasses.is_dataclass(kind)]


def _own_fields(group: type, config_type: type) -> list[dataclasses.Field[Any]]:
    """Return the fields that a template shows under a group; under the config itself those that no group has."""
    inherited = {item.name for kind in _groups(config_type)[:-1] for item in dataclasses.fields(kind)}
    shown = [item for item in dataclasses.fields(group) if not item.metadata["hidden"]]
    return [item for item in shown if group is not config_type or item.name not in inherited]


def _lines_of(item: dataclasses.Field[Any], hint: Any, chosen: Chosen | None) -> list[str]:
    """Return one setting as TOML, with its meaning as comments of a width that reads."""
    meaning = f"{item.metadata['meaning']}{_range_text(item.metadata)}{_choice_text(hint)}"
    lines = textwrap.wrap(meaning, 108, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)
    if chosen is not None and chosen.why:
        lines += textwrap.wrap(f"here: {chosen.why}", 108, initial_indent="# ", subsequent_indent="#   ")
    value = item.default if chosen is None else chosen.value
    return [*lines, f"# {item.name} =" if value is None else f"{item.name} = {toml_value(value)}"]


def as_table(config: Any) -> dict[str, Any]:
    """Return a config as a plain dict of what JSON knows, for manifests and run.json."""
    return {item.name: _listed(getattr(config, item.name)) for item in dataclasses.fields(config)}


def _listed(value: Any) -> Any:
    return [_listed(part) for part in value] if isinstance(value, tuple) else value


def summary(thing: Any) -> str:
    """Return the first line of a docstring."""
    return (thing.__doc__ or "").strip().splitlines()[0]


def one_of(wrong: str, names: Iterable[str]) -> str:
    """Return the valid names in one phrase, the likeliest first; of very many only the likeliest."""
    listed = list(names)
    if len(listed) > _MANY:
        likely = get_close_matches(wrong, listed, n=3, cutoff=0.5)
        if not likely:
            words = [word for word in wrong.lower().split("_") if len(word) > 3]
            likely = [name for name in listed if any(word in name for word in words)][:3]
        return ", ".join(map(repr, likely)) + (", or another" if likely else "one") + " that `scanproc settings` prints"
    close = get_close_matches(wrong, listed, n=1)
    hint = f"{close[0]!r}, or one of " if close else "one of "
    return hint + ", ".join(listed)


def _checked(value: Any, hint: Any, metadata: Mapping[str, Any], name: str) -> Any:
    if isinstance(value, (_WrittenInt, _WrittenFloat)):
        value = value.text if hint is str else int(value) if isinstance(value, int) else float(value)
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            raise ScanError(f"{name} = {value!r}; expected one of {', '.join(map(str, choices))}.")
        return value
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        value = as_float(value)
    if not any(type(value) is (typing.get_origin(kind) or kind) for kind in kinds):
        expected = " or ".join(_CALLED.get(kind, kind.__name__) for kind in kinds if kind is not types.NoneType)
        raise ScanError(f"{name} = {value!r} has the wrong type; expected {expected}.")
    low, high = metadata.get("low"), metadata.get("high")
    if isinstance(value, float) and not math.isfinite(value):
        raise ScanError(f"{name} = {value}; expected a finite number.")
    if (low is not None and value < low) or (high is not None and value > high):
        instead = metadata["instead_of_minus"] if value < 0.0 else ""
        raise ScanError(
            f"{name} = {value} is out of range; expected{_range_text(metadata).strip(' ()').replace('range', '')}"
            f"{'; ' if instead else ''}{instead}."
        )
    return value


def _range_text(metadata: Mapping[str, Any]) -> str:
    low, high = metadata["low"], metadata["high"]
    if low is not None and high is not None:
        return f" (range {low} to {high})"
    if low is not None:
        return f" (range from {low})"
    return f" (range up to {high})" if high is not None else ""


def _choice_text(hint: Any) -> str:
    return f": {', '.join(map(str, typing.get_args(hint)))}" if typing.get_origin(hint) is Literal else ""


def toml_value(value: Any) -> str:
    """Return a setting as TOML."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
