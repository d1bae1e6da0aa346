#!/usr/bin/env python3
"""How far the results on the demo recordings lie from their truth, and what they took.

.venv/bin/python scripts/benchmark.py            runs the recordings in scans/ into a temporary folder
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))  # the truth of a recording is read as the tests read it

from truth import surface_errors, true_measures, true_mesh  # noqa: E402

import scanproc  # noqa: E402
from scanproc.artifacts import Surface  # noqa: E402
from scanproc.frames import inverse  # noqa: E402
from scanproc.ply import read_ply  # noqa: E402

COMPARED = ("foot_length_mm", "foot_width_mm", "arch_height_index", "plantar_arch_height_mm", "heel_angle_deg")


def report_on(name: str, out: Path) -> None:
    """Run one demo recording and print its errors."""
    scan = ROOT / "scans" / name
    run = scanproc.run(scan, out)
    folder, truth = run.store.root, true_mesh(scan)
    poses = json.loads((folder / "2-register" / "poses.json").read_text())
    mesh, views, _ = read_ply((folder / "3-surface" / "surface.ply").read_bytes())
    assert views is not None
    accepted = [view["accepted"] for view in poses["views"]]
    first = accepted.index(True)
    true_pose = json.loads((scan / "truth" / "poses.json").read_text())["views"][first]["T_mesh_camera"]
    guess = np.array(true_pose) @ inverse(np.array(poses["views"][first]["T_scan_camera"]))
    errors = surface_errors(Surface(mesh, views, poses["floor_seen"]), truth, guess)

    print(f"{name}: {sum(accepted)} of {len(accepted)} views")
    print(f"  surface, where seen     median {errors.median:.3f} mm, p95 {errors.p95:.3f} mm")
    found = json.loads((folder / "5-measure" / "measures.json").read_text())["feet"][0]["measures"]
    facts = scanproc.open_scan(scan).facts
    expected = true_measures(truth, facts, poses["floor_seen"])
    for measure in COMPARED:
        value, true_value = found[measure]["value"], expected[measure]
        error = f"{value - true_value:+.3f}" if value is not None and true_value is not None else "refused"
        print(f"  {measure:24}{error:>10}   {found[measure]['status']}")
    stages = json.loads((folder / "run.json").read_text())["stages"]
    seconds = ", ".join(f"{stage} {entry['seconds']:.1f}" for stage, entry in stages.items() if "seconds" in entry)
    print(f"  seconds: {seconds}")
    for refusal in run.refusals:
        print(f"  {refusal.stage}: {refusal.message}")


def main() -> None:
    with tempfile.TemporaryDirectory() as out:
        for name in ("demo", "demo-standing", "demo-clouds"):
            report_on(name, Path(out))


main()
