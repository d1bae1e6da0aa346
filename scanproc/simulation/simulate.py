"""Recordings of a known foot: rendered depth images with a camera's noise, and the truth beside them.

simulation = simulate(mesh, SimulationConfig(path="raised", camera="d405", views=36))
write_simulation(Path("scans/mine"), simulation)
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from scanproc.artifacts import CloudFrame, DepthFrame, Intrinsics, Mesh, Recording, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, inverse, rigid
from scanproc.readers.facts import facts_stating
from scanproc.simulation import bodies, motions
from scanproc.simulation.cameras import CAMERAS, Camera, scaled
from scanproc.simulation.digitised import depth_unit_of, digitised
from scanproc.simulation.mesh_side import side_of
from scanproc.simulation.noise_models import NOISE_MODELS, DepthNoise, NoiseAsked, with_noise_model
from scanproc.simulation.render import pixel_rays, render
from scanproc.simulation.scene import FAULTS, Bend, Fault, Scene
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.stereo_ideal import StereoIdeal
from scanproc.simulation.truth import Simulation, TrueView

log = logging.getLogger(__name__)

_STANDS_WITHIN_MM = 5.0  # what a sole may lie above or below z = 0


def simulate(mesh: Mesh, config: SimulationConfig) -> Simulation:
    """Record a known foot.

    Parameters
    ----------
    mesh : a foot that stands on z = 0 with x to the toes and y to the left, mm; of the other side than asked, it is
        mirrored.

    Returns
    -------
    Simulation
        The same mesh and config give the same bytes.

    Raises
    ------
    ScanError
        If the mesh does not stand on z = 0, or the two grazing angles are the wrong way round.
    """
    config = with_noise_model(config)
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
    noise = noise_of(config)
    unrest = motions.Unrest(config.shift_mm, _first_late(config), config.drift_mm, config.pair_sway_mm)
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
            depth = digitised(noise.measure(image, rng), camera, config)
        views.append(TrueView(f"{i:06d}", T_mesh_cameras[0], fault, T_mesh_cameras[1] if len(feet) > 1 else None, bend))
        frames.append(DepthFrame(f"{i:06d}", depth, depth_unit_of(camera, config), intrinsics))
    recording = Recording(tuple(frames) if config.form == "depth" else tuple(_cloud(f, config) for f in frames))
    return Simulation(recording, _facts(camera, config), foot, tuple(views), config)


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
    side = "left" if config.pair else config.side
    if side_of(mesh) != side:
        log.info("simulate: the mesh is of the other side; mirrored to a %s foot", side)
        mesh = bodies.mirrored(mesh)
    return bodies.standing_pair(mesh, config.pair_gap_mm, toe_out_deg=6.0) if config.pair else (mesh,)


def _first_late(config: SimulationConfig) -> int:
    """Return the view from which on something has given way for good."""
    return config.views - round(config.views * config.late_share + 1e-9)


def _bend(view: int, config: SimulationConfig) -> Bend:
    """Return how the foot is held in a view: toes move now and then, what gives way does so for good."""
    late = view >= _first_late(config)
    return Bend(
        toes_rad=float(np.radians(config.toes_deg)) if view % config.toes_every == 1 else 0.0,
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


def noise_of(config: SimulationConfig) -> DepthNoise:
    """Return what the camera of a recording makes of what it sees."""
    camera = CAMERAS[config.camera]
    intrinsics = scaled(camera.intrinsics, config.image_scale)
    asked = NoiseAsked(config.noise, _ideal_noise(camera, intrinsics, config))
    name = with_noise_model(config).noise_model
    assert name != "auto"
    return NOISE_MODELS[name].make(camera, intrinsics, asked)


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
        stated["depth_unit_mm"] = depth_unit_of(camera, config)
    elif config.state_facts:
        stated["unit"] = "m"
    return facts_stating(name="simulation", **stated)
