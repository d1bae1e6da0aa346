"""What is known of a simulated recording, and how far results lie from it: measures, poses, surfaces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scanproc.artifacts import Mesh, OtherFoot, Plane, Registration, ScanFacts, Side, Surface, Vertical, ViewPose
from scanproc.formats.ply import read_ply
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, rotation_angle_rad, transform
from scanproc.open3d_bridge import RayScene
from scanproc.simulation.scene import Bend
from scanproc.simulation.settings import SimulationConfig
from scanproc.simulation.truth import TrueView
from scanproc.stages.align import AlignConfig, align
from scanproc.stages.measure import MeasureConfig, measure

SCANS = Path(__file__).parents[1] / "scans"

BELOW_CUT_MM = 5.0  # nearer to the cut of the leg, the surface goes on where the true mesh has a lid


@dataclass(frozen=True)
class Truth:
    """What a recording was rendered from: the foot as recorded, where every camera was, and the settings.

    `kept_mm`: heights between which points were kept, where the others were cut away, and the floor with them.
    """

    mesh: Mesh
    views: tuple[TrueView, ...]
    config: SimulationConfig
    kept_mm: tuple[float, float] | None = None

    @property
    def stands(self) -> bool:
        """Whether the feet stand on the ground, z = 0."""
        return self.config.path != "raised"

    @property
    def shows_floor(self) -> bool:
        """Whether the floor that they stand on was recorded."""
        return self.stands and self.kept_mm is None

    @property
    def good_views(self) -> tuple[TrueView, ...]:
        """The views with no planted fault."""
        return tuple(view for view in self.views if view.fault is None)

    @property
    def top_mm(self) -> float:
        """Height up to which the truth holds."""
        top_mm = float(self.mesh.vertices[:, 2].max())
        return min(top_mm, self.kept_mm[1] if self.kept_mm else top_mm) - BELOW_CUT_MM


def true_mesh(scan: Path) -> Mesh:
    """Return the foot that a recording was rendered from."""
    return read_ply((scan / "truth" / "mesh.ply").read_bytes())[0]


def read_truth(scan: Path) -> Truth:
    """Return all that `write_simulation` noted of a recording."""
    poses = json.loads((scan / "truth" / "poses.json").read_text())["views"]
    settings = json.loads((scan / "truth" / "simulation.json").read_text())["settings"]
    views = tuple(
        TrueView(
            view["name"],
            np.array(view["T_mesh_camera"]),
            view["fault"],
            np.array(view["T_right_camera"]) if "T_right_camera" in view else None,
            Bend(**view.get("bend_rad", {})),
        )
        for view in poses
    )
    return Truth(true_mesh(scan), views, SimulationConfig(**settings))


def true_measures(mesh: Mesh, facts: ScanFacts, on_floor: bool) -> dict[str, float | None]:
    """Return what the stages measure on the perfect mesh; they are tested on shapes with formulas elsewhere."""
    (foot,) = true_measures_by_side(mesh, facts, on_floor).values()
    return foot


def true_measures_by_side(mesh: Mesh, facts: ScanFacts, on_floor: bool) -> dict[Side, dict[str, float | None]]:
    """Return the true measures of each foot of a mesh."""
    seen = np.ones(len(mesh.vertices), dtype=np.uint8)
    feet = align(Surface(mesh, seen, floor_seen=on_floor), facts, AlignConfig())
    found = measure(feet, facts, MeasureConfig()).feet
    return {foot.side: {name: measure.value for name, measure in foot.measures.items()} for foot in found}


# ------------------------------------------------------------------------------------------------ poses


def true_registration(truth: Truth) -> Registration:
    """Return what a perfect registration of the good views says; its scan frame is the mesh frame."""
    poses = [
        ViewPose(view.name, False, reason="planted")
        if view.fault is not None
        else ViewPose(view.name, True, residual_rms_mm=0.0, T_scan_camera=view.T_mesh_camera)
        for view in truth.views
    ]
    # Where the floor was cut away, nothing but the ring says what is upright.
    vertical = None if truth.shows_floor or not truth.stands else Vertical(0.0, "turn")
    rights = {view.name: view.T_right_camera for view in truth.views if view.T_right_camera is not None}
    to_the_right = Plane(np.array([0.0, -1.0, 0.0]), 0.0)
    other = OtherFoot(to_the_right, rights, (), truth.config.pair_sway_mm) if truth.config.pair_sway_mm else None
    return Registration(tuple(poses), floor_seen=truth.shows_floor, vertical=vertical, other_foot=other)


def middle_of(mesh: Mesh) -> FloatArray:
    """Return the point, (3,) mm, at which shifts are told: in the middle of the feet, 60 mm up."""
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    return np.array([(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0, 60.0])


@dataclass(frozen=True)
class PoseErrors:
    """How far the accepted good views' poses are off, each by its own, after one motion for all of them.

    Attributes
    ----------
    T_mesh_scan : (4, 4), the motion.
    deg, mm : (N,) turn, and shift at the middle of the foot.
    tilt_deg : between z of the scan frame and z of the mesh frame.
    floor_mm : height at which the scan frame's z = 0 lies under the middle of the foot, mesh frame.
    """

    T_mesh_scan: FloatArray
    deg: FloatArray
    mm: FloatArray
    tilt_deg: float
    floor_mm: float


def pose_errors_of(registration: Registration, truth: Truth) -> PoseErrors | None:
    """Compare the poses of accepted good views with the truth; None if there is no such view.

    Views go by their names: of a long recording only some are used.
    """
    true = {view.name: view for view in truth.views}
    pairs = [
        (pose.T_scan_camera, true[pose.name].T_mesh_camera)
        for pose in registration.views
        if pose.T_scan_camera is not None and true[pose.name].fault is None
    ]
    if not pairs:
        return None
    middle = middle_of(truth.mesh)
    T_mesh_scan = common_motion([mesh @ inverse(scan) for scan, mesh in pairs], middle)
    off = [T_mesh_scan @ scan @ inverse(mesh) for scan, mesh in pairs]
    up = T_mesh_scan[:3, 2]
    under = transform(inverse(T_mesh_scan), np.array([[middle[0], middle[1], 0.0]]))[0]
    return PoseErrors(
        T_mesh_scan,
        deg=np.array([np.degrees(rotation_angle_rad(T[:3, :3])) for T in off]),
        mm=np.array([np.linalg.norm(transform(T, middle[None]) - middle) for T in off]),
        tilt_deg=float(np.degrees(np.arctan2(np.hypot(up[0], up[1]), up[2]))),
        floor_mm=-float(under[2]),
    )


def common_motion(T_mesh_scans: Sequence[FloatArray], middle: FloatArray) -> FloatArray:
    """Return the T_mesh_scan that suits most views: the mean of those near the most central one.

    Compared at a cross of 100 mm round a (3,) point in the middle of the foot, so that turns and shifts weigh alike.
    """
    cross = middle + 100.0 * np.vstack([np.zeros(3), np.eye(3), -np.eye(3)])
    crosses_scan = np.array([transform(inverse(T), cross) for T in T_mesh_scans])
    apart = np.array([np.linalg.norm(crosses_scan @ T[:3, :3].T + T[:3, 3] - cross, axis=2) for T in T_mesh_scans])
    apart_mm = apart.mean(axis=2)
    central = int(np.argmin(np.median(apart_mm, axis=1)))
    near = apart_mm[central] <= max(2.0 * float(np.median(apart_mm[central])), 0.1)
    return best_fit(crosses_scan[near].reshape(-1, 3), np.tile(cross, (int(near.sum()), 1)))


# ------------------------------------------------------------------------------------------------ surfaces


@dataclass(frozen=True)
class SurfaceErrors:
    """Distances in mm of a surface's seen vertices from the truth after a rigid best fit, (N,), and that fit."""

    distances: FloatArray
    T_truth_scan: FloatArray

    @property
    def median(self) -> float:
        return float(np.median(self.distances))

    @property
    def p95(self) -> float:
        return float(np.quantile(self.distances, 0.95))


