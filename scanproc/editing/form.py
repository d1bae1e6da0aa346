"""The fields of a prescription as a clinician looks for them: what they are called, mean, and can be set to."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scanproc.pads.table import Pads
from scanproc.prescription.device import Device, Fit, Marks, Thickness
from scanproc.prescription.doses import Arch, Heel, Posts
from scanproc.prescription.sides import OF_BOTH

Kind = Literal["number", "choice", "switch", "text"]

_SECTIONS: tuple[tuple[str, type], ...] = (
    ("Device", Device), ("Wall", Thickness), ("Fit", Fit), ("Arch", Arch), ("Heel", Heel), ("Posting", Posts),
    ("Pads", Pads), ("Marks", Marks),
)  # fmt: skip
_STEPS = 60.0  # at most, from the least to the largest value of a number
_NICE = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Field:
    """One field of the form.

    Attributes
    ----------
    name : of the setting, `insole.name`.
    meaning : what it means, with its unit.
    default : None where a rule fills it in.
    low, high, step : of a number.
    choices : of a choice.
    of_both : whether no single foot can have it for itself.
    """

    name: str
    meaning: str
    kind: Kind
    default: Any
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    choices: tuple[str, ...] = ()
    of_both: bool = False

    @property
    def can_be_open(self) -> bool:
        """Whether it can be left out, for a rule to fill in."""
        return self.kind == "number" and self.default is None

    def next(self, value: Any, steps: int) -> Any:
        """Return the value so many steps on: of a number within its range, of a choice round and round."""
        if self.kind == "switch":
            return not value if steps % 2 else value
        if self.kind == "choice":
            return self.choices[(self.choices.index(value) + steps) % len(self.choices)]
        if self.kind == "text":
            return value
        start = self.low if value is None else value
        on_grid = self.low + self.step * (round((start - self.low) / self.step) + steps)
        return round(min(max(on_grid, self.low), self.high), 3)


@dataclass(frozen=True)
class Section:
    """Fields that belong together."""

    title: str
    fields: tuple[Field, ...]


def form() -> tuple[Section, ...]:
    """Return all sections, in the order in which a device is thought out."""
    return tuple(Section(title, tuple(_fields(kind))) for title, kind in _SECTIONS)


def _fields(group: type) -> Sequence[Field]:
    hints = typing.get_type_hints(group)
    shown = [item for item in dataclasses.fields(group) if not item.metadata["hidden"]]
    return [_field(item, hints[item.name]) for item in shown]


def _field(item: dataclasses.Field[Any], hint: Any) -> Field:
    about = item.metadata
    of_both = item.name in OF_BOTH
    if isinstance(hint, types.UnionType):
        (hint,) = [part for part in typing.get_args(hint) if part is not types.NoneType]
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        return Field(item.name, about["meaning"], "choice", item.default, choices=choices, of_both=of_both)
    if hint is bool:
        return Field(item.name, about["meaning"], "switch", item.default, of_both=of_both)
    if hint in (float, int) and about["low"] is not None and about["high"] is not None:
        low, high = float(about["low"]), float(about["high"])
        return Field(item.name, about["meaning"], "number", item.default, low, high, _step(high - low), (), of_both)
    return Field(item.name, about["meaning"], "text", item.default, of_both=of_both)


def _step(span: float) -> float:
    """Return a round step that leads through a span in not too many."""
    wanted = span / _STEPS
    return next((step for step in _NICE if step >= wanted), 10.0 ** math.ceil(math.log10(wanted)))
