"""Presets: prescriptions that come with the program, or that a lab keeps, each value with its reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.settings import Chosen, one_of
from scanproc.toml_files import read_toml

_FOLDER = Path(__file__).parent / "presets"
_REASON = re.compile(r"^(?P<name>\w+)\s*=[^#]*#\s*(?P<why>.+?)\s*$")


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets that come with the program."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def preset_values(preset: str) -> dict[str, Any]:
    """Return the fields of a preset.

    Parameters
    ----------
    preset : its name, or the path of a lab's own TOML file.

    Raises
    ------
    ScanError
        If there is none, or it starts from another one, or has values of one foot.
    """
    path = _path_of(preset)
    content = read_toml(path)
    values: dict[str, Any] = content["insole"] if isinstance(content.get("insole"), dict) else content
    for name in ("preset", "left", "right"):
        if name in values:
            raise ScanError(
                f"preset {preset} holds {name}; expected fields for both feet alone. Take it out of {path.name}."
            )
    return values


def preset_with_reasons(preset: str) -> dict[str, Chosen]:
    """Return the fields of a preset, each with the reason that stands behind it in its file."""
    reasons: dict[str, str] = {}
    for line in _path_of(preset).read_text(encoding="utf-8").splitlines():
        if found := _REASON.match(line):
            reasons[found["name"]] = found["why"]
    chosen = {name: Chosen(value, reasons.get(name, "")) for name, value in preset_values(preset).items()}
    return {"preset": Chosen(preset, _summary(preset)), **chosen}


def _summary(preset: str) -> str:
    """Return what stands above a preset's table."""
    first = _path_of(preset).read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ") if first.startswith("#") else ""


def _path_of(preset: str) -> Path:
    if preset.endswith(".toml"):
        return Path(preset)
    if preset not in preset_names():
        raise ScanError(
            f"there is no preset {preset!r}; expected {one_of(preset, preset_names())}, or the path of a TOML file."
        )
    return _FOLDER / f"{preset}.toml"