def surface_errors(
    surface: Surface, truth: Mesh, T_truth_scan: FloatArray, num_points: int | None = None
) -> SurfaceErrors:
    """Compare what was seen below the truth's cut (the simulated leg goes on above it) with the truth.

    `num_points` random vertices are looked at; all of them by default.
    """
    scene, top_mm = RayScene(truth), float(truth.vertices[:, 2].max()) - BELOW_CUT_MM
    points = surface.mesh.vertices[surface.views > 0]
    rng = np.random.default_rng(0)
    if num_points is not None and len(points) > num_points:
        points = points[rng.permutation(len(points))[:num_points]]
    sample = points[rng.permutation(len(points))[:20000]]
    T = T_truth_scan
    for _ in range(8):
        T = _nudge(scene, transform(T, sample), top_mm) @ T
    fitted = transform(T, points)
    fitted = fitted[fitted[:, 2] < top_mm]
    return SurfaceErrors(scene.closest(fitted).distance, T)


def _nudge(scene: RayScene, points: FloatArray, top_mm: float) -> FloatArray:
    """Return the small motion that brings (N, 3) points closest to the planes of their nearest faces.

    Points that lie far out against the others count nothing (Chen & Medioni 1991, linearised).
    """
    points = points[points[:, 2] < top_mm]
    nearest = scene.closest(points)
    used = (nearest.distance > 1e-6) & (nearest.distance <= max(1.0, 4.0 * float(np.median(nearest.distance))))
    points, towards = points[used], (nearest.point - points)[used]
    distance = nearest.distance[used]
    normals = towards / distance[:, None]  # of a closed surface, at its nearest point
    middle = points.mean(axis=0)
    rows = np.hstack([np.cross(points - middle, normals), normals])
    motion = np.linalg.lstsq(rows, distance, rcond=None)[0]
    angle = float(np.linalg.norm(motion[:3]))
    turn = rotation_about(motion[:3], angle) if angle > 1e-12 else np.eye(3)
    return rigid(turn, middle + motion[3:] - turn @ middle)


def best_fit(source: FloatArray, target: FloatArray) -> FloatArray:
    """Return the rigid T_target_source that minimises the squared distances of paired (N, 3) points (Kabsch 1976)."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    U, _, Vt = np.linalg.svd((target - target_mean).T @ (source - source_mean))
    rotation = U @ np.diag([1.0, 1.0, np.linalg.det(U @ Vt)]) @ Vt
    return rigid(rotation, target_mean - rotation @ source_mean)
