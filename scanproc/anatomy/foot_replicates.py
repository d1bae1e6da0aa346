"""The frames and landmarks of a foot on each jackknife replicate of its surface."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanproc.anatomy.foot_frame import settle
from scanproc.anatomy.malleoli import MALLEOLI_BELOW
from scanproc.anatomy.named_landmarks import found_landmarks
from scanproc.anatomy.open_boundaries import OpenEnds
from scanproc.anatomy.plantar_surface import PlantarSurface, arch_profile
from scanproc.anatomy.stance import GroundErrors
from scanproc.artifacts import ByteArray, Foot, Mesh, Replicates
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.mesh.closest_point import closest_point
from scanproc.mesh.meshes import Submesh, any_corner, keep_faces, vertex_normals
from scanproc.mesh.smoothing import smoothed_vertices
from scanproc.parallel import parallel_map

# Of where a person finds a bony landmark, along each of the two directions of the skin. Markers that two observers put
# on one heel by hand differ by 5.8 mm, those of one observer by 2.9 to 5.3 (J Am Podiatr Med Assoc 104(1), 2014, PMID
# 24504576; taken as of both directions together).
PALPATION_SD_MM = 4.1
_SOLE_BELOW_MM, _MARGIN_MM = 120.0, 20.0


@dataclass(frozen=True)
class FrameRules:
    """How a frame is settled, as for the foot itself.

    Attributes
    ----------
    medial_y : see `Foot.medial_y`.
    ground : by how much z = 0 of the frame may be off the ground; None where the sole levels the foot.
    gap_depth_mm, denoise_edge_mm : settings of align.
    """

    medial_y: float
    ground: GroundErrors | None
    gap_depth_mm: float
    denoise_edge_mm: float


def foot_replicates(
    mesh: Mesh,
    views: ByteArray,
    errors_mm: NDArray[np.float16],
    T_foot_level: FloatArray,
    length_mm: float,
    ends: OpenEnds,
    rules: FrameRules,
) -> Replicates:
    """Settle each replicate of a foot and name its landmarks.

    Parameters
    ----------
    mesh, views : as fused, level frame.
    errors_mm : (V, K), see `fusion.jackknife`.
    length_mm, ends : of the foot itself.
    """
    part = _landmarked_part(mesh, T_foot_level, length_mm)
    normals, errors, seen_by = vertex_normals(mesh)[part.vertices], errors_mm[part.vertices], views[part.vertices]
    faces, count = part.mesh.faces, errors_mm.shape[1]
    pivot = transform(inverse(T_foot_level), np.array([[100.0, 0.0, 0.0]]))[0]

    def replicate(k: int) -> tuple[FloatArray, dict[str, FloatArray]]:
        T_tilted_level = np.eye(4) if rules.ground is None else _tilt(rules.ground, k, count, pivot)
        moved = transform(T_tilted_level, part.mesh.vertices + normals * errors[:, k, None].astype(np.float64))
        smooth = Mesh(smoothed_vertices(Mesh(moved, faces), rules.denoise_edge_mm), faces)
        near, on_floor = T_foot_level[:3, :3], rules.ground is not None
        frame = settle(smooth, near, rules.medial_y, on_floor, rules.gap_depth_mm, replicate=True)
        in_frame = Mesh(transform(frame.T_foot_scan, smooth.vertices), faces)
        start, length = float(frame.points.pternion[0]), frame.points.length_mm
        arch = arch_profile(PlantarSurface.of(in_frame, seen_by), start, length, rules.medial_y)
        found = found_landmarks(frame.points, ends, arch, in_frame, rules.medial_y)
        points = {name: xyz for name, (xyz, _) in found.items()}
        return frame.T_foot_scan @ T_tilted_level @ inverse(T_foot_level), points

    found = parallel_map(replicate, range(count), "align: how sure it is")
    names = [name for name in found[0][1] if all(name in points for _, points in found)]
    return Replicates(
        errors_mm=errors_mm,
        T_replicate_foot=np.array([T for T, _ in found]),
        landmarks={name: np.array([points[name] for _, points in found]) for name in names},
    )


def _landmarked_part(mesh: Mesh, T_foot_level: FloatArray, length_mm: float) -> Submesh:
    """Return the part of a foot that frame and landmarks are found on, with what smooths its upper edge: no leg."""
    highest_mm = max(MALLEOLI_BELOW * length_mm, _SOLE_BELOW_MM) + _MARGIN_MM
    return keep_faces(mesh, any_corner(transform(T_foot_level, mesh.vertices)[:, 2] < highest_mm, mesh.faces))


def _tilt(ground: GroundErrors, k: int, count: int, pivot: FloatArray) -> FloatArray:
    """Return the (4, 4) motion of replicate k of a level foot about a (3,) point against its ground.

    Evenly round the compass, so that the K tilts have the asked spread about each axis; up and down in turn, which has
    nothing to do with the tilts.
    """
    towards = 2.0 * np.pi * k / count
    axis = np.array([np.cos(towards), np.sin(towards), 0.0])
    rotation = rotation_about(axis, np.sqrt(2.0) * np.deg2rad(ground.tilt_sd_deg))
    height_mm = ground.height_sd_mm * (1.0 if k % 2 else -1.0)
    return rigid(rotation, pivot - rotation @ pivot + [0.0, 0.0, height_mm])


def replicate_of(foot: Foot, k: int) -> Foot:
    """Return replicate k of a foot, in its own frame; a landmark that a person set is where they may have set it."""
    if foot.replicates is None:
        raise ValueError("a foot without replicates")
    T_replicate_foot = foot.replicates.T_replicate_foot[k]
    moved = foot.mesh.vertices + vertex_normals(foot.mesh) * foot.replicates.errors_mm[:, k, None].astype(np.float64)
    mesh = Mesh(transform(T_replicate_foot, moved), foot.mesh.faces)
    found = foot.replicates.landmarks
    by_hand = sorted(name for name, mark in foot.landmarks.items() if mark.method != "auto")
    landmarks = {}
    for name, mark in foot.landmarks.items():
        if name in by_hand:
            other = mark.xyz_mm + _misplaced(foot.mesh, mark.xyz_mm, k, len(foot.replicates), by_hand.index(name))
            xyz = closest_point(mesh, transform(T_replicate_foot, other[None])[0])
        elif name in found:
            xyz = found[name][k]
        else:
            xyz = transform(T_replicate_foot, mark.xyz_mm[None])[0]
        landmarks[name] = replace(mark, xyz_mm=xyz)
    return replace(foot, mesh=mesh, landmarks=landmarks, replicates=None)


def _misplaced(mesh: Mesh, point: FloatArray, k: int, count: int, number: int) -> FloatArray:
    """Return by how much a person may have set a landmark elsewhere on the skin, (3,) mm, in replicate k of `count`.

    Evenly round the skin's normal, as `_tilt`, but at a frequency of the landmark's own: so the errors of several
    landmarks, and of the ground, have nothing to do with each other.
    """
    nearest = int(np.argmin(((mesh.vertices - point) ** 2).sum(axis=1)))
    normal = vertex_normals(mesh)[nearest]
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    first /= np.linalg.norm(first)
    frequencies = max((count - 1) // 2, 1)
    towards = 2.0 * np.pi * k * (1 + (number + 1) % frequencies) / count
    direction = np.cos(towards) * first + np.sin(towards) * np.cross(normal, first)
    return np.asarray(np.sqrt(2.0) * PALPATION_SD_MM * direction)
