"""Align: each foot in the foot frame, its side, its landmarks."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from scanproc.anatomy.foot_frame import FootFrame, settle
from scanproc.anatomy.foot_pose import Likeness, RoughPose, likeness, rough_pose, surface_samples
from scanproc.anatomy.foot_regions import FOOT_HEIGHT_MM
from scanproc.anatomy.foot_replicates import FrameRules, foot_replicates
from scanproc.anatomy.landmarks import support
from scanproc.anatomy.named_landmarks import named_landmarks
from scanproc.anatomy.open_boundaries import open_boundary_vertices, open_ends, refuse_open_ends, refuse_open_sole
from scanproc.anatomy.plantar_surface import Cap, PlantarSurface, arch_profile, sole_cap
from scanproc.anatomy.side import SideJudgement, SideVote, judge_one, judge_pair, vote
from scanproc.anatomy.skin_markers import skin_markers
from scanproc.artifacts import BoolArray, ByteArray, Feet, Foot, Ground, IntArray, Mesh, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.frames import transform
from scanproc.mesh.meshes import connected_components, face_areas, face_normals, smoothed_vertices, submesh
from scanproc.settings import setting

log = logging.getLogger(__name__)

_UP = np.array([0.0, 0.0, 1.0])
_MIN_VERTICES = 200  # a shape of fewer has no toes to tell


@dataclass(frozen=True)
class AlignConfig:
    """How a foot is told from other things, and its side and its ground are judged."""

    min_length_mm: float = setting(100.0, "shortest foot, mm", low=0.0)
    max_length_mm: float = setting(350.0, "longest foot, mm", low=0.0)
    max_misfit: float = setting(
        1.05, "largest deviation from the profile of feet; feet have 0.3 to 0.9, hands 1.1, boxes over 2", low=0.0
    )
    min_part_share: float = setting(
        0.25, "smallest loose part that may be a foot, share of the largest part's area", low=0.0, high=1.0
    )
    floor_sink_mm: float = setting(5.0, "a foot that reaches lower below the floor is refused, mm", low=0.0)
    floor_touch_mm: float = setting(
        20.0, "a foot seen down to this height stands on the floor: its own bulge hides what is lower, mm", low=0.0
    )
    min_sole_share: float = setting(
        0.3, "share of the sole that must be seen to level a foot without a floor", low=0.0, high=1.0
    )
    toe_gap_mm: float = setting(2.0, "depth of the gap beside the hallux that shows the second toe, mm", low=0.0)
    denoise_edge_mm: float = setting(
        1.5, "landmarks are sought on a surface averaged along edges up to this, mm", low=0.0
    )
    ground_tilt_sd_deg: float = setting(0.05, "standard uncertainty of the floor's tilt, deg", low=0.0, high=5.0)
    stated_side_confidence: float = setting(0.98, "how far the side in scan.toml is trusted", low=0.5, high=0.9999)
    contradiction: float = setting(
        0.95, "confidence of the shape's own side above which it may contradict scan.toml", low=0.5, high=1.0
    )


@dataclass(frozen=True)
class _Part:
    """A loose part of the surface that is a foot: scan frame, as it is and quiet for landmarks, roughly judged."""

    vertices: IntArray
    mesh: Mesh
    smooth: Mesh
    boundary: BoolArray
    views: ByteArray
    ground: Ground
    pose: RoughPose
    vote: SideVote


def align(surface: Surface, facts: ScanFacts, config: AlignConfig) -> Feet:
    """Put each foot of a surface in the foot frame and name its side and its landmarks.

    Parameters
    ----------
    surface : in the scan frame; z = 0 is the floor only where `floor_seen`, otherwise it lies anyhow.

    Raises
    ------
    ScanError
        If it does not look like a foot, the side contradicts `scan.toml`, or nothing tells where the ground is.
    """
    parts = _find_feet(surface, config)
    sides: tuple[SideJudgement, ...]
    if len(parts) == 2:
        sides = judge_pair(parts[0].vote, parts[1].vote, facts, config.contradiction)
    else:
        sides = (judge_one(parts[0].vote, facts, config.stated_side_confidence, config.contradiction),)
    feet = [_place(surface, part, side, config) for part, side in zip(parts, sides, strict=True)]
    return Feet(tuple(sorted(feet, key=lambda foot: foot.side)))  # left first


# ------------------------------------------------------------------------------------------ which parts are feet


def _find_feet(surface: Surface, config: AlignConfig) -> list[_Part]:
    """Return the parts that are feet, and say what was dropped."""
    if len(surface.mesh.faces) == 0:
        raise ScanError(
            "the surface is empty; expected a foot. Scan again, or look at the stages before with scanproc view."
        )
    pieces = connected_components(surface.mesh)
    areas = [float(face_areas(submesh(surface.mesh, piece)).sum()) for piece in pieces[:20]]
    large = [piece for piece, area in zip(pieces, areas, strict=False) if area >= config.min_part_share * areas[0]]
    feet, refusals = [], []
    for piece in large:
        try:
            feet.append(_recognise(surface, piece, config))
        except ScanError as refusal:
            refusals.append(refusal)
    if not feet:
        raise refusals[0]
    if len(feet) > 2:
        raise ScanError(f"found {len(feet)} feet in one scan, expected one or two. Cut the others away, or scan again.")
    kept = sum(len(part.vertices) for part in feet)
    log.info("align: %d loose parts -> %d; %d -> %d vertices", len(pieces), len(feet), len(surface.mesh.vertices), kept)
    return feet


def _recognise(surface: Surface, piece: IntArray, config: AlignConfig) -> _Part:
    """Check that a part is a foot, and find roughly how it lies, on what, and which side it is of."""
    mesh = submesh(surface.mesh, piece)
    _check_size(mesh, config)
    floor = surface.floor_seen and _touches(mesh, config)
    smooth = Mesh(smoothed_vertices(mesh, config.denoise_edge_mm), mesh.faces)
    boundary = open_boundary_vertices(mesh)
    pose = rough_pose(smooth, boundary, _UP if floor else None)
    _check_likeness(pose.likeness, config)
    level = smooth.vertices @ pose.R_foot_scan.T
    if not floor:
        level = level - [0.0, 0.0, level[:, 2].min()]
    return _Part(
        vertices=piece,
        mesh=mesh,
        smooth=smooth,
        boundary=boundary,
        views=surface.views[piece],
        ground="floor" if floor else "support",
        pose=pose,
        vote=vote(Mesh(level, mesh.faces)),
    )


def _check_size(mesh: Mesh, config: AlignConfig) -> None:
    """Refuse what cannot be a foot by size alone, before its shape is looked at."""
    centred = mesh.vertices - mesh.vertices.mean(axis=0)
    extent = np.ptp(centred @ np.linalg.eigh(centred.T @ centred)[1], axis=0)
    largest, smallest = float(extent.max()), float(extent.min())
    if len(mesh.vertices) < _MIN_VERTICES or largest < config.min_length_mm or smallest < 0.1 * config.min_length_mm:
        raise _not_a_foot(f"{len(mesh.vertices)} vertices, {largest:.0f} mm long and {smallest:.0f} mm thick", config)
    if largest > 3.0 * config.max_length_mm:
        raise _not_a_foot(f"something {largest:.0f} mm long", config)


def _check_likeness(found: Likeness, config: AlignConfig) -> None:
    if not config.min_length_mm <= found.length_mm <= config.max_length_mm:
        raise _not_a_foot(f"a length of {found.length_mm:.0f} mm", config)
    if found.misfit > config.max_misfit:
        raise _not_a_foot(f"{found.worst}, misfit {found.misfit:.1f} > align.max_misfit = {config.max_misfit}", config)


def _not_a_foot(found: str, config: AlignConfig) -> ScanError:
    length = f"{config.min_length_mm:.0f} to {config.max_length_mm:.0f} mm"
    return ScanError(
        f"this does not look like a foot: found {found}, expected {length} from heel to toes below an ankle. Check the "
        "unit in scan.toml (unit, depth_unit_mm), and that heel, toes and ankle are in view."
    )


def _touches(mesh: Mesh, config: AlignConfig) -> bool:
    """Tell whether a foot stands on the scan's floor."""
    lowest = float(np.quantile(mesh.vertices[:, 2], 0.001))
    if lowest < -config.floor_sink_mm:
        raise ScanError(
            f"found the foot reaching {-lowest:.0f} mm below the floor, expected at most align.floor_sink_mm = "
            f"{config.floor_sink_mm:g}. The floor was not found well: scan with more bare floor round the foot."
        )
    return lowest <= config.floor_touch_mm


