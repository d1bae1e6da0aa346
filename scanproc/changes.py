"""What to change where something fails: a setting, and which way."""

from __future__ import annotations

from dataclasses import dataclass

_LESS, _MORE = 0.8, 1.25


@dataclass(frozen=True)
class Change:
    """A change of a setting.

    Attributes
    ----------
    field : `insole.<field>`.
    factor : of the number that it is.
    left_out : the number that it becomes where it was left to a rule.
    at_least : it becomes no lower number.
    to : what it becomes, instead.
    """

    field: str
    factor: float = 1.0
    left_out: float | None = None
    at_least: float | None = None
    to: str | bool | float | None = None


def lower(field: str, left_out: float | None = None) -> Change:
    """Return the change of a setting to a lower number."""
    return Change(field, _LESS, left_out)


def higher(field: str, left_out: float | None = None, at_least: float | None = None) -> Change:
    """Return the change of a setting to a higher number."""
    return Change(field, _MORE, left_out, at_least)
