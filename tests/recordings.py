"""Small simulated recordings of a known leg, cleaned and registered once for all tests that look at them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from truth import best_fit

from scanproc.artifacts import CleanViews, DepthFrame, Mesh, Recording, Registration, ScanFacts
from scanproc.formats.ply import read_ply
from scanproc.frames import FloatArray, inverse, rotation_angle_rad, transform
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.simulate import simulate
from scanproc.simulation.truth import Simulation
from scanproc.stages.clean import CleanConfig, clean
from scanproc.stages.register import RegisterConfig, register

TRUTH = Path(__file__).parents[1] / "scans" / "demo" / "truth" / "mesh.ply"

#: Of scans that state nothing: as if taken by hand.
HELD = ScanFacts(name="recording")

#: Half the camera's pixels: seconds instead of a minute, and about twice the error. The noise of stereo doubles with
#: it, which the small baseline of the D405 does not bear.
RECORDINGS: dict[str, dict[str, Any]] = {
    "standing": {"path": "hand-held", "camera": "d435", "views": 12, "image_scale": 0.5},
    "raised": {"path": "raised", "camera": "d405", "views": 24, "image_scale": 0.5, "noise": 0.5},
    "over a floor": {"path": "raised", "camera": "d435", "views": 4, "image_scale": 0.5, "background_mm": 300.0},
    "turntable": {"path": "turntable", "camera": "d415", "views": 3, "image_scale": 0.4, "background_mm": 700.0},
    "with bad views": {
        "path": "hand-held", "camera": "d435", "views": 14, "image_scale": 0.5, "bad_views": 0.3, "seed": 1
    },
}  # fmt: skip


def textbook(**settings: Any) -> SimulationConfig:
    """Return a simulation with a textbook's noise, by which rooms are tested one by one."""
    return SimulationConfig(**{"noise_model": "stereo-ideal", **settings})


@cache
def leg() -> Mesh:
    """Return leg-1, standing on z = 0 with x to the toes, cut at 300 mm."""
    return read_ply(TRUTH.read_bytes())[0]


@cache
def recorded(name: str) -> Simulation:
    return simulate(leg(), textbook(**RECORDINGS[name]))


@cache
def cleaned(name: str) -> CleanViews:
    return clean(recorded(name).recording, CleanConfig())


@cache
def registered(name: str) -> Registration:
    return register(cleaned(name), HELD, RegisterConfig())


@cache
def true_points(name: str, index: int) -> tuple[FloatArray, FloatArray]:
    """Return rows and columns, (N, 2), and the points in the mesh frame, (N, 3) mm, of what a frame measured."""
    simulation = recorded(name)
    frame = simulation.recording.frames[index]
    assert isinstance(frame, DepthFrame)
    v, u = np.nonzero(frame.depth)
    z = frame.depth[v, u] * frame.depth_unit_mm
    camera = frame.intrinsics
    points = np.column_stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
    return np.column_stack([v, u]), transform(simulation.views[index].T_mesh_camera, points)


def T_mesh_scan(registration: Registration, simulation: Simulation) -> FloatArray:
    """Return the rigid motion that brings all poses onto the truth best, at a cross before each camera."""
    cross = np.array([[0.0, 0.0, 300.0], [100.0, 0.0, 300.0], [0.0, 100.0, 300.0]])
    pairs = [
        (transform(view.T_scan_camera, cross), transform(true.T_mesh_camera, cross))
        for view, true in zip(registration.views, simulation.views, strict=True)
        if view.T_scan_camera is not None
    ]
    return best_fit(np.vstack([scan for scan, _ in pairs]), np.vstack([mesh for _, mesh in pairs]))


def pose_errors(registration: Registration, simulation: Simulation) -> FloatArray:
    """Return (N, 2) degrees and mm, at the foot, by which accepted poses are off after the best common motion."""
    T = T_mesh_scan(registration, simulation)
    middle = np.array([[120.0, 0.0, 60.0]])
    rows = []
    for view, true in zip(registration.views, simulation.views, strict=True):
        if view.T_scan_camera is not None:
            off = T @ view.T_scan_camera @ inverse(true.T_mesh_camera)
            moved = np.linalg.norm(transform(off, middle) - middle)
            rows.append([np.degrees(rotation_angle_rad(off[:3, :3])), moved])
    return np.array(rows)


def with_frames(name: str, depths: dict[int, FloatArray]) -> Recording:
    """Return a recording in which some depth images, in steps of the unit, are replaced."""
    frames = list(recorded(name).recording.frames)
    for index, depth in depths.items():
        old = frames[index]
        assert isinstance(old, DepthFrame)
        frames[index] = DepthFrame(old.name, depth.astype(np.uint16), old.depth_unit_mm, old.intrinsics)
    return Recording(tuple(frames))
