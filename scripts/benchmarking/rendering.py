"""Renders recordings once and keeps them in a folder."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

from truth import SCANS

from benchmarking.design import GridRecording
from scanproc.artifacts import Mesh
from scanproc.formats.ply import read_ply
from scanproc.scan import open_scan, read_mesh
from scanproc.settings import as_table
from scanproc.simulation.bodies import mirrored
from scanproc.simulation.noise_models import with_noise_model
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import write_simulation

FEET = SCANS.parents[1] / "shared" / "data" / "feet"

#: Legs that lie in the truth of a demo recording, and whether they were mirrored for it.
IN_DEMOS = {"leg-0": ("demo-clouds", False), "leg-1": ("demo", False), "leg-3": ("demo-standing", True)}


def missing_legs(recordings: list[GridRecording]) -> list[str]:
    """Return the legs that cannot be had here; only three of the four come with the project."""
    legs = sorted({recording.leg for recording in recordings})
    return [leg for leg in legs if leg not in IN_DEMOS and not (FEET / f"{leg}.ply").is_file()]


def rendered(recording: GridRecording, folder: Path) -> Path:
    """Return the scan of a recording below `folder`; it is rendered unless it is there with the same settings."""
    scan = folder / recording.name
    settings = scan / "truth" / "simulation.json"
    if settings.is_file() and json.loads(settings.read_text())["settings"] == as_table(
        with_noise_model(recording.config)
    ):
        return scan
    partial = folder / f"{recording.name}.partial"
    for old in (scan, partial):
        shutil.rmtree(old, ignore_errors=True)
    write_simulation(partial, simulate(left_leg(recording.leg), recording.config))
    partial.rename(scan)
    return scan


@cache
def left_leg(name: str) -> Mesh:
    """Return a left leg that stands on z = 0, x to the toes, cut at 300 mm; from the demo recordings where possible."""
    if name not in IN_DEMOS:
        return read_mesh(open_scan(FEET / f"{name}.ply")).mesh
    demo, is_right = IN_DEMOS[name]
    mesh, _, _ = read_ply((SCANS / demo / "truth" / "mesh.ply").read_bytes())
    return mirrored(mesh) if is_right else mesh
