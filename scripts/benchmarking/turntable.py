"""Eight views at 45 degrees of two standing feet, as loose clouds with no floor left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.spatial import cKDTree
from truth import Truth, middle_of, pose_errors_of, read_truth, surface_errors

from benchmarking.evaluation import NUM_POINTS
from benchmarking.parts import Rows
from benchmarking.rendering import left_leg
from benchmarking.stages import Stages
from scanproc.artifacts import CloudFrame, Recording, Registration, ScanFacts, Surface
from scanproc.frames import FloatArray, inverse, rotation_angle_rad, transform
from scanproc.scan import open_scan, read_recording
from scanproc.settings import as_table
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import Simulation, write_simulation

KEPT_SHARE = 0.52  # of the pixels: leaves 26 to 43 thousand points a view, as real recordings of this kind have
NOISE_MM = 0.3
ABOVE_FLOOR_MM, BELOW_MM = 3.0, 330.0  # heights that are kept: the floor is cut away by truth
NEAR_MM = 5.0  # points of neighbouring views farther apart than this are not of the same surface

LOOP_DEG, LOOP_MM, NEIGHBOURS_MM = 0.5, 1.0, 1.7


@dataclass(frozen=True)
class TurntableRecording:
    """A turntable's recording: whose feet, how much they sway, what the noise is.

    `white`: every point is off by white noise in all directions, so that no pixel grid is left; `camera`: the depth
    noise, flying pixels and drop-out of the simulated camera.
    """

    name: str
    leg: str
    noise: Literal["white", "camera"]
    sway_mm: float
    seed: int

    @property
    def config(self) -> SimulationConfig:
        """Return how it is simulated; depth is fine-stepped, since white noise comes later."""
        common = SimulationConfig(
            path="turntable", camera="d435", views=8, pair=True, sway_mm=self.sway_mm, sway_deg=0.0, seed=self.seed
        )
        if self.noise == "camera":
            return common
        return replace(common, artefacts=False, noise=0.0, depth_unit_mm=0.02)


RECORDINGS = (
    TurntableRecording("turntable8-leg1-white", "leg-1", "white", 0.0, 301),
    TurntableRecording("turntable8-leg0-white", "leg-0", "white", 0.0, 302),
    TurntableRecording("turntable8-leg3-white-sway0.3", "leg-3", "white", 0.3, 303),
    TurntableRecording("turntable8-leg1-camera", "leg-1", "camera", 0.0, 304),
)


def measure_turntable(folder: Path) -> Rows:
    """Return a row for each turntable recording."""
    rows = []
    for scan in turntable_scans(folder):
        rows.append(evaluate_turntable(scan))
        print(told(rows[-1]), flush=True)
    return rows


def turntable_scans(folder: Path) -> Iterator[Path]:
    """Yield all scans of turntables."""
    for recording in RECORDINGS:
        yield rendered_turntable(recording, folder)


def rendered_turntable(recording: TurntableRecording, folder: Path) -> Path:
    """Return the scan of a recording; rendered unless it is there with the same settings."""
    scan = folder / recording.name
    config = recording.config
    if (scan / "clouds").is_dir() and as_table(read_truth(scan).config) == as_table(config):
        return scan
    simulation = simulate(left_leg(recording.leg), config)
    rng = np.random.default_rng(recording.seed)
    noise_mm = NOISE_MM if recording.noise == "white" else 0.0
    clouds = [_loose_cloud(simulation, index, noise_mm, rng) for index in range(len(simulation.views))]
    facts = replace(simulation.facts, unit="m")
    write_simulation(scan, replace(simulation, recording=Recording(tuple(clouds)), facts=facts))
    return scan


def _loose_cloud(simulation: Simulation, index: int, noise_mm: float, rng: np.random.Generator) -> CloudFrame:
    """Return a view's points above the floor, in no order, with white noise."""
    frame, view = simulation.recording.frames[index], simulation.views[index]
    assert not isinstance(frame, CloudFrame)
    camera = frame.intrinsics
    v, u = np.nonzero(frame.depth)
    z = frame.depth[v, u] * frame.depth_unit_mm
    points = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
    height = transform(view.T_mesh_camera, points)[:, 2]
    points = points[(height > ABOVE_FLOOR_MM) & (height < BELOW_MM)]
    points = points[rng.permutation(len(points))[: round(KEPT_SHARE * len(points))]]
    return CloudFrame(frame.name, points + noise_mm * rng.standard_normal(points.shape))


