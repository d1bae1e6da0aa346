"""The recordings of `speed.py` through the yardstick, too."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from truth import Truth, middle_of, pose_errors_of, read_truth, surface_errors

from benchmarking.children import PYTHON, failure, run_child
from benchmarking.evaluation import NUM_POINTS
from benchmarking.parts import Rows
from benchmarking.speed import compared_scans, told
from scanproc.artifacts import Mesh, Registration, Surface, ViewPose
from scanproc.frames import FloatArray, inverse, rotation_angle_rad, transform

YARDSTICK = Path(__file__).with_name("yardstick.py")
WRONG_DEG, WRONG_MM = 5.0, 10.0  # a pair that is farther off is wrong
SEEN_WITHIN_MM = 2.0  # Poisson closes what nobody saw; only what lies near the points is judged


def measure_yardstick(folder: Path, largest: int) -> Rows:
    """Return a row for each recording: seconds, peak memory, error, wrong pairs."""
    rows = []
    for scan in compared_scans(folder, largest):
        rows.append(run_yardstick(scan))
        wrong = f", {rows[-1]['wrong_pairs']} of {rows[-1]['pairs']} pairs wrong" if "pairs" in rows[-1] else ""
        print(f"yardstick, {scan.name}: {told(rows[-1])}{wrong}", flush=True)
    return rows


def run_yardstick(scan: Path) -> dict[str, Any]:
    """Run the recipe in a process of its own, and compare what it makes with the truth."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        child = run_child([PYTHON, YARDSTICK, scan, out])
        row: dict[str, Any] = {"name": scan.name, "seconds": child.seconds, "peak_mb": child.peak_mb}
        if child.status:
            return {**row, "failed": failure(child)}
        row["stages"] = json.loads((out / "yardstick.json").read_text())
        with np.load(out / "yardstick.npz") as made:
            arrays = dict(made)
    truth = read_truth(scan)
    poses = pose_errors_of(_registration(arrays["poses"], truth), truth)
    assert poses is not None
    errors = surface_errors(_surface(arrays), truth.mesh, poses.T_mesh_scan, NUM_POINTS)
    pairs = [tuple(pair) for pair in arrays["pairs"].tolist()]
    wrong = sum(_is_wrong(T, truth, *pair) for T, pair in zip(arrays["T_targets_sources"], pairs, strict=True))
    row |= {"median_mm": errors.median, "p95_mm": errors.p95, "accepted": len(truth.views), "of": len(truth.views)}
    return row | {"pairs": len(pairs), "wrong_pairs": wrong}


def _registration(poses: FloatArray, truth: Truth) -> Registration:
    """Return the recipe's poses in the form of scanproc's."""
    entries = [
        ViewPose(view.name, True, residual_rms_mm=0.0, T_scan_camera=pose)
        for view, pose in zip(truth.views, poses, strict=True)
    ]
    return Registration(tuple(entries), floor_seen=False)


def _surface(arrays: dict[str, Any]) -> Surface:
    """Return the recipe's mesh; what lies near a point counts as seen."""
    distance, _ = cKDTree(arrays["points"]).query(arrays["vertices"], distance_upper_bound=SEEN_WITHIN_MM)
    seen = np.isfinite(distance).astype(np.uint8)
    return Surface(Mesh(arrays["vertices"], arrays["faces"]), seen, floor_seen=False)


def _is_wrong(T_target_source: FloatArray, truth: Truth, source: int, target: int) -> bool:
    T_mesh_source, T_mesh_target = truth.views[source].T_mesh_camera, truth.views[target].T_mesh_camera
    off = T_mesh_target @ T_target_source @ inverse(T_mesh_source)
    middle = middle_of(truth.mesh)[None]
    shift = float(np.linalg.norm(transform(off, middle) - middle))
    return float(np.degrees(rotation_angle_rad(off[:3, :3]))) > WRONG_DEG or shift > WRONG_MM
