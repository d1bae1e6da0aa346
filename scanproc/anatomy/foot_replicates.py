"""The frames and landmarks of a foot on each jackknife replicate of its surface."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scanproc.anatomy.foot_frame import FootFrame, settle_replicate
from scanproc.anatomy.foot_regions import ARCH_WINDOW, FOOT_HEIGHT_MM
from scanproc.anatomy.landmarks import TOES_FROM
from scanproc.anatomy.malleoli import ANKLE, MALLEOLI_HEIGHTS
from scanproc.anatomy.named_landmarks import found_landmarks
from scanproc.anatomy.open_boundaries import OpenEnds
from scanproc.anatomy.plantar_surface import PlantarSurface, arch_profile
from scanproc.anatomy.stance import GroundErrors
from scanproc.artifacts import BoolArray, ByteArray, Foot, Mesh, Replicates
from scanproc.frames import FloatArray, inverse, rigid, rotation_about, transform
from scanproc.mesh.closest_point import closest_point
from scanproc.mesh.meshes import Submesh, any_corner, keep_faces, vertex_normals
from scanproc.mesh.smoothing import evened_values, smoothed_values, smoothed_vertices
from scanproc.parallel import parallel_map

# Of where a person finds a bony landmark, along each of the two directions of the skin. Markers that two observers put
# on one heel by hand differ by 5.8 mm, those of one observer by 2.9 to 5.3 (J Am Podiatr Med Assoc 104(1), 2014, PMID
# 24504576; taken as of both directions together).
PALPATION_SD_MM = 4.1
_MARGIN, _MARGIN_MM = 0.04, 10.0  # of the regions below, of the length and upright: replicates lie a little otherwise
_END_MM = 15.0  # of heel and toes, within which their ends stay
# Of replicates nobody asks for confidence.
_WHOLE = OpenEnds(heel_open=False, axis_open=False, axis_lost=False, toes_open=False)


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
    surface: Mesh,
    quiet: Mesh,
    views: ByteArray,
    errors_mm: NDArray[np.float16] | None,
    frame: FootFrame,
    rules: FrameRules,
) -> Replicates | None:
    """Settle each replicate of a foot and name its landmarks; None where its errors are not known.

    Averaging is linear, and the errors are small beside the edges of the mesh: what it makes of a replicate is what it
    made of the foot, moved by the average of the errors. So they are averaged once, of all replicates together; but for
    heel and toes, whose ends are single vertices, and where errors tear a surface into spikes no average takes off.

    Parameters
    ----------
    surface, quiet : as fused, and as landmarks are found on it, level frame.
    views, errors_mm : of its vertices; see `fusion.jackknife`.
    frame : of the foot itself.
    """
    if errors_mm is None:
        return None
    parts, count = _Regions.of(surface, quiet, errors_mm, frame, rules.denoise_edge_mm), errors_mm.shape[1]
    if rules.ground is not None:
        parts = replace(parts, ball=_leaning(parts.ball, frame, rules.ground.border_lean_sd))
    T_foot_level, seen_by = frame.T_foot_scan, views[parts.arch.vertices]
    pivot = transform(inverse(T_foot_level), np.array([[100.0, 0.0, 0.0]]))[0]

    def replicate(k: int) -> tuple[FloatArray, dict[str, FloatArray]]:
        T_tilted_level = np.eye(4) if rules.ground is None else _tilt(rules.ground, k, count, pivot)
        sole = None if parts.sole is None else parts.sole.moved(k, T_tilted_level).vertices
        ends, ball = (part.moved(k, T_tilted_level) for part in (parts.ends, parts.ball))
        ends = Mesh(smoothed_vertices(ends, rules.denoise_edge_mm), ends.faces)
        T, points = settle_replicate(ends, sole, ball, frame, rules.medial_y, rules.gap_depth_mm)
        arch, ankle = (part.moved(k, T @ T_tilted_level) for part in (parts.arch, parts.ankle))
        start, length = float(points.pternion[0]), points.length_mm
        profile = arch_profile(PlantarSurface.of(arch, seen_by), start, length, rules.medial_y)
        found = found_landmarks(points, _WHOLE, profile, ankle, rules.medial_y)
        return T @ T_tilted_level @ inverse(T_foot_level), {name: xyz for name, (xyz, _) in found.items()}

    found = parallel_map(replicate, range(count), "align: how sure it is")
    names = [name for name in found[0][1] if all(name in points for _, points in found)]
    return Replicates(
        errors_mm=errors_mm,
        T_replicate_foot=np.array([T for T, _ in found]),
        landmarks={name: np.array([points[name] for _, points in found]) for name in names},
    )


@dataclass(frozen=True)
class _Region:
    """A region of a foot, level frame, and by how much each replicate lies further out there, (V, K) mm.

    Attributes
    ----------
    vertices : (V,) its vertices in the whole.
    """

    mesh: Mesh
    normals: FloatArray
    errors_mm: FloatArray
    vertices: NDArray[np.int64]

    def moved(self, k: int, T_other_level: FloatArray) -> Mesh:
        """Return replicate k in another frame."""
        moved = self.mesh.vertices + self.normals * self.errors_mm[:, k, None]
        return Mesh(transform(T_other_level, moved), self.mesh.faces)


@dataclass(frozen=True)
class _Regions:
    """Regions of a foot that its frame and landmarks are found on: no others need to move.

    Attributes
    ----------
    ends : heel and toes, as far as the points of the frame may lie there, as fused.
    sole, ball : evened, see `FootFrame`.
    arch, ankle : of the arch's line and of the malleoli.
    """

    ends: _Region
    sole: _Region | None
    ball: _Region
    arch: _Region
    ankle: _Region

    @staticmethod
    def of(
        surface: Mesh, quiet: Mesh, errors_mm: NDArray[np.float16], frame: FootFrame, denoise_edge_mm: float
    ) -> _Regions:
        normals = vertex_normals(quiet)
        errors = smoothed_values(surface, errors_mm.astype(np.float64), denoise_edge_mm)
        (x, y, z), faces = transform(frame.T_foot_scan, quiet.vertices).T, quiet.faces
        length = frame.points.length_mm
        x, (first, last) = (x - frame.points.pternion[0]) / length, np.multiply(MALLEOLI_HEIGHTS, length)
        low = z < FOOT_HEIGHT_MM + _MARGIN_MM
        toes = (x > TOES_FROM - _MARGIN) & (x > _foremost(x, y, low) - _END_MM / length)

        def as_fused(inside: BoolArray) -> _Region:
            part = keep_faces(surface, any_corner(inside, faces))
            own = errors_mm[part.vertices].astype(np.float64)
            return _Region(part.mesh, vertex_normals(surface)[part.vertices], own, part.vertices)

        def where(inside: BoolArray) -> _Region:
            part = keep_faces(quiet, any_corner(inside, faces))
            return _Region(part.mesh, normals[part.vertices], errors[part.vertices], part.vertices)

        def evened(part: Submesh, T_level_own: FloatArray, along_borders: bool) -> _Region:
            level = Mesh(transform(T_level_own, part.mesh.vertices), part.mesh.faces)
            before = Mesh(quiet.vertices[part.vertices], part.mesh.faces)
            own = evened_values(before, errors[part.vertices], along_borders)
            return _Region(level, normals[part.vertices], own, part.vertices)

        return _Regions(
            ends=as_fused(low & (toes | (x < _END_MM / length))),
            sole=None if frame.sole is None else evened(frame.sole, np.eye(4), along_borders=False),
            ball=evened(frame.ball, inverse(frame.T_foot_scan), along_borders=True),
            arch=where(low & (x > ARCH_WINDOW[0] - _MARGIN) & (x < ARCH_WINDOW[1] + _MARGIN)),
            ankle=where((x < ANKLE[1] + _MARGIN) & (z > first - _MARGIN_MM) & (z < last + _MARGIN_MM)),
        )


def _leaning(ball: _Region, frame: FootFrame, lean_sd: float) -> _Region:
    """Return a ball whose lateral border leans from replicate to replicate, about the metatarsale fibulare."""
    count = ball.errors_mm.shape[1]
    leans = np.sqrt(2.0) * lean_sd * np.cos(4.0 * np.pi * np.arange(count) / count + 0.5)
    tibiale, fibulare = frame.points.metatarsale_tibiale, frame.points.metatarsale_fibulare
    across = (frame.ball.mesh.vertices[:, 1] - tibiale[1]) / (fibulare[1] - tibiale[1])
    ahead = np.where(across > 0.5, frame.ball.mesh.vertices[:, 0] - fibulare[0], 0.0)
    return replace(ball, errors_mm=ball.errors_mm + ahead[:, None] * leans)


def _foremost(x: FloatArray, y: FloatArray, counts: BoolArray) -> FloatArray:
    """Return for each of N points the greatest x of those that count within its strip, 2 mm wide, along x."""
    strip = np.floor((y - y.min()) / 2.0).astype(np.int64)
    most = np.full(int(strip.max()) + 1, -np.inf)
    np.maximum.at(most, strip[counts], x[counts])
    return np.asarray(most[strip])


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


def replicate_of(foot: Foot, k: int, normals: FloatArray | None = None) -> Foot:
    """Return replicate k of a foot, in its own frame; a landmark that a person set is where they may have set it.

    Parameters
    ----------
    normals : (V, 3) of its vertices, where they are known.
    """
    if foot.replicates is None:
        raise ValueError("a foot without replicates")
    if normals is None:
        normals = vertex_normals(foot.mesh)
    T_replicate_foot = foot.replicates.T_replicate_foot[k]
    moved = foot.mesh.vertices + normals * foot.replicates.errors_mm[:, k, None].astype(np.float64)
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
