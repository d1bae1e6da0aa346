"""The measures of two feet, one against the other: differences, what could be told apart at all, and verdicts.

Two values with standard uncertainties a and b differ by d with sqrt(a² + b²). The smallest detectable change is
1.96 · √2 · sd with the sd of one scan, pooled over both: sqrt((a² + b²) / 2) (Weir 2005). What one camera's scale is
wrong by is wrong in both scans that it took, and goes out with the difference: there it counts for what they differ by.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scanproc.artifacts import Measure, ScanFacts, Status
from scanproc.measures.plain_words import GROUND_WORDS
from scanproc.measures.table import ROWS
from scanproc.measures.two_scans import (
    ScannedFoot,
    by_one_camera,
    loading_words,
    same_person,
    scale_is_told,
    sd_of_difference,
)

Kind = Literal["change", "other load", "other conditions", "other person", "sides"]


@dataclass(frozen=True)
class Difference:
    """One measure in two feet, B less A.

    Attributes
    ----------
    a, b : None where that scan knows no such measure.
    value, sd : the difference and its standard uncertainty.
    scale_shared : whether the error of one camera's scale went out of `sd`; False: each scan's is in it in full.
    detectable : the smallest detectable change.
    exceeds : whether the difference is larger; None if there is no verdict.
    status : the worse of the two.
    reasons : why there is no difference or no verdict; empty if there is one.
    """

    a: Measure | None
    b: Measure | None
    value: float | None
    sd: float | None
    scale_shared: bool
    detectable: float | None
    exceeds: bool | None
    status: Status
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Pairing:
    """What two feet have to do with each other: what their difference is, and why it may be no change.

    Attributes
    ----------
    one_camera : whether one camera took both: they are of one scan, or both scans name the same sensor.
    """

    kind: Kind
    no_verdict: str | None
    one_camera: bool = False


@dataclass(frozen=True)
class FootComparison:
    """Two feet, measure by measure."""

    a: ScannedFoot
    b: ScannedFoot
    pairing: Pairing
    differences: Mapping[str, Difference]


def compare_feet(a: ScannedFoot, b: ScannedFoot) -> FootComparison:
    """Compare every measure of two feet: of one side, or a left with a right one."""
    pairing = pair(a, b)
    names = [*a.foot.measures, *(name for name in b.foot.measures if name not in a.foot.measures)]
    return FootComparison(a, b, pairing, {name: difference(name, a, b, pairing) for name in names})


def pair(a: ScannedFoot, b: ScannedFoot) -> Pairing:
    """Say what a difference between two feet is. Loads are never compared silently (McPoil 2008: 10 mm of dorsum)."""
    one_scan, one_camera = a.facts == b.facts, by_one_camera(a.facts, b.facts)
    if not same_person(a.facts, b.facts):
        return Pairing("other person", f"the scans are of {a.facts.subject} and of {b.facts.subject}", one_camera)
    if a.foot.loading != b.foot.loading:
        loads = f"{loading_words(a.foot.loading)} against {loading_words(b.foot.loading)}"
        return Pairing("other load", f"the loadings differ, {loads}", one_camera)
    if a.foot.loading == "unknown" and not one_scan:
        unknown = "the loading of the scans is not known; state it in scan.toml"
        return Pairing("other load", unknown, one_camera)
    conditions = _conditions(a, b)
    if conditions:
        return Pairing("other conditions", conditions, one_camera)
    return Pairing("change" if a.side == b.side else "sides", None, one_camera)


def days_between(a: ScanFacts, b: ScanFacts) -> int | None:
    """Return how many days after A scan B was taken; None if a date is not stated."""
    if a.date is None or b.date is None:
        return None
    return (datetime.date.fromisoformat(b.date) - datetime.date.fromisoformat(a.date)).days


def _conditions(a: ScannedFoot, b: ScannedFoot) -> str | None:
    """Return what else differs between two scans and moves measures, or None."""
    positions = (a.facts.position, b.facts.position)
    if positions[0] != positions[1] and "unknown" not in positions:
        return f"the foot was held otherwise, {positions[0]} against {positions[1]}"
    if a.foot.ground != b.foot.ground:
        return (
            f"heights and angles are against {GROUND_WORDS[a.foot.ground]} in A and {GROUND_WORDS[b.foot.ground]} in B"
        )
    return None


def difference(name: str, a: ScannedFoot, b: ScannedFoot, pairing: Pairing) -> Difference:
    """Compare one measure; a refusal in either scan is a refusal of the difference."""
    in_a, in_b = a.foot.measures.get(name), b.foot.measures.get(name)
    reasons = _reasons(a, in_a) + _reasons(b, in_b)
    if in_a is None or in_b is None or in_a.value is None or in_b.value is None:
        return Difference(in_a, in_b, None, None, False, None, None, "refused", tuple(reasons))
    in_steps = name in ROWS and ROWS[name].dimension.in_steps
    value, sd = in_b.value - in_a.value, sd_of_difference(in_a, in_b, pairing.one_camera)
    if sd is None:
        lacking = " and in ".join(each.facts.name for each, found in ((a, in_a), (b, in_b)) if found.sd is None)
        reasons.append(f"no uncertainty (sd) is stated in {lacking}")
    elif in_steps:
        reasons.append("it goes in steps: the foot length is judged")
    detectable = None if sd is None or in_steps else 1.96 * sd  # = 1.96 · √2 · the pooled sd of one scan
    status: Status = "inferred" if "inferred" in (in_a.status, in_b.status) else "measured"
    if pairing.no_verdict is not None:
        reasons.insert(0, pairing.no_verdict)
    exceeds = None if reasons or detectable is None else abs(value) > detectable
    shared = scale_is_told(in_a, in_b) and pairing.one_camera
    return Difference(in_a, in_b, value, sd, shared, detectable, exceeds, status, tuple(reasons))


def _reasons(scan: ScannedFoot, measure: Measure | None) -> list[str]:
    """Return why a measure is not as good as measured, naming its scan."""
    if measure is None:
        return [f"not among the measures of {scan.facts.name}"]
    return [] if measure.reason is None else [f"{measure.status} in {scan.facts.name}: {measure.reason}"]
