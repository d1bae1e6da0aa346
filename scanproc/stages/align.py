"""Align: each foot in the foot frame, its side, its landmarks."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from scanproc.anatomy.cut_ends import CutEnds, cut_ends
from scanproc.anatomy.foot_frame import FootFrame, settle
from scanproc.anatomy.foot_limits import FootLimits
from scanproc.anatomy.foot_profile import FootShape, likeness
from scanproc.anatomy.foot_regions import foot_length
from scanproc.anatomy.foot_replicates import FrameRules, GroundErrors, foot_replicates
from scanproc.anatomy.landmarks import support
from scanproc.anatomy.named_landmarks import named_landmarks
from scanproc.anatomy.open_boundaries import open_boundary_vertices, open_ends, refuse_open_ends, refuse_open_sole
from scanproc.anatomy.plantar_surface import Cap, PlantarSurface, arch_profile, seen_sole_share, sole_cap
from scanproc.anatomy.scanner_errors import with_scanner_errors
from scanproc.anatomy.side import SideJudgement, SideVote, in_doubt, judge_one, judge_pair, vote
from scanproc.anatomy.skin_markers import skin_markers
from scanproc.anatomy.stance import (
    LOWEST_SHARE,
    Stance,
    check_pose,
    on_floor,
    on_sole,
    over_unseen_ground,
    shows_sole,
)
from scanproc.anatomy.stated_length import check_length
from scanproc.artifacts import BoolArray, ByteArray, Feet, Foot, Ground, IntArray, Mesh, ScanFacts, Surface
from scanproc.errors import ScanError
from scanproc.frames import transform
from scanproc.measures.sensor_classes import sensor_class
from scanproc.mesh.meshes import connected_components, face_areas, keep_faces, submesh
from scanproc.mesh.smoothing import smoothed_vertices
from scanproc.settings import setting

log = logging.getLogger(__name__)


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
    min_pose_confidence: float = setting(0.95, "how sure up and forward must be", low=0.5, high=1.0)
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
    axis_tilt_sd_deg: float = setting(
        0.3, "standard uncertainty of the tilt of a turn's axis against the ground, deg", low=0.0, high=5.0
    )
    unseen_ground_mm: float = setting(
        6.0, "height of the lowest skin seen over a ground that was not seen, mm", low=0.0, high=30.0
    )
    unseen_ground_sd_mm: float = setting(3.0, "its standard uncertainty, mm", low=0.0, high=30.0)
    stated_side_confidence: float = setting(0.98, "how far the side in scan.toml is trusted", low=0.5, high=0.9999)
    contradiction: float = setting(
        0.95, "confidence of the shape's own side or way up above which it may contradict scan.toml", low=0.5, high=1.0
    )


@dataclass(frozen=True)
class _Part:
    """A loose part of the surface that is a foot: level frame, as it is and quiet for landmarks, roughly judged."""

    vertices: IntArray
    mesh: Mesh
    smooth: Mesh
    boundary: BoolArray
    cuts: CutEnds
    views: ByteArray
    stance: Stance
    vote: SideVote


def align(surface: Surface, facts: ScanFacts, config: AlignConfig) -> Feet:
    """Put each foot of a surface in the foot frame and name its side and its landmarks.

    Parameters
    ----------
    surface : in the scan frame; z = 0 is the floor only where `floor_seen`, otherwise it lies anyhow, or upright where
        `vertical` says so.

    Raises
    ------
    ScanError
        If it does not look like a foot, side or length contradicts `scan.toml`, or nothing tells where the ground is.
    """
    if facts.loading == "non-weight-bearing":
        surface = replace(surface, vertical=None)  # how a foot hangs in the air has nothing to do with what is upright
    kind = sensor_class(facts.sensor)
    if surface.errors_mm is None and kind is not None:  # the mesh of another scanner
        surface = with_scanner_errors(surface, kind.form_sd_mm)
    parts = _find_feet(surface, facts, config)
    sides: tuple[SideJudgement, ...]
    if len(parts) == 2:
        sides = judge_pair(parts[0].vote, parts[1].vote, facts, config.contradiction)
    else:
        sides = (judge_one(parts[0].vote, facts, config.stated_side_confidence, config.contradiction),)
    if surface.inside_out and facts.side in ("auto", "both"):
        sides = tuple(in_doubt(side) for side in sides)
    feet = [_place(surface, part, side, config) for part, side in zip(parts, sides, strict=True)]
    for foot in feet:
        check_length(foot_length(foot), facts)
    return Feet(tuple(sorted(feet, key=lambda foot: foot.side)))  # left first


# ------------------------------------------------------------------------------------------ which parts are feet


def _find_feet(surface: Surface, facts: ScanFacts, config: AlignConfig) -> list[_Part]:
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
            feet.append(_recognise(surface, piece, facts, config))
        except ScanError as refusal:
            refusals.append(refusal)
    if not feet:
        raise refusals[0]
    if len(feet) > 2:
        raise ScanError(f"found {len(feet)} feet in one scan, expected one or two. Cut the others away, or scan again.")
    kept = sum(len(part.vertices) for part in feet)
    log.info("align: %d loose parts -> %d; %d -> %d vertices", len(pieces), len(feet), len(surface.mesh.vertices), kept)
    return feet


def _recognise(surface: Surface, piece: IntArray, facts: ScanFacts, config: AlignConfig) -> _Part:
    """Check that a part is a foot, and find roughly how it lies, on what, and which side it is of."""
    mesh = submesh(surface.mesh, piece)
    limits = _foot_limits(config)
    limits.check_size(mesh)
    smooth = Mesh(smoothed_vertices(mesh, config.denoise_edge_mm), mesh.faces)
    boundary, views, cuts = open_boundary_vertices(mesh), surface.views[piece], cut_ends(mesh)
    shape = FootShape.of(smooth, cuts)
    if surface.floor_seen and _touches(mesh, config):
        stance = on_floor(shape)
    else:
        stance = on_sole(shape, smooth, facts.up_vector, config.contradiction)
        sole = shows_sole(smooth, boundary, stance, views > 0, limits, config.min_sole_share)
        if surface.vertical is not None and not sole:
            stance = over_unseen_ground(shape, smooth, limits, config.unseen_ground_mm)
    if not limits.admit(stance.pose.likeness):
        limits.check_whole(shape, stance.ground == "floor")
    limits.check_likeness(stance.pose.likeness)
    check_pose(stance.pose, facts.up, config.min_pose_confidence)
    skin = keep_faces(mesh, cuts.skin(stance.T_level_scan[:3, :3].T @ stance.pose.R_foot_scan[2]))
    mesh, smooth = (
        Mesh(transform(stance.T_level_scan, each.vertices[skin.vertices]), skin.mesh.faces) for each in (mesh, smooth)
    )
    rough = smooth.vertices @ stance.pose.R_foot_scan.T
    if stance.ground == "support":
        rough = rough - [0.0, 0.0, rough[:, 2].min()]
    judged = vote(Mesh(rough, mesh.faces), stance.pose.confidence)
    cuts, boundary = cuts.moved(stance.T_level_scan), open_boundary_vertices(mesh)
    return _Part(piece[skin.vertices], mesh, smooth, boundary, cuts, views[skin.vertices], stance, judged)


def _foot_limits(config: AlignConfig) -> FootLimits:
    return FootLimits(config.min_length_mm, config.max_length_mm, config.max_misfit)


def _touches(mesh: Mesh, config: AlignConfig) -> bool:
    """Tell whether a foot stands on the scan's floor."""
    lowest = float(np.quantile(mesh.vertices[:, 2], LOWEST_SHARE))
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
    ground = part.stance.ground
    frame = settle(part.smooth, part.stance.pose.R_foot_scan, medial_y, ground != "support", config.toe_gap_mm)
    turn_deg = np.rad2deg(frame.last_turn_rad)
    if turn_deg > 0.01:
        log.warning("align: the %s foot's frame did not settle: its last turn was %.3f°", judged.side, turn_deg)
    mesh = Mesh(transform(frame.T_foot_scan, part.mesh.vertices), part.mesh.faces)
    smooth = Mesh(transform(frame.T_foot_scan, part.smooth.vertices), part.mesh.faces)
    _foot_limits(config).check_likeness(likeness(FootShape.of(smooth, part.cuts.moved(frame.T_foot_scan))))
    # Wide means would bend the rims by which a cut is told from an end.
    narrow = transform(frame.T_foot_scan, smoothed_vertices(part.mesh, config.denoise_edge_mm, rounds=1))
    ends = open_ends(Mesh(narrow, part.mesh.faces), part.boundary, frame.points, ground == "estimated")
    refuse_open_ends(ends)
    arch = arch_profile(
        PlantarSurface.of(smooth, part.views), float(frame.points.pternion[0]), frame.points.length_mm, medial_y
    )
    cap = sole_cap(mesh, arch)
    seen = part.views > 0
    if ground == "support" and not cap.closes_the_arch:
        _check_sole(mesh, seen, part.boundary, frame, config)
    named = named_landmarks(frame.points, ends, arch, smooth, seen, medial_y)
    color = None if surface.color is None else surface.color[part.vertices]
    if color is not None:
        named |= skin_markers(mesh, color, seen, frame.points, medial_y)
    replicates = None
    if surface.errors_mm is not None:
        rules = FrameRules(medial_y, _ground_errors(surface, ground, config), config.toe_gap_mm, config.denoise_edge_mm)
        errors_mm, length_mm = surface.errors_mm[part.vertices], frame.points.length_mm
        replicates = foot_replicates(part.mesh, part.views, errors_mm, frame.T_foot_scan, length_mm, ends, rules)
    return Foot(
        side=judged.side,
        side_confidence=judged.confidence,
        ground=ground,
        T_foot_scan=frame.T_foot_scan @ part.stance.T_level_scan,
        mesh=mesh,
        views=_without_cap(part.views, cap, mesh),
        landmarks=named,
        color=color,
        replicates=replicates,
    )


