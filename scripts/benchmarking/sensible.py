"""Sensible prescriptions on feet of all kinds: how many are made; of the others, whether following the advice helps."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from following import advised_by
from insole_feet import SCANNED, foot_of, leg, mirrored, scanned
from sensible import sensible

from benchmarking.insole import SLICED, faults_of_file, slicer_faults
from benchmarking.parts import Rows
from benchmarking.tables import table
from scanproc.artifacts import Feet, Foot, Insole, Mesh, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.solid_files import write_stl
from scanproc.prescription.fields import InsoleConfig
from scanproc.stages.export import in_print_frame
from scanproc.stages.insole import insole

CHILD = 0.7  # of an adult's size
MOST_STEPS = 5


def feet_of_all_kinds() -> list[tuple[str, Foot]]:
    """Return two flat feet, two with high arches, a child's, and shapes of real feet, left and right, by name."""
    child = leg(0)
    small = foot_of(Mesh(CHILD * child.mesh.vertices, child.mesh.faces), "left")
    legs = [(f"leg-{index}", mirrored(leg(index)) if index % 2 else leg(index)) for index in range(4)]
    real = [(name, mirrored(scanned(name)) if at % 2 else scanned(name)) for at, name in enumerate(SCANNED)]
    return [*legs, ("child", small), *real]


def measure_sensible(folder: Path, count: int, first_seed: int = 0, *, every_foot: bool = False) -> Rows:
    """Return a row for each of so many sensible prescriptions, each on another foot in turn, or on every one.

    Each row is kept in the folder as it is had; what was had before is not made again.
    """
    feet = feet_of_all_kinds()
    path = folder / "sensible.jsonl"
    had = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    known = {(row["seed"], row["foot"]): row for row in had}
    rows: Rows = []
    for seed in range(first_seed, first_seed + count):
        for name, foot in feet if every_foot else [feet[seed % len(feet)]]:
            row = known.get((seed, name))
            if row is None:
                row = {"seed": seed, "foot": name, **followed(foot, sensible(seed), sliced=len(rows) % SLICED == 0)}
                with path.open("a") as lines:
                    lines.write(json.dumps(row) + "\n")
                print(row, flush=True)
            rows.append(row)
    return rows


def followed(foot: Foot, config: InsoleConfig, *, sliced: bool) -> dict[str, object]:
    """Make an insole; where that fails, do what is said, as long as it says something new; judge its file."""
    said: list[str] = []
    for step in range(MOST_STEPS + 1):
        made = insole_or_reason(foot, config)
        if isinstance(made, Insole):
            verdict = "made" if step == 0 else "made by advice"
            return {"verdict": verdict, "steps": step, "said": " | ".join(said), "faults": faults(made, sliced=sliced)}
        said.append(made)
        advised = advised_by(made, config)
        if advised == config:
            break
        config = advised
    return {"verdict": "not made", "steps": len(said), "said": " | ".join(said), "faults": []}


def insole_or_reason(foot: Foot, config: InsoleConfig) -> Insole | str:
    """Return the proven insole of a prescription, or why there is none."""
    try:
        (made,) = insole(Feet((foot,)), ScanFacts("sensible", side=foot.side), config).insoles
    except ScanError as error:
        return str(error)
    return made if made.failed is None else made.failed


def faults(made: Insole, *, sliced: bool) -> list[str]:
    """Return what other programs find wrong with a part that was proven: a check that passed and should not have."""
    assert made.solid is not None
    stl = write_stl(in_print_frame(made.solid, made.making), "sensible")
    return faults_of_file(stl, made) + (slicer_faults(stl) if sliced else [])


def sensible_tables(rows: Rows) -> str:
    """Return the counts of outcomes, and what became of those that were not made at once."""
    text = (
        "## Sensible prescriptions\n\nWhat an orthotist would ask (`tests/sensible.py`), on feet of all kinds;"
        " where one is refused, a script follows the advice. Each solid is read by trimesh and pymeshlab, each tenth\n"
        " sliced by PrusaSlicer.\n\n"
    )
    text += table(["outcome", "prescriptions"], sorted(Counter(str(row["verdict"]) for row in rows).items()))
    faulty = [(row["seed"], row["foot"], "; ".join(row["faults"])) for row in rows if row["faults"]]
    text += "\n\n" + (table(["seed", "foot", "fault in file"], faulty) if faulty else "No file has a fault.")
    others = [(row["seed"], row["foot"], row["verdict"], row["said"]) for row in rows if row["verdict"] != "made"]
    return text + ("\n\n" + table(["seed", "foot", "outcome", "what was said"], others) if others else "")
