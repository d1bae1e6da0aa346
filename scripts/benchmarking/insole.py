"""Random prescriptions on the feet of the shared data: made and proven, refused by a rule, failed, or crashed."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
from insole_feet import all_feet
from prescriptions import prescription

from benchmarking.parts import Rows
from benchmarking.tables import table
from scanproc.artifacts import Feet, Foot, Insole, Insoles, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray
from scanproc.prescription.fields import InsoleConfig
from scanproc.stages.export import ExportConfig, export
from scanproc.stages.insole import insole

SLICED = 10  # every so many made parts the slicer makes layers of


def measure_insoles(count: int, first_seed: int = 0, grid_mm: float = 0.5) -> Rows:
    """Return a row for each of so many prescriptions, each on another foot in turn."""
    feet = all_feet()
    rows: Rows = []
    for seed in range(first_seed, first_seed + count):
        name, foot = feet[seed % len(feet)]
        rows.append({"seed": seed, "foot": name, **outcome(foot, prescription(seed, grid_mm=grid_mm), seed)})
        print(rows[-1], flush=True)
    return rows


def outcome(foot: Foot, config: InsoleConfig, seed: int) -> dict[str, object]:
    """Make one insole, prove it, export it, and judge the files by other programs."""
    facts = ScanFacts(f"seed-{seed}", side=foot.side)
    start = time.perf_counter()
    try:
        made = insole(Feet((foot,)), facts, config).insoles[0]
    except ScanError as refusal:
        return {"verdict": "refused", "said": str(refusal)}
    except Exception as error:  # noqa: BLE001 - what is counted here
        return {"verdict": "crash", "said": f"{type(error).__name__}: {error}"}
    seconds = round(time.perf_counter() - start, 2)
    failed = [f"{check.name} asked {check.asked} got {check.got}" for check in made.checks if not check.passed]
    if failed:
        return {"verdict": "failed", "said": "; ".join(failed), "seconds": seconds}
    files = export(Insoles((made,)), facts, ExportConfig()).files
    wrong = faults_of_file(files[f"{made.side}.stl"], made)
    if seed % SLICED == 0:
        wrong += slicer_faults(files[f"{made.side}.stl"])
    return {"verdict": "fault in file" if wrong else "made", "said": "; ".join(wrong), "seconds": seconds}


def faults_of_file(stl: bytes, made: Insole) -> list[str]:
    """Return what other libraries find wrong with a written solid."""
    import pymeshlab
    import trimesh

    solid = trimesh.load(io.BytesIO(stl), file_type="stl")
    wrong = [] if solid.is_watertight and solid.is_winding_consistent else ["trimesh: not watertight"]
    if solid.body_count != 1:
        wrong.append(f"trimesh: {solid.body_count} bodies")
    said = next(float(check.got) for check in made.checks if check.name == "volume_cm3")
    if abs(solid.volume / 1e3 - said) > 0.01 * said:
        wrong.append(f"trimesh: volume {solid.volume / 1e3:.2f} cm3")
    meshes = pymeshlab.MeshSet()
    meshes.add_mesh(pymeshlab.Mesh(np.asarray(solid.vertices), np.asarray(solid.faces)))
    meshes.compute_selection_by_self_intersections_per_face()
    crossing = solid.triangles[meshes.current_mesh().face_selection_array()]
    if any(may_cross(one, other) for one, other in combinations(crossing, 2)):
        wrong.append(f"pymeshlab: {len(crossing)} faces cross")
    return wrong


def may_cross(one: FloatArray, other: FloatArray) -> bool:
    """Tell whether two triangles, (3, 3) each, overlap as seen along each axis: those that cross do.

    By exact fractions. Of neighbours in one plane, 0.1 mm apart, pymeshlab says now and then that they cross.
    """
    return all(
        _overlap(
            [[Fraction(float(value)) for value in np.delete(corner, axis)] for corner in one],
            [[Fraction(float(value)) for value in np.delete(corner, axis)] for corner in other],
        )
        for axis in range(3)
    )


def _overlap(one: list[list[Fraction]], other: list[list[Fraction]]) -> bool:
    """Tell whether two triangles in a plane have a point in common: no side of either has the other beyond it."""
    for corners, others in ((one, other), (other, one)):
        for k in range(3):
            (ax, ay), (bx, by), (cx, cy) = corners[k], corners[(k + 1) % 3], corners[(k + 2) % 3]
            own = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            theirs = [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in others]
            if own and all(own * side < 0 for side in theirs):
                return False
    return True


def slicer_faults(stl: bytes) -> list[str]:
    """Return what PrusaSlicer finds wrong: repairs, parts, or no layers."""
    slicer = shutil.which("prusa-slicer")
    if slicer is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.stl"
        path.write_bytes(stl)
        told = subprocess.run([slicer, "--info", str(path)], capture_output=True, text=True, check=False).stdout
        wrong = [] if re.search("manifold = yes", told) else ["slicer: not manifold"]
        wrong += [] if re.search(r"number_of_parts = +1\b", told) else ["slicer: several parts"]
        wrong += [f"slicer: {word}" for word in ("repaired", "open_edges", "reversed") if word in told]
        command = [slicer, "--export-gcode", "--bed-shape", "0x0,400x0,400x400,0x400", "--center", "200,200", str(path)]
        sliced = subprocess.run(
            [*command, "-o", str(path.with_suffix(".gcode"))], capture_output=True, text=True, check=False
        )
        if sliced.returncode or not path.with_suffix(".gcode").exists():
            wrong.append(f"slicer: {(sliced.stderr or sliced.stdout).strip()[-200:]}")
    return wrong


def insole_tables(rows: Rows) -> str:
    """Return the counts of outcomes, and everything that went wrong."""
    counts = Counter(str(row["verdict"]) for row in rows)
    seconds = [float(row["seconds"]) for row in rows if "seconds" in row]
    text = (
        "## Random prescriptions\n\nSeeded, over the whole ranges of all doses, on the feet of the shared data in"
        " turn\n(`tests/prescriptions.py`). Files are read by trimesh and pymeshlab, each tenth is sliced by"
        " PrusaSlicer.\n\n"
    )
    text += table(["outcome", "prescriptions"], sorted(counts.items()))
    if seconds:
        text += f"\n\nSeconds a solid: median {np.median(seconds):.2f}, 95 % {np.quantile(seconds, 0.95):.2f}\n"
    rules = Counter(
        " ".join(re.findall(r"rule [\w-]+", str(row["said"]))[:1]) or "other"
        for row in rows
        if row["verdict"] == "refused"
    )
    text += "\n" + table(["refused by", "prescriptions"], rules.most_common())
    bad = [row for row in rows if row["verdict"] not in ("made", "refused")]
    if not bad:
        return text
    lines = [(row["seed"], row["foot"], row["verdict"], row["said"]) for row in bad]
    return text + "\n\n" + table(["seed", "foot", "outcome", "what"], lines)