# ------------------------------------------------------------------------------------------- frame and landmarks


def _place(surface: Surface, part: _Part, judged: SideJudgement, config: AlignConfig) -> Foot:
    """Settle the foot frame of one foot, check the foot in it, and name its landmarks."""
    medial_y = -1.0 if judged.side == "left" else 1.0
    frame = settle(part.smooth, part.pose.R_foot_scan, medial_y, part.ground == "floor", config.toe_gap_mm)
    if frame.last_turn_rad > np.deg2rad(0.01):
        log.warning(
            "align: the %s foot's frame did not settle: its last turn was %.3f°",
            judged.side,
            np.rad2deg(frame.last_turn_rad),
        )
    mesh = Mesh(transform(frame.T_foot_scan, part.mesh.vertices), part.mesh.faces)
    smooth = Mesh(transform(frame.T_foot_scan, part.smooth.vertices), part.mesh.faces)
    _check_likeness(likeness(surface_samples(smooth)), config)
    # Wide means would bend the rims by which a cut is told from an end.
    narrow = transform(frame.T_foot_scan, smoothed_vertices(part.mesh, config.denoise_edge_mm, rounds=1))
    ends = open_ends(Mesh(narrow, part.mesh.faces), part.boundary, frame.points)
    refuse_open_ends(ends)
    arch = arch_profile(
        PlantarSurface.of(smooth, part.views), float(frame.points.pternion[0]), frame.points.length_mm, medial_y
    )
    cap = sole_cap(mesh, arch)
    seen = part.views > 0
    if part.ground == "support" and not cap.closes_the_arch:
        _check_sole(mesh, seen, part.boundary, frame, config)
    named = named_landmarks(frame.points, ends, arch, smooth, seen, medial_y)
    color = None if surface.color is None else surface.color[part.vertices]
    if color is not None:
        named |= skin_markers(mesh, color, seen, frame.points, medial_y)
    replicates = None
    if surface.errors_mm is not None:
        tilt_sd_rad = float(np.deg2rad(config.ground_tilt_sd_deg)) if part.ground == "floor" else 0.0
        rules = FrameRules(medial_y, part.ground == "floor", tilt_sd_rad, config.toe_gap_mm, config.denoise_edge_mm)
        replicates = foot_replicates(
            part.mesh, part.views, surface.errors_mm[part.vertices], frame.T_foot_scan, ends, rules
        )
    return Foot(
        side=judged.side,
        side_confidence=judged.confidence,
        ground=part.ground,
        T_foot_scan=frame.T_foot_scan,
        mesh=mesh,
        views=_without_cap(part.views, cap, mesh),
        landmarks=named,
        color=color,
        replicates=replicates,
    )


