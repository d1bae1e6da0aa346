"""Fills in what a prescription leaves open, by rules that print their evidence."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any, Literal

from scanproc.artifacts import FORMED, Foot, Loading, ScanFacts
from scanproc.prescription.fields import AS_THICK_MM, InsoleConfig, Prescription
from scanproc.prescription.high_arch import judged_arch
from scanproc.prescription.making_rules import bends_in_front
from scanproc.prescription.materials import FOREFOOT_MM, Ruled, wall_by_mass
from scanproc.prescription.other_scan import OtherScan, measures_of_other_scan
from scanproc.prescription.rules import WALL_RULES, advice, refuse_broken
from scanproc.prescription.sides import for_side

log = logging.getLogger(__name__)

WAIST_SHARE: dict[Literal["any", "dress"], float] = {"any": 0.55, "dress": 0.35}

#: mm; an arch that bore no load is copied too high.
ARCH_FILL: dict[Loading, float] = {"non-weight-bearing": 3.2, "unknown": 3.2, "seated": 1.6, "standing": 0.0}


def resolved(config: InsoleConfig, foot: Foot, facts: ScanFacts) -> Prescription:
    """Return the prescription of one foot with nothing left open.

    Raises
    ------
    ScanError
        If it breaks a rule, which is named, or the measures of another scan are not of this foot.
    """
    given = for_side(config, foot.side)
    refuse_broken(given)
    other = measures_of_other_scan(config, foot, facts)
    ruled = _open_values(given, foot, facts, other)
    values: dict[str, Any] = {name: rule.value for name, rule in ruled.items()}
    whole = dataclasses.replace(given, **values)
    refuse_broken(whole, WALL_RULES)
    rx = Prescription.of(whole, (*_preset(given), *(rule.why for rule in ruled.values() if rule.why), *advice(whole)))
    for why in rx.evidence:
        log.info("insole: %s foot, %s", foot.side, why)
    return rx


def _open_values(given: InsoleConfig, foot: Foot, facts: ScanFacts, other: OtherScan | None) -> dict[str, Ruled]:
    """Return by name what rules say of the fields that were left open."""
    ruled: dict[str, Ruled] = {}
    if given.thickness_mm is None:
        # Only polypropylene has a rule for high arches: for others nothing is measured.
        arch = judged_arch(foot, facts, other) if given.material == "PP" else None
        ruled["thickness_mm"] = wall_by_mass(given.material, facts.mass_kg, arch)
    if given.forefoot_mm is None:
        ruled["forefoot_mm"] = _forefoot(given)
    if given.extension_mm is None:
        ruled["extension_mm"] = Ruled(given.distal_edge_mm, "")
    if given.heel_expansion_mm is None:
        ruled["heel_expansion_mm"] = other.heel_expansion(foot) if other else Ruled(0.0, "")
    if given.min_waist_share is None:
        ruled["min_waist_share"] = Ruled(WAIST_SHARE[given.shoe], "")
    if given.arch_fill_mm is None:
        ruled |= _arch(given, foot, facts, other)
    return ruled


def _forefoot(given: InsoleConfig) -> Ruled:
    """Return the wall ahead of the metatarsal heads; a shell ends behind them, a block and a formed sheet are even."""
    thin = FOREFOOT_MM.get(given.material)
    if thin is None or not bends_in_front(given) or given.process in FORMED:
        return Ruled(AS_THICK_MM, "")
    return Ruled(thin, f"forefoot {thin:g} mm: {given.material} as thick as behind would be rigid under the toe joints")


def _arch(given: InsoleConfig, foot: Foot, facts: ScanFacts, other: OtherScan | None) -> dict[str, Ruled]:
    """Return fill or target of an arch: as asked, as another scan of the foot has it, or by the scan's loading."""
    if given.arch_target_mm is not None:
        return {"arch_fill_mm": Ruled(0.0, "")}
    if other is not None:
        found = other.arch(foot)
        if "arch_target_mm" in found:
            return {"arch_fill_mm": Ruled(0.0, ""), **found}
        if found:
            return found
    fill = ARCH_FILL[facts.loading]
    why = {
        "non-weight-bearing": "the scan bore no load, and an unloaded arch copied as it is hurts",
        "unknown": "the loading of the scan is unknown (scan.toml), and an unloaded arch copied as it is hurts",
        "seated": "the scan was seated, its arch partly down",
        "standing": "the scan was standing, its arch is down",
    }[facts.loading]
    return {"arch_fill_mm": Ruled(fill, f"arch fill {fill:g} mm: {why}")}


def _preset(given: InsoleConfig) -> list[str]:
    """Return which preset it came from, and what differs from it."""
    if not given.preset:
        return []
    says = dict(given.preset_values)
    usual = {item.name: item.default for item in dataclasses.fields(InsoleConfig) if not item.metadata["hidden"]}
    changed = [
        f"{name} = {_told(getattr(given, name))} ({'preset' if name in says else 'default'}: {_told(value)})"
        for name, value in {**says, **{name: value for name, value in usual.items() if name not in says}}.items()
        if name != "preset" and getattr(given, name) != value
    ]
    return [f"preset {given.preset}" + (f", but for {', '.join(changed)}" if changed else ", unchanged")]


def _told(value: object) -> object:
    return "left out" if value is None or value == "" else value
