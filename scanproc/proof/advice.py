"""What to change when a check fails."""

from __future__ import annotations

from collections.abc import Iterable

from scanproc.artifacts import Check
from scanproc.changes import Change, higher, lower
from scanproc.prescription.advised import advised
from scanproc.prescription.fields import Prescription
from scanproc.proof.table import DOSES

#: Of checks that no one dose is measured by, by the beginning of the name, the first that fits.
_OF_OTHERS: tuple[tuple[str, tuple[Change | str, ...]], ...] = (
    ("wall_max", (lower("mesh_deviation_mm"),)),
    ("wall", (Change("fix", to=True), higher("thickness_mm"), lower("edge_radius_mm"))),
    ("waist", (higher("side_edge_mm"), higher("medial_edge_mm"), lower("min_waist_share"))),
    ("unseen", ("scan the whole sole, raised",)),
    ("triangles", (higher("mesh_deviation_mm"),)),
    ("", ("look at the insole with `scanproc view`", higher("smoothing_mm", left_out=3.0), "scan again")),
)


def advice(check: Check, rx: Prescription | None = None) -> str:
    """Return what to change so that a failed check passes: what its dose's row says, or what helps such checks.

    Parameters
    ----------
    rx : what was prescribed, for the values.
    """
    of_doses = (dose.advice for dose in DOSES if check.name in dose.names and dose.advice)
    of_others = (changes for start, changes in _OF_OTHERS if check.name.startswith(start))
    return next(told for changes in (*of_doses, *of_others) if (told := advised(changes, rx)))


def failure(checks: Iterable[Check], rx: Prescription | None = None) -> str | None:
    """Return why an insole with these checks, prescribed so, is not exported and what to change; None if all passed."""
    failed = [check for check in checks if not check.passed]
    if not failed:
        return None
    first, todo = failed[0], advice(failed[0], rx)
    todo = todo[0].upper() + todo[1:]
    others = f" ({len(failed) - 1} more failed: {', '.join(check.name for check in failed[1:])})" if failed[1:] else ""
    return (
        f"its insole failed the proof and is not exported: check {first.name} found {first.got}, expected "
        f"{first.asked}{others}. {todo}."
    )