def _without_cap(views: ByteArray, cap: Cap, mesh: Mesh) -> ByteArray:
    """Return (V,) views in which the plane that closes a sole counts as what it is: invented."""
    if not cap.closes_the_arch:
        return views
    log.warning("align: the sole is closed by a plane; it counts as not seen")
    return np.where(np.isin(np.arange(len(views)), mesh.faces[cap.faces]), 0, views).astype(np.uint8)


def _check_sole(mesh: Mesh, seen: BoolArray, boundary: BoolArray, frame: FootFrame, config: AlignConfig) -> None:
    """Refuse a foot that neither a floor nor its own sole levels."""
    low = Mesh(mesh.vertices, mesh.faces[mesh.vertices[:, 2][mesh.faces].max(axis=1) < FOOT_HEIGHT_MM])
    shadow = face_areas(low) * face_normals(low)[:, 2]
    share = float(-shadow[(shadow < 0.0) & seen[low.faces].all(axis=1)].sum() / max(_plan_area(mesh), 1e-9))
    if share < config.min_sole_share:
        raise ScanError(
            f"found no floor under the foot and {100.0 * share:.0f} % of its sole, expected the floor or "
            f"{100.0 * config.min_sole_share:.0f} % of the sole (align.min_sole_share). Scan with the floor in view, "
            "or the raised foot from below."
        )
    refuse_open_sole(support(mesh.vertices, frame.points), mesh.vertices[boundary])


def _plan_area(mesh: Mesh) -> float:
    """Return the area of the foot seen from above, mm2, by 3 mm cells."""
    points = surface_samples(mesh, 40_000)
    cells = np.floor(points[points[:, 2] < FOOT_HEIGHT_MM, :2] / 3.0)
    return 9.0 * len(np.unique(cells, axis=0))
