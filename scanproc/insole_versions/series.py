"""A series: the same prescription over and over, but for a dose that takes several values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scanproc.artifacts import Check, Insole, Insoles
from scanproc.errors import ScanError
from scanproc.pipeline import STAGES
from scanproc.prescription.fields import InsoleConfig
from scanproc.prescription.files import SIDES
from scanproc.prescription.last_prescription import found_prescription
from scanproc.prescription.version_names import DEFAULT, OWN, as_name
from scanproc.proof.table import DOSES
from scanproc.results import Run
from scanproc.settings import one_of, parse_overrides
from scanproc.store import Store

_MOST = 100  # insoles; a slip of the fingers makes thousands
_SHOWN = 2  # checks of a dose in the table


@dataclass(frozen=True)
class Member:
    """One insole of a series: the version that it becomes, the doses that it differs by, and how they are set."""

    name: str
    doses: tuple[str, ...]
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class Made:
    """What came of it; `run` is None where it could not begin, and `messages` say what was refused."""

    member: Member
    run: Run | None
    messages: tuple[str, ...]

    @classmethod
    def of(cls, member: Member, run: Run) -> Made:
        """Return what a run made."""
        return cls(member, run, tuple(f"{refusal.stage}: {refusal.message}" for refusal in run.refusals))

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints of it."""
        if self.run is not None:
            return self.run.as_json()
        refusals = [{"stage": None, "message": message} for message in self.messages]
        return {"version": self.member.name, "status": "refused", "refusals": refusals}

    @property
    def insoles(self) -> tuple[Insole, ...]:
        """What there is of this run, foot by foot."""
        if self.run is None:
            return ()
        (stage,) = [stage for stage in STAGES if stage.makes is Insoles]
        if stage.name not in (*self.run.computed, *self.run.fresh):
            return ()
        made: Insoles = self.run.store.load(stage)
        return made.insoles


def series(varied: Sequence[str]) -> list[Member]:
    """Return the insoles of a series, every value of one dose with every one of the others.

    Parameters
    ----------
    varied : texts such as `insole.arch_fill_mm=0,1.6,3.2`, or `insole.left.heel_lift_mm=0,3`.

    Raises
    ------
    ScanError
        If a text is none of that kind, names no dose, or a value stands there twice.
    """
    steps = [_steps(text) for text in varied]
    doses = [options[0].doses[0] for options in steps]
    if len(set(doses)) < len(doses):
        raise ScanError(f"--vary names {doses[-1]} twice; expected all its values in one. Join them by commas.")
    members = [_joined(parts) for parts in itertools.product(*steps)]
    if len(members) > _MOST:
        raise ScanError(f"found {len(members)} insoles in the series, expected up to {_MOST}. Vary fewer values.")
    return members


def _steps(text: str) -> list[Member]:
    path, equals, values = text.partition("=")
    path, listed = path.strip(), [value.strip() for value in values.split(",")]
    stage, _, dose = path.partition(".")
    if stage != "insole" or not dose or not equals or not all(listed):
        raise ScanError(
            f"--vary {text!r} is no series; expected a dose of the insole and its values, such as "
            "--vary insole.arch_fill_mm=0,1.6,3.2."
        )
    field, names = dose.removeprefix("left.").removeprefix("right."), [item.name for item in fields(InsoleConfig)]
    if field not in names or field in SIDES:
        raise ScanError(f"there is no setting {path}; expected {one_of(field, names)}.")
    found = [Member(f"{dose}={_called(value)}", (field,), (f"{path}={value}",)) for value in listed]
    twice = [member.name for number, member in enumerate(found) if member.name in [one.name for one in found[:number]]]
    if twice:
        raise ScanError(f"--vary {text!r} has {twice[0]} twice; expected values that differ. Leave one out.")
    return found


def _called(value: str) -> str:
    """Return a value as it stands in a version's name: 1.60 as 1.6, a file without its folder."""
    ((parsed,),) = (table.values() for table in parse_overrides([f"insole.x={value}"]).values())
    if isinstance(parsed, float) or (isinstance(parsed, int) and not isinstance(parsed, bool)):
        return f"{float(parsed):g}"
    return as_name(Path(value).stem)


def _joined(parts: Sequence[Member]) -> Member:
    return Member(
        ",".join(part.name for part in parts).replace(",", "+"),
        tuple(dose for part in parts for dose in part.doses),
        tuple(text for part in parts for text in part.overrides),
    )


def base_of(store: Store, members: Sequence[Member], given: Path | None) -> Path:
    """Return the prescription that a series begins from: what is given, or the scan's own as it is now.

    A series over presets begins from the defaults: what is kept would undo them.
    """
    varies_preset = any("preset" in member.doses for member in members)
    wanted = given if given is not None else Path(DEFAULT if varies_preset else OWN)
    return found_prescription(wanted, store.root) or wanted


# ------------------------------------------------------------------------------------------------ the table


def series_table(found: Sequence[Made]) -> str:
    """Return a line for each insole: version, foot, whether it is proven, its doses as measured back, its mass."""
    rows = [("version", "foot", "proof", "measured back")]
    for made in found:
        name, insoles = made.member.name, made.insoles
        rows += [(name, insole.side, _verdict(insole), _measured(insole, made.member)) for insole in insoles]
        if not insoles:
            rows.append((name, "-", "refused", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _verdict(insole: Insole) -> str:
    return "proven" if insole.proven else "refused" if insole.solid is None else "failed"


def _measured(insole: Insole, member: Member) -> str:
    checks = {check.name: check for check in insole.checks}
    names = [name for dose in DOSES if dose.field in member.doses for name in dose.names if name in checks]
    texts = [f"{name} {_got(checks[name])}" for name in dict.fromkeys(names[:_SHOWN])]
    mass = checks.get("mass_g")
    return ", ".join([*texts, *([f"{_got(mass)} g"] if mass is not None and "mass_g" not in names else [])])


def _got(check: Check) -> str:
    return f"{check.got:.2f}" if isinstance(check.got, float) else str(check.got)
