"""A simulated recording and its truth, and both on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanproc.artifacts import Mesh, Recording, ScanFacts
from scanproc.formats.ply import write_ply
from scanproc.frames import FloatArray
from scanproc.scan import write_recording
from scanproc.settings import as_table
from scanproc.simulation.scene import STRAIGHT, Bend, Fault
from scanproc.simulation.settings import SimulationConfig


@dataclass(frozen=True)
class TrueView:
    """Where a view's camera was in the mesh frame, and what is wrong with the view.

    Attributes
    ----------
    T_mesh_camera : of a pair that of the left foot.
    T_right_camera : of the right foot of a pair, in the same mesh frame; None of a single foot.
    bend : how the foot was held.
    """

    name: str
    T_mesh_camera: FloatArray
    fault: Fault | None = None
    T_right_camera: FloatArray | None = None
    bend: Bend = STRAIGHT

    @property
    def cameras(self) -> list[FloatArray]:
        """T_mesh_camera of each foot."""
        return [self.T_mesh_camera] if self.T_right_camera is None else [self.T_mesh_camera, self.T_right_camera]


@dataclass(frozen=True)
class Simulation:
    """A recording and its truth. `mesh` is the foot as recorded: mirrored for a right foot, two for a pair."""

    recording: Recording
    facts: ScanFacts
    mesh: Mesh
    views: tuple[TrueView, ...]
    config: SimulationConfig


def write_simulation(folder: Path, simulation: Simulation) -> None:
    """Write the scan, and beside it `truth/`, which no reader looks at: the mesh, the poses, the settings."""
    write_recording(folder, simulation.recording, simulation.facts)
    truth = folder / "truth"
    truth.mkdir(exist_ok=True)
    (truth / "mesh.ply").write_bytes(write_ply(simulation.mesh))
    poses = [_pose_entry(view) for view in simulation.views]
    (truth / "poses.json").write_bytes(_json({"schema": 1, "views": poses}))
    (truth / "simulation.json").write_bytes(_json({"schema": 1, "settings": as_table(simulation.config)}))


def _pose_entry(view: TrueView) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": view.name, "fault": view.fault, "T_mesh_camera": view.T_mesh_camera.tolist()}
    if view.T_right_camera is not None:
        entry["T_right_camera"] = view.T_right_camera.tolist()
    if view.bend != STRAIGHT:
        entry["bend_rad"] = vars(view.bend)
    return entry


def _json(table: Mapping[str, Any]) -> bytes:
    return (json.dumps(table, indent=1) + "\n").encode()
