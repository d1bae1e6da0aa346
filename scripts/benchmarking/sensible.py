"""Sensible prescriptions on feet of all kinds: how many are made; of the others, whether following the advice helps."""

from __future__ import annotations

from collections import Counter

from following import advised_by
from insole_feet import SCANNED, foot_of, leg, mirrored, scanned
from sensible import sensible

from benchmarking.parts import Rows
from benchmarking.tables import table
from scanproc.artifacts import Foot, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.prescription.fields import InsoleConfig
from scanproc.proof.advice import failure
from scanproc.stages.insole import proven_insole

CHILD = 0.7  # of an adult's size
MOST_STEPS = 5


def feet_of_all_kinds() -> list[tuple[str, Foot]]:
    """Return two flat feet, two with high arches, a child's, and shapes of real feet, left and right, by name."""
    child = leg(0)
    small = foot_of(Mesh(CHILD * child.mesh.vertices, child.mesh.faces), "left")
    legs = [(f"leg-{index}", mirrored(leg(index)) if index % 2 else leg(index)) for index in range(4)]
    real = [(name, mirrored(scanned(name)) if at % 2 else scanned(name)) for at, name in enumerate(SCANNED)]
    return [*legs, ("child", small), *real]


def measure_sensible(count: int, first_seed: int = 0, *, every_foot: bool = False) -> Rows:
    """Return a row for each of so many sensible prescriptions, each on another foot in turn, or on every one."""
    feet = feet_of_all_kinds()
    rows: Rows = []
    for seed in range(first_seed, first_seed + count):
        for name, foot in feet if every_foot else [feet[seed % len(feet)]]:
            rows.append({"seed": seed, "foot": name, **followed(foot, sensible(seed))})
            print(rows[-1], flush=True)
    return rows


def followed(foot: Foot, config: InsoleConfig) -> dict[str, object]:
    """Make an insole; where that fails, do what is said, as long as it says something new."""
    said: list[str] = []
    for step in range(MOST_STEPS + 1):
        why = refusal(foot, config)
        if why is None:
            return {"verdict": "made" if step == 0 else "made by advice", "steps": step, "said": " | ".join(said)}
        said.append(why)
        advised = advised_by(why, config)
        if advised == config:
            break
        config = advised
    return {"verdict": "not made", "steps": len(said), "said": " | ".join(said)}


def refusal(foot: Foot, config: InsoleConfig) -> str | None:
    """Return why a prescription is not made, or None if it is."""
    try:
        made = proven_insole(foot, ScanFacts("sensible", side=foot.side), config)
        return failure(made.checks, made.rx)
    except ScanError as error:
        return str(error)


def sensible_tables(rows: Rows) -> str:
    """Return the counts of outcomes, and what became of those that were not made at once."""
    text = (
        "## Sensible prescriptions\n\nWhat an orthotist would ask (`tests/sensible.py`), on feet of all kinds;"
        " where one is refused, a script follows the advice.\n\n"
    )
    text += table(["outcome", "prescriptions"], sorted(Counter(str(row["verdict"]) for row in rows).items()))
    others = [(row["seed"], row["foot"], row["verdict"], row["said"]) for row in rows if row["verdict"] != "made"]
    return text + ("\n\n" + table(["seed", "foot", "outcome", "what was said"], others) if others else "")
