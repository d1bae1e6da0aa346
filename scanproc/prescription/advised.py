"""Changes of a prescription in words that a script can follow: `insole.<name> = <value>`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scanproc.changes import Change
from scanproc.prescription.fields import InsoleConfig, Prescription
from scanproc.settings import toml_value

_DIGITS = 3  # of a new value


def advised(changes: Iterable[Change | str], rx: Prescription | None) -> str:
    """Return what to do, each the alternative of the others: "set insole.a = 1, or insole.b = 2, or scan again".

    Parameters
    ----------
    changes : of settings, or in words; those that change nothing are left out.
    rx : what was prescribed; None: what depends on it is left out.
    """
    told: list[str] = []
    assigned = False
    for change in changes:
        if isinstance(change, str):
            told.append(change)
        elif (value := change.to if rx is None else _next_value(change, rx)) is not None:
            told.append(f"{'' if assigned else 'set '}insole.{change.field} = {toml_value(value)}")
            assigned = True
    return ", or ".join(told)


def _next_value(change: Change, rx: Prescription) -> Any:
    """Return what a setting is to become, within its limits; None where it is that already."""
    now = rx.value(change.field)
    if change.to is not None:
        return None if change.to == now else change.to
    if now is None:
        return change.left_out
    about = InsoleConfig.__dataclass_fields__[change.field].metadata
    value = float(f"{change.factor * now:.{_DIGITS}g}")
    value = max([value, *(low for low in (about["low"], change.at_least) if low is not None)])
    value = min([value, *(high for high in (about["high"],) if high is not None)])
    return None if value == now else value
