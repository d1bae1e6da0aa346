"""Two scans compared: foot by foot, left with right, and surface with surface."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scanproc.artifacts import Foot, Measure, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.artifact_files import measure_entry
from scanproc.measures.arch_under_load import remark_on
from scanproc.measures.deviation import Deviation, deviation
from scanproc.measures.two_scans import ScannedFoot, same_person
from scanproc.several.differences import Difference, FootComparison, compare_feet, days_between
from scanproc.several.loadings import between_loadings
from scanproc.several.scans import ScanResults

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SameFoot:
    """One side in both scans.

    Attributes
    ----------
    arch : arch drop, rigidity and stiffness, by name.
    surface : how B lies to A, or the reason why that is not known.
    """

    measured: FootComparison
    arch: Mapping[str, Measure]
    surface: Deviation | str


@dataclass(frozen=True)
class Comparison:
    """Scan B against scan A.

    Attributes
    ----------
    feet : of the sides that both scans hold.
    left_right : left (as a) with right (as b) foot: of each scan that holds a pair, or else of the two scans.
    days : from A to B; None if a date is not stated.
    """

    a: ScanFacts
    b: ScanFacts
    feet: tuple[SameFoot, ...]
    left_right: tuple[FootComparison, ...]
    days: int | None


def compared(a: ScanResults, b: ScanResults) -> Comparison:
    """Compare two scans of which there are measures.

    Raises
    ------
    ScanError
        If they hold different sides of different people.
    """
    in_a, in_b = a.scanned_feet, b.scanned_feet
    sides = [side for side in ("left", "right") if side in in_a and side in in_b]
    if not sides and not same_person(a.facts, b.facts):
        raise ScanError(
            f"found a {next(iter(in_a))} foot of {a.facts.subject} in {a.facts.name} and a {next(iter(in_b))} foot of"
            f" {b.facts.subject} in {b.facts.name}; expected feet of one side or of one person. Compare other scans, or"
            " correct subject and side in scan.toml."
        )
    feet = tuple(_same_foot(in_a[side], in_b[side], _shape(a, side), _shape(b, side)) for side in sides)
    pairs = [one for one in (in_a, in_b) if len(one) == 2] or ([in_a | in_b] if not sides else [])
    left_right = tuple(compare_feet(one["left"], one["right"]) for one in pairs)
    return Comparison(a.facts, b.facts, feet, left_right, days_between(a.facts, b.facts))


def _shape(scan: ScanResults, side: str) -> Foot:
    assert scan.feet is not None  # it was measured
    return next(foot for foot in scan.feet.feet if foot.side == side)


def _same_foot(a: ScannedFoot, b: ScannedFoot, shape_a: Foot, shape_b: Foot) -> SameFoot:
    surface: Deviation | str
    try:
        surface = deviation(shape_a, shape_b)
    except ScanError as refusal:
        surface = str(refusal)
        log.warning("compare: no surface deviation of the %s foot: %s", a.side, refusal)
    return SameFoot(compare_feet(a, b), between_loadings(a, b), surface)


# ------------------------------------------------------------------------------------------------ compare.json


def compare_json(found: Comparison) -> bytes:
    """Return `compare.json`; units are in the names, differences are b less a."""
    feet = []
    for foot in found.feet:
        entry = _pairing_entry(foot.measured)
        entry["between_loadings"] = {name: _arch_entry(name, measure) for name, measure in foot.arch.items()}
        entry["surface"] = _surface_entry(foot.surface)
        feet.append({"side": foot.measured.a.side, **entry})
    content = {
        "schema": 1,
        "scans": [_scan_entry(facts) for facts in (found.a, found.b)],
        "days_between": found.days,
        "feet": feet,
        "left_right": [_pairing_entry(pair) for pair in found.left_right],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _arch_entry(name: str, measure: Measure) -> dict[str, Any]:
    remark = remark_on(name, measure)
    return measure_entry(measure) | ({} if remark is None else {"remark": remark})


def _scan_entry(facts: ScanFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in ("name", "date", "loading", "position", "subject", "sensor")}


def _pairing_entry(pair: FootComparison) -> dict[str, Any]:
    sources = {
        label: {"scan": foot.facts.name, "side": foot.side, "loading": foot.foot.loading, "ground": foot.foot.ground}
        for label, foot in (("a", pair.a), ("b", pair.b))
    }
    return {
        **sources,
        "compares": pair.pairing.kind.replace(" ", "_"),
        "no_verdict": pair.pairing.no_verdict,
        "one_camera": pair.pairing.one_camera,
        "measures": {name: _difference_entry(found) for name, found in pair.differences.items()},
    }


def _difference_entry(found: Difference) -> dict[str, Any]:
    return {
        "a": _known(found.a),
        "b": _known(found.b),
        "difference": found.value,
        "sd": found.sd,
        "scale_error": None if found.sd is None else "shared" if found.scale_shared else "separate",
        "smallest_detectable_change": found.detectable,
        "exceeds": found.exceeds,
        "status": found.status,
        **({"reason": "; ".join(found.reasons)} if found.reasons else {}),
    }


def _known(measure: Measure | None) -> dict[str, Any] | None:
    return None if measure is None else measure_entry(measure)


def _surface_entry(surface: Deviation | str) -> dict[str, Any]:
    if isinstance(surface, str):
        return {"status": "refused", "reason": surface}
    return {"status": "measured", **vars(surface.summary()), "T_a_b": surface.T_a_b.tolist()}
