"""A sole without the foot above it: a plantar scan, a cast, an imprint; which way up and round it lies."""

from __future__ import annotations

import logging

import numpy as np

from scanproc.anatomy.foot_limits import FootLimits
from scanproc.anatomy.foot_pose import RoughPose
from scanproc.anatomy.foot_profile import Likeness, surface_samples
from scanproc.artifacts import IntArray, Mesh, Object, ScanFacts
from scanproc.errors import ScanError
from scanproc.frames import FloatArray, rotation_between
from scanproc.mesh.hole_filling import border_loops, perimeter_mm
from scanproc.mesh.meshes import face_areas, face_normals

log = logging.getLogger(__name__)

_OPEN_SHARE = 0.17  # of all area, that faces down more than up: feet cut at the ankle 0.10, at 55 mm 0.23
_THIN_MM = 60.0  # no sole is thicker
_RIM_MM = 200.0  # shorter borders are holes
_RISE_MM = 3.0  # of the rim above the middle of the sole
# Share of the length from the heel, mean width there and its sd, shares of the length: see `foot_pose`.
_WIDTHS = ((0.06, 0.19, 0.05), (0.16, 0.27, 0.05), (0.45, 0.34, 0.06), (0.68, 0.39, 0.05), (0.92, 0.24, 0.08))
_SLICE = 0.025
_SAMPLES = 6000
_ADVICE = "Scan the whole sole, from heel to toes."
_UP = np.array([0.0, 0.0, 1.0])


def lone_sole(smooth: Mesh, limits: FootLimits, known_up: FloatArray | None = None) -> RoughPose | None:
    """Find the rough frame of an open surface that is a sole alone; None where it is none.

    Its skin faces away from its middle and its rim rises round it: that side is up. Its outline tells heel from toes.

    Parameters
    ----------
    smooth : its faces may be either way out.
    known_up : (3,) where that is known: see `seen_soles`.
    """
    area_vector = (face_normals(smooth) * face_areas(smooth)[:, None]).sum(axis=0)
    if np.linalg.norm(area_vector) < _OPEN_SHARE * face_areas(smooth).sum():
        return None
    up = -area_vector / np.linalg.norm(area_vector) if known_up is None else known_up
    if known_up is None and _rim_rise(smooth, up) < 0.0:
        up = -up
    level = smooth.vertices @ rotation_between(up, _UP).T
    if np.ptp(level[:, 2]) > _THIN_MM or _rim_rise(smooth, up) < _RISE_MM:
        return None
    poses = [_pose(smooth, up, level, forward) for forward in (1.0, -1.0)]
    best = min(poses, key=lambda pose: pose.likeness.misfit)
    return best if limits.admit(best.likeness) else None


def sole_likeness(mesh: Mesh) -> Likeness:
    """Judge a sole in its frame by the widths of feet, as `foot_pose.likeness` does whole feet."""
    points = surface_samples(mesh, _SAMPLES)
    rear, length = float(points[:, 0].min()), float(np.ptp(points[:, 0]))
    deviations = []
    for share, mean, sd in _WIDTHS:
        near = points[np.abs((points[:, 0] - rear) / length - share) < _SLICE, 1]
        width = float(np.ptp(near)) / length if len(near) else np.inf
        deviations.append((min(abs(width - mean) / sd, 10.0), f"width {width:.2f} at {share:.2f} of the length"))
    misfit = float(np.sqrt(np.mean([deviation**2 for deviation, _ in deviations])))
    return Likeness(misfit, max(deviations)[1], _ADVICE, length)


def object_of(facts: ScanFacts, pose: RoughPose) -> Object:
    """Return what a sole alone is, by scan.toml, and say so.

    Raises
    ------
    ScanError
        If a foot was stated.
    """
    if facts.object == "foot" and "object" not in facts.assumed:
        raise ScanError(
            'found a sole alone, expected what scan.toml says: object = "foot". Scan the foot above it, too, or state'
            ' object = "sole", "cast" or "imprint".'
        )
    what: Object = "sole" if facts.object == "foot" else facts.object
    upside_down = "; it lay upside down in its file" if pose.R_foot_scan[2, 2] < 0.0 else ""
    log.info("align: found a sole without a foot above it, taken for %s%s", in_words(what), upside_down)
    return what


def in_words(what: Object) -> str:
    """Return what was scanned with its article."""
    return f"an {what}" if what == "imprint" else f"a {what}"


def faces_out(mesh: Mesh, R_foot_scan: FloatArray) -> IntArray:
    """Return the (F, 3) faces of a sole as skin has them, facing down; those of an imprint face up."""
    down = float((face_normals(mesh) * face_areas(mesh)[:, None]).sum(axis=0) @ R_foot_scan[2]) < 0.0
    return mesh.faces if down else np.ascontiguousarray(mesh.faces[:, ::-1])


def in_rough_frame(mesh: Mesh, pose: RoughPose) -> Mesh:
    """Return a sole in its rough frame, its lowest point at z = 0."""
    rough = mesh.vertices @ pose.R_foot_scan.T
    return Mesh(rough - [0.0, 0.0, rough[:, 2].min()], mesh.faces)


def _rim_rise(smooth: Mesh, up: FloatArray) -> float:
    """Return how far the outer border lies above the middle of the surface, mm."""
    loops = [smooth.vertices[loop] for loop in border_loops(smooth.faces)]
    rim = max(loops, key=perimeter_mm, default=np.zeros((1, 3)))
    if perimeter_mm(rim) < _RIM_MM:
        return 0.0
    return float(np.median(rim @ up) - np.median(surface_samples(smooth, _SAMPLES) @ up))


def _pose(smooth: Mesh, up: FloatArray, level: FloatArray, forward: float) -> RoughPose:
    """Return the frame with z = `up` and x along the longer axis of (V, 3) level vertices, that way or the other."""
    along = forward * np.linalg.eigh(np.cov(level[:, :2].T))[1][:, 1]
    rotation = np.array([[along[0], along[1], 0.0], [-along[1], along[0], 0.0], [0.0, 0.0, 1.0]])
    R_foot_scan = rotation @ rotation_between(up, _UP)
    return RoughPose(R_foot_scan, sole_likeness(Mesh(smooth.vertices @ R_foot_scan.T, smooth.faces)))
