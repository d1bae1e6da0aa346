"""What a run is to do: which stages, with which settings, by which prescription."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scanproc.errors import ScanError
from scanproc.pipeline import STAGES, Stage, config_types, maker_of
from scanproc.prescription.files import settled
from scanproc.prescription.last_prescription import LastPrescription
from scanproc.prescription.version_names import checked_name
from scanproc.scan import GIVEN_BY_MESH, Scan
from scanproc.settings import as_table, build_configs, one_of
from scanproc.store import Store

_LABELLED = ("export", "report")  # stages whose files say of which version they are


def check_stage(to: str) -> None:
    """Refuse a name that no stage has."""
    names = [stage.name for stage in STAGES]
    if to not in names:
        raise ScanError(f"there is no stage called {to!r}; expected {one_of(to, names)}.")


def stages_of(scan: Scan, to: str) -> tuple[Stage, ...]:
    """Return the stages up to `to`; a finished mesh leaves out those that make a surface.

    Raises
    ------
    ScanError
        If it has no such stage.
    """
    names = [stage.name for stage in STAGES]
    first = maker_of(GIVEN_BY_MESH).number if scan.surface is not None else 0
    if names.index(to) < first:
        raise ScanError(
            f"{scan.path} is a finished mesh, which has no stage {to}; it enters at {names[first]}."
            f" Run it to {names[first]} or a later stage."
        )
    return STAGES[first : names.index(to) + 1]


def prescription_of(store: Store, given: Sequence[Mapping[str, Any]] = ()) -> LastPrescription:
    """Return what is asked of a scan's own insole, or of a version of it.

    Raises
    ------
    ScanError
        If the version cannot be called so.
    """
    path = store.prescription_path()
    if not store.version:
        return LastPrescription(path, given)
    checked_name(store.version, store.version_names())
    return LastPrescription(path, given, Store(store.root).prescription_path())


@dataclass(frozen=True)
class Configs:
    """The settings of the stages of a run.

    Attributes
    ----------
    stages : those that it may do.
    stated : by name, of the stages that a table names.
    """

    stages: tuple[Stage, ...]
    stated: Mapping[str, Any]

    def of(self, stage: Stage) -> Any:
        """Return the settings of a stage, for which it is loaded if no table names it: its defaults hold then."""
        return self.stated[stage.name] if stage.name in self.stated else stage.config()

    def tables(self) -> dict[str, dict[str, Any]]:
        """Return those of all its stages, and of those that a table names, as plain tables by name."""
        return {
            stage.name: as_table(self.of(stage))
            for stage in STAGES
            if stage in self.stages or stage.name in self.stated
        }


def configs_of(to: str, prescription: LastPrescription, version: str = "") -> Configs:
    """Return the settings of the stages up to `to`; a stage is loaded now if a table names it, else when it is used.

    Raises
    ------
    ScanError
        If a table, a name or a value is wrong, or a rule of the prescription is broken.
    """
    last = next(number for number, stage in enumerate(STAGES) if stage.name == to)
    stages = STAGES[: last + 1]
    makes_insoles = any(stage.by_prescription for stage in stages)
    tables = list(prescription.tables if makes_insoles else prescription.stated)
    names = [stage.name for stage in stages]
    tables += [{name: {"version": version}} for name in _LABELLED if version and name in names]
    asked = {name for table in tables for name in table}
    types = {stage.name: stage.config for stage in STAGES if stage.name in asked}
    return Configs(stages, build_configs(types if types.keys() == asked else config_types(), *settled(tables)))
