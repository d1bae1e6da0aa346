"""Fills in what a prescription leaves open, by rules that print their evidence."""

from __future__ import annotations

import dataclasses

from scanproc.artifacts import Foot, Loading, ScanFacts
from scanproc.prescription.fields import InsoleConfig, Prescription

#: mm; an arch that bore no load is copied too high.
ARCH_FILL: dict[Loading, float] = {"non-weight-bearing": 3.2, "unknown": 3.2, "seated": 1.6, "standing": 0.0}


def resolved(config: InsoleConfig, foot: Foot, facts: ScanFacts) -> Prescription:
    """Return the prescription of one foot with nothing left open."""
    values = {item.name: getattr(config, item.name) for item in dataclasses.fields(InsoleConfig)}
    evidence = []
    if values["thickness_mm"] is None:
        values["thickness_mm"] = 3.0
        evidence.append("thickness 3.0 mm: printed PA12 is 2.5 to 3.5 mm")
    if values["arch_fill_mm"] is None:
        values["arch_fill_mm"] = ARCH_FILL[facts.loading]
        evidence.append(f"arch fill {values['arch_fill_mm']} mm: the scan is {facts.loading}")
    return Prescription(**values, evidence=tuple(evidence))