def _ground_errors(surface: Surface, ground: Ground, config: AlignConfig) -> GroundErrors | None:
    """Return how far the ground may be off; None where the sole itself is the ground."""
    if ground == "support":
        return None
    if ground == "floor" or surface.vertical is None:
        return GroundErrors(config.ground_tilt_sd_deg, 0.0)
    return GroundErrors(float(np.hypot(surface.vertical.sd_deg, config.axis_tilt_sd_deg)), config.unseen_ground_sd_mm)


def _without_cap(views: ByteArray, cap: Cap, mesh: Mesh) -> ByteArray:
    """Return (V,) views in which the plane that closes a sole counts as what it is: invented."""
    if not cap.closes_the_arch:
        return views
    log.warning("align: the sole is closed by a plane; it counts as not seen")
    return np.where(np.isin(np.arange(len(views)), mesh.faces[cap.faces]), 0, views).astype(np.uint8)


def _check_sole(mesh: Mesh, seen: BoolArray, boundary: BoolArray, frame: FootFrame, config: AlignConfig) -> None:
    """Refuse a foot that neither a floor nor its own sole levels."""
    share = seen_sole_share(mesh, seen)
    if share < config.min_sole_share:
        raise ScanError(
            f"found no floor under the foot and {100.0 * share:.0f} % of its sole, expected the floor or "
            f"{100.0 * config.min_sole_share:.0f} % of the sole (align.min_sole_share), or a turn all round whose axis "
            "is upright. Scan with the floor in view, or the raised foot from below."
        )
    refuse_open_sole(support(mesh.vertices, frame.points), mesh.vertices[boundary])
