"""The prescription that stays with a scan: what its last insole was made by holds until another is given.

From the lowest to the highest, each over those before it: the program's defaults; what a lab wants of all its insoles
([insole] of --config); a preset; the prescription that is kept, or one that is given in its place; single doses that
are changed (--set). What is said of one foot lies over what is said of both.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from scanproc.errors import ScanError
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.files import CHANGES, FILES, LAB, SIDES, merged, read_prescription
from scanproc.prescription.presets import preset_names, preset_values
from scanproc.prescription.sides import laid_over
from scanproc.prescription.version_names import DEFAULT, OWN
from scanproc.settings import build_config, toml_value

log = logging.getLogger(__name__)

_OTHER_SCAN = "measures_of_other_scan"  # goes with a prescription, and is none by itself
_DEFAULTS = {item.name: item.default for item in dataclasses.fields(InsoleConfig)}
_SHOWN = 4  # doses that a line of the log holds
_HEAD = """\
# What {what} was made by. It holds until another prescription is given; edit it, or take
# --prescription {default} for the defaults. To change one dose: scanproc insole SCAN{version} --set insole.NAME=VALUE

[insole]
"""


def found_prescription(given: Path | None, outputs: Path) -> Path | None:
    """Return the file of a prescription; a name of no file may be of one that a scan's outputs keep, or of a preset.

    Raises
    ------
    ScanError
        If it looks like a name, and there is no such prescription.
    """
    if given is None or given.exists():
        return given
    if str(given) == OWN:
        own = outputs / "prescription.toml"
        return own if own.is_file() else Path(DEFAULT)
    folder = outputs / "prescriptions"
    named = folder / f"{given}.toml"
    if len(given.parts) == 1 and named.is_file():
        log.info("prescription: %s (%s)", named, brief_of(named))
        return named
    known = [OWN, *sorted(path.stem for path in folder.glob("*.toml")), *preset_names(), DEFAULT]
    if len(given.parts) > 1 or given.suffix == ".toml" or str(given) in known:
        return given
    raise ScanError(f"there is no prescription {str(given)!r}; expected a TOML file, or one of {', '.join(known)}.")


@dataclass(frozen=True)
class LastPrescription:
    """What is asked of an insole in a run: what is given, or else what is kept.

    Attributes
    ----------
    path : where it is kept: `outputs/<scan>/prescription.toml`, of a version `prescriptions/<name>.toml`.
    given : settings by stage and name; later tables win.
    own : of a version, where the scan's own prescription is: a new version begins as the preset of its name where there
        is one that the scan's own is not by, else as a copy of the scan's own.
    """

    path: Path
    given: Sequence[Mapping[str, Any]]
    own: Path | None = None

    @cached_property
    def tables(self) -> list[Mapping[str, Any]]:
        """The settings to run with."""
        asked = {kind: [table[kind] for table in self.given if kind in table] for kind in (LAB, "insole", CHANGES)}
        others: list[Mapping[str, Any]] = [
            {name: own for name, own in table.items() if name not in asked} for table in self.given
        ]
        others = [table for table in others if table]
        wrong = [table for tables in asked.values() for table in tables if not isinstance(table, Mapping)]
        if wrong:  # settings say so
            return [*others, {"insole": wrong[0]}]
        changes = merged(asked[CHANGES])
        is_another = bool(asked["insole"]) or "preset" in changes
        below = merged(asked["insole"]) if is_another else self._before
        prescribed = merged([below, changes])
        lab = _below(merged(asked[LAB]), prescribed)
        if is_another:
            self._say_lost(prescribed)
        else:
            self._say_kept(prescribed)
        _say_own_of_one_foot(changes, prescribed)
        self._say_unused(merged(asked[LAB]), prescribed)
        is_asked = is_another or self._is_kept or changes or lab or self.own is not None
        return [*others, {"insole": merged([lab, prescribed])}] if is_asked else others

    @property
    def stated(self) -> list[Mapping[str, Any]]:
        """The settings that are given alone, to be checked where no insole is made."""
        return [
            {"insole" if name in (LAB, CHANGES) else name: own for name, own in table.items()} for table in self.given
        ]

    @property
    def is_asked(self) -> bool:
        """Whether anything is asked at all; if not, the defaults hold and there is nothing to keep."""
        return any("insole" in table for table in self.tables)

    @property
    def is_new(self) -> bool:
        """Whether something is asked that is not kept."""
        return self.is_asked and not (self._is_kept and _read(self.path) == self._asked)

    def text(self) -> str:
        """Return the TOML of what was asked; the files that it names are looked for from where it lies."""
        asked = self._asked
        common = {name: value for name, value in asked.items() if name not in SIDES}
        lines = list(self._lines(common))
        for side in SIDES:
            if side in asked:
                lines += ["", f"[insole.{side}]", *self._lines(asked[side])]
        what = f"version {self.path.stem}" if self.own else "the last insole of this scan"
        version = f" --as {self.path.stem}" if self.own else ""
        return _HEAD.format(what=what, version=version, default=DEFAULT) + "".join(f"{line}\n" for line in lines)

    @property
    def _asked(self) -> dict[str, Any]:
        return merged(table["insole"] for table in self.tables if "insole" in table)

    @cached_property
    def _is_kept(self) -> bool:
        return self.path.is_file()

    @cached_property
    def _before(self) -> Mapping[str, Any]:
        """The table `insole` that is kept, or that a new version begins as; empty where there is none."""
        if self._is_kept:
            return _read(self.path)
        if self.own is None:
            return {}
        own = _read(self.own) if self.own.is_file() else {}
        name = self.path.stem
        return {"preset": name} if name in preset_names() and own.get("preset") != name else own

    def _say_kept(self, prescribed: Mapping[str, Any]) -> None:
        if not self._is_kept:
            if self.own is not None:
                begins = self._before
                named = f"the preset {begins['preset']}" if begins == {"preset": self.path.stem} else ""
                copied = f"a copy of {self.own}" if self.own.is_file() else "the defaults"
                log.info(
                    "version %s: new, begins as %s%s", self.path.stem, named or copied, _changes(begins, prescribed)
                )
        elif changed := _changes(self._before, prescribed):
            log.info("prescription: %s (%s)%s", self.path, _brief(self._before), changed)
        else:
            log.info(
                "prescription: %s (%s), of the last insole; --prescription gives another, or %r",
                self.path, _brief(self._before), DEFAULT,
            )  # fmt: skip

    def _say_lost(self, prescribed: Mapping[str, Any]) -> None:
        if not self._is_kept:
            if self.own is not None:
                log.info("version %s: new (%s)", self.path.stem, _brief(prescribed))
            return
        lost = sorted(_read(self.path).keys() - prescribed.keys() - {_OTHER_SCAN})
        if lost:
            log.warning("prescription: takes the place of %s; no longer set: %s", self.path, ", ".join(lost))

    def _say_unused(self, lab: Mapping[str, Any], prescribed: Mapping[str, Any]) -> None:
        names = [
            name for name in lab if name in prescribed and lab[name] not in (prescribed[name], _DEFAULTS.get(name))
        ]
        if names:
            other = ", ".join(f"{name} = {toml_value(lab[name])}" for name in names)
            log.info("prescription: it lies over [insole] of --config, where %s", other)

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


def _say_own_of_one_foot(changes: Mapping[str, Any], prescribed: Mapping[str, Any]) -> None:
    """Say where a dose of both feet is changed, and one of them keeps its own."""
    for side in SIDES:
        own, changed = prescribed.get(side), changes.get(side, {})
        if isinstance(own, Mapping) and isinstance(changed, Mapping):
            for name in sorted(own.keys() & changes.keys() - changed.keys()):
                log.warning("prescription: the %s foot keeps its own %s = %s", side, name, toml_value(own[name]))


def _read(path: Path) -> Mapping[str, Any]:
    table: Mapping[str, Any] = read_prescription(path)["insole"]
    return table


def _below(lab: Mapping[str, Any], prescribed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a lab wants where neither a prescription nor the preset that this names says anything."""
    common = {name: value for name, value in lab.items() if name not in SIDES}
    build_config(InsoleConfig, common, "insole")
    preset = prescribed.get("preset", "")
    by_preset = preset_values(preset) if isinstance(preset, str) and preset else {}
    said = {**by_preset, **({"preset": preset} if preset else {})}

    def open_to(table: Mapping[str, Any]) -> dict[str, Any]:
        over = laid_over(table, said)
        return {name: value for name, value in table.items() if name in over and name not in said}

    wanted = open_to(common)
    if not wanted.get("preset"):  # beneath all but the defaults, these say nothing
        wanted = {name: value for name, value in wanted.items() if value != _DEFAULTS.get(name)}
    return wanted | {
        side: open_to(lab[side]) if isinstance(lab[side], Mapping) else lab[side] for side in SIDES if side in lab
    }


