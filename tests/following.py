"""A script that follows what a refusal advises: the first setting that it gives another value."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from scanproc.prescription.fields import InsoleConfig

_FIELDS = InsoleConfig.__dataclass_fields__
_ASSIGNED = re.compile(r'insole\.(\w+) = ("[^"]*"|[\w.+-]*\w)')
_LEFT_OUT = re.compile(r"leave insole\.(\w+) out")


def advised_by(message: str, config: InsoleConfig) -> InsoleConfig:
    """Return a prescription with the first change that a message names and that is one; itself where it names none."""
    advice = message.partition("expected")[2] or message
    for name, word in _ASSIGNED.findall(advice):
        value = _read(word, name) if name in _FIELDS else None
        if value is not None and value != getattr(config, name):
            return replace(config, **{name: value})
    for name in _LEFT_OUT.findall(advice):
        return replace(config, **{name: _FIELDS[name].default})
    return config


def _read(word: str, name: str) -> Any:
    """Return the value that a word is for a setting; None where it is none."""
    if word.startswith('"'):
        return word.strip('"')
    if word in ("true", "false"):
        return word == "true"
    try:
        return float(word)
    except ValueError:
        return word if isinstance(_FIELDS[name].default, str) else None
