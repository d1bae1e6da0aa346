"""The prescription that stays with a scan: what its last insole was made by holds until another is given."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.files import FILES, SIDES, merged, read_prescription
from scanproc.settings import build_config, toml_value

log = logging.getLogger(__name__)

_OTHER_SCAN = "measures_of_other_scan"  # goes with a prescription, and is none by itself
_HEAD = """\
# What the last insole of this scan was made by. It holds until another prescription is given; edit it, or delete it
# for the defaults. To change one dose: scanproc insole SCAN --set insole.NAME=VALUE, or scanproc design SCAN

[insole]
"""


def found_prescription(given: Path | None, outputs: Path) -> Path | None:
    """Return the file of a prescription; a name without an ending may be of one that a scan's outputs keep."""
    if given is not None and not given.suffix and not given.exists():
        named = outputs / "prescriptions" / f"{given.name}.toml"
        return named if named.is_file() else given
    return given


def below_changes(
    kept: Path, given: Sequence[Mapping[str, Any]], changes: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return all settings, later ones win: single fields that are changed are changed in the prescription that is kept.

    Another preset is another prescription: what was kept would undo it.

    Parameters
    ----------
    given : settings of files; where they hold a prescription, it is that which is changed.
    changes : single settings by stage and name.
    """
    doses = changes.get("insole")
    if not isinstance(doses, Mapping) or "preset" in doses or any("insole" in table for table in given):
        return [*given, changes]
    return [*LastPrescription(kept, []).tables, *given, changes]


@dataclass(frozen=True)
class LastPrescription:
    """What is asked of an insole in a run: what is given, or else what is kept.

    Attributes
    ----------
    path : where it is kept: `outputs/<scan>/prescription.toml`.
    given : settings by stage and name; later tables win.
    """

    path: Path
    given: Sequence[Mapping[str, Any]]

    @cached_property
    def tables(self) -> list[Mapping[str, Any]]:
        """The settings to run with."""
        if not self.path.is_file():
            return list(self.given)
        kept = read_prescription(self.path)
        rows = kept["insole"].get(_OTHER_SCAN, [])
        kept["insole"] |= {_OTHER_SCAN: tuple(tuple(row) for row in rows)} if rows else {}
        if not self._names_given:
            log.info("prescription: %s, of the last insole; another one is given by --prescription", self.path)
            return [kept, *self.given]
        lost = sorted(kept["insole"].keys() - self._names_given)
        if lost:
            log.warning("prescription: takes the place of %s; no longer set: %s", self.path, ", ".join(lost))
        return list(self.given)

    @property
    def is_asked(self) -> bool:
        """Whether anything is asked at all; if not, the defaults hold and there is nothing to keep."""
        return any("insole" in table for table in self.tables)

    def text(self) -> str:
        """Return the TOML of what was asked; the files that it names are looked for from where it lies."""
        asked = merged(table["insole"] for table in self.tables if "insole" in table)
        common = {name: value for name, value in asked.items() if name not in SIDES}
        lines = list(self._lines(common))
        for side in SIDES:
            if side in asked:
                lines += ["", f"[insole.{side}]", *self._lines(asked[side])]
        return _HEAD + "".join(f"{line}\n" for line in lines)

    @property
    def _names_given(self) -> set[str]:
        tables = [table["insole"] for table in self.given if "insole" in table]
        names = {name for table in tables if isinstance(table, Mapping) for name in table} - {_OTHER_SCAN}
        # An empty table asks for the defaults; what is no table is told as such when settings are checked.
        return names | ({"insole"} if any(table == {} or not isinstance(table, Mapping) for table in tables) else set())

    def _lines(self, values: Mapping[str, Any]) -> Iterator[str]:
        """Yield a line for each field, in the order of all fields and as the type that it is declared with."""
        config = build_config(InsoleConfig, values, "insole")
        for item in dataclasses.fields(InsoleConfig):
            if item.name in values:
                yield f"{item.name} = {toml_value(self._from_here(item.name, getattr(config, item.name)))}"

    def _from_here(self, name: str, value: Any) -> Any:
        """Return a field; the path of a file as seen from where the prescription is kept."""
        if name in FILES and value and (name != "preset" or value.endswith(".toml")):
            return Path(os.path.relpath(value, self.path.parent)).as_posix()
        return value
