"""What is known of a simulated recording: its mesh, and the measures of that mesh."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scanproc.artifacts import Mesh, ScanFacts, Surface
from scanproc.frames import FloatArray, best_fit, transform
from scanproc.open3d_bridge import RayScene
from scanproc.ply import read_ply
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

SCANS = Path(__file__).parents[1] / "scans"


def true_mesh(scan: Path) -> Mesh:
    """Return the foot that a recording was rendered from."""
    return read_ply((scan / "truth" / "mesh.ply").read_bytes())[0]


def true_measures(mesh: Mesh, facts: ScanFacts, on_floor: bool) -> dict[str, float | None]:
    """Return what the stages measure on the perfect mesh; they are tested on shapes with formulas elsewhere."""
    seen = np.ones(len(mesh.vertices), dtype=np.uint8)
    feet = align(Surface(mesh, seen, floor_seen=on_floor), facts, AlignConfig())
    (foot,) = measure(feet, facts, MeasureConfig()).feet
    return {name: found.value for name, found in foot.measures.items()}


@dataclass(frozen=True)
class SurfaceErrors:
    """Distances in mm of a surface's seen vertices from the truth after a rigid best fit, (N,)."""

    distances: FloatArray

    @property
    def median(self) -> float:
        return float(np.median(self.distances))

    @property
    def p95(self) -> float:
        return float(np.quantile(self.distances, 0.95))


def surface_errors(surface: Surface, truth: Mesh, T_truth_scan: FloatArray) -> SurfaceErrors:
    """Compare what was seen below the truth's cut (the simulated leg goes on above it) with the truth."""
    scene = RayScene(truth)
    points = surface.mesh.vertices[surface.views > 0]
    T = T_truth_scan
    for _ in range(20):
        sample = transform(T, points[::5])
        sample = sample[sample[:, 2] < truth.vertices[:, 2].max() - 5.0]
        T = best_fit(sample, scene.closest(sample).point) @ T
    fitted = transform(T, points)
    fitted = fitted[fitted[:, 2] < truth.vertices[:, 2].max() - 5.0]
    return SurfaceErrors(scene.closest(fitted).distance)
