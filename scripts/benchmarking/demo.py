"""How far the results on the demo recordings lie from their truth, and what they took."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from truth import SCANS, surface_errors, true_measures, true_mesh

import scanproc
from scanproc.artifacts import Surface
from scanproc.formats.ply import read_ply
from scanproc.frames import inverse

COMPARED = ("foot_length_mm", "foot_width_mm", "arch_height_index", "plantar_arch_height_mm", "heel_angle_deg")


def report_on_demos() -> None:
    """Run the recordings in scans/ into a temporary folder and print their errors."""
    with tempfile.TemporaryDirectory() as out:
        for name in ("demo", "demo-standing", "demo-clouds"):
            report_on(name, Path(out))


def report_on(name: str, out: Path) -> None:
    """Run one demo recording and print its errors."""
    scan = SCANS / name
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
