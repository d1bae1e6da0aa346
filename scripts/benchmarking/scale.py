"""A camera that measures 0.4 % too long: is that found, or does the uncertainty of the measures cover it?"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from truth import pose_errors_of, read_truth, surface_errors, true_measures

from benchmarking.design import GridRecording
from benchmarking.evaluation import NUM_POINTS
from benchmarking.outcome import number
from benchmarking.parts import Rows
from benchmarking.rendering import rendered
from benchmarking.stages import Stages
from scanproc.artifacts import Measures, Recording, Registration, ScanFacts, Surface
from scanproc.scan import open_scan, read_recording
from scanproc.simulation.settings import SimulationConfig

SCALE_ERROR = 0.004
LENGTH = "foot_length_mm"

BASES = (
    GridRecording("scale-hand-held-d435", "leg-1", SimulationConfig(path="hand-held", camera="d435", views=30)),
    GridRecording("scale-turntable-d435", "leg-1", SimulationConfig(path="turntable", camera="d435", views=12)),
    GridRecording("scale-raised-d405", "leg-1", SimulationConfig(path="raised", camera="d405", views=36)),
)


def measure_scale(folder: Path) -> Rows:
    """Return a row for each way of recording with a right camera, and one with a wrong one."""
    rows = []
    for scan in scale_scans(folder):
        rows.append(evaluate_scale(scan))
        print(told(rows[-1]), flush=True)
    return rows


def scale_scans(folder: Path) -> Iterator[Path]:
    """Yield the scans, each with a right camera and with a wrong one."""
    for base in BASES:
        for error in (0.0, SCALE_ERROR):
            name = f"{base.name}-error{100 * error:g}"
            yield rendered(replace(base, name=name, config=replace(base.config, scale_error=error)), folder)


class _Heard(logging.Handler):
    """Keeps the log lines that speak of scale."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "scale" in record.getMessage():
            self.lines.append(record.getMessage())


def evaluate_scale(scan: Path) -> dict[str, Any]:
    """Return the error of surface and length, the length's stated uncertainty, and what is said of scale."""
    opened, truth = open_scan(scan), read_truth(scan)
    row: dict[str, Any] = {"name": scan.name, "scale_error": truth.config.scale_error}
    stages = Stages({Recording: read_recording(opened), ScanFacts: opened.facts})
    heard, log = _Heard(), logging.getLogger("scanproc")
    level = log.level
    log.addHandler(heard)
    log.setLevel(logging.INFO)
    try:
        done = stages.run("clean", "register", "surface", "align", "measure")
    finally:
        log.removeHandler(heard)
        log.setLevel(level)
    row["said"] = heard.lines
    if not done:
        return {**row, "refused": stages.refused}
    registration: Registration = stages.artifacts[Registration]
    row["found"] = {
        item.name: str(getattr(registration, item.name)) for item in fields(registration) if "scale" in item.name
    }
    poses = pose_errors_of(registration, truth)
    surface: Surface = stages.artifacts[Surface]
    errors = surface_errors(surface, truth.mesh, np.eye(4) if poses is None else poses.T_mesh_scan, NUM_POINTS)
    length = stages.artifacts[Measures].feet[0].measures[LENGTH]
    true_length = true_measures(truth.mesh, opened.facts, surface.floor_seen)[LENGTH]
    off = None if length.value is None or true_length is None else length.value - true_length
    row |= {"median_mm": errors.median, "p95_mm": errors.p95, "length_off_mm": off, "length_sd_mm": length.sd}
    row["covered"] = off is not None and length.sd is not None and bool(abs(off) <= 2.0 * length.sd)
    return row


def told(row: dict[str, Any]) -> str:
    """Return a row in words."""
    if "refused" in row:
        return f"{row['name']}: refused, {row['refused']}"
    return (
        f"{row['name']}: surface {row['median_mm']:.3f}/{row['p95_mm']:.3f} mm, length off by"
        f" {number(row['length_off_mm'], 2)} mm ± {number(row['length_sd_mm'], 2)}"
        f" ({'covered' if row['covered'] else 'NOT covered'}); found {row['found']}; said {row['said']}"
    )