def _flat(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return a prescription in which a dose of one foot is called `left.name`."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        flat |= (
            {f"{name}.{inner}": own for inner, own in value.items()} if isinstance(value, Mapping) else {name: value}
        )
    return flat


def brief_of(path: Path) -> str:
    """Return a prescription that is kept in a phrase."""
    return _brief(_read(path))


def _brief(table: Mapping[str, Any]) -> str:
    """Return a prescription in a phrase."""
    doses = [
        f"{name} = {toml_value(value)}" for name, value in _flat(table).items() if name not in ("preset", _OTHER_SCAN)
    ]
    words = [f"preset {table['preset']}"] if table.get("preset") else []
    more = [f"{len(doses) - _SHOWN} more"] if len(doses) > _SHOWN else []
    return ", ".join([*words, *doses[:_SHOWN], *more]) or "the defaults"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return which doses changed, and how, as the end of a line; nothing where none did."""
    old, new = _flat(before), _flat(after)
    names = [name for name in new if name != _OTHER_SCAN and old.get(name) != new[name]]
    steps = [f"{name} {toml_value(old[name])} →" if name in old else f"{name} =" for name in names]
    steps = [f"{step} {toml_value(new[name])}" for step, name in zip(steps, names, strict=True)]
    more = [f"{len(steps) - _SHOWN} more"] if len(steps) > _SHOWN else []
    return f", changed: {', '.join([*steps[:_SHOWN], *more])}" if steps else ""
