"""Recordings of a known foot: rendered depth images with a camera's noise, and the truth beside them.

simulation = simulate(mesh, SimulationConfig(path="raised", camera="d405", views=36))
write_simulation(Path("scans/mine"), simulation)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scanproc.artifacts import CloudFrame, DepthFrame, Intrinsics, Mesh, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.formats.ply import write_ply
from scanproc.frames import FloatArray, inverse, rigid
from scanproc.readers.facts import facts_stating
from scanproc.scan import write_recording
from scanproc.settings import as_table, setting
from scanproc.simulation import bodies, motions
from scanproc.simulation.cameras import CAMERAS, Camera, scaled
from scanproc.simulation.noise_models import NOISE_MODELS, NoiseAsked
from scanproc.simulation.render import pixel_rays, render
from scanproc.simulation.scene import FAULTS, STRAIGHT, Bend, Fault, Scene
from scanproc.simulation.stereo_ideal import StereoIdeal

_STANDS_WITHIN_MM = 5.0  # what a sole may lie above or below z = 0


@dataclass(frozen=True)
class SimulationConfig:
    """How a recording of a known foot is simulated."""

    path: Literal["hand-held", "turntable", "raised"] = setting(
        "raised", "how the camera goes round: hand-held and turntable stand on a floor"
    )
    camera: Literal["d405", "d415", "d435", "truedepth", "azure-kinect"] = setting(
        "d405", "the camera that is imitated"
    )
    views: int = setting(36, "number of views", low=1, high=1000)
    seed: int = setting(0, "of everything random: one seed, one recording", low=0)
    side: Literal["left", "right"] = setting(
        "left", "side of the foot; the mesh is of a left foot and mirrored for a right"
    )
    pair: bool = setting(False, "two feet stand side by side, the right one mirrored from the left")
    pair_gap_mm: float = setting(80.0, "between the two feet of a pair, mm", low=0.0, high=400.0)
    distance_mm: float = setting(0.0, "camera to foot, mm; 0 for the camera's usual", low=0.0, high=3000.0)
    image_scale: float = setting(1.0, "size of the image against the camera's own", low=0.05, high=2.0)
    depth_unit_mm: float = setting(
        0.0, "of one step of the depth image, mm; 0 for the camera's own", low=0.0, high=10.0
    )
    range_limit_mm: float = setting(0.0, "farthest depth measured, mm; 0 for the camera's own", low=0.0, high=10000.0)
    background_mm: float = setting(
        0.0, "raised: height of the foot over a floor; turntable: distance of a wall behind; mm, 0 for none", low=0.0
    )
    leg_mm: float = setting(
        250.0, "by how much a leg that was cut flat goes on above the cut, mm", low=0.0, high=1000.0
    )
    noise_model: Literal["stereo-real", "stereo-ideal", "tof", "structured-light", "phone-truedepth"] = setting(
        "stereo-ideal", "how depth errs; settings from disparity_px to hole_share_high are of stereo-ideal alone"
    )
    noise: float = setting(1.0, "random noise against the model's own", low=0.0, high=20.0)
    disparity_px: float = setting(0.08, "disparity noise of stereo: depth noise is z² s / (f b), px", low=0.0, high=2.0)
    noise_floor_mm: float = setting(0.2, "least axial noise, mm", low=0.0, high=5.0)
    noise_width_px: float = setting(
        7.0, "full width at half maximum of the noise's correlation, px", low=1.0, high=50.0
    )
    artefacts: bool = setting(True, "flying pixels, grazing drop-out, holes and disparity steps")
    flying_share: float = setting(0.3, "share of pixels at a jump that are torn off", low=0.0, high=1.0)
    flying_jump_mm: float = setting(5.0, "depth step that is a jump, mm", low=0.1, high=100.0)
    grazing_from_deg: float = setting(60.0, "angle of view from which readings drop out, deg", low=0.0, high=90.0)
    grazing_to_deg: float = setting(85.0, "angle of view at which all have dropped out, deg", low=0.0, high=90.0)
    hole_share_low: float = setting(0.01, "least share of an image that is lost in blobs", low=0.0, high=1.0)
    hole_share_high: float = setting(0.03, "greatest share of an image that is lost in blobs", low=0.0, high=1.0)
    scale_error: float = setting(0.0, "of the camera: 0.004 measures everything 0.4 % too long", low=-0.1, high=0.1)
    sway_mm: float = setting(0.3, "standard deviation of the foot's movement between views, mm", low=0.0, high=50.0)
    sway_deg: float = setting(0.1, "standard deviation of the foot's turning between views, deg", low=0.0, high=30.0)
    shift_mm: float = setting(0.0, "by which the foot has slid from the middle of the recording on, mm", high=50.0)
    drift_mm: float = setting(
        0.0, "slow sway: standard deviation at the end of the way the foot has drifted, mm", low=0.0, high=50.0
    )
    pair_sway_mm: float = setting(
        0.0, "standard deviation of the movement of the feet of a pair against each other, mm", low=0.0, high=50.0
    )
    toes_deg: float = setting(0.0, "angle by which the toes are raised in every third view, deg", low=-40.0, high=40.0)
    heel_rise_deg: float = setting(
        0.0, "angle by which the heel rises about the ball in the second half, deg", low=0.0, high=40.0
    )
    ankle_deg: float = setting(0.0, "angle by which the ankle is bent in the second half, deg", low=-40.0, high=40.0)
    bad_views: float = setting(
        0.0, "share of views that are blank, bent, of another object, or duplicates", low=0.0, high=1.0
    )
    first_fault: Literal["blank", "bent", "other", "duplicate"] = setting(
        "blank", "what is wrong with the first bad view; the kinds take turns in this order"
    )
    form: Literal["depth", "clouds"] = setting("depth", "what is written: depth images, or clouds in metres")
    thinning: int = setting(1, "clouds: every n-th pixel across and down", low=1, high=50)
    state_facts: bool = setting(True, "write scan.toml; without it everything has to be found out")


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


def simulate(mesh: Mesh, config: SimulationConfig) -> Simulation:
    """Record a known foot.

    Parameters
    ----------
    mesh : a left foot that stands on z = 0 with x to the toes and y to the left, mm.

    Returns
    -------
    Simulation
        The same mesh and config give the same bytes.

    Raises
    ------
    ScanError
        If the mesh does not stand on z = 0, or the two grazing angles are the wrong way round.
    """
    _check(mesh, config)
    camera = CAMERAS[config.camera]
    intrinsics = scaled(camera.intrinsics, config.image_scale)
    feet = _feet_of(mesh, config)
    foot = bodies.joined(*feet)
    rng = np.random.default_rng(config.seed)
    T_room_cameras = motions.camera_poses(
        config.path, config.views, _target(foot), _distance_mm(camera, foot, config), rng
    )
    faults = _faults(config, rng)
    scene = Scene(feet, config.path, config.leg_mm, config.background_mm)
    asked = NoiseAsked(config.noise, _ideal_noise(camera, intrinsics, config))
    noise = NOISE_MODELS[config.noise_model].make(camera, intrinsics, asked)

    unrest = motions.Unrest(config.shift_mm, config.drift_mm, config.pair_sway_mm)
    slow = motions.slow_movements(
        config.views, len(feet), unrest, np.random.default_rng([config.seed, config.views, 1])
    )

    views: list[TrueView] = []
    frames: list[DepthFrame] = []
    for i, T_room_camera in enumerate(T_room_cameras):
        # Every view has its own stream, such that a setting of one view changes no other.
        rng = np.random.default_rng([config.seed, i])
        T_room_foot = motions.foot_sway(config.path, config.sway_mm, np.radians(config.sway_deg), rng)
        T_mesh_cameras = [inverse(rigid(np.eye(3), shift) @ T_room_foot) @ T_room_camera for shift in slow[i]]
        fault, bend = faults.get(i), _bend(i, config)
        if fault == "duplicate" and i > 0:
            T_mesh_cameras, bend, depth = views[-1].cameras, views[-1].bend, frames[-1].depth
        elif fault == "blank":
            depth = np.zeros((intrinsics.height, intrinsics.width), dtype=np.uint16)
        else:
            image = render(scene.bodies(T_mesh_cameras, T_room_camera, fault, bend), intrinsics)
            depth = _digitised(noise.measure(image, rng), camera, config)
        views.append(TrueView(f"{i:06d}", T_mesh_cameras[0], fault, T_mesh_cameras[1] if len(feet) > 1 else None, bend))
        frames.append(DepthFrame(f"{i:06d}", depth, _depth_unit_mm(camera, config), intrinsics))
    recording = Recording(tuple(frames) if config.form == "depth" else tuple(_cloud(f, config) for f in frames))
    return Simulation(recording, _facts(camera, config), foot, tuple(views), config)


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


def _check(mesh: Mesh, config: SimulationConfig) -> None:
    lowest = float(mesh.vertices[:, 2].min())
    if abs(lowest) > _STANDS_WITHIN_MM:
        raise ScanError(
            f"the lowest point of the mesh is at z = {lowest:.1f} mm; expected a foot that stands on z = 0. "
            "Take one in the foot frame, such as outputs/<scan>/4-align/left.ply."
        )
    if config.noise_model in ("stereo-real", "stereo-ideal") and CAMERAS[config.camera].baseline_mm == 0.0:
        raise ScanError(
            f"simulate.noise_model = {config.noise_model} with camera = {config.camera}, which has no second imager;"
            " expected a stereo camera. Take --noise tof, or another camera."
        )
    if config.grazing_from_deg >= config.grazing_to_deg:
        raise ScanError(
            f"simulate.grazing_from_deg = {config.grazing_from_deg:g}, grazing_to_deg = {config.grazing_to_deg:g}; "
            "expected the first to be smaller. Exchange them."
        )


def _feet_of(mesh: Mesh, config: SimulationConfig) -> tuple[Mesh, ...]:
    """Return the foot, or the pair, that stands before the camera."""
    if config.pair:
        return bodies.standing_pair(mesh, config.pair_gap_mm, toe_out_deg=6.0)
    return (bodies.mirrored(mesh) if config.side == "right" else mesh,)


def _bend(view: int, config: SimulationConfig) -> Bend:
    """Return how the foot is held in a view: toes move now and then, what gives way does so for good."""
    late = view >= config.views // 2
    return Bend(
        toes_rad=float(np.radians(config.toes_deg)) if view % 3 == 1 else 0.0,
        heel_rad=float(np.radians(config.heel_rise_deg)) if late else 0.0,
        ankle_rad=float(np.radians(config.ankle_deg)) if late else 0.0,
    )


def _distance_mm(camera: Camera, foot: Mesh, config: SimulationConfig) -> float:
    """Return how far from the foot the camera is carried; a pair needs more room than one foot."""
    if config.distance_mm > 0.0:
        return config.distance_mm
    return camera.distance_mm * (1.25 if config.pair else 1.0)


def _target(foot: Mesh) -> FloatArray:
    """Return the point that the camera looks at: the middle of the foot, a hand's breadth above the sole."""
    low, high = foot.vertices.min(axis=0), foot.vertices.max(axis=0)
    return np.array([(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0, 60.0])


def _faults(config: SimulationConfig, rng: np.random.Generator) -> dict[int, Fault]:
    """Choose which views are bad, all kinds in turn; the first view is never bad."""
    count = min(round(config.bad_views * config.views), config.views - 1)
    chosen = np.sort(1 + rng.permutation(config.views - 1)[:count])
    first = FAULTS.index(config.first_fault)
    return {int(view): FAULTS[(first + i) % len(FAULTS)] for i, view in enumerate(chosen)}


def _ideal_noise(camera: Camera, intrinsics: Intrinsics, config: SimulationConfig) -> StereoIdeal:
    """Return the ideal noise of a camera: its baseline and focal length with the config's disparity noise."""
    on = 1.0 if config.artefacts else 0.0
    return StereoIdeal(
        focal_baseline=intrinsics.fx * camera.baseline_mm,
        disparity_px=config.noise * config.disparity_px,
        floor_mm=config.noise * config.noise_floor_mm,
        width_px=config.noise_width_px,
        flying_share=on * config.flying_share,
        flying_jump_mm=config.flying_jump_mm,
        grazing_deg=(config.grazing_from_deg, config.grazing_to_deg) if config.artefacts else (90.0, 91.0),
        hole_share=(on * config.hole_share_low, on * max(config.hole_share_low, config.hole_share_high)),
        has_steps=config.artefacts,
    )


def _depth_unit_mm(camera: Camera, config: SimulationConfig) -> float:
    return config.depth_unit_mm if config.depth_unit_mm > 0.0 else camera.depth_unit_mm


def _digitised(depth_mm: FloatArray, camera: Camera, config: SimulationConfig) -> NDArray[np.uint16]:
    """Return (H, W) depth in whole steps of the unit, 0 outside the camera's range."""
    far = config.range_limit_mm if config.range_limit_mm > 0.0 else camera.far_mm
    unit = _depth_unit_mm(camera, config)
    measured = depth_mm * (1.0 + config.scale_error)
    steps = np.rint(np.where((depth_mm >= camera.near_mm) & (depth_mm <= far), measured, 0.0) / unit)
    return np.where(steps <= 65535.0, steps, 0.0).astype(np.uint16)


def _cloud(frame: DepthFrame, config: SimulationConfig) -> CloudFrame:
    """Return the points of every n-th pixel across and down."""
    rays = pixel_rays(frame.intrinsics).reshape(*frame.depth.shape, 3)[:: config.thinning, :: config.thinning]
    depth = frame.depth[:: config.thinning, :: config.thinning].astype(np.float64) * frame.depth_unit_mm
    return CloudFrame(frame.name, rays[depth > 0.0] * depth[depth > 0.0][:, None])


def _facts(camera: Camera, config: SimulationConfig) -> ScanFacts:
    """Return what a careful person would state of this recording."""
    stated: dict[str, Any] = {}
    if config.state_facts:
        stated = {
            "side": "both" if config.pair else config.side,
            "loading": "non-weight-bearing" if config.path == "raised" else "standing",
            "motion": "turntable" if config.path == "turntable" else "hand-held",
            "subject": "simulated",
            "sensor": f"{camera.name} (simulated)",
        }
    if config.form == "depth":
        stated["depth_unit_mm"] = _depth_unit_mm(camera, config)
    elif config.state_facts:
        stated["unit"] = "m"
    return facts_stating(name="simulation", **stated)


def _json(table: Mapping[str, Any]) -> bytes:
    return (json.dumps(table, indent=1) + "\n").encode()