def evaluate_turntable(scan: Path) -> dict[str, Any]:
    """Return how well a recording closes its loop and agrees with itself."""
    opened, truth = open_scan(scan), read_truth(scan)
    recording = read_recording(opened)
    clouds = [frame.points for frame in recording.frames if isinstance(frame, CloudFrame)]
    points = [len(cloud) for cloud in clouds]
    row: dict[str, Any] = {"name": scan.name, "points": [min(points), max(points)]}
    stages = Stages({Recording: recording, ScanFacts: opened.facts})
    if not stages.run("clean", "register", "surface"):
        return {**row, "refused": stages.refused, "seconds": stages.seconds}
    registration: Registration = stages.artifacts[Registration]
    surface: Surface = stages.artifacts[Surface]
    poses = [view.T_scan_camera for view in registration.views]
    row |= {"accepted": sum(pose is not None for pose in poses), "of": len(poses), "seconds": stages.seconds}
    row["rejected"] = {view.name: view.reason for view in registration.views if not view.accepted}
    common = pose_errors_of(registration, truth)
    if common is not None:
        errors = surface_errors(surface, truth.mesh, common.T_mesh_scan, NUM_POINTS)
        row |= {"median_mm": errors.median, "p95_mm": errors.p95}
    return row | loop_figures(poses, truth, clouds)


def loop_figures(poses: list[FloatArray | None], truth: Truth, clouds: list[FloatArray]) -> dict[str, Any]:
    """Return errors of the relative pose of the last view to the first, of neighbours, and neighbours' agreement."""
    pairs = [(i, (i + 1) % len(poses)) for i in range(len(poses))]
    off = [_relative_error(poses[a], poses[b], truth, a, b) for a, b in pairs]
    known = [error for error in off if error is not None]
    agreements = [_agreement_mm(clouds[a], poses[a], clouds[b], poses[b]) for a, b in pairs]
    agreed = [mm for mm in agreements if mm is not None]
    loop = off[-1]
    return {
        "loop_deg": None if loop is None else loop[0],
        "loop_mm": None if loop is None else loop[1],
        "worst_neighbours_deg": max((error[0] for error in known), default=None),
        "worst_neighbours_mm": max((error[1] for error in known), default=None),
        "neighbours_rms_mm": max(agreed, default=None),
    }


def _relative_error(
    pose_a: FloatArray | None, pose_b: FloatArray | None, truth: Truth, a: int, b: int
) -> tuple[float, float] | None:
    """Return by how many degrees, and mm at the feet, the pose of view b as seen from view a is wrong."""
    if pose_a is None or pose_b is None:
        return None
    T_mesh_a, T_mesh_b = truth.views[a].T_mesh_camera, truth.views[b].T_mesh_camera
    off = T_mesh_a @ (inverse(pose_a) @ pose_b) @ inverse(T_mesh_b)
    middle = middle_of(truth.mesh)[None]
    return float(np.degrees(rotation_angle_rad(off[:3, :3]))), float(np.linalg.norm(transform(off, middle) - middle))


def _agreement_mm(
    cloud_a: FloatArray, pose_a: FloatArray | None, cloud_b: FloatArray, pose_b: FloatArray | None
) -> float | None:
    """Return the RMS distance of points to their nearest ones in a neighbouring view, where the views overlap."""
    if pose_a is None or pose_b is None:
        return None
    distance, _ = cKDTree(transform(pose_b, cloud_b)).query(transform(pose_a, cloud_a), distance_upper_bound=NEAR_MM)
    near = distance[np.isfinite(distance)]
    return float(np.sqrt(np.mean(near**2))) if len(near) else None


def kept(row: dict[str, Any]) -> bool:
    """Whether a row keeps the bounds."""
    figures = (row.get("loop_deg"), row.get("loop_mm"), row.get("neighbours_rms_mm"))
    return all(
        value is not None and value <= bound
        for value, bound in zip(figures, (LOOP_DEG, LOOP_MM, NEIGHBOURS_MM), strict=True)
    )


def told(row: dict[str, Any]) -> str:
    """Return a row in words."""
    if "refused" in row:
        return f"{row['name']}: refused, {row['refused']}"
    if row["loop_deg"] is None:
        return f"{row['name']}: {row['accepted']}/{row['of']} views, no loop: {row['rejected']}"
    return (
        f"{row['name']}: {row['accepted']}/{row['of']} views of {row['points'][0]}–{row['points'][1]} points,"
        f" loop {row['loop_deg']:.3f}° {row['loop_mm']:.3f} mm, worst neighbours {row['worst_neighbours_deg']:.3f}°"
        f" {row['worst_neighbours_mm']:.3f} mm, RMS {row['neighbours_rms_mm']:.2f} mm, surface"
        f" {row['median_mm']:.3f}/{row['p95_mm']:.3f} mm {'ok' if kept(row) else 'BROKEN'}"
    )
