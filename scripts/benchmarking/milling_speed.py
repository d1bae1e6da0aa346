"""Milling a block of 270 mm: seconds from the proven part to proven programs, as a ratio, and what comes of it."""

from __future__ import annotations

import resource
import time

import numpy as np
from insole_feet import foot_of, leg
from scipy import ndimage

from benchmarking.parts import Rows
from benchmarking.tables import table
from scanproc.artifacts import Feet, Mesh, ScanFacts
from scanproc.machining.cutters import Cutter
from scanproc.machining.machine import machine_of
from scanproc.machining.milled_part import Part, part_of
from scanproc.machining.programs import programs_of
from scanproc.machining.removal import GRID_MM
from scanproc.prescription.fields import InsoleConfig
from scanproc.solid.face_grid import FaceGrid
from scanproc.stages.export import in_print_frame
from scanproc.stages.insole import insole

ROUNDS = 3
LENGTH_MM = 270.0
DIRECTIONS = ("along", "across", "spiral")


def measure_milling_speed() -> Rows:
    """Return a row for each way of finishing: the best of some rounds, loops compiled."""
    foot = leg(0)
    low = foot.mesh.vertices[foot.mesh.vertices[:, 2] < 60.0]
    scaled = foot_of(Mesh(foot.mesh.vertices * (LENGTH_MM / np.ptp(low[:, 0])), foot.mesh.faces), "left")
    config = InsoleConfig(style="block", process="mill", material="EVA", length="full", allow_unseen_sole=True)
    made = insole(Feet((scaled,)), ScanFacts("legs"), config).insoles[0]
    assert made.solid is not None and made.outline is not None, made.refused
    part = part_of(made.solid, made.outline, in_print_frame(made.solid))
    rows = []
    for direction in DIRECTIONS:
        machine = machine_of({"cutting": {"direction": direction, "scallop_mm": 0.05}}, "block")
        best = (np.inf, np.inf)
        for _ in range(ROUNDS + 1):  # the first compiles
            before, start = time.process_time(), time.perf_counter()
            milled = programs_of(part, made.making, machine, "left", "benchmark")
            best = min(best, (time.process_time() - before, time.perf_counter() - start))
        found = milled.leftovers["top"]
        rows.append(
            {
                "finishing": direction,
                "cpu": best[0],
                "wall": best[1],
                "dilation": _dilation_seconds(part),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
                "file_mb": sum(map(len, milled.files.values())) / 1e6,
                "minutes": sum(milled.minutes.values()),
                "gouge": float(np.nanmax(found.gouge)),
                "left": float(np.nanquantile(found.left, 0.99)),
            }
        )
    return rows


def _dilation_seconds(part: Part) -> float:
    """Return the seconds of one grey dilation of the part's heights by a ball of 6 mm, on the simulation's grid."""
    low, high = part.outline.min(axis=0), part.outline.max(axis=0)
    axes = [np.arange(first, last, GRID_MM) for first, last in zip(low, high, strict=True)]
    xy = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    z = FaceGrid.of(part.solid).touched(xy.reshape(-1, 2), from_above=True).z.reshape(xy.shape[:2])
    offsets = np.arange(-12, 13) * GRID_MM
    ball = -Cutter(0.0, 3.0).above_tip(np.hypot(offsets[:, None], offsets[None, :]))
    footprint = np.isfinite(ball)
    best = np.inf
    for _ in range(ROUNDS):
        start = time.process_time()
        ndimage.grey_dilation(z, footprint=footprint, structure=np.where(footprint, ball, 0.0))
        best = min(best, time.process_time() - start)
    return best


def milling_speed_section(rows: Rows) -> str:
    """Return the table, with what is to be reached."""
    head = (
        "finishing", "processor, s", "wall, s", "in grey dilations", "peak MB", "file MB", "minutes", "gouge mm",
        "left p99 mm",
    )  # fmt: skip
    lines = [
        (
            row["finishing"], f"{row['cpu']:.1f}", f"{row['wall']:.1f}", f"{row['cpu'] / row['dilation']:.1f}",
            f"{row['peak_mb']:.0f}", f"{row['file_mb']:.1f}", f"{row['minutes']:.0f}", f"{row['gouge']:.3f}",
            f"{row['left']:.3f}",
        )
        for row in rows
    ]  # fmt: skip
    return (
        "## Milling a block\n\nAn insole of 270 mm from a block, roughed with a flat cutter of 8 mm, finished with a"
        " ball of 6 mm at a scallop of 0.05 mm: planned, written, read back and simulated; the best of three rounds in"
        " one process. One grey dilation is that of the part's heights by the ball, on the simulation's grid of"
        f" {GRID_MM:g} mm, by scipy.\nBounds: 8 s on two cores, 1 GB.\n\n" + table(head, lines)
    )
