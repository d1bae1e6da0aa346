"""What to change when a check fails."""

from __future__ import annotations

from collections.abc import Iterable

from scanproc.artifacts import Check
from scanproc.proof.table import DOSES

#: Of checks that no one dose is measured by, by the beginning of the name, the first that fits.
_OF_OTHERS = (
    ("wall_max", "lower insole.mesh_deviation_mm"),
    ("wall", "set insole.fix = true to thicken the wall, raise insole.thickness_mm, or lower insole.edge_radius_mm"),
    ("waist", "raise insole.side_edge_mm or insole.medial_edge_mm, or lower insole.min_waist_share"),
    ("unseen", "scan the whole sole, raised"),
    ("triangles", "raise insole.mesh_deviation_mm"),
    ("", "look at the insole with `scanproc view`; raise insole.smoothing_mm, or scan again"),
)


def advice(check: Check) -> str:
    """Return what to change so that a failed check passes: what its dose's row says, or what helps such checks."""
    of_dose = (dose.advice for dose in DOSES if check.name in dose.names and dose.advice)
    return next(of_dose, None) or next(text for start, text in _OF_OTHERS if check.name.startswith(start))


def failure(checks: Iterable[Check]) -> str | None:
    """Return why an insole with these checks is not exported and what to change, or None if all passed."""
    failed = [check for check in checks if not check.passed]
    if not failed:
        return None
    first, todo = failed[0], advice(failed[0])
    todo = todo[0].upper() + todo[1:]
    others = f" ({len(failed) - 1} more failed: {', '.join(check.name for check in failed[1:])})" if failed[1:] else ""
    return (
        f"its insole failed the proof and is not exported: check {first.name} found {first.got}, expected "
        f"{first.asked}{others}. {todo}."
    )
